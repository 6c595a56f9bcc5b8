//! Records that were read lately, cached in memory: reading one again waits for no disk and for no other thread.
//!
//! A record is cached only while it is what the file holds: a commit takes what it changes away before it begins, and a
//! read that was under way meanwhile brings nothing back. So a lookup here and one in the file never disagree about
//! what came first.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::layout::Slot;
use edge_cookie::clock::Moment;
use edge_cookie::store::Stored;

/// Parts that are locked each for itself, so that threads seldom meet.
const PARTS: usize = 64;

/// A part keeps the records of this turn and of the one before.
const TURNS: usize = 2;

/// The cached records.
pub(super) struct Recent {
    parts: Vec<Mutex<Part>>,
    /// The most records of one part in one turn; none are kept where it is zero.
    most: usize,
    hasher: RandomState,
}

/// The records of some of the keys: those read or kept since the last turn, and those of the turn before.
#[derive(Default)]
struct Part {
    young: HashMap<Box<str>, Kept>,
    old: HashMap<Box<str>, Kept>,
    /// Commits that began to change a record of this part.
    changes: u64,
    changing: bool,
}

struct Kept {
    stored: Stored,
    expires: u64,
}

/// Leave to keep what a read finds, unless a commit comes between.
pub(super) struct Leave {
    part: usize,
    changes: u64,
}

/// Records that a commit is changing; dropped when it is over.
pub(super) struct Taken<'r> {
    recent: &'r Recent,
    parts: Vec<usize>,
}

impl Recent {
    /// Room for about `most` records.
    pub(super) fn new(most: usize) -> Self {
        let parts = if most == 0 { 0 } else { PARTS };
        Self {
            parts: (0..parts).map(|_| Mutex::default()).collect(),
            most: most.div_ceil(TURNS * PARTS),
            hasher: RandomState::new(),
        }
    }

    /// Whether anything is ever kept.
    pub(super) const fn is_kept(&self) -> bool {
        self.most > 0
    }

    /// The record under `key`, where it is cached and no other thread holds its part.
    pub(super) fn get(&self, key: &str, now: Moment) -> Option<Stored> {
        let mut part = self.parts.get(self.part_of(key)?)?.try_lock().ok()?;
        if let Some(kept) = part.young.get(key) {
            return kept.at(now);
        }
        let (key, kept) = part.old.remove_entry(key)?;
        let stored = kept.at(now);
        part.keep(key, kept, self.most);
        stored
    }

    /// Leave to keep what is read from now on under `key`.
    pub(super) fn leave(&self, key: &str) -> Option<Leave> {
        let number = self.part_of(key)?;
        let part = self.lock(number)?;
        (!part.changing).then_some(Leave {
            part: number,
            changes: part.changes,
        })
    }

    /// Keeps what was read, where that is still what the file holds.
    pub(super) fn keep(&self, leave: &Leave, key: &str, slot: &Slot<'_>) {
        let kept = Kept {
            stored: slot.to_stored(),
            expires: slot.expires(),
        };
        if let Some(mut part) = self.lock(leave.part)
            && !part.changing
            && part.changes == leave.changes
        {
            part.keep(key.into(), kept, self.most);
        }
    }

    /// Takes away what a commit changes, until it is over.
    pub(super) fn take(&self, keys: &[String]) -> Taken<'_> {
        let mut parts = Vec::new();
        for key in keys {
            let Some(number) = self.part_of(key) else {
                break;
            };
            let Some(mut part) = self.lock(number) else {
                break;
            };
            part.young.remove(key.as_str());
            part.old.remove(key.as_str());
            if !part.changing {
                part.changing = true;
                part.changes += 1;
                parts.push(number);
            }
        }
        Taken {
            recent: self,
            parts,
        }
    }

    /// Keeps nothing of what was read so far, nor what reads that are under way will bring.
    pub(super) fn clear(&self) {
        for number in 0..self.parts.len() {
            if let Some(mut part) = self.lock(number) {
                part.young.clear();
                part.old.clear();
                part.changes += 1;
            }
        }
    }

    fn part_of(&self, key: &str) -> Option<usize> {
        let hash = self.hasher.hash_one(key);
        usize::try_from(hash.checked_rem(self.parts.len() as u64)?).ok()
    }

    /// A panic elsewhere leaves a part whole, so that a poisoned lock is as good as any.
    fn lock(&self, part: usize) -> Option<MutexGuard<'_, Part>> {
        let part = self.parts.get(part)?;
        Some(part.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Part {
    /// Keeps a record. Where there is no more room, those that were not read since the last turn go.
    fn keep(&mut self, key: Box<str>, kept: Kept, most: usize) {
        if self.young.len() >= most && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, kept);
    }
}

impl Kept {
    fn at(&self, now: Moment) -> Option<Stored> {
        (now.unix_millis() < self.expires).then(|| self.stored.clone())
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        for part in &self.parts {
            if let Some(mut part) = self.recent.lock(*part) {
                part.changing = false;
            }
        }
    }
}
