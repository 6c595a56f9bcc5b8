//! What keeps a deployment cheap, calm and believable. No promise rests on these rules.

use super::{Find, Finding, Rule, Subject};
use crate::diagnostic::{Code, Severity};
use crate::platform_facts::fastly::MAX_BACKEND_REQUESTS;
use crate::policy::EcPolicy;
use crate::policy::settings::{Cas, Jitter, OnMissingWithdrawal, Repeat};

/// Store calls that an ordinary request stays below at the edge: a third of the backend requests of an execution, towards
/// which store calls may count.
const CALLS_OF_A_REQUEST: u32 = MAX_BACKEND_REQUESTS / 3;

/// A read and a write.
pub(super) const CALLS_OF_AN_ATTEMPT: u32 = 2;

pub(super) const RULES: [Rule; 10] = [
    Rule {
        code: Code::CookieOutlivesEntry,
        severity: Severity::Warning,
        reason: "the cookie outlives the entry",
        protects: "the link between a browser and its record: they begin together and should end together",
        example: "[ec.cookie]\nmax_age = \"365d\"\n[ec.entry]\nttl = \"30d\"\n",
        consequence: "a browser keeps an id whose record has expired: the next visit with consent creates a record for it again, and users see a cookie that lives longer than you say you keep the identifier",
        fix: "make `cookie.max_age` and `entry.ttl` the same",
        find: Find::By(cookie_outlives_entry),
    },
    Rule {
        code: Code::EntryOutlivesCookie,
        severity: Severity::Warning,
        reason: "the entry outlives the cookie",
        protects: "the link between a browser and its record: they begin together and should end together",
        example: "[ec.cookie]\nmax_age = \"30d\"\n[ec.entry]\nttl = \"365d\"\n",
        consequence: "the browser drops its id while the record stays: the user comes back as a new one, and a withdrawal no longer reaches the old record",
        fix: "make `cookie.max_age` and `entry.ttl` the same, or also set `cookie.renewal = \"on_touch\"`",
        find: Find::By(entry_outlives_cookie),
    },
    Rule {
        code: Code::ForgedIdsWrite,
        severity: Severity::Warning,
        reason: "forged ids write tombstones in a deployed profile",
        protects: "the store from clients that send made-up ids",
        example: "deploy = true\n[ec]\nec_store = \"graph\"\npartner_store = \"partners\"\n[ec.tombstone]\non_missing = \"write\"\n",
        consequence: "each request with a made-up id and a refusal writes a record that is kept for `tombstone.ttl`: a script can fill the store, at your cost",
        fix: "set `tombstone.on_missing = \"skip\"`: it costs one read a withdrawal",
        find: Find::By(forged_ids_write),
    },
    Rule {
        code: Code::RepeatsProlong,
        severity: Severity::Warning,
        reason: "repeated withdrawals prolong a tombstone in a deployed profile",
        protects: "the store from writes without new information, and the tombstone's promised time",
        example: "deploy = true\n[ec]\nec_store = \"graph\"\npartner_store = \"partners\"\n[ec.tombstone]\nrepeat = \"rewrite\"\n",
        consequence: "every page of a user who refused is a write to one key, and a tombstone that is written every day never expires",
        fix: "set `tombstone.repeat = \"keep\"`: it costs one read a withdrawal",
        find: Find::By(repeats_prolong),
    },
    Rule {
        code: Code::NoRetry,
        severity: Severity::Warning,
        reason: "no conflicting write is tried again",
        protects: "partners' writes and users' withdrawals that conflict with other writes of the same record",
        example: "[ec.cas]\nmax_retries = 0\n",
        consequence: "two edges write one user at once, and the slower one fails: a sync is refused, and a withdrawal that exceeds the store's write limit is not stored until the user's next request",
        fix: "allow a few retries, as `cas.max_retries = 3`",
        find: Find::By(no_retry),
    },
    Rule {
        code: Code::RetriesWithoutWait,
        severity: Severity::Warning,
        reason: "several retries and no wait, against a store that takes one write a second to a key",
        protects: "the store and every other writer of the same record",
        example: "[ec.cas]\nmax_retries = 5\nbackoff = \"0ms\"\n",
        consequence: "the retries are used up within milliseconds, conflict with the same writer, exceed the write limit, and all fail (real deployments logged 45 such failures on one identity within one page load)",
        fix: "set `cas.backoff = \"20ms\"` and `cas.max_backoff = \"200ms\"`, or retry once at most",
        find: Find::By(retries_without_wait),
    },
    Rule {
        code: Code::NoJitter,
        severity: Severity::Warning,
        reason: "every writer waits for exactly the same time",
        protects: "writers that conflicted once from conflicting again",
        example: "[ec.cas]\nbackoff = \"20ms\"\nmax_backoff = \"200ms\"\njitter = \"none\"\n",
        consequence: "edges that conflicted wait exactly as long as each other, and conflict again after each wait",
        fix: "set `cas.jitter = \"full\"`",
        find: Find::By(no_jitter),
    },
    Rule {
        code: Code::TooManyCalls,
        severity: Severity::Warning,
        reason: "more store calls in one request than the edge documents",
        protects: "page requests at the edge, whose executions have a bounded number of calls",
        example: "[ec.cas]\nmax_retries = 8\nbackoff = \"20ms\"\nmax_backoff = \"200ms\"\n",
        consequence: "a request under contention reads and writes until the platform ends it, and the page with it",
        fix: "lower `cas.max_retries` to 3 or less",
        find: Find::By(too_many_calls),
    },
    Rule {
        code: Code::LawLeftOut,
        severity: Severity::Warning,
        reason: "a list of places that leaves out one where a law applies",
        protects: "users in that place, whose consent the law requires",
        example: "[ec.consent]\nus_states = [\"CA\"]\n",
        consequence: "users there are treated as if no law applied: an id is given without asking",
        fix: "add the place, or allow the finding with the reason why the law does not apply to you",
        find: Find::By(law_left_out),
    },
    Rule {
        code: Code::NoPlace,
        severity: Severity::Warning,
        reason: "a deployed profile that does not know its visitors' place",
        protects: "the publisher, whose visitors on the native server would get no id",
        example: "deploy = true\n[ec]\nec_store = \"graph\"\npartner_store = \"partners\"\npassphrase = { env = \"PASSPHRASE\" }\n",
        consequence: "on the native server no consent can be granted, and no id is given; on the edge the platform knows the place",
        fix: "set `local.geo`, or allow the finding if the profile runs only on the edge",
        find: Find::By(no_place),
    },
];

