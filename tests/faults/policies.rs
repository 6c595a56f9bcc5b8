//! The policies of a world: the shipped ones, random ones without findings, pairs whose change `ec plan` calls safe, and some
//! that promise less, to reach the outcomes that the others never have.

use std::sync::{Arc, LazyLock};

use edge_cookie::engine::Consistency;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::publisher::Publisher;
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::rules::{self, Subject};
use edge_cookie_review::{Deployment, PlanVerdict};

use super::rng::Rng;
use super::written::{overridden, shipped};

/// The environment of a world.
#[derive(Clone)]
pub struct Environment {
    /// Its description, for a report.
    pub name: String,
    /// The deployed policy, and the candidate during a rollout.
    pub policies: Vec<Arc<EcPolicy>>,
    pub consistency: Consistency,
    /// Whether the store lets a swap recreate a vanished record, as the emulator does.
    pub recreates: bool,
    /// The factor of the store's fault rates.
    pub hostility: u64,
}

/// The number of successive seeds that share their random policies, because generating these takes long.
pub const BLOCK: u64 = 32;

/// The random policies of a block of seeds.
pub struct PolicyBlock {
    number: u64,
    single: NamedPolicy,
    pair: (NamedPolicy, Arc<EcPolicy>),
    /// One that promises less: rules warn about it.
    lax: NamedPolicy,
}

type NamedPolicy = (String, Arc<EcPolicy>);

static SHIPPED: LazyLock<Vec<NamedPolicy>> = LazyLock::new(|| {
    let mut policies = shipped();
    // The constants of the trusted-server break promises, as the profile's allowances say.
    policies.retain(|(name, _)| name != "trusted-server");
    policies
});

impl Environment {
    /// The environment of a seed. `block` caches the last random policies.
    pub fn of(seed: u64, block: &mut Option<PolicyBlock>) -> Self {
        let number = seed / BLOCK;
        let block = match block {
            Some(known) if known.number == number => known,
            _ => block.insert(PolicyBlock::rng(number)),
        };
        let mut rng = Rng::new(seed, 1);
        let (name, policies) = match seed % BLOCK {
            0..12 => {
                let (name, policy) = rng.pick(&SHIPPED);
                (name.clone(), vec![Arc::clone(policy)])
            }
            12..18 => (block.single.0.clone(), vec![Arc::clone(&block.single.1)]),
            18..26 => {
                let ((name, deployed), candidate) = &block.pair;
                let policies = vec![Arc::clone(deployed), Arc::clone(candidate)];
                (name.clone(), policies)
            }
            _ => (block.lax.0.clone(), vec![Arc::clone(&block.lax.1)]),
        };
        Self {
            name,
            policies,
            consistency: *rng.pick(&[Consistency::Strong, Consistency::Eventual]),
            recreates: rng.chance(500),
            hostility: rng.weighted(&[(1, 0), (4, 1), (3, 6)]),
        }
    }
}

impl PolicyBlock {
    fn rng(number: u64) -> Self {
        let mut rng = Rng::new(number, 2);
        let single = clean(&mut rng);
        let lax = lax(&mut rng);
        Self {
            number,
            pair: pair(&mut rng),
            single: named("drawn", &single),
            lax: named("drawn, promises less", &lax),
        }
    }
}

fn named(what: &str, (sets, resolved): &DrawnPolicy) -> NamedPolicy {
    let name = format!("{what}: {}", sets.join(" "));
    (name, Arc::new(resolved.policy.clone()))
}

type DrawnPolicy = (Vec<String>, Resolved);

