//! The promises.

use super::super::html::{Cell, table};
use super::super::number::exact;
use super::{names, section};
use crate::result::SimulationResult;
use maud::{Markup, html};

pub(super) fn promises(simulation: &SimulationResult) -> Markup {
    let Some(first) = simulation.profiles.first() else {
        return Markup::default();
    };
    let rows: Vec<Vec<Cell>> = first
        .promises
        .iter()
        .map(|promise| {
            let mut row = vec![Cell::Head(
                html! { (promise.number) ". " (promise.promise) },
            )];
            row.extend(simulation.profiles.iter().map(|policy| {
                let same = policy
                    .promises
                    .iter()
                    .find(|other| other.number == promise.number);
                let checked = same.map_or_else(String::new, |promise| match promise {
                    never if never.watched == 0 => "not checked".to_owned(),
                    kept if kept.broken == 0 => format!("kept {}", exact(kept.watched)),
                    broken => format!(
                        "broken {} of {}",
                        exact(broken.broken),
                        exact(broken.watched)
                    ),
                });
                Cell::number(&checked)
            }));
            row
        })
        .collect();
    let mut titles = vec!["promise"];
    titles.extend(names(simulation));
    section(
        "Promises",
        "The promises that every policy makes to its users, checked at every operation over the whole time: how often each was \
         checked, and whether it held.",
        &table(&titles, &rows),
    )
}
