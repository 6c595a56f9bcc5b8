//! One EC id in the simulation: its record, the monitor of its promises, and its concurrent operations.

use super::caller::Caller;
use super::contention_window::{ContentionWindow, Participant};
use super::context::{SimulatedCall, SimulationContext};
use super::counters::{Counters, outcome_name};
use super::emit::EventEmitter;
use super::monitor::IdentityMonitor;
use super::stored_record::{GenerationCounter, StoredRecord, readable, run_uncontended};
use edge_cookie::engine::{Consistency, Done, OperationError, Outcome, Transaction};
use edge_cookie::record::PartnerId;
use edge_cookie_service::rejected;

/// One EC id.
#[derive(Debug, Default)]
pub(crate) struct SimulatedIdentity {
    slot: Option<StoredRecord>,
    monitor: IdentityMonitor,
    window: ContentionWindow,
    /// When its visitor first withdrew, unless fresh consent undid it.
    withdrawn_at: Option<u64>,
}

/// The outputs of a simulation thread.
pub(crate) struct Sinks<'b> {
    pub(crate) counters: &'b mut Counters,
    pub(crate) generations: &'b mut GenerationCounter,
    pub(crate) emitter: Option<&'b mut EventEmitter>,
}

impl SimulatedIdentity {
    /// Runs `call`. Returns its outcome, or `None` if it failed.
    pub(crate) fn run(
        &mut self,
        context: &SimulationContext<'_>,
        caller: &Caller,
        call: SimulatedCall,
        sinks: &mut Sinks<'_>,
    ) -> Result<Outcome, OperationError> {
        let at = caller.at;
        if self.window.is_over(at) {
            self.close(context, caller, sinks);
        }
        let now = context.moment(at);
        let policy = context.policy;
        if let Some(emitter) = &mut sinks.emitter {
            emitter.emit(context, caller, &call);
        }
        let slot = self.slot.as_ref();
        self.monitor
            .check_before(policy, slot, now, &mut sinks.counters.promises);
        let operation = context.operation(&call, now.timestamp());
        let name = operation.as_str();
        let transaction = Transaction::new(policy, operation, now.timestamp(), Consistency::Strong);
        let is_touch = matches!(call, SimulatedCall::Touch);
        let run = run_uncontended(
            transaction,
            now,
            &mut self.slot,
            sinks.generations,
            is_touch,
        );
        let counters = &mut *sinks.counters;
        counters.record_operation(at, name, outcome_name(&run.finished), run.finished.tally);
        let slot = self.slot.as_ref();
        let recreated =
            self.monitor
                .check_after(policy, (&call, &run), slot, now, &mut counters.promises);
        counters.withdrawals.recreated += u64::from(recreated);
        if let Some(before) = &run.replaced {
            let from = context.moment(0).unix_millis();
            let until = |record: &StoredRecord| record.expires.unix_millis().saturating_sub(from);
            counters.record_replacement(at, before.0.as_ref(), slot, until);
        }
        self.record_outcome(context, at, &call, run.finished.result.as_ref(), counters);
        let outcome = run.finished.result.map(|done| done.outcome);
        let participant = Participant {
            call,
            at,
            edge: caller.edge,
            alone: run.finished.tally,
        };
        self.window.add(context, participant, run.replaced);
        outcome
    }

