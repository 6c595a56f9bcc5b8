//! The differences between the settings.

use super::super::html::{Cell, breakable_code, code, table, text};
use super::{names, section};
use crate::result::SimulationResult;
use edge_cookie::policy::provenance::Origin;
use edge_cookie::policy::value::Value;

pub(super) fn settings(simulation: &SimulationResult) -> String {
    let [_, _] = simulation.profiles.as_slice() else {
        return String::new();
    };
    if simulation.settings.is_empty() {
        return section(
            "Settings that differ",
            "None: the two policies have the same values.",
            "",
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
    Cell::Words(format!(
        "{}<small>{}</small>",
        code(&value.to_string()),
        text(&origin.to_string())
    ))
}
