//! The conformance suite notices stores that break their contract: each fault here is caught by the case that it breaks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use edge_cookie::clock::{Clock as _, ManualClock, Moment};
use edge_cookie::policy::types::Ttl;
use edge_cookie::store::conformance::{self, Case, CaseResult, Suite};
use edge_cookie::store::{
    Consistency, Generation, Insert, KvStore, MemoryStore, PROBE_KEYS, Precondition, Removed,
    StoreError, Stored,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    IgnoresPreconditions,
    AddOverwrites,
    SwapsWhatIsGone,
    SwapsAnything,
    RefusedWritesWrite,
    ForgetsMetadata,
    CutsAtZero,
    NeverExpires,
    ExpiresLate,
    ExpiresEarly,
    ExistsRemembers,
    RefusalDropsExpiry,
    ExpiresAll,
    DeletesNothing,
    DeniesDeletions,
    DeletionsMakeUp,
    HashesBodies,
    ListsUnsorted,
    ListsTooMuch,
    ListsAfterToo,
    ListsProbes,
    IgnoresPrefix,
    CachesForEver,
    LosesWrites,
    RefusesAll,
    Unavailable,
}

/// A memory store with one fault.
struct FaultyStore {
    fault: Fault,
    store: MemoryStore<Arc<ManualClock>>,
    first: MemoryStore<Arc<ManualClock>>,
    writes: AtomicU64,
}

const START: u64 = 1_000_000;
const SECOND: Duration = Duration::from_secs(1);

impl FaultyStore {
    fn new(fault: Fault, clock: &Arc<ManualClock>) -> Self {
        Self {
            fault,
            store: MemoryStore::new(Arc::clone(clock)),
            first: MemoryStore::new(Arc::clone(clock)),
            writes: AtomicU64::new(0),
        }
    }

    /// As a store sees it whose generations are hashes of the body.
    fn shown(&self, stored: Stored) -> Stored {
        let Fault::HashesBodies = self.fault else {
            return stored;
        };
        let sum = stored.body.iter().map(|byte| u64::from(*byte)).sum();
        Stored {
            generation: Generation::from_platform(sum),
            ..stored
        }
    }
}

impl KvStore for FaultyStore {
    fn consistency(&self) -> Consistency {
        Consistency::Strong
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        if self.fault == Fault::Unavailable {
            return Err(StoreError::Unavailable("closed".into()));
        }
        let stored = self.store.lookup(key)?;
        Ok(stored.map(|stored| self.shown(stored)))
    }

    fn lookup_cached(&self, key: &str) -> Option<Stored> {
        match self.fault {
            Fault::CachesForEver => self.first.lookup(key).unwrap(),
            _ => None,
        }
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        match self.fault {
            Fault::ExistsRemembers => self.first.exists(key),
            _ => self.store.exists(key),
        }
    }

    fn insert(&self, key: &str, mut insert: Insert) -> Result<(), StoreError> {
        let writes = self.writes.fetch_add(1, Ordering::Relaxed);
        let current = self.lookup(key)?;
        let is_held = insert
            .precondition
            .holds(current.as_ref().map(|at| at.generation));
        let unconditional = Insert {
            precondition: Precondition::None,
            ..insert.clone()
        };
        match (self.fault, insert.precondition) {
            (Fault::IgnoresPreconditions, _) | (Fault::AddOverwrites, Precondition::Add) => {
                insert.precondition = Precondition::None;
            }
            (Fault::HashesBodies, _) if is_held => insert.precondition = Precondition::None,
            (Fault::SwapsWhatIsGone, Precondition::Generation(_)) if current.is_none() => {
                insert.precondition = Precondition::None;
            }
            (Fault::SwapsAnything, Precondition::Generation(_)) if current.is_some() => {
                insert.precondition = Precondition::None;
            }
            (Fault::RefusedWritesWrite, _) if !is_held => {
                self.store.insert(key, unconditional)?;
            }
            (Fault::RefusalDropsExpiry, _) if !is_held && current.is_some() => {
                let Stored { body, metadata, .. } = current.unwrap();
                self.store.insert(
                    key,
                    Insert {
                        body,
                        metadata,
                        ttl: None,
                        ..unconditional
                    },
                )?;
            }
            (Fault::ForgetsMetadata, _) => insert.metadata.clear(),
            (Fault::CutsAtZero, _) => {
                insert.body = insert
                    .body
                    .split(|byte| *byte == 0)
                    .next()
                    .unwrap()
                    .to_vec();
            }
            (Fault::NeverExpires, _) => insert.ttl = None,
            (Fault::ExpiresLate, _) => {
                let later = |ttl: Ttl| Ttl::from_seconds_clamped(ttl.seconds() + 1);
                insert.ttl = insert.ttl.map(later);
            }
            (Fault::ExpiresEarly, _) => {
                insert.ttl = insert
                    .ttl
                    .map(|ttl| Ttl::from_seconds_clamped(ttl.seconds() - 1));
            }
            (Fault::ExpiresAll, _) => {
                insert.ttl = insert.ttl.or(Some(Ttl::from_hours(1)));
            }
            (Fault::CachesForEver | Fault::ExistsRemembers, _) => {
                let add = Insert {
                    ttl: None,
                    precondition: Precondition::Add,
                    ..unconditional
                };
                let _ = self.first.insert(key, add);
            }
            (Fault::LosesWrites, _) if is_held && writes % 7 == 6 => return Ok(()),
            (Fault::RefusesAll, _) => return Err(StoreError::PreconditionFailed),
            _ => {}
        }
        self.store.insert(key, insert)
    }

    fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        if self.fault == Fault::DeletesNothing {
            let stored = self.store.lookup(key)?;
            return Ok(stored.map_or(Removed::Nothing, |stored| Removed::Record(Some(stored))));
        }
        let removed = self.store.delete(key)?;
        Ok(match (self.fault, removed) {
            (Fault::DeniesDeletions, _) => Removed::Nothing,
            (Fault::DeletionsMakeUp, _) => Removed::Record(None),
            (_, Removed::Record(Some(stored))) => Removed::Record(Some(self.shown(stored))),
            (_, removed) => removed,
        })
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let prefix = match self.fault {
            Fault::IgnoresPrefix => "",
            _ => prefix,
        };
        let limit = match self.fault {
            Fault::ListsTooMuch => limit + 1,
            _ => limit,
        };
        let mut keys = self.store.list(prefix, after, limit)?;
        match (self.fault, after) {
            (Fault::ListsUnsorted, _) => keys.reverse(),
            (Fault::ListsAfterToo, Some(after)) if self.store.exists(after)? => {
                keys.insert(0, after.to_owned());
            }
            (Fault::ListsProbes, _) if PROBE_KEYS.starts_with(prefix) => {
                keys.push(format!("{PROBE_KEYS}0"));
            }
            _ => {}
        }
        Ok(keys)
    }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Moment::from_unix_millis(START)))
}

