//! A write as it was decided. It is made when it is asked for, so that one that succeeds at once is never kept for a
//! retry.

use super::answer::{Record, Write};
use super::scene::{Scene, expires_at, whole_time};
use crate::clock::Timestamp;
use crate::policy::types::Ttl;
use crate::record::{ConsentStrings, KvEntry, KvGeo, KvMetadata, Precondition};

/// Records keep whole seconds, cut down, and stores count from their own moment: a store that is told one
/// second more never forgets a record before the policy does.
const GRAIN_SECONDS: u64 = 1;

/// What is to be written, and what must hold for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedWrite<C> {
    pub(crate) content: C,
    pub(crate) precondition: Precondition,
}

/// The write of an entry.
pub(super) type Plan<'p> = PlannedWrite<Content<'p>>;

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content<'p> {
    /// A tombstone from now on.
    Tombstone,
    /// The tombstone of a withdrawal that was made then.
    TombstoneOf(Timestamp),
    /// The entry of a user who consents now.
    Consented(&'p ConsentStrings, &'p KvGeo),
    /// This new entry, whose retention begins now.
    New(Box<KvEntry>),
    /// What was read, brought up to date.
    Again(Box<Record>),
}

impl Plan<'static> {
    pub(super) const fn tombstone(precondition: Precondition) -> Self {
        Self {
            content: Content::Tombstone,
            precondition,
        }
    }
}

/// A write that is lent, so that it is copied nowhere.
#[derive(Debug, Clone, Copy)]
pub struct Lent<'w> {
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
    pub fn of(lent: Lent<'_>) -> Self {
        Self {
            entry: lent.entry.clone(),
            metadata: lent.metadata.clone(),
            ttl: lent.ttl,
            precondition: lent.precondition,
        }
    }
}

/// A write that a transaction asks for. However often it is made, it is the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draft<'t> {
    pub(super) scene: &'t Scene<'t>,
    pub(super) plan: &'t Plan<'t>,
}

impl Draft<'_> {
    /// The write, to keep.
    #[must_use]
    pub fn write(self) -> Write {
        self.lend(Write::of)
    }

    /// Lends the write, and gives back what is made of it: the way to a store, which needs no more than its bytes.
    #[inline]
    pub fn lend<R>(self, to: impl FnOnce(Lent<'_>) -> R) -> R {
        let now = self.scene.now;
        match &self.plan.content {
            Content::Tombstone => self.lend_new(&KvEntry::tombstone(now), now, to),
            // The store keeps it as long as one from now on: an operation under way is to find it, however late it is.
            Content::TombstoneOf(at) => self.lend_new(&KvEntry::tombstone(*at), *at, to),
            Content::Consented(consent, geo) => {
                let (consent, geo) = ((*consent).clone(), (*geo).clone());
                self.lend_new(&KvEntry::consented(consent, geo, now), now, to)
            }
            Content::New(entry) => self.lend_new(entry, now, to),
            Content::Again(record) => {
                let (entry, metadata) = (&record.entry, &record.metadata);
                let end = expires_at(self.scene.policy, entry, metadata, now);
                to(self.lent(entry, metadata, end.seconds_since(now)))
            }
        }
    }

    #[inline]
    fn lend_new<R>(self, entry: &KvEntry, from: Timestamp, to: impl FnOnce(Lent<'_>) -> R) -> R {
        let policy = self.scene.policy;
        let metadata = KvMetadata::of(entry, from, policy.digest.mark());
        to(self.lent(entry, &metadata, whole_time(policy, entry)))
    }

    #[inline]
    fn lent<'w>(self, entry: &'w KvEntry, metadata: &'w KvMetadata, left: u64) -> Lent<'w> {
        Lent {
            entry,
            metadata,
            ttl: Ttl::from_seconds_clamped(left.saturating_add(GRAIN_SECONDS)),
            precondition: self.plan.precondition,
        }
    }

    /// Whether the write leaves `record`.
    pub(super) fn leaves(self, record: &Record) -> bool {
        self.lend(|lent| record.entry == *lent.entry && record.metadata == *lent.metadata)
    }

    /// Whether the write keeps the policy's limits; it is made only where bounds do not tell.
    pub(super) fn fits(self) -> bool {
        let limits = &self.scene.policy.entry;
        let body = limits.max_body_bytes as usize;
        let metadata = limits.max_metadata_bytes as usize;
        if let Content::Consented(consent, geo) = self.plan.content
            && KvEntry::longest_consented(consent, geo) <= body
            && KvMetadata::longest_of(&geo.country, self.scene.policy.digest.mark()) <= metadata
        {
            return true;
        }
        self.lend(|lent| lent.entry.body_fits(body) && lent.metadata.fits(metadata))
    }

    /// Whether the metadata keeps the policy's limit.
    pub(super) fn metadata_fits(self) -> bool {
        let limit = self.scene.policy.entry.max_metadata_bytes as usize;
        self.lend(|lent| lent.metadata.fits(limit))
    }
}
