//! The head of the page: the summary sentence and the key figures.

use super::super::html::{Cell, prose, table};
use super::super::key_figures::key_figures;
use super::super::number::{count, date, exact, float};
use super::super::sentence::{days, sentence};
use super::titles;
use crate::result::SimulationResult;
use maud::{Markup, html};

pub(super) fn header(simulation: &SimulationResult, title: &str) -> Markup {
    let about = &simulation.workload;
    let mut description = about.description.clone().unwrap_or_default();
    if let Some(first) = description.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let views = simulation
        .profiles
        .first()
        .map_or(0, |policy| policy.happened.page_views);
    let over = format!(
        "{}{}{} from {}, {} visitors, {} page views.",
        description,
        if description.is_empty() { "" } else { ". " },
        days(about.days),
        date(&about.starts),
        count(float(about.visitors)),
        count(float(views)),
    );
    let broken = simulation
        .profiles
        .iter()
        .flat_map(|policy| policy.broken().map(move |promise| (policy, promise)))
        .map(|(policy, promise)| {
            format!(
                "`{}` broke a promise in {} of {} checks: {}.",
                policy.profile,
                exact(promise.broken),
                exact(promise.watched),
                promise.promise
            )
        });
    html! {
        header { h1 { (title) } p class="faint" { (over) } }
        blockquote { (prose(&sentence(simulation))) }
        @for words in broken { p class="warning" { (prose(&words)) } }
        (key_figure_table(simulation))
    }
}

fn key_figure_table(simulation: &SimulationResult) -> Markup {
    let rows: Vec<Vec<Cell>> = key_figures(simulation)
        .into_iter()
        .map(|line| {
            let mut row = vec![Cell::head(&line.label.replacen(
                "last_seen",
                "“last seen”",
                1,
            ))];
            row.extend(line.shown.iter().map(|shown| Cell::number(shown)));
            row.extend(line.difference.iter().map(|shown| Cell::number(shown)));
            row
        })
        .collect();
    table(&titles("key figures", simulation), &rows)
}
