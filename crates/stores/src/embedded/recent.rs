//! Records that were read lately, cached in memory: reading one again waits for no disk and for no other thread.
//!
//! A record is cached only while it is what the file holds: a commit takes what it changes away before it begins, and a
//! read that was under way meanwhile brings nothing back. So a lookup here and one in the file never disagree about
//! what came first.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::layout::RecordSlot;
use edge_cookie::clock::Moment;
use edge_cookie::store::Stored;

/// Parts that are locked each for itself, so that threads seldom meet.
const PARTS: usize = 64;

/// A shard keeps the records of this turn and of the one before.
const TURNS: usize = 2;

/// The cached records.
pub(super) struct Recent {
    shards: Vec<Mutex<Shard>>,
    /// The most records of one shard in one turn; none are kept where it is zero.
    most: usize,
    hasher: RandomState,
}

/// The records of some of the keys: those read or kept since the last turn, and those of the turn before.
#[derive(Default)]
struct Shard {
    young: HashMap<Box<str>, CachedRecord>,
    old: HashMap<Box<str>, CachedRecord>,
    /// Commits that began to change a record of this shard.
    changes: u64,
    changing: bool,
}

struct CachedRecord {
    stored: Stored,
    expires: u64,
}

/// Permission to keep what a read finds, unless a commit comes between.
pub(super) struct ReadTicket {
    shard: usize,
    changes: u64,
}

/// Records that a commit is changing; dropped when it is over.
pub(super) struct Taken<'r> {
    recent: &'r Recent,
    shards: Vec<usize>,
}

impl Recent {
    /// Room for about `most` records.
    pub(super) fn new(most: usize) -> Self {
        let shards = if most == 0 { 0 } else { PARTS };
        Self {
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            most: most.div_ceil(TURNS * PARTS),
            hasher: RandomState::new(),
        }
    }

    /// Whether anything is ever kept.
    pub(super) const fn is_kept(&self) -> bool {
        self.most > 0
    }

    /// The record under `key`, where it is cached and no other thread holds its shard.
    pub(super) fn get(&self, key: &str, now: Moment) -> Option<Stored> {
        let mut shard = self.shards.get(self.shard_of(key)?)?.try_lock().ok()?;
        if let Some(kept) = shard.young.get(key) {
            return kept.at(now);
        }
        let (key, kept) = shard.old.remove_entry(key)?;
        let stored = kept.at(now);
        shard.keep(key, kept, self.most);
        stored
    }

    /// A ticket to keep what is read from now on under `key`.
    pub(super) fn ticket(&self, key: &str) -> Option<ReadTicket> {
        let number = self.shard_of(key)?;
        let shard = self.lock(number)?;
        (!shard.changing).then_some(ReadTicket {
            shard: number,
            changes: shard.changes,
        })
    }

    /// Keeps what was read, where that is still what the file holds.
    pub(super) fn keep(&self, ticket: &ReadTicket, key: &str, slot: &RecordSlot<'_>) {
        let kept = CachedRecord {
            stored: slot.to_stored(),
            expires: slot.expires(),
        };
        if let Some(mut shard) = self.lock(ticket.shard)
            && !shard.changing
            && shard.changes == ticket.changes
        {
            shard.keep(key.into(), kept, self.most);
        }
    }

    /// Takes away what a commit changes, until it is over.
    pub(super) fn take(&self, keys: &[String]) -> Taken<'_> {
        let mut shards = Vec::new();
        for key in keys {
            let Some(number) = self.shard_of(key) else {
                break;
            };
            let Some(mut shard) = self.lock(number) else {
                break;
            };
            shard.young.remove(key.as_str());
            shard.old.remove(key.as_str());
            if !shard.changing {
                shard.changing = true;
                shard.changes += 1;
                shards.push(number);
            }
        }
        Taken {
            recent: self,
            shards,
        }
    }

    /// Keeps nothing of what was read so far, nor what reads that are under way will bring.
    pub(super) fn clear(&self) {
        for number in 0..self.shards.len() {
            if let Some(mut shard) = self.lock(number) {
                shard.young.clear();
                shard.old.clear();
                shard.changes += 1;
            }
        }
    }

    fn shard_of(&self, key: &str) -> Option<usize> {
        let hash = self.hasher.hash_one(key);
        usize::try_from(hash.checked_rem(self.shards.len() as u64)?).ok()
    }

    /// A panic elsewhere leaves a shard whole, so that a poisoned lock is as good as any.
    fn lock(&self, shard: usize) -> Option<MutexGuard<'_, Shard>> {
        let shard = self.shards.get(shard)?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shard {
    /// Keeps a record. Where there is no more room, those that were not read since the last turn go.
    fn keep(&mut self, key: Box<str>, kept: CachedRecord, most: usize) {
        if self.young.len() >= most && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, kept);
    }
}

impl CachedRecord {
    fn at(&self, now: Moment) -> Option<Stored> {
        (now.unix_millis() < self.expires).then(|| self.stored.clone())
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        for shard in &self.shards {
            if let Some(mut shard) = self.recent.lock(*shard) {
                shard.changing = false;
            }
        }
    }
}
