//! What the actors of a model do: operations under way, each a real transaction that is played again from its answers.

use std::sync::{Arc, LazyLock};

use super::world::Held;
use crate::clock::Timestamp;
use crate::engine::{
    Answer, Consistency, Deleted, Finished, Found, Operation, PartnerSync, Record, Step,
    StoreError, Transaction, UnreadableRecord, Write,
};
use crate::policy::EcPolicy;
use crate::policy::types::{Seconds, Ttl};
use crate::record::{ConsentStrings, Generation, KvGeo, PartnerId, Unreadable};

/// The partners of a model, by name.
pub(super) const PARTNERS: [&str; 2] = ["liveramp.com", "id5-sync.com"];

/// The uid of a sync that is made when it comes.
const FRESH: &str = "fresh";

/// The uid of a sync that comes late.
const LATE: &str = "late";

/// When a model begins: so late that every time to live fits before it.
pub(super) const START: Timestamp = Timestamp::from_unix(Ttl::MAX.seconds() << 1);

/// What an actor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Act {
    /// A page visit with consent.
    Consent,
    /// A page visit of a user who is known.
    Touch,
    /// A partner's sync; a late one is as old as its policy lets in.
    Sync { partner: usize, late: bool },
    /// A withdrawal.
    Withdraw,
    /// The delivery of a withdrawal that could not be written when it was made.
    Deliver,
    /// An erasure.
    Delete,
}

/// What acts say when they are made operations.
struct Said {
    consent: ConsentStrings,
    geo: KvGeo,
    partners: [PartnerId; PARTNERS.len()],
}

static SAID: LazyLock<Said> = LazyLock::new(|| {
    let partners = PARTNERS.map(|name| PartnerId::stored(name.into()));
    Said {
        consent: ConsentStrings::default(),
        geo: KvGeo::default(),
        partners,
    }
});

/// The id of a partner of the model.
pub(super) fn partner_id(partner: usize) -> Option<&'static PartnerId> {
    SAID.partners.get(partner)
}

impl Act {
    /// What there is to do, with so many partners. Only the first is late: another's lateness shows nothing new.
    pub(super) fn all(partners: usize) -> impl Iterator<Item = Self> {
        let fresh = (0..partners).map(|partner| Self::Sync {
            partner,
            late: false,
        });
        let late = (0..partners.min(1)).map(|partner| Self::Sync {
            partner,
            late: true,
        });
        let others = [
            Self::Consent,
            Self::Touch,
            Self::Withdraw,
            Self::Deliver,
            Self::Delete,
        ];
        others.into_iter().chain(fresh).chain(late)
    }

    /// The sync that this is, if it is one.
    fn sync(self, policy: &EcPolicy, start: Timestamp) -> Option<PartnerSync> {
        let Self::Sync { partner, .. } = self else {
            return None;
        };
        Some(PartnerSync {
            partner: partner_id(partner)?.clone(),
            uid: self.uid().into(),
            timestamp: self.synced(policy, start),
        })
    }

    fn operation(self, sync: Option<&PartnerSync>, start: Timestamp) -> Operation<'_> {
        match self {
            Self::Consent => Operation::CreateOrRevive {
                consent: &SAID.consent,
                geo: &SAID.geo,
            },
            Self::Touch => Operation::UpdateLastSeen { timestamp: start },
            Self::Sync { .. } => sync.map_or(Operation::Get, Operation::UpsertPartnerId),
            Self::Withdraw => Operation::WriteWithdrawalTombstone,
            Self::Deliver => Operation::DeliverWithdrawal {
                at: Self::withdrew(start),
            },
            Self::Delete => Operation::Delete,
        }
    }

    /// When the user withdrew whose withdrawal is delivered from `start` on: in the second before, the shortest time that
    /// tells what came before it from what came after.
    pub(super) const fn withdrew(start: Timestamp) -> Timestamp {
        Timestamp::from_unix(start.unix().saturating_sub(1))
    }

    /// The uid that a sync brings.
    const fn uid(self) -> &'static str {
        match self {
            Self::Sync { late: true, .. } => LATE,
            _ => FRESH,
        }
    }

    /// When a sync that starts at `start` says it was made.
    pub(super) fn synced(self, policy: &EcPolicy, start: Timestamp) -> Timestamp {
        match self {
            Self::Sync { late: true, .. } => {
                Timestamp::from_unix(start.unix().saturating_sub(lateness(policy)))
            }
            _ => start,
        }
    }
}

/// The age of a late sync: the greatest that is let in, and where that has no bound, longer than anything is kept.
pub(super) fn lateness(policy: &EcPolicy) -> u64 {
    let longest = || {
        policy
            .entry
            .ttl
            .seconds()
            .saturating_add(policy.tombstone.ttl.seconds())
    };
    policy.sync.max_age.map_or_else(longest, Seconds::seconds)
}

/// What an operation was told, with what the store held.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    /// A lookup found nothing.
    Nothing,
    /// A lookup found this.
    Saw(Held),
    /// A certain answer whether there is a record.
    Exists(bool),
    /// The write was done.
    Written,
    /// The deletion was done, and met this.
    Deleted(Option<Held>),
    /// The call failed, so many seconds into the operation.
    Failed(Failure, u64),
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Failure {
    Unavailable,
    PreconditionFailed,
    RateLimited,
    AnswerLost,
}

