//! The operations on a record, as callers ask for them.

use super::answer::{Consistency, Found, Record};
use super::context::OperationContext;
use super::current::Current;
use super::decision::{Decision, OnConflict, OnSuccess, RecordOperation};
use super::partner_sync::PartnerSync;
use super::planned_write::{Content, PlannedEntry};
use super::{
    Done, Outcome, PendingWrite, create, create_or_revive, delete, deliver_withdrawal,
    update_last_seen, upsert_partner_ids, withdrawal,
};
use crate::clock::Timestamp;
use crate::record::{ConsentStrings, KvGeo, Precondition};

/// What is to be done with a record (`docs/semantics.md#operations`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation<'o> {
    /// Read the record.
    Get,
    /// Read the record's metadata.
    GetMetadata,
    /// Write a new entry where there is none.
    Create {
        /// What the user consents to.
        consent: &'o ConsentStrings,
        /// Where the user is.
        geo: &'o KvGeo,
    },
    /// Write a new entry, or turn a tombstone back into one: the user gave consent again.
    CreateOrRevive {
        /// What the user consents to.
        consent: &'o ConsentStrings,
        /// Where the user is.
        geo: &'o KvGeo,
    },
    /// Write a new entry for an id that was just generated. Where the id has a record, it is another user's, which is
    /// left as it is: neither their identity nor their withdrawal is a new user's.
    CreateForNewId {
        /// What the user consents to.
        consent: &'o ConsentStrings,
        /// Where the user is.
        geo: &'o KvGeo,
    },
    /// Put one partner's uid.
    UpsertPartnerId(&'o PartnerSync),
    /// Put many uids in one read and one write.
    UpsertPartnerIds(&'o [PartnerSync]),
    /// Note that the user was seen.
    UpdateLastSeen {
        /// When; a time in the future counts as now.
        timestamp: Timestamp,
    },
    /// Remember that the user withdrew consent.
    WriteWithdrawalTombstone,
    /// Remember that the user withdrew consent before now: a withdrawal that could not be written when it was made.
    DeliverWithdrawal {
        /// When the user withdrew; a time in the future counts as now.
        at: Timestamp,
    },
    /// Erase the record.
    Delete,
}

impl Operation<'_> {
    /// The operation's name, as event streams, logs and metrics have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::GetMetadata => "get_metadata",
            Self::Create { .. } => "create",
            Self::CreateOrRevive { .. } | Self::CreateForNewId { .. } => "create_or_revive",
            Self::UpsertPartnerId(_) => "upsert_partner_id",
            Self::UpsertPartnerIds(_) => "upsert_partner_ids",
            Self::UpdateLastSeen { .. } => "update_last_seen",
            Self::WriteWithdrawalTombstone | Self::DeliverWithdrawal { .. } => {
                "write_withdrawal_tombstone"
            }
            Self::Delete => "delete",
        }
    }
}

impl<'o> RecordOperation for Operation<'o> {
    type Record = Record;
    type Content = Content<'o>;
    type OnSuccess = OnSuccess;
    type Done = Done;
    type Write<'t>
        = PendingWrite<'t>
    where
        Self: 't;

    #[inline]
    fn open(&self, context: &OperationContext<'_>) -> Decision<'o> {
        match *self {
            Self::Create { consent, geo } => create::open(context, consent, geo),
            Self::UpsertPartnerId(sync) => upsert_partner_ids::open_one(context, sync),
            Self::UpsertPartnerIds(syncs) => upsert_partner_ids::open(context, syncs),
            Self::WriteWithdrawalTombstone => withdrawal::open(context),
            Self::Delete => delete::open(context),
            Self::Get
            | Self::GetMetadata
            | Self::CreateOrRevive { .. }
            | Self::CreateForNewId { .. }
            | Self::UpdateLastSeen { .. }
            | Self::DeliverWithdrawal { .. } => Decision::Lookup,
        }
    }

    /// Whatever may have happened shows in the record.
    #[inline]
    fn decide(
        &self,
        context: &OperationContext<'_>,
        found: Found,
        _write_uncertain: bool,
    ) -> Decision<'o> {
        let current = context.classify(found);
        match *self {
            Self::Get | Self::GetMetadata => current.read(),
            Self::Create { consent, geo } | Self::CreateForNewId { consent, geo } => {
                create::decide(context, consent, geo, &current)
            }
            Self::CreateOrRevive { consent, geo } => {
                create_or_revive::decide(context, consent, geo, current)
            }
            Self::UpsertPartnerId(sync) => upsert_partner_ids::decide_one(context, sync, current),
            Self::UpsertPartnerIds(syncs) => upsert_partner_ids::decide(context, syncs, current),
            Self::UpdateLastSeen { timestamp } => {
                update_last_seen::decide(context, timestamp, current)
            }
            Self::WriteWithdrawalTombstone => withdrawal::decide(context, current),
            Self::DeliverWithdrawal { at } => deliver_withdrawal::decide(context, at, current),
            Self::Delete => delete::decide(context, &current),
        }
    }

    fn unconditional_fallback(&self) -> Option<Decision<'o>> {
        match self {
            Self::WriteWithdrawalTombstone => Some(withdrawal::unconditional_fallback()),
            Self::Delete => Some(delete::unconditional_fallback()),
            _ => None,
        }
    }

    /// Withdrawal must win.
    fn must_succeed(&self) -> bool {
        matches!(
            self,
            Self::WriteWithdrawalTombstone | Self::DeliverWithdrawal { .. }
        )
    }

    fn on_conflict(&self, looked: bool) -> OnConflict<Done> {
        match self {
            Self::Create { .. } if !looked => OnConflict::Lookup,
            Self::UpdateLastSeen { .. } => OnConflict::End(Outcome::Superseded.into()),
            _ => OnConflict::Retry,
        }
    }

    #[inline]
    fn write<'t>(context: &'t OperationContext<'_>, plan: &'t PlannedEntry<'o>) -> PendingWrite<'t>
    where
        Self: 't,
    {
        context.pending_write(plan)
    }

    fn leaves(
        &self,
        context: &OperationContext<'_>,
        plan: &PlannedEntry<'o>,
        record: &Record,
    ) -> bool {
        // A write makes a new generation: what it was to replace is not what it left, equal or not.
        plan.precondition != Precondition::Generation(record.generation)
            && context.pending_write(plan).leaves(record)
    }

    #[inline]
    fn succeeded(on_success: &mut OnSuccess) -> Done {
        on_success.take()
    }

    fn removed(was_there: bool) -> Done {
        let outcome = if was_there {
            Outcome::Deleted
        } else {
            Outcome::NotFound
        };
        outcome.into()
    }

    fn was_there(context: &OperationContext<'_>, found: Found) -> bool {
        !matches!(
            context.classify(found),
            Current::Absent | Current::Expired(_)
        )
    }
}

impl OperationContext<'_> {
    /// Whether a lookup that found nothing may be believed.
    pub(super) const fn trusts_absence(&self) -> bool {
        matches!(self.consistency, Consistency::Strong)
    }

    /// Whether a tombstone that was looked up need not be written again: it is there for certain, and the store keeps it as
    /// long as the policy does. One that another system wrote, without `t` in its metadata, may be gone earlier.
    pub(super) fn suffices(&self, tombstone: &Record) -> bool {
        self.trusts_absence() && tombstone.metadata.t.is_some()
    }
}
