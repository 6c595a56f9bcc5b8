//! The cost of the operations.

use std::collections::BTreeMap;

use super::super::chart::{Bar, bars, legend};
use super::super::html::{Cell, charts, code, figure, table};
use super::super::key_figures::a_day;
use super::super::number::{count, date, float, money};
use super::over_time::daily;
use super::{NamedFigure, names, of_each, row, section, titles};
use crate::result::{AvoidedWrites, PolicyResult, Price, SimulationResult};
use maud::{Markup, html};

/// The number of kinds of operation in the chart; the table has all of them.
const DRAWN: usize = 7;

pub(super) fn cost(simulation: &SimulationResult) -> Markup {
    let prices = &simulation.workload.prices;
    let mut explained = "Every page view and every sync may read the identity store or write to it, and the store's \
        operator charges for each call. These are the calls without contention between edges; the extra calls of \
                contention are below."
        .to_owned();
    if prices.are_set() {
        let words = format!(
            " Prices as of {}: {} for a million reads, {} for a million writes, {} to store a gigabyte for a month.",
            date(&prices.as_of),
            money(prices.million_reads, &prices.currency),
            money(prices.million_writes, &prices.currency),
            money(prices.gigabyte_month, &prices.currency),
        );
        explained.push_str(&words);
    } else {
        explained.push_str(" The workload has no prices.");
    }
    let drawn = html! {
        @if prices.are_set() { (price(simulation)) }
        (daily(simulation, "Reads", "store reads, each day", &|day| day.reads, &count))
        (daily(simulation, "Writes", "store writes, each day", &|day| day.writes, &count))
        (by_outcome(simulation))
        (avoided(simulation))
    };
    section("What it costs", &explained, &charts(&drawn))
}

/// A bar chart and its table.
fn bar_chart(
    simulation: &SimulationResult,
    (title, note): (&str, &str),
    drawn: &[Bar],
    table: &Markup,
    show: impl Fn(f64) -> String,
) -> Markup {
    let names = names(simulation);
    let alt_text = format!("{title}: {note}, for {}", names.join(" and "));
    figure(
        title,
        note,
        &legend(&names),
        &bars(&alt_text, drawn, show),
        table,
    )
}

fn price(simulation: &SimulationResult) -> Markup {
    let about = &simulation.workload;
    let show = |amount: f64| money(amount, &about.prices.currency);
    let parts: [NamedFigure<Price, f64>; 4] = [
        ("total", |price| price.total),
        ("reads", |price| price.reads),
        ("writes", |price| price.writes),
        ("storage", |price| price.storage),
    ];
    let of = |part: fn(&Price) -> f64| {
        let days = float(about.days.max(1));
        of_each(simulation, |policy| part(&policy.price) / days)
    };
    let drawn: Vec<Bar> = parts
        .iter()
        .map(|(name, part)| Bar {
            name: (*name).to_owned(),
            values: of(*part),
        })
        .collect();
    let rows: Vec<Vec<Cell>> = drawn
        .iter()
        .map(|bar| row(Cell::head(&bar.name), &bar.values, show))
        .collect();
    bar_chart(
        simulation,
        (
            "Price",
            "a day, as a mean over all days, including contention",
        ),
        &drawn,
        &table(&titles("a day", simulation), &rows),
        show,
    )
}

/// The reads and writes per day of one kind of operation.
type DailyCalls = (f64, f64);

fn by_outcome(simulation: &SimulationResult) -> Markup {
    let about = &simulation.workload;
    let mut kinds: BTreeMap<(&str, &str), Vec<DailyCalls>> = BTreeMap::new();
    for (place, policy) in simulation.profiles.iter().enumerate() {
        for ended in &policy.operations {
            let all = kinds
                .entry((ended.operation, ended.outcome))
                .or_insert_with(|| vec![(0.0, 0.0); simulation.profiles.len()]);
            if let Some(calls) = all.get_mut(place) {
                *calls = (a_day(ended.reads, about), a_day(ended.writes, about));
            }
        }
    }
    let writes = |calls: &[DailyCalls]| calls.iter().map(|(_, writes)| *writes).collect::<Vec<_>>();
    let mut drawn: Vec<Bar> = kinds
        .iter()
        .map(|((operation, outcome), calls)| Bar {
            name: format!("{operation}: {outcome}"),
            values: writes(calls),
        })
        .filter(|bar| bar.values.iter().any(|value| *value > 0.0))
        .collect();
    let most = |bar: &Bar| bar.values.iter().copied().fold(0.0, f64::max);
    drawn.sort_by(|one, other| most(other).total_cmp(&most(one)));
    drawn.truncate(DRAWN);
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for ((operation, outcome), calls) in &kinds {
        let head = |of| Cell::Head(html! { (code(operation)) ", " (code(outcome)) ": " (of) });
        let reads: Vec<f64> = calls.iter().map(|(reads, _)| *reads).collect();
        rows.push(row(head("reads"), &reads, count));
        rows.push(row(head("writes"), &writes(calls), count));
    }
    bar_chart(
        simulation,
        (
            "Writes by operation",
            "writes a day, by operation and outcome",
        ),
        &drawn,
        &table(&titles("a day", simulation), &rows),
        count,
    )
}

fn avoided(simulation: &SimulationResult) -> Markup {
    let about = &simulation.workload;
    let kinds: [NamedFigure<AvoidedWrites, u64>; 4] = [
        ("a visit soon after the last one (debounce)", |avoided| {
            avoided.debounced
        }),
        ("a partner sent a uid that was already stored", |avoided| {
            avoided.unchanged
        }),
        ("a repeated withdrawal", |avoided| avoided.repeated),
        ("a withdrawal for an unknown id", |avoided| avoided.unknown),
    ];
    let of = |kind: fn(&AvoidedWrites) -> u64| {
        of_each(simulation, |policy: &PolicyResult| {
            a_day(kind(&policy.avoided), about)
        })
    };
    let drawn: Vec<Bar> = kinds
        .iter()
        .map(|(name, kind)| Bar {
            name: (*name).to_owned(),
            values: of(*kind),
        })
        .collect();
    let rows: Vec<Vec<Cell>> = drawn
        .iter()
        .map(|bar| row(Cell::head(&bar.name), &bar.values, count))
        .collect();
    bar_chart(
        simulation,
        (
            "Writes avoided",
            "writes a day that the policy avoided, by reason",
        ),
        &drawn,
        &table(&titles("a day", simulation), &rows),
        count,
    )
}
