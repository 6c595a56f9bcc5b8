//! What stands fixed while an operation runs, and the rules of retention that follow from it.

use super::answer::{Consistency, Found, Record, Write};
use super::decision::{Current, Decision};
use super::{Done, OperationError};
use crate::clock::Timestamp;
use crate::policy::EcPolicy;
use crate::policy::settings::{Expiry, Renewal};
use crate::policy::types::Ttl;
use crate::record::{KvEntry, KvMetadata, Precondition};

/// Records keep whole seconds, cut down, and stores count from their own moment: a store that is told one
/// second more never forgets a record before the policy does.
const GRAIN_SECONDS: u64 = 1;

/// The policy an operation is under, when it started, and how far its lookups can be trusted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'p> {
    pub(super) policy: &'p EcPolicy,
    pub(super) now: Timestamp,
    pub(super) consistency: Consistency,
}

/// What a readable record is to a policy at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A live entry.
    Live,
    /// A tombstone that stands.
    Tombstone,
    /// Past its time: it counts as absent.
    Expired,
}

/// What a record is to `policy` at `now`.
#[must_use]
pub fn standing(
    policy: &EcPolicy,
    entry: &KvEntry,
    metadata: &KvMetadata,
    now: Timestamp,
) -> Standing {
    let past = now > expires_at(policy, entry, metadata, now);
    match (entry.is_tombstone(), past) {
        (true, true) => Standing::Expired,
        (true, false) => Standing::Tombstone,
        (false, true) if policy.entry.expiry == Expiry::Engine => Standing::Expired,
        (false, _) => Standing::Live,
    }
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
        entry
            .consent
            .updated
            .plus_seconds(policy.tombstone.ttl.seconds())
    } else {
        retained_from(policy, entry, metadata, now).plus_seconds(policy.entry.ttl.seconds())
    }
}

/// The second from which a live entry's retention counts (`POLICY.md`, stored record, `t`).
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

impl Scene<'_> {
    /// What `found` is to this policy at this time.
    pub(super) fn see(&self, found: Found) -> Current {
        match found {
            Found::Nothing => Current::Absent,
            Found::Unreadable(why) => Current::Corrupt(why),
            Found::Record(record) => {
                match standing(self.policy, &record.entry, &record.metadata, self.now) {
                    Standing::Live => Current::Live(record),
                    Standing::Tombstone => Current::Tombstone(record),
                    Standing::Expired => Current::Expired(record.generation),
                }
            }
        }
    }

    /// A new entry, whose retention begins now.
    #[inline]
    pub(super) fn new_entry(&self, entry: KvEntry, precondition: Precondition) -> Box<Write> {
        self.write(entry, KvMetadata::default(), self.now, precondition)
    }

    /// The entry of `record` written again; `visited` tells a visit from a partner's sync.
    pub(super) fn rewrite(&self, record: Record, visited: bool) -> Box<Write> {
        let Record {
            entry,
            metadata,
            generation,
        } = record;
        let from = match self.policy.entry.renewal {
            Renewal::OnWrite => self.now,
            Renewal::OnVisit if visited => self.now,
            // Somebody who started later may have moved it on already: it stays where it is.
            Renewal::OnVisit => (metadata.t)
                .unwrap_or_else(|| retained_from(self.policy, &entry, &metadata, self.now)),
            Renewal::FromCreation => entry.created,
        };
        self.write(entry, metadata, from, Precondition::Generation(generation))
    }

    /// A tombstone from now on, over whatever is there.
    pub(super) fn tombstone(&self) -> Box<Write> {
        let entry = KvEntry::tombstone(self.now);
        self.write(entry, KvMetadata::default(), self.now, Precondition::None)
    }

    #[inline]
    fn write(
        &self,
        entry: KvEntry,
        metadata: KvMetadata,
        from: Timestamp,
        precondition: Precondition,
    ) -> Box<Write> {
        let metadata = metadata.rewritten(&entry, from, self.policy.digest.mark());
        let left = expires_at(self.policy, &entry, &metadata, self.now).seconds_since(self.now);
        Box::new(Write {
            entry,
            metadata,
            ttl: Ttl::from_seconds_clamped(left.saturating_add(GRAIN_SECONDS)),
            precondition,
        })
    }

    /// Whether `write` keeps the policy's limits on what is stored.
    pub(super) fn fits(&self, write: &Write) -> bool {
        self.body_fits(&write.entry) && self.metadata_fits(write)
    }

    /// Whether `entry` keeps the policy's limit on a body.
    pub(super) fn body_fits(&self, entry: &KvEntry) -> bool {
        entry.body_fits(self.policy.entry.max_body_bytes as usize)
    }

    /// Bytes that `entry` is sure to leave of the policy's limit on a body.
    pub(super) fn room_in(&self, entry: &KvEntry) -> usize {
        entry.room_within(self.policy.entry.max_body_bytes as usize)
    }

    /// Whether the metadata of `write` keeps the policy's limit.
    pub(super) fn metadata_fits(&self, write: &Write) -> bool {
        write
            .metadata
            .fits(self.policy.entry.max_metadata_bytes as usize)
    }

    /// The decision to write, or the failure where `write` breaks a limit.
    pub(super) fn write_within_limits(&self, write: Box<Write>, done: impl Into<Done>) -> Decision {
        if self.fits(&write) {
            return Decision::Write(write, done.into());
        }
        let limits = &self.policy.entry;
        Decision::End(Err(OperationError::TooLarge(format!(
            "`entry.max_body_bytes` is {}, `entry.max_metadata_bytes` is {}",
            limits.max_body_bytes, limits.max_metadata_bytes
        ))))
    }
}
