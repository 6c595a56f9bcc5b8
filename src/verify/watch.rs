//! What was promised of the record, and whether it still holds: the promises of `POLICY.md`, said once more in terms of
//! what was done to the store, and not of how the engine decides.

use std::hash::{Hash, Hasher};

use super::act::{Act, PARTNERS, partner_id};
use super::broken::{Broken, Return};
use super::world::{Content, Matters};
use crate::clock::Timestamp;
use crate::engine::{Outcome, RecordState, Tally, record_state};
use crate::policy::EcPolicy;
use crate::policy::settings::{Expiry, OnMissingSync, Renewal, Unchanged};
use crate::record::{KvEntry, KvMetadata};

/// How many more writes than it may retry an operation sends at most, and how many more reads (`POLICY.md`, promise 5).
pub(super) const MORE_THAN_RETRIES: usize = 2;

/// One life of the record: from its creation to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Life {
    created: Timestamp,
    /// The last visit that was written.
    visited: Timestamp,
    /// What retention counts from.
    retained: Timestamp,
    /// The last touch that was written.
    touched: Option<Timestamp>,
    /// How a user who should be gone got it.
    by: Option<Return>,
}

impl Life {
    fn new(from: Timestamp, by: Option<Return>) -> Self {
        Self {
            created: from,
            visited: from,
            retained: from,
            touched: None,
            by,
        }
    }

    /// The last second in which `policy` keeps it, counted from the last visit or from the last renewal.
    fn kept_until(&self, policy: &EcPolicy, from: Timestamp) -> Timestamp {
        let from = match policy.entry.renewal {
            Renewal::FromCreation => self.created,
            Renewal::OnWrite | Renewal::OnVisit => from,
        };
        from.plus_seconds(policy.entry.ttl.seconds())
    }

    fn is_over(&self, policy: &EcPolicy, now: Timestamp) -> bool {
        now > self.kept_until(policy, self.retained)
    }
}

/// What was promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Watch {
    /// When the user withdrew or was erased, until fresh consent; and whether nothing was left that remembers it.
    withdrawn: Option<(Timestamp, bool)>,
    /// The tombstone that was written, and under which policy.
    tombstone: Option<(Timestamp, usize)>,
    life: Option<Life>,
}

/// A write that was done.
pub(super) struct Change<'c> {
    pub(super) act: Act,
    /// The policy of the operation: which one, and what it says.
    pub(super) policy: (usize, &'c EcPolicy),
    pub(super) start: Timestamp,
    pub(super) now: Timestamp,
    pub(super) before: Option<&'c Content>,
    pub(super) after: (&'c KvEntry, &'c KvMetadata),
}

impl Watch {
    pub(super) fn new(lives_from: Option<Timestamp>) -> Self {
        Self {
            withdrawn: None,
            tombstone: None,
            life: lives_from.map(|from| Life::new(from, None)),
        }
    }

    /// Whether the life that goes on began then.
    pub(super) fn began(&self, created: Timestamp) -> bool {
        self.life.is_some_and(|life| life.created == created)
    }

    /// Hashes what is promised by its ages.
    pub(super) fn hash_ages(
        &self,
        age: impl Fn(Timestamp, u64) -> u64,
        matters: &Matters,
        hasher: &mut impl Hasher,
    ) {
        let withdrawn = self
            .withdrawn
            .map(|(at, erased)| (age(at, matters.recent), erased));
        let tombstone = self
            .tombstone
            .map(|(at, by)| (age(at, matters.withdrawn), by));
        let life = self.life.map(|life| {
            let from = [life.visited, life.retained].map(|from| age(from, matters.retained));
            let touched = life.touched.map(|touched| age(touched, matters.seen));
            let created = matters.created.map(|matters| age(life.created, matters));
            (created, from, touched, life.by)
        });
        (withdrawn, tombstone, life).hash(hasher);
    }

    /// When the user's time is over, as each policy counts from the last visit: the moments at which a promise ends.
    pub(super) fn ends(&self, policy: &EcPolicy) -> Option<Timestamp> {
        self.life.map(|life| life.kept_until(policy, life.visited))
    }

    /// Takes note of a write.
    pub(super) fn written(&mut self, change: &Change<'_>) -> Option<Broken> {
        let unreadable = change.before.is_some_and(Option::is_none);
        if unreadable && !matches!(change.act, Act::Withdraw | Act::Deliver | Act::Delete) {
            return Some(Broken::Damaged);
        }
        match change.act {
            Act::Consent => self.consented(change),
            Act::Touch => self.touched(change),
            Act::Sync { partner, .. } => self.synced(change, partner),
            Act::Withdraw | Act::Delete => self.buried(change),
            Act::Deliver => self.delivered(change),
        }
    }

