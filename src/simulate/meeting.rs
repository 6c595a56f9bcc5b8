//! What operations do to each other that meet on one record: the same calls at the same times, side by side.
//!
//! A call of the store takes the workload's latency and does its work as it ends. What a meeting adds is counted; the
//! record then goes on as if the operations had run one after another, so that the totals stay those of `ec apply`.

use std::time::Duration;

use super::account::{Accounts, Met};
use super::dice::{Dice, Stream};
use super::ground::{Call, Ground};
use super::held::{Before, Generations, Held, kept};
use crate::clock::Moment;
use crate::engine::{
    Answer, Consistency, Deleted, Found, OperationError, Step, StoreError, Tally, Transaction,
};

/// An operation that takes part.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) call: Call,
    /// When it starts.
    pub(crate) at: u64,
    pub(crate) edge: u64,
    /// What it cost on its own.
    pub(crate) alone: Tally,
}

/// Operations that may meet, and the record before the first of them wrote.
#[derive(Debug, Default)]
pub(crate) struct Meeting {
    parts: Vec<Part>,
    /// The record before the first write; none where nothing was written.
    before: Option<Before>,
    /// Until when what was done can still matter to who comes.
    until: u64,
}

const SECOND: u64 = 1_000;
/// Calls of an attempt: a read and a write.
const CALLS: u64 = 2;

impl Meeting {
    /// Whether who comes at `at` meets nobody.
    pub(crate) const fn is_over(&self, at: u64) -> bool {
        at >= self.until
    }

    pub(crate) fn join(&mut self, ground: &Ground<'_>, part: Part, replaced: Option<Before>) {
        let writes = part.alone.writes > 0 || must_make_sure(ground, &part.call);
        if writes || part.at < self.until {
            let until = part.at.saturating_add(self.reach(ground, &part));
            if writes {
                self.until = self.until.max(until);
            }
            if self.before.is_none() {
                self.before = replaced;
            }
            self.parts.push(part);
        }
    }

    /// For how long what `part` does can matter: until it has ended, with the retries that those before it may cause, and its
    /// write is seen everywhere and no longer counts for the store's limit.
    fn reach(&self, ground: &Ground<'_>, part: &Part) -> u64 {
        let (store, cas) = (&ground.workload.store, &ground.policy.cas);
        let retries = u64::from(cas.max_retries).min(self.parts.len() as u64);
        let calls = u64::from(part.alone.reads + part.alone.writes) + CALLS * retries;
        let waits = millis(cas.max_backoff.duration()).saturating_mul(retries);
        let limit = if store.writes_a_second > 0 { SECOND } else { 0 };
        let seen = limit.max(store.staleness);
        (calls * store.latency)
            .saturating_add(waits)
            .saturating_add(seen)
    }

    /// Ends the meeting: where several took part, they run side by side.
    ///
    /// `slot` is the record now; `dice` tells this meeting's chance from any other's.
    pub(crate) fn close(
        &mut self,
        ground: &Ground<'_>,
        slot: Option<&Held>,
        dice: u64,
        accounts: &mut Accounts,
    ) {
        let alone = self.parts.len() == 1
            && !self
                .parts
                .iter()
                .any(|part| must_make_sure(ground, &part.call));
        let before = self.before.take();
        if !self.parts.is_empty() && !alone {
            let mut run = Run {
                ground,
                dice: ground.dice(Stream::Meeting, dice),
                versions: vec![Version {
                    at: 0,
                    edge: None,
                    held: before.map_or_else(|| slot.cloned(), |before| before.0),
                }],
                accepted: Vec::new(),
                generations: Generations::apart(),
                accounts,
            };
            run.all(&self.parts);
        }
        self.parts.clear();
        self.until = 0;
    }
}

/// Whether an operation costs more on a store whose lookups lag behind, even where it meets nobody.
fn must_make_sure(ground: &Ground<'_>, call: &Call) -> bool {
    ground.consistency == Consistency::Eventual && matches!(call, Call::Withdraw)
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

/// The record as one write left it.
struct Version {
    at: u64,
    /// Whose write it was; none where it was there before.
    edge: Option<u64>,
    held: Option<Held>,
}

/// An operation under way.
struct Running<'p> {
    transaction: Transaction<'p>,
    part: &'p Part,
    /// When what it waits for is done.
    due: u64,
    met: Met,
}

