//! `docs/semantics.md#promises`: where a policy cannot keep one, who is hurt and which lines cause it.

use super::limits::longest_after_write;
use super::{Find, Finding, Rule, Subject};
use crate::diagnostic::{Code, Severity};
use crate::policy::settings::{DeleteMode, Expiry, OnMissingSync, Renewal, Unchanged, UnknownAge};
use crate::policy::types::StoreAddress;

pub(super) const RULES: [Rule; 10] = [
    Rule {
        code: Code::SyncCreatesUser,
        severity: Severity::Warning,
        reason: "a partner's fresh sync can create a user who withdrew and was forgotten",
        protects: "promise 1, no resurrection: after a withdrawal only fresh consent makes a record live",
        example: "[ec.sync]\non_missing = \"create_minimal\"\nmax_age = \"24h\"\n[ec.tombstone]\nttl = \"24h\"\n",
        consequence: "a user withdraws; after `tombstone.ttl` the tombstone has expired, and the next sync of any partner that still has the uid creates a live record, although the user never consented again. `sync.max_age` prevents this for late syncs, not for new ones",
        fix: "set `sync.on_missing = \"reject\"`: only a visit with consent creates a user",
        find: Find::By(sync_creates_user),
    },
    Rule {
        code: Code::LateSyncCreatesUser,
        severity: Severity::Warning,
        reason: "any partner sync, however late, can create a user who withdrew and was forgotten",
        protects: "promise 1, no resurrection: after a withdrawal only fresh consent makes a record live",
        example: "[ec.sync]\non_missing = \"create_minimal\"\n[ec.tombstone]\nttl = \"24h\"\n",
        consequence: "a user withdraws; once the tombstone has expired, a sync that a partner queued before the withdrawal arrives and creates a live record, and so does every new one",
        fix: "set `sync.on_missing = \"reject\"`; at least set `sync.max_age` below `tombstone.ttl`",
        find: Find::By(late_sync_creates_user),
    },
    Rule {
        code: Code::DebounceOutlivesEntry,
        severity: Severity::Warning,
        reason: "an active visitor's entry expires between two touches",
        protects: "the users who keep coming: each touch starts their retention again",
        example: "[ec.last_seen]\ndebounce = \"24h\"\n[ec.entry]\nttl = \"24h\"\n",
        consequence: "a visitor who comes every hour is not recorded before `last_seen.debounce` has passed, and by then the entry has expired: they lose every partner id, again and again",
        fix: "keep `last_seen.debounce` well below `entry.ttl`",
        find: Find::By(debounce_outlives_entry),
    },
    Rule {
        code: Code::RefreshOutlivesEntry,
        severity: Severity::Warning,
        reason: "a partner's uid is refreshed only after its entry has expired",
        protects: "the partners' uids: `refresh` should keep the entry and its `synced` times alive",
        example: "[ec.sync]\nunchanged = \"refresh\"\nrefresh_after = \"30d\"\n[ec.entry]\nttl = \"7d\"\n",
        consequence: "a partner syncs the same uid every day, nothing is written before `sync.refresh_after` has passed, and by then the entry has expired: the refresh never happens",
        fix: "keep `sync.refresh_after` well below `entry.ttl`, or set `sync.unchanged = \"skip\"` if you intend that",
        find: Find::By(refresh_outlives_entry),
    },
    Rule {
        code: Code::HardDelete,
        severity: Severity::Warning,
        reason: "a sync under way can write an erased user back",
        protects: "promise 1, no resurrection, for users who asked to be erased",
        example: "[ec.delete]\nmode = \"hard\"\n",
        consequence: "a sync reads the record, the user is erased, the sync writes: on a store where a swap can create a deleted record the user is back, with all partner ids; under `sync.on_missing = \"create_minimal\"` any later sync also brings the user back",
        fix: "set `delete.mode = \"tombstone\"`: it costs one read a deletion",
        find: Find::By(hard_delete),
    },
    Rule {
        code: Code::TombstoneTooShort,
        severity: Severity::Warning,
        reason: "a tombstone can expire before an operation that was under way has ended",
        protects: "promise 1, no resurrection: a write that began before the withdrawal must find the tombstone",
        example: "[ec.tombstone]\nttl = \"60s\"\n",
        consequence: "a sync reads the live record and hangs; the user withdraws, the tombstone expires, the sync writes what it read: the user is back",
        fix: "keep `tombstone.ttl` above the sum of the minute by which a lookup may lag, the two minutes of a request at the edge, and the longest operation: hours cost nothing",
        find: Find::By(tombstone_too_short),
    },
    Rule {
        code: Code::SyncsKeepForEver,
        severity: Severity::Warning,
        reason: "partner syncs keep a user for ever",
        protects: "promise 8, retention: `entry.ttl` is how long a user who stays away is kept",
        example: "[ec.entry]\nrenewal = \"on_write\"\n",
        consequence: "a user comes once and never again; a partner that syncs once a month starts `entry.ttl` again each time, and the user is kept for as long as the partner syncs",
        fix: "set `entry.renewal = \"on_visit\"`, or `from_creation` for a fixed limit",
        find: Find::By(syncs_keep_for_ever),
    },
    Rule {
        code: Code::RetentionRestsOnStore,
        severity: Severity::Warning,
        reason: "retention rests on the store alone",
        protects: "promise 8, retention: no read returns an entry older than the policy allows",
        example: "[ec.entry]\nexpiry = \"store\"\n",
        consequence: "Fastly collects expired records within 24 hours, not at once, and keeps the TTL that the record was written with: expired users are still read, shown to partners and written again, and a shorter `entry.ttl` does nothing for existing records",
        fix: "set `entry.expiry = \"engine\"`: it costs nothing",
        find: Find::By(retention_rests_on_store),
    },
    Rule {
        code: Code::FailOverLoses,
        severity: Severity::Warning,
        reason: "a deployed store replicates asynchronously, and does not require a replica to keep up",
        protects: "promises 1 to 3: an acknowledged withdrawal or sync is kept",
        example: "deploy = true\n[ec]\nec_store = \"graph\"\npartner_store = \"partners\"\n[ec.local]\nstore = \"redis://valkey.internal\"\n",
        consequence: "the server is lost, a replica takes over, and the last acknowledged writes are missing: a user who withdrew is live again, and a partner's uid is lost",
        fix: "run the server with `min-replicas-to-write`, and write the number as `redis.min_replicas_to_write`: then no more is lost than `min-replicas-max-lag` allows; if there is no replica to fail over to, allow the finding with that reason",
        find: Find::By(fail_over_loses),
    },
    Rule {
        code: Code::UnknownAgeKept,
        severity: Severity::Warning,
        reason: "a record that does not state its age is kept however old it is",
        protects: "promise 8, retention: no read returns an entry older than the policy allows",
        example: "[ec.import]\nunknown_age = \"now\"\n",
        consequence: "the trusted-server wrote a user's record a year ago, who has not come since: it has neither `t` nor `last_seen`, counts as new at every read, and is shown to partners until its store collects it",
        fix: "set `import.unknown_age = \"created\"`; while you move from the trusted-server, allow it with that reason, until `entry.ttl` has passed since its last write",
        find: Find::By(unknown_age_kept),
    },
];

