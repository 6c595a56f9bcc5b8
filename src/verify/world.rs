//! The state of a model: one record in a store, the operations under way, and what was promised.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use super::Scope;
use super::act::{Asks, HeldUp, Running, Told, lateness};
use super::broken::Broken;
use super::reached::Left;
use super::watch::{MORE_THAN_RETRIES, Watch};
use crate::clock::Timestamp;
use crate::engine::{Consistency, Write};
use crate::policy::EcPolicy;
use crate::policy::settings::{Renewal, SyncOrder, Unchanged};
use crate::record::{Generation, KvEntry, KvMetadata, Precondition};
use crate::rules::{LOOKUP_LAG, longest_under_way};

/// What a record says; none where it cannot be read.
pub(super) type Content = Option<(KvEntry, KvMetadata)>;

/// A record as the store holds it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Held {
    pub(super) content: Arc<Content>,
    pub(super) generation: Generation,
    /// From when on the store may collect it; never what was there at the start.
    pub(super) gone_from: Option<Timestamp>,
}

/// A state of the model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) consistency: Consistency,
    pub(super) current: Option<Held>,
    /// What was there before the last change, and when that was.
    previous: Option<Held>,
    pub(super) replaced: Timestamp,
    writes: u64,
    pub(super) running: Vec<Arc<Running>>,
    pub(super) left: Left,
    /// Tells this state from others, but for what is left.
    pub(super) print: u64,
    /// Whether time passed just now: to pass again at once shows nothing that a longer step does not.
    pub(super) passed: bool,
    matters: Matters,
    pub(super) watch: Watch,
    pub(super) broken: Option<Broken>,
}

impl World {
    pub(super) fn new(
        now: Timestamp,
        consistency: Consistency,
        scope: Scope,
        matters: Matters,
        record: Option<Content>,
        lives_from: Option<Timestamp>,
    ) -> Self {
        let held = |content| Held {
            content: Arc::new(content),
            generation: Generation::from_platform(0),
            gone_from: None,
        };
        Self {
            now,
            consistency,
            current: record.map(held),
            previous: None,
            replaced: now,
            writes: 0,
            running: Vec::new(),
            left: Left::of(scope),
            passed: false,
            print: 0,
            matters,
            watch: Watch::new(lives_from),
            broken: None,
        }
    }

    /// Which record stands there.
    pub(super) fn identity(&self) -> Option<Generation> {
        self.current.as_ref().map(|held| held.generation)
    }

    /// Whether an operation that is held up would find another record than when it started; none where it is not.
    pub(super) fn is_new_to(&self, running: &Running) -> Option<bool> {
        match running.held_up {
            HeldUp::No => None,
            HeldUp::Since(stood) => Some(self.identity() != stood),
        }
    }

    /// Whether a write would be done.
    pub(super) fn holds(&self, write: &Write) -> bool {
        write.precondition.holds(self.identity())
    }

    /// Whether a call is a swap of a record that was replaced.
    pub(super) fn is_outdated(&self, asks: &Asks) -> bool {
        match asks {
            Asks::Insert(write) => {
                let swaps = matches!(write.precondition, Precondition::Generation(_));
                swaps && self.current.is_some() && !self.holds(write)
            }
            _ => false,
        }
    }

    /// Whether a store that lets a swap recreate what has vanished would do a write that others refuse.
    pub(super) fn would_recreate(&self, write: &Write) -> bool {
        self.current.is_none() && matches!(write.precondition, Precondition::Generation(_))
    }

    /// Puts a record, by an operation that started at `start`. From when on the store may collect it is told to the second
    /// where that is near (`exactly`), else as if the write had come at once: a little early, and states are fewer.
    pub(super) fn put(&mut self, write: &Write, start: Timestamp, exactly: bool) {
        self.writes += 1;
        let early = write.metadata.t.unwrap_or(start).min(self.now).max(start);
        let from = if exactly { self.now } else { early };
        let new = Held {
            content: Arc::new(Some((write.entry.clone(), write.metadata.clone()))),
            generation: Generation::from_platform(self.writes),
            gone_from: Some(from.plus_seconds(write.ttl.seconds())),
        };
        self.previous = self.current.replace(new);
        self.replaced = self.now;
    }