struct Run<'p, 'w, 'a> {
    ground: &'p Ground<'w>,
    dice: Dice,
    versions: Vec<Version>,
    /// When writes were accepted, for the store's limit.
    accepted: Vec<u64>,
    generations: Generations,
    accounts: &'a mut Accounts,
}

impl<'p> Run<'p, '_, '_> {
    fn all(&mut self, parts: &'p [Part]) {
        let mut coming = parts.iter().peekable();
        let mut running: Vec<Running<'p>> = Vec::with_capacity(parts.len());
        loop {
            let next = (running.iter().enumerate()).min_by_key(|(_, running)| running.due);
            let next = next.map(|(index, running)| (index, running.due));
            if let Some(part) = coming.next_if(|part| next.is_none_or(|(_, due)| part.at <= due)) {
                running.push(self.begin(part));
                continue;
            }
            let Some((index, due)) = next else {
                return;
            };
            if running
                .get_mut(index)
                .is_some_and(|running| self.go_on(running, due))
            {
                let ended = running.swap_remove(index);
                self.end(ended);
            }
        }
    }

    fn begin(&mut self, part: &'p Part) -> Running<'p> {
        let ground = self.ground;
        let now = ground.moment(part.at).timestamp();
        let operation = ground.operation(&part.call, now);
        let transaction = Transaction::new(ground.policy, operation, now, ground.consistency);
        let mut running = Running {
            transaction,
            part,
            due: part.at,
            met: Met {
                operations: 1,
                ..Met::default()
            },
        };
        running.due = self.due_after(&running, part.at);
        running
    }

    /// When the step that is asked for now is done.
    fn due_after(&mut self, running: &Running<'_>, at: u64) -> u64 {
        match running.transaction.step() {
            Step::Wait(wait) => at.saturating_add(millis(wait.length(|| self.dice.roll()))),
            Step::End => at,
            _ => at.saturating_add(self.ground.workload.store.latency),
        }
    }

    /// Does the step that is due, and asks for the next; tells whether the operation has ended.
    fn go_on(&mut self, running: &mut Running<'p>, at: u64) -> bool {
        let elapsed = Duration::from_millis(at.saturating_sub(running.part.at));
        let now = self.ground.moment(at);
        let answer = match running.transaction.step() {
            Step::End => return true,
            Step::Lookup => {
                let seen = self.seen(running.part.edge, at);
                Answer::Found(kept(seen, now).map_or(Found::Nothing, Held::found))
            }
            Step::Exists => Answer::Exists(current(&self.versions, now).is_some()),
            Step::Wait(_) => Answer::Waited { elapsed },
            Step::Delete => {
                let was = current(&self.versions, now).map(Held::found);
                self.put(running.part.edge, at, None);
                Answer::Deleted(was.map_or(Deleted::Nothing, Deleted::Was))
            }
            Step::Insert(pending) => {
                let write = pending.write();
                let current = current(&self.versions, now);
                if self.is_over_limit(at) {
                    running.met.rate_limited += 1;
                    Answer::Failed {
                        error: StoreError::RateLimited,
                        elapsed,
                    }
                } else if write
                    .precondition
                    .holds(current.map(|held| held.generation))
                {
                    let before = current.filter(|held| !self.ground.counts_as_gone(held, now));
                    let before = before.map(|held| &held.entry);
                    self.accounts
                        .promises
                        .written(&running.part.call, before, &write.entry);
                    // Nobody asks how long it is.
                    let held = Held::new(write, now, self.generations.next(), Some(0));
                    self.put(running.part.edge, at, Some(held));
                    Answer::Written
                } else {
                    running.met.conflicts += 1;
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

    fn end(&mut self, running: Running<'_>) {
        let finished = running.transaction.finish();
        let (tally, alone) = (finished.tally, running.part.alone);
        self.accounts
            .promises
            .worked(self.ground.policy, tally.reads, tally.writes);
        self.accounts.extra_reads += i64::from(tally.reads) - i64::from(alone.reads);
        self.accounts.extra_writes += i64::from(tally.writes) - i64::from(alone.writes);
        let gave_up = matches!(
            finished.result,
            Err(OperationError::RetriesExhausted { .. }
                | OperationError::DeadlinePassed { .. }
                | OperationError::RateLimited)
        );
        let met = Met {
            retries: u64::from(tally.retries),
            exhausted: u64::from(gave_up),
            ..running.met
        };
        self.accounts.meet(running.part.call.partner(), &met);
    }

    /// The record as a lookup at `edge` sees it: what the edge wrote itself, and what others wrote long enough ago.
    fn seen(&mut self, edge: u64, at: u64) -> Option<&Held> {
        let lag = self.dice.below(self.ground.workload.store.staleness + 1);
        let sees = |version: &&Version| {
            version
                .edge
                .is_none_or(|writer| writer == edge || version.at + lag <= at)
        };
        self.versions.iter().rev().find(sees)?.held.as_ref()
    }

    fn put(&mut self, edge: u64, at: u64, held: Option<Held>) {
        self.accepted.push(at);
        self.versions.push(Version {
            at,
            edge: Some(edge),
            held,
        });
    }

    /// Whether the store has taken as many writes in this second as it takes.
    fn is_over_limit(&self, at: u64) -> bool {
        let limit = self.ground.workload.store.writes_a_second;
        let within = |accepted: &&u64| at.saturating_sub(**accepted) < SECOND;
        let taken = self.accepted.iter().rev().take_while(within).count() as u64;
        limit > 0 && taken >= limit
    }
}

/// The record that the store has at `now`.
fn current(versions: &[Version], now: Moment) -> Option<&Held> {
    kept(versions.last()?.held.as_ref(), now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::PartnerSync;
    use crate::policy::EcPolicy;
    use crate::record::PartnerId;
    use crate::simulate::identity::{Books, Caller, Identity};
    use crate::simulate::workload::Workload;

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

    /// Syncs of one record that come at random, `mean` apart, each tried once; gives back the share that conflicts.
    fn share_of_conflicts(mean: u32, operations: u32) -> f64 {
        let workload = Workload::read("one.toml", ONE).workload.unwrap();
        let mut policy = EcPolicy::default();
        policy.cas.max_retries = 0;
        let ground = Ground::new(&workload, &policy, 1, workload.starts);
        let mut accounts = Accounts::new(1, 1);
        let mut generations = Generations::default();
        let mut books = Books {
            accounts: &mut accounts,
            generations: &mut generations,
            emitter: None,
        };
        let mut identity = Identity::default();
        let mut caller = Caller {
            visitor: 0,
            number: 0,
            at: 0,
            edge: 0,
        };
        identity.run(&ground, &caller, Call::Create(0), &mut books);
        let mut dice = ground.dice(Stream::Visitor, 0);
        caller.at = 1_000_000;
        for _ in 0..operations {
            caller.at += dice.exponential(mean.into());
            let sync = PartnerSync {
                partner: PartnerId::parse("a.example").unwrap(),
                uid: "u".into(),
                timestamp: ground.moment(caller.at).timestamp(),
            };
            let syncs = vec![sync];
            identity.run(
                &ground,
                &caller,
                Call::Sync { partner: 0, syncs },
                &mut books,
            );
        }
        identity.end(&ground, &caller, &mut books);
        let conflicts = u32::try_from(accounts.met[0].conflicts).unwrap();
        f64::from(conflicts) / f64::from(operations)
    }

    /// A sync that starts at `s` reads at `s + L` and writes at `s + 2L`, with `L` the store's latency. Its write is refused
    /// exactly where another one was accepted after that read, and so where a sync that succeeded started in `(s - L, s]`. Without
    /// retries this is a counter with a dead time of `L` after each success: with arrivals at a rate `r`, successes come at
    /// the rate `r / (1 + rL)` (renewal theory: `L`, then on average `1 / r` until the next), and all others conflict.
    #[test]
    fn conflicts_of_random_writers_are_those_of_a_counter_with_a_dead_time() {
        for mean in [3_000, 10_000, 60_000] {
            let load = 3_000.0 / f64::from(mean);
            let expected = load / (1.0 + load);
            let found = share_of_conflicts(mean, 20_000);
            // Four standard deviations of as many independent trials, and what counting in milliseconds adds.
            let close = 4.0 * (expected * (1.0 - expected) / 20_000.0).sqrt() + 0.001;
            assert!(
                (found - expected).abs() < close,
                "{mean}: {found}, {expected}"
            );
        }
    }
}