impl Failure {
    fn error(self) -> StoreError {
        match self {
            Self::Unavailable => StoreError::Unavailable(String::new()),
            Self::PreconditionFailed => StoreError::PreconditionFailed,
            Self::RateLimited => StoreError::RateLimited,
            Self::AnswerLost => StoreError::AnswerLost(String::new()),
        }
    }
}

fn found(held: &Held) -> Found {
    match &*held.content {
        Some((entry, metadata)) => Found::Record(Box::new(Record {
            entry: entry.clone(),
            metadata: metadata.clone(),
            generation: held.generation,
        })),
        None => Found::Unreadable(Box::new(UnreadableRecord {
            why: Unreadable::NotJson(String::new()),
            generation: held.generation,
        })),
    }
}

impl Told {
    fn answer(&self) -> Answer {
        match self {
            Self::Nothing => Answer::Found(Found::Nothing),
            Self::Saw(held) => Answer::Found(found(held)),
            Self::Exists(there) => Answer::Exists(*there),
            Self::Written => Answer::Written,
            Self::Deleted(None) => Answer::Deleted(Deleted::Nothing),
            Self::Deleted(Some(held)) => Answer::Deleted(Deleted::Was(found(held))),
            Self::Failed(failure, elapsed) => Answer::Failed {
                error: failure.error(),
                elapsed: std::time::Duration::from_secs(*elapsed),
            },
        }
    }

    /// Whether a write was asked for.
    pub(super) const fn answers_write(&self) -> bool {
        !matches!(
            self,
            Self::Nothing | Self::Saw(_) | Self::Exists(_) | Self::Failed(Failure::Unavailable, _)
        )
    }

    /// Whether the operation tries again after it, if it goes on.
    pub(super) const fn is_retried(&self) -> bool {
        matches!(self, Self::Failed(failure, _) if !matches!(failure, Failure::Unavailable))
    }

    /// When an answer came, where that was told.
    fn elapsed(&self) -> u64 {
        match self {
            Self::Failed(_, elapsed) => *elapsed,
            _ => 0,
        }
    }
}

/// What an operation asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asks {
    Lookup,
    Exists,
    Insert(Arc<Write>),
    Delete,
}

/// Whether an operation is held up before its first call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeldUp {
    No,
    /// Since it started, when this stood there.
    Since(Option<Generation>),
}

/// An operation under way.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Running {
    pub(super) act: Act,
    /// Which policy it is under.
    pub(super) policy: usize,
    pub(super) start: Timestamp,
    /// How often it may try again.
    pub(super) limit: usize,
    pub(super) held_up: HeldUp,
    /// Whether it was under way when time passed last.
    pub(super) waited: bool,
    pub(super) told: Vec<Told>,
    pub(super) asks: Asks,
    /// What it asked for when an answer was lost, until it asks for another write.
    pub(super) lost: Option<Asks>,
}

impl Running {
    /// How many answers it had that count as these.
    pub(super) fn count(&self, counts: impl Fn(&Told) -> bool) -> usize {
        self.told.iter().filter(|told| counts(told)).count()
    }
}

/// Where an answer leads.
pub(super) enum Then {
    Asks(Asks),
    Ended(Finished),
}

impl Running {
    /// Starts an operation; none where it ends without asking for anything.
    pub(super) fn start(
        act: Act,
        (index, policy): (usize, &EcPolicy),
        start: Timestamp,
        consistency: Consistency,
        held_up: HeldUp,
    ) -> Option<Self> {
        match play(act, policy, start, consistency, &[]) {
            Then::Asks(asks) => Some(Self {
                act,
                policy: index,
                start,
                limit: policy.cas.max_retries as usize,
                held_up,
                waited: false,
                told: Vec::new(),
                asks,
                lost: None,
            }),
            Then::Ended(_) => None,
        }
    }

    /// Tells the operation an answer.
    pub(super) fn tell(
        &mut self,
        told: Told,
        policy: &EcPolicy,
        consistency: Consistency,
    ) -> Option<Finished> {
        if let Told::Failed(Failure::AnswerLost, _) = told {
            self.lost = Some(self.asks.clone());
        }
        self.told.push(told);
        match play(self.act, policy, self.start, consistency, &self.told) {
            Then::Asks(asks) => {
                if matches!(asks, Asks::Insert(_)) && self.lost.as_ref() != Some(&asks) {
                    self.lost = None;
                }
                self.asks = asks;
                None
            }
            Then::Ended(finished) => Some(finished),
        }
    }
}

/// Plays a transaction from its start. Waits are over at once: time passes when the model lets it.
fn play(
    act: Act,
    policy: &EcPolicy,
    start: Timestamp,
    consistency: Consistency,
    told: &[Told],
) -> Then {
    let sync = act.sync(policy, start);
    let operation = act.operation(sync.as_ref(), start);
    let mut transaction = Transaction::new(policy, operation, start, consistency);
    let mut elapsed = 0;
    for told in told {
        transaction.resume(told.answer());
        elapsed = told.elapsed().max(elapsed);
        while let Step::Wait(_) = transaction.step() {
            transaction.resume(Answer::Waited {
                elapsed: std::time::Duration::from_secs(elapsed),
            });
        }
    }
    let asks = match transaction.step() {
        Step::Lookup => Some(Asks::Lookup),
        Step::Exists => Some(Asks::Exists),
        Step::Insert(pending) => Some(Asks::Insert(Arc::new(pending.write()))),
        Step::Delete => Some(Asks::Delete),
        Step::Wait(_) | Step::End => None,
    };
    asks.map_or_else(|| Then::Ended(transaction.finish()), Then::Asks)
}
