//! What the platform, browsers and a request's own time allow.

use std::time::Duration;

use super::hygiene::CALLS_OF_AN_ATTEMPT;
use super::{Find, Finding, Rule, Subject};
use crate::diagnostic::{Code, Severity};
use crate::platform_facts::browser::MAX_COOKIE_DAYS;
use crate::platform_facts::fastly::{LOOKUP_LAG, MAX_EXECUTION, WRITE_INTERVAL};
use crate::policy::EcPolicy;
use crate::policy::settings::Unchanged;
use crate::policy::types::Seconds;

/// Longer than any law lets an identifier be kept, and than any deployment lasts.
const ABSURD_DAYS: u64 = 3_653;

pub(super) const RULES: [Rule; 5] = [
    Rule {
        code: Code::ZeroDuration,
        severity: Severity::Warning,
        reason: "a duration of zero turns off what it measures",
        protects: "the purpose of the setting: zero often means `no limit` elsewhere, but never here",
        example: "[ec.organic]\nbudget = \"0ms\"\n",
        consequence: "with `organic.budget` no page request has an identity, with `cas.deadline` nothing is tried again, with `cookie.max_age` every browser drops the cookie at once, with `sync.max_age` every sync is stale a second later, with `sync.max_future` partners whose clocks are a second ahead are refused",
        fix: "write the time you intend, or remove the line to use the default",
        find: Find::By(zero_durations),
    },
    Rule {
        code: Code::AbsurdDuration,
        severity: Severity::Warning,
        reason: "a duration that cannot be intended",
        protects: "users and requests from a wrong unit: `900d` for `900s`, `300s` for `300ms`",
        example: "[ec.entry]\nttl = \"36500d\"\n[ec.cookie]\nmax_age = \"365d\"\n",
        consequence: "users are kept for longer than any law allows, or a request waits for longer than the edge allows",
        fix: "write the time you intend: below ten years for records, below two minutes for waits inside one request",
        find: Find::By(absurd_durations),
    },
    Rule {
        code: Code::DebounceBelowWriteRate,
        severity: Severity::Warning,
        reason: "Fastly takes one write a second to a key: a debounce below it cannot be met",
        protects: "the writes of a visit: each page of one user writes the same record",
        example: "[ec.last_seen]\ndebounce = \"0s\"\n",
        consequence: "every page of a visitor is a write; writes within the same second are refused, and partner syncs and even a withdrawal fail with them",
        fix: "raise `last_seen.debounce`: minutes cost little, since one visit is then one write",
        find: Find::By(debounce_below_write_rate),
    },
    Rule {
        code: Code::BatchOverDeadline,
        severity: Severity::Warning,
        reason: "a batch that can take longer than its request may",
        protects: "partners: a batch that is cut off has written some of its mappings, and reports none of them",
        example: "[ec.sync]\nmax_batch = 1000\nconcurrency = 1\n",
        consequence: "with a slow store the request ends before the batch does; the partner sends the whole batch again, to a store that is slow already",
        fix: "lower `sync.max_batch`, raise `sync.concurrency`, shorten `cas.deadline` or `store.call_timeout`, or raise `local.request_timeout`",
        find: Find::By(batch_over_deadline),
    },
    Rule {
        code: Code::CookieOverBrowsersLimit,
        severity: Severity::Warning,
        reason: "browsers keep a cookie for 400 days at most",
        protects: "the promise that a cookie and its entry end together",
        example: "[ec.cookie]\nmax_age = \"500d\"\n[ec.entry]\nttl = \"500d\"\n",
        consequence: "the cookie expires after 400 days (RFC 6265bis, section 5.5); the user gets a new id, and no one can withdraw the old entry",
        fix: "write at most `400d`, and `cookie.renewal = \"on_touch\"` for users who keep coming",
        find: Find::By(cookie_over_browsers_limit),
    },
];

/// A duration that may not be zero, and what becomes of it then.
struct Zero {
    key: &'static str,
    is: fn(&EcPolicy) -> bool,
    then: &'static str,
}

const ZEROS: [Zero; 6] = [
    Zero {
        key: "cas.deadline",
        is: |policy| policy.cas.deadline.duration().is_zero() && policy.cas.max_retries > 0,
        then: "no conflicting write is tried again, whatever `cas.max_retries` says",
    },
    Zero {
        key: "cookie.max_age",
        is: |policy| policy.cookie.max_age.seconds() == 0,
        then: "every browser drops the cookie at once, and each page makes a new user",
    },
    Zero {
        key: "organic.budget",
        is: |policy| policy.organic.budget.duration().is_zero(),
        then: "no page request ever has an identity",
    },
    Zero {
        key: "sync.max_age",
        is: |policy| policy.sync.max_age.is_some_and(|age| age.seconds() == 0),
        then: "a sync is refused as stale as soon as a second has passed",
    },
    Zero {
        key: "sync.max_future",
        is: |policy| policy.sync.max_future.seconds() == 0,
        then: "a partner whose clock is a second ahead is refused, and clocks differ by more than that",
    },
    Zero {
        key: "sync.refresh_after",
        is: |policy| {
            policy.sync.unchanged == Unchanged::Refresh && policy.sync.refresh_after.seconds() == 0
        },
        then: "every sync of the same uid is written, as with `sync.unchanged = \"rewrite\"`",
    },
];

fn zero_durations(subject: &Subject<'_>) -> Vec<Finding> {
    ZEROS
        .iter()
        .filter(|zero| (zero.is)(subject.policy()))
        .map(|zero| {
            let message = format!("`{}` is zero: {}", zero.key, zero.then);
            Finding::new(
                &[zero.key],
                message,
                "write the time you intend, or remove the line to use the default",
            )
        })
        .collect()
}

