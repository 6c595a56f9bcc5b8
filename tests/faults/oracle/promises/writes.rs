//! What each operation may write, and what is promised from then on.

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::Write;
use edge_cookie::policy::settings::{DeleteMode, OnMissingSync, Renewal};
use edge_cookie::record::{ConsentStrings, KvConsent, KvEntry, KvMetadata, Precondition};

use super::super::change::{
    counts_from, metadata_tells, same_ids, same_rest, store_is_told, uids_are_brought,
};
use super::super::{Broken, Met, Op, State, counted_from, must, state};
use super::{Gone, Life, Remembered, Story};
use crate::act::Act;
use crate::store::{Change, Version};

impl Story {
    /// An operation wrote the record; gives back what its write met.
    pub fn written(
        &mut self,
        op: &Op<'_>,
        change: &Change,
        write: &Write,
        now: u64,
    ) -> Result<Met, Broken> {
        let before = change.before.as_deref();
        let met = state(op.policy, before, op.start);
        let buries = matches!(op.act, Act::Withdraw | Act::Erase);
        must(
            met != State::Garbage || buries,
            7,
            "a record that cannot be read was overwritten",
        )?;
        metadata_tells(op, write)?;
        store_is_told(op, write, now)?;
        let mut kept = false;
        match op.act {
            Act::Get | Act::GetMetadata => return Err(wrote_nothing("a read")),
            Act::Create(which) | Act::Consent(which) => {
                self.consented(op, *which, met, before, write)?;
            }
            Act::Touch(timestamp) => self.touched(op, timestamp.unix(), before, write)?,
            Act::Sync(_) | Act::Batch(_) => self.synced(op, met, before, write)?,
            Act::Withdraw | Act::Erase => kept = self.buried(op, before, write)?,
        }
        Ok(Met { state: met, kept })
    }

