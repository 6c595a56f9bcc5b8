//! What one write may make of the record before it.

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::Write;
use edge_cookie::policy::settings::SyncOrder;
use edge_cookie::record::{KvEntry, KvMetadata};

use super::{Broken, Op, broken, end, made, must, winner};
use crate::act::MILLIS;

/// Metadata tells of its entry, and who wrote it.
pub(super) fn metadata_tells(op: &Op<'_>, write: &Write) -> Result<(), Broken> {
    let (entry, metadata) = (&write.entry, &write.metadata);
    let tells = metadata.ok == Some(entry.consent.ok)
        && metadata.country.as_ref() == Some(&entry.geo.country)
        && metadata.v == Some(1)
        && entry.v == 1
        && metadata.p.as_deref() == Some(op.policy.digest.mark());
    must(tells, 0, "the metadata does not tell of its entry")
}

/// The store is told a time that is not over before the record's, and not much longer.
pub(super) fn store_is_told(op: &Op<'_>, write: &Write, now: u64) -> Result<(), Broken> {
    let until = end(op.policy, &write.entry, &write.metadata);
    let promise = if write.entry.consent.ok { 2 } else { 3 };
    let forgets = (now + write.ttl.seconds() * MILLIS) / MILLIS;
    must(
        forgets > until,
        promise,
        "the store is told to forget a record before its time",
    )?;
    let longest = until.saturating_sub(op.start) + 1;
    must(
        write.ttl.seconds() <= longest,
        8,
        "the store is told to keep a record past its time",
    )
}

pub(super) fn counts_from(write: &Write, from: u64) -> Result<(), Broken> {
    let told = write.metadata.t.map(Timestamp::unix);
    must(
        told == Some(from),
        6,
        "a write moved from when the user's retention counts",
    )
}

/// Whether every partner's uid is as it was, but for those of `but`.
pub(super) fn same_ids(before: &KvEntry, after: &KvEntry, but: &[&str]) -> bool {
    let mine = |partner: &str| but.contains(&partner);
    let kept = |one: &KvEntry, other: &KvEntry| {
        (one.ids.iter())
            .filter(|(partner, _)| !mine(partner.as_str()))
            .all(|(partner, id)| other.ids.get(partner) == Some(id))
    };
    kept(before, after) && kept(after, before)
}

/// Everything but uids, `last_seen` and what every write tells anew is as it was.
pub(super) fn same_rest(
    entry: &KvEntry,
    metadata: &KvMetadata,
    write: &Write,
) -> Result<(), Broken> {
    let after = &write.entry;
    let same = entry.created == after.created
        && entry.consent == after.consent
        && entry.geo == after.geo
        && entry.kept == after.kept
        && metadata.kept == write.metadata.kept;
    must(same, 7, "a write lost or changed what is not its to change")
}

/// The uids that changed are those that the operation brought, and no other.
pub(super) fn uids_are_brought(
    op: &Op<'_>,
    before: Option<&KvEntry>,
    write: &Write,
) -> Result<(), Broken> {
    let empty = KvEntry::minimal(write.entry.created);
    let before = before.unwrap_or(&empty);
    let mut mine = [""; 8];
    let mut count = 0;
    for sync in op.act.syncs() {
        let partner = sync.partner.as_str();
        if mine[..count].contains(&partner) {
            continue;
        }
        mine[count] = partner;
        count += 1;
        let (was, is) = (
            before.ids.get(&sync.partner),
            write.entry.ids.get(&sync.partner),
        );
        if was == is {
            continue;
        }
        let (Some(is), Some((_, brought))) = (is, winner(op, partner)) else {
            return broken(2, "a sync took a uid away");
        };
        let synced = is.synced.map(Timestamp::unix);
        let right = is.uid == brought.uid && synced == Some(made(op, brought));
        must(right, 6, "a uid was written that the partner did not bring")?;
        if let Some(was) = was {
            must(
                was.kept == is.kept,
                7,
                "a sync lost fields of its partner's uid",
            )?;
            let by_time = op.policy.sync.order == SyncOrder::Timestamp;
            let older = was.synced.is_some_and(|was| synced < Some(was.unix()));
            must(
                !(by_time && older),
                2,
                "an older sync took the place of a newer one",
            )?;
        }
    }
    must(
        same_ids(before, &write.entry, &mine[..count]),
        6,
        "a sync changed another partner's uid",
    )
}
