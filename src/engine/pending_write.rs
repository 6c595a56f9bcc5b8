//! A write as it was decided. It is made when it is asked for, so that one that succeeds at once is never kept for a
//! retry.

use super::answer::{Record, Write};
use super::context::{OperationContext, expires_at, retention_seconds};
use super::planned_write::{Content, PlannedEntry};
use crate::clock::Timestamp;
use crate::policy::types::Ttl;
use crate::record::{KvEntry, KvMetadata, Precondition};

/// Records keep whole seconds, rounded down, and stores count from their own moment: a store that is given one
/// second more never forgets a record before the policy does.
const ROUNDING_SECONDS: u64 = 1;

/// A write that is lent, so that it is copied nowhere.
#[derive(Debug, Clone, Copy)]
pub struct WriteRef<'w> {
    /// The body.
    pub entry: &'w KvEntry,
    /// The metadata.
    pub metadata: &'w KvMetadata,
    /// How long the store is to keep it.
    pub ttl: Ttl,
    /// What must hold for the write to happen.
    pub precondition: Precondition,
}

impl Write {
    /// What is lent, to keep.
    #[must_use]
    pub fn of(write: WriteRef<'_>) -> Self {
        Self {
            entry: write.entry.clone(),
            metadata: write.metadata.clone(),
            ttl: write.ttl,
            precondition: write.precondition,
        }
    }
}

/// A write that a transaction asks for. However often it is made, it is the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PendingWrite<'t> {
    pub(super) context: &'t OperationContext<'t>,
    pub(super) plan: &'t PlannedEntry<'t>,
}

impl PendingWrite<'_> {
    /// The write, to keep.
    #[must_use]
    pub fn write(self) -> Write {
        self.with_write(Write::of)
    }

    /// Lends the write, and gives back what is made of it: the way to a store, which needs no more than its bytes.
    #[inline]
    pub fn with_write<R>(self, to: impl FnOnce(WriteRef<'_>) -> R) -> R {
        let now = self.context.now;
        match &self.plan.content {
            Content::Tombstone => self.with_new_entry(&KvEntry::tombstone(now), now, to),
            // The store keeps it as long as one from now on: an operation under way is to find it, however late it is.
            Content::TombstoneOf(at) => self.with_new_entry(&KvEntry::tombstone(*at), *at, to),
            Content::Consented(consent, geo) => {
                let (consent, geo) = ((*consent).clone(), (*geo).clone());
                self.with_new_entry(&KvEntry::new(consent, geo, now), now, to)
            }
            Content::New(entry) => self.with_new_entry(entry, now, to),
            Content::Rewritten(record) => {
                let (entry, metadata) = (&record.entry, &record.metadata);
                let end = expires_at(self.context.policy, entry, metadata, now);
                to(self.write_ref(entry, metadata, end.seconds_since(now)))
            }
        }
    }

    #[inline]
    fn with_new_entry<R>(
        self,
        entry: &KvEntry,
        from: Timestamp,
        to: impl FnOnce(WriteRef<'_>) -> R,
    ) -> R {
        let policy = self.context.policy;
        let metadata = KvMetadata::from_entry(entry, from, policy.digest.mark());
        to(self.write_ref(entry, &metadata, retention_seconds(policy, entry)))
    }

    #[inline]
    fn write_ref<'w>(
        self,
        entry: &'w KvEntry,
        metadata: &'w KvMetadata,
        left: u64,
    ) -> WriteRef<'w> {
        WriteRef {
            entry,
            metadata,
            ttl: Ttl::from_seconds_clamped(left.saturating_add(ROUNDING_SECONDS)),
            precondition: self.plan.precondition,
        }
    }

    /// Whether the write leaves `record`.
    pub(super) fn leaves(self, record: &Record) -> bool {
        self.with_write(|write| record.entry == *write.entry && record.metadata == *write.metadata)
    }

    /// Whether the write keeps the policy's limits; it is serialized only where bounds do not decide.
    pub(super) fn fits(self) -> bool {
        let limits = &self.context.policy.entry;
        let body = limits.max_body_bytes as usize;
        let metadata = limits.max_metadata_bytes as usize;
        if let Content::Consented(consent, geo) = self.plan.content
            && KvEntry::longest_new(consent, geo) <= body
            && KvMetadata::longest_of(&geo.country, self.context.policy.digest.mark()) <= metadata
        {
            return true;
        }
        let fit = |entry: &KvEntry, of_entry: &KvMetadata| {
            entry.body_fits(body) && of_entry.fits(metadata)
        };
        if let Content::Rewritten(record) = &self.plan.content {
            return fit(&record.entry, &record.metadata);
        }
        self.with_write(|write| fit(write.entry, write.metadata))
    }

    /// Whether the metadata keeps the policy's limit.
    pub(super) fn metadata_fits(self) -> bool {
        let limit = self.context.policy.entry.max_metadata_bytes as usize;
        self.with_write(|write| write.metadata.fits(limit))
    }
}

impl OperationContext<'_> {
    /// The write that `plan` comes to here.
    pub(super) const fn pending_write<'t>(
        &'t self,
        plan: &'t PlannedEntry<'t>,
    ) -> PendingWrite<'t> {
        PendingWrite {
            context: self,
            plan,
        }
    }

    /// Whether the metadata of what `plan` writes keeps the policy's limit.
    pub(super) fn metadata_fits(&self, plan: &PlannedEntry<'_>) -> bool {
        self.pending_write(plan).metadata_fits()
    }
}
