//! How far the figures differ from seed to seed.

use super::super::html::{Cell, table};
use super::super::number::{count, duration, money};
use super::section;
use crate::simulate::result::{Figure, Simulation};

pub(super) fn seeds(simulation: &Simulation) -> String {
    let about = &simulation.workload;
    let mut rows = Vec::new();
    for policy in &simulation.profiles {
        for spread in &policy.spread {
            let show = |value: f64| match spread.figure {
                Figure::PriceADay => money(value, &about.prices.currency),
                Figure::LastSeenLagSeconds => duration(value),
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
        return String::new();
    }
    let explained = format!(
        "Visitors come by chance. The same was simulated {} times with other dice; everything above is from the first of \
         them. The deviation says how far one run lies from the mean as a rule.",
        about.seeds
    );
    let titles = ["figure", "policy", "mean", "least", "most", "deviation"];
    section("How much is chance", &explained, &table(&titles, &rows))
}

const fn name(figure: Figure) -> &'static str {
    match figure {
        Figure::ReadsADay => "reads a day",
        Figure::WritesADay => "writes a day",
        Figure::PriceADay => "price a day",
        Figure::Conflicts => "conflicts in all",
        Figure::LiveAtEnd => "live entries, at the end",
        Figure::Lost => "identities lost in all",
        Figure::LastSeenLagSeconds => "lag of “last seen”, mean",
        Figure::Broken => "promises broken, times",
    }
}
