//! Runs a workload under a policy: visitors in any order on any number of threads, since no two share a record.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};

use super::account::Accounts;
use super::dice::Stream;
use super::emit::{Emitted, Emitter};
use super::ground::Ground;
use super::held::Generations;
use super::log::Log;
use super::traffic::{Batches, Traffic, visits_a_day};
use super::visitor::{Course, Who};
use super::visits::{Drawn, logged};
use super::workload::Workload;
use crate::policy::EcPolicy;

/// One simulation to be run.
pub(crate) struct Job<'j> {
    pub(crate) workload: &'j Workload,
    pub(crate) log: Option<&'j Log>,
    pub(crate) policy: &'j EcPolicy,
    pub(crate) seed: u64,
    /// Whether the operations are kept as events.
    pub(crate) emit: bool,
    pub(crate) threads: NonZeroUsize,
    /// Told of each visitor that is done.
    pub(crate) progress: &'j (dyn Fn(u64) + Sync),
}

/// Visitors that a thread takes at once.
const TOGETHER: u64 = 512;

/// What a run counted, and its operations in the order of their times.
pub(crate) struct Counted {
    pub(crate) accounts: Accounts,
    pub(crate) events: Vec<Emitted>,
    pub(crate) batches: Vec<Batches>,
}

impl Workload {
    /// Requests with forged ids, over all days.
    pub(crate) const fn forged_requests(&self) -> u64 {
        self.forged.a_day.saturating_mul(self.days)
    }
}

impl Job<'_> {
    pub(crate) fn run(&self) -> Counted {
        let workload = self.workload;
        let ground = Ground::new(workload, self.policy, self.seed, workload.starts);
        let visits = self.log.map_or_else(
            || visits_a_day(workload),
            |log| log.visits_a_day(workload.visit_gap()),
        );
        let batches: Vec<Batches> = workload
            .partners
            .iter()
            .map(|partner| Batches::of(partner, workload, self.policy, visits))
            .collect();
        let all = workload.visitors + workload.forged_requests();
        let next = AtomicU64::new(0);
        let part = || self.part(&ground, &batches, &next, all);
        let parts: Vec<(Accounts, Vec<Emitted>)> = std::thread::scope(|scope| {
            let others: Vec<_> = (1..self.threads.get()).map(|_| scope.spawn(part)).collect();
            let mut parts = vec![part()];
            for other in others {
                match other.join() {
                    Ok(done) => parts.push(done),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            parts
        });
        let mut accounts = Accounts::new(workload.days, workload.partners.len());
        let mut events = Vec::new();
        for (part, own) in parts {
            accounts.add(part);
            events.extend(own);
        }
        events.sort_unstable();
        Counted {
            accounts,
            events,
            batches,
        }
    }

    /// What one thread does: takes visitors until none is left.
    fn part(
        &self,
        ground: &Ground<'_>,
        batches: &[Batches],
        next: &AtomicU64,
        all: u64,
    ) -> (Accounts, Vec<Emitted>) {
        let workload = self.workload;
        let mut accounts = Accounts::new(workload.days, workload.partners.len());
        let mut generations = Generations::default();
        let mut emitter = Emitter::default();
        let mut course = Course {
            ground,
            batches,
            accounts: &mut accounts,
            generations: &mut generations,
            emitter: self.emit.then_some(&mut emitter),
            traffic: Traffic::default(),
            identities: Vec::new(),
            who: Who::nobody(ground),
        };
        loop {
            let first = next.fetch_add(TOGETHER, Ordering::Relaxed);
            if first >= all {
                break;
            }
            let end = all.min(first + TOGETHER);
            for visitor in first..end {
                if visitor >= workload.visitors {
                    course.forge(visitor - workload.visitors);
                    continue;
                }
                if let Some(pages) = self.log.and_then(|log| log.pages(visitor)) {
                    course.follow(visitor, logged(pages, workload.visit_gap()));
                } else {
                    let dice = ground.dice(Stream::Visits, visitor);
                    course.follow(visitor, Drawn::new(ground, dice));
                }
            }
            (self.progress)(end - first);
        }
        (accounts, emitter.lines)
    }
}
