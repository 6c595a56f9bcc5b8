//! The promises of one record, checked against the writes to the store.

mod writes;

use std::rc::Rc;
use std::sync::Arc;

use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{DeleteMode, Expiry, Renewal};
use edge_cookie::promise::Promise;
use edge_cookie::record::KvEntry;

use super::super::action::{Action, MILLIS};
use super::super::store::Version;
use super::{ObservedOperation, OracleViolation, State, check, state, violation};

/// A withdrawal or an erasure that fresh consent has not undone.
#[derive(Debug, Clone, Copy)]
struct Withdrawal {
    since: u64,
    /// Whether the record was removed without a tombstone.
    removed: bool,
}

/// A tombstone, and the last second for which it is promised.
#[derive(Debug, Clone, Copy)]
struct TombstonePromise {
    since: u64,
    until: u64,
}

/// One lifetime of the record.
#[derive(Debug, Clone, Copy)]
struct Lifetime {
    created: u64,
    /// The last visit that was written: consent, or a touch.
    visited: u64,
    /// The start of its retention.
    retained: u64,
}

/// What is promised about one record.
#[derive(Debug, Default)]
pub struct RecordOracle {
    withdrawal: Option<Withdrawal>,
    tombstone: Option<TombstonePromise>,
    lifetime: Option<Lifetime>,
}

impl RecordOracle {
    /// The oracle of a record that another system wrote.
    pub fn of(version: Option<&Rc<Version>>) -> Self {
        let entry = version.and_then(|version| version.content.as_ref());
        let lifetime = entry.map(|(entry, metadata)| Lifetime {
            created: entry.created.unix(),
            visited: latest(entry),
            retained: metadata.t.map_or_else(|| latest(entry), Timestamp::unix),
        });
        Self {
            lifetime,
            ..Self::default()
        }
    }

    /// Checks a lookup that saw the current record.
    pub fn check_read(
        &self,
        op: &ObservedOperation<'_>,
        version: Option<&Version>,
        now: u64,
    ) -> Result<(), OracleViolation> {
        let check_read = state(op.policy, version, op.start);
        if let Some(seen) = self.tombstone {
            let own = seen.since + op.policy.tombstone.ttl.seconds();
            if now / MILLIS <= seen.until && op.start <= own {
                check(
                    check_read == State::Tombstone,
                    Promise::WithdrawalRemembered,
                    "a withdrawal is forgotten",
                )?;
            }
        }
        if check_read != State::Live {
            return Ok(());
        }
        check(
            self.withdrawal.is_none(),
            Promise::NoResurrection,
            "a user who withdrew or was erased is read as live",
        )?;
        let Some(lifetime) = self.lifetime else {
            return violation(
                Promise::NoResurrection,
                "a record is live that was never created",
            );
        };
        if op.policy.entry.expiry == Expiry::Store {
            return Ok(());
        }
        let from = match op.policy.entry.renewal {
            Renewal::FromCreation => lifetime.created,
            Renewal::OnVisit => lifetime.visited,
            Renewal::OnWrite => lifetime.retained,
        };
        let kept = op.start <= from + op.policy.entry.ttl.seconds();
        check(
            kept,
            Promise::Retention,
            "a live entry is read after its retention ended",
        )
    }

    /// Checks that the store did not collect the record too early; `at` is in milliseconds.
    pub fn check_collection(
        &mut self,
        policies: &[Arc<EcPolicy>],
        version: &Version,
        at: u64,
    ) -> Result<(), OracleViolation> {
        let second = at / MILLIS;
        let Some((entry, _)) = &version.content else {
            return violation(Promise::NothingLost, "an unreadable record was collected");
        };
        if !entry.consent.ok {
            let until = self.tombstone.take().map_or(0, |seen| seen.until);
            return check(
                second > until,
                Promise::WithdrawalRemembered,
                "a tombstone was collected too early",
            );
        }
        let lifetime = self.lifetime.take();
        let over = |policy: &Arc<EcPolicy>| {
            lifetime.is_none_or(|lifetime| {
                let from = match policy.entry.renewal {
                    Renewal::FromCreation => lifetime.created,
                    _ => lifetime.retained,
                };
                second > from + policy.entry.ttl.seconds()
            })
        };
        check(
            policies.iter().any(over),
            Promise::NoLostUpdate,
            "a live entry was collected before its time",
        )
    }

    /// Checks a removal of the record.
    pub fn check_removal(
        &mut self,
        op: &ObservedOperation<'_>,
        before: Option<&Rc<Version>>,
    ) -> Result<(), OracleViolation> {
        let may = matches!(op.action, Action::Erase) && op.policy.delete.mode == DeleteMode::Hard;
        check(
            may,
            Promise::NothingLost,
            "a record was removed by an operation that does not erase",
        )?;
        let was = state(op.policy, before.map(|before| &**before), op.start);
        self.lifetime = None;
        self.tombstone = None;
        if was != State::Absent {
            self.withdrawal = Some(Withdrawal {
                since: op.start,
                removed: true,
            });
        }
        Ok(())
    }
}

/// The latest time in an entry that another system wrote.
fn latest(entry: &KvEntry) -> u64 {
    let check_read = entry.last_seen.map_or(0, Timestamp::unix);
    entry
        .created
        .unix()
        .max(check_read)
        .max(entry.consent.updated.unix())
}
