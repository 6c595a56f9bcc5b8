//! What partners may write, and how much at once.

use super::impact::{Impact, Known};
use super::pair::{Pair, creates, oldest_sync};
use super::{DataKind, Records, scenarios};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{
    DeleteMode, OnMissingSync, OnMissingWithdrawal, Renewal, Repeat, SyncOrder, SyncReasons,
    Unchanged,
};
use edge_cookie::policy::types::Sentinels;

pub(super) const IMPACTS: [Known; 14] = [
    ("sync.on_missing", on_missing),
    ("sync.unchanged", unchanged),
    ("sync.refresh_after", refresh_after),
    ("sync.max_age", max_age),
    ("sync.max_future", max_future),
    ("sync.sentinels", sentinels),
    ("sync.order", order),
    ("sync.max_batch", max_batch),
    ("sync.max_body_bytes", max_body_bytes),
    ("sync.concurrency", concurrency),
    ("sync.reasons", reasons),
    ("sync.rate_limit", rate_limit),
    ("sync.rate_window", rate_window),
    ("sync.invalid_token_limit", invalid_token_limit),
];

const FROM_NOW_ON: &str = "at once, for every sync from now on";

fn on_missing(pair: &Pair<'_>) -> Impact {
    if pair.candidate.sync.on_missing == OnMissingSync::Reject {
        return Impact::safe(
            Records::New,
            "a partner can no longer make a user: its syncs for an id that has no record are refused, so that no user who withdrew comes back by one. Records that syncs made stay until they expire",
        )
        .effective(FROM_NOW_ON)
        .mixed("a machine of the deployed policy still makes users of syncs");
    }
    let ttl = pair.candidate.tombstone.ttl;
    Impact::never(
        Records::New,
        format!(
            "a partner's sync makes a record for an id that has none, and so brings back users who withdrew: {ttl} after that the tombstone is gone, and the next sync of a partner that still holds the uid makes a live record of them. They never consented again"
        ),
        "keep `sync.on_missing = \"reject\"`: only a visit with consent makes a user",
        scenarios::brought_back(pair),
    )
    .effective(FROM_NOW_ON)
}

fn max_age(pair: &Pair<'_>) -> Impact {
    let Pair {
        deployed,
        candidate,
        ..
    } = *pair;
    let longest = oldest_sync(candidate);
    if longest <= oldest_sync(deployed) {
        return Impact::safe(
            Records::None,
            "fewer late syncs get in: what is older is refused as `stale`, whatever the record; partners that send rarely have to send earlier",
        );
    }
    let age = match candidate.sync.max_age {
        Some(age) => format!("syncs up to {age} old get in"),
        None => "syncs get in however old they are".to_owned(),
    };
    if !creates(candidate) {
        return Impact::safe(
            Records::None,
            format!(
                "{age}; they can write into records that stand, and make none (`sync.on_missing` is `reject`)"
            ),
        );
    }
    let ttl = candidate.tombstone.ttl;
    if longest > ttl.seconds() {
        return Impact::never(
            Records::None,
            format!(
                "{age}, so that one from before a withdrawal can come when the tombstone is gone ({ttl}): it makes a new record of a user who withdrew (`sync.on_missing` is `create_minimal`)"
            ),
            format!(
                "set `sync.on_missing = \"reject\"`, or keep `sync.max_age` within `tombstone.ttl` ({ttl})"
            ),
            scenarios::older_sync(pair),
        );
    }
    if let Some((traceless, fix)) = traceless(candidate) {
        return Impact::never(
            Records::None,
            format!(
                "{age}, so that one from before {traceless}, which leaves nothing that it would meet, makes a new record of the user (`sync.on_missing` is `create_minimal`)"
            ),
            format!("set {fix}, or `sync.on_missing = \"reject\"`"),
            scenarios::untraced_by_the_candidate(pair),
        );
    }
    let kept = deployed.tombstone.ttl;
    if longest > kept.seconds() {
        return Impact::wait(
            Records::None,
            longest,
            format!(
                "{age}; withdrawals made under the deployed policy are remembered for {kept} only, and one of those syncs makes a new record of a user whose tombstone is gone (`sync.on_missing` is `create_minimal`). It is over when every sync that gets in is younger than the candidate's tombstones"
            ),
            LATER,
        )
        .shown_by(scenarios::outlived(pair));
    }
    if let Some((traceless, _)) = traceless(deployed) {
        return Impact::wait(
            Records::None,
            longest,
            format!(
                "{age}; under the deployed policy nothing is left of {traceless} that one of those syncs would meet, and it makes a new record of the user (`sync.on_missing` is `create_minimal`). It is over when every sync that gets in is younger than what the candidate leaves"
            ),
            LATER,
        )
        .shown_by(scenarios::untraced_by_the_deployed(pair));
    }
    Impact::safe(
        Records::None,
        format!("{age}, and a withdrawal is remembered for at least as long"),
    )
}

