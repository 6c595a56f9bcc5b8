//! One case on one store: its calls, its clock, and how a failure is written.

use std::fmt::Debug;
use std::time::Duration;

use super::{Case, Failure};
use crate::clock::Clock;
use crate::policy::types::Ttl;
use crate::store::{Generation, Insert, KvStore, Precondition, Removed, StoreError, Stored};

/// How many bytes of a body or metadata a failure shows.
const SHOWN_BYTES: usize = 24;

/// How time passes.
#[derive(Clone, Copy)]
pub(super) struct Time<'a> {
    /// What the store's records expire by, or waits while they do.
    pub(super) clock: &'a dyn Clock,
    /// The time to live that cases give records.
    pub(super) ttl: Ttl,
    /// How much earlier or later than that the store may let them expire.
    pub(super) tolerance: Duration,
}

impl Time<'_> {
    pub(super) const fn ttl(&self) -> Duration {
        Duration::from_secs(self.ttl.seconds())
    }

    /// Waits until a record that was just written with `ttl` has expired.
    pub(super) fn expire(&self) {
        self.clock.wait(self.ttl() + self.tolerance);
    }
}

pub(super) struct Trial<'a> {
    pub(super) case: Case,
    pub(super) store: &'a dyn KvStore,
    pub(super) time: Option<Time<'a>>,
}

/// An insert of `body`, with metadata, that never expires.
pub(super) fn write(body: &str, precondition: Precondition) -> Insert {
    Insert {
        body: body.as_bytes().to_vec(),
        metadata: b"meta".to_vec(),
        ttl: None,
        precondition,
    }
}

impl Trial<'_> {
    /// A failure, unless the store answered as expected.
    pub(super) fn equal<T: PartialEq + Debug>(
        &self,
        step: &str,
        expected: &T,
        answered: &T,
    ) -> Result<(), Failure> {
        if expected == answered {
            return Ok(());
        }
        Err(self.failure(step, format!("{expected:?}"), format!("{answered:?}")))
    }

    /// As [`equal`](Self::equal), for records.
    pub(super) fn same(
        &self,
        step: &str,
        expected: Option<&Stored>,
        answered: Option<&Stored>,
    ) -> Result<(), Failure> {
        if expected == answered {
            return Ok(());
        }
        Err(self.failure(step, describe(expected), describe(answered)))
    }

    pub(super) fn failure(&self, step: &str, expected: String, answered: String) -> Failure {
        Failure {
            case: self.case,
            step: step.to_owned(),
            expected,
            answered,
            source: None,
        }
    }

    /// What a call answered, where an error is always a failure.
    fn answer<T>(
        &self,
        step: impl FnOnce() -> String,
        answer: Result<T, StoreError>,
    ) -> Result<T, Failure> {
        answer.map_err(|error| Failure {
            source: Some(error.clone()),
            ..self.failure(&step(), "no error".into(), format!("`{error}` ({error:?})"))
        })
    }

    /// The record, where other threads may write at the same time.
    pub(super) fn read(&self, key: &str) -> Result<Option<Stored>, Failure> {
        self.answer(|| format!("lookup of `{key}`"), self.store.lookup(key))
    }

    /// The record, where nothing else writes: what is available without waiting must be the same.
    pub(super) fn lookup(&self, key: &str) -> Result<Option<Stored>, Failure> {
        let found = self.read(key)?;
        if let Some(cached) = self.store.lookup_cached(key) {
            let step = format!("cached lookup of `{key}`");
            self.same(&step, found.as_ref(), Some(&cached))?;
        }
        Ok(found)
    }

    /// The record under `key`, which was just written.
    pub(super) fn written(&self, key: &str) -> Result<Stored, Failure> {
        self.lookup(key)?.ok_or_else(|| {
            let step = format!("lookup of `{key}`, which was just written");
            self.failure(&step, "a record".into(), describe(None))
        })
    }

    pub(super) fn exists(&self, key: &str) -> Result<bool, Failure> {
        let answer = self.store.exists(key);
        self.answer(|| format!("exists of `{key}`"), answer)
    }

    /// An insert that must happen.
    pub(super) fn insert(&self, key: &str, insert: Insert) -> Result<(), Failure> {
        let step = format!("insert of `{key}` with {:?}", insert.precondition);
        let answer = self.store.insert(key, insert);
        self.answer(|| step, answer)
    }

    /// Overwrites `key`, and returns the generation of the write.
    pub(super) fn put(&self, key: &str, body: &str) -> Result<Generation, Failure> {
        self.insert(key, write(body, Precondition::None))?;
        Ok(self.written(key)?.generation)
    }

    pub(super) fn delete(&self, key: &str) -> Result<Removed, Failure> {
        let answer = self.store.delete(key);
        self.answer(|| format!("delete of `{key}`"), answer)
    }

    pub(super) fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, Failure> {
        let answer = self.store.list(prefix, after, limit);
        let step = || format!("list of `{prefix}` after {after:?}, at most {limit}");
        self.answer(step, answer)
    }
}

/// A record in a few words.
pub(super) fn describe(stored: Option<&Stored>) -> String {
    stored.map_or_else(
        || "no record".into(),
        |stored| {
            let (body, metadata) = (shorten(&stored.body), shorten(&stored.metadata));
            let generation = stored.generation;
            format!("a record with body {body}, metadata {metadata} and generation {generation}")
        },
    )
}

/// Bytes as text, and how many they are where that is not all of them.
fn shorten(bytes: &[u8]) -> String {
    let shown = bytes.iter().take(SHOWN_BYTES).copied();
    let shown: String = shown
        .flat_map(std::ascii::escape_default)
        .map(char::from)
        .collect();
    if bytes.len() > SHOWN_BYTES {
        format!("`{shown}...` ({} bytes)", bytes.len())
    } else {
        format!("`{shown}`")
    }
}
