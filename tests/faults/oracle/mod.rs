//! What may never be seen: `docs/semantics.md` stated once more, plainly, from the record's and the operation's side, and
//! sharing no code with the engine that decides.

mod change;
mod promises;
mod syncs;
mod table;

use std::rc::Rc;

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Consistency, PartnerSync};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{Expiry, Renewal, SyncOrder};
use edge_cookie::record::{KvEntry, KvMetadata};

pub use promises::Story;
pub use table::{explained, may_write};

use crate::act::{Act, Said};
use crate::store::{Refusal, Seen, Version};

/// Something that may never be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The promise, by its number in `docs/proofs.md`; 0 is the table of operations.
    pub promise: u8,
    pub what: String,
}

pub fn broken(promise: u8, what: impl Into<String>) -> Result<(), Broken> {
    Err(Broken {
        promise,
        what: what.into(),
    })
}

/// Holds `what` against what is so.
fn must(holds: bool, promise: u8, what: &str) -> Result<(), Broken> {
    if holds { Ok(()) } else { broken(promise, what) }
}

/// The last thing that an operation was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    Nothing,
    Saw,
    Exists(bool),
    Written,
    Deleted,
    /// A write was refused, or its answer was lost.
    Refused(Refusal),
    /// A read was.
    Unread(Refusal),
}

/// An operation, and what it was told and did so far.
pub struct Op<'s> {
    pub act: &'s Act,
    pub said: &'s Said,
    pub policy: &'s EcPolicy,
    /// Whether a user is kept by their visits, under every policy that is in force.
    pub visits_keep: bool,
    pub consistency: Consistency,
    /// The second in which it started.
    pub start: u64,
    pub reads: u32,
    pub writes: u32,
    /// Writes that were refused or whose answer was lost.
    pub refused: u32,
    /// Milliseconds since it started.
    pub elapsed: u64,
    pub told: Option<Seen>,
    pub last: Last,
    /// A write whose answer was lost, whether it was done or not.
    pub lost: Option<(KvEntry, KvMetadata)>,
    /// What its own write met, once one was done.
    pub wrote: Option<Met>,
}

/// What a write met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    pub state: State,
    /// Whether it left a tombstone that was there as it was.
    pub kept: bool,
}

impl Op<'_> {
    fn told(&self) -> Option<&Version> {
        self.told.as_ref()?.version.as_deref()
    }

    fn told_entry(&self) -> Option<&(KvEntry, KvMetadata)> {
        self.told()?.content.as_ref()
    }

    fn told_state(&self) -> State {
        state(self.policy, self.told(), self.start)
    }

    fn is_strong(&self) -> bool {
        self.consistency == Consistency::Strong
    }
}

/// What a record is to a policy at a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Absent,
    Live,
    Tombstone,
    Garbage,
}

fn state(policy: &EcPolicy, version: Option<&Version>, at: u64) -> State {
    let Some(version) = version else {
        return State::Absent;
    };
    let Some((entry, metadata)) = &version.content else {
        return State::Garbage;
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

/// The second from which the retention of a live entry counts.
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

/// When a sync counts as made: a partner's clock that runs ahead is not believed.
fn made(op: &Op<'_>, sync: &PartnerSync) -> u64 {
    sync.timestamp.unix().min(op.start)
}

/// Whether a caller's time is further in the future than the policy takes for a clock that runs ahead.
fn is_ahead(op: &Op<'_>, time: u64) -> bool {
    time > op.start + op.policy.sync.max_future.seconds()
}

/// Why a sync is refused whatever the record, if it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unfit {
    TooOld,
    TooNew,
    NoUid,
}

fn unfit(op: &Op<'_>, sync: &PartnerSync) -> Option<Unfit> {
    if is_ahead(op, sync.timestamp.unix()) {
        return Some(Unfit::TooNew);
    }
    let oldest = op
        .policy
        .sync
        .max_age
        .map_or(0, |age| op.start - age.seconds());
    if sync.timestamp.unix() < oldest {
        return Some(Unfit::TooOld);
    }
    let fits = (1..=op.policy.entry.max_uid_bytes as usize).contains(&sync.uid.len());
    (!fits || sync.uid.trim().is_empty()).then_some(Unfit::NoUid)
}

/// Of the syncs that one operation brings for one partner, which counts: the last, or the latest where times decide.
fn winner<'o>(op: &Op<'o>, partner: &str) -> Option<(usize, &'o PartnerSync)> {
    let mut best: Option<(usize, &PartnerSync)> = None;
    for (index, sync) in op.act.syncs().iter().enumerate() {
        if sync.partner.as_str() != partner || unfit(op, sync).is_some() {
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

/// A version as a person reads it.
pub fn shown(version: Option<&Rc<Version>>) -> String {
    let Some(version) = version else {
        return "nothing".to_owned();
    };
    let Some((entry, metadata)) = &version.content else {
        return "a record that cannot be read".to_owned();
    };
    let body = String::from_utf8(entry.to_body()).unwrap();
    let metadata = String::from_utf8(metadata.to_bytes()).unwrap();
    format!("{body} {metadata}")
}
