//! The promises of `POLICY.md`, watched at every operation, in terms of what is done to the store.

use super::ground::Call;
use super::held::{Held, Ran, kept};
use super::result::Promise;
use crate::clock::{Moment, Timestamp};
use crate::engine::{Outcome, RecordState, record_state};
use crate::policy::EcPolicy;
use crate::policy::settings::Renewal;
use crate::record::{KvEntry, PartnerId};

/// The promises, in a few words, in the order of their numbers.
const PROMISES: [&str; 8] = [
    "no sync and no touch makes a record live after a withdrawal",
    "a uid whose write was acknowledged stands",
    "a withdrawal is remembered for its time",
    "last_seen never goes back, and is written no oftener than its debounce",
    "no operation sends more calls than its retries allow",
    "a partner changes its own uid and nothing else",
    "unknown fields and unreadable records survive",
    "no read returns an entry past its retention",
];

const RESURRECTION: usize = 0;
const UPDATE: usize = 1;
const WITHDRAWAL: usize = 2;
const LAST_SEEN: usize = 3;
const WORK: usize = 4;
const NAMESPACE: usize = 5;
const RETENTION: usize = 7;

/// How many more calls than it may retry an operation sends at most (`POLICY.md`, promise 5).
const MORE_THAN_RETRIES: u32 = 2;

/// How often each promise was put to the test, and broken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Promises([(u64, u64); PROMISES.len()]);

impl Promises {
    fn test(&mut self, promise: usize, holds: bool) {
        if let Some((watched, broken)) = self.0.get_mut(promise) {
            *watched += 1;
            *broken += u64::from(!holds);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (mine, others) in self.0.iter_mut().zip(other.0) {
            mine.0 += others.0;
            mine.1 += others.1;
        }
    }

    pub(crate) fn told(&self) -> Vec<Promise> {
        let numbered = (1_u8..).zip(PROMISES).zip(self.0);
        numbered
            .map(|((number, promise), (watched, broken))| Promise {
                number,
                promise,
                watched,
                broken,
            })
            .collect()
    }

    /// A write of `call` over `before`, which counts as standing.
    pub(crate) fn written(&mut self, call: &Call, before: Option<&KvEntry>, after: &KvEntry) {
        let Some(before) = before else {
            return;
        };
        let own = match call {
            Call::Touch => None,
            Call::Sync { syncs, .. } => syncs.first().map(|sync| &sync.partner),
            Call::Create(_) | Call::Withdraw => return,
        };
        if before.is_tombstone() {
            self.test(RESURRECTION, after.is_tombstone());
            return;
        }
        self.test(UPDATE, keeps_ids(before, after, own));
        match call {
            Call::Touch => self.test(LAST_SEEN, before.last_seen < after.last_seen),
            _ => self.test(NAMESPACE, is_same_but_ids(before, after)),
        }
    }

    /// The calls that an operation sent.
    pub(crate) fn worked(&mut self, policy: &EcPolicy, reads: u32, writes: u32) {
        let most = policy.cas.max_retries.saturating_add(MORE_THAN_RETRIES);
        self.test(WORK, reads <= most && writes <= most);
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

/// What was promised of one identity.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Watch {
    /// When its user withdrew, until fresh consent.
    pub(crate) withdrawn: Option<Timestamp>,
    /// The tombstone that must stand.
    tombstone: Option<Timestamp>,
    created: Timestamp,
    /// What retention counts from.
    retained: Timestamp,
    touched: Option<Timestamp>,
}

impl Watch {
    /// Before an operation: a tombstone whose time is not over must be there.
    pub(crate) fn before(
        &self,
        policy: &EcPolicy,
        slot: Option<&Held>,
        now: Moment,
        promises: &mut Promises,
    ) {
        let Some(at) = self.tombstone else {
            return;
        };
        if now.timestamp() <= at.plus_seconds(policy.tombstone.ttl.seconds()) {
            let there = kept(slot, now).is_some_and(|held| held.entry.is_tombstone());
            promises.test(WITHDRAWAL, there);
        }
    }

    /// After an operation that ended well; tells whether it made a user who withdrew live again.
    pub(crate) fn after(
        &mut self,
        policy: &EcPolicy,
        (call, ran): (&Call, &Ran),
        slot: Option<&Held>,
        at: Moment,
        promises: &mut Promises,
    ) -> bool {
        let now = at.timestamp();
        promises.worked(policy, ran.finished.tally.reads, ran.finished.tally.writes);
        let Ok(done) = &ran.finished.result else {
            return false;
        };
        let created = done.outcome == Outcome::CreatedMinimal;
        if let (Some(_), Call::Sync { .. } | Call::Touch) = (self.withdrawn, call) {
            promises.test(RESURRECTION, !created);
        }
        let (Some(before), Some(after)) = (&ran.replaced, slot) else {
            if let (Outcome::Debounced | Outcome::Unchanged | Outcome::AlreadyLive, Some(_)) =
                (done.outcome, slot)
            {
                self.is_retained(policy, now, promises);
            }
            return false;
        };
        let standing_before = kept(before.0.as_ref(), at).filter(|held| {
            record_state(policy, &held.entry, &held.metadata, now) != RecordState::Expired
        });
        if matches!(call, Call::Touch) || done.outcome == Outcome::Written {
            self.is_retained(policy, now, promises);
        }
        promises.written(call, standing_before.map(|held| &held.entry), &after.entry);
        match call {
            Call::Create(_) => {
                *self = Self {
                    created: now,
                    retained: now,
                    ..Self::default()
                };
            }
            Call::Withdraw => {
                if done.outcome == Outcome::Withdrawn {
                    (self.withdrawn, self.tombstone) = (Some(now), Some(now));
                }
            }
            Call::Touch => {
                if let Some(touched) = self.touched {
                    let apart = now.seconds_since(touched);
                    promises.test(LAST_SEEN, apart >= policy.last_seen.debounce.seconds());
                }
                self.touched = Some(now);
                self.retained = self.renewed(policy, now, true);
            }
            Call::Sync { .. } => {
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

    fn is_retained(&self, policy: &EcPolicy, now: Timestamp, promises: &mut Promises) {
        let until = self.retained.plus_seconds(policy.entry.ttl.seconds());
        promises.test(RETENTION, now <= until);
    }
}
