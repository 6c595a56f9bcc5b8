//! Concurrent operations on one record: the same calls at the same times, interleaved.
//!
//! A store call takes the workload's latency and takes effect when it ends. The extra calls are counted; the record then
//! continues as if the operations had run one after another, so that the totals equal those of `ec apply`.

use std::time::Duration;

use super::context::{SimulatedCall, SimulationContext};
use super::counters::{ContentionStats, Counters};
use super::rng::{Rng, RngStream};
use super::stored_record::{GenerationCounter, ReplacedRecord, StoredRecord, readable};
use edge_cookie::clock::Moment;
use edge_cookie::engine::{
    Answer, Consistency, Deleted, Found, OperationError, Step, StoreError, Tally, Transaction,
};

/// An operation in a window.
#[derive(Debug)]
pub(crate) struct Participant {
    pub(crate) call: SimulatedCall,
    /// When it starts.
    pub(crate) at: u64,
    pub(crate) edge: u64,
    /// The calls it made without contention.
    pub(crate) alone: Tally,
}

/// Operations that may overlap, and the record before the first of them wrote.
#[derive(Debug, Default)]
pub(crate) struct ContentionWindow {
    participants: Vec<Participant>,
    /// The record before the first write; `None` if nothing was written.
    before: Option<ReplacedRecord>,
    /// The time until which a new operation can still be affected.
    until: u64,
}

const SECOND: u64 = 1_000;
/// The calls of one attempt: a read and a write.
const CALLS: u64 = 2;

impl ContentionWindow {
    /// Whether an operation that starts at `at` overlaps no other.
    pub(crate) const fn is_over(&self, at: u64) -> bool {
        at >= self.until
    }

    pub(crate) fn add(
        &mut self,
        context: &SimulationContext<'_>,
        participant: Participant,
        replaced: Option<ReplacedRecord>,
    ) {
        let writes = participant.alone.writes > 0 || needs_exists_check(context, &participant.call);
        if writes || participant.at < self.until {
            let until = participant
                .at
                .saturating_add(self.duration(context, &participant));
            if writes {
                self.until = self.until.max(until);
            }
            if self.before.is_none() {
                self.before = replaced;
            }
            self.participants.push(participant);
        }
    }

    /// How long an operation can affect others: until it has ended, including the retries that earlier ones may cause, and
    /// until its write is visible everywhere and no longer counts against the store's rate limit.
    fn duration(&self, context: &SimulationContext<'_>, participant: &Participant) -> u64 {
        let (store, cas) = (&context.workload.store, &context.policy.cas);
        let retries = u64::from(cas.max_retries).min(self.participants.len() as u64);
        let calls = u64::from(participant.alone.reads + participant.alone.writes) + CALLS * retries;
        let waits = millis(cas.max_backoff.duration()).saturating_mul(retries);
        let limit = if store.writes_a_second > 0 { SECOND } else { 0 };
        let visible_record = limit.max(store.staleness);
        (calls * store.latency)
            .saturating_add(waits)
            .saturating_add(visible_record)
    }

    /// Closes the window. If it has several operations, runs them concurrently.
    ///
    /// `slot` is the record now; `rng` is the index of this window's random stream.
    pub(crate) fn close(
        &mut self,
        context: &SimulationContext<'_>,
        slot: Option<&StoredRecord>,
        rng: u64,
        counters: &mut Counters,
    ) {
        let alone = self.participants.len() == 1
            && !self
                .participants
                .iter()
                .any(|participant| needs_exists_check(context, &participant.call));
        let before = self.before.take();
        if !self.participants.is_empty() && !alone {
            let mut run = ContentionRun {
                context,
                rng: context.rng(RngStream::ContentionWindow, rng),
                versions: vec![RecordVersion {
                    at: 0,
                    edge: None,
                    record: before.map_or_else(|| slot.cloned(), |before| before.0),
                }],
                accepted: Vec::new(),
                generations: GenerationCounter::separate(),
                counters,
            };
            run.run_all(&self.participants);
        }
        self.participants.clear();
        self.until = 0;
    }
}

/// Whether an operation makes an extra call on a store with stale lookups, even without contention.
fn needs_exists_check(context: &SimulationContext<'_>, call: &SimulatedCall) -> bool {
    context.consistency == Consistency::Eventual && matches!(call, SimulatedCall::Withdraw)
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

/// The record as one write left it.
struct RecordVersion {
    at: u64,
    /// The edge that wrote it; `None` for the record before the window.
    edge: Option<u64>,
    record: Option<StoredRecord>,
}

/// An operation that has not ended.
struct RunningCall<'p> {
    transaction: Transaction<'p>,
    participant: &'p Participant,
    /// The time at which its current step ends.
    due: u64,
    stats: ContentionStats,
}