    /// Moves time.
    pub(super) fn pass(&mut self, to: Timestamp) {
        self.now = to;
        self.left.moves = self.left.moves.saturating_sub(1);
        for running in &mut self.running {
            if !running.waited {
                Arc::make_mut(running).waited = true;
            }
        }
    }

    /// What a stale lookup sees, where there can be one: perhaps that there was nothing.
    #[allow(
        clippy::option_option,
        reason = "whether there can be a stale lookup, and whether it sees a record"
    )]
    pub(super) fn stale(&self) -> Option<Option<&Held>> {
        let lags = self.now.seconds_since(self.replaced) <= LOOKUP_LAG.seconds();
        let faulty = self.consistency == Consistency::Eventual && self.left.faults > 0;
        let previous = self.previous.as_ref();
        let differs = previous.map(|held| held.generation) != self.identity();
        (lags && faulty && differs).then_some(previous)
    }

    /// Removes the record; gives back what it was.
    pub(super) fn remove(&mut self) -> Option<Held> {
        self.previous = self.current.take();
        self.replaced = self.now;
        self.previous.clone()
    }

    /// What a generation is now: opaque, it means nothing else.
    fn standing(&self, generation: Generation) -> u8 {
        let stale = || self.stale().flatten().map(|held| held.generation);
        if self.identity() == Some(generation) {
            0
        } else {
            1 + u8::from(stale() != Some(generation))
        }
    }

    fn hash_held(&self, held: &Held, hasher: &mut impl Hasher) {
        self.standing(held.generation).hash(hasher);
        held.gone_from.map(|gone| self.age(gone, 0)).hash(hasher);
        if let Some((entry, metadata)) = &*held.content {
            self.hash_record(entry, metadata, hasher);
        }
    }

    fn hash_record(&self, entry: &KvEntry, metadata: &KvMetadata, hasher: &mut impl Hasher) {
        let ages = &self.matters;
        let consent = &entry.consent;
        self.watch.began(entry.created).hash(hasher);
        let created = ages.created.map(|matters| self.age(entry.created, matters));
        let seen = entry.last_seen.map(|seen| self.age(seen, ages.seen));
        let retained = metadata.t.map(|from| self.age(from, ages.retained));
        // Consent's own time decides of a tombstone, and where nothing says from when an entry is kept.
        let updated = match (consent.ok, retained) {
            (true, Some(_)) => None,
            (true, None) => Some(ages.retained),
            (false, _) => Some(ages.withdrawn),
        };
        let updated = updated.map(|matters| self.age(consent.updated, matters));
        (created, seen, retained, consent.ok, updated).hash(hasher);
        for (partner, id) in entry.ids.iter() {
            let synced = ages
                .synced
                .and_then(|matters| Some(self.age(id.synced?, matters)));
            (partner.as_str(), &id.uid, synced).hash(hasher);
        }
        metadata.p.hash(hasher);
        for kept in [&entry.kept, &consent.kept, &metadata.kept] {
            kept.iter().count().hash(hasher);
        }
    }

    fn hash_asks(&self, asks: &Asks, hasher: &mut impl Hasher) {
        std::mem::discriminant(asks).hash(hasher);
        if let Asks::Insert(write) = asks {
            std::mem::discriminant(&write.precondition).hash(hasher);
            if let Precondition::Generation(seen) = write.precondition {
                self.standing(seen).hash(hasher);
            }
            write.ttl.seconds().hash(hasher);
            self.hash_record(&write.entry, &write.metadata, hasher);
        }
    }

    /// What an operation does next follows from what it asks for, what it lost, and how often it tried.
    fn hash_running(&self, running: &Running) -> u64 {
        let mut hasher = hasher();
        let start = self.age(running.start, self.matters.recent);
        (
            running.act,
            running.policy,
            start,
            self.is_new_to(running),
            running.waited && (self.passed || running.held_up != HeldUp::No),
        )
            .hash(&mut hasher);
        self.hash_asks(&running.asks, &mut hasher);
        if let Some(lost) = &running.lost {
            self.hash_asks(lost, &mut hasher);
        }
        // Of what it may still do, only as much matters as can still be needed: each try more takes a fault or another's
        // write, and each operation beside it writes once without a fault.
        let beside = self.running.len().saturating_sub(1);
        let needed = self.left.operations + self.left.faults + beside + 1;
        let may_retry = running
            .limit
            .saturating_sub(running.count(Told::is_retried));
        let writes = running.count(Told::answers_write);
        let calls = running.limit + MORE_THAN_RETRIES;
        let may_write = calls.saturating_sub(writes);
        let may_read = (calls + writes).saturating_sub(running.told.len());
        for may in [may_retry, may_write, may_read] {
            may.min(needed).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// How long ago a time is, as far as that matters; a time ahead counts from the other end.
    fn age(&self, time: Timestamp, matters: u64) -> u64 {
        if time > self.now {
            return u64::MAX - time.seconds_since(self.now);
        }
        self.now.seconds_since(time).min(matters)
    }
}

/// A hasher that is the same in every run.
fn hasher() -> ahash::AHasher {
    ahash::RandomState::with_seeds(0, 0, 0, 0).build_hasher()
}

/// Two states are one where whatever can follow is the same: actors have no names, and of times only the age matters,
/// and only up to the age at which some policy decides otherwise for the last time.
impl Hash for World {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.print, self.left).hash(hasher);
    }
}