/// Whether no sync can come after the tombstone that began before the withdrawal.
fn late_syncs_are_refused(subject: &Subject<'_>) -> bool {
    let policy = subject.policy();
    policy
        .sync
        .max_age
        .is_some_and(|age| age.seconds() <= policy.tombstone.ttl.seconds())
}

fn creates(subject: &Subject<'_>) -> bool {
    subject.policy().sync.on_missing == OnMissingSync::CreateMinimal
}

fn sync_creates_user(subject: &Subject<'_>) -> Vec<Finding> {
    if !creates(subject) || !late_syncs_are_refused(subject) {
        return Vec::new();
    }
    vec![Finding::new(
        &["sync.on_missing", "tombstone.ttl"],
        format!(
            "a partner sync brings back a user who withdrew: {} after a withdrawal the tombstone is gone, and `sync.on_missing` ({}) makes a new record for any fresh sync",
            subject.value("tombstone.ttl"),
            subject.value("sync.on_missing"),
        ),
        "set `sync.on_missing = \"reject\"`: then only a visit with consent creates a user",
    )]
}

fn late_sync_creates_user(subject: &Subject<'_>) -> Vec<Finding> {
    if !creates(subject) || late_syncs_are_refused(subject) {
        return Vec::new();
    }
    let bound = match subject.policy().sync.max_age {
        Some(_) => format!(
            "`sync.max_age` ({}) lets in syncs that are older than that",
            subject.value("sync.max_age")
        ),
        None => "without `sync.max_age` however old they are".to_owned(),
    };
    vec![Finding::new(
        &["sync.on_missing", "tombstone.ttl", "sync.max_age"],
        format!(
            "partner syncs bring back a user who withdrew, even syncs from before the withdrawal: the tombstone is gone after {}, `sync.on_missing` ({}) then makes a new record, and {bound}",
            subject.value("tombstone.ttl"),
            subject.value("sync.on_missing"),
        ),
        "set `sync.on_missing = \"reject\"`, or at the least a `sync.max_age` no longer than `tombstone.ttl`",
    )]
}

fn debounce_outlives_entry(subject: &Subject<'_>) -> Vec<Finding> {
    let policy = subject.policy();
    if policy.entry.renewal == Renewal::FromCreation
        || policy.last_seen.debounce.seconds() < policy.entry.ttl.seconds()
    {
        return Vec::new();
    }
    vec![Finding::new(
        &["last_seen.debounce", "entry.ttl"],
        format!(
            "the entry of a visitor who keeps coming expires after {}, before `last_seen.debounce` ({}) lets a visit be written: they lose every partner id, again and again",
            subject.value("entry.ttl"),
            subject.value("last_seen.debounce"),
        ),
        "lower `last_seen.debounce` well below `entry.ttl`, as `300s`",
    )]
}

