//! Contention between edges.

use std::collections::BTreeSet;

use super::super::chart::{Bar, bars, legend};
use super::super::html::{Cell, charts, code, figure, table};
use super::super::number::{count, exact, float};
use super::{NamedFigure, names, of_each, row, section, titles};
use crate::result::{CallerContention, Contention, SimulationResult};
use maud::{Markup, html};

pub(super) fn contention(simulation: &SimulationResult) -> Markup {
    let kinds: [NamedFigure<Contention, u64>; 6] = [
        (
            "conflicts: writes refused because the record had changed",
            |contention| contention.conflicts,
        ),
        ("retries", |contention| contention.retries),
        ("writes refused by the rate limit", |contention| {
            contention.rate_limited
        }),
        ("operations that gave up", |contention| contention.exhausted),
        ("extra reads", |contention| contention.extra_reads),
        ("extra writes", |contention| contention.extra_writes),
    ];
    let rows: Vec<Vec<Cell>> = kinds
        .iter()
        .map(|(name, kind)| {
            let values = of_each(simulation, |policy| float(kind(&policy.contention)));
            row(Cell::head(name), &values, count)
        })
        .collect();
    section(
        "Contention between edges",
        "If two machines change one record at the same time, the slower write is refused and retried as often as the policy \
         allows. All figures are over the whole time, and come in addition to the calls without contention.",
        &html! {
            (table(&titles("over the whole time", simulation), &rows))
            (charts(&by_caller(simulation)))
        },
    )
}

fn by_caller(simulation: &SimulationResult) -> Markup {
    let who: BTreeSet<&str> = simulation
        .profiles
        .iter()
        .flat_map(|policy| &policy.contention.by)
        .map(|meetings| meetings.who.as_str())
        .collect();
    if who.is_empty() {
        return Markup::default();
    }
    let of = |who: &str, figure: fn(&CallerContention) -> u64| {
        of_each(simulation, |policy| {
            let contention = policy
                .contention
                .by
                .iter()
                .find(|contention| contention.who == who);
            float(contention.map_or(0, figure))
        })
    };
    let drawn: Vec<Bar> = who
        .iter()
        .map(|who| Bar {
            name: (*who).to_owned(),
            values: of(who, |contention| contention.conflicts),
        })
        .collect();
    let mut rows = Vec::new();
    for policy in &simulation.profiles {
        for contention in &policy.contention.by {
            let counts = [
                contention.operations,
                contention.conflicts,
                contention.retries,
                contention.rate_limited,
                contention.exhausted,
            ];
            let mut row = vec![
                Cell::Head(code(&contention.who)),
                Cell::words(&policy.profile),
            ];
            row.extend(counts.map(|count| Cell::number(&exact(count))));
            rows.push(row);
        }
    }
    let titles = [
        "caller",
        "policy",
        "operations",
        "conflicts",
        "retries",
        "rate-limited",
        "gave up",
    ];
    let (title, note) = ("Conflicts, by caller", "over the whole time");
    let table = table(&titles, &rows);
    if drawn
        .iter()
        .all(|bar| bar.values.iter().all(|value| *value <= 0.0))
    {
        return table;
    }
    let names = names(simulation);
    let alt_text = format!("{title}: {note}, for {}", names.join(" and "));
    figure(
        title,
        note,
        &legend(&names),
        &bars(&alt_text, &drawn, count),
        &table,
    )
}
