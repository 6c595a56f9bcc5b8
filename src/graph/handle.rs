//! The operations of the graph by name, under one policy.

use super::{
    CreateOrReviveOutcome, CreateOutcome, DeleteOutcome, KvIdentityGraph, UpdateLastSeenOutcome,
    UpsertPartnerIdOutcome, WithdrawalOutcome,
};
use crate::clock::{AsyncClock, Clock, Timestamp};
use crate::engine::{Done, Finished, Operation, OperationError, Outcome, PartnerSync, Record};
use crate::policy::EcPolicy;
use crate::record::{ConsentStrings, EcId, KvGeo, KvMetadata};
use crate::store::{AsyncKvStore, KvStore};

/// The record that a read found.
fn record(finished: Finished) -> Result<Option<Record>, OperationError> {
    Ok(finished.result?.record.map(|record| *record))
}

/// The outcome of an operation, as one that it has.
fn outcome<O: TryFrom<Outcome, Error = Outcome>>(finished: Finished) -> Result<O, OperationError> {
    let Done { outcome, .. } = finished.result?;
    O::try_from(outcome).map_err(OperationError::Unexpected)
}

/// The outcome of each partner id, in the order given.
fn each(finished: Finished) -> Result<Vec<UpsertPartnerIdOutcome>, OperationError> {
    let outcomes = finished.result?.each.into_iter();
    outcomes
        .map(|outcome| outcome.try_into().map_err(OperationError::Unexpected))
        .collect()
}

/// Declares a handle: the same operations for stores that block (`run`) and for stores that are awaited (`run_async`).
macro_rules! handle {
    ($(#[doc = $doc:literal])* $name:ident, $store:ident, $clock:ident, $run:ident $(, $async:tt $await:tt)?) => {
        $(#[doc = $doc])*
        #[derive(Debug)]
        pub struct $name<'g, S, C> {
            graph: &'g KvIdentityGraph<S, C>,
            policy: &'g EcPolicy,
        }

        impl<'g, S, C> $name<'g, S, C> {
            pub(super) const fn new(graph: &'g KvIdentityGraph<S, C>, policy: &'g EcPolicy) -> Self {
                Self { graph, policy }
            }
        }

        impl<S, C> Clone for $name<'_, S, C> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<S, C> Copy for $name<'_, S, C> {}

        impl<S: $store, C: $clock> $name<'_, S, C> {
            $($async)? fn run(&self, id: &EcId, operation: Operation<'_>) -> Finished {
                self.graph.$run(self.policy, id, operation)$(.$await)?
            }

            /// Reads the record: a live entry or a tombstone. `None` where there is none, or its retention has ended.
            ///
            /// # Errors
            ///
            /// Where the record cannot be read or the store cannot be reached.
            pub $($async)? fn get(&self, id: &EcId) -> Result<Option<Record>, OperationError> {
                record(self.run(id, Operation::Get)$(.$await)?)
            }

            /// Reads the record's metadata, as [`get`](Self::get) reads the record.
            ///
            /// # Errors
            ///
            /// As [`get`](Self::get).
            pub $($async)? fn get_metadata(&self, id: &EcId) -> Result<Option<KvMetadata>, OperationError> {
                let read = record(self.run(id, Operation::GetMetadata)$(.$await)?)?;
                Ok(read.map(|record| record.metadata))
            }

            /// Writes a new entry where there is no record.
            ///
            /// # Errors
            ///
            /// Where the entry exceeds a limit of `[ec.entry]`, or the store cannot be reached or refuses the write.
            pub $($async)? fn create(
                &self,
                id: &EcId,
                consent: &ConsentStrings,
                geo: &KvGeo,
            ) -> Result<CreateOutcome, OperationError> {
                outcome(self.run(id, Operation::Create { consent, geo })$(.$await)?)
            }

            /// Writes a new entry, or turns a tombstone back into a live entry: the user consents again.
            ///
            /// # Errors
            ///
            /// As [`create`](Self::create), and where the record cannot be read or retries are exhausted.
            pub $($async)? fn create_or_revive(
                &self,
                id: &EcId,
                consent: &ConsentStrings,
                geo: &KvGeo,
            ) -> Result<CreateOrReviveOutcome, OperationError> {
                outcome(self.run(id, Operation::CreateOrRevive { consent, geo })$(.$await)?)
            }

            /// Records that the user was seen at `timestamp`; a time in the future counts as now.
            ///
            /// # Errors
            ///
            /// Where the record cannot be read, or the store cannot be reached or refuses the write.
            pub $($async)? fn update_last_seen(
                &self,
                id: &EcId,
                timestamp: Timestamp,
            ) -> Result<UpdateLastSeenOutcome, OperationError> {
                outcome(self.run(id, Operation::UpdateLastSeen { timestamp })$(.$await)?)
            }

            /// Stores one partner's uid for the user.
            ///
            /// # Errors
            ///
            /// Where the record cannot be read, retries are exhausted, or the store cannot be reached or refuses the write.
            pub $($async)? fn upsert_partner_id(
                &self,
                id: &EcId,
                sync: &PartnerSync,
            ) -> Result<UpsertPartnerIdOutcome, OperationError> {
                outcome(self.run(id, Operation::UpsertPartnerId(sync))$(.$await)?)
            }

            /// Stores several uids of one user in one read and one write. The outcomes are in the order of `syncs`.
            ///
            /// # Errors
            ///
            /// As [`upsert_partner_id`](Self::upsert_partner_id).
            pub $($async)? fn upsert_partner_ids(
                &self,
                id: &EcId,
                syncs: &[PartnerSync],
            ) -> Result<Vec<UpsertPartnerIdOutcome>, OperationError> {
                each(self.run(id, Operation::UpsertPartnerIds(syncs))$(.$await)?)
            }

            /// Records that the user withdrew consent. A withdrawal overrides every other write.
            ///
            /// # Errors
            ///
            /// Where retries are exhausted, or the store cannot be reached or refuses the write.
            pub $($async)? fn write_withdrawal_tombstone(
                &self,
                id: &EcId,
            ) -> Result<WithdrawalOutcome, OperationError> {
                outcome(self.run(id, Operation::WriteWithdrawalTombstone)$(.$await)?)
            }

            /// Erases the record.
            ///
            /// # Errors
            ///
            /// Where the store cannot be reached or refuses the write.
            pub $($async)? fn delete(&self, id: &EcId) -> Result<DeleteOutcome, OperationError> {
                outcome(self.run(id, Operation::Delete)$(.$await)?)
            }
        }
    };
}

handle! {
    /// The operations by name, each under one policy, on a store that blocks: what
    /// [`KvIdentityGraph::under`] returns.
    GraphHandle, KvStore, Clock, run
}

handle! {
    /// The operations by name, each under one policy, on a store that is awaited: what
    /// [`KvIdentityGraph::under_async`] returns.
    AsyncGraphHandle, AsyncKvStore, AsyncClock, run_async, async await
}