/// The settings that affect records, with values that usually have no findings.
const SPACE: &[(&str, &[&str])] = &[
    ("entry.renewal", &["on_visit", "on_visit", "from_creation"]),
    ("last_seen.debounce", &["1s", "10s", "300s", "15m", "59m"]),
    ("tombstone.ttl", &["182s", "5m", "24h", "48h", "400d"]),
    ("tombstone.repeat", &["rewrite", "keep"]),
    ("tombstone.on_missing", &["write", "skip"]),
    ("cas.max_retries", &["1", "2", "3"]),
    ("cas.backoff", &["20ms", "100ms"]),
    ("cas.max_backoff", &["100ms", "400ms"]),
    ("cas.on_rate_limited", &["fail", "retry"]),
    ("cas.deadline", &["300ms", "1s"]),
    ("sync.unchanged", &["rewrite", "skip", "refresh"]),
    ("sync.max_age", &["none", "1h", "24h", "48h"]),
    ("sync.order", &["arrival", "timestamp"]),
    ("entry.max_partner_ids", &["2", "3", "64"]),
    ("entry.max_uid_bytes", &["8", "512"]),
    ("entry.max_body_bytes", &["256", "8192"]),
];

/// The settings of every random policy, so that rules have no findings.
const SOUND: [&str; 3] = [
    "delete.mode=tombstone",
    "sync.on_missing=reject",
    "sync.concurrency=64",
];

fn settings(rng: &mut Rng) -> Vec<String> {
    let ttl = *rng.pick(&["1h", "30d", "365d"]);
    let mut sets: Vec<String> = SOUND.map(str::to_owned).to_vec();
    sets.push(format!("entry.ttl={ttl}"));
    sets.push(format!("cookie.max_age={ttl}"));
    for (key, values) in SPACE {
        sets.push(format!("{key}={}", rng.pick(values)));
    }
    if sets.iter().any(|set| set == "sync.unchanged=refresh") {
        let after = if ttl == "1h" { "30m" } else { "7d" };
        sets.push(format!("sync.refresh_after={after}"));
    }
    sets
}

/// A random policy without findings.
fn clean(rng: &mut Rng) -> DrawnPolicy {
    loop {
        let sets = settings(rng);
        if let Some(resolved) = passes(&sets) {
            return (sets, resolved);
        }
    }
}

fn passes(sets: &[String]) -> Option<Resolved> {
    let resolved = overridden(sets);
    let warned = !rules::check(&Subject::of(&resolved)).is_empty();
    (resolved.is_usable() && resolved.findings.is_empty() && !warned).then_some(resolved)
}

/// A change from one policy without findings to another that is safe at any time.
fn pair(rng: &mut Rng) -> (NamedPolicy, Arc<EcPolicy>) {
    let publisher = Publisher::default();
    loop {
        let (sets, deployed) = clean(rng);
        let others = settings(rng);
        let mut changed = sets.clone();
        for (mine, other) in changed.iter_mut().zip(&others).skip(SOUND.len()) {
            let same_key = mine.split('=').next() == other.split('=').next();
            if same_key && rng.chance(250) {
                mine.clone_from(other);
            }
        }
        let Some(candidate) = passes(&changed).filter(|_| changed != sets) else {
            continue;
        };
        // Without running the examples of `ec plan`: the engine may be one with a seeded fault.
        let of = |resolved| Deployment {
            resolved,
            publisher: &publisher,
        };
        if PlanVerdict::between(of(&deployed), of(&candidate)) == PlanVerdict::Safe {
            let after: Vec<&str> = (changed.iter())
                .filter(|set| !sets.contains(set))
                .map(String::as_str)
                .collect();
            let what = format!("drawn, and changed to {}", after.join(" "));
            return (
                named(&what, &(sets, deployed)),
                Arc::new(candidate.policy.clone()),
            );
        }
    }
}

/// A policy that rules warn about: it reaches outcomes that the others never have.
fn lax(rng: &mut Rng) -> DrawnPolicy {
    loop {
        let mut sets = settings(rng);
        for (key, values) in [
            ("delete.mode", ["hard", "tombstone"]),
            ("sync.on_missing", ["create_minimal", "create_minimal"]),
            ("entry.renewal", ["on_write", "on_visit"]),
            ("entry.expiry", ["engine", "store"]),
        ] {
            sets.retain(|set| !set.starts_with(key));
            sets.push(format!("{key}={}", rng.pick(&values)));
        }
        let resolved = overridden(&sets);
        if resolved.is_usable() {
            return (sets, resolved);
        }
    }
}
