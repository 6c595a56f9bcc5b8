//! What edges add by meeting each other.

use std::collections::BTreeSet;

use super::super::chart::{Bar, bars, legend};
use super::super::html::{Cell, code, figure, table};
use super::super::number::{count, exact, float};
use super::{Named, names, of_each, row, section, titles};
use crate::simulate::result::{Contention, Meetings, Simulation};

pub(super) fn met(simulation: &Simulation) -> String {
    let kinds: [Named<Contention, u64>; 6] = [
        (
            "conflicts: a write refused because another came between",
            |met| met.conflicts,
        ),
        ("retries", |met| met.retries),
        ("writes refused for their rate", |met| met.rate_limited),
        ("operations that gave up", |met| met.exhausted),
        ("reads added", |met| met.extra_reads),
        ("writes added", |met| met.extra_writes),
    ];
    let rows: Vec<Vec<Cell>> = kinds
        .iter()
        .map(|(name, kind)| {
            let values = of_each(simulation, |policy| float(kind(&policy.contention)));
            row(Cell::head(name), &values, count)
        })
        .collect();
    section(
        "When edges meet",
        "Two machines that change one record at once collide: the slower write is refused, and is tried again as often as \
         the policy allows. All figures are over the whole time, and come on top of what the work itself takes.",
        &format!(
            "{}<div class=\"charts\">\n{}</div>\n",
            table(&titles("over the whole time", simulation), &rows),
            by_whom(simulation)
        ),
    )
}

fn by_whom(simulation: &Simulation) -> String {
    let who: BTreeSet<&str> = simulation
        .profiles
        .iter()
        .flat_map(|policy| &policy.contention.by)
        .map(|meetings| meetings.who.as_str())
        .collect();
    if who.is_empty() {
        return String::new();
    }
    let of = |who: &str, figure: fn(&Meetings) -> u64| {
        of_each(simulation, |policy| {
            let met = policy.contention.by.iter().find(|met| met.who == who);
            float(met.map_or(0, figure))
        })
    };
    let drawn: Vec<Bar> = who
        .iter()
        .map(|who| Bar {
            name: (*who).to_owned(),
            values: of(who, |met| met.conflicts),
        })
        .collect();
    let mut rows = Vec::new();
    for policy in &simulation.profiles {
        for met in &policy.contention.by {
            let counts = [
                met.operations,
                met.conflicts,
                met.retries,
                met.rate_limited,
                met.exhausted,
            ];
            let mut row = vec![Cell::Head(code(&met.who)), Cell::words(&policy.profile)];
            row.extend(counts.map(|count| Cell::number(&exact(count))));
            rows.push(row);
        }
    }
    let titles = [
        "whose",
        "policy",
        "met",
        "conflicts",
        "retries",
        "rate-limited",
        "gave up",
    ];
    let (title, note) = (
        "Conflicts, by whose writes they were",
        "over the whole time",
    );
    let table = table(&titles, &rows);
    if drawn
        .iter()
        .all(|bar| bar.values.iter().all(|value| *value <= 0.0))
    {
        return table;
    }
    let names = names(simulation);
    let says = format!("{title}: {note}, for {}", names.join(" and "));
    figure(
        title,
        note,
        &legend(&names),
        &bars(&says, &drawn, count),
        &table,
    )
}
