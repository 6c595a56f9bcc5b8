//! The monitor that checks the promises (`docs/semantics.md#promises`). It restates them in terms of the writes to the
//! store, not of how the engine decides.

use std::hash::{Hash, Hasher};

use super::actor::{ActorAction, PARTNERS, partner_id};
use super::age_bounds::AgeBounds;
use super::model_record::RecordContent;
use super::record_lifetime::{RecordLifetime, counts_from_first_write};
use super::violation::{InvariantViolation, KeptBy, ResurrectionCause};
use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Outcome, RecordState, Tally, record_state};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{Expiry, OnMissingSync, Renewal, Unchanged};
use edge_cookie::record::{KvEntry, KvMetadata};

/// The writes that an operation may send beyond its retries, and the same number of reads (`Promise::BoundedWork`).
pub(super) const MORE_THAN_RETRIES: usize = 2;

/// What the policies promise about the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InvariantMonitor {
    /// When the user withdrew or was erased, until fresh consent; and whether no tombstone was left.
    withdrawn: Option<(Timestamp, bool)>,
    /// The time of the tombstone that was written, and the index of its policy.
    tombstone: Option<(Timestamp, usize)>,
    lifetime: Option<RecordLifetime>,
}

/// A write that was done.
pub(super) struct ObservedWrite<'c> {
    pub(super) action: ActorAction,
    /// The policy of the operation, with its index.
    pub(super) policy: (usize, &'c EcPolicy),
    pub(super) start: Timestamp,
    pub(super) now: Timestamp,
    pub(super) before: Option<&'c RecordContent>,
    pub(super) after: (&'c KvEntry, &'c KvMetadata),
}

impl InvariantMonitor {
    pub(super) fn new(live_since: Option<Timestamp>) -> Self {
        Self {
            withdrawn: None,
            tombstone: None,
            lifetime: live_since.map(|from| RecordLifetime::new(from, None)),
        }
    }

    /// Whether the current lifetime began at `created`.
    pub(super) fn began_at(&self, created: Timestamp) -> bool {
        self.lifetime
            .is_some_and(|lifetime| lifetime.created == created)
    }

    /// Hashes the promises by the ages of their times.
    pub(super) fn hash_ages(
        &self,
        age: impl Fn(Timestamp, u64) -> u64,
        bounds: &AgeBounds,
        hasher: &mut impl Hasher,
    ) {
        let withdrawn = self
            .withdrawn
            .map(|(at, erased)| (age(at, bounds.recent), erased));
        let tombstone = self
            .tombstone
            .map(|(at, by)| (age(at, bounds.withdrawn), by));
        let lifetime = self.lifetime.map(|lifetime| {
            let from = [lifetime.visited, lifetime.retained].map(|from| age(from, bounds.retained));
            let touched = lifetime.touched.map(|touched| age(touched, bounds.seen));
            let created = bounds.created.map(|bounds| age(lifetime.created, bounds));
            (created, from, touched, lifetime.by)
        });
        (withdrawn, tombstone, lifetime).hash(hasher);
    }

    /// When the retention ends, as `policy` counts it from the last visit.
    pub(super) fn kept_until(&self, policy: &EcPolicy) -> Option<Timestamp> {
        self.lifetime
            .map(|lifetime| lifetime.kept_until(policy, lifetime.visited))
    }

    /// Checks a write.
    pub(super) fn check_write(
        &mut self,
        observed: &ObservedWrite<'_>,
    ) -> Option<InvariantViolation> {
        let unreadable = observed.before.is_some_and(Option::is_none);
        if unreadable
            && !matches!(
                observed.action,
                ActorAction::Withdraw | ActorAction::Deliver | ActorAction::Delete
            )
        {
            return Some(InvariantViolation::Corrupted);
        }
        match observed.action {
            ActorAction::Consent => self.check_consent(observed),
            ActorAction::Touch => self.check_touch(observed),
            ActorAction::Sync { partner, .. } => self.check_sync(observed, partner),
            ActorAction::Withdraw | ActorAction::Delete => self.check_tombstone(observed),
            ActorAction::Deliver => self.check_delivery(observed),
        }
    }

