//! How withdrawals and erasures are remembered.

use super::impact::{Impact, Known};
use super::pair::{Pair, creates, oldest_sync};
use super::{DataKind, Records, scenarios};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{DeleteMode, OnMissingWithdrawal, Repeat};

pub(super) const IMPACTS: [Known; 4] = [
    ("tombstone.ttl", ttl),
    ("tombstone.repeat", repeat),
    ("tombstone.on_missing", on_missing),
    ("delete.mode", delete_mode),
];

/// What to change for no sync to create a user.
const REJECT: &str =
    "set `sync.on_missing = \"reject\"` first, and make this change when every machine has that";

const WITHDRAWALS_FROM_NOW_ON: &str = "at once, for withdrawals from now on";
const ERASURES_FROM_NOW_ON: &str = "at once, for erasures from now on";

/// What a sync for an unknown id does in this change, and where.
fn makes_a_record(pair: &Pair<'_>) -> &'static str {
    if pair.only_the_deployed_creates() {
        "makes a new record of them at a machine that still runs the deployed policy (`sync.on_missing` is `create_minimal` there)"
    } else {
        "makes a new record of them (`sync.on_missing` is `create_minimal`)"
    }
}

fn ttl(pair: &Pair<'_>) -> Impact {
    let to = pair.candidate.tombstone.ttl;
    if pair.deployed.tombstone.ttl < to {
        return longer(pair);
    }
    let impact = if !pair.creates() {
        Impact::never(
            Records::All,
            format!(
                "withdrawals are forgotten earlier, existing ones at once where they are older than {to}; but no sync can make a user of nothing (`sync.on_missing` is `reject` in both), so that only fresh consent brings one back. Partners learn that the id is unknown, and no longer that the user withdrew"
            ),
            "",
            scenarios::forgotten_sooner(pair),
        )
    } else if creates(pair.candidate) {
        forgotten_by_the_candidate(pair)
    } else {
        forgotten_in_the_mix(pair)
    };
    let from = pair.deployed.tombstone.ttl;
    let keep = format!("keep `tombstone.ttl` at {from} or more");
    let impact = Impact {
        fix: Some(match impact.fix {
            Some(fix) if !fix.is_empty() => {
                format!("{keep}; for no sync to bring such a user back, {fix}")
            }
            _ => keep,
        }),
        ..impact
    };
    let impact = impact.losing(
        DataKind::Tombstones,
        format!("users who withdrew more than {to} ago"),
    );
    impact.mixed(format!(
        "the store forgets after {to} what a machine of the candidate wrote, also for the others"
    ))
}

/// Withdrawals are remembered longer.
fn longer(pair: &Pair<'_>) -> Impact {
    let (from, to) = (pair.deployed.tombstone.ttl, pair.candidate.tombstone.ttl);
    let again = if pair.candidate.tombstone.repeat == Repeat::Keep {
        format!(
            ". Under `tombstone.repeat` (`keep`) one that is made again within {to} still counts from the first time"
        )
    } else {
        String::new()
    };
    Impact::safe(
        Records::New,
        format!(
            "withdrawals are remembered longer, from the next one on. The store keeps an existing tombstone for {from}, and drops it then{again}"
        ),
    )
    .effective("for withdrawals from now on; tombstones that stand keep the time they were given")
    .mixed(format!(
        "a machine of the deployed policy forgets a withdrawal after {from}, whichever machine wrote it"
    ))
}

/// A shorter memory, where the candidate makes users of syncs.
fn forgotten_by_the_candidate(pair: &Pair<'_>) -> Impact {
    let Pair {
        deployed,
        candidate,
        ..
    } = *pair;
    let (from, to) = (deployed.tombstone.ttl, candidate.tombstone.ttl);
    if oldest_sync(candidate) > to.seconds() {
        let bound = match candidate.sync.max_age {
            None => "no `sync.max_age` refuses them, however old".to_owned(),
            Some(age) => format!("`sync.max_age` ({age}) lets them in"),
        };
        return Impact::never(
            Records::All,
            format!(
                "a user who withdrew is back when a sync from before the withdrawal comes more than {to} later: the tombstone is gone, `sync.on_missing` (`create_minimal`) makes a new record, and {bound}. That does not end with the change-over"
            ),
            format!(
                "set `sync.on_missing = \"reject\"`, or a `sync.max_age` of {to} or less with this change"
            ),
            scenarios::late_sync(pair),
        );
    }
    if creates(deployed) && any_age(deployed) {
        return any_sync_in_the_mix(pair);
    }
    let again = match (candidate.tombstone.on_missing, candidate.tombstone.repeat) {
        (OnMissingWithdrawal::Skip, _) => Some("`tombstone.on_missing` is `skip`"),
        (_, Repeat::Keep) => Some("`tombstone.repeat` is `keep`"),
        _ => None,
    };
    if let Some(again) = again {
        return Impact::never(
            Records::All,
            format!(
                "a user who withdraws again is not remembered from then on ({again}), and {to} after the first time not at all: a sync from before the second makes a new record of them (`sync.on_missing` is `create_minimal`). The longer memory of the deployed policy covered that"
            ),
            "set `sync.on_missing = \"reject\"` with this change, or `tombstone.repeat = \"rewrite\"` and `tombstone.on_missing = \"write\"`",
            scenarios::withdrawn_again_in_vain(pair),
        );
    }
    let drained = from.seconds().max(if creates(deployed) {
        oldest_sync(deployed)
    } else {
        0
    });
    Impact::wait(
        Records::All,
        drained,
        format!(
            "users who withdrew under the deployed policy are to be remembered for {from}; the candidate forgets them after {to}, and a partner that still holds the uid brings them back with a fresh sync (`sync.on_missing` is `create_minimal`). It is over when the last of their tombstones would have gone anyway; who withdraws under the candidate is remembered for {to}"
        ),
        format!("{REJECT}; or have partners hold their syncs back for that time"),
    )
    .shown_by(scenarios::forgotten_early(pair))
}

/// A shorter memory, where only machines that still run the deployed policy make users of syncs.
fn forgotten_in_the_mix(pair: &Pair<'_>) -> Impact {
    if any_age(pair.deployed) {
        return any_sync_in_the_mix(pair);
    }
    let to = pair.candidate.tombstone.ttl;
    Impact::wait(
        Records::All,
        oldest_sync(pair.deployed),
        format!(
            "a user who withdraws at a machine of the candidate is forgotten by the store after {to}; a machine of the deployed policy still makes a new record of them for a sync that comes after that (`sync.on_missing` is `create_minimal` there). It is over when no such machine runs and the syncs that it would take are out"
        ),
        REJECT,
    )
    .shown_by(scenarios::late_sync_in_the_mix(pair))
}

/// Whether a sync of any age is accepted.
fn any_age(policy: &EcPolicy) -> bool {
    policy.sync.max_age.is_none()
}

fn any_sync_in_the_mix(pair: &Pair<'_>) -> Impact {
    let to = pair.candidate.tombstone.ttl;
    Impact::never(
        Records::All,
        format!(
            "a user who withdraws at a machine of the candidate is forgotten by the store after {to}; a sync from before the withdrawal, which a machine of the deployed policy takes however old it is, then makes a new record of them (`sync.on_missing` is `create_minimal` there)"
        ),
        REJECT,
        scenarios::late_sync_in_the_mix(pair),
    )
}

fn repeat(pair: &Pair<'_>) -> Impact {
    let ttl = pair.candidate.tombstone.ttl;
    let impact = if pair.candidate.tombstone.repeat == Repeat::Rewrite {
        Impact::safe(
            Records::Rewritten,
            format!(
                "a user who withdraws again is remembered for {ttl} from then on; each time is a write"
            ),
        )
    } else if pair.creates() {
        let makes = makes_a_record(pair);
        Impact::never(
            Records::Rewritten,
            format!(
                "a user who withdraws again is remembered for {ttl} from the first time on, and no longer from the last: a sync that comes then {makes}, though they said no a short while ago"
            ),
            REJECT,
            scenarios::withdrawn_twice(pair),
        )
    } else {
        Impact::never(
            Records::Rewritten,
            format!(
                "a user who withdraws again is remembered for {ttl} from the first time on; no sync can bring them back after that (`sync.on_missing` is `reject` in both)"
            ),
            "keep `tombstone.repeat = \"rewrite\"`",
            scenarios::withdrawn_twice(pair),
        )
    };
    let impact = if pair.candidate.tombstone.repeat == Repeat::Keep {
        impact.losing(DataKind::Tombstones, "users who withdraw again")
    } else {
        impact
    };
    impact.effective(WITHDRAWALS_FROM_NOW_ON)
}

fn on_missing(pair: &Pair<'_>) -> Impact {
    let impact = if pair.candidate.tombstone.on_missing == OnMissingWithdrawal::Write {
        Impact::safe(
            Records::New,
            "a withdrawal for an id that has no record is remembered as well; each is a write, for forged ids too",
        )
    } else if pair.creates() {
        let makes = makes_a_record(pair);
        Impact::never(
            Records::New,
            format!(
                "a user whose record has expired and who withdraws leaves no trace: the next sync of a partner that still holds the uid {makes}, though they just said no"
            ),
            REJECT,
            scenarios::withdrawn_unknown(pair),
        )
        .losing(DataKind::Tombstones, "users who withdraw when their record has expired")
    } else {
        Impact::safe(
            Records::New,
            "a withdrawal for an id that has no record leaves no trace, and no sync can make a record of that id (`sync.on_missing` is `reject` in both)",
        )
    };
    impact.effective(WITHDRAWALS_FROM_NOW_ON)
}

fn delete_mode(pair: &Pair<'_>) -> Impact {
    if pair.candidate.delete.mode == DeleteMode::Tombstone {
        return Impact::safe(
            Records::New,
            "an erased record leaves a tombstone, which a sync under way meets; it costs a read before each erasure",
        )
        .effective(ERASURES_FROM_NOW_ON)
        .mixed("an erasure at a machine of the deployed policy leaves nothing");
    }
    let why = if pair.creates() {
        let makes = makes_a_record(pair);
        format!(
            "an erased user is back with the next sync of a partner that still holds the uid: no tombstone refuses it, and it {makes}"
        )
    } else {
        "an erased record leaves nothing that a sync under way would meet: on a store that lets a swap create what is gone, that sync writes the user back. A later sync cannot (`sync.on_missing` is `reject` in both)".to_owned()
    };
    Impact::never(
        Records::New,
        why,
        "keep `delete.mode = \"tombstone\"`: it costs one read an erasure",
        scenarios::erased(pair),
    )
    .losing(DataKind::Tombstones, "users whose record is erased")
    .effective(ERASURES_FROM_NOW_ON)
}
