//! How partners' syncs may end, one and many at once.

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Done, Outcome, PartnerSync};
use edge_cookie::policy::settings::{OnMissingSync, SyncOrder, Unchanged};
use edge_cookie::record::{KvEntry, KvPartnerId};

use super::table::{found_own_work, unexpected, wrote};
use super::{Broken, Op, State, Unfit, broken, made, must, unfit, winner};

/// How a sync for which a partner's others do not matter may end.
pub(super) fn one_sync(op: &Op<'_>, sync: &PartnerSync, outcome: Outcome) -> Result<(), Broken> {
    let live = op.told_entry().filter(|_| op.told_state() == State::Live);
    let count = live.map_or(0, |(entry, _)| entry.ids.len());
    let follows = match unfit(op, sync) {
        Some(unfit) => outcome == refusal(unfit),
        None => fit_sync(op, sync, outcome, count, true)?,
    };
    if follows {
        Ok(())
    } else {
        unexpected(op, outcome, 0)
    }
}

fn refusal(unfit: Unfit) -> Outcome {
    match unfit {
        Unfit::TooOld => Outcome::Stale,
        Unfit::TooNew => Outcome::InvalidTimestamp,
        Unfit::NoUid => Outcome::InvalidUid,
    }
}

/// Whether the end of a sync that no policy refuses follows, where the entry held `count` uids; `alone` tells whether it is
/// all that its operation brings.
fn fit_sync(
    op: &Op<'_>,
    sync: &PartnerSync,
    outcome: Outcome,
    count: usize,
    alone: bool,
) -> Result<bool, Broken> {
    let writes = matches!(
        outcome,
        Outcome::Written | Outcome::Refreshed | Outcome::CreatedMinimal
    );
    if writes && !wrote(op) {
        return broken(2, "a uid was acknowledged that was not written").map(|()| false);
    }
    if found_own_work(op) {
        // What it decided by is gone: what stands is what it brought.
        let (entry, _) = op.told_entry().unwrap();
        let stands = entry
            .ids
            .get(&sync.partner)
            .is_some_and(|id| id.uid == sync.uid);
        return Ok(!writes || stands);
    }
    let creates = op.policy.sync.on_missing == OnMissingSync::CreateMinimal;
    let absent = op.told_state() == State::Absent;
    let known = match op.told_state() {
        State::Tombstone => return Ok(outcome == Outcome::ConsentWithdrawn),
        State::Absent if !creates => return Ok(outcome == Outcome::NotFound),
        State::Absent => None,
        State::Live => op
            .told_entry()
            .and_then(|(entry, _)| entry.ids.get(&sync.partner)),
        State::Garbage => return Ok(false),
    };
    let most = op.policy.entry.max_partner_ids as usize;
    Ok(match outcome {
        Outcome::EntryTooLarge => !alone || too_large(op, sync),
        Outcome::TooManyPartners => known.is_none() && count >= most,
        Outcome::CreatedMinimal => absent && count < most,
        Outcome::Written => {
            !absent && changes(op, sync, known) && (known.is_some() || count < most)
        }
        Outcome::Refreshed => {
            known.is_some_and(|known| due(op, sync, known)) && !changes(op, sync, known)
        }
        Outcome::Unchanged => {
            let refreshes = op.policy.sync.unchanged == Unchanged::Refresh;
            let stands = known.is_some_and(|known| known.uid == sync.uid);
            let since = known
                .and_then(|known| known.synced)
                .map_or(0, Timestamp::unix);
            let is_last = made(op, sync) + 1 >= since + op.policy.entry.ttl.seconds();
            must(
                !(refreshes && is_last),
                10,
                "a uid was not refreshed before its entry's time was over",
            )?;
            stands
                && !changes(op, sync, known)
                && !(refreshes && known.is_some_and(|known| due(op, sync, known)))
        }
        Outcome::Stale => is_older(op, sync, known),
        _ => false,
    } && (outcome == Outcome::Stale || !is_older(op, sync, known)))
}

