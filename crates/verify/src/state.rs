//! The state of the model: one record in a store, the pending operations, and the monitor.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use super::Scope;
use super::actor::{Delay, PendingOperation, StoreReply, StoreRequest};
use super::age_bounds::AgeBounds;
use super::model_record::{ModelRecord, RecordContent};
use super::monitor::{InvariantMonitor, MORE_THAN_RETRIES};
use super::violation::InvariantViolation;
use super::visited::Budget;
use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Consistency, Write};
use edge_cookie::platform_facts::fastly::LOOKUP_LAG;
use edge_cookie::record::{Generation, KvEntry, KvMetadata, Precondition};

/// A state of the model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ModelState {
    pub(super) now: Timestamp,
    pub(super) consistency: Consistency,
    pub(super) current: Option<ModelRecord>,
    /// The record before the last change.
    previous: Option<ModelRecord>,
    /// The time of the last change.
    pub(super) replaced: Timestamp,
    writes: u64,
    pub(super) pending: Vec<Arc<PendingOperation>>,
    pub(super) budget: Budget,
    /// A hash of the state without its budget.
    pub(super) fingerprint: u64,
    /// Whether the last step moved time: two such steps in a row reach no state that one longer step does not.
    pub(super) passed: bool,
    bounds: AgeBounds,
    pub(super) monitor: InvariantMonitor,
    pub(super) violation: Option<InvariantViolation>,
}

impl ModelState {
    pub(super) fn new(
        now: Timestamp,
        consistency: Consistency,
        scope: Scope,
        bounds: AgeBounds,
        record: Option<RecordContent>,
        live_since: Option<Timestamp>,
    ) -> Self {
        let to_record = |content| ModelRecord {
            content: Arc::new(content),
            generation: Generation::from_platform(0),
            gone_from: None,
        };
        Self {
            now,
            consistency,
            current: record.map(to_record),
            previous: None,
            replaced: now,
            writes: 0,
            pending: Vec::new(),
            budget: Budget::of(scope),
            passed: false,
            fingerprint: 0,
            bounds,
            monitor: InvariantMonitor::new(live_since),
            violation: None,
        }
    }

    /// The generation of the current record.
    pub(super) fn current_generation(&self) -> Option<Generation> {
        self.current.as_ref().map(|record| record.generation)
    }

    /// Whether a delayed operation would find another record than when it started; `None` if it is not delayed.
    pub(super) fn differs_from_start(&self, pending: &PendingOperation) -> Option<bool> {
        match pending.delay {
            Delay::None => None,
            Delay::Since(generation) => Some(self.current_generation() != generation),
        }
    }

    /// Whether the precondition of a write holds.
    pub(super) fn holds(&self, write: &Write) -> bool {
        write.precondition.holds(self.current_generation())
    }

    /// Whether a call is a compare-and-swap on a record that was replaced.
    pub(super) fn is_outdated(&self, request: &StoreRequest) -> bool {
        match request {
            StoreRequest::Insert(write) => {
                let swaps = matches!(write.precondition, Precondition::Generation(_));
                swaps && self.current.is_some() && !self.holds(write)
            }
            _ => false,
        }
    }

    /// Whether a write would create a record on a store that lets a compare-and-swap recreate one that has vanished.
    pub(super) fn would_recreate(&self, write: &Write) -> bool {
        self.current.is_none() && matches!(write.precondition, Precondition::Generation(_))
    }

    /// Writes a record, by an operation that started at `start`. The time from which the store may collect it is exact to the
    /// second if that is near (`exactly`), else counted as if the write had been immediate: a little early, with fewer states.
    pub(super) fn write_record(&mut self, write: &Write, start: Timestamp, exactly: bool) {
        self.writes += 1;
        let early = write.metadata.t.unwrap_or(start).min(self.now).max(start);
        let from = if exactly { self.now } else { early };
        let new = ModelRecord {
            content: Arc::new(Some((write.entry.clone(), write.metadata.clone()))),
            generation: Generation::from_platform(self.writes),
            gone_from: Some(from.plus_seconds(write.ttl.seconds())),
        };
        self.previous = self.current.replace(new);
        self.replaced = self.now;
    }

    /// Moves time to `to`.
    pub(super) fn advance_time(&mut self, to: Timestamp) {
        self.now = to;
        self.budget.moves = self.budget.moves.saturating_sub(1);
        for pending in &mut self.pending {
            if !pending.waited {
                Arc::make_mut(pending).waited = true;
            }
        }
    }

