//! The model's actors: pending operations, each a real engine transaction that is replayed from the store's replies.

use std::sync::{Arc, LazyLock};

use super::model_record::ModelRecord;
use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{
    Answer, Consistency, Deleted, Finished, Found, Operation, PartnerSync, Record, Step,
    StoreError, Transaction, UnreadableRecord, Write,
};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::{Seconds, Ttl};
use edge_cookie::record::{ConsentStrings, Generation, KvGeo, PartnerId, Unreadable};

/// The partners in the model.
pub(super) const PARTNERS: [&str; 2] = ["liveramp.com", "id5-sync.com"];

/// The uid of a sync that arrives as soon as it is made.
const FRESH: &str = "fresh";

/// The uid of a sync that arrives late.
const LATE: &str = "late";

/// The time at which the model starts: late enough that every time to live fits before it.
pub(super) const START: Timestamp = Timestamp::from_unix(Ttl::MAX.seconds() << 1);

/// What an actor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ActorAction {
    /// A page visit with consent.
    Consent,
    /// A page visit of a known user.
    Touch,
    /// A partner's sync. A late one is as old as its policy accepts.
    Sync { partner: usize, late: bool },
    /// A withdrawal.
    Withdraw,
    /// The late delivery of a withdrawal that could not be written at its time.
    Deliver,
    /// An erasure.
    Delete,
}

/// The arguments of the operations.
struct ActionInputs {
    consent: ConsentStrings,
    geo: KvGeo,
    partners: [PartnerId; PARTNERS.len()],
}

static INPUTS: LazyLock<ActionInputs> = LazyLock::new(|| {
    let partners = PARTNERS.map(|name| PartnerId::stored(name.into()));
    ActionInputs {
        consent: ConsentStrings::default(),
        geo: KvGeo::default(),
        partners,
    }
});

/// The id of a partner of the model.
pub(super) fn partner_id(partner: usize) -> Option<&'static PartnerId> {
    INPUTS.partners.get(partner)
}

impl ActorAction {
    /// All actions with this number of partners. Only the first partner is late: a second late one adds no new states.
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

    /// The sync to send, if this is one.
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
                consent: &INPUTS.consent,
                geo: &INPUTS.geo,
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

    /// The time of a withdrawal whose delivery starts at `start`: one second earlier, the shortest time that separates what
    /// came before it from what came after.
    pub(super) const fn withdrew(start: Timestamp) -> Timestamp {
        Timestamp::from_unix(start.unix().saturating_sub(1))
    }

    /// The uid that a sync sends.
    const fn uid(self) -> &'static str {
        match self {
            Self::Sync { late: true, .. } => LATE,
            _ => FRESH,
        }
    }

    /// The timestamp of a sync that starts at `start`.
    pub(super) fn synced(self, policy: &EcPolicy, start: Timestamp) -> Timestamp {
        match self {
            Self::Sync { late: true, .. } => {
                Timestamp::from_unix(start.unix().saturating_sub(lateness(policy)))
            }
            _ => start,
        }
    }
}

/// The age of a late sync: the greatest that the policy accepts or, without a limit, longer than any record is kept.
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

/// A store's reply to a call, with the record it held.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum StoreReply {
    /// A lookup found nothing.
    Nothing,
    /// A lookup found this.
    Saw(ModelRecord),
    /// A strongly consistent answer whether there is a record.
    Exists(bool),
    /// The write was done.
    Written,
    /// The deletion was done, and removed this.
    Deleted(Option<ModelRecord>),
    /// The call failed, this many seconds into the operation.
    Failed(CallFailure, u64),
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum CallFailure {
    Unavailable,
    PreconditionFailed,
    RateLimited,
    AnswerLost,
}

impl CallFailure {
    fn error(self) -> StoreError {
        match self {
            Self::Unavailable => StoreError::Unavailable(String::new()),
            Self::PreconditionFailed => StoreError::PreconditionFailed,
            Self::RateLimited => StoreError::RateLimited,
            Self::AnswerLost => StoreError::AnswerLost(String::new()),
        }
    }
}

fn found(record: &ModelRecord) -> Found {
    match &*record.content {
        Some((entry, metadata)) => Found::Record(Box::new(Record {
            entry: entry.clone(),
            metadata: metadata.clone(),
            generation: record.generation,
        })),
        None => Found::Unreadable(Box::new(UnreadableRecord {
            why: Unreadable::NotJson(String::new()),
            generation: record.generation,
        })),
    }
}

impl StoreReply {
    fn answer(&self) -> Answer {
        match self {
            Self::Nothing => Answer::Found(Found::Nothing),
            Self::Saw(record) => Answer::Found(found(record)),
            Self::Exists(there) => Answer::Exists(*there),
            Self::Written => Answer::Written,
            Self::Deleted(None) => Answer::Deleted(Deleted::Nothing),
            Self::Deleted(Some(record)) => Answer::Deleted(Deleted::Was(found(record))),
            Self::Failed(failure, elapsed) => Answer::Failed {
                error: failure.error(),
                elapsed: std::time::Duration::from_secs(*elapsed),
            },
        }
    }

