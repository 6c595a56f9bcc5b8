//! The differences between the settings.

use super::super::html::{Cell, breakable_code, code, table};
use super::{names, section};
use crate::result::SimulationResult;
use edge_cookie::policy::provenance::Origin;
use edge_cookie::policy::value::Value;
use maud::{Markup, html};

pub(super) fn settings(simulation: &SimulationResult) -> Markup {
    let [_, _] = simulation.profiles.as_slice() else {
        return Markup::default();
    };
    if simulation.settings.is_empty() {
        return section(
            "Settings that differ",
            "None: the two policies have the same values.",
            &Markup::default(),
        );
    }
    let rows: Vec<Vec<Cell>> = simulation
        .settings
        .iter()
        .map(|setting| {
            vec![
                Cell::Head(breakable_code(&setting.key)),
                value(&setting.from, &setting.from_origin),
                value(&setting.to, &setting.to_origin),
            ]
        })
        .collect();
    let mut titles = vec!["setting"];
    titles.extend(names(simulation));
    section(
        "Settings that differ",
        "All other settings are the same in both policies. The origin of each value is below it.",
        &table(&titles, &rows),
    )
}

fn value(value: &Value, origin: &Origin) -> Cell {
    Cell::Words(html! {
        (code(&value.to_string()))
        small { (origin.to_string()) }
    })
}
