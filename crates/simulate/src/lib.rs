//! Simulates a workload on the real engine in virtual time: what a policy costs, and what it stores and loses.
//!
//! Each visitor's page views, consent choices and partner syncs are drawn from a [workload](workload::Workload) or taken from
//! a [log](log::VisitLog). Each request becomes the operations that the service would run, on the engine's own
//! transactions, one after another: these are the totals, and they equal what `ec apply` counts for the same events. Where the
//! calls of two edges overlap on a record, the same operations run a second time concurrently; the extra calls are reported
//! separately. [`report`] renders the result.
//!
//! ```
//! use edge_cookie::policy::resolve::resolve;
//! use edge_cookie_simulate::workload::Workload;
//! use edge_cookie_simulate::{SimulatedPolicy, Simulator};
//!
//! let text = r#"
//! visitors = 100
//! days = 2
//! [[audience]]
//! share = 1.0
//! every = "1d"
//! [[regions]]
//! country = "DE"
//! share = 1.0
//! consents = 1.0
//! "#;
//! let workload = Workload::read("small.toml", text).workload.unwrap();
//! let simulator = Simulator::new(&workload);
//! let defaults = resolve(&[]);
//! let result = simulator.compare(&[SimulatedPolicy { profile: "development", resolved: &defaults }]);
//! let policy = &result.profiles[0];
//! assert!(policy.totals.writes < policy.totals.operations);
//! assert_eq!(policy.broken().count(), 0);
//! ```

mod caller;
mod contention_window;
mod context;
mod counters;
mod diurnal_profile;
mod emit;
mod fields;
mod identity;
pub mod log;
mod log_rules;
mod monitor;
mod page_times;
mod partner_traffic;
pub mod report;
pub mod result;
mod rng;
mod run;
mod signals;
mod stored_record;
mod summarize;
mod sweep;
mod visitor_session;
mod visits;
pub mod workload;

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use edge_cookie::policy::difference::{Difference, between};
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::policy::setting::full_key;
pub use emit::EmittedEvent;
use log::VisitLog;
use result::{PolicyResult, SettingDifference, SimulationResult, WorkloadSummary};
use run::SimulationJob;
pub use sweep::{SweepError, SweepValue, SweepValues};
use workload::Workload;

/// A policy to simulate, with its name.
#[derive(Debug, Clone, Copy)]
pub struct SimulatedPolicy<'r> {
    /// The name of the profile, or the file of the bundle.
    pub profile: &'r str,
    /// The policy with the origin of each value.
    pub resolved: &'r Resolved,
}

/// Runs a workload under one or more policies.
pub struct Simulator<'w> {
    workload: &'w Workload,
    log: Option<&'w VisitLog>,
    seed: u64,
    seeds: u64,
    threads: NonZeroUsize,
    progress: &'w (dyn Fn(u64) + Sync),
}

impl<'w> Simulator<'w> {
    /// A simulator of `workload` with seed 1, on all available threads.
    #[must_use]
    pub fn new(workload: &'w Workload) -> Self {
        Self {
            workload,
            log: None,
            seed: 1,
            seeds: 1,
            threads: available_parallelism().unwrap_or(NonZeroUsize::MIN),
            progress: &|_| {},
        }
    }

    /// Uses the visits of a log. The workload is one [made for it](Workload::of_log).
    #[must_use]
    pub const fn with_log(self, log: Option<&'w VisitLog>) -> Self {
        Self { log, ..self }
    }

    /// Runs `seeds` seeds, counted up from `seed`.
    #[must_use]
    pub const fn with_seeds(self, seed: u64, seeds: u64) -> Self {
        Self {
            seed,
            seeds,
            ..self
        }
    }

    /// Sets the number of threads. It changes the run time, never the result. how long it takes, and nothing that is result.
    #[must_use]
    pub const fn with_threads(self, threads: NonZeroUsize) -> Self {
        Self { threads, ..self }
    }

    /// Calls `progress` with the number of steps completed since the last call.
    #[must_use]
    pub const fn with_progress(self, progress: &'w (dyn Fn(u64) + Sync)) -> Self {
        Self { progress, ..self }
    }

    /// The number of steps for one policy and one seed.
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.workload.visitors + self.workload.forged_requests()
    }

    /// Simulates each policy with each seed.
    #[must_use]
    pub fn compare(&self, sides: &[SimulatedPolicy<'_>]) -> SimulationResult {
        let profiles = sides.iter().map(|side| {
            let seeds: Vec<PolicyResult> = (0..self.seeds)
                .map(|more| self.outcomes(side, self.seed.wrapping_add(more)))
                .collect();
            let spread = summarize::spread(&seeds);
            seeds
                .into_iter()
                .next()
                .map(|first| PolicyResult { spread, ..first })
        });
        SimulationResult {
            workload: self.about(),
            log: self.log.map(|log| log.usage.clone()),
            profiles: profiles.flatten().collect(),
            settings: settings(sides),
            sweep: None,
        }
    }

    /// The operations of one policy with the first seed, in the order of their times. All of them are in memory.
    #[must_use]
    pub fn events(&self, side: &SimulatedPolicy<'_>) -> Vec<EmittedEvent> {
        self.job(side, self.seed, true).run().events
    }

    fn outcomes(&self, side: &SimulatedPolicy<'_>, seed: u64) -> PolicyResult {
        let counted = self.job(side, seed, false).run();
        summarize::outcomes(self.workload, side.profile, side.resolved, &counted)
    }

    fn job<'j>(
        &'j self,
        side: &'j SimulatedPolicy<'_>,
        seed: u64,
        emit: bool,
    ) -> SimulationJob<'j> {
        SimulationJob {
            workload: self.workload,
            log: self.log,
            policy: &side.resolved.policy,
            seed,
            emit,
            threads: self.threads,
            progress: self.progress,
        }
    }

    fn about(&self) -> WorkloadSummary {
        let workload = self.workload;
        WorkloadSummary {
            name: workload.name.clone(),
            description: workload.description.clone(),
            starts: summarize::date(workload, 0),
            days: workload.days,
            visitors: workload.visitors,
            partners: workload
                .partners
                .iter()
                .map(|partner| partner.id.to_string())
                .collect(),
            edges: workload.edges,
            seed: self.seed,
            seeds: self.seeds,
            prices: workload.prices.clone(),
        }
    }
}

fn settings(sides: &[SimulatedPolicy<'_>]) -> Vec<SettingDifference> {
    let [from, to] = sides else {
        return Vec::new();
    };
    let setting = |difference: Difference<'_>| SettingDifference {
        key: full_key(difference.key()),
        from: difference.from.value.clone(),
        to: difference.to.value.clone(),
        from_origin: difference.from.origin.clone(),
        to_origin: difference.to.origin.clone(),
    };
    between(from.resolved, to.resolved)
        .into_iter()
        .map(setting)
        .collect()
}
