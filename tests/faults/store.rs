//! A store with many records and injected faults.

use std::rc::Rc;

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Consistency, Found, Record, UnreadableRecord, Write};
use edge_cookie::record::{Generation, KvEntry, KvMetadata, Precondition, Unreadable};

use super::action::MILLIS;
use super::policies::Environment;
use super::report::{InjectedFault, Statistics};
use super::rng::Rng;
use super::traffic::BEGINNING;

/// How long a lookup may return a replaced record, in milliseconds.
const LAG: u64 = 60 * MILLIS;

/// The record after one write.
#[derive(Debug)]
pub struct Version {
    /// `None` if it is unreadable.
    pub content: Option<(KvEntry, KvMetadata)>,
    pub generation: u64,
    /// When the store may collect it, and when it does, in milliseconds; `None` if it has no time to live.
    due: Option<(u64, u64)>,
}

impl Version {
    /// The reply to an operation.
    fn found(&self) -> Found {
        match &self.content {
            Some((entry, metadata)) => Found::Record(Box::new(Record {
                entry: entry.clone(),
                metadata: metadata.clone(),
                generation: Generation::from_platform(self.generation),
            })),
            None => Found::Unreadable(Box::new(UnreadableRecord {
                why: Unreadable::NotJson(String::new()),
                generation: Generation::from_platform(self.generation),
            })),
        }
    }
}

/// The current record of a key, and its previous records that a lookup may still return.
#[derive(Default)]
struct KeySlot {
    current: Option<Rc<Version>>,
    past: Vec<(u64, Option<Rc<Version>>)>,
    written: u64,
}

/// The result of a store call.
pub enum CallResult<T> {
    Done(T),
    Refused(Refusal),
}

/// Why a call failed, as far as the caller knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Conflict,
    RateLimited,
    Unavailable,
    AnswerLost,
}

/// The result of a lookup.
pub struct LookupResult {
    pub version: Option<Rc<Version>>,
    /// Whether it is the current record.
    pub fresh: bool,
}

impl LookupResult {
    pub fn found(&self) -> Found {
        self.version
            .as_ref()
            .map_or(Found::Nothing, |version| version.found())
    }
}

/// The records before and after a write.
pub struct StoreChange {
    pub before: Option<Rc<Version>>,
    pub after: Option<Rc<Version>>,
}

pub struct Store {
    cells: Vec<KeySlot>,
    rng: Rng,
    generations: u64,
    consistency: Consistency,
    recreates: bool,
    hostility: u64,
}

/// Records of another system, with fields that this version does not know, and without some that it writes.
const FOREIGN: [(&str, &str); 3] = [
    (
        r#"{"v":1,"created":0,"consent":{"ok":true,"updated":0,"tool":"x"},"geo":{"country":"DE","city":"B"},"ids":{"old.example":{"uid":"o","seen":[1]}},"other":[1.10]}"#,
        r#"{"other":true}"#,
    ),
    (
        r#"{"v":1,"created":0,"last_seen":0,"consent":{"ok":true,"updated":0},"geo":{"country":"FR"},"ids":{"criteo.com":{"uid":"uid-1","from":{"a":1}}}}"#,
        "",
    ),
    (
        r#"{"v":1,"created":0,"last_seen":0,"consent":{"tcf":"CP","ok":true,"updated":0},"geo":{"country":"US","region":"NY"},"ids":{},"next":null}"#,
        r#"{"ok":true,"country":"US","shard":7}"#,
    ),
];

impl Store {
    /// A store with some records of another system, and some unreadable ones.
    pub fn new(seed: u64, records: u32, environment: &Environment) -> Self {
        let mut rng = Rng::new(seed, 4);
        let mut store = Self {
            cells: Vec::new(),
            generations: rng.number(),
            consistency: environment.consistency,
            recreates: environment.recreates,
            hostility: environment.hostility,
            rng,
        };
        for _ in 0..records {
            let current = match store.rng.below(16) {
                0..4 => Some(Some(store.foreign())),
                4 => Some(None),
                _ => None,
            };
            let current = current.map(|content| {
                Rc::new(Version {
                    content,
                    generation: store.generation(),
                    due: None,
                })
            });
            store.cells.push(KeySlot {
                current,
                ..KeySlot::default()
            });
        }
        store
    }

    fn foreign(&mut self) -> (KvEntry, KvMetadata) {
        let (body, metadata) = self.rng.pick(&FOREIGN);
        let mut entry = KvEntry::from_body(body.as_bytes()).unwrap();
        let written = Timestamp::from_unix(BEGINNING - self.rng.below(600));
        entry.created = written;
        entry.consent.updated = written;
        entry.last_seen = entry.last_seen.map(|_| written);
        let metadata = KvMetadata::from_bytes(metadata.as_bytes()).unwrap();
        (entry, metadata)
    }

