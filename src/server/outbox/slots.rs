//! Which withdrawal is kept in which slot, and what was counted.

use std::collections::HashMap;

use super::layout::KeptWithdrawal;
use crate::clock::Timestamp;
use crate::record::EcId;
use crate::service::OutboxState;

/// The slots of a file.
pub(super) struct Slots {
    bound: u32,
    kept: HashMap<EcId, Held>,
    /// Slots that are empty, the next to be used last.
    room: Vec<u32>,
    taken: u64,
    delivered: u64,
    refused: u64,
    /// Slots whose records cannot be read; they are left as they are.
    pub(super) damaged: u32,
}

struct Held {
    slot: u32,
    at: Timestamp,
}

/// Where a withdrawal goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// It is kept already, or a later one of the same user.
    Already,
    /// Into this slot; an earlier one of the same user is in the other, which is to be cleared when this is on the disk.
    At(u32, Option<u32>),
    /// There is no room.
    Full,
}

impl Slots {
    pub(super) fn new(bound: u32) -> Self {
        Self {
            bound,
            kept: HashMap::new(),
            room: Vec::new(),
            taken: 0,
            delivered: 0,
            refused: 0,
            damaged: 0,
        }
    }

    /// A slot is empty. One beyond the bound, from a file that was larger once, is used no more.
    pub(super) fn has_room(&mut self, slot: u32) {
        if slot < self.bound {
            self.room.push(slot);
        }
    }

    /// A slot holds a withdrawal. Gives back the slot to clear where the same user has two: the one with the earlier.
    pub(super) fn found(&mut self, slot: u32, withdrawal: &KeptWithdrawal) -> Option<u32> {
        let KeptWithdrawal { id, at } = *withdrawal;
        let superseded = match self.kept.get(&id) {
            Some(held) if held.at >= at => Some(slot),
            Some(held) => Some(held.slot),
            None => None,
        };
        if superseded != Some(slot) {
            self.kept.insert(id, Held { slot, at });
        }
        if let Some(slot) = superseded {
            self.has_room(slot);
        }
        superseded
    }

    /// Finds a place for a withdrawal, which is kept there from now on.
    pub(super) fn place(&mut self, withdrawal: &KeptWithdrawal) -> Placed {
        let KeptWithdrawal { id, at } = *withdrawal;
        let known = self.kept.get(&id);
        if known.is_some_and(|held| held.at >= at) {
            return Placed::Already;
        }
        let earlier = known.map(|held| held.slot);
        let Some(slot) = self.room.pop() else {
            self.refused += 1;
            return Placed::Full;
        };
        self.taken += 1;
        self.kept.insert(id, Held { slot, at });
        Placed::At(slot, earlier)
    }

    /// Lets go of a withdrawal that the store has taken; gives back its slot, which is to be cleared.
    pub(super) fn remove(&mut self, withdrawal: &KeptWithdrawal) -> Option<u32> {
        let held = self.kept.get(&withdrawal.id)?;
        // One that was made since is not written yet.
        if held.at > withdrawal.at {
            return None;
        }
        let slot = held.slot;
        self.kept.remove(&withdrawal.id);
        self.delivered += 1;
        Some(slot)
    }

    pub(super) fn holds(&self, id: &EcId) -> bool {
        self.kept.contains_key(id)
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// What is kept, the oldest first.
    pub(super) fn kept(&self) -> Vec<KeptWithdrawal> {
        let all = self.kept.iter();
        let mut all: Vec<_> = all
            .map(|(id, held)| KeptWithdrawal {
                id: *id,
                at: held.at,
            })
            .collect();
        all.sort_unstable_by_key(|kept| (kept.at, kept.id));
        all
    }

    pub(super) fn state(&self) -> OutboxState {
        OutboxState {
            withdrawals: self.kept.len(),
            bound: self.bound,
            oldest: self.kept.values().map(|held| held.at).min(),
            taken: self.taken,
            delivered: self.delivered,
            refused: self.refused,
            damaged: self.damaged,
        }
    }
}