    /// The life that a write goes on with, and the record before it; none where nothing counts as standing.
    fn going_on<'c>(&self, change: &Change<'c>) -> Option<(Life, &'c KvEntry)> {
        let life = self.life.filter(|life| {
            let over = life.is_over(change.policy.1, change.now);
            !over || change.after.0.created == life.created
        })?;
        let (entry, _) = change.before?.as_ref()?;
        Some((life, entry))
    }

    fn consented(&mut self, change: &Change<'_>) -> Option<Broken> {
        // Within one second nothing tells before from after, unless a tombstone does.
        if let Some((since, erased)) = self.withdrawn
            && (change.start < since || (change.start == since && !erased))
        {
            let how = Return::OldConsent;
            return Some(Broken::Returned { how, erased });
        }
        let lost = self
            .life
            .is_some_and(|life| !life.is_over(change.policy.1, change.now));
        *self = Self::new(Some(change.start));
        lost.then_some(Broken::Lost)
    }

    fn touched(&mut self, change: &Change<'_>) -> Option<Broken> {
        let (entry, _) = change.after;
        let policy = change.policy.1;
        let Some((mut life, before)) = self.going_on(change) else {
            return self.written_back(change);
        };
        let seen = entry.last_seen?;
        if before.last_seen.is_some_and(|before| seen <= before) {
            return Some(Broken::SeenBefore);
        }
        let debounce = policy.last_seen.debounce.seconds();
        if life
            .touched
            .is_some_and(|last| seen.seconds_since(last) < debounce)
        {
            return Some(Broken::TouchedTooSoon);
        }
        life.touched = Some(seen);
        if policy.entry.renewal == Renewal::FromCreation {
            life.retained = life.created;
        } else {
            (life.visited, life.retained) = (change.start, change.start);
        }
        self.life = Some(life);
        let expected = KvEntry {
            last_seen: entry.last_seen,
            ..before.clone()
        };
        Self::only(&expected, change, None)
    }

    fn synced(&mut self, change: &Change<'_>, partner: usize) -> Option<Broken> {
        let (entry, metadata) = change.after;
        let policy = change.policy.1;
        let Some((mut life, before)) = self.going_on(change) else {
            let creates = policy.sync.on_missing == OnMissingSync::CreateMinimal;
            if !creates || entry.created != change.start {
                return self.written_back(change);
            }
            let made = change.act.synced(policy, change.start);
            let late = self
                .withdrawn
                .is_some_and(|(at, _)| made <= at && made < change.start);
            self.life = Some(Life::new(change.start, Some(Return::Created { late })));
            return None;
        };
        life.retained = match policy.entry.renewal {
            Renewal::OnWrite => life.retained.max(change.start),
            Renewal::OnVisit => life.retained,
            Renewal::FromCreation => life.created,
        };
        self.life = Some(life);
        if metadata.t != Some(life.retained) {
            return Some(Broken::Meddled);
        }
        let expected = KvEntry {
            ids: entry.ids.clone(),
            ..before.clone()
        };
        Self::only(&expected, change, Some(partner))
    }

    /// Whether a write changed no more than it may: `expected` is what stood before, with what may change changed.
    fn only(expected: &KvEntry, change: &Change<'_>, partner: Option<usize>) -> Option<Broken> {
        let (entry, metadata) = change.after;
        let (before, metadata_before) = change.before?.as_ref()?;
        for other in (0..PARTNERS.len()).filter(|other| partner != Some(*other)) {
            let id = partner_id(other)?;
            if before.ids.get(id) != entry.ids.get(id) {
                return Some(Broken::Lost);
            }
        }
        let same = expected == entry && metadata_before.kept == metadata.kept;
        (!same).then_some(Broken::Damaged)
    }

    /// An operation wrote where the record that it had read was gone.
    fn written_back(&mut self, change: &Change<'_>) -> Option<Broken> {
        let (entry, metadata) = change.after;
        let mut life = Life::new(entry.created, Some(Return::WrittenBack));
        life.retained = metadata.t.unwrap_or(entry.created);
        life.visited = life.retained;
        self.life = Some(life);
        None
    }

    fn buried(&mut self, change: &Change<'_>) -> Option<Broken> {
        let (entry, _) = change.after;
        if entry.consent.ok {
            return Some(Broken::Forgotten);
        }
        self.life = None;
        self.tombstone = Some((entry.consent.updated, change.policy.0));
        if entry.consent.updated == change.start {
            // Of operations under way together, the one that is written last counts as the last.
            self.withdrawn = Some((change.start, false));
        }
        None
    }

    /// A withdrawal was delivered late.
    fn delivered(&mut self, change: &Change<'_>) -> Option<Broken> {
        let at = Act::withdrew(change.start);
        let policy = change.policy.1;
        let life = self.life.filter(|life| !life.is_over(policy, change.now));
        if life.is_some_and(|life| life.created > at) {
            return Some(Broken::ConsentUndone);
        }
        let (entry, _) = change.after;
        let written = entry.consent.updated;
        let stands = |(at, _): (Timestamp, usize)| {
            written < at && change.now <= at.plus_seconds(policy.tombstone.ttl.seconds())
        };
        let moved_back = self.tombstone.is_some_and(stands);
        let later = self.withdrawn.filter(|(since, _)| *since >= written);
        let broken = self.buried(change);
        self.withdrawn = later.or(Some((written, false)));
        broken.or(moved_back.then_some(Broken::Forgotten))
    }

    /// The record was removed by an operation that started at `start`. What is past its time was nobody's.
    pub(super) fn erased(&mut self, start: Timestamp, policy: &EcPolicy, now: Timestamp) {
        let forgotten =
            |(at, _): (Timestamp, usize)| now > at.plus_seconds(policy.tombstone.ttl.seconds());
        let over = self.life.is_none_or(|life| life.is_over(policy, now))
            && self.tombstone.is_none_or(forgotten);
        let withdrawn = self.withdrawn.filter(|_| over);
        *self = Self::new(None);
        self.withdrawn = withdrawn.or(if over { None } else { Some((start, true)) });
    }

    /// The store has collected the record.
    pub(super) fn collected(
        &mut self,
        policies: &[std::sync::Arc<EcPolicy>],
        now: Timestamp,
    ) -> Option<Broken> {
        let early = self
            .life
            .is_some_and(|life| policies.iter().all(|policy| !life.is_over(policy, now)));
        self.life = None;
        early.then_some(Broken::Lost)
    }

    /// An operation ended.
    pub(super) fn ended(
        &mut self,
        act: Act,
        policy: &EcPolicy,
        start: Timestamp,
        (outcome, tally): (Option<Outcome>, Tally),
        current: Option<&Content>,
    ) -> Option<Broken> {
        let most = MORE_THAN_RETRIES.saturating_add(policy.cas.max_retries as usize);
        if tally.writes as usize > most || tally.reads as usize > most {
            return Some(Broken::TooManyCalls);
        }
        if tally.writes == 0 {
            match outcome {
                Some(Outcome::Withdrawn | Outcome::Deleted) => return Some(Broken::Forgotten),
                Some(Outcome::Written | Outcome::Refreshed | Outcome::CreatedMinimal) => {
                    return Some(Broken::Lost);
                }
                _ => {}
            }
        }
        let ttl = policy.entry.ttl.seconds();
        let last_but_one = |from: Timestamp| start.seconds_since(from).saturating_add(1) >= ttl;
        let life = self.life?;
        let entry = || current?.as_ref().map(|(entry, _)| entry);
        match (act, outcome?) {
            (Act::Touch, Outcome::Debounced) => {
                let renews = policy.entry.renewal != Renewal::FromCreation;
                (renews && last_but_one(life.retained)).then_some(Broken::VisitLost)
            }
            (Act::Deliver, _) => {
                let lives = !life.is_over(policy, start);
                (lives && life.created <= Act::withdrew(start)).then_some(Broken::NotDelivered)
            }
            (Act::Sync { partner, .. }, Outcome::Unchanged) => {
                let known = entry()?.ids.get(partner_id(partner)?)?.synced?;
                let age = act.synced(policy, start).seconds_since(known);
                let refreshes = policy.sync.unchanged == Unchanged::Refresh;
                (refreshes && age.saturating_add(1) >= ttl).then_some(Broken::NotRefreshed)
            }
            _ => None,
        }
    }

    /// Whether every reader may see what it sees now.
    pub(super) fn seen(
        &self,
        policies: &[std::sync::Arc<EcPolicy>],
        current: Option<&Content>,
        now: Timestamp,
    ) -> Option<Broken> {
        let record = current.and_then(|content| content.as_ref());
        policies.iter().find_map(|policy| {
            let seen = record.map(|(entry, metadata)| record_state(policy, entry, metadata, now));
            if let Some((at, writer)) = self.tombstone {
                let promised = policies.get(writer).map_or(policy.tombstone.ttl, |writer| {
                    writer.tombstone.ttl.min(policy.tombstone.ttl)
                });
                let remembered = seen == Some(RecordState::Tombstone)
                    && record.is_some_and(|(entry, _)| entry.consent.updated == at);
                if now <= at.plus_seconds(promised.seconds()) && !remembered {
                    return Some(self.returned().unwrap_or(Broken::Forgotten));
                }
            }
            if seen != Some(RecordState::Live) {
                return None;
            }
            if self.withdrawn.is_some() {
                return self.returned();
            }
            let life = self.life?;
            let by_syncs = policy.entry.expiry == Expiry::Engine || !life.is_over(policy, now);
            (now > life.kept_until(policy, life.visited)).then_some(Broken::Kept { by_syncs })
        })
    }

    fn returned(&self) -> Option<Broken> {
        let (_, erased) = self.withdrawn?;
        let how = self.life?.by.unwrap_or(Return::WrittenBack);
        Some(Broken::Returned { how, erased })
    }
}