    fn consented(
        &mut self,
        op: &Op<'_>,
        which: usize,
        met: State,
        before: Option<&Version>,
        write: &Write,
    ) -> Result<(), Broken> {
        // Where a record was removed nothing is left that consent under way would meet: the rule book warns of it.
        if let Some(gone) = self.gone.filter(|gone| !gone.removed) {
            must(
                op.start > gone.since,
                1,
                "consent that is not newer than a withdrawal undid it",
            )?;
        }
        must(met != State::Live, 2, "a live entry was made anew")?;
        let revives = met == State::Tombstone;
        must(
            !revives || matches!(op.act, Act::Consent(_)),
            1,
            "`create` wrote over a tombstone",
        )?;
        let entry = &write.entry;
        let (consent, geo) = (&op.said.consents[which], &op.said.geos[which]);
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
        must(as_given, 0, "consent was not stored as it was given")?;
        let from_start = write.metadata.t.is_some_and(|from| from.unix() == op.start);
        must(from_start, 0, "retention does not count from consent")?;
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
            must(
                same,
                7,
                "a revival lost fields that this version does not know",
            )?;
        }
        *self = Self {
            life: Some(Life {
                created: op.start,
                visited: op.start,
                retained: op.start,
            }),
            ..Self::default()
        };
        Ok(())
    }

    /// A write that goes on with a record: gives back what it goes on with.
    fn goes_on<'c>(
        &mut self,
        op: &'c Op<'_>,
        before: Option<&'c Version>,
        write: &Write,
    ) -> Result<&'c (KvEntry, KvMetadata), Broken> {
        let writer_is_lax = op.policy.delete.mode == DeleteMode::Hard
            || op.policy.sync.on_missing == OnMissingSync::CreateMinimal;
        if self.gone.is_some_and(|gone| gone.removed) && writer_is_lax {
            // Nothing was left that it would have met: that is what the rule book warns of.
            self.gone = None;
        }
        must(
            state(op.policy, before, op.start) != State::Tombstone,
            1,
            "a sync or a touch wrote over a tombstone",
        )?;
        must(
            write.entry.consent.ok,
            7,
            "a sync or a touch withdrew consent",
        )?;
        must(
            self.gone.is_none(),
            1,
            "a sync or a touch made a record live whose user is gone",
        )?;
        // On a store that lets a swap create what has vanished, it goes on with what it saw.
        let from = before.or_else(|| op.told());
        let Some(from) = from.and_then(|from| from.content.as_ref()) else {
            return Err(Broken {
                promise: 1,
                what: "a sync or a touch made a record of nothing".to_owned(),
            });
        };
        let life = self.life.get_or_insert(Life {
            created: from.0.created.unix(),
            visited: counted_from(op.policy, &from.0, &from.1),
            retained: counted_from(op.policy, &from.0, &from.1),
        });
        life.created = from.0.created.unix();
        Ok(from)
    }

    fn touched(
        &mut self,
        op: &Op<'_>,
        timestamp: u64,
        before: Option<&Version>,
        write: &Write,
    ) -> Result<(), Broken> {
        let (entry, metadata) = self.goes_on(op, before, write)?;
        let seen = write.entry.last_seen.map_or(0, Timestamp::unix);
        must(
            seen == timestamp.min(op.start),
            0,
            "a touch wrote another time than its own",
        )?;
        if let Some(last) = entry.last_seen.map(Timestamp::unix) {
            must(
                seen > last,
                4,
                "`last_seen` went back, or was written twice",
            )?;
            let apart = seen - last >= op.policy.last_seen.debounce.seconds();
            must(apart, 4, "two touches are nearer than `last_seen.debounce`")?;
        }
        must(
            same_ids(entry, &write.entry, &[]),
            6,
            "a touch changed partners' uids",
        )?;
        same_rest(entry, metadata, write)?;
        let life = self.life.as_mut().unwrap();
        life.retained = op.start;
        if op.policy.entry.renewal == Renewal::FromCreation {
            life.retained = life.created;
        } else {
            life.visited = op.start;
        }
        counts_from(write, life.retained)
    }

    fn synced(
        &mut self,
        op: &Op<'_>,
        met: State,
        before: Option<&Version>,
        write: &Write,
    ) -> Result<(), Broken> {
        let creates = op.policy.sync.on_missing == OnMissingSync::CreateMinimal;
        let vanished = before.is_none() && op.told_state() == State::Live;
        if met == State::Absent && creates && !vanished {
            let new = write.entry.created.unix() == op.start && write.entry.consent.ok;
            must(new, 1, "a sync wrote back a record whose time is over")?;
            uids_are_brought(op, None, write)?;
            *self = Self {
                life: Some(Life {
                    created: op.start,
                    visited: op.start,
                    retained: op.start,
                }),
                ..Self::default()
            };
            return counts_from(write, op.start);
        }
        must(
            met == State::Live || vanished,
            1,
            "a sync wrote where no live entry stands",
        )?;
        let (entry, metadata) = self.goes_on(op, before, write)?;
        must(
            entry.last_seen == write.entry.last_seen,
            6,
            "a sync changed `last_seen`",
        )?;
        uids_are_brought(op, Some(entry), write)?;
        same_rest(entry, metadata, write)?;
        let life = self.life.as_mut().unwrap();
        life.retained = match op.policy.entry.renewal {
            Renewal::OnWrite => life.retained.max(op.start),
            Renewal::OnVisit => life.retained,
            Renewal::FromCreation => life.created,
        };
        counts_from(write, life.retained)
    }

    /// A withdrawal or an erasure wrote; gives back whether it left the tombstone that was there.
    fn buried(
        &mut self,
        op: &Op<'_>,
        before: Option<&Version>,
        write: &Write,
    ) -> Result<bool, Broken> {
        let entry = &write.entry;
        let since = entry.consent.updated.unix();
        must(!entry.consent.ok, 1, "a withdrawal left a live entry")?;
        let until = since + op.policy.tombstone.ttl.seconds();
        self.life = None;
        let stood = before
            .or_else(|| op.told())
            .and_then(|before| before.content.as_ref());
        let kept = matches!(op.act, Act::Withdraw)
            && stood.is_some_and(|(stood, _)| {
                !stood.consent.ok && stood.consent.updated == entry.consent.updated
            })
            && write.precondition != Precondition::None;
        if kept {
            let same = stood.is_some_and(|(stood, metadata)| {
                stood == entry && metadata.kept == write.metadata.kept
            });
            must(same, 3, "a repeated withdrawal changed the tombstone")?;
            let promised = self.remembered.map_or(until, |told| told.until.min(until));
            self.remembered = Some(Remembered {
                since,
                until: promised,
            });
            return Ok(true);
        }
        must(
            since == op.start,
            3,
            "a tombstone tells another time than the withdrawal's",
        )?;
        let bare = entry.ids.is_empty() && has_strings(&entry.consent, &ConsentStrings::default());
        must(bare, 0, "a tombstone remembers more than the withdrawal")?;
        self.gone = Some(Gone {
            since,
            removed: false,
        });
        self.remembered = Some(Remembered { since, until });
        Ok(false)
    }
}

fn wrote_nothing(who: &str) -> Broken {
    Broken {
        promise: 7,
        what: format!("{who} wrote"),
    }
}

/// Whether these strings are stored, and no others.
fn has_strings(stored: &KvConsent, given: &ConsentStrings) -> bool {
    (&stored.tcf, &stored.gpp, &stored.us_privacy) == (&given.tcf, &given.gpp, &given.us_privacy)
        && stored.gpc.unwrap_or_default() == given.gpc
        && stored.rule == given.rule
        && stored.more.as_deref().unwrap_or_default() == given.more.as_slice()
}
