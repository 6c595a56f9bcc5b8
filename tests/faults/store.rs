//! One store of many records, and what can go wrong with it.

use std::rc::Rc;

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Consistency, Found, Record, UnreadableRecord, Write};
use edge_cookie::record::{Generation, KvEntry, KvMetadata, Precondition, Unreadable};

use crate::act::MILLIS;
use crate::draw::Draw;
use crate::policies::Regime;
use crate::report::{Fault, Tally};
use crate::traffic::BEGINNING;

/// For how long a lookup at the edge may see what was replaced, in milliseconds.
const LAG: u64 = 60 * MILLIS;

/// What one write put there.
#[derive(Debug)]
pub struct Version {
    /// None where it cannot be read.
    pub content: Option<(KvEntry, KvMetadata)>,
    pub generation: u64,
    /// From when on the store may collect it, and when it does, in milliseconds; never where nobody told it a time.
    due: Option<(u64, u64)>,
}

impl Version {
    /// What an operation is told of it.
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

/// What stands under one key, and what stood there as far as a lookup may still see it.
#[derive(Default)]
struct Cell {
    current: Option<Rc<Version>>,
    past: Vec<(u64, Option<Rc<Version>>)>,
    written: u64,
}

/// How a call went.
pub enum Call<T> {
    Done(T),
    Refused(Refusal),
}

/// Why a call was not done, as far as its caller knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Conflict,
    RateLimited,
    Unavailable,
    AnswerLost,
}

/// What a lookup saw.
pub struct Seen {
    pub version: Option<Rc<Version>>,
    /// Whether it is what stands there.
    pub fresh: bool,
}

impl Seen {
    pub fn found(&self) -> Found {
        self.version
            .as_ref()
            .map_or(Found::Nothing, |version| version.found())
    }
}

/// What a write did: what it met, and what stands there since.
pub struct Change {
    pub before: Option<Rc<Version>>,
    pub after: Option<Rc<Version>>,
}

pub struct Store {
    cells: Vec<Cell>,
    draw: Draw,
    generations: u64,
    consistency: Consistency,
    recreates: bool,
    hostility: u64,
}