/// Whether a sync is older than what stands, where that decides.
fn is_older(op: &Op<'_>, sync: &PartnerSync, known: Option<&KvPartnerId>) -> bool {
    op.policy.sync.order == SyncOrder::Timestamp
        && known
            .and_then(|known| known.synced)
            .is_some_and(|synced| synced.unix() > made(op, sync))
}

/// Whether a sync is written for what it brings, and not for the age of what stands.
fn changes(op: &Op<'_>, sync: &PartnerSync, known: Option<&KvPartnerId>) -> bool {
    op.policy.sync.unchanged == Unchanged::Rewrite
        || known.is_none_or(|known| known.uid != sync.uid)
}

fn due(op: &Op<'_>, sync: &PartnerSync, known: &KvPartnerId) -> bool {
    let after = op.policy.sync.refresh_after.seconds();
    let passed = |since: u64| made(op, sync) >= since + after;
    op.policy.sync.unchanged == Unchanged::Refresh
        && known.synced.is_none_or(|since| passed(since.unix()))
}

/// Whether an entry with this uid in it would be larger than it may.
fn too_large(op: &Op<'_>, sync: &PartnerSync) -> bool {
    let told = op.told_entry().filter(|_| op.told_state() == State::Live);
    let mut entry = told.map_or_else(
        || KvEntry::minimal(Timestamp::from_unix(op.start)),
        |(entry, _)| entry.clone(),
    );
    let synced = Timestamp::from_unix(made(op, sync));
    entry.sync(&sync.partner, &sync.uid, synced);
    entry.to_body().len() > op.policy.entry.max_body_bytes as usize
}

/// How a batch may end.
pub(super) fn batch(op: &Op<'_>, done: &Done) -> Result<(), Broken> {
    let syncs = op.act.syncs();
    must(
        done.each.len() == syncs.len(),
        0,
        "a batch does not tell how each of its ids ended",
    )?;
    let told = op.told_entry().filter(|_| op.told_state() == State::Live);
    let mut count = told.map_or(0, |(entry, _)| entry.ids.len());
    for (index, (sync, outcome)) in syncs.iter().zip(&done.each).enumerate() {
        let follows = match (unfit(op, sync), winner(op, sync.partner.as_str())) {
            (Some(unfit), _) => *outcome == refusal(unfit),
            (None, Some((won, _))) if won == index => {
                let new = told.is_none_or(|(entry, _)| entry.ids.get(&sync.partner).is_none());
                let follows = fit_sync(op, sync, *outcome, count, false)?;
                let written = matches!(outcome, Outcome::Written | Outcome::CreatedMinimal);
                count += usize::from(new && written);
                follows
            }
            // The last of duplicates wins, and those before share its end; where times decide, who came after is older.
            (None, Some((won, _))) if won > index => *outcome == done.each[won],
            // Where nothing was decided by the record's uids, all share the record's end.
            (None, _) => {
                matches!(op.told_state(), State::Tombstone | State::Absent)
                    || *outcome == Outcome::Stale
            }
        };
        if !follows {
            return unexpected(op, *outcome, 0);
        }
    }
    let wrote_any = done.each.iter().find(|each| {
        matches!(
            each,
            Outcome::Written | Outcome::Refreshed | Outcome::CreatedMinimal
        )
    });
    let expected = match (wrote_any, done.each.first()) {
        (Some(Outcome::CreatedMinimal), _) => Outcome::CreatedMinimal,
        (Some(_), _) => Outcome::Written,
        (None, None) => Outcome::Unchanged,
        (None, Some(first)) if done.each.iter().all(|each| each == first) => *first,
        (None, Some(_)) => Outcome::Refused,
    };
    must(
        done.outcome == expected,
        0,
        "a batch's word is not that of its ids",
    )
}
