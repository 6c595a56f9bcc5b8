//! A summary in one sentence, for a review.

use super::key_figures::{ALL_WITHDRAWALS, a_day};
use super::number::{change, count, duration, float, money};
use crate::result::{PolicyResult, SimulationResult, WorkloadSummary};

/// The summary sentence, with names in backticks. Empty if no policy was simulated.
///
/// ```
/// use edge_cookie::policy::resolve::resolve;
/// use edge_cookie_simulate::report::sentence;
/// use edge_cookie_simulate::workload::Workload;
/// use edge_cookie_simulate::{SimulatedPolicy, Simulator};
///
/// let text = "visitors = 10\ndays = 2\n[[audience]]\nshare = 1.0\n[[regions]]\ncountry = \"BR\"\nshare = 1.0\n";
/// let workload = Workload::read("small.toml", text).workload.unwrap();
/// let defaults = resolve(&[]);
/// let result = Simulator::new(&workload).compare(&[SimulatedPolicy { profile: "development", resolved: &defaults }]);
/// assert!(sentence(&result).starts_with("On `small` (2 days, 10 visitors), `development` "));
/// ```
#[must_use]
pub fn sentence(simulation: &SimulationResult) -> String {
    let about = &simulation.workload;
    let on = format!(
        "On `{}` ({}, {} visitors)",
        about.name,
        days(about.days),
        count(float(about.visitors))
    );
    match simulation.profiles.as_slice() {
        [] => String::new(),
        [policy] => format!(
            "{on}, `{}` {}; {}; {}; {}.",
            policy.profile,
            costs(policy, about),
            lost(policy),
            forgotten(policy),
            kept(policy)
        ),
        [from, to, ..] => format!("{on}, {}.", compared(from, to, about)),
    }
}

fn costs(policy: &PolicyResult, about: &WorkloadSummary) -> String {
    let reads = count(a_day(policy.totals.reads, about));
    let writes = count(a_day(policy.totals.writes, about));
    if about.prices.are_set() {
        let price = money(policy.price.a_day, &about.prices.currency);
        format!("costs {price} a day, for {reads} reads and {writes} writes")
    } else {
        format!("sends {reads} reads and {writes} writes a day")
    }
}

fn compared(from: &PolicyResult, to: &PolicyResult, about: &WorkloadSummary) -> String {
    let mut parts = Vec::new();
    let (before, after) = (from.totals.writes, to.totals.writes);
    let writes = format!(
        "{} writes a day instead of {}{}",
        count(a_day(after, about)),
        count(a_day(before, about)),
        bracketed(float(before), float(after))
    );
    if about.prices.are_set() {
        let price = |policy: &PolicyResult| money(policy.price.a_day, &about.prices.currency);
        parts.push(format!(
            "`{}` costs {} a day where `{}` costs {}{}",
            to.profile,
            price(to),
            from.profile,
            price(from),
            bracketed(from.price.a_day, to.price.a_day)
        ));
        parts.push(format!("it sends {writes}"));
    } else {
        parts.push(format!(
            "`{}` sends {writes} of `{}`",
            to.profile, from.profile
        ));
    }
    let lag = |policy: &PolicyResult| duration(policy.freshness.last_seen_lag_seconds);
    if lag(from) != lag(to) {
        parts.push(format!(
            "`last_seen` lags {} behind instead of {}",
            lag(to),
            lag(from)
        ));
    }
    if from.lost != to.lost {
        parts.push(format!(
            "it loses {} identities instead of {}",
            count(float(to.lost.total())),
            count(float(from.lost.total()))
        ));
    }
    let trace = |policy: &PolicyResult| policy.forgetting.reached_by(ALL_WITHDRAWALS).map(float);
    if let (Some(before), Some(after)) = (trace(from), trace(to))
        && duration(before) != duration(after)
    {
        parts.push(format!(
            "the last trace of a withdrawal is gone after {} instead of {}",
            duration(after),
            duration(before)
        ));
    }
    parts.push(match (from.broken().next(), to.broken().next()) {
        (None, None) => "neither breaks a promise".to_owned(),
        (Some(_), None) => format!("`{}` breaks a promise, it does not", from.profile),
        (None, Some(_)) => format!("it breaks a promise, `{}` does not", from.profile),
        (Some(_), Some(_)) => "both break a promise".to_owned(),
    });
    parts.join("; ")
}

fn bracketed(from: f64, to: f64) -> String {
    #[expect(clippy::float_cmp, reason = "only identical figures are the same")]
    if from == to {
        return String::new();
    }
    format!(" ({})", change(from, to))
}

fn lost(policy: &PolicyResult) -> String {
    match policy.lost.total() {
        0 => "no active visitor lost an identity".to_owned(),
        1 => "1 active visitor lost an identity".to_owned(),
        lost => format!("active visitors lost {} identities", count(float(lost))),
    }
}

fn forgotten(policy: &PolicyResult) -> String {
    policy.forgetting.reached_by(ALL_WITHDRAWALS).map_or_else(
        || "no withdrawal was final".to_owned(),
        |seconds| {
            format!(
                "the last trace of a withdrawal was gone after {} at the latest",
                duration(float(seconds))
            )
        },
    )
}

fn kept(policy: &PolicyResult) -> String {
    match policy.broken().count() {
        0 => "no promise was broken".to_owned(),
        1 => "1 promise was broken".to_owned(),
        broken => format!("{broken} promises were broken"),
    }
}

/// A number of days.
pub(super) fn days(days: u64) -> String {
    match days {
        1 => "1 day".to_owned(),
        several => format!("{} days", super::number::exact(several)),
    }
}
