//! How long records live, how large they grow, and when a visit is written down.

use super::impact::{Impact, Known};
use super::pair::Pair;
use super::scenario::Scenario;
use super::{DataKind, Records, scenarios};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{Expiry, OnMissingWithdrawal, Renewal, UnknownAge};

pub(super) const IMPACTS: [Known; 9] = [
    ("entry.ttl", ttl),
    ("entry.renewal", renewal),
    ("entry.expiry", expiry),
    ("entry.max_partner_ids", max_partner_ids),
    ("entry.max_uid_bytes", max_uid_bytes),
    ("entry.max_body_bytes", max_body_bytes),
    ("entry.max_metadata_bytes", max_metadata_bytes),
    ("last_seen.debounce", debounce),
    ("import.unknown_age", unknown_age),
];

/// Whose stay starts `entry.ttl` again, in words.
const fn renewed_by(policy: &EcPolicy) -> &'static str {
    match policy.entry.renewal {
        Renewal::OnWrite => "since their last visit or a partner's last sync",
        Renewal::OnVisit => "since their last visit",
        Renewal::FromCreation => "since they first came",
    }
}

fn ttl(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.entry.ttl);
    let since = renewed_by(pair.candidate);
    if from < to {
        let why = format!(
            "users who stay away are kept longer: for {to} instead of {from} {since}. The store keeps an existing record for {from}, and longer once it is written again"
        );
        return Impact::safe(Records::Rewritten, why).mixed(
            "a machine of the deployed policy writes records for the shorter time, one of the candidate for the longer",
        );
    }
    if unwritten_visits(pair.candidate) && !unwritten_visits(pair.deployed) {
        return too_seldom(pair, Records::All);
    }
    let skips = pair.candidate.tombstone.on_missing == OnMissingWithdrawal::Skip;
    let mut why = format!(
        "users are forgotten earlier: for whom more than {to} have passed {since}, the record counts as absent at once, with its partner ids; they get a new id at their next visit"
    );
    let mut records = Records::All;
    let mut scenario: fn(&Pair<'_>) -> Scenario = scenarios::kept_shorter;
    let mut fix = format!("keep `entry.ttl` at {from} or more");
    if pair.candidate.entry.expiry == Expiry::Store {
        records = Records::NoneUntilExpiry;
        why = format!(
            "users are forgotten earlier: {to} {since}. Records that stand were given to the store for up to {from}, and `entry.expiry` (`store`) trusts the store: until that has passed, reads return users whom the candidate promises to have forgotten"
        );
        fix.push_str(
            "; with `entry.expiry = \"engine\"` in the candidate the shorter time holds at once",
        );
    } else if skips && pair.deployed.entry.renewal == Renewal::OnWrite {
        scenario = scenarios::gone_and_back;
        why = format!(
            "{why}. Under `tombstone.on_missing` (`skip`) a withdrawal of such a user leaves no trace at a machine of the candidate, while one of the deployed policy still takes partners' syncs for the record and so renews it (`entry.renewal` is `on_write`): the user lives on for {to}"
        );
        fix.push_str("; keep `tombstone.on_missing = \"write\"` until the last machine of the deployed policy has stopped");
    }
    Impact::never(records, why, fix, scenario(pair))
        .losing(
            DataKind::Users,
            format!("users for whom more than {to} have passed {since}"),
        )
        .losing(DataKind::PartnerIds, "those of them whom a partner has synced")
        .mixed(if skips {
        "a machine of the deployed policy still shows users whom the candidate counts as gone; one of them who withdraws at a machine of the candidate leaves no tombstone (`tombstone.on_missing` is `skip`), and the other machines still know them: keep this time short"
    } else {
        "a machine of the deployed policy still shows users whom the candidate counts as gone, and a visit there can bring them back for both"
    })
}

/// Whether a visitor's record can expire before a visit is written down.
fn unwritten_visits(policy: &EcPolicy) -> bool {
    policy.entry.renewal != Renewal::FromCreation
        && policy.last_seen.debounce.seconds() >= policy.entry.ttl.seconds()
}

fn too_seldom(pair: &Pair<'_>, records: Records) -> Impact {
    let (debounce, ttl) = (pair.candidate.last_seen.debounce, pair.candidate.entry.ttl);
    Impact::never(
        records,
        format!(
            "a visitor who comes every day loses their id and every partner id again and again: the record expires after {ttl}, before `last_seen.debounce` ({debounce}) lets a visit be written"
        ),
        "keep `last_seen.debounce` well below `entry.ttl`",
        scenarios::expires_between_visits(pair),
    )
    .losing(
        DataKind::Users,
        format!("users who come back within {debounce} of a visit that was written"),
    )
}