impl World {
    /// Notes what tells this state from others, but for what is left.
    pub(super) fn fingerprint(&mut self) {
        let mut hasher = hasher();
        self.hash_whole(&mut hasher);
        self.print = hasher.finish();
    }

    fn hash_whole(&self, hasher: &mut impl Hasher) {
        let ages = &self.matters;
        (self.consistency == Consistency::Strong).hash(hasher);
        let stale = self.stale();
        let replaced = stale.map(|_| self.age(self.replaced, ages.recent));
        replaced.hash(hasher);
        for held in [self.current.as_ref(), stale.flatten()] {
            held.is_some().hash(hasher);
            if let Some(held) = held {
                self.hash_held(held, hasher);
            }
        }
        let mut running: Vec<u64> = self
            .running
            .iter()
            .map(|running| self.hash_running(running))
            .collect();
        running.sort_unstable();
        running.hash(hasher);
        self.passed.hash(hasher);
        self.watch
            .hash_ages(|time, matters| self.age(time, matters), ages, hasher);
        self.broken.hash(hasher);
    }
}

/// Up to which age a time makes a difference, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Matters {
    /// Of whatever an operation under way is compared with.
    pub(super) recent: u64,
    /// Where some policy counts from it.
    pub(super) created: Option<u64>,
    pub(super) seen: u64,
    pub(super) retained: u64,
    pub(super) withdrawn: u64,
    /// Where some policy decides by it.
    pub(super) synced: Option<u64>,
}

impl Matters {
    pub(super) fn to(policies: &[Arc<EcPolicy>]) -> Self {
        let most = |of: fn(&EcPolicy) -> u64| {
            let all = policies.iter().map(|policy| of(policy).saturating_add(1));
            all.max().unwrap_or_default()
        };
        let recent = most(longest_under_way).saturating_add(LOOKUP_LAG.seconds());
        let at_least = |of: fn(&EcPolicy) -> u64| most(of).max(recent);
        let kept = at_least(|policy| policy.entry.ttl.seconds());
        let synced = most(|policy| {
            let refreshes = policy.sync.unchanged == Unchanged::Refresh;
            let ordered = policy.sync.order == SyncOrder::Timestamp;
            let refresh = policy
                .sync
                .refresh_after
                .seconds()
                .max(policy.entry.ttl.seconds());
            let refresh = if refreshes { refresh } else { 0 };
            if ordered {
                refresh.max(lateness(policy))
            } else {
                refresh
            }
        });
        let counts_from_creation =
            |policy: &Arc<EcPolicy>| policy.entry.renewal == Renewal::FromCreation;
        Self {
            recent,
            created: (policies.iter().any(counts_from_creation)).then_some(kept),
            seen: at_least(|policy| policy.last_seen.debounce.seconds()),
            retained: kept,
            withdrawn: at_least(|policy| policy.tombstone.ttl.seconds()),
            synced: Some(synced)
                .filter(|synced| *synced > 1)
                .map(|synced| synced.max(recent)),
        }
    }
}
