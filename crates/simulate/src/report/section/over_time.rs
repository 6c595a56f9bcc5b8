//! Figures by day.

use super::super::chart::{Axis, LineChart, Tick, legend};
use super::super::html::{Cell, charts, figure, table};
use super::super::number::{bytes, count, exact, float, short_date};
use super::{names, section};
use crate::result::{DayFigures, SimulationResult};
use maud::{Markup, html};

/// Above this many days a line shows weekly means: daily values would be unreadable.
const MANY: usize = 120;
const WEEK: usize = 7;

pub(super) fn stored(simulation: &SimulationResult) -> Markup {
    let drawn = html! {
        (daily(simulation, "Live entries", "at the end of each day", &|day| day.live, &count))
        (daily(simulation, "Tombstones", "at the end of each day", &|day| day.tombstones, &count))
        (daily(
            simulation,
            "Stored",
            "keys, records and metadata, at the end of each day",
            &|day| day.stored_bytes,
            &bytes,
        ))
    };
    section(
        "What is stored",
        "A live entry is an identity that can be addressed. A tombstone remembers a withdrawal for a time, so that only fresh \
         consent restores the identity.",
        &charts(&drawn),
    )
}

/// A figure of each day, as a chart with its table.
pub(super) fn daily(
    simulation: &SimulationResult,
    title: &str,
    note: &str,
    figure_of: &dyn Fn(&DayFigures) -> u64,
    show: &dyn Fn(f64) -> String,
) -> Markup {
    let names = names(simulation);
    let days = simulation
        .profiles
        .first()
        .map_or(&[] as &[DayFigures], |policy| &policy.over_time);
    let together = if days.len() > MANY { WEEK } else { 1 };
    let drawn_note = if together == 1 {
        note.to_owned()
    } else {
        format!("{note}, drawn as the mean of each week")
    };
    // With many days, only the first day of each month has a label.
    let labelled = |day: &DayFigures| together == 1 || day.date.ends_with("-01");
    let ticks = days.iter().enumerate().filter(|(_, day)| labelled(day));
    let ticks = ticks.map(|(place, day)| Tick {
        at: place_of(place),
        label: short_date(&day.date),
    });
    let points = |days: &[DayFigures]| -> Vec<(f64, f64)> {
        let weeks = days.chunks_exact(together).enumerate();
        weeks
            .map(|(week, days)| {
                let sum: u64 = days.iter().map(figure_of).sum();
                let middle = place_of(week * together) + (place_of(together) - 1.0) / 2.0;
                (middle, float(sum) / place_of(together))
            })
            .collect()
    };
    let chart = LineChart {
        alt_text: format!("{title}: {note}, for {}", names.join(" and ")),
        axis: Axis {
            from: 0.0,
            to: place_of(days.len().saturating_sub(1)),
            ticks: ticks.collect(),
            mark: None,
        },
        unit: 1.0,
        show,
        drawn: simulation
            .profiles
            .iter()
            .map(|policy| points(&policy.over_time))
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
        &drawn_note,
        &legend(&names),
        &chart.svg(),
        &table(&titles, &rows),
    )
}

#[expect(clippy::cast_precision_loss, reason = "days are few")]
const fn place_of(place: usize) -> f64 {
    place as f64
}