fn renewal(pair: &Pair<'_>) -> Impact {
    use Renewal::{FromCreation, OnVisit, OnWrite};
    let ttl = pair.candidate.entry.ttl;
    let gone = match pair.candidate.entry.expiry {
        Expiry::Engine => "counts as absent at once",
        Expiry::Store => "goes once it is next written",
    };
    let (records, why) = match (pair.deployed.entry.renewal, pair.candidate.entry.renewal) {
        (_, FromCreation) => (
            Records::All,
            format!(
                "retention is shorter: it counts from the day that a user first came, whatever they did since. The record of a user who first came more than {ttl} ago {gone}, with its partner ids, however faithful the visitor; they get a new id at their next visit"
            ),
        ),
        (OnWrite, _) => (
            Records::Rewritten,
            format!(
                "retention is shorter: a partner's sync no longer prolongs a user who stays away. Such a user goes {ttl} after the last write under the deployed policy, and none goes at once"
            ),
        ),
        (OnVisit, _) => (
            Records::Rewritten,
            format!(
                "retention is longer: every partner's sync starts the {ttl} again, so that users who never come back are kept for as long as a partner likes"
            ),
        ),
        (FromCreation, OnVisit) => (
            Records::Rewritten,
            format!(
                "retention is longer: users who keep coming stay beyond {ttl} after they first came, from their next visit on"
            ),
        ),
        (FromCreation, OnWrite) => (
            Records::Rewritten,
            format!(
                "retention is longer: users who keep coming stay beyond {ttl} after they first came, and so do users who stay away for as long as a partner syncs them"
            ),
        ),
    };
    let by_creation = |policy: &EcPolicy| policy.entry.renewal == FromCreation;
    let impact = match (pair.deployed.entry.renewal, pair.candidate.entry.renewal) {
        (OnWrite, OnVisit) => Impact::never(
            records,
            why,
            "keep `entry.renewal = \"on_write\"`",
            scenarios::unprolonged_by_syncs(pair),
        )
        .losing(
            DataKind::Users,
            format!("users who stay away for more than {ttl} and whom a partner goes on syncing"),
        ),
        (_, FromCreation) if !unwritten_visits(pair.deployed) => Impact::never(
            records,
            why,
            "keep the `entry.renewal` that is deployed",
            scenarios::unprolonged_by_a_visit(pair),
        )
        .losing(
            DataKind::Users,
            format!("users who first came more than {ttl} ago, and keep coming"),
        ),
        _ => Impact::safe(records, why),
    };
    impact.mixed(
        if by_creation(pair.deployed) || by_creation(pair.candidate) {
            "a user who first came long ago is gone at a machine that counts from then, and known at one that does not; a page at the first gives them a new id"
        } else {
            "a record is prolonged or not by the machine that writes it, and what one machine prolongs the others keep"
        },
    )
}

fn expiry(pair: &Pair<'_>) -> Impact {
    let ttl = pair.candidate.entry.ttl;
    if pair.candidate.entry.expiry == Expiry::Engine {
        return Impact::never(
            Records::All,
            format!(
                "retention is shorter: records older than {ttl} that the store has not collected yet count as absent at once, as the policy promises"
            ),
            "raise `entry.ttl` first, if those users are to be kept",
            scenarios::collected_late(pair),
        )
        .losing(
            DataKind::Users,
            format!("users whose record is older than {ttl}, and still in the store"),
        )
        .mixed("a machine of the deployed policy still shows what the store has not collected");
    }
    Impact::never(
        Records::All,
        format!(
            "users are read after their time: a record past its {ttl} is live again until the store collects it, at the edge up to 24 hours later, and longer where it was given to the store for longer; partners see it, and their syncs can prolong it"
        ),
        "keep `entry.expiry = \"engine\"`: it costs nothing",
        scenarios::collected_late(pair),
    )
    .mixed("a record past its time is absent at one machine and live at another")
}

fn max_partner_ids(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.entry.max_partner_ids);
    let why = if to < from {
        format!(
            "no record becomes unreadable and no partner id is dropped: a record that holds {to} or more keeps them all, and its partners go on updating theirs; a further partner is refused with `too_many_partners`"
        )
    } else {
        format!(
            "records may hold up to {to} partner ids; partners that were refused get in with their next sync"
        )
    };
    Impact::safe(Records::Rewritten, why)
        .mixed("whether a further partner gets in depends on the machine that its sync meets; all of them read every record")
}

