//! What an operator does to a partner's record, as a transaction runs it.
//!
//! Whatever is decided is decided on the record as it is, and written only over that very record: a disabled partner
//! stays so where its token changes meanwhile, and a token that was replaced never comes back.

use super::{PartnerRecord, TokenHash};
use edge_cookie::engine::{
    Found, Intent, IntentOf, OnConflict, OperationContext, OperationError, PlannedWrite,
    RecordOperation, UnreadableRecord,
};
use edge_cookie::graph::StoredAs;
use edge_cookie::record::{Generation, Precondition, Unreadable};
use edge_cookie::store::{Insert, Stored};

/// A change of one partner's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartnerChange<'c> {
    /// Writes this record where there is none; its token is this change's own.
    Add(&'c PartnerRecord),
    /// Replaces the token by the one of this hash, which is this change's own.
    Rotate(&'c TokenHash),
    /// Lets the partner in, or shuts it out; its token stays.
    SetEnabled(bool),
    /// Removes the record.
    Delete,
}

/// How a change ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartnerOutcome {
    /// It is done.
    Changed {
        /// The token that it replaced.
        replaced: Option<TokenHash>,
    },
    /// There is no such partner.
    NotFound,
    /// There is such a partner already.
    AlreadyExists,
    /// An answer of the store was lost, and the record has another token than this change's: whether it had this one in
    /// between is not known, and what had one is not given it again.
    Unknown,
}

/// A partner's record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPartner {
    partner: PartnerRecord,
    generation: Generation,
}

impl PartnerChange<'_> {
    /// The token that this change gives, which no other does.
    pub(super) fn own_token(&self) -> Option<&TokenHash> {
        match self {
            Self::Add(partner) => partner.api_token_sha256.as_ref(),
            Self::Rotate(token) => Some(token),
            Self::SetEnabled(_) | Self::Delete => None,
        }
    }

    fn decide_on(&self, read: ReadPartner, write_uncertain: bool) -> IntentOf<Self> {
        let mut partner = read.partner;
        let replaced = match self {
            Self::Add(_) if !write_uncertain => return end(PartnerOutcome::AlreadyExists),
            Self::Rotate(token) if !write_uncertain => {
                partner.api_token_sha256.replace((*token).clone())
            }
            Self::Add(_) | Self::Rotate(_) => return end(PartnerOutcome::Unknown),
            // Written even where the value is the same: the lookup may be stale, and the swap detects that.
            Self::SetEnabled(enabled) => {
                partner.enabled = *enabled;
                None
            }
            Self::Delete => return Intent::Remove,
        };
        let plan = PlannedWrite {
            content: partner,
            precondition: Precondition::Generation(read.generation),
        };
        Intent::Write(plan, PartnerOutcome::Changed { replaced })
    }
}

fn end<C, E>(outcome: PartnerOutcome) -> Intent<C, E, PartnerOutcome> {
    Intent::End(Ok(outcome))
}

impl RecordOperation for PartnerChange<'_> {
    type Record = ReadPartner;
    type Content = PartnerRecord;
    type OnSuccess = PartnerOutcome;
    type Done = PartnerOutcome;
    type Write<'t>
        = &'t PlannedWrite<PartnerRecord>
    where
        Self: 't;

    fn open(&self, _: &OperationContext<'_>) -> IntentOf<Self> {
        match self {
            Self::Add(partner) => add(partner),
            Self::Rotate(_) | Self::SetEnabled(_) => Intent::Lookup,
            Self::Delete => Intent::Remove,
        }
    }

    fn decide(
        &self,
        _: &OperationContext<'_>,
        found: Found<ReadPartner>,
        write_uncertain: bool,
    ) -> IntentOf<Self> {
        match (found, self) {
            (Found::Record(read), _) => self.decide_on(*read, write_uncertain),
            (Found::Unreadable(record), _) => {
                Intent::End(Err(OperationError::Unreadable(record.why)))
            }
            (Found::Nothing, Self::Add(partner)) if !write_uncertain => add(partner),
            (Found::Nothing, Self::Add(_)) => end(PartnerOutcome::Unknown),
            (Found::Nothing, _) => end(PartnerOutcome::NotFound),
        }
    }

    fn unconditional_fallback(&self) -> Option<IntentOf<Self>> {
        None
    }

    fn must_succeed(&self) -> bool {
        false
    }

    fn on_conflict(&self, _looked: bool) -> OnConflict<PartnerOutcome> {
        OnConflict::Retry
    }

    fn write<'t>(
        _: &'t OperationContext<'_>,
        plan: &'t PlannedWrite<PartnerRecord>,
    ) -> &'t PlannedWrite<PartnerRecord>
    where
        Self: 't,
    {
        plan
    }

    /// A token is in the record by this change alone. Who is let in may be so by another: that is written again, as the
    /// lookup may be stale.
    fn leaves(
        &self,
        _: &OperationContext<'_>,
        _: &PlannedWrite<PartnerRecord>,
        record: &ReadPartner,
    ) -> bool {
        let own = self.own_token();
        own.is_some() && own == record.partner.api_token_sha256.as_ref()
    }

    fn succeeded(on_success: &mut PartnerOutcome) -> PartnerOutcome {
        on_success.clone()
    }

    fn removed(was_there: bool) -> PartnerOutcome {
        if was_there {
            PartnerOutcome::Changed { replaced: None }
        } else {
            PartnerOutcome::NotFound
        }
    }

    fn was_there(_: &OperationContext<'_>, found: Found<ReadPartner>) -> bool {
        found != Found::Nothing
    }
}

fn add<D>(partner: &PartnerRecord) -> Intent<PartnerRecord, PartnerOutcome, D> {
    let plan = PlannedWrite {
        content: partner.clone(),
        precondition: Precondition::Add,
    };
    Intent::Write(plan, PartnerOutcome::Changed { replaced: None })
}

impl StoredAs for PartnerChange<'_> {
    fn found(stored: Option<Stored>) -> Found<ReadPartner> {
        let Some(stored) = stored else {
            return Found::Nothing;
        };
        let generation = stored.generation;
        match PartnerRecord::from_body(&stored.body) {
            Ok(partner) => Found::Record(Box::new(ReadPartner {
                partner,
                generation,
            })),
            Err(error) => Found::Unreadable(Box::new(UnreadableRecord {
                why: Unreadable::WrongShape(error.to_string()),
                generation,
            })),
        }
    }

    fn insert(write: &PlannedWrite<PartnerRecord>) -> Insert {
        Insert {
            body: write.content.to_body(),
            metadata: Vec::new(),
            ttl: None,
            precondition: write.precondition,
        }
    }
}
