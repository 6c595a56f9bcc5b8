//! The effects on users and partners.

use std::collections::BTreeSet;

use super::super::chart::{Axis, LineChart, Tick, legend};
use super::super::html::{Cell, charts, code, figure, table};
use super::super::number::{count, duration, duration_in, float, percent, unit};
use super::{NamedFigure, names, of_each, row, section, titles};
use crate::result::{PolicyResult, SimulationResult};
use maud::{Markup, html};

pub(super) fn users(simulation: &SimulationResult) -> Markup {
    let figures: [NamedFigure<PolicyResult, u64>; 2] = [
        ("the entry had expired", |policy| policy.lost.entry_expired),
        ("the cookie had expired", |policy| {
            policy.lost.cookie_expired
        }),
    ];
    let lost: Vec<Vec<Cell>> = figures
        .iter()
        .map(|(name, figure)| {
            let values = of_each(simulation, |policy| float(figure(policy)));
            row(Cell::head(name), &values, count)
        })
        .collect();
    let ages: [NamedFigure<PolicyResult, f64>; 2] = [
        ("how far “last seen” lags behind a page view", |policy| {
            policy.freshness.last_seen_lag_seconds
        }),
        (
            "how old a partner’s id is when the partner sends it again",
            |policy| policy.freshness.uid_age_seconds,
        ),
    ];
    let fresh: Vec<Vec<Cell>> = ages
        .iter()
        .map(|(name, age)| row(Cell::head(name), &of_each(simulation, age), duration))
        .collect();
    html! {
        (section(
            "Identities lost",
            "Visitors who came back and got a new identity, because their entry or cookie had expired. Over the whole time.",
            &table(&titles("why", simulation), &lost),
        ))
        (section(
            "How fresh the records are",
            "With fewer writes, records are less up to date. Means over the whole time.",
            &table(&titles("mean", simulation), &fresh),
        ))
        (refused(simulation))
        (forgotten(simulation))
    }
}

fn refused(simulation: &SimulationResult) -> Markup {
    let kinds: BTreeSet<(&str, &str)> = simulation
        .profiles
        .iter()
        .flat_map(|policy| &policy.refused)
        .map(|refused| (refused.partner.as_str(), refused.reason.as_str()))
        .collect();
    let rows: Vec<Vec<Cell>> = kinds
        .iter()
        .map(|(partner, reason)| {
            let values = of_each(simulation, |policy| {
                let same = policy
                    .refused
                    .iter()
                    .filter(|refused| (&*refused.partner, &*refused.reason) == (*partner, *reason));
                float(same.map(|refused| refused.syncs).sum())
            });
            row(
                Cell::Head(html! { (code(partner)) ", " (code(reason)) }),
                &values,
                count,
            )
        })
        .collect();
    let sent = simulation
        .profiles
        .first()
        .map_or(0, |policy| policy.happened.syncs);
    let explained = format!(
        "A sync stores a partner’s own id for a visitor. Of {} that were sent over the whole time, these were refused, for the \
         reason that the partner received.",
        count(float(sent))
    );
    let body = if rows.is_empty() {
        html! { p { "No sync was refused." } }
    } else {
        table(&titles("partner, reason", simulation), &rows)
    };
    section("Syncs refused", &explained, &body)
}

fn forgotten(simulation: &SimulationResult) -> Markup {
    let figures: [NamedFigure<PolicyResult, u64>; 4] = [
        ("withdrawals of an identity", |policy| {
            policy.forgetting.withdrawals
        }),
        ("undone by fresh consent", |policy| policy.forgetting.undone),
        ("left no trace immediately", |policy| {
            policy.forgetting.at_once
        }),
        ("made live again by a sync", |policy| {
            policy.forgetting.recreated
        }),
    ];
    let rows: Vec<Vec<Cell>> = figures
        .iter()
        .map(|(name, figure)| {
            let values = of_each(simulation, |policy| float(figure(policy)));
            row(Cell::head(name), &values, count)
        })
        .collect();
    section(
        "Time until erased",
        "A user who withdraws consent is erased when the tombstone, or the record that a sync put in its place, has expired.",
        &html! {
            (table(&titles("over the whole time", simulation), &rows))
            (charts(&reached(simulation)))
        },
    )
}

/// The time until the last trace was gone, by share of the withdrawals.
fn reached(simulation: &SimulationResult) -> Markup {
    let lines: Vec<Vec<(f64, f64)>> = simulation
        .profiles
        .iter()
        .map(|policy| {
            let reached = policy.forgetting.reached.iter();
            reached
                .map(|reached| (f64::from(reached.percent), float(reached.seconds)))
                .collect()
        })
        .collect();
    let Some(any) = simulation
        .profiles
        .iter()
        .map(|policy| &policy.forgetting.reached)
        .find(|reached| !reached.is_empty())
    else {
        return Markup::default();
    };
    let longest = lines.iter().flatten();
    let unit = unit(longest.fold(0.0, |most, (_, seconds)| most.max(*seconds)));
    let ticks = [0.0, 25.0, 50.0, 75.0, 100.0];
    let names = names(simulation);
    let (title, note) = (
        "Time until the last trace is gone",
        "by the share of withdrawals that took no longer",
    );
    let chart = LineChart {
        alt_text: format!("{title}: {note}, for {}", names.join(" and ")),
        axis: Axis {
            from: 0.0,
            to: 100.0,
            ticks: ticks
                .map(|at| Tick {
                    at,
                    label: percent(at, 100.0),
                })
                .into(),
            mark: None,
        },
        unit: unit.0,
        show: &|seconds| duration_in(seconds, unit),
        drawn: lines,
    };
    let rows: Vec<Vec<Cell>> = any
        .iter()
        .map(|share| {
            let mut row = vec![Cell::head(&percent(f64::from(share.percent), 100.0))];
            row.extend(simulation.profiles.iter().map(|policy| {
                let seconds = policy.forgetting.reached_by(share.percent);
                Cell::number(&seconds.map_or_else(String::new, |seconds| duration(float(seconds))))
            }));
            row
        })
        .collect();
    let mut titles = vec!["share of withdrawals"];
    titles.extend(&names);
    figure(
        title,
        note,
        &legend(&names),
        &chart.svg(),
        &table(&titles, &rows),
    )
}