fn max_uid_bytes(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.entry.max_uid_bytes);
    let why = if to < from {
        format!(
            "uids of more than {to} bytes are refused with `invalid_uid`; those that stand stay as they are and are still read, but their partners can no longer write them again"
        )
    } else {
        format!("uids of up to {to} bytes get in, with the partner's next sync")
    };
    Impact::safe(Records::Rewritten, why)
}

fn max_body_bytes(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.entry.max_body_bytes);
    let why = if to < from {
        format!(
            "no record becomes unreadable: a record of more than {to} bytes stays, is read, touched and withdrawn as before, but takes no sync (`entry_too_large`); a visitor whose consent strings alone are longer gets no id"
        )
    } else {
        format!(
            "records may grow up to {to} bytes; syncs that were refused get in when they are made again"
        )
    };
    Impact::safe(Records::Rewritten, why)
}

fn max_metadata_bytes(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.entry.max_metadata_bytes);
    if to >= from {
        return Impact::safe(
            Records::Rewritten,
            format!(
                "metadata may grow up to {to} bytes, and a record with more than the old limit takes touches and syncs again"
            ),
        );
    }
    Impact::never(
        Records::Rewritten,
        format!(
            "no record becomes unreadable, but a record whose metadata, with what other systems keep in it, is longer than {to} bytes takes no touch and no sync any more, and so ends with its time; it can still be withdrawn and erased"
        ),
        format!("keep `entry.max_metadata_bytes` at {from}, or have the other systems keep less there"),
        scenarios::burdened(pair),
    )
    .losing(
        DataKind::Users,
        format!("users of whose record the metadata is longer than {to} bytes"),
    )
}

fn debounce(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.last_seen.debounce);
    if to <= from {
        return Impact::safe(
            Records::Rewritten,
            format!("`last_seen` gets finer, for more writes: one visit is written for every {to}"),
        );
    }
    if unwritten_visits(pair.candidate) && !unwritten_visits(pair.deployed) {
        return too_seldom(pair, Records::Rewritten);
    }
    Impact::safe(
        Records::Rewritten,
        format!(
            "`last_seen` gets coarser, for fewer writes: one visit is written for every {to}, and a user's retention can count from up to {to} before their last visit"
        ),
    )
}

fn unknown_age(pair: &Pair<'_>) -> Impact {
    use UnknownAge::{Created, Now, Reject};
    const RECORD: &str = "a record with neither `t` nor `last_seen`, as the trusted-server of the IAB Tech Lab writes it,";
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.import.unknown_age);
    let entry = &pair.candidate.entry;
    let ttl = entry.ttl;
    if entry.renewal == Renewal::FromCreation {
        return Impact::safe(
            Records::None,
            "retention counts from `created` (`entry.renewal` is `from_creation`), whatever this is",
        );
    }
    let shown = scenarios::of_unknown_age(pair);
    let keep = format!("keep `import.unknown_age = \"{}\"`", from.as_str());
    let impact = match (from, to) {
        (_, Reject) => Impact::never(
            Records::All,
            format!(
                "{RECORD} becomes unreadable: it takes no touch and no sync, its user gets no new id, and it goes when the store collects it; it can still be withdrawn and erased"
            ),
            keep,
            shown,
        )
        .losing(DataKind::Users, "users whose record does not state its age"),
        (Reject, Created) => Impact::safe(
            Records::All,
            format!(
                "{RECORD} is read again, where the latest of its `created` and `consent.updated` is at most {ttl} ago"
            ),
        ),
        // Nothing but the store decides what is over, and each write starts the time again.
        _ if entry.expiry == Expiry::Store && entry.renewal == Renewal::OnWrite => Impact::safe(
            Records::All,
            format!("{RECORD} is read until the store collects it: `entry.expiry` is `store`"),
        ),
        (_, Now) => Impact::never(
            Records::All,
            format!(
                "retention is longer: {RECORD} is read however old it is, until the store collects it or a machine of the candidate writes it; the {ttl} of `entry.ttl` count from that write"
            ),
            keep,
            shown,
        ),
        (_, Created) => Impact::never(
            Records::All,
            format!(
                "{RECORD} counts from the latest of `created` and `consent.updated`: one of more than {ttl} ago is absent, with its partner ids, however faithful the visitor; they get a new id at their next visit"
            ),
            keep,
            shown,
        )
        .losing(
            DataKind::Users,
            format!(
                "users who consented more than {ttl} ago, and whose record no machine of the deployed policy has written"
            ),
        ),
    };
    impact.mixed(
        "a record that does not state its age is another thing to each machine, until one of them writes it",
    )
}