#[test]
fn each_fault_is_caught_by_its_case() {
    for (fault, case, reported) in [
        (
            Fault::IgnoresPreconditions,
            Case::Preconditions,
            "Err(PreconditionFailed)",
        ),
        (
            Fault::AddOverwrites,
            Case::Preconditions,
            "precondition Add where the record is Present",
        ),
        (
            Fault::SwapsWhatIsGone,
            Case::Preconditions,
            "Generation where the record is Absent",
        ),
        (
            Fault::SwapsAnything,
            Case::Preconditions,
            "Generation where the record is Overwritten",
        ),
        (Fault::RefusedWritesWrite, Case::Preconditions, "body `new`"),
        (Fault::ForgetsMetadata, Case::Bytes, "metadata `` and"),
        (Fault::CutsAtZero, Case::Bytes, r"body `\x00`"),
        (
            Fault::NeverExpires,
            Case::TimeToLive,
            "lookup finds `ttl/end`",
        ),
        (
            Fault::ExpiresLate,
            Case::TimeToLive,
            "60s after a write for 60s",
        ),
        (
            Fault::ExpiresEarly,
            Case::TimeToLive,
            "59.999s after a write for 60s",
        ),
        (
            Fault::ExistsRemembers,
            Case::TimeToLive,
            "exists finds `ttl/end`",
        ),
        (
            Fault::RefusalDropsExpiry,
            Case::RefusedWrites,
            "lookup after a refused insert",
        ),
        (
            Fault::ExpiresAll,
            Case::RenewedTimeToLive,
            "overwritten without time to live",
        ),
        (
            Fault::DeletesNothing,
            Case::Deletions,
            "lookup after delete",
        ),
        (Fault::DeniesDeletions, Case::Deletions, "answered Nothing"),
        (Fault::DeletionsMakeUp, Case::Deletions, "expected Nothing"),
        (Fault::HashesBodies, Case::Generations, "again"),
        (
            Fault::ListsUnsorted,
            Case::Listings,
            r#"["list/c", "list/b", "list/ab", "list/a"]"#,
        ),
        (Fault::ListsTooMuch, Case::Listings, "at most 2"),
        (
            Fault::ListsAfterToo,
            Case::Listings,
            r#"after Some("list/a")"#,
        ),
        (Fault::ListsProbes, Case::Listings, r#"["health/0"]"#),
        (Fault::IgnoresPrefix, Case::Listings, "list of `list/`"),
        (Fault::CachesForEver, Case::Preconditions, "cached lookup"),
        (Fault::RefusesAll, Case::Bytes, "no error"),
        (
            Fault::Unavailable,
            Case::Bytes,
            "the store is not available: closed",
        ),
    ] {
        let clock = clock();
        let store = FaultyStore::new(fault, &clock);
        let error = conformance::check(&store, &clock).expect_err(&format!("{fault:?} is missed"));
        let failure = error.failures().find(|failure| failure.case == case);
        let failure = failure.unwrap_or_else(|| panic!("{fault:?} passes {case}: {error}"));
        assert!(
            failure.to_string().contains(reported),
            "{fault:?}: {failure}"
        );
        // One case alone finds it as well, and the whole names it.
        let store = FaultyStore::new(fault, &clock);
        let alone = Suite::new(&store).with_clock(&clock).run_case(case);
        assert!(
            matches!(alone, CaseResult::Failed(_)),
            "{fault:?}: {alone:?}"
        );
        assert!(error.to_string().contains(case.as_str()), "{error}");
    }
}

#[test]
fn the_store_without_a_fault_passes() {
    let clock = clock();
    let store = FaultyStore::new(Fault::None, &clock);
    conformance::check(&store, &clock).unwrap();
    conformance::check_threads(&store).unwrap();
}

#[test]
fn lost_and_refused_updates_are_noticed_under_threads() {
    for (fault, reported) in [
        (Fault::LosesWrites, "expected 200"),
        (Fault::RefusesAll, "expected a write"),
        (Fault::Unavailable, "lookup of `threads/counter`"),
    ] {
        let failure = conformance::check_threads(&FaultyStore::new(fault, &clock())).unwrap_err();
        assert_eq!(failure.case, Case::ConcurrentWrites);
        assert!(
            failure.to_string().contains(reported),
            "{fault:?}: {failure}"
        );
    }
}

/// A store that rounds times to live keeps its promise within the tolerance that the caller states, and no other.
#[test]
fn a_tolerance_accepts_what_it_covers() {
    let minute = Ttl::from_seconds_clamped(60);
    for (fault, tolerance, passes) in [
        (Fault::ExpiresLate, Duration::ZERO, false),
        (Fault::ExpiresLate, SECOND, true),
        (Fault::ExpiresEarly, Duration::from_millis(998), false),
        (Fault::ExpiresEarly, SECOND, true),
        (Fault::NeverExpires, SECOND, false),
    ] {
        let clock = clock();
        let store = FaultyStore::new(fault, &clock);
        let suite = Suite::new(&store).with_clock(&clock);
        let report = suite.with_ttl(minute, tolerance).run();
        assert_eq!(
            report.is_passed(),
            passes,
            "{fault:?}, {tolerance:?}:\n{report}"
        );
    }
}

/// Without time, faults of expiry pass, and the report says what was left out.
#[test]
fn a_report_names_what_it_skipped() {
    let clock = clock();
    let store = FaultyStore::new(Fault::NeverExpires, &clock);
    let report = Suite::new(&store).without_expiry().run();
    assert!(report.is_passed(), "{report}");
    let skipped: Vec<_> = report.skipped().collect();
    assert_eq!(
        skipped,
        [
            Case::RefusedWrites,
            Case::TimeToLive,
            Case::RenewedTimeToLive
        ]
    );
    assert!(
        report.to_string().contains("time_to_live: skipped"),
        "{report}"
    );
    assert_eq!(clock.now().unix_millis(), START);
}