const COOKIE_AND_ENTRY: [&str; 2] = ["cookie.max_age", "entry.ttl"];

fn cookie_outlives_entry(subject: &Subject<'_>) -> Vec<Finding> {
    let policy = subject.policy();
    if policy.cookie.max_age.seconds() <= policy.entry.ttl.seconds() {
        return Vec::new();
    }
    vec![Finding::new(
        &COOKIE_AND_ENTRY,
        format!(
            "the cookie (`cookie.max_age`, {}) outlives its entry (`entry.ttl`, {}): the browser carries an id whose record is gone",
            subject.value("cookie.max_age"),
            subject.value("entry.ttl"),
        ),
        "make them the same",
    )]
}

fn entry_outlives_cookie(subject: &Subject<'_>) -> Vec<Finding> {
    let policy = subject.policy();
    if policy.entry.ttl.seconds() <= policy.cookie.max_age.seconds() {
        return Vec::new();
    }
    vec![Finding::new(
        &COOKIE_AND_ENTRY,
        format!(
            "the entry (`entry.ttl`, {}) outlives its cookie (`cookie.max_age`, {}): the user comes back as a new user, and a withdrawal no longer reaches the old record",
            subject.value("entry.ttl"),
            subject.value("cookie.max_age"),
        ),
        "make them the same",
    )]
}

fn forged_ids_write(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(deploy) = subject.deployed else {
        return Vec::new();
    };
    if subject.policy().tombstone.on_missing != OnMissingWithdrawal::Write {
        return Vec::new();
    }
    let finding = Finding::new(
        &["tombstone.on_missing"],
        format!(
            "anybody can fill the store of this deployed profile: under `tombstone.on_missing` ({}) each made-up id that withdraws is a record for {}",
            subject.value("tombstone.on_missing"),
            subject.value("tombstone.ttl"),
        ),
        "set `tombstone.on_missing = \"skip\"`: it costs one read a withdrawal",
    );
    vec![finding.at(deploy.clone())]
}

fn repeats_prolong(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(deploy) = subject.deployed else {
        return Vec::new();
    };
    if subject.policy().tombstone.repeat != Repeat::Rewrite {
        return Vec::new();
    }
    let finding = Finding::new(
        &["tombstone.repeat"],
        format!(
            "every page of a user who refused is a write in this deployed profile, and prolongs the tombstone: `tombstone.repeat` is {}",
            subject.value("tombstone.repeat"),
        ),
        "set `tombstone.repeat = \"keep\"`: it costs one read a withdrawal",
    );
    vec![finding.at(deploy.clone())]
}