    /// Unique, and in no order.
    fn generation(&mut self) -> u64 {
        self.generations = self.generations.wrapping_add(1);
        self.generations.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn cell(&mut self, record: u32) -> &mut KeySlot {
        &mut self.cells[record as usize]
    }

    pub fn current(&self, record: u32) -> Option<&Rc<Version>> {
        self.cells[record as usize].current.as_ref()
    }

    /// Collects an expired record. Returns it and the time of its collection.
    pub fn collect(&mut self, record: u32, now: u64) -> Option<(Rc<Version>, u64)> {
        let cell = self.cell(record);
        let (_, at) = cell.current.as_ref()?.due.filter(|(_, at)| *at <= now)?;
        let withdrawal = cell.current.take()?;
        cell.past.push((at, Some(Rc::clone(&withdrawal))));
        Some((withdrawal, at))
    }

    fn fails(&mut self, in_a_thousand: u64) -> bool {
        let hostility = self.hostility;
        hostility > 0 && self.rng.chance(in_a_thousand * hostility)
    }

    pub fn lookup(
        &mut self,
        record: u32,
        now: u64,
        statistics: &mut Statistics,
    ) -> CallResult<LookupResult> {
        if self.fails(3) {
            statistics.fault(InjectedFault::LookupFailed);
            let limited = self.rng.chance(200);
            return CallResult::Refused(if limited {
                Refusal::RateLimited
            } else {
                Refusal::Unavailable
            });
        }
        let eventual = self.consistency == Consistency::Eventual;
        let cell = &mut self.cells[record as usize];
        if eventual && !cell.past.is_empty() {
            cell.past.retain(|(until, _)| until + LAG >= now);
            if !cell.past.is_empty() && self.rng.chance(250) {
                let (_, version) = self.rng.pick(&cell.past).clone();
                statistics.fault(InjectedFault::StaleLookup);
                return CallResult::Done(LookupResult {
                    version,
                    fresh: false,
                });
            }
        } else {
            cell.past.clear();
        }
        let version = cell.current.clone();
        if version
            .as_ref()
            .is_some_and(|version| version.due.is_some_and(|(due, _)| due <= now))
        {
            statistics.fault(InjectedFault::CollectedLate);
        }
        CallResult::Done(LookupResult {
            version,
            fresh: true,
        })
    }

    pub fn exists(&mut self, record: u32, statistics: &mut Statistics) -> CallResult<bool> {
        if self.fails(20) {
            statistics.fault(InjectedFault::ExistsFailed);
            return CallResult::Refused(Refusal::Unavailable);
        }
        CallResult::Done(self.current(record).is_some())
    }

    /// The fault that stops a write before it is applied, if any.
    fn refusal(&mut self, record: u32, now: u64, statistics: &mut Statistics) -> Option<Refusal> {
        // The store accepts one write per second and key.
        let crowded = self.cells[record as usize].written + MILLIS > now;
        let (fault, refusal) = if self.fails(if crowded { 60 } else { 3 }) {
            (InjectedFault::RateLimited, Refusal::RateLimited)
        } else if self.fails(4) {
            (InjectedFault::WriteFailed, Refusal::Unavailable)
        } else if self.fails(5) {
            (InjectedFault::DroppedReplyLost, Refusal::AnswerLost)
        } else {
            return None;
        };
        statistics.fault(fault);
        Some(refusal)
    }

    /// Whether the reply to an applied write is lost.
    fn loses(&mut self, statistics: &mut Statistics) -> Option<Refusal> {
        let loses = self.fails(10);
        if loses {
            statistics.fault(InjectedFault::AppliedReplyLost);
        }
        loses.then_some(Refusal::AnswerLost)
    }

    fn replace(&mut self, record: u32, now: u64, after: Option<Rc<Version>>) -> StoreChange {
        let eventual = self.consistency == Consistency::Eventual;
        let cell = self.cell(record);
        let before = std::mem::replace(&mut cell.current, after.clone());
        if eventual {
            cell.past.push((now, before.clone()));
        }
        cell.written = now;
        StoreChange { before, after }
    }

    /// Writes. Returns the change, if any, and the refusal that the caller sees, if any.
    pub fn insert(
        &mut self,
        record: u32,
        now: u64,
        write: &Write,
        statistics: &mut Statistics,
    ) -> (Option<StoreChange>, Option<Refusal>) {
        if let Some(refusal) = self.refusal(record, now, statistics) {
            return (None, Some(refusal));
        }
        let current = self.current(record).map(|version| version.generation);
        let current = current.map(Generation::from_platform);
        if !write.precondition.holds(current) {
            let vanished =
                current.is_none() && matches!(write.precondition, Precondition::Generation(_));
            if vanished {
                statistics.fault(InjectedFault::Vanished);
            }
            if !vanished || !self.recreates || self.rng.chance(200) {
                statistics.fault(InjectedFault::Conflict);
                return (None, Some(Refusal::Conflict));
            }
            statistics.fault(InjectedFault::Recreated);
        }
        let due = now + write.ttl.seconds() * MILLIS;
        let collected = self.rng.weighted(&[
            (5, Some(0)),
            (3, Some(150 * MILLIS)),
            (2, Some(24 * 3_600 * MILLIS)),
            (1, None),
        ]);
        let late = collected.map(|most| due + self.rng.below(most + 1));
        let version = Version {
            content: Some((write.entry.clone(), write.metadata.clone())),
            generation: self.generation(),
            due: Some((due, late.unwrap_or(u64::MAX))),
        };
        let change = self.replace(record, now, Some(Rc::new(version)));
        (Some(change), self.loses(statistics))
    }

    /// Removes. Returns the change, if any, and the refusal that the caller sees, if any.
    pub fn delete(
        &mut self,
        record: u32,
        now: u64,
        statistics: &mut Statistics,
    ) -> (Option<StoreChange>, Option<Refusal>) {
        if let Some(refusal) = self.refusal(record, now, statistics) {
            return (None, Some(refusal));
        }
        let change = self.replace(record, now, None);
        (Some(change), self.loses(statistics))
    }
}
