//! Which withdrawal is kept in which slot, and what was counted.

use std::collections::HashMap;

use super::layout::KeptWithdrawal;
use edge_cookie::clock::Timestamp;
use edge_cookie::record::EcId;
use edge_cookie_service::OutboxState;

/// The slots of a file.
pub(super) struct Slots {
    bound: u32,
    kept: HashMap<EcId, HeldWithdrawal>,
    /// Slots that are empty, the next to be used last.
    room: Vec<u32>,
    taken: u64,
    delivered: u64,
    refused: u64,
    /// Slots whose records cannot be read; they are left as they are.
    pub(super) damaged: u32,
}

struct HeldWithdrawal {
    slot: u32,
    at: Timestamp,
    /// It is on the disk.
    durable: bool,
}

/// Where a withdrawal goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// It is on the disk already, or a later one of the same user.
    Already,
    /// Into this slot, with this time: its own, or that of a later one of the same user that the disk did not take. An
    /// earlier one is in the other slot, which is to be cleared when this is on the disk.
    At(u32, Timestamp, Option<u32>),
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
            let durable = true;
            self.kept.insert(id, HeldWithdrawal { slot, at, durable });
        }
        if let Some(slot) = superseded {
            self.has_room(slot);
        }
        superseded
    }

    /// Finds a place for a withdrawal, which is kept there from now on.
    pub(super) fn place(&mut self, withdrawal: &KeptWithdrawal) -> Placed {
        let KeptWithdrawal { id, at } = *withdrawal;
        let earlier = match self.kept.get(&id) {
            Some(held) if held.at >= at && held.durable => return Placed::Already,
            Some(held) if held.at >= at => return Placed::At(held.slot, held.at, None),
            known => known.map(|held| held.slot),
        };
        let Some(slot) = self.room.pop() else {
            self.refused += 1;
            return Placed::Full;
        };
        self.taken += 1;
        let durable = false;
        self.kept.insert(id, HeldWithdrawal { slot, at, durable });
        Placed::At(slot, at, earlier)
    }

    /// A withdrawal is on the disk, where it is the one that is kept.
    pub(super) fn written(&mut self, withdrawal: &KeptWithdrawal) {
        let held = self.kept.get_mut(&withdrawal.id);
        if let Some(held) = held.filter(|held| held.at == withdrawal.at) {
            held.durable = true;
        }
    }

    /// The file is gone: nothing is on the disk until it is written again.
    pub(super) fn all_lost(&mut self) {
        for held in self.kept.values_mut() {
            held.durable = false;
        }
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

    /// What is kept in which slot.
    pub(super) fn placed(&self) -> impl Iterator<Item = (u32, KeptWithdrawal)> {
        self.kept.iter().map(|(id, held)| {
            let kept = KeptWithdrawal {
                id: *id,
                at: held.at,
            };
            (held.slot, kept)
        })
    }

    pub(super) const fn bound(&self) -> u32 {
        self.bound
    }

    /// What is kept, the oldest first.
    pub(super) fn kept(&self) -> Vec<KeptWithdrawal> {
        let mut all: Vec<_> = self.placed().map(|(_, kept)| kept).collect();
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
