//! Checks what a write changes in a record.

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::Write;
use edge_cookie::policy::settings::SyncOrder;
use edge_cookie::promise::Promise;
use edge_cookie::record::{KvEntry, KvMetadata};

use super::super::action::MILLIS;
use super::{ObservedOperation, OracleViolation, check, end, made, violation, winner};

/// Checks that the metadata matches its entry and names the policy of its writer.
pub(super) fn check_metadata(
    op: &ObservedOperation<'_>,
    write: &Write,
) -> Result<(), OracleViolation> {
    let (entry, metadata) = (&write.entry, &write.metadata);
    let matches = metadata.ok == Some(entry.consent.ok)
        && metadata.country.as_ref() == Some(&entry.geo.country)
        && metadata.v == Some(1)
        && entry.v == 1
        && metadata.p.as_deref() == Some(op.policy.digest.mark());
    check(matches, None, "the metadata does not match its entry")
}

/// Checks that the time to live in the store is not shorter than the retention, and not much longer.
pub(super) fn check_store_ttl(
    op: &ObservedOperation<'_>,
    write: &Write,
    now: u64,
) -> Result<(), OracleViolation> {
    let until = end(op.policy, &write.entry, &write.metadata);
    let promise = if write.entry.consent.ok {
        Promise::NoLostUpdate
    } else {
        Promise::WithdrawalRemembered
    };
    let forgets = (now + write.ttl.seconds() * MILLIS) / MILLIS;
    check(
        forgets > until,
        promise,
        "the time to live in the store is shorter than the retention",
    )?;
    let longest = until.saturating_sub(op.start) + 1;
    check(
        write.ttl.seconds() <= longest,
        Promise::Retention,
        "the time to live in the store is longer than the retention",
    )
}

pub(super) fn check_retention_start(write: &Write, from: u64) -> Result<(), OracleViolation> {
    let seen = write.metadata.t.map(Timestamp::unix);
    check(
        seen == Some(from),
        Promise::OwnNamespace,
        "a write moved the start of the user's retention",
    )
}

/// Whether the uids of all partners are the same, except for those of `but`.
pub(super) fn same_ids(before: &KvEntry, after: &KvEntry, but: &[&str]) -> bool {
    let mine = |partner: &str| but.contains(&partner);
    let kept = |one: &KvEntry, other: &KvEntry| {
        (one.ids.iter())
            .filter(|(partner, _)| !mine(partner.as_str()))
            .all(|(partner, id)| other.ids.get(partner) == Some(id))
    };
    kept(before, after) && kept(after, before)
}

/// Checks that a write changed nothing except uids, `last_seen` and the fields that every write sets.
pub(super) fn check_unchanged(
    entry: &KvEntry,
    metadata: &KvMetadata,
    write: &Write,
) -> Result<(), OracleViolation> {
    let after = &write.entry;
    let same = entry.created == after.created
        && entry.consent == after.consent
        && entry.geo == after.geo
        && entry.kept == after.kept
        && metadata.kept == write.metadata.kept;
    check(
        same,
        Promise::NothingLost,
        "a write lost or changed a field that it must not change",
    )
}

/// Checks that only the uids of the operation changed.
pub(super) fn check_uids(
    op: &ObservedOperation<'_>,
    before: Option<&KvEntry>,
    write: &Write,
) -> Result<(), OracleViolation> {
    let empty = KvEntry::minimal(write.entry.created);
    let before = before.unwrap_or(&empty);
    let mut mine = [""; 8];
    let mut count = 0;
    for sync in op.action.syncs() {
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
            return violation(Promise::NoLostUpdate, "a sync removed a uid");
        };
        let synced = is.synced.map(Timestamp::unix);
        let right = is.uid == brought.uid && synced == Some(made(op, brought));
        check(
            right,
            Promise::OwnNamespace,
            "a uid was written that the partner did not send",
        )?;
        if let Some(was) = was {
            check(
                was.kept == is.kept,
                Promise::NothingLost,
                "a sync lost fields of its partner's uid",
            )?;
            let by_time = op.policy.sync.order == SyncOrder::Timestamp;
            let older = was.synced.is_some_and(|was| synced < Some(was.unix()));
            check(
                !(by_time && older),
                Promise::NoLostUpdate,
                "an older sync replaced a newer one",
            )?;
        }
    }
    check(
        same_ids(before, &write.entry, &mine[..count]),
        Promise::OwnNamespace,
        "a sync changed another partner's uid",
    )
}