/// The records of another system, with fields that this version does not know and without some that it writes.
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
    /// A store in which some records stand that another system wrote, and some that cannot be read.
    pub fn new(seed: u64, records: u32, regime: &Regime) -> Self {
        let mut draw = Draw::new(seed, 4);
        let mut store = Self {
            cells: Vec::new(),
            generations: draw.number(),
            consistency: regime.consistency,
            recreates: regime.recreates,
            hostility: regime.hostility,
            draw,
        };
        for _ in 0..records {
            let current = match store.draw.below(16) {
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
            store.cells.push(Cell {
                current,
                ..Cell::default()
            });
        }
        store
    }

    fn foreign(&mut self) -> (KvEntry, KvMetadata) {
        let (body, metadata) = self.draw.pick(&FOREIGN);
        let mut entry = KvEntry::from_body(body.as_bytes()).unwrap();
        let written = Timestamp::from_unix(BEGINNING - self.draw.below(600));
        entry.created = written;
        entry.consent.updated = written;
        entry.last_seen = entry.last_seen.map(|_| written);
        let metadata = KvMetadata::from_bytes(metadata.as_bytes()).unwrap();
        (entry, metadata)
    }

    /// Never the same twice, and in no order.
    fn generation(&mut self) -> u64 {
        self.generations = self.generations.wrapping_add(1);
        self.generations.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn cell(&mut self, record: u32) -> &mut Cell {
        &mut self.cells[record as usize]
    }

    pub fn current(&self, record: u32) -> Option<&Rc<Version>> {
        self.cells[record as usize].current.as_ref()
    }

    /// Collects what is past its time; gives back what is gone since when.
    pub fn collect(&mut self, record: u32, now: u64) -> Option<(Rc<Version>, u64)> {
        let cell = self.cell(record);
        let (_, at) = cell.current.as_ref()?.due.filter(|(_, at)| *at <= now)?;
        let gone = cell.current.take()?;
        cell.past.push((at, Some(Rc::clone(&gone))));
        Some((gone, at))
    }

    fn fails(&mut self, in_a_thousand: u64) -> bool {
        let hostility = self.hostility;
        hostility > 0 && self.draw.happens(in_a_thousand * hostility)
    }

    pub fn lookup(&mut self, record: u32, now: u64, tally: &mut Tally) -> Call<Seen> {
        if self.fails(3) {
            tally.fault(Fault::LookupFailed);
            let limited = self.draw.happens(200);
            return Call::Refused(if limited {
                Refusal::RateLimited
            } else {
                Refusal::Unavailable
            });
        }
        let eventual = self.consistency == Consistency::Eventual;
        let cell = &mut self.cells[record as usize];
        if eventual && !cell.past.is_empty() {
            cell.past.retain(|(until, _)| until + LAG >= now);
            if !cell.past.is_empty() && self.draw.happens(250) {
                let (_, version) = self.draw.pick(&cell.past).clone();
                tally.fault(Fault::StaleLookup);
                return Call::Done(Seen {
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
            tally.fault(Fault::CollectedLate);
        }
        Call::Done(Seen {
            version,
            fresh: true,
        })
    }

    pub fn exists(&mut self, record: u32, tally: &mut Tally) -> Call<bool> {
        if self.fails(20) {
            tally.fault(Fault::ExistsFailed);
            return Call::Refused(Refusal::Unavailable);
        }
        Call::Done(self.current(record).is_some())
    }

    /// What stops a write before it is done.
    fn refusal(&mut self, record: u32, now: u64, tally: &mut Tally) -> Option<Refusal> {
        // The store takes one write a second to a key.
        let crowded = self.cells[record as usize].written + MILLIS > now;
        let (fault, refusal) = if self.fails(if crowded { 60 } else { 3 }) {
            (Fault::RateLimited, Refusal::RateLimited)
        } else if self.fails(4) {
            (Fault::WriteFailed, Refusal::Unavailable)
        } else if self.fails(5) {
            (Fault::LostUndone, Refusal::AnswerLost)
        } else {
            return None;
        };
        tally.fault(fault);
        Some(refusal)
    }

    /// Whether the answer to a write that was done is lost.
    fn loses(&mut self, tally: &mut Tally) -> Option<Refusal> {
        let loses = self.fails(10);
        if loses {
            tally.fault(Fault::LostDone);
        }
        loses.then_some(Refusal::AnswerLost)
    }

    fn replace(&mut self, record: u32, now: u64, after: Option<Rc<Version>>) -> Change {
        let eventual = self.consistency == Consistency::Eventual;
        let cell = self.cell(record);
        let before = std::mem::replace(&mut cell.current, after.clone());
        if eventual {
            cell.past.push((now, before.clone()));
        }
        cell.written = now;
        Change { before, after }
    }

    /// Writes; gives back what was changed, if anything was, and what the caller is told.
    pub fn insert(
        &mut self,
        record: u32,
        now: u64,
        write: &Write,
        tally: &mut Tally,
    ) -> (Option<Change>, Option<Refusal>) {
        if let Some(refusal) = self.refusal(record, now, tally) {
            return (None, Some(refusal));
        }
        let current = self.current(record).map(|version| version.generation);
        let standing = current.map(Generation::from_platform);
        if !write.precondition.holds(standing) {
            let vanished =
                current.is_none() && matches!(write.precondition, Precondition::Generation(_));
            if vanished {
                tally.fault(Fault::Vanished);
            }
            if !vanished || !self.recreates || self.draw.happens(200) {
                tally.fault(Fault::Conflict);
                return (None, Some(Refusal::Conflict));
            }
            tally.fault(Fault::Recreated);
        }
        let due = now + write.ttl.seconds() * MILLIS;
        let collected = self.draw.weighted(&[
            (5, Some(0)),
            (3, Some(150 * MILLIS)),
            (2, Some(24 * 3_600 * MILLIS)),
            (1, None),
        ]);
        let late = collected.map(|most| due + self.draw.below(most + 1));
        let version = Version {
            content: Some((write.entry.clone(), write.metadata.clone())),
            generation: self.generation(),
            due: Some((due, late.unwrap_or(u64::MAX))),
        };
        let change = self.replace(record, now, Some(Rc::new(version)));
        (Some(change), self.loses(tally))
    }

    /// Removes; gives back what was changed and what the caller is told.
    pub fn delete(
        &mut self,
        record: u32,
        now: u64,
        tally: &mut Tally,
    ) -> (Option<Change>, Option<Refusal>) {
        if let Some(refusal) = self.refusal(record, now, tally) {
            return (None, Some(refusal));
        }
        let change = self.replace(record, now, None);
        (Some(change), self.loses(tally))
    }
}
