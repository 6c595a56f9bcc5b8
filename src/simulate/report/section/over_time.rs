//! Day by day.

use super::super::chart::{Axis, Lines, Tick, legend};
use super::super::html::{Cell, figure, table};
use super::super::number::{bytes, count, exact, float, short_date};
use super::{names, section};
use crate::simulate::result::{Day, Simulation};

pub(super) fn stored(simulation: &Simulation) -> String {
    let charts = [
        daily(
            simulation,
            "Live entries",
            "at the end of each day",
            &|day| day.live,
            &count,
        ),
        daily(
            simulation,
            "Tombstones",
            "at the end of each day",
            &|day| day.tombstones,
            &count,
        ),
        daily(
            simulation,
            "Stored",
            "keys, records and metadata, at the end of each day",
            &|day| day.stored_bytes,
            &bytes,
        ),
    ];
    section(
        "What is stored",
        "A live entry is an identity that can be addressed. A tombstone is what a withdrawal leaves behind for a time, so \
         that nothing but fresh consent brings the identity back.",
        &format!("<div class=\"charts\">\n{}</div>\n", charts.concat()),
    )
}

/// A figure of every day, drawn and in a table.
pub(super) fn daily(
    simulation: &Simulation,
    title: &str,
    note: &str,
    figure_of: &dyn Fn(&Day) -> u64,
    show: &dyn Fn(f64) -> String,
) -> String {
    let names = names(simulation);
    let days = simulation
        .profiles
        .first()
        .map_or(&[] as &[Day], |policy| &policy.over_time);
    let ticks = days.iter().enumerate().map(|(place, day)| Tick {
        at: place_of(place),
        label: short_date(&day.date),
    });
    let chart = Lines {
        says: format!("{title}: {note}, for {}", names.join(" and ")),
        axis: Axis {
            from: 0.0,
            to: place_of(days.len().saturating_sub(1)),
            ticks: ticks.collect(),
            mark: None,
        },
        show,
        lines: simulation
            .profiles
            .iter()
            .map(|policy| {
                let points = policy.over_time.iter().enumerate();
                points
                    .map(|(place, day)| (place_of(place), float(figure_of(day))))
                    .collect()
            })
            .collect(),
    };
    let rows: Vec<Vec<Cell>> = days
        .iter()
        .enumerate()
        .map(|(place, day)| {
            let mut row = vec![Cell::head(&day.date)];
            row.extend(simulation.profiles.iter().map(|policy| {
                let figure = policy.over_time.get(place).map(figure_of);
                Cell::number(&figure.map_or_else(String::new, exact))
            }));
            row
        })
        .collect();
    let mut titles = vec!["day"];
    titles.extend(&names);
    figure(
        title,
        note,
        &legend(&names),
        &chart.svg(),
        &table(&titles, &rows),
    )
}

#[expect(clippy::cast_precision_loss, reason = "days are few")]
const fn place_of(place: usize) -> f64 {
    place as f64
}