    /// Updates the counters after an operation.
    fn record_outcome(
        &mut self,
        context: &SimulationContext<'_>,
        at: u64,
        call: &SimulatedCall,
        result: Result<&Done, &OperationError>,
        counters: &mut Counters,
    ) {
        match (call, result) {
            (SimulatedCall::Withdraw, Ok(done)) => {
                counters.avoided.repeated += u64::from(done.outcome == Outcome::AlreadyWithdrawn);
                counters.avoided.unknown += u64::from(done.outcome == Outcome::NotFound);
            }
            (SimulatedCall::Create(_), Ok(done)) => {
                if done.outcome == Outcome::Revived && self.withdrawn_at.take().is_some() {
                    counters.withdrawals.undone += 1;
                }
            }
            (SimulatedCall::Touch, Ok(done)) => {
                counters.avoided.debounced += u64::from(done.outcome == Outcome::Debounced);
                self.record_last_seen_lag(context, at, done.outcome, counters);
            }
            (SimulatedCall::Sync { partner, syncs }, Ok(done)) => {
                counters.avoided.unchanged += u64::from(done.outcome == Outcome::Unchanged);
                for outcome in &done.each {
                    match rejected(*outcome, context.policy.sync.reasons) {
                        Some(reason) => counters.record_refusal(*partner, reason, 1),
                        None => self.record_uid_age(
                            context,
                            at,
                            syncs.first().map(|sync| &sync.partner),
                            counters,
                        ),
                    }
                }
            }
            (SimulatedCall::Sync { partner, syncs }, Err(error)) => {
                counters.record_refusal(*partner, error.as_str(), syncs.len() as u64);
            }
            (_, Err(_)) => {}
        }
    }

    fn record_last_seen_lag(
        &self,
        context: &SimulationContext<'_>,
        at: u64,
        outcome: Outcome,
        counters: &mut Counters,
    ) {
        let live = matches!(
            outcome,
            Outcome::Debounced | Outcome::Touched | Outcome::Stale
        );
        let last = self.slot.as_ref().and_then(|record| record.entry.last_seen);
        if let Some(last) = last.filter(|_| live) {
            let now = context.moment(at).timestamp();
            counters.seen_lag.add(now.seconds_since(last));
        }
    }

    fn record_uid_age(
        &self,
        context: &SimulationContext<'_>,
        at: u64,
        partner: Option<&PartnerId>,
        counters: &mut Counters,
    ) {
        let record = self.slot.as_ref().zip(partner);
        let synced = record.and_then(|(record, partner)| record.entry.ids.get(partner)?.synced);
        if let Some(synced) = synced {
            let now = context.moment(at).timestamp();
            counters.uid_age.add(now.seconds_since(synced));
        }
    }

    /// Records a withdrawal by its visitor, who has the cookie.
    pub(crate) fn record_withdrawal(&mut self, at: u64, counters: &mut Counters) {
        if self.withdrawn_at.is_none() {
            self.withdrawn_at = Some(at);
            counters.withdrawals.count += 1;
        }
    }

    /// Whether the store has a live entry for it.
    pub(crate) fn is_live(&self, context: &SimulationContext<'_>, at: u64) -> bool {
        let now = context.moment(at);
        readable(self.slot.as_ref(), now)
            .is_some_and(|record| !record.entry.is_tombstone() && !context.is_expired(record, now))
    }

    fn close(&mut self, context: &SimulationContext<'_>, caller: &Caller, sinks: &mut Sinks<'_>) {
        let rng = (caller.visitor << VISITOR_BITS) ^ caller.at;
        self.window
            .close(context, self.slot.as_ref(), rng, sinks.counters);
    }

    /// Ends the simulation of this id.
    pub(crate) fn finish(
        &mut self,
        context: &SimulationContext<'_>,
        caller: &Caller,
        sinks: &mut Sinks<'_>,
    ) {
        self.close(context, caller, sinks);
        if let Some(from) = self.withdrawn_at {
            let trace = self
                .slot
                .as_ref()
                .map_or(0, |record| record.expires.unix_millis());
            let seconds =
                trace.saturating_sub(context.moment(from).unix_millis()) / MILLIS_PER_SECOND;
            *sinks.counters.withdrawals.after.entry(seconds).or_default() += 1;
        }
    }
}

/// The shift that gives each visitor its own indexes for contention windows.
const VISITOR_BITS: u32 = 40;
const MILLIS_PER_SECOND: u64 = 1_000;
