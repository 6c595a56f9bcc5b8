//! Which policies a world is under: the shipped ones, such as the rule book passes, pairs of them whose change `ec plan` calls
//! safe, and some that promise less, for what those never do.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use edge_cookie::engine::Consistency;
use edge_cookie::plan::{Deployment, Verdict};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::files::{PolicyFiles, Written};
use edge_cookie::policy::publisher::Publisher;
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::rules::{self, Subject};

use crate::draw::Draw;
use crate::written::overridden;

/// What a world is under.
#[derive(Clone)]
pub struct Regime {
    /// In words, for a report.
    pub name: String,
    /// The deployed policy, and the candidate where a change is under way.
    pub policies: Vec<Arc<EcPolicy>>,
    pub consistency: Consistency,
    /// Whether the store lets a swap create what has vanished, as the emulator does.
    pub recreates: bool,
    /// How hostile the store is: faults in a thousand calls are multiplied by it.
    pub hostility: u64,
}

/// So many seeds in a row share what is drawn, since drawing policies takes long.
pub const BLOCK: u64 = 32;

/// What is drawn for a block of seeds.
pub struct Block {
    number: u64,
    single: Named,
    pair: (Named, Arc<EcPolicy>),
    /// Promises less: the rule book warns of it.
    lax: Named,
}

type Named = (String, Arc<EcPolicy>);

static SHIPPED: LazyLock<Vec<Named>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = PolicyFiles::open(Written {
        config: root.join("trusted-server.toml"),
        policies: root.join("policies"),
        environment: Vec::new(),
        ..Written::default()
    })
    .unwrap();
    // The trusted-server's own constants break promises, as the profile's allowances say.
    let mut names = files.names().to_vec();
    names.retain(|name| name != "trusted-server");
    let load = |name: String| {
        let policy = files.load(&name).unwrap().resolved.policy;
        (name, Arc::new(policy))
    };
    names.into_iter().map(load).collect()
});

impl Regime {
    /// What the world of this seed is under; `block` holds what was drawn last.
    pub fn of(seed: u64, block: &mut Option<Block>) -> Self {
        let number = seed / BLOCK;
        let block = match block {
            Some(known) if known.number == number => known,
            _ => block.insert(Block::draw(number)),
        };
        let mut draw = Draw::new(seed, 1);
        let (name, policies) = match seed % BLOCK {
            0..12 => {
                let (name, policy) = draw.pick(&SHIPPED);
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
            consistency: *draw.pick(&[Consistency::Strong, Consistency::Eventual]),
            recreates: draw.happens(500),
            hostility: draw.weighted(&[(1, 0), (4, 1), (3, 6)]),
        }
    }
}

impl Block {
    fn draw(number: u64) -> Self {
        let mut draw = Draw::new(number, 2);
        let single = clean(&mut draw);
        let lax = lax(&mut draw);
        Self {
            number,
            pair: pair(&mut draw),
            single: named("drawn", &single),
            lax: named("drawn, promises less", &lax),
        }
    }
}

fn named(what: &str, (sets, resolved): &Drawn) -> Named {
    let name = format!("{what}: {}", sets.join(" "));
    (name, Arc::new(resolved.policy.clone()))
}

type Drawn = (Vec<String>, Resolved);

/// The settings that what becomes of a record can depend on, with values that meet the rule book as a rule.
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

/// What every drawn policy says, so that nothing of it is warned of.
const SOUND: [&str; 3] = [
    "delete.mode=tombstone",
    "sync.on_missing=reject",
    "sync.concurrency=64",
];

fn settings(draw: &mut Draw) -> Vec<String> {
    let ttl = *draw.pick(&["1h", "30d", "365d"]);
    let mut sets: Vec<String> = SOUND.map(str::to_owned).to_vec();
    sets.push(format!("entry.ttl={ttl}"));
    sets.push(format!("cookie.max_age={ttl}"));
    for (key, values) in SPACE {
        sets.push(format!("{key}={}", draw.pick(values)));
    }
    if sets.iter().any(|set| set == "sync.unchanged=refresh") {
        let after = if ttl == "1h" { "30m" } else { "7d" };
        sets.push(format!("sync.refresh_after={after}"));
    }
    sets
}

/// A policy that passes the checks clean.
fn clean(draw: &mut Draw) -> Drawn {
    loop {
        let sets = settings(draw);
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

/// A change from one clean policy to another that may be made at once.
fn pair(draw: &mut Draw) -> (Named, Arc<EcPolicy>) {
    let publisher = Publisher::default();
    loop {
        let (sets, deployed) = clean(draw);
        let others = settings(draw);
        let mut changed = sets.clone();
        for (mine, other) in changed.iter_mut().zip(&others).skip(SOUND.len()) {
            let same_key = mine.split('=').next() == other.split('=').next();
            if same_key && draw.happens(250) {
                mine.clone_from(other);
            }
        }
        let Some(candidate) = passes(&changed).filter(|_| changed != sets) else {
            continue;
        };
        // No example is run: the engine may be one that a fault is planted in.
        let of = |resolved| Deployment {
            resolved,
            publisher: &publisher,
        };
        if Verdict::between(of(&deployed), of(&candidate)) == Verdict::Safe {
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

/// A policy of which the rule book warns: what the others never do is done under it.
fn lax(draw: &mut Draw) -> Drawn {
    loop {
        let mut sets = settings(draw);
        for (key, values) in [
            ("delete.mode", ["hard", "tombstone"]),
            ("sync.on_missing", ["create_minimal", "create_minimal"]),
            ("entry.renewal", ["on_write", "on_visit"]),
            ("entry.expiry", ["engine", "store"]),
        ] {
            sets.retain(|set| !set.starts_with(key));
            sets.push(format!("{key}={}", draw.pick(&values)));
        }
        let resolved = overridden(&sets);
        if resolved.is_usable() {
            return (sets, resolved);
        }
    }
}
