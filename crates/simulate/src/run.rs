//! Runs a workload under a policy: visitors in any order on any number of threads, because no two share a record.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};

use super::context::SimulationContext;
use super::counters::Counters;
use super::emit::{EmittedEvent, EventEmitter};
use super::log::VisitLog;
use super::partner_traffic::{BatchSchedule, PartnerTraffic, visits_a_day};
use super::rng::RngStream;
use super::stored_record::GenerationCounter;
use super::visitor_session::{VisitorSession, VisitorState};
use super::visits::{GeneratedVisits, visits_from_log};
use super::workload::Workload;
use edge_cookie::policy::EcPolicy;

/// One simulation to run.
pub(crate) struct SimulationJob<'j> {
    pub(crate) workload: &'j Workload,
    pub(crate) log: Option<&'j VisitLog>,
    pub(crate) policy: &'j EcPolicy,
    pub(crate) seed: u64,
    /// Whether to collect the operations as events.
    pub(crate) emit: bool,
    pub(crate) threads: NonZeroUsize,
    /// Called with the number of visitors that are done.
    pub(crate) progress: &'j (dyn Fn(u64) + Sync),
}

/// The number of visitors that a thread takes at a time.
const CHUNK: u64 = 512;

/// The counters of a run, and its operations in the order of their times.
pub(crate) struct RunCounters {
    pub(crate) counters: Counters,
    pub(crate) events: Vec<EmittedEvent>,
    pub(crate) batches: Vec<BatchSchedule>,
}

impl Workload {
    /// The number of requests with forged ids over all days.
    pub(crate) const fn forged_requests(&self) -> u64 {
        self.forged.a_day.saturating_mul(self.days)
    }
}

impl SimulationJob<'_> {
    pub(crate) fn run(&self) -> RunCounters {
        let workload = self.workload;
        let context = SimulationContext::new(workload, self.policy, self.seed, workload.starts);
        let visits = self.log.map_or_else(
            || visits_a_day(workload),
            |log| log.visits_a_day(workload.visit_gap()),
        );
        let batches: Vec<BatchSchedule> = workload
            .partners
            .iter()
            .map(|partner| BatchSchedule::for_partner(partner, workload, self.policy, visits))
            .collect();
        let all = workload.visitors + workload.forged_requests();
        let next = AtomicU64::new(0);
        let worker = || self.run_worker(&context, &batches, &next, all);
        let parts: Vec<(Counters, Vec<EmittedEvent>)> = std::thread::scope(|scope| {
            let others: Vec<_> = (1..self.threads.get())
                .map(|_| scope.spawn(worker))
                .collect();
            let mut parts = vec![worker()];
            for other in others {
                match other.join() {
                    Ok(done) => parts.push(done),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            parts
        });
        let mut counters = Counters::new(workload.days, workload.partners.len());
        let mut events = Vec::new();
        for (part, own) in parts {
            counters.merge(part);
            events.extend(own);
        }
        events.sort_unstable();
        RunCounters {
            counters,
            events,
            batches,
        }
    }

    /// Runs one thread: takes visitors until all are done.
    fn run_worker(
        &self,
        context: &SimulationContext<'_>,
        batches: &[BatchSchedule],
        next: &AtomicU64,
        all: u64,
    ) -> (Counters, Vec<EmittedEvent>) {
        let workload = self.workload;
        let mut counters = Counters::new(workload.days, workload.partners.len());
        let mut generations = GenerationCounter::default();
        let mut emitter = EventEmitter::default();
        let mut session = VisitorSession {
            context,
            batches,
            counters: &mut counters,
            generations: &mut generations,
            emitter: self.emit.then_some(&mut emitter),
            traffic: PartnerTraffic::default(),
            identities: Vec::new(),
            state: VisitorState::initial(context),
        };
        loop {
            let first = next.fetch_add(CHUNK, Ordering::Relaxed);
            if first >= all {
                break;
            }
            let end = all.min(first + CHUNK);
            for visitor in first..end {
                if visitor >= workload.visitors {
                    session.run_forged_request(visitor - workload.visitors);
                    continue;
                }
                if let Some(pages) = self.log.and_then(|log| log.pages(visitor)) {
                    session.run(visitor, visits_from_log(pages, workload.visit_gap()));
                } else {
                    let rng = context.rng(RngStream::Visits, visitor);
                    session.run(visitor, GeneratedVisits::new(context, rng));
                }
            }
            (self.progress)(end - first);
        }
        (counters, emitter.lines)
    }
}
