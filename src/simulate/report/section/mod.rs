//! The page's sections, in the order in which they are read.

mod cost;
mod kept;
mod meetings;
mod over_time;
mod settings;
mod spread;
mod sweep;
mod top;
mod users;
mod workload;

use super::html::Cell;
use super::number::change;
use crate::simulate::result::{Outcomes, Simulation};

/// A figure and how it is named.
type Named<T, N> = (&'static str, fn(&T) -> N);

/// Everything below the page's head.
pub(super) fn all(simulation: &Simulation, title: &str, made: &str) -> String {
    [
        top::header(simulation, title),
        settings::differing(simulation),
        sweep::swept(simulation),
        cost::cost(simulation),
        meetings::met(simulation),
        over_time::stored(simulation),
        users::users(simulation),
        kept::promises(simulation),
        spread::seeds(simulation),
        workload::about(simulation, made),
    ]
    .concat()
}

/// A section with what it is about.
fn section(title: &str, explained: &str, body: &str) -> String {
    format!(
        "<section>\n<h2>{}</h2>\n<p>{}</p>\n{body}</section>\n",
        super::html::text(title),
        super::html::prose(explained)
    )
}

/// The policies' names, in their order.
fn names(simulation: &Simulation) -> Vec<&str> {
    let profiles = simulation.profiles.iter();
    profiles.map(|policy| policy.profile.as_str()).collect()
}

/// The titles of a table with a column for each policy, and one for the difference of two.
fn titles<'t>(first: &'t str, simulation: &'t Simulation) -> Vec<&'t str> {
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
fn of_each(simulation: &Simulation, figure: impl Fn(&Outcomes) -> f64) -> Vec<f64> {
    simulation.profiles.iter().map(figure).collect()
}
