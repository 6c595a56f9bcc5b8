//! The settings that differ.

use super::super::html::{Cell, code, parted, table, text};
use super::{names, section};
use crate::policy::provenance::Origin;
use crate::policy::value::Value;
use crate::simulate::result::Simulation;

pub(super) fn differing(simulation: &Simulation) -> String {
    let [_, _] = simulation.profiles.as_slice() else {
        return String::new();
    };
    if simulation.settings.is_empty() {
        return section(
            "Settings that differ",
            "None: the two policies are the same in force.",
            "",
        );
    }
    let rows: Vec<Vec<Cell>> = simulation
        .settings
        .iter()
        .map(|setting| {
            vec![
                Cell::Head(parted(&setting.key)),
                value(&setting.from, &setting.from_origin),
                value(&setting.to, &setting.to_origin),
            ]
        })
        .collect();
    let mut titles = vec!["setting"];
    titles.extend(names(simulation));
    section(
        "Settings that differ",
        "Everything else is the same in both policies. Below each value stands where it comes from.",
        &table(&titles, &rows),
    )
}

fn value(value: &Value, origin: &Origin) -> Cell {
    Cell::Words(format!(
        "{}<small>{}</small>",
        code(&value.to_string()),
        text(&origin.to_string())
    ))
}