fn refresh_outlives_entry(subject: &Subject<'_>) -> Vec<Finding> {
    let policy = subject.policy();
    if policy.sync.unchanged != Unchanged::Refresh
        || policy.sync.refresh_after.seconds() < policy.entry.ttl.seconds()
    {
        return Vec::new();
    }
    vec![Finding::new(
        &["sync.refresh_after", "entry.ttl", "sync.unchanged"],
        format!(
            "no uid is ever refreshed: its entry expires after {}, before `sync.refresh_after` ({}) has passed",
            subject.value("entry.ttl"),
            subject.value("sync.refresh_after"),
        ),
        "lower `sync.refresh_after` well below `entry.ttl`, or set `sync.unchanged = \"skip\"`",
    )]
}

fn hard_delete(subject: &Subject<'_>) -> Vec<Finding> {
    if subject.policy().delete.mode != DeleteMode::Hard {
        return Vec::new();
    }
    vec![Finding::new(
        &["delete.mode"],
        format!(
            "a sync under way can write an erased user back: `delete.mode` ({}) leaves no tombstone to stop it",
            subject.value("delete.mode")
        ),
        "set `delete.mode = \"tombstone\"`",
    )]
}

fn tombstone_too_short(subject: &Subject<'_>) -> Vec<Finding> {
    let policy = subject.policy();
    let longest = longest_after_write(policy);
    if policy.tombstone.ttl.seconds() >= longest {
        return Vec::new();
    }
    vec![Finding::new(
        &["tombstone.ttl", "cas.deadline", "store.call_timeout"],
        format!(
            "`tombstone.ttl` ({}) is shorter than {} s, the longest time in which a write that began before the withdrawal can still arrive: it would come after the tombstone expired, and bring the user back",
            subject.value("tombstone.ttl"),
            longest,
        ),
        "raise `tombstone.ttl`: hours cost nothing, as `24h`",
    )]
}

fn syncs_keep_for_ever(subject: &Subject<'_>) -> Vec<Finding> {
    if subject.policy().entry.renewal != Renewal::OnWrite {
        return Vec::new();
    }
    vec![Finding::new(
        &["entry.renewal", "entry.ttl"],
        format!(
            "partner syncs keep a user for ever who visited only once: under `entry.renewal` ({}) each sync starts the {} of `entry.ttl` again",
            subject.value("entry.renewal"),
            subject.value("entry.ttl"),
        ),
        "set `entry.renewal = \"on_visit\"`: then only the user's own visits do",
    )]
}

fn retention_rests_on_store(subject: &Subject<'_>) -> Vec<Finding> {
    if subject.policy().entry.expiry != Expiry::Store {
        return Vec::new();
    }
    vec![Finding::new(
        &["entry.expiry", "entry.ttl"],
        format!(
            "users are read after their time: under `entry.expiry` ({}) an entry lives past `entry.ttl` ({}) until the store collects it, at the edge up to 24 hours later",
            subject.value("entry.expiry"),
            subject.value("entry.ttl"),
        ),
        "set `entry.expiry = \"engine\"`: it costs nothing",
    )]
}

fn fail_over_loses(subject: &Subject<'_>) -> Vec<Finding> {
    let policy = subject.policy();
    let place = policy.local.store.as_ref();
    let (Some(deploy), Some(_)) = (subject.deployed, place.and_then(StoreAddress::redis)) else {
        return Vec::new();
    };
    if policy.redis.min_replicas_to_write > 0 {
        return Vec::new();
    }
    let message = format!(
        "a fail-over of {} loses acknowledged withdrawals and syncs, however many: `redis.min_replicas_to_write` is {}",
        subject.value("local.store"),
        subject.value("redis.min_replicas_to_write"),
    );
    let help = "run it with `min-replicas-to-write 1` and state that number; where there is no replica, allow it with that reason";
    let keys = ["local.store", "redis.min_replicas_to_write"];
    vec![Finding::new(&keys, message, help).at(deploy.clone())]
}

fn unknown_age_kept(subject: &Subject<'_>) -> Vec<Finding> {
    let policy = subject.policy();
    if policy.import.unknown_age != UnknownAge::Now || policy.entry.renewal == Renewal::FromCreation
    {
        return Vec::new();
    }
    vec![Finding::new(
        &["import.unknown_age", "entry.ttl"],
        format!(
            "users are read after their time: under `import.unknown_age` ({}) a record with neither `t` nor `last_seen` lives past `entry.ttl` ({}) until it is first written",
            subject.value("import.unknown_age"),
            subject.value("entry.ttl"),
        ),
        "set `import.unknown_age = \"created\"`; while you move from the trusted-server, allow it with that reason",
    )]
}