const LATER: &str = "make the other changes first, and this one after that time";

/// A way in which a user can say no and leave no whole tombstone, and what closes it.
fn traceless(policy: &EcPolicy) -> Option<(&'static str, &'static str)> {
    if policy.delete.mode == DeleteMode::Hard {
        Some((
            "an erasure (`delete.mode` is `hard`)",
            "`delete.mode = \"tombstone\"` with this change",
        ))
    } else if policy.tombstone.on_missing == OnMissingWithdrawal::Skip {
        Some((
            "the withdrawal of a user whose record has expired (`tombstone.on_missing` is `skip`)",
            "`tombstone.on_missing = \"write\"` with this change",
        ))
    } else if policy.tombstone.repeat == Repeat::Keep {
        Some((
            "a withdrawal that is made again (`tombstone.repeat` is `keep`)",
            "`tombstone.repeat = \"rewrite\"` with this change",
        ))
    } else {
        None
    }
}

/// Whether a sync that is written prolongs the user's record.
fn prolongs(policy: &EcPolicy) -> bool {
    policy.entry.renewal == Renewal::OnWrite
}

fn unchanged(pair: &Pair<'_>) -> Impact {
    let prolongs = prolongs(pair.candidate);
    let why = match pair.candidate.sync.unchanged {
        Unchanged::Rewrite if prolongs => {
            "the same uid again is written, and prolongs the user's record (`entry.renewal` is `on_write`): users who stay away are kept for as long as a partner syncs them".to_owned()
        }
        Unchanged::Rewrite => "the same uid again is written: one more write for each sync".to_owned(),
        Unchanged::Skip if prolongs => {
            "the same uid again writes nothing, and no longer prolongs the user's record: users who stay away go `entry.ttl` after the last write that changed something".to_owned()
        }
        Unchanged::Skip => "the same uid again writes nothing; `synced` is when it was first sent".to_owned(),
        Unchanged::Refresh => refreshed(pair.candidate),
    };
    for_same_uid(pair, why)
}

/// Whether the same uid again, often enough, keeps a user who stays away.
fn keeps_by_syncs(policy: &EcPolicy) -> bool {
    let within = policy.sync.refresh_after.seconds() < policy.entry.ttl.seconds();
    prolongs(policy)
        && match policy.sync.unchanged {
            Unchanged::Rewrite => true,
            Unchanged::Refresh => within,
            Unchanged::Skip => false,
        }
}

/// The impact of a change of what happens when a partner sends the same uid again.
fn for_same_uid(pair: &Pair<'_>, why: String) -> Impact {
    if !keeps_by_syncs(pair.deployed) || keeps_by_syncs(pair.candidate) {
        return Impact::safe(Records::Rewritten, why);
    }
    let ttl = pair.candidate.entry.ttl;
    Impact::never(
        Records::Rewritten,
        why,
        "keep what is deployed, or `sync.unchanged = \"refresh\"` with a `sync.refresh_after` below `entry.ttl`",
        scenarios::unprolonged_by_syncs(pair),
    )
    .losing(
        DataKind::Users,
        format!("users who stay away for more than {ttl}, and whom a partner goes on syncing"),
    )
}

fn refreshed(policy: &EcPolicy) -> String {
    let (after, ttl) = (policy.sync.refresh_after, policy.entry.ttl);
    if after.seconds() >= ttl.seconds() {
        return format!(
            "the same uid again would be written {after} after the last time, but records live for {ttl} only: it never is"
        );
    }
    let prolonged = if prolongs(policy) {
        ", and prolongs the user's record with that"
    } else {
        ""
    };
    format!(
        "the same uid again is written {after} after the last time{prolonged}, and costs nothing between"
    )
}

fn refresh_after(pair: &Pair<'_>) -> Impact {
    if pair.candidate.sync.unchanged == Unchanged::Refresh {
        return for_same_uid(pair, refreshed(pair.candidate));
    }
    let word = pair.candidate.sync.unchanged.as_str();
    Impact::safe(
        Records::None,
        format!("it changes nothing while `sync.unchanged` is `{word}`"),
    )
}

fn order(pair: &Pair<'_>) -> Impact {
    match pair.candidate.sync.order {
        SyncOrder::Timestamp => Impact::safe(
            Records::Rewritten,
            "a sync that is older than the stored uid is refused as `stale`, so that a late one no longer puts an old uid over a newer",
        )
        .mixed("at a machine of the deployed policy a late sync still puts an old uid over a newer"),
        SyncOrder::Arrival => Impact::safe(
            Records::Rewritten,
            "the last sync to come wins, so that a late one can put a partner's old uid over a newer; the partner's next sync mends it. No other partner's uid is touched",
        ),
    }
}

