//! The conformance suite for stores: run it to see whether your [`KvStore`] keeps its contract.
//!
//! Every store of this project passes it, and the graph relies on all of it. It needs the feature `conformance`:
//!
//! ```toml
//! [dev-dependencies]
//! edge-cookie = { version = "0.1", features = ["conformance"] }
//! ```
//!
//! One test runs every case. Give the suite an empty store, and the clock by which that store expires records:
//!
//! ```
//! use std::sync::Arc;
//!
//! use edge_cookie::clock::ManualClock;
//! use edge_cookie::store::{MemoryStore, conformance};
//!
//! let clock = Arc::new(ManualClock::default());
//! let store = MemoryStore::new(Arc::clone(&clock));
//! conformance::check(&store, &clock)?;
//! # Ok::<(), conformance::ConformanceError>(())
//! ```
//!
//! The suite passes time with [`Clock::wait`]: on a [`ManualClock`](crate::clock::ManualClock) at once, exact to the
//! millisecond. A store with a clock of its own, such as a server's, is tested with [`Suite::in_real_time`], which waits
//! for half a minute, or with [`Suite::without_expiry`], which skips every case that needs time to pass:
//!
//! ```
//! use edge_cookie::clock::SystemClock;
//! use edge_cookie::store::MemoryStore;
//! use edge_cookie::store::conformance::{Case, Suite};
//!
//! let store = MemoryStore::new(SystemClock);
//! let report = Suite::new(&store).without_expiry().run();
//! assert!(report.is_passed());
//! assert!(report.skipped().any(|case| case == Case::TimeToLive));
//! ```
//!
//! [`check_threads`] tests that preconditions hold under concurrent writes.
//!
//! # Limits
//!
//! The suite writes about 100 small records under keys such as `ttl/0`, the largest of 16 KiB, and does not remove all of
//! them. It reads what it has just written, so that a store with [`Consistency::Eventual`](super::Consistency::Eventual)
//! passes only where its lookups happen to be fresh, as in an emulator. It cannot test durability, or what a store
//! answers when its platform fails.

mod cases;
mod error;
mod threads;
mod trial;

use std::fmt;
use std::time::Duration;

pub use error::{ConformanceError, Failure};
pub use threads::check_threads;

use super::KvStore;
use crate::clock::{Clock, SystemClock};
use crate::policy::types::Ttl;
use trial::{Time, Trial};

/// The time to live of records on a clock that the suite moves.
const MANUAL_TTL_SECONDS: u64 = 60;

/// The time to live of records in real time: long enough for some calls, short enough to wait for.
const REAL_TTL_SECONDS: u64 = 2;

/// One promise of the contract of [`KvStore`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Case {
    /// Body and metadata come back byte for byte, empty and binary ones included.
    Bytes,
    /// An insert happens exactly where its precondition holds, whatever happened to the key before.
    Preconditions,
    /// An insert that is refused changes neither the record nor the time at which it expires.
    RefusedWrites,
    /// A record is there until its time to live has passed, and then for no call.
    TimeToLive,
    /// A write replaces the time to live of the record before it; a record without one never expires.
    RenewedTimeToLive,
    /// A deletion removes the record, and reports what it was.
    Deletions,
    /// A listing is sorted, has the prefix, begins after the given key, keeps its limit, and has neither expired records
    /// nor [`PROBE_KEYS`](super::PROBE_KEYS).
    Listings,
    /// No generation comes twice for one key, not even after a deletion or an expiry.
    Generations,
    /// Concurrent conditional writes lose no update. [`check_threads`] runs it.
    ConcurrentWrites,
}

impl Case {
    /// Every case that a [`Suite`] runs, in this order; that is all but [`Case::ConcurrentWrites`].
    pub const ALL: [Self; 8] = [
        Self::Bytes,
        Self::Preconditions,
        Self::RefusedWrites,
        Self::TimeToLive,
        Self::RenewedTimeToLive,
        Self::Deletions,
        Self::Listings,
        Self::Generations,
    ];

    /// The name that reports print, as `time_to_live`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Preconditions => "preconditions",
            Self::RefusedWrites => "refused_writes",
            Self::TimeToLive => "time_to_live",
            Self::RenewedTimeToLive => "renewed_time_to_live",
            Self::Deletions => "deletions",
            Self::Listings => "listings",
            Self::Generations => "generations",
            Self::ConcurrentWrites => "concurrent_writes",
        }
    }

    /// Whether the whole case is about time, so that it is skipped where none passes.
    const fn needs_time(self) -> bool {
        matches!(
            self,
            Self::RefusedWrites | Self::TimeToLive | Self::RenewedTimeToLive
        )
    }

    fn run(self, trial: &Trial<'_>) -> CaseResult {
        if self.needs_time() && trial.time.is_none() {
            return CaseResult::Skipped;
        }
        let result = match self {
            Self::Bytes => cases::bytes(trial),
            Self::Preconditions => cases::preconditions(trial),
            Self::RefusedWrites => cases::refused_writes(trial),
            Self::TimeToLive => cases::time_to_live(trial),
            Self::RenewedTimeToLive => cases::renewed_time_to_live(trial),
            Self::Deletions => cases::deletions(trial),
            Self::Listings => cases::listings(trial),
            Self::Generations => cases::generations(trial),
            Self::ConcurrentWrites => return CaseResult::Skipped,
        };
        result.map_or_else(CaseResult::Failed, |()| CaseResult::Passed)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Runs every case on an empty store whose records expire by `clock`, which the suite moves with [`Clock::wait`].
///
/// # Errors
///
/// [`ConformanceError`] lists every case that failed, with what was expected and what the store answered.
pub fn check(store: &dyn KvStore, clock: &dyn Clock) -> Result<(), ConformanceError> {
    Suite::new(store).with_clock(clock).run().into_result()
}

/// The cases on one store, and how time passes for it.
///
/// ```
/// use edge_cookie::clock::ManualClock;
/// use edge_cookie::store::MemoryStore;
/// use edge_cookie::store::conformance::{Case, CaseResult, Suite};
///
/// let clock = ManualClock::default();
/// let store = MemoryStore::new(&clock);
/// let suite = Suite::new(&store).with_clock(&clock);
/// assert_eq!(suite.run_case(Case::Listings), CaseResult::Passed);
/// ```
#[derive(Clone, Copy)]
pub struct Suite<'a> {
    store: &'a dyn KvStore,
    time: Option<Time<'a>>,
}