    /// Whether it replies to a write.
    pub(super) const fn answers_write(&self) -> bool {
        !matches!(
            self,
            Self::Nothing
                | Self::Saw(_)
                | Self::Exists(_)
                | Self::Failed(CallFailure::Unavailable, _)
        )
    }

    /// Whether the operation retries after it, if it continues.
    pub(super) const fn is_retried(&self) -> bool {
        matches!(self, Self::Failed(failure, _) if !matches!(failure, CallFailure::Unavailable))
    }

    /// Seconds since the operation's start, where the reply has them.
    fn elapsed(&self) -> u64 {
        match self {
            Self::Failed(_, elapsed) => *elapsed,
            _ => 0,
        }
    }
}

/// A call that an operation requests of the store.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum StoreRequest {
    Lookup,
    Exists,
    Insert(Arc<Write>),
    Delete,
}

/// Whether an operation is delayed before its first call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delay {
    None,
    /// Since it started, when this was the record.
    Since(Option<Generation>),
}

/// An operation that has not ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PendingOperation {
    pub(super) action: ActorAction,
    /// The index of its policy.
    pub(super) policy: usize,
    pub(super) start: Timestamp,
    /// The number of retries it may make.
    pub(super) limit: usize,
    pub(super) delay: Delay,
    /// Whether it was pending when time last moved.
    pub(super) waited: bool,
    pub(super) replies: Vec<StoreReply>,
    pub(super) request: StoreRequest,
    /// The request whose reply was lost, until it requests another write.
    pub(super) lost: Option<StoreRequest>,
}

impl PendingOperation {
    /// The number of replies that `counts` accepts.
    pub(super) fn count(&self, counts: impl Fn(&StoreReply) -> bool) -> usize {
        self.replies.iter().filter(|reply| counts(reply)).count()
    }
}

/// The state of a transaction after its replies were replayed.
pub(super) enum ReplayOutcome {
    Request(StoreRequest),
    Finished(Finished),
}

impl PendingOperation {
    /// Starts an operation; `None` if it ends without a store call.
    pub(super) fn start(
        action: ActorAction,
        (index, policy): (usize, &EcPolicy),
        start: Timestamp,
        consistency: Consistency,
        delay: Delay,
    ) -> Option<Self> {
        match replay(action, policy, start, consistency, &[]) {
            ReplayOutcome::Request(request) => Some(Self {
                action,
                policy: index,
                start,
                limit: policy.cas.max_retries as usize,
                delay,
                waited: false,
                replies: Vec::new(),
                request,
                lost: None,
            }),
            ReplayOutcome::Finished(_) => None,
        }
    }

    /// Gives the operation a reply. Returns the result if the operation ends.
    pub(super) fn receive(
        &mut self,
        reply: StoreReply,
        policy: &EcPolicy,
        consistency: Consistency,
    ) -> Option<Finished> {
        if let StoreReply::Failed(CallFailure::AnswerLost, _) = reply {
            self.lost = Some(self.request.clone());
        }
        self.replies.push(reply);
        match replay(self.action, policy, self.start, consistency, &self.replies) {
            ReplayOutcome::Request(request) => {
                if matches!(request, StoreRequest::Insert(_))
                    && self.lost.as_ref() != Some(&request)
                {
                    self.lost = None;
                }
                self.request = request;
                None
            }
            ReplayOutcome::Finished(finished) => Some(finished),
        }
    }
}

/// Replays a transaction from its start. Waits end immediately: only the model moves time.
fn replay(
    action: ActorAction,
    policy: &EcPolicy,
    start: Timestamp,
    consistency: Consistency,
    replies: &[StoreReply],
) -> ReplayOutcome {
    let sync = action.sync(policy, start);
    let operation = action.operation(sync.as_ref(), start);
    let mut transaction = Transaction::new(policy, operation, start, consistency);
    let mut elapsed = 0;
    for reply in replies {
        transaction.resume(reply.answer());
        elapsed = reply.elapsed().max(elapsed);
        while let Step::Wait(_) = transaction.step() {
            transaction.resume(Answer::Waited {
                elapsed: std::time::Duration::from_secs(elapsed),
            });
        }
    }
    let request = match transaction.step() {
        Step::Lookup => Some(StoreRequest::Lookup),
        Step::Exists => Some(StoreRequest::Exists),
        Step::Insert(pending) => Some(StoreRequest::Insert(Arc::new(pending.write()))),
        Step::Delete => Some(StoreRequest::Delete),
        Step::Wait(_) | Step::End => None,
    };
    request.map_or_else(
        || ReplayOutcome::Finished(transaction.finish()),
        ReplayOutcome::Request,
    )
}