fn no_retry(subject: &Subject<'_>) -> Vec<Finding> {
    if subject.policy().cas.max_retries > 0 {
        return Vec::new();
    }
    vec![Finding::new(
        &["cas.max_retries"],
        "two edges that write one user at once lose one of the writes, a withdrawal too: `cas.max_retries` is `0`",
        "allow a few, as `cas.max_retries = 3`",
    )]
}

fn retries_without_wait(subject: &Subject<'_>) -> Vec<Finding> {
    let cas = &subject.policy().cas;
    if waits(cas) || cas.max_retries <= 1 {
        return Vec::new();
    }
    vec![Finding::new(
        &["cas.max_retries", "cas.backoff", "cas.max_backoff"],
        format!(
            "{} retries without a wait between them meet the writer that caused the first conflict, and a store that takes one write a second to a key",
            subject.value("cas.max_retries"),
        ),
        "set `cas.backoff = \"20ms\"` and `cas.max_backoff = \"200ms\"`",
    )]
}

/// Whether a retry waits at all.
fn waits(cas: &Cas) -> bool {
    !cas.backoff.min(cas.max_backoff).duration().is_zero()
}

fn no_jitter(subject: &Subject<'_>) -> Vec<Finding> {
    let cas = &subject.policy().cas;
    if cas.jitter == Jitter::Full || !waits(cas) || cas.max_retries == 0 {
        return Vec::new();
    }
    vec![Finding::new(
        &["cas.jitter", "cas.backoff"],
        "edges that conflicted wait exactly as long as each other, and conflict again: `cas.jitter` is `none`",
        "set `cas.jitter = \"full\"`",
    )]
}

fn too_many_calls(subject: &Subject<'_>) -> Vec<Finding> {
    let attempts = subject.policy().cas.max_retries.saturating_add(1);
    let calls = attempts.saturating_mul(CALLS_OF_AN_ATTEMPT);
    if calls < CALLS_OF_A_REQUEST {
        return Vec::new();
    }
    vec![Finding::new(
        &["cas.max_retries"],
        format!(
            "one page request may make {calls} store calls with {} retries, and the edge allows {MAX_BACKEND_REQUESTS} backend requests, towards which they may count: stay below {CALLS_OF_A_REQUEST}",
            subject.value("cas.max_retries"),
        ),
        "lower `cas.max_retries` to 3 or less",
    )]
}

fn law_left_out(subject: &Subject<'_>) -> Vec<Finding> {
    let (own, shipped) = (&subject.policy().consent, EcPolicy::default().consent);
    let named = |missing: Vec<String>| missing.join(", ");
    let countries = shipped.gdpr_countries.iter();
    let countries = countries.filter(|place| !own.gdpr_countries.contains(place));
    let regions = shipped.opt_in_regions.iter();
    let regions = regions
        .filter(|place| !own.opt_in_regions.contains(place) && !own.gdpr_countries.contains(place));
    let states = shipped.us_states.iter();
    let states = states.filter(|state| own.us_states.get(&state.code).is_none());
    let mut found = Vec::new();
    for (key, law, missing) in [
        (
            "consent.gdpr_countries",
            "opt-in law applies",
            named(countries.map(|place| format!("`{place}`")).collect()),
        ),
        (
            "consent.opt_in_regions",
            "opt-in law applies",
            named(regions.map(|place| format!("`{place}`")).collect()),
        ),
        (
            "consent.us_states",
            "an opt-out law applies",
            named(states.map(|state| format!("`{}`", state.code)).collect()),
        ),
    ] {
        if !missing.is_empty() {
            let message = format!("`{key}` leaves out {missing}, where {law}");
            let help = "add what is missing, or allow the finding with the reason why the law does not apply";
            found.push(Finding::new(&[key], message, help));
        }
    }
    found
}

fn no_place(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(deploy) = subject.deployed else {
        return Vec::new();
    };
    if subject.policy().local.geo.is_some() {
        return Vec::new();
    }
    let message = "on the native server no visitor of this profile could get an id: `local.geo` names no place, and it has no geo source";
    let help = "set `local.geo`, as `\"US-CA\"`; or allow the finding where the profile runs on the edge alone";
    vec![Finding::new(&["local.geo"], message, help).at(deploy.clone())]
}