impl<'a> Suite<'a> {
    /// The suite on an empty store, in real time (see [`in_real_time`](Self::in_real_time)).
    #[must_use]
    pub fn new(store: &'a dyn KvStore) -> Self {
        let suite = Self { store, time: None };
        suite.in_real_time()
    }

    /// Passes time on `clock`, with records of 60 s that must expire exact to the millisecond. It takes no time where
    /// the clock is a [`ManualClock`](crate::clock::ManualClock).
    #[must_use]
    pub const fn with_clock(mut self, clock: &'a dyn Clock) -> Self {
        self.time = Some(Time {
            clock,
            ttl: Ttl::from_seconds_clamped(MANUAL_TTL_SECONDS),
            tolerance: Duration::ZERO,
        });
        self
    }

    /// Waits for the store's own clock, with records of 2 s that may expire up to 1 s earlier or later. It takes about
    /// half a minute.
    #[must_use]
    pub const fn in_real_time(mut self) -> Self {
        self.time = Some(Time {
            clock: &SystemClock,
            ttl: Ttl::from_seconds_clamped(REAL_TTL_SECONDS),
            tolerance: Duration::from_secs(1),
        });
        self
    }

    /// Gives records `ttl`, and accepts that they expire up to `tolerance` earlier or later: for a store that rounds
    /// times to live, takes no short ones, or is far away. Choose a `ttl` longer than `tolerance`, by more than a call
    /// of the store takes. It changes nothing [`without_expiry`](Self::without_expiry).
    #[must_use]
    pub const fn with_ttl(mut self, ttl: Ttl, tolerance: Duration) -> Self {
        if let Some(time) = self.time {
            self.time = Some(Time {
                ttl,
                tolerance,
                ..time
            });
        }
        self
    }

    /// Lets no time pass: cases about expiry are skipped, and the others leave out expired records.
    #[must_use]
    pub const fn without_expiry(mut self) -> Self {
        self.time = None;
        self
    }

    /// Runs every case, also after one failed.
    #[must_use]
    pub fn run(&self) -> Report {
        let run = |case| (case, self.run_case(case));
        Report {
            results: Case::ALL.map(run).to_vec(),
        }
    }

    /// Runs one case; [`Case::ConcurrentWrites`] is skipped.
    #[must_use]
    pub fn run_case(&self, case: Case) -> CaseResult {
        case.run(&Trial {
            case,
            store: self.store,
            time: self.time,
        })
    }
}

impl fmt::Debug for Suite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite").finish_non_exhaustive()
    }
}

/// How one case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaseResult {
    /// The store keeps the promise.
    Passed,
    /// The store breaks the promise.
    Failed(Failure),
    /// The case needs what the suite does not have: time to pass, or threads.
    Skipped,
}

/// How every case ended. It displays as a line for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    results: Vec<(Case, CaseResult)>,
}

impl Report {
    /// Each case with its result, in the order in which they ran.
    #[must_use]
    pub fn results(&self) -> &[(Case, CaseResult)] {
        &self.results
    }

    /// The cases that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.results.iter().filter_map(|(_, result)| match result {
            CaseResult::Failed(failure) => Some(failure),
            CaseResult::Passed | CaseResult::Skipped => None,
        })
    }

    /// The cases that were skipped.
    pub fn skipped(&self) -> impl Iterator<Item = Case> {
        let skipped = |(_, result): &&(Case, CaseResult)| *result == CaseResult::Skipped;
        self.results.iter().filter(skipped).map(|(case, _)| *case)
    }

    /// Whether no case failed.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The report as a test's result.
    ///
    /// # Errors
    ///
    /// [`ConformanceError`] where a case failed.
    pub fn into_result(self) -> Result<(), ConformanceError> {
        if self.is_passed() {
            return Ok(());
        }
        Err(ConformanceError { report: self })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (case, result) in &self.results {
            match result {
                CaseResult::Passed => writeln!(f, "{case}: passed")?,
                CaseResult::Failed(failure) => writeln!(f, "{failure}")?,
                CaseResult::Skipped => writeln!(f, "{case}: skipped, as it needs time to pass")?,
            }
        }
        Ok(())
    }
}
