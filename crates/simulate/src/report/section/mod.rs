//! The sections of the page, in their order.

mod contention;
mod cost;
mod header;
mod over_time;
mod promises;
mod settings;
mod spread;
mod sweep;
mod users;
mod workload;

use super::html::{Cell, prose};
use super::number::change;
use crate::result::{PolicyResult, SimulationResult};
use maud::{Markup, html};

/// A name and how to read its figure.
type NamedFigure<T, N> = (&'static str, fn(&T) -> N);

/// The body of the page.
pub(super) fn all(simulation: &SimulationResult, title: &str, made: &str) -> Markup {
    html! {
        (header::header(simulation, title))
        (settings::settings(simulation))
        (sweep::sweep(simulation))
        (cost::cost(simulation))
        (contention::contention(simulation))
        (over_time::stored(simulation))
        (users::users(simulation))
        (promises::promises(simulation))
        (spread::seeds(simulation))
        (workload::about(simulation, made))
    }
}

/// A section with its explanation.
fn section(title: &str, explained: &str, body: &Markup) -> Markup {
    html! {
        section { h2 { (title) } p { (prose(explained)) } (body) }
    }
}

/// The policies' names, in their order.
fn names(simulation: &SimulationResult) -> Vec<&str> {
    let profiles = simulation.profiles.iter();
    profiles.map(|policy| policy.profile.as_str()).collect()
}

/// The titles of a table with a column for each policy, and one for the difference between two.
fn titles<'t>(first: &'t str, simulation: &'t SimulationResult) -> Vec<&'t str> {
    let mut titles = vec![first];
    titles.extend(names(simulation));
    if simulation.profiles.len() == 2 {
        titles.push("change");
    }
    titles
}

/// A row of such a table.
fn row(head: Cell, values: &[f64], show: impl Fn(f64) -> String) -> Vec<Cell> {
    let mut row = vec![head];
    row.extend(values.iter().map(|value| Cell::number(&show(*value))));
    if let [from, to] = values {
        row.push(Cell::number(&change(*from, *to)));
    }
    row
}

/// A figure of each policy.
fn of_each(simulation: &SimulationResult, figure: impl Fn(&PolicyResult) -> f64) -> Vec<f64> {
    simulation.profiles.iter().map(figure).collect()
}