/// A duration and what is absurd of it.
type Length = (&'static str, fn(&EcPolicy) -> Duration);

const RECORDS: [Length; 5] = [
    ("entry.ttl", |policy| {
        Duration::from_secs(policy.entry.ttl.seconds())
    }),
    ("tombstone.ttl", |policy| {
        Duration::from_secs(policy.tombstone.ttl.seconds())
    }),
    ("last_seen.debounce", |policy| {
        Duration::from_secs(policy.last_seen.debounce.seconds())
    }),
    ("sync.refresh_after", |policy| {
        Duration::from_secs(policy.sync.refresh_after.seconds())
    }),
    ("sync.max_age", |policy| {
        Duration::from_secs(policy.sync.max_age.map_or(0, Seconds::seconds))
    }),
];

const WAITS: [Length; 4] = [
    ("cas.backoff", |policy| policy.cas.backoff.duration()),
    ("cas.max_backoff", |policy| {
        policy.cas.max_backoff.duration()
    }),
    ("cas.deadline", |policy| policy.cas.deadline.duration()),
    ("organic.budget", |policy| policy.organic.budget.duration()),
];

fn absurd_durations(subject: &Subject<'_>) -> Vec<Finding> {
    let longest_record = Duration::from_secs(Seconds::from_days(ABSURD_DAYS).seconds());
    let over = |lengths: &'static [Length], longest: Duration, why: &'static str| {
        lengths
            .iter()
            .filter(move |(_, length)| length(subject.policy()) > longest)
            .map(move |(key, _)| {
                let message = format!("{} is longer than {why}", subject.format_setting(key));
                let help = "write the time you intend: is its unit the one you want?";
                Finding::new(&[*key], message, help)
            })
    };
    over(
        &RECORDS,
        longest_record,
        "ten years, longer than any consent lasts",
    )
    .chain(over(
        &WAITS,
        MAX_EXECUTION,
        "the two minutes that the edge lets a request live",
    ))
    .collect()
}

fn debounce_below_write_rate(subject: &Subject<'_>) -> Vec<Finding> {
    let debounce = Duration::from_secs(subject.policy().last_seen.debounce.seconds());
    if debounce >= WRITE_INTERVAL {
        return Vec::new();
    }
    vec![Finding::new(
        &["last_seen.debounce"],
        format!(
            "`last_seen.debounce` ({}) is below the one write a second that Fastly takes to a key: every page of a visit is a write, and some are refused",
            subject.value("last_seen.debounce")
        ),
        "write at least `1s`; `300s` makes one visit one write",
    )]
}

/// The longest that one operation can take under a policy: the last retry starts by the deadline, and is a read and
/// a write.
fn longest_operation(policy: &EcPolicy) -> Duration {
    let call = policy.store.call_timeout.duration();
    let attempt = call.saturating_mul(CALLS_OF_AN_ATTEMPT);
    if policy.cas.max_retries == 0 {
        return attempt;
    }
    policy.cas.deadline.duration().saturating_add(attempt)
}

/// For how many seconds after a write an operation may act on what stood before it.
pub(super) fn longest_after_write(policy: &EcPolicy) -> u64 {
    longest_under_way(policy).saturating_add(LOOKUP_LAG.as_secs())
}

/// In how many seconds an operation has ended at the latest, counted from the second in which it started: the edge lets
/// a request live for so long, and the native server lets its last operation end as well.
#[must_use]
pub fn longest_under_way(policy: &EcPolicy) -> u64 {
    let longest = MAX_EXECUTION.saturating_add(longest_operation(policy));
    let begun = u64::from(longest.subsec_nanos() > 0);
    longest.as_secs().saturating_add(begun)
}

fn batch_over_deadline(subject: &Subject<'_>) -> Vec<Finding> {
    let policy = subject.policy();
    let rounds = policy
        .sync
        .max_batch
        .div_ceil(policy.sync.concurrency.max(1));
    let worst = longest_operation(policy).saturating_mul(rounds);
    let allowed = Duration::from_secs(policy.local.request_timeout.seconds());
    if worst <= allowed {
        return Vec::new();
    }
    let message = format!(
        "a batch of {} users, {} at a time, can take {} s where every store call takes its longest, and its request ends after {}",
        subject.value("sync.max_batch"),
        subject.value("sync.concurrency"),
        worst.as_secs(),
        subject.value("local.request_timeout"),
    );
    vec![Finding::new(
        &[
            "sync.max_batch",
            "sync.concurrency",
            "cas.deadline",
            "store.call_timeout",
            "local.request_timeout",
        ],
        message,
        "lower `sync.max_batch`, or raise `sync.concurrency`; a shorter `cas.deadline` or `store.call_timeout` helps as well",
    )]
}

fn cookie_over_browsers_limit(subject: &Subject<'_>) -> Vec<Finding> {
    if subject.policy().cookie.max_age <= Seconds::from_days(MAX_COOKIE_DAYS) {
        return Vec::new();
    }
    vec![Finding::new(
        &["cookie.max_age"],
        format!(
            "browsers drop a cookie after {MAX_COOKIE_DAYS} days, whatever `cookie.max_age` ({}) says",
            subject.value("cookie.max_age")
        ),
        format!(
            "write at most `{MAX_COOKIE_DAYS}d`; `cookie.renewal = \"on_touch\"` keeps it for users who come back"
        ),
    )]
}