fn max_future(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.sync.max_future);
    let why = if to < from {
        format!(
            "partners whose clocks run ahead by more than {to} are refused with `invalid_timestamp`, until they set them right; what they synced before stays"
        )
    } else {
        format!(
            "partners whose clocks run ahead by up to {to} get in, and what they send counts as made when it comes"
        )
    };
    Impact::safe(Records::None, why).effective(FROM_NOW_ON)
}

/// A uid for each entry of `one` that `other` has none for.
fn only_in(one: &Sentinels, other: &Sentinels) -> Vec<String> {
    let uids = one.iter().map(|entry| entry.replace('*', "a"));
    uids.filter(|uid| !other.contain(uid)).collect()
}

/// The most examples of uids that a text names: the values next to it have them all.
const UIDS_NAMED: usize = 4;

/// Some of these uids, and how many there are besides.
fn named(uids: &[String]) -> String {
    let first: Vec<String> = (uids.iter().take(UIDS_NAMED))
        .map(|uid| format!("`{uid}`"))
        .collect();
    match uids.len().saturating_sub(UIDS_NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn sentinels(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| &policy.sync.sentinels);
    let removed = only_in(from, to);
    if let Some(uid) = removed.first() {
        return Impact::never(
            Records::None,
            format!(
                "uids such as {} get in, and are given out: a partner that sends one for users whom it does not know joins them all under it",
                named(&removed)
            ),
            "keep them in `sync.sentinels`",
            scenarios::placeholder_uid(uid),
        )
        .effective(FROM_NOW_ON);
    }
    let added = only_in(to, from);
    if added.is_empty() {
        return Impact::safe(
            Records::None,
            "the same placeholder uids, written in another way",
        );
    }
    let uids = named(&added);
    Impact::never(
        Records::All,
        format!(
            "uids such as {uids} are refused with `invalid_uid`, and no longer given out where they are stored"
        ),
        "check that no partner uses one of them for a real user: then no real uid is lost",
        scenarios::placeholder_uid(added.first().map_or("", String::as_str)),
    )
    .losing(
        DataKind::PartnerIds,
        format!("users whom a partner has synced with a uid such as {uids}"),
    )
}

/// What a larger or smaller limit on requests does.
fn limit(from: u32, to: u32, smaller: &str, larger: &str) -> Impact {
    Impact::safe(Records::None, if to < from { smaller } else { larger })
}

fn max_batch(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.sync.max_batch);
    let smaller = format!(
        "a batch of more than {to} mappings is refused whole, with `batch_too_large`: inform partners first, or their syncs are lost"
    );
    let larger = format!("partners may send {to} mappings at once");
    limit(from, to, &smaller, &larger).mixed("a large batch gets in or not by the machine that it meets: let partners send larger ones only when every machine takes them")
}

fn max_body_bytes(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.sync.max_body_bytes);
    let smaller = format!(
        "a request of more than {to} bytes is refused whole, with `body_too_large`: inform partners first, or their syncs are lost"
    );
    let larger = format!("partners may send {to} bytes at once");
    limit(from, to, &smaller, &larger).mixed("a large request gets in or not by the machine that it meets: let partners send larger ones only when every machine takes them")
}

fn concurrency(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.sync.concurrency);
    limit(
        from,
        to,
        "a batch takes longer, and the store has less to do at once; what is written is the same",
        "a batch is done sooner, and the store has more to do at once; what is written is the same",
    )
}

fn reasons(pair: &Pair<'_>) -> Impact {
    Impact::safe(
        Records::None,
        match pair.candidate.sync.reasons {
            SyncReasons::Opaque => {
                "partners no longer learn who withdrew: they get `ineligible` for that and for an unknown id, and cannot drop the uids of those who did"
            }
            SyncReasons::Detailed => {
                "partners learn who withdrew, and can drop the uids of those who did: each partner that still syncs a user learns that they said no"
            }
        },
    )
}

fn rate_limit(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.sync.rate_limit);
    let window = pair.candidate.sync.rate_window;
    let smaller = format!(
        "a partner with no `rate_limit` of its own is refused with `429` after {to} batch requests in {window}, and has to come again"
    );
    let larger = format!(
        "a partner with no `rate_limit` of its own may make {to} batch requests in {window}"
    );
    limit(from, to, &smaller, &larger)
}

fn rate_window(pair: &Pair<'_>) -> Impact {
    let (limit, window) = (
        pair.candidate.sync.rate_limit,
        pair.candidate.sync.rate_window,
    );
    Impact::safe(
        Records::None,
        format!(
            "requests are counted over {window}: a partner with no `rate_limit` of its own may make {limit} in that time; the edge counts over 1, 10 or 60 seconds only"
        ),
    )
}

fn invalid_token_limit(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.sync.invalid_token_limit);
    limit(
        from,
        to,
        &format!(
            "an address that has sent {to} wrong tokens within a minute is refused with `429`, and behind one address a new partner of the store has to wait that minute; tokens that are known to be right pass"
        ),
        &format!(
            "an address may try {to} wrong tokens in a minute, and each is a read of the partner store"
        ),
    )
}
