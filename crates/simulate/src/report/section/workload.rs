//! The workload.

use super::super::html::{Cell, prose, table};
use super::super::number::{count, date, exact, float, percent};
use super::super::sentence::days;
use super::section;
use crate::result::{LogUsage, SimulationResult, WorkloadCounts};
use maud::{Markup, html};

pub(super) fn about(simulation: &SimulationResult, made: &str) -> Markup {
    let about = &simulation.workload;
    let partners = match about.partners.as_slice() {
        [] => "none".to_owned(),
        partners => partners.join(", "),
    };
    let mut rows = vec![
        fact(
            "time",
            &format!("{} from {}", days(about.days), date(&about.starts)),
        ),
        fact("visitors", &exact(about.visitors)),
        fact("edges", &exact(about.edges)),
        fact("partners", &partners),
        fact("seed", &about.seed.to_string()),
    ];
    if let Some(policy) = simulation.profiles.first() {
        rows.extend(happened(&policy.happened));
    }
    let digests = simulation
        .profiles
        .iter()
        .map(|policy| format!("`{}` is policy `{}`", policy.profile, policy.digest))
        .collect::<Vec<_>>()
        .join(", ");
    let log = simulation.log.as_ref().map_or_else(Markup::default, used);
    section(
        "The workload",
        "The input of the simulation. The operations ran on the engine itself, in virtual time; nothing here is an estimate of \
         what the engine would do.",
        &html! {
            (log)
            (table(&["what", &about.name], &rows))
            footer { (prose(&format!("Made on {made} by `ec simulate`; {digests}."))) }
        },
    )
}

fn fact(name: &str, value: &str) -> Vec<Cell> {
    vec![Cell::head(name), Cell::words(value)]
}

fn happened(happened: &WorkloadCounts) -> [Vec<Cell>; 9] {
    [
        ("visitors who came", happened.visitors),
        ("visits", happened.visits),
        ("page views", happened.page_views),
        ("identities created", happened.identities),
        ("withdrawals", happened.withdrawals),
        ("consents given again", happened.reconsents),
        ("syncs sent", happened.syncs),
        ("batches sent", happened.batches),
        ("requests with a forged id", happened.forged),
    ]
    .map(|(name, number)| fact(name, &exact(number)))
}

fn used(log: &LogUsage) -> Markup {
    let of = |lines: u64| {
        format!(
            "{} ({})",
            exact(lines),
            percent(float(lines), float(log.lines))
        )
    };
    let words = format!(
        "Of the {} lines of `{}`, {} were used as page views. Skipped: {} could not be read, {} were requests of robots, {} had a \
         status without a page, {} were not page requests.",
        count(float(log.lines)),
        log.file,
        of(log.used),
        of(log.broken),
        of(log.robots),
        of(log.status),
        of(log.not_pages)
    );
    html! { p { (prose(&words)) } }
}
