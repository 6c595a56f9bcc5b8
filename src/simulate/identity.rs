//! One EC id through the simulation: its record, what was promised of it, and who met on it.

use super::account::{Accounts, word};
use super::emit::Emitter;
use super::ground::{Call, Ground};
use super::held::{Generations, Held, kept, run_alone};
use super::meeting::{Meeting, Part};
use super::watch::Watch;
use crate::engine::{Consistency, Done, OperationError, Outcome, Transaction};
use crate::record::PartnerId;
use crate::service::rejected;

/// One EC id.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    slot: Option<Held>,
    watch: Watch,
    meeting: Meeting,
    /// When its visitor withdrew first, as long as that counts.
    gone_from: Option<u64>,
}

/// What a part of the simulation writes to.
pub(crate) struct Books<'b> {
    pub(crate) accounts: &'b mut Accounts,
    pub(crate) generations: &'b mut Generations,
    pub(crate) emitter: Option<&'b mut Emitter>,
}

/// Who calls: whose id it is, when, and from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    /// The visitor, and which of the visitor's ids.
    pub(crate) visitor: u64,
    pub(crate) number: u64,
    pub(crate) at: u64,
    pub(crate) edge: u64,
}

impl Identity {
    /// Runs `call`; tells how it ended, none where it failed.
    pub(crate) fn run(
        &mut self,
        ground: &Ground<'_>,
        caller: &Caller,
        call: Call,
        books: &mut Books<'_>,
    ) -> Option<Outcome> {
        let at = caller.at;
        if self.meeting.is_over(at) {
            self.close(ground, caller, books);
        }
        let now = ground.moment(at);
        let policy = ground.policy;
        if let Some(emitter) = &mut books.emitter {
            emitter.emit(ground, caller, &call);
        }
        let slot = self.slot.as_ref();
        self.watch
            .before(policy, slot, now, &mut books.accounts.promises);
        let operation = ground.operation(&call, now.timestamp());
        let name = operation.as_str();
        let transaction = Transaction::new(policy, operation, now.timestamp(), Consistency::Strong);
        let is_touch = matches!(call, Call::Touch);
        let ran = run_alone(
            transaction,
            now,
            &mut self.slot,
            books.generations,
            is_touch,
        );
        let accounts = &mut *books.accounts;
        accounts.ran(at, name, word(&ran.finished), ran.finished.tally);
        let slot = self.slot.as_ref();
        let recreated = self
            .watch
            .after(policy, (&call, &ran), slot, now, &mut accounts.promises);
        accounts.gone.recreated += u64::from(recreated);
        if let Some(before) = &ran.replaced {
            let from = ground.moment(0).unix_millis();
            let until = |held: &Held| held.expires.unix_millis().saturating_sub(from);
            accounts.replaced(at, before.0.as_ref(), slot, until);
        }
        self.note(ground, at, &call, ran.finished.result.as_ref(), accounts);
        let outcome = ran.finished.result.as_ref().ok().map(|done| done.outcome);
        let part = Part {
            call,
            at,
            edge: caller.edge,
            alone: ran.finished.tally,
        };
        self.meeting.join(ground, part, ran.replaced);
        outcome
    }

    /// What the end of an operation means to the figures.
    fn note(
        &mut self,
        ground: &Ground<'_>,
        at: u64,
        call: &Call,
        result: Result<&Done, &OperationError>,
        accounts: &mut Accounts,
    ) {
        match (call, result) {
            (Call::Withdraw, Ok(done)) => {
                accounts.avoided.repeated += u64::from(done.outcome == Outcome::AlreadyWithdrawn);
                accounts.avoided.unknown += u64::from(done.outcome == Outcome::NotFound);
            }
            (Call::Create(_), Ok(done)) => {
                if done.outcome == Outcome::Revived && self.gone_from.take().is_some() {
                    accounts.gone.undone += 1;
                }
            }
            (Call::Touch, Ok(done)) => {
                accounts.avoided.debounced += u64::from(done.outcome == Outcome::Debounced);
                self.seen(ground, at, done.outcome, accounts);
            }
            (Call::Sync { partner, syncs }, Ok(done)) => {
                accounts.avoided.unchanged += u64::from(done.outcome == Outcome::Unchanged);
                for outcome in &done.each {
                    match rejected(*outcome, ground.policy.sync.reasons) {
                        Some(reason) => accounts.refuse(*partner, reason, 1),
                        None => self.synced(
                            ground,
                            at,
                            syncs.first().map(|sync| &sync.partner),
                            accounts,
                        ),
                    }
                }
            }
            (Call::Sync { partner, syncs }, Err(error)) => {
                accounts.refuse(*partner, error.as_str(), syncs.len() as u64);
            }
            (_, Err(_)) => {}
        }
    }

    fn seen(&self, ground: &Ground<'_>, at: u64, outcome: Outcome, accounts: &mut Accounts) {
        let live = matches!(
            outcome,
            Outcome::Debounced | Outcome::Touched | Outcome::Stale
        );
        let last = self.slot.as_ref().and_then(|held| held.entry.last_seen);
        if let Some(last) = last.filter(|_| live) {
            let now = ground.moment(at).timestamp();
            accounts.seen_lag.note(now.seconds_since(last));
        }
    }

    fn synced(
        &self,
        ground: &Ground<'_>,
        at: u64,
        partner: Option<&PartnerId>,
        accounts: &mut Accounts,
    ) {
        let held = self.slot.as_ref().zip(partner);
        let synced = held.and_then(|(held, partner)| held.entry.ids.get(partner)?.synced);
        if let Some(synced) = synced {
            let now = ground.moment(at).timestamp();
            accounts.uid_age.note(now.seconds_since(synced));
        }
    }

    /// Its visitor withdraws, known by a cookie.
    pub(crate) fn leaves(&mut self, at: u64, accounts: &mut Accounts) {
        if self.gone_from.is_none() {
            self.gone_from = Some(at);
            accounts.gone.withdrawals += 1;
        }
    }

    /// Whether the store has a live entry of it.
    pub(crate) fn is_live(&self, ground: &Ground<'_>, at: u64) -> bool {
        let now = ground.moment(at);
        kept(self.slot.as_ref(), now)
            .is_some_and(|held| !held.entry.is_tombstone() && !ground.counts_as_gone(held, now))
    }

    fn close(&mut self, ground: &Ground<'_>, caller: &Caller, books: &mut Books<'_>) {
        let dice = (caller.visitor << VISITOR_BITS) ^ caller.at;
        self.meeting
            .close(ground, self.slot.as_ref(), dice, books.accounts);
    }

    /// The workload is over.
    pub(crate) fn end(&mut self, ground: &Ground<'_>, caller: &Caller, books: &mut Books<'_>) {
        self.close(ground, caller, books);
        if let Some(from) = self.gone_from {
            let trace = self
                .slot
                .as_ref()
                .map_or(0, |held| held.expires.unix_millis());
            let seconds =
                trace.saturating_sub(ground.moment(from).unix_millis()) / MILLIS_PER_SECOND;
            *books.accounts.gone.after.entry(seconds).or_default() += 1;
        }
    }
}

/// Tells the meetings of one visitor from those of another.
const VISITOR_BITS: u32 = 40;
const MILLIS_PER_SECOND: u64 = 1_000;
