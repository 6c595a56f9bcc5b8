//! Checks the writes of each operation, and updates what is promised.

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::Write;
use edge_cookie::policy::settings::{DeleteMode, OnMissingSync, Renewal};
use edge_cookie::promise::Promise;
use edge_cookie::record::{ConsentStrings, KvConsent, KvEntry, KvMetadata, Precondition};

use super::super::super::action::Action;
use super::super::super::store::{StoreChange, Version};
use super::super::change::{
    check_metadata, check_retention_start, check_store_ttl, check_uids, check_unchanged, same_ids,
};
use super::super::{
    ObservedOperation, OracleViolation, State, WriteEffect, check, counted_from, state,
};
use super::{Lifetime, RecordOracle, TombstonePromise, Withdrawal};

impl RecordOracle {
    /// Checks a write. Returns its effect.
    pub fn check_write(
        &mut self,
        op: &ObservedOperation<'_>,
        change: &StoreChange,
        write: &Write,
        now: u64,
    ) -> Result<WriteEffect, OracleViolation> {
        let before = change.before.as_deref();
        let met = state(op.policy, before, op.start);
        let buries = matches!(op.action, Action::Withdraw | Action::Erase);
        check(
            met != State::Unreadable || buries,
            Promise::NothingLost,
            "an unreadable record was overwritten",
        )?;
        check_metadata(op, write)?;
        check_store_ttl(op, write, now)?;
        let mut kept = false;
        match op.action {
            Action::Get | Action::GetMetadata => return Err(wrote_nothing("a read")),
            Action::Create(which) | Action::Consent(which) => {
                self.check_consent(op, *which, met, before, write)?;
            }
            Action::Touch(timestamp) => self.check_touch(op, timestamp.unix(), before, write)?,
            Action::Sync(_) | Action::Batch(_) => self.check_sync(op, met, before, write)?,
            Action::Withdraw | Action::Erase => kept = self.check_tombstone(op, before, write)?,
        }
        Ok(WriteEffect { state: met, kept })
    }

    fn check_consent(
        &mut self,
        op: &ObservedOperation<'_>,
        which: usize,
        met: State,
        before: Option<&Version>,
        write: &Write,
    ) -> Result<(), OracleViolation> {
        // After a removal there is no tombstone that concurrent consent would find: a rule warns about it.
        if let Some(withdrawal) = self.withdrawal.filter(|withdrawal| !withdrawal.removed) {
            check(
                op.start > withdrawal.since,
                Promise::NoResurrection,
                "consent that is not newer than a withdrawal undid it",
            )?;
        }
        check(
            met != State::Live,
            Promise::NoLostUpdate,
            "a live entry was created again",
        )?;
        let revives = met == State::Tombstone;
        check(
            !revives || matches!(op.action, Action::Consent(_)),
            Promise::NoResurrection,
            "`create` wrote over a tombstone",
        )?;
        let entry = &write.entry;
        let (consent, geo) = (&op.inputs.consents[which], &op.inputs.geos[which]);
        let starts = [
            Some(entry.created),
            entry.last_seen,
            Some(entry.consent.updated),
        ];
        let as_given = starts
            .iter()
            .all(|start| start.is_some_and(|start| start.unix() == op.start))
            && entry.consent.ok
            && has_strings(&entry.consent, consent)
            && (&entry.geo.country, &entry.geo.region) == (&geo.country, &geo.region)
            && entry.ids.is_empty();
        check(as_given, None, "consent was not stored as it was given")?;
        let from_start = write.metadata.t.is_some_and(|from| from.unix() == op.start);
        check(from_start, None, "retention does not start at the consent")?;
        let foreign = |entry: &KvEntry, metadata: &KvMetadata| {
            let kept = [
                &entry.kept,
                &entry.consent.kept,
                &entry.geo.kept,
                &metadata.kept,
            ];
            kept.map(Clone::clone)
        };
        let was = before
            .and_then(|before| before.content.as_ref())
            .filter(|_| revives);
        if let Some((entry_before, metadata_before)) = was {
            let same = foreign(entry_before, metadata_before) == foreign(entry, &write.metadata);
            check(
                same,
                Promise::NothingLost,
                "a revival lost fields that this version does not know",
            )?;
        }
        *self = Self {
            lifetime: Some(Lifetime {
                created: op.start,
                visited: op.start,
                retained: op.start,
            }),
            ..Self::default()
        };
        Ok(())
    }

