//! What is fixed while an operation runs, and the rules of retention that follow from it.

use super::answer::{Consistency, Found, Record};
use super::current::Current;
use super::planned_write::{Content, PlannedEntry};
use crate::clock::Timestamp;
use crate::policy::EcPolicy;
use crate::policy::settings::{Expiry, Renewal, UnknownAge};
use crate::record::{KvEntry, KvMetadata, Precondition};

/// The policy an operation is under, when it started, and how far its lookups can be trusted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OperationContext<'p> {
    /// The policy of the operation.
    pub policy: &'p EcPolicy,
    /// When it started.
    pub now: Timestamp,
    /// How far its lookups can be trusted.
    pub consistency: Consistency,
}

/// What a readable record is to a policy at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordState {
    /// A live entry.
    Live,
    /// A tombstone that has not expired.
    Tombstone,
    /// Past its time: it counts as absent.
    Expired,
    /// A live entry that does not state its age, under a policy that refuses such: it counts as unreadable.
    UnknownAge,
}

/// What a record is to `policy` at `now`.
#[must_use]
pub fn record_state(
    policy: &EcPolicy,
    entry: &KvEntry,
    metadata: &KvMetadata,
    now: Timestamp,
) -> RecordState {
    if is_refused(policy, entry, metadata) {
        return RecordState::UnknownAge;
    }
    let past = now > expires_at(policy, entry, metadata, now);
    match (is_withdrawn(entry, metadata), past) {
        (true, true) => RecordState::Expired,
        (true, false) => RecordState::Tombstone,
        (false, true) if policy.entry.expiry == Expiry::Engine => RecordState::Expired,
        (false, _) => RecordState::Live,
    }
}

/// Whether a record is a tombstone: its body or its metadata says so, whichever system wrote them.
#[inline]
const fn is_withdrawn(entry: &KvEntry, metadata: &KvMetadata) -> bool {
    entry.is_tombstone() || matches!(metadata.ok, Some(false))
}

/// Whether `policy` refuses a record because it does not state its age. It refuses no withdrawal.
#[inline]
fn is_refused(policy: &EcPolicy, entry: &KvEntry, metadata: &KvMetadata) -> bool {
    metadata.t.is_none()
        && entry.last_seen.is_none()
        && policy.entry.renewal != Renewal::FromCreation
        && policy.import.unknown_age == UnknownAge::Reject
        && !is_withdrawn(entry, metadata)
}

/// The last second in which `policy` keeps a record, as seen at `now`.
#[must_use]
pub fn expires_at(
    policy: &EcPolicy,
    entry: &KvEntry,
    metadata: &KvMetadata,
    now: Timestamp,
) -> Timestamp {
    if entry.is_tombstone() {
        return entry
            .consent
            .updated
            .plus_seconds(policy.tombstone.ttl.seconds());
    }
    if is_withdrawn(entry, metadata) {
        // Its body does not say when: it is effective until the store removes it.
        return now.plus_seconds(policy.tombstone.ttl.seconds());
    }
    retained_from(policy, entry, metadata, now).plus_seconds(policy.entry.ttl.seconds())
}

/// How many seconds `policy` keeps a record like this one.
#[inline]
pub(super) const fn retention_seconds(policy: &EcPolicy, entry: &KvEntry) -> u64 {
    if entry.is_tombstone() {
        policy.tombstone.ttl.seconds()
    } else {
        policy.entry.ttl.seconds()
    }
}

/// The second from which a live entry's retention counts (`docs/semantics.md#retention`, `t`).
///
/// A time in the future, from a clock that runs ahead, counts as now.
pub(super) fn retained_from(
    policy: &EcPolicy,
    entry: &KvEntry,
    metadata: &KvMetadata,
    now: Timestamp,
) -> Timestamp {
    if policy.entry.renewal == Renewal::FromCreation {
        return entry.created.min(now);
    }
    if let Some(written) = metadata.t {
        return written.min(now);
    }
    if entry.last_seen.is_none() && policy.import.unknown_age == UnknownAge::Now {
        return now;
    }
    [
        Some(entry.created),
        entry.last_seen,
        Some(entry.consent.updated),
    ]
    .into_iter()
    .flatten()
    .filter(|time| *time <= now)
    .max()
    .unwrap_or(now)
}

impl OperationContext<'_> {
    /// Whether `time` is further in the future than a clock may run ahead (`sync.max_future`), so that it is ignored.
    #[inline]
    pub(super) const fn is_ahead(&self, time: Timestamp) -> bool {
        time.seconds_since(self.now) > self.policy.sync.max_future.seconds()
    }

    /// What `found` is to this policy at this time.
    pub(super) fn classify(&self, found: Found) -> Current {
        match found {
            Found::Nothing => Current::Absent,
            Found::Unreadable(record) => Current::Corrupt(record),
            Found::Record(record) => {
                match record_state(self.policy, &record.entry, &record.metadata, self.now) {
                    RecordState::Live => Current::Live(record),
                    RecordState::Tombstone => Current::Tombstone(self.tombstone(record)),
                    RecordState::Expired => Current::Expired(record.generation),
                    RecordState::UnknownAge => Current::UnknownAge(record),
                }
            }
        }
    }

    /// The tombstone of a record that only its metadata says to be one: the user withdrew before now, no one knows when.
    #[inline]
    fn tombstone(&self, mut record: Box<Record>) -> Box<Record> {
        if !record.entry.is_tombstone() {
            record.entry.consent.ok = false;
            record.entry.consent.updated = self.now.second_before();
        }
        record
    }

    /// The entry of `record` written again; `visited` is true for a visit, false for a partner's sync.
    pub(super) fn rewrite(&self, mut record: Box<Record>, visited: bool) -> PlannedEntry<'static> {
        let Record {
            entry, metadata, ..
        } = &mut *record;
        // An operation that started later may have moved it on already: it does not go back.
        let previous = metadata.t.filter(|written| !self.is_ahead(*written));
        let from = match self.policy.entry.renewal {
            Renewal::OnWrite | Renewal::OnVisit if visited => self.now,
            Renewal::OnWrite => previous.map_or(self.now, |previous| previous.max(self.now)),
            Renewal::OnVisit => {
                previous.unwrap_or_else(|| retained_from(self.policy, entry, metadata, self.now))
            }
            Renewal::FromCreation => {
                // Another system's milliseconds would keep the record for ever: its time begins with this write.
                if self.is_ahead(entry.created) {
                    entry.created = self.now;
                }
                entry.created
            }
        };
        *metadata = std::mem::take(metadata).rewritten(entry, from, self.policy.digest.mark());
        PlannedEntry {
            precondition: Precondition::Generation(record.generation),
            content: Content::Rewritten(record),
        }
    }

    /// Whether `entry` keeps the policy's limit on a body.
    pub(super) fn body_fits(&self, entry: &KvEntry) -> bool {
        entry.body_fits(self.policy.entry.max_body_bytes as usize)
    }

    /// Bytes that `entry` is sure to leave of the policy's limit on a body.
    pub(super) fn room_in(&self, entry: &KvEntry) -> usize {
        entry.room_within(self.policy.entry.max_body_bytes as usize)
    }
}
