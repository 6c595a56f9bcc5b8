//! What a policy costs and keeps: a workload run on the real engine, in virtual time.
//!
//! Every visitor's course is drawn from a [workload](workload::Workload) or taken from a [log](log::Log): pages, changes of mind,
//! and what partners send. Each request becomes the operations that the service would run, on the engine's own
//! transactions, one after another: these are the totals, and what `ec apply` counts for the same events. Where the calls
//! of two edges overlap on a record, the same operations run once more side by side: what that adds is told apart. [`report`] shows it.
//!
//! ```
//! use edge_cookie::policy::resolve::resolve;
//! use edge_cookie::simulate::workload::Workload;
//! use edge_cookie::simulate::{Side, Simulator};
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
//! let told = simulator.compare(&[Side { profile: "development", resolved: &defaults }]);
//! let policy = &told.profiles[0];
//! assert!(policy.totals.writes < policy.totals.operations);
//! assert_eq!(policy.broken().count(), 0);
//! ```

mod account;
mod dice;
mod emit;
mod ground;
mod held;
mod identity;
pub mod log;
mod meeting;
pub mod report;
pub mod result;
mod rhythm;
mod run;
mod signals;
mod sweep;
mod tell;
mod traffic;
mod visitor;
mod visits;
mod watch;
pub mod workload;

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use crate::policy::difference::{Difference, between};
use crate::policy::resolve::Resolved;
use crate::policy::setting::full_key;
pub use emit::Emitted;
use log::Log;
use result::{About, Outcomes, Setting, Simulation};
use run::Job;
pub use sweep::{SweepError, SweepValue, SweepValues};
use workload::Workload;

/// A policy to simulate, and what the user calls it.
#[derive(Debug, Clone, Copy)]
pub struct Side<'r> {
    /// The profile, or the bundle's file.
    pub profile: &'r str,
    /// The policy with its origins.
    pub resolved: &'r Resolved,
}

/// Runs a workload under policies.
pub struct Simulator<'w> {
    workload: &'w Workload,
    log: Option<&'w Log>,
    seed: u64,
    seeds: u64,
    threads: NonZeroUsize,
    progress: &'w (dyn Fn(u64) + Sync),
}

impl<'w> Simulator<'w> {
    /// A simulator of `workload` with the first seed alone, on as many threads as the machine runs at once.
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

    /// The same with the visits of a log; the workload is [that of it](Workload::of_log).
    #[must_use]
    pub const fn with_log(self, log: Option<&'w Log>) -> Self {
        Self { log, ..self }
    }

    /// The same with so many seeds, counted up from this one.
    #[must_use]
    pub const fn with_seeds(self, seed: u64, seeds: u64) -> Self {
        Self {
            seed,
            seeds,
            ..self
        }
    }

    /// The same on so many threads. They change how long it takes, and nothing that is told.
    #[must_use]
    pub const fn with_threads(self, threads: NonZeroUsize) -> Self {
        Self { threads, ..self }
    }

    /// The same, telling `progress` how many steps more are done.
    #[must_use]
    pub const fn with_progress(self, progress: &'w (dyn Fn(u64) + Sync)) -> Self {
        Self { progress, ..self }
    }

    /// The steps of one policy with one seed.
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.workload.visitors + self.workload.forged_requests()
    }

    /// Simulates every policy with every seed.
    #[must_use]
    pub fn compare(&self, sides: &[Side<'_>]) -> Simulation {
        let profiles = sides.iter().map(|side| {
            let seeds: Vec<Outcomes> = (0..self.seeds)
                .map(|more| self.outcomes(side, self.seed.wrapping_add(more)))
                .collect();
            let spread = tell::spread(&seeds);
            seeds
                .into_iter()
                .next()
                .map(|first| Outcomes { spread, ..first })
        });
        Simulation {
            workload: self.about(),
            log: self.log.map(|log| log.usage.clone()),
            profiles: profiles.flatten().collect(),
            settings: settings(sides),
            sweep: None,
        }
    }

    /// The operations of one policy with the first seed, in the order of their times. All are held at once.
    #[must_use]
    pub fn events(&self, side: &Side<'_>) -> Vec<Emitted> {
        self.job(side, self.seed, true).run().events
    }

    fn outcomes(&self, side: &Side<'_>, seed: u64) -> Outcomes {
        let counted = self.job(side, seed, false).run();
        tell::outcomes(self.workload, side.profile, side.resolved, &counted)
    }

    fn job<'j>(&'j self, side: &'j Side<'_>, seed: u64, emit: bool) -> Job<'j> {
        Job {
            workload: self.workload,
            log: self.log,
            policy: &side.resolved.policy,
            seed,
            emit,
            threads: self.threads,
            progress: self.progress,
        }
    }

    fn about(&self) -> About {
        let workload = self.workload;
        About {
            name: workload.name.clone(),
            description: workload.description.clone(),
            starts: tell::date(workload, 0),
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

fn settings(sides: &[Side<'_>]) -> Vec<Setting> {
    let [from, to] = sides else {
        return Vec::new();
    };
    let setting = |difference: Difference<'_>| Setting {
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
