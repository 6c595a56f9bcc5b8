//! The spread of the figures over seeds.

use super::super::html::{Cell, table};
use super::super::number::{count, duration, money};
use super::section;
use crate::result::{SimulationResult, SpreadFigure};
use maud::Markup;

pub(super) fn seeds(simulation: &SimulationResult) -> Markup {
    let about = &simulation.workload;
    let mut rows = Vec::new();
    for policy in &simulation.profiles {
        for spread in &policy.spread {
            let show = |value: f64| match spread.figure {
                SpreadFigure::PriceADay => money(value, &about.prices.currency),
                SpreadFigure::LastSeenLagSeconds => duration(value),
                _ => count(value),
            };
            let mut row = vec![
                Cell::head(name(spread.figure)),
                Cell::words(&policy.profile),
            ];
            let figures = [spread.mean, spread.least, spread.most, spread.deviation];
            row.extend(figures.map(|figure| Cell::number(&show(figure))));
            rows.push(row);
        }
    }
    if rows.is_empty() {
        return Markup::default();
    }
    let explained = format!(
        "Visits are random. The workload was simulated with {} seeds; everything above is from the first one. The deviation \
         is the usual distance of one run from the mean.",
        about.seeds
    );
    let titles = ["figure", "policy", "mean", "least", "most", "deviation"];
    section("Spread over seeds", &explained, &table(&titles, &rows))
}

const fn name(figure: SpreadFigure) -> &'static str {
    match figure {
        SpreadFigure::ReadsADay => "reads a day",
        SpreadFigure::WritesADay => "writes a day",
        SpreadFigure::PriceADay => "price a day",
        SpreadFigure::Conflicts => "conflicts (total)",
        SpreadFigure::LiveAtEnd => "live entries (at the end)",
        SpreadFigure::LostIdentities => "identities lost (total)",
        SpreadFigure::LastSeenLagSeconds => "“last seen” lag (mean)",
        SpreadFigure::Broken => "promise violations",
    }
}
