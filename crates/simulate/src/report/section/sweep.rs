//! The sweep: cost and freshness over the values of one setting.

use super::super::chart::{Axis, LineChart, Tick};
use super::super::html::{Cell, charts, code, figure, table};
use super::super::number::{amount, count, duration, duration_in, exact, money, unit};
use super::section;
use crate::result::{SimulationResult, Sweep, SweepPoint};
use maud::{Markup, html};

/// If the greatest value is this many times the least, the axis is logarithmic.
const WIDE: f64 = 10.0;

/// A chart of a sweep: its title, its note, how to read and to format a value.
type SweepChart<'f> = (
    &'f str,
    &'f str,
    fn(&SweepPoint) -> f64,
    &'f dyn Fn(f64) -> String,
);

pub(super) fn sweep(simulation: &SimulationResult) -> Markup {
    let Some(sweep) = &simulation.sweep else {
        return Markup::default();
    };
    let prices = &simulation.workload.prices;
    let show_price = |amount: f64| money(amount, &prices.currency);
    let price_note = format!("price a day in {}, as a mean", prices.currency);
    let cost: SweepChart<'_> = if prices.are_set() {
        ("Cost", &price_note, |point| point.price_a_day, &amount)
    } else {
        (
            "Cost",
            "writes a day, as a mean",
            |point| point.writes_a_day,
            &count,
        )
    };
    let synced: fn(&SweepPoint) -> f64 = |point| point.uid_age_seconds;
    let table = numbers(sweep, &show_price, prices.are_set());
    let drawn = html! {
        (chart(sweep, cost, 1.0, &table))
        (timed(
            sweep,
            "Freshness of visits",
            "how far “last seen” lags behind the visits, as a mean",
            |point| point.last_seen_lag_seconds,
            &table,
        ))
        @if differs(sweep, synced) {
            (timed(
                sweep,
                "Freshness of partners’ ids",
                "how old an id is when its partner sends it again, as a mean",
                synced,
                &table,
            ))
        }
    };
    section(
        &format!("Sweep of {}", sweep.key),
        &format!(
            "The same workload under `{}` with several values of this setting. The dotted line marks the current value.",
            sweep.profile
        ),
        &charts(&drawn),
    )
}

/// A chart of a duration.
fn timed(
    sweep: &Sweep,
    title: &str,
    note: &str,
    of: fn(&SweepPoint) -> f64,
    table: &Markup,
) -> Markup {
    let unit = unit(sweep.points.iter().map(of).fold(0.0, f64::max));
    let show = |seconds| duration_in(seconds, unit);
    chart(sweep, (title, note, of, &show), unit.0, table)
}

fn chart(
    sweep: &Sweep,
    (title, note, of, show): SweepChart<'_>,
    unit: f64,
    table: &Markup,
) -> Markup {
    let points = sweep.points.iter();
    let chart = LineChart {
        alt_text: format!("{title} over {}: {note}", sweep.key),
        axis: axis(sweep),
        unit,
        show,
        drawn: vec![
            points
                .map(|point| (place(sweep, point), of(point)))
                .collect(),
        ],
    };
    figure(title, note, &Markup::default(), &chart.svg(), table)
}

fn differs(sweep: &Sweep, of: fn(&SweepPoint) -> f64) -> bool {
    let values = || sweep.points.iter().map(of);
    let (least, most) = (
        values().fold(f64::MAX, f64::min),
        values().fold(f64::MIN, f64::max),
    );
    most - least > f64::EPSILON
}

/// The position of a point on the axis.
fn place(sweep: &Sweep, point: &SweepPoint) -> f64 {
    let least = sweep.points.first().map_or(0.0, |point| point.amount);
    let most = sweep.points.last().map_or(0.0, |point| point.amount);
    if least > 0.0 && most / least >= WIDE {
        point.amount.ln()
    } else {
        point.amount
    }
}

fn axis(sweep: &Sweep) -> Axis {
    let tick = |point: &SweepPoint| Tick {
        at: place(sweep, point),
        label: point.value.clone(),
    };
    let ticks: Vec<Tick> = sweep.points.iter().map(tick).collect();
    Axis {
        from: ticks.first().map_or(0.0, |tick| tick.at),
        to: ticks.last().map_or(1.0, |tick| tick.at),
        ticks,
        mark: sweep
            .points
            .iter()
            .find(|point| point.current)
            .map(|point| Tick {
                label: format!("now {}", point.value),
                ..tick(point)
            }),
    }
}

fn numbers(sweep: &Sweep, show_price: &dyn Fn(f64) -> String, are_priced: bool) -> Markup {
    let mut titles = vec!["value"];
    if are_priced {
        titles.push("price a day");
    }
    titles.extend([
        "reads a day",
        "writes a day",
        "“last seen” lag",
        "ids’ age",
        "conflicts",
        "lost",
        "broken",
    ]);
    let rows: Vec<Vec<Cell>> = sweep
        .points
        .iter()
        .map(|point| {
            let now = if point.current { " (now)" } else { "" };
            let mut row = vec![Cell::Head(html! { (code(&point.value)) (now) })];
            let mut numbers = vec![
                count(point.reads_a_day),
                count(point.writes_a_day),
                duration(point.last_seen_lag_seconds),
                duration(point.uid_age_seconds),
                exact(point.conflicts),
                exact(point.lost),
                exact(point.broken),
            ];
            if are_priced {
                numbers.insert(0, show_price(point.price_a_day));
            }
            row.extend(numbers.iter().map(|number| Cell::number(number)));
            row
        })
        .collect();
    table(&titles, &rows)
}