    /// What a stale lookup sees, if one is possible: the previous record, or no record.
    #[allow(
        clippy::option_option,
        reason = "the outer one: a stale lookup is possible; the inner one: it sees a record"
    )]
    pub(super) fn stale_record(&self) -> Option<Option<&ModelRecord>> {
        let lags = self.now.seconds_since(self.replaced) <= LOOKUP_LAG.as_secs();
        let faulty = self.consistency == Consistency::Eventual && self.budget.faults > 0;
        let previous = self.previous.as_ref();
        let differs = previous.map(|record| record.generation) != self.current_generation();
        (lags && faulty && differs).then_some(previous)
    }

    /// Removes the record, and returns it.
    pub(super) fn remove_record(&mut self) -> Option<ModelRecord> {
        self.previous = self.current.take();
        self.replaced = self.now;
        self.previous.clone()
    }

    /// Whether a generation is current, stale or unknown: generations are opaque, so states differ by nothing else.
    fn generation_class(&self, generation: Generation) -> u8 {
        let stale = || {
            self.stale_record()
                .flatten()
                .map(|record| record.generation)
        };
        if self.current_generation() == Some(generation) {
            0
        } else {
            1 + u8::from(stale() != Some(generation))
        }
    }

    fn hash_model_record(&self, record: &ModelRecord, hasher: &mut impl Hasher) {
        self.generation_class(record.generation).hash(hasher);
        record.gone_from.map(|gone| self.age(gone, 0)).hash(hasher);
        if let Some((entry, metadata)) = &*record.content {
            self.hash_content(entry, metadata, hasher);
        }
    }

    fn hash_content(&self, entry: &KvEntry, metadata: &KvMetadata, hasher: &mut impl Hasher) {
        let ages = &self.bounds;
        let consent = &entry.consent;
        self.monitor.began_at(entry.created).hash(hasher);
        let created = ages.created.map(|bounds| self.age(entry.created, bounds));
        let seen = entry.last_seen.map(|seen| self.age(seen, ages.seen));
        let retained = metadata.t.map(|from| self.age(from, ages.retained));
        // The consent's time counts for a tombstone, and for an entry without a retention time.
        let updated = match (consent.ok, retained) {
            (true, Some(_)) => None,
            (true, None) => Some(ages.retained),
            (false, _) => Some(ages.withdrawn),
        };
        let updated = updated.map(|bounds| self.age(consent.updated, bounds));
        (created, seen, retained, consent.ok, updated).hash(hasher);
        for (partner, id) in entry.ids.iter() {
            let synced = ages
                .synced
                .and_then(|bounds| Some(self.age(id.synced?, bounds)));
            (partner.as_str(), &id.uid, synced).hash(hasher);
        }
        metadata.p.hash(hasher);
        for kept in [&entry.kept, &consent.kept, &metadata.kept] {
            kept.iter().count().hash(hasher);
        }
    }

    fn hash_asks(&self, request: &StoreRequest, hasher: &mut impl Hasher) {
        std::mem::discriminant(request).hash(hasher);
        if let StoreRequest::Insert(write) = request {
            std::mem::discriminant(&write.precondition).hash(hasher);
            if let Precondition::Generation(seen) = write.precondition {
                self.generation_class(seen).hash(hasher);
            }
            write.ttl.seconds().hash(hasher);
            self.hash_content(&write.entry, &write.metadata, hasher);
        }
    }

    /// Hashes a pending operation. Its next step depends on its request, on lost replies, and on the number of its tries.
    fn hash_running(&self, pending: &PendingOperation) -> u64 {
        let mut hasher = hasher();
        let start = self.age(pending.start, self.bounds.recent);
        (
            pending.action,
            pending.policy,
            start,
            self.differs_from_start(pending),
            pending.waited && (self.passed || pending.delay != Delay::None),
        )
            .hash(&mut hasher);
        self.hash_asks(&pending.request, &mut hasher);
        if let Some(lost) = &pending.lost {
            self.hash_asks(lost, &mut hasher);
        }
        // Of its remaining calls, only those count that can still be needed: each retry takes a fault or another operation's
        // write, and each other pending operation writes once without a fault.
        let others = self.pending.len().saturating_sub(1);
        let needed = self.budget.operations + self.budget.faults + others + 1;
        let may_retry = pending
            .limit
            .saturating_sub(pending.count(StoreReply::is_retried));
        let writes = pending.count(StoreReply::answers_write);
        let calls = pending.limit + MORE_THAN_RETRIES;
        let may_write = calls.saturating_sub(writes);
        let may_read = (calls + writes).saturating_sub(pending.replies.len());
        for may in [may_retry, may_write, may_read] {
            may.min(needed).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// The age of a time, at most `bound`. A future time counts down from `u64::MAX`.
    fn age(&self, time: Timestamp, bound: u64) -> u64 {
        if time > self.now {
            return u64::MAX - time.seconds_since(self.now);
        }
        self.now.seconds_since(time).min(bound)
    }
}

/// A hasher that is the same in every run.
fn hasher() -> ahash::AHasher {
    ahash::RandomState::with_seeds(0, 0, 0, 0).build_hasher()
}

/// Two states are equal if the same steps can follow: actors have no names, and a time counts only by its age, up to the
/// last age at which some policy decides differently.
impl Hash for ModelState {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.fingerprint, self.budget).hash(hasher);
    }
}

impl ModelState {
    /// Updates the hash of the state.
    pub(super) fn update_fingerprint(&mut self) {
        let mut hasher = hasher();
        self.hash_whole(&mut hasher);
        self.fingerprint = hasher.finish();
    }

    fn hash_whole(&self, hasher: &mut impl Hasher) {
        let ages = &self.bounds;
        (self.consistency == Consistency::Strong).hash(hasher);
        let stale = self.stale_record();
        let replaced = stale.map(|_| self.age(self.replaced, ages.recent));
        replaced.hash(hasher);
        for record in [self.current.as_ref(), stale.flatten()] {
            record.is_some().hash(hasher);
            if let Some(record) = record {
                self.hash_model_record(record, hasher);
            }
        }
        let mut pending: Vec<u64> = self
            .pending
            .iter()
            .map(|pending| self.hash_running(pending))
            .collect();
        pending.sort_unstable();
        pending.hash(hasher);
        self.passed.hash(hasher);
        self.monitor
            .hash_ages(|time, bounds| self.age(time, bounds), ages, hasher);
        self.violation.hash(hasher);
    }
}
