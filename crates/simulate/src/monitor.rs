//! Checks the promises (`docs/semantics.md#promises`) at every operation, in terms of the writes to the store.

use super::context::SimulatedCall;
use super::result::PromiseCheck;
use super::stored_record::{RunResult, StoredRecord, readable};
use edge_cookie::clock::{Moment, Timestamp};
use edge_cookie::engine::{Outcome, RecordState, record_state};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::Renewal;
use edge_cookie::promise::Promise;
use edge_cookie::record::{KvEntry, PartnerId};

/// The promises that a simulation can watch; those that it never checks have a count of zero.
const PROMISES: usize = 8;

/// The calls that an operation may send beyond its retries (promise 5).
const MORE_THAN_RETRIES: u32 = 2;

/// How often each promise was checked, and how often it was broken.
#[derive(Debug, Clone, Default)]
pub(crate) struct PromiseCounters([(u64, u64); PROMISES]);

impl PromiseCounters {
    fn check(&mut self, promise: Promise, holds: bool) {
        let place = usize::from(promise.number()).saturating_sub(1);
        if let Some((watched, broken)) = self.0.get_mut(place) {
            *watched += 1;
            *broken += u64::from(!holds);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, others) in self.0.iter_mut().zip(other.0) {
            mine.0 += others.0;
            mine.1 += others.1;
        }
    }

    pub(crate) fn to_results(&self) -> Vec<PromiseCheck> {
        let counted = Promise::ALL.into_iter().zip(self.0);
        counted
            .map(|(promise, (watched, broken))| PromiseCheck {
                number: promise.number(),
                promise: promise.summary(),
                watched,
                broken,
            })
            .collect()
    }

    /// Checks a write of `call` over `before`, if that is not expired.
    pub(crate) fn check_write(
        &mut self,
        call: &SimulatedCall,
        before: Option<&KvEntry>,
        after: &KvEntry,
    ) {
        let Some(before) = before else {
            return;
        };
        let own = match call {
            SimulatedCall::Touch => None,
            SimulatedCall::Sync { syncs, .. } => syncs.first().map(|sync| &sync.partner),
            SimulatedCall::Create(_) | SimulatedCall::Withdraw => return,
        };
        if before.is_tombstone() {
            self.check(Promise::NoResurrection, after.is_tombstone());
            return;
        }
        self.check(Promise::NoLostUpdate, keeps_ids(before, after, own));
        match call {
            SimulatedCall::Touch => {
                self.check(Promise::LastSeen, before.last_seen < after.last_seen);
            }
            _ => self.check(Promise::OwnNamespace, is_same_but_ids(before, after)),
        }
    }

    /// Checks the number of store calls of an operation.
    pub(crate) fn check_call_count(&mut self, policy: &EcPolicy, reads: u32, writes: u32) {
        let most = policy.cas.max_retries.saturating_add(MORE_THAN_RETRIES);
        self.check(Promise::BoundedWork, reads <= most && writes <= most);
    }
}

fn keeps_ids(before: &KvEntry, after: &KvEntry, own: Option<&PartnerId>) -> bool {
    before.ids.iter().all(|(partner, id)| {
        own == Some(partner) || after.ids.get(partner).is_some_and(|now| now.uid == id.uid)
    })
}

fn is_same_but_ids(before: &KvEntry, after: &KvEntry) -> bool {
    before.created == after.created
        && before.last_seen == after.last_seen
        && before.consent == after.consent
        && before.geo == after.geo
}

/// The monitor of one identity's promises.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct IdentityMonitor {
    /// When its user withdrew, until fresh consent.
    pub(crate) withdrawn: Option<Timestamp>,
    /// The time of the tombstone that must be kept.
    tombstone: Option<Timestamp>,
    created: Timestamp,
    /// The start of the retention period.
    retained: Timestamp,
    touched: Option<Timestamp>,
}

impl IdentityMonitor {
    /// Before an operation: checks that an unexpired tombstone is still there.
    pub(crate) fn check_before(
        &self,
        policy: &EcPolicy,
        slot: Option<&StoredRecord>,
        now: Moment,
        promises: &mut PromiseCounters,
    ) {
        let Some(at) = self.tombstone else {
            return;
        };
        if now.timestamp() <= at.plus_seconds(policy.tombstone.ttl.seconds()) {
            let there = readable(slot, now).is_some_and(|record| record.entry.is_tombstone());
            promises.check(Promise::WithdrawalRemembered, there);
        }
    }

    /// After an operation: checks its write. Returns whether it made a user who withdrew live again.
    pub(crate) fn check_after(
        &mut self,
        policy: &EcPolicy,
        (call, run): (&SimulatedCall, &RunResult),
        slot: Option<&StoredRecord>,
        at: Moment,
        promises: &mut PromiseCounters,
    ) -> bool {
        let now = at.timestamp();
        promises.check_call_count(policy, run.finished.tally.reads, run.finished.tally.writes);
        let Ok(done) = &run.finished.result else {
            return false;
        };
        let created = done.outcome == Outcome::CreatedMinimal;
        if let (Some(_), SimulatedCall::Sync { .. } | SimulatedCall::Touch) = (self.withdrawn, call)
        {
            promises.check(Promise::NoResurrection, !created);
        }
        let (Some(before), Some(after)) = (&run.replaced, slot) else {
            if let (Outcome::Debounced | Outcome::Unchanged | Outcome::AlreadyLive, Some(_)) =
                (done.outcome, slot)
            {
                self.is_retained(policy, now, promises);
            }
            return false;
        };
        let standing_before = readable(before.0.as_ref(), at).filter(|record| {
            record_state(policy, &record.entry, &record.metadata, now) != RecordState::Expired
        });
        if matches!(call, SimulatedCall::Touch) || done.outcome == Outcome::Written {
            self.is_retained(policy, now, promises);
        }
        promises.check_write(
            call,
            standing_before.map(|record| &record.entry),
            &after.entry,
        );
        match call {
            SimulatedCall::Create(_) => {
                *self = Self {
                    created: now,
                    retained: now,
                    ..Self::default()
                };
            }
            SimulatedCall::Withdraw => {
                if done.outcome == Outcome::Withdrawn {
                    (self.withdrawn, self.tombstone) = (Some(now), Some(now));
                }
            }
            SimulatedCall::Touch => {
                if let Some(touched) = self.touched {
                    let apart = now.seconds_since(touched);
                    promises.check(
                        Promise::LastSeen,
                        apart >= policy.last_seen.debounce.seconds(),
                    );
                }
                self.touched = Some(now);
                self.retained = self.renewed(policy, now, true);
            }
            SimulatedCall::Sync { .. } => {
                if created {
                    *self = Self {
                        created: now,
                        retained: now,
                        withdrawn: self.withdrawn,
                        ..Self::default()
                    };
                } else {
                    self.retained = self.renewed(policy, now, false);
                }
                return self.withdrawn.is_some() && created;
            }
        }
        false
    }

    fn renewed(&self, policy: &EcPolicy, now: Timestamp, visited: bool) -> Timestamp {
        match policy.entry.renewal {
            Renewal::OnWrite => self.retained.max(now),
            Renewal::OnVisit if visited => now,
            Renewal::OnVisit => self.retained,
            Renewal::FromCreation => self.created,
        }
    }

    fn is_retained(&self, policy: &EcPolicy, now: Timestamp, promises: &mut PromiseCounters) {
        let until = self.retained.plus_seconds(policy.entry.ttl.seconds());
        promises.check(Promise::Retention, now <= until);
    }
}