struct ContentionRun<'p, 'w, 'a> {
    context: &'p SimulationContext<'w>,
    rng: Rng,
    versions: Vec<RecordVersion>,
    /// The times of accepted writes, for the store's rate limit.
    accepted: Vec<u64>,
    generations: GenerationCounter,
    counters: &'a mut Counters,
}

impl<'p> ContentionRun<'p, '_, '_> {
    fn run_all(&mut self, participants: &'p [Participant]) {
        let mut coming = participants.iter().peekable();
        let mut running: Vec<RunningCall<'p>> = Vec::with_capacity(participants.len());
        loop {
            let next = (running.iter().enumerate()).min_by_key(|(_, running)| running.due);
            let next = next.map(|(index, running)| (index, running.due));
            if let Some(participant) =
                coming.next_if(|participant| next.is_none_or(|(_, due)| participant.at <= due))
            {
                running.push(self.start(participant));
                continue;
            }
            let Some((index, due)) = next else {
                return;
            };
            if running
                .get_mut(index)
                .is_some_and(|running| self.advance(running, due))
            {
                let ended = running.swap_remove(index);
                self.end(ended);
            }
        }
    }

    fn start(&mut self, participant: &'p Participant) -> RunningCall<'p> {
        let context = self.context;
        let now = context.moment(participant.at).timestamp();
        let operation = context.operation(&participant.call, now);
        let transaction = Transaction::new(context.policy, operation, now, context.consistency);
        let mut running = RunningCall {
            transaction,
            participant,
            due: participant.at,
            stats: ContentionStats {
                operations: 1,
                ..ContentionStats::default()
            },
        };
        running.due = self.due_after(&running, participant.at);
        running
    }

    /// The time at which the current step ends.
    fn due_after(&mut self, running: &RunningCall<'_>, at: u64) -> u64 {
        match running.transaction.step() {
            Step::Wait(wait) => at.saturating_add(millis(wait.length(|| self.rng.next_u64()))),
            Step::End => at,
            _ => at.saturating_add(self.context.workload.store.latency),
        }
    }

    /// Runs the step that is due and starts the next one. Returns whether the operation has ended.
    fn advance(&mut self, running: &mut RunningCall<'p>, at: u64) -> bool {
        let elapsed = Duration::from_millis(at.saturating_sub(running.participant.at));
        let now = self.context.moment(at);
        let answer = match running.transaction.step() {
            Step::End => return true,
            Step::Lookup => {
                let visible_record = self.visible_record(running.participant.edge, at);
                Answer::Found(
                    readable(visible_record, now).map_or(Found::Nothing, StoredRecord::found),
                )
            }
            Step::Exists => Answer::Exists(current(&self.versions, now).is_some()),
            Step::Wait(_) => Answer::Waited { elapsed },
            Step::Delete => {
                let was = current(&self.versions, now).map(StoredRecord::found);
                self.push_version(running.participant.edge, at, None);
                Answer::Deleted(was.map_or(Deleted::Nothing, Deleted::Was))
            }
            Step::Insert(pending) => {
                let write = pending.write();
                let current = current(&self.versions, now);
                if self.is_over_limit(at) {
                    running.stats.rate_limited += 1;
                    Answer::Failed {
                        error: StoreError::RateLimited,
                        elapsed,
                    }
                } else if write
                    .precondition
                    .holds(current.map(|record| record.generation))
                {
                    let before = current.filter(|record| !self.context.is_expired(record, now));
                    let before = before.map(|record| &record.entry);
                    self.counters.promises.check_write(
                        &running.participant.call,
                        before,
                        &write.entry,
                    );
                    // The size is not used here.
                    let record = StoredRecord::new(write, now, self.generations.next(), Some(0));
                    self.push_version(running.participant.edge, at, Some(record));
                    Answer::Written
                } else {
                    running.stats.conflicts += 1;
                    Answer::Failed {
                        error: StoreError::PreconditionFailed,
                        elapsed,
                    }
                }
            }
        };
        running.transaction.resume(answer);
        running.due = self.due_after(running, at);
        matches!(running.transaction.step(), Step::End)
    }

    fn end(&mut self, running: RunningCall<'_>) {
        let finished = running.transaction.finish();
        let (tally, alone) = (finished.tally, running.participant.alone);
        self.counters
            .promises
            .check_call_count(self.context.policy, tally.reads, tally.writes);
        self.counters.extra_reads += i64::from(tally.reads) - i64::from(alone.reads);
        self.counters.extra_writes += i64::from(tally.writes) - i64::from(alone.writes);
        let gave_up = matches!(
            finished.result,
            Err(OperationError::RetriesExhausted { .. }
                | OperationError::DeadlinePassed { .. }
                | OperationError::RateLimited)
        );
        let stats = ContentionStats {
            retries: u64::from(tally.retries),
            exhausted: u64::from(gave_up),
            ..running.stats
        };
        self.counters
            .record_contention(running.participant.call.partner(), &stats);
    }

    /// The record that a lookup at `edge` sees: the edge's own writes, and those of others that are old enough.
    fn visible_record(&mut self, edge: u64, at: u64) -> Option<&StoredRecord> {
        let lag = self.rng.below(self.context.workload.store.staleness + 1);
        let sees = |version: &&RecordVersion| {
            version
                .edge
                .is_none_or(|writer| writer == edge || version.at + lag <= at)
        };
        self.versions.iter().rev().find(sees)?.record.as_ref()
    }

    fn push_version(&mut self, edge: u64, at: u64, record: Option<StoredRecord>) {
        self.accepted.push(at);
        self.versions.push(RecordVersion {
            at,
            edge: Some(edge),
            record,
        });
    }

    /// Whether the store has reached its rate limit in this second.
    fn is_over_limit(&self, at: u64) -> bool {
        let limit = self.context.workload.store.writes_a_second;
        let within = |accepted: &&u64| at.saturating_sub(**accepted) < SECOND;
        let taken = self.accepted.iter().rev().take_while(within).count() as u64;
        limit > 0 && taken >= limit
    }
}

/// The record that the store has at `now`.
fn current(versions: &[RecordVersion], now: Moment) -> Option<&StoredRecord> {
    readable(versions.last()?.record.as_ref(), now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Caller;
    use crate::identity::{SimulatedIdentity, Sinks};
    use crate::workload::Workload;
    use edge_cookie::engine::PartnerSync;
    use edge_cookie::policy::EcPolicy;
    use edge_cookie::record::PartnerId;

    const ONE: &str = r#"
        visitors = 1
        days = 3650
        [[audience]]
        share = 1
        [[regions]]
        country = "DE"
        share = 1
        consents = 1
        [[partners]]
        id = "a.example"
        [store]
        latency = "3s"
    "#;

    /// Runs syncs of one record at random times, `mean` apart, without retries. Returns the share that conflicts.
    fn share_of_conflicts(mean: u32, operations: u32) -> f64 {
        let workload = Workload::read("one.toml", ONE).workload.unwrap();
        let mut policy = EcPolicy::default();
        policy.cas.max_retries = 0;
        let context = SimulationContext::new(&workload, &policy, 1, workload.starts);
        let mut counters = Counters::new(1, 1);
        let mut generations = GenerationCounter::default();
        let mut sinks = Sinks {
            counters: &mut counters,
            generations: &mut generations,
            emitter: None,
        };
        let mut identity = SimulatedIdentity::default();
        let mut caller = Caller {
            visitor: 0,
            number: 0,
            at: 0,
            edge: 0,
        };
        let _ = identity.run(&context, &caller, SimulatedCall::Create(0), &mut sinks);
        let mut rng = context.rng(RngStream::Visitor, 0);
        caller.at = 1_000_000;
        for _ in 0..operations {
            caller.at += rng.exponential(mean.into());
            let sync = PartnerSync {
                partner: PartnerId::parse("a.example").unwrap(),
                uid: "u".into(),
                timestamp: context.moment(caller.at).timestamp(),
            };
            let syncs = vec![sync];
            let _ = identity.run(
                &context,
                &caller,
                SimulatedCall::Sync { partner: 0, syncs },
                &mut sinks,
            );
        }
        identity.finish(&context, &caller, &mut sinks);
        let conflicts = u32::try_from(counters.contention[0].conflicts).unwrap();
        f64::from(conflicts) / f64::from(operations)
    }

    /// A sync that starts at `s` reads at `s + L` and writes at `s + 2L`, where `L` is the store's latency. Its write is
    /// refused if another one was accepted after that read, that is if a successful sync started in `(s - L, s]`. Without
    /// retries this is a counter with a dead time of `L` after each success: with arrivals at rate `r`, the rate of successes
    /// is `r / (1 + rL)` (renewal theory: `L`, then on average `1 / r` until the next), and all others conflict.
    #[test]
    fn conflicts_of_random_writers_are_those_of_a_counter_with_a_dead_time() {
        for mean in [3_000, 10_000, 60_000] {
            let load = 3_000.0 / f64::from(mean);
            let expected = load / (1.0 + load);
            let found = share_of_conflicts(mean, 20_000);
            // Four standard deviations of as many independent trials, plus the rounding to milliseconds.
            let close = 4.0 * (expected * (1.0 - expected) / 20_000.0).sqrt() + 0.001;
            assert!(
                (found - expected).abs() < close,
                "{mean}: {found}, {expected}"
            );
        }
    }
}