    /// The lifetime that a write continues, and the record before it; `None` if no record counts as live.
    fn continued_lifetime<'c>(
        &self,
        observed: &ObservedWrite<'c>,
    ) -> Option<(RecordLifetime, &'c KvEntry)> {
        let lifetime = self.lifetime.filter(|lifetime| {
            let over = lifetime.is_over(observed.policy.1, observed.now);
            !over || observed.after.0.created == lifetime.created
        })?;
        let (entry, _) = observed.before?.as_ref()?;
        Some((lifetime, entry))
    }

    fn check_consent(&mut self, observed: &ObservedWrite<'_>) -> Option<InvariantViolation> {
        // Within one second the order is unknown, unless there is a tombstone.
        if let Some((since, erased)) = self.withdrawn
            && (observed.start < since || (observed.start == since && !erased))
        {
            let cause = ResurrectionCause::OldConsent;
            return Some(InvariantViolation::Resurrected { cause, erased });
        }
        let lost = self
            .lifetime
            .is_some_and(|lifetime| !lifetime.is_over(observed.policy.1, observed.now));
        *self = Self::new(Some(observed.start));
        lost.then_some(InvariantViolation::LostWrite)
    }

    fn check_touch(&mut self, observed: &ObservedWrite<'_>) -> Option<InvariantViolation> {
        let (entry, _) = observed.after;
        let policy = observed.policy.1;
        let Some((mut lifetime, before)) = self.continued_lifetime(observed) else {
            return self.record_write_back(observed);
        };
        let seen = entry.last_seen?;
        if before.last_seen.is_some_and(|before| seen <= before) {
            return Some(InvariantViolation::LastSeenDecreased);
        }
        let debounce = policy.last_seen.debounce.seconds();
        if lifetime
            .touched
            .is_some_and(|last| seen.seconds_since(last) < debounce)
        {
            return Some(InvariantViolation::TouchTooSoon);
        }
        lifetime.touched = Some(seen);
        if policy.entry.renewal == Renewal::FromCreation {
            lifetime.retained = lifetime.created;
        } else {
            (lifetime.visited, lifetime.retained) = (observed.start, observed.start);
        }
        self.lifetime = Some(lifetime);
        let expected = KvEntry {
            last_seen: entry.last_seen,
            ..before.clone()
        };
        Self::check_unchanged(&expected, observed, None)
    }

    fn check_sync(
        &mut self,
        observed: &ObservedWrite<'_>,
        partner: usize,
    ) -> Option<InvariantViolation> {
        let (entry, metadata) = observed.after;
        let policy = observed.policy.1;
        let Some((mut lifetime, before)) = self.continued_lifetime(observed) else {
            let creates = policy.sync.on_missing == OnMissingSync::CreateMinimal;
            if !creates || entry.created != observed.start {
                return self.record_write_back(observed);
            }
            let made = observed.action.synced(policy, observed.start);
            let late = self
                .withdrawn
                .is_some_and(|(at, _)| made <= at && made < observed.start);
            self.lifetime = Some(RecordLifetime::new(
                observed.start,
                Some(ResurrectionCause::Created { late }),
            ));
            return None;
        };
        lifetime.retained = match policy.entry.renewal {
            Renewal::OnWrite => lifetime.retained.max(observed.start),
            Renewal::OnVisit => lifetime.retained,
            Renewal::FromCreation => lifetime.created,
        };
        let first = |before| counts_from_first_write(policy, before);
        if observed.before.and_then(Option::as_ref).is_some_and(first) {
            (lifetime.visited, lifetime.retained) = (observed.start, observed.start);
        }
        self.lifetime = Some(lifetime);
        if metadata.t != Some(lifetime.retained) {
            return Some(InvariantViolation::SyncMovedRetention);
        }
        let expected = KvEntry {
            ids: entry.ids.clone(),
            ..before.clone()
        };
        Self::check_unchanged(&expected, observed, Some(partner))
    }

    /// Checks that a write changed only what it may: `expected` is the previous entry with the permitted changes.
    fn check_unchanged(
        expected: &KvEntry,
        observed: &ObservedWrite<'_>,
        partner: Option<usize>,
    ) -> Option<InvariantViolation> {
        let (entry, metadata) = observed.after;
        let (before, metadata_before) = observed.before?.as_ref()?;
        for other in (0..PARTNERS.len()).filter(|other| partner != Some(*other)) {
            let id = partner_id(other)?;
            if before.ids.get(id) != entry.ids.get(id) {
                return Some(InvariantViolation::LostWrite);
            }
        }
        let same = expected == entry && metadata_before.kept == metadata.kept;
        (!same).then_some(InvariantViolation::Corrupted)
    }

    /// Notes that an operation wrote back a record that had been removed since it was read.
    fn record_write_back(&mut self, observed: &ObservedWrite<'_>) -> Option<InvariantViolation> {
        let (entry, metadata) = observed.after;
        let mut lifetime = RecordLifetime::new(entry.created, Some(ResurrectionCause::WrittenBack));
        lifetime.retained = metadata.t.unwrap_or(entry.created);
        lifetime.visited = lifetime.retained;
        self.lifetime = Some(lifetime);
        None
    }

    fn check_tombstone(&mut self, observed: &ObservedWrite<'_>) -> Option<InvariantViolation> {
        let (entry, _) = observed.after;
        if entry.consent.ok {
            return Some(InvariantViolation::WithdrawalForgotten);
        }
        self.lifetime = None;
        self.tombstone = Some((entry.consent.updated, observed.policy.0));
        if entry.consent.updated == observed.start {
            // Of concurrent operations, the last write counts as the last operation.
            self.withdrawn = Some((observed.start, false));
        }
        None
    }

    /// Checks the late delivery of a withdrawal.
    fn check_delivery(&mut self, observed: &ObservedWrite<'_>) -> Option<InvariantViolation> {
        let at = ActorAction::withdrew(observed.start);
        let policy = observed.policy.1;
        let lifetime = self
            .lifetime
            .filter(|lifetime| !lifetime.is_over(policy, observed.now));
        if lifetime.is_some_and(|lifetime| lifetime.created > at) {
            return Some(InvariantViolation::ConsentUndone);
        }
        let (entry, _) = observed.after;
        let written = entry.consent.updated;
        let is_kept = |(at, _): (Timestamp, usize)| {
            written < at && observed.now <= at.plus_seconds(policy.tombstone.ttl.seconds())
        };
        let moved_back = self.tombstone.is_some_and(is_kept);
        let later = self.withdrawn.filter(|(since, _)| *since >= written);
        let violation = self.check_tombstone(observed);
        self.withdrawn = later.or(Some((written, false)));
        violation.or(moved_back.then_some(InvariantViolation::WithdrawalForgotten))
    }

    /// Notes that an operation that started at `start` removed the record. An expired record has no promises left.
    pub(super) fn record_erasure(&mut self, start: Timestamp, policy: &EcPolicy, now: Timestamp) {
        let forgotten =
            |(at, _): (Timestamp, usize)| now > at.plus_seconds(policy.tombstone.ttl.seconds());
        let over = self
            .lifetime
            .is_none_or(|lifetime| lifetime.is_over(policy, now))
            && self.tombstone.is_none_or(forgotten);
        let withdrawn = self.withdrawn.filter(|_| over);
        *self = Self::new(None);
        self.withdrawn = withdrawn.or(if over { None } else { Some((start, true)) });
    }

    /// Checks that the store did not collect the record too early.
    pub(super) fn check_collection(
        &mut self,
        policies: &[std::sync::Arc<EcPolicy>],
        now: Timestamp,
    ) -> Option<InvariantViolation> {
        let early = self
            .lifetime
            .is_some_and(|lifetime| policies.iter().all(|policy| !lifetime.is_over(policy, now)));
        self.lifetime = None;
        early.then_some(InvariantViolation::LostWrite)
    }

    /// Checks the outcome of an operation and the number of its calls.
    pub(super) fn check_outcome(
        &mut self,
        action: ActorAction,
        policy: &EcPolicy,
        start: Timestamp,
        (outcome, tally): (Option<Outcome>, Tally),
        current: Option<&RecordContent>,
    ) -> Option<InvariantViolation> {
        let most = MORE_THAN_RETRIES.saturating_add(policy.cas.max_retries as usize);
        if tally.writes as usize > most || tally.reads as usize > most {
            return Some(InvariantViolation::TooManyCalls);
        }
        if tally.writes == 0 {
            match outcome {
                Some(Outcome::Withdrawn | Outcome::Deleted) => {
                    return Some(InvariantViolation::WithdrawalForgotten);
                }
                Some(Outcome::Written | Outcome::Refreshed | Outcome::CreatedMinimal) => {
                    return Some(InvariantViolation::LostWrite);
                }
                _ => {}
            }
        }
        let ttl = policy.entry.ttl.seconds();
        let last_but_one = |from: Timestamp| start.seconds_since(from).saturating_add(1) >= ttl;
        let lifetime = self.lifetime?;
        let entry = || current?.as_ref().map(|(entry, _)| entry);
        match (action, outcome?) {
            (ActorAction::Touch, Outcome::Debounced) => {
                let renews = policy.entry.renewal != Renewal::FromCreation;
                (renews && last_but_one(lifetime.retained)).then_some(InvariantViolation::VisitLost)
            }
            (ActorAction::Deliver, _) => {
                let lives = !lifetime.is_over(policy, start);
                (lives && lifetime.created <= ActorAction::withdrew(start))
                    .then_some(InvariantViolation::WithdrawalNotDelivered)
            }
            (ActorAction::Sync { partner, .. }, Outcome::Unchanged) => {
                let known = entry()?.ids.get(partner_id(partner)?)?.synced?;
                let age = action.synced(policy, start).seconds_since(known);
                let refreshes = policy.sync.unchanged == Unchanged::Refresh;
                (refreshes && age.saturating_add(1) >= ttl)
                    .then_some(InvariantViolation::NotRefreshed)
            }
            _ => None,
        }
    }

    /// Checks what every reader sees now.
    pub(super) fn check_reads(
        &self,
        policies: &[std::sync::Arc<EcPolicy>],
        current: Option<&RecordContent>,
        now: Timestamp,
    ) -> Option<InvariantViolation> {
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
                    return Some(
                        self.resurrection()
                            .unwrap_or(InvariantViolation::WithdrawalForgotten),
                    );
                }
            }
            if seen != Some(RecordState::Live) {
                return None;
            }
            if self.withdrawn.is_some() {
                return self.resurrection();
            }
            let lifetime = self.lifetime?;
            let by = if policy.entry.expiry == Expiry::Store && lifetime.is_over(policy, now) {
                KeptBy::Store
            } else if record.is_some_and(|record| counts_from_first_write(policy, record)) {
                KeptBy::UnknownAge
            } else {
                KeptBy::Syncs
            };
            (now > lifetime.kept_until(policy, lifetime.visited))
                .then_some(InvariantViolation::KeptTooLong { by })
        })
    }

    fn resurrection(&self) -> Option<InvariantViolation> {
        let (_, erased) = self.withdrawn?;
        let cause = self.lifetime?.by.unwrap_or(ResurrectionCause::WrittenBack);
        Some(InvariantViolation::Resurrected { cause, erased })
    }
}
