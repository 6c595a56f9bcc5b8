//! The oracle: an independent statement of `docs/semantics.md`, by records and by operations, that shares no code with the
//! engine.

mod change;
mod promises;
mod syncs;
mod table;

use std::rc::Rc;

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Consistency, PartnerSync};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{Expiry, Renewal, SyncOrder};
use edge_cookie::promise::Promise;
use edge_cookie::record::{KvEntry, KvMetadata};

pub use promises::RecordOracle;
pub use table::{check_outcome, check_write};

use super::action::{Action, Inputs};
use super::store::{LookupResult, Refusal, Version};

/// An observation that violates a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OracleViolation {
    /// The promise; none where it is the table of operations.
    pub promise: Option<Promise>,
    pub what: String,
}

pub fn violation(
    promise: impl Into<Option<Promise>>,
    what: impl Into<String>,
) -> Result<(), OracleViolation> {
    Err(OracleViolation {
        promise: promise.into(),
        what: what.into(),
    })
}

/// Fails with `what` unless it holds.
fn check(
    holds: bool,
    promise: impl Into<Option<Promise>>,
    what: &str,
) -> Result<(), OracleViolation> {
    if holds {
        Ok(())
    } else {
        violation(promise, what)
    }
}

/// The last reply to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastReply {
    Nothing,
    Saw,
    Exists(bool),
    Written,
    Deleted,
    /// A write was refused, or its reply was lost.
    Refused(Refusal),
    /// A read failed.
    Unread(Refusal),
}

/// An operation, with its calls and replies so far.
pub struct ObservedOperation<'s> {
    pub action: &'s Action,
    pub inputs: &'s Inputs,
    pub policy: &'s EcPolicy,
    /// Whether visits prolong the retention under every active policy.
    pub visits_keep: bool,
    pub consistency: Consistency,
    /// The second in which it started.
    pub start: u64,
    pub reads: u32,
    pub writes: u32,
    /// Writes that were refused or whose reply was lost.
    pub refused: u32,
    /// Milliseconds since it started.
    pub elapsed: u64,
    pub seen: Option<LookupResult>,
    pub last: LastReply,
    /// A write whose reply was lost, applied or not.
    pub lost: Option<(KvEntry, KvMetadata)>,
    /// The effect of its own write, once one was applied.
    pub wrote: Option<WriteEffect>,
}

/// The record that a write replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteEffect {
    pub state: State,
    /// Whether it kept an existing tombstone.
    pub kept: bool,
}

impl ObservedOperation<'_> {
    fn seen(&self) -> Option<&Version> {
        self.seen.as_ref()?.version.as_deref()
    }

    fn seen_entry(&self) -> Option<&(KvEntry, KvMetadata)> {
        self.seen()?.content.as_ref()
    }

    fn seen_state(&self) -> State {
        state(self.policy, self.seen(), self.start)
    }

    fn is_strong(&self) -> bool {
        self.consistency == Consistency::Strong
    }
}

/// The state of a record under a policy at a time in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Absent,
    Live,
    Tombstone,
    Unreadable,
}

fn state(policy: &EcPolicy, version: Option<&Version>, at: u64) -> State {
    let Some(version) = version else {
        return State::Absent;
    };
    let Some((entry, metadata)) = &version.content else {
        return State::Unreadable;
    };
    let kept = at <= end(policy, entry, metadata);
    match entry.consent.ok {
        true if kept || policy.entry.expiry == Expiry::Store => State::Live,
        false if kept => State::Tombstone,
        _ => State::Absent,
    }
}

/// The last second in which a policy keeps a record.
fn end(policy: &EcPolicy, entry: &KvEntry, metadata: &KvMetadata) -> u64 {
    if entry.consent.ok {
        counted_from(policy, entry, metadata) + policy.entry.ttl.seconds()
    } else {
        entry.consent.updated.unix() + policy.tombstone.ttl.seconds()
    }
}

/// The second at which the retention of a live entry starts.
fn counted_from(policy: &EcPolicy, entry: &KvEntry, metadata: &KvMetadata) -> u64 {
    let created = entry.created.unix();
    if policy.entry.renewal == Renewal::FromCreation {
        return created;
    }
    metadata.t.map_or_else(
        || {
            let seen = entry.last_seen.map_or(0, Timestamp::unix);
            created.max(seen).max(entry.consent.updated.unix())
        },
        Timestamp::unix,
    )
}

/// The time of a sync, at most the start of the operation: a partner's clock can be ahead.
fn made(op: &ObservedOperation<'_>, sync: &PartnerSync) -> u64 {
    sync.timestamp.unix().min(op.start)
}

/// Whether a timestamp is further in the future than the policy accepts.
fn is_ahead(op: &ObservedOperation<'_>, time: u64) -> bool {
    time > op.start + op.policy.sync.max_future.seconds()
}

/// Why a sync is refused, whatever the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SyncRefusal {
    TooOld,
    TooNew,
    NoUid,
}

fn sync_refusal(op: &ObservedOperation<'_>, sync: &PartnerSync) -> Option<SyncRefusal> {
    if is_ahead(op, sync.timestamp.unix()) {
        return Some(SyncRefusal::TooNew);
    }
    let oldest = op
        .policy
        .sync
        .max_age
        .map_or(0, |age| op.start - age.seconds());
    if sync.timestamp.unix() < oldest {
        return Some(SyncRefusal::TooOld);
    }
    let fits = (1..=op.policy.entry.max_uid_bytes as usize).contains(&sync.uid.len());
    (!fits || sync.uid.trim().is_empty()).then_some(SyncRefusal::NoUid)
}

/// Of the syncs of one partner in an operation, the one that counts: the last, or the latest by time.
fn winner<'o>(op: &ObservedOperation<'o>, partner: &str) -> Option<(usize, &'o PartnerSync)> {
    let mut best: Option<(usize, &PartnerSync)> = None;
    for (index, sync) in op.action.syncs().iter().enumerate() {
        if sync.partner.as_str() != partner || sync_refusal(op, sync).is_some() {
            continue;
        }
        let older = |(_, best): (usize, &PartnerSync)| made(op, sync) < made(op, best);
        let by_time = op.policy.sync.order == SyncOrder::Timestamp;
        if !(by_time && best.is_some_and(older)) {
            best = Some((index, sync));
        }
    }
    best
}

/// A version as text.
pub fn shown(version: Option<&Rc<Version>>) -> String {
    let Some(version) = version else {
        return "nothing".to_owned();
    };
    let Some((entry, metadata)) = &version.content else {
        return "an unreadable record".to_owned();
    };
    let body = String::from_utf8(entry.to_body()).unwrap();
    let metadata = String::from_utf8(metadata.to_bytes()).unwrap();
    format!("{body} {metadata}")
}