    /// Checks a write that continues a record. Returns the previous record.
    fn check_continued<'c>(
        &mut self,
        op: &'c ObservedOperation<'_>,
        before: Option<&'c Version>,
        write: &Write,
    ) -> Result<&'c (KvEntry, KvMetadata), OracleViolation> {
        let writer_is_lax = op.policy.delete.mode == DeleteMode::Hard
            || op.policy.sync.on_missing == OnMissingSync::CreateMinimal;
        if self.withdrawal.is_some_and(|withdrawal| withdrawal.removed) && writer_is_lax {
            // There was no tombstone that it could find: a rule warns about it.
            self.withdrawal = None;
        }
        check(
            state(op.policy, before, op.start) != State::Tombstone,
            Promise::NoResurrection,
            "a sync or a touch wrote over a tombstone",
        )?;
        check(
            write.entry.consent.ok,
            Promise::NothingLost,
            "a sync or a touch withdrew consent",
        )?;
        check(
            self.withdrawal.is_none(),
            Promise::NoResurrection,
            "a sync or a touch made a record live after a withdrawal or an erasure",
        )?;
        // On a store that lets a swap recreate a vanished record, the write continues the record that it saw.
        let from = before.or_else(|| op.seen());
        let Some(from) = from.and_then(|from| from.content.as_ref()) else {
            return Err(OracleViolation {
                promise: Some(Promise::NoResurrection),
                what: "a sync or a touch created a record".to_owned(),
            });
        };
        let lifetime = self.lifetime.get_or_insert(Lifetime {
            created: from.0.created.unix(),
            visited: counted_from(op.policy, &from.0, &from.1),
            retained: counted_from(op.policy, &from.0, &from.1),
        });
        lifetime.created = from.0.created.unix();
        Ok(from)
    }

    fn check_touch(
        &mut self,
        op: &ObservedOperation<'_>,
        timestamp: u64,
        before: Option<&Version>,
        write: &Write,
    ) -> Result<(), OracleViolation> {
        let (entry, metadata) = self.check_continued(op, before, write)?;
        let seen = write.entry.last_seen.map_or(0, Timestamp::unix);
        check(
            seen == timestamp.min(op.start),
            None,
            "a touch wrote a time that is not its own",
        )?;
        if let Some(last) = entry.last_seen.map(Timestamp::unix) {
            check(
                seen > last,
                Promise::LastSeen,
                "`last_seen` decreased, or was written twice",
            )?;
            let apart = seen - last >= op.policy.last_seen.debounce.seconds();
            check(
                apart,
                Promise::LastSeen,
                "two touches are less than `last_seen.debounce` apart",
            )?;
        }
        check(
            same_ids(entry, &write.entry, &[]),
            Promise::OwnNamespace,
            "a touch changed partners' uids",
        )?;
        check_unchanged(entry, metadata, write)?;
        let lifetime = self.lifetime.as_mut().unwrap();
        lifetime.retained = op.start;
        if op.policy.entry.renewal == Renewal::FromCreation {
            lifetime.retained = lifetime.created;
        } else {
            lifetime.visited = op.start;
        }
        check_retention_start(write, lifetime.retained)
    }

    fn check_sync(
        &mut self,
        op: &ObservedOperation<'_>,
        met: State,
        before: Option<&Version>,
        write: &Write,
    ) -> Result<(), OracleViolation> {
        let creates = op.policy.sync.on_missing == OnMissingSync::CreateMinimal;
        let vanished = before.is_none() && op.seen_state() == State::Live;
        if met == State::Absent && creates && !vanished {
            let new = write.entry.created.unix() == op.start && write.entry.consent.ok;
            check(
                new,
                Promise::NoResurrection,
                "a sync wrote back an expired record",
            )?;
            check_uids(op, None, write)?;
            *self = Self {
                lifetime: Some(Lifetime {
                    created: op.start,
                    visited: op.start,
                    retained: op.start,
                }),
                ..Self::default()
            };
            return check_retention_start(write, op.start);
        }
        check(
            met == State::Live || vanished,
            Promise::NoResurrection,
            "a sync wrote where there is no live entry",
        )?;
        let (entry, metadata) = self.check_continued(op, before, write)?;
        check(
            entry.last_seen == write.entry.last_seen,
            Promise::OwnNamespace,
            "a sync changed `last_seen`",
        )?;
        check_uids(op, Some(entry), write)?;
        check_unchanged(entry, metadata, write)?;
        let lifetime = self.lifetime.as_mut().unwrap();
        lifetime.retained = match op.policy.entry.renewal {
            Renewal::OnWrite => lifetime.retained.max(op.start),
            Renewal::OnVisit => lifetime.retained,
            Renewal::FromCreation => lifetime.created,
        };
        check_retention_start(write, lifetime.retained)
    }

    /// Checks the write of a withdrawal or an erasure. Returns whether it kept the existing tombstone.
    fn check_tombstone(
        &mut self,
        op: &ObservedOperation<'_>,
        before: Option<&Version>,
        write: &Write,
    ) -> Result<bool, OracleViolation> {
        let entry = &write.entry;
        let since = entry.consent.updated.unix();
        check(
            !entry.consent.ok,
            Promise::NoResurrection,
            "a withdrawal left a live entry",
        )?;
        let until = since + op.policy.tombstone.ttl.seconds();
        self.lifetime = None;
        let stood = before
            .or_else(|| op.seen())
            .and_then(|before| before.content.as_ref());
        let kept = matches!(op.action, Action::Withdraw)
            && stood.is_some_and(|(stood, _)| {
                !stood.consent.ok && stood.consent.updated == entry.consent.updated
            })
            && write.precondition != Precondition::None;
        if kept {
            let same = stood.is_some_and(|(stood, metadata)| {
                stood == entry && metadata.kept == write.metadata.kept
            });
            check(
                same,
                Promise::WithdrawalRemembered,
                "a repeated withdrawal changed the tombstone",
            )?;
            let promised = self.tombstone.map_or(until, |seen| seen.until.min(until));
            self.tombstone = Some(TombstonePromise {
                since,
                until: promised,
            });
            return Ok(true);
        }
        check(
            since == op.start,
            Promise::WithdrawalRemembered,
            "a tombstone has a time that is not the withdrawal's",
        )?;
        let bare = entry.ids.is_empty() && has_strings(&entry.consent, &ConsentStrings::default());
        check(bare, None, "a tombstone has more data than the withdrawal")?;
        self.withdrawal = Some(Withdrawal {
            since,
            removed: false,
        });
        self.tombstone = Some(TombstonePromise { since, until });
        Ok(false)
    }
}

fn wrote_nothing(who: &str) -> OracleViolation {
    OracleViolation {
        promise: Some(Promise::NothingLost),
        what: format!("{who} wrote"),
    }
}

/// Whether exactly these strings are stored.
fn has_strings(stored: &KvConsent, given: &ConsentStrings) -> bool {
    (&stored.tcf, &stored.gpp, &stored.us_privacy) == (&given.tcf, &given.gpp, &given.us_privacy)
        && stored.gpc.unwrap_or_default() == given.gpc
        && stored.rule == given.rule
        && stored.more.as_deref().unwrap_or_default() == given.more.as_slice()
}
