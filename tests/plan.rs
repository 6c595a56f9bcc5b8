//! `ec plan` from outside: every case has the verdict, the time and the outcomes that were reasoned out by hand.

use crate::support;
use crate::support::setting_values;

use std::process::Command;

use edge_cookie::policy::known_settings;
use edge_cookie_review::{Change, Plan, PlanVerdict};
use serde_json::Value;
use setting_values::{required_with, values};
use support::written::with;

fn plan(both: &[&str], deployed: &[&str], candidate: &[&str]) -> Plan {
    Plan::of(
        &with([both, deployed].concat()),
        &with([both, candidate].concat()),
    )
}

const REJECT: &str = "sync.on_missing=reject";
const CREATE: &str = "sync.on_missing=create_minimal";
const DAY_OLD: &str = "sync.max_age=24h";
const SAFE: (PlanVerdict, Option<&str>) = (PlanVerdict::Safe, None);
const UNSAFE: (PlanVerdict, Option<&str>) = (PlanVerdict::Unsafe, None);

const fn wait(after: &str) -> (PlanVerdict, Option<&str>) {
    (PlanVerdict::Wait, Some(after))
}

/// What both policies say, what each says by itself, the verdict and the time.
type Case<'c> = (
    &'c [&'c str],
    &'c [&'c str],
    &'c [&'c str],
    (PlanVerdict, Option<&'c str>),
);

#[test]
fn every_case_has_its_verdict_and_its_time() {
    let cases: &[Case<'_>] = &[
        (&[], &[], &[], SAFE),
        // A shorter memory of withdrawals: nothing bounds late syncs.
        (
            &[CREATE],
            &["tombstone.ttl=24h"],
            &["tombstone.ttl=12h"],
            UNSAFE,
        ),
        // No sync makes a user, however late.
        (
            &[REJECT],
            &["tombstone.ttl=48h"],
            &["tombstone.ttl=12h"],
            UNSAFE,
        ),
        (
            &[REJECT, DAY_OLD],
            &["tombstone.ttl=48h"],
            &["tombstone.ttl=12h"],
            UNSAFE,
        ),
        // Late syncs are bounded, but not within the new tombstones: they never are out.
        (
            &[CREATE, DAY_OLD],
            &["tombstone.ttl=48h"],
            &["tombstone.ttl=12h"],
            UNSAFE,
        ),
        // Bounded within them: what is left are the withdrawals under the old policy, for as long as that promised.
        (
            &[CREATE, "sync.max_age=12h"],
            &["tombstone.ttl=48h"],
            &["tombstone.ttl=24h"],
            UNSAFE,
        ),
        // But a withdrawal that is made again was covered by the longer memory alone.
        (
            &[CREATE, "sync.max_age=12h", "tombstone.on_missing=skip"],
            &["tombstone.ttl=48h"],
            &["tombstone.ttl=24h"],
            UNSAFE,
        ),
        (
            &[CREATE, "sync.max_age=12h", "tombstone.repeat=keep"],
            &["tombstone.ttl=48h"],
            &["tombstone.ttl=24h"],
            UNSAFE,
        ),
        // The old policy takes older syncs, and those are out when it says.
        (
            &[CREATE],
            &["tombstone.ttl=48h", "sync.max_age=72h"],
            &["tombstone.ttl=24h", "sync.max_age=24h"],
            UNSAFE,
        ),
        // Only machines of the old policy make users of syncs, bounded or not.
        (
            &[DAY_OLD],
            &[CREATE, "tombstone.ttl=48h"],
            &[REJECT, "tombstone.ttl=12h"],
            UNSAFE,
        ),
        (
            &[],
            &[CREATE, "tombstone.ttl=48h"],
            &[REJECT, "tombstone.ttl=12h"],
            UNSAFE,
        ),
        // Longer is safe.
        (
            &[CREATE],
            &["tombstone.ttl=12h"],
            &["tombstone.ttl=24h"],
            SAFE,
        ),
        // Who may make a user.
        (&[], &[CREATE], &[REJECT], SAFE),
        (&[DAY_OLD], &[CREATE], &[REJECT], SAFE),
        (&[], &[REJECT], &[CREATE], UNSAFE),
        (&["sync.max_age=1h"], &[REJECT], &[CREATE], UNSAFE),
        // Older syncs get in.
        (&[CREATE], &[], &[DAY_OLD], SAFE),
        (&[CREATE], &[DAY_OLD], &[], UNSAFE),
        (&[REJECT], &[DAY_OLD], &[], SAFE),
        // Clocks ahead, and placeholder uids.
        (&[CREATE], &[], &["sync.max_future=1d"], SAFE),
        (&[CREATE], &[], &["sync.max_future=1s"], SAFE),
        (&[], &[], &["sync.sentinels=[]"], UNSAFE),
        (
            &[],
            &["sync.sentinels=[\"$UID\"]"],
            &["sync.sentinels=[\"$*\"]"],
            UNSAFE,
        ),
        (
            &[],
            &["sync.sentinels=[\"$*\"]"],
            &["sync.sentinels=[\"$UID\"]"],
            UNSAFE,
        ),
        // Within the tombstones; but an erasure leaves none by default.
        (
            &[CREATE],
            &["sync.max_age=1h"],
            &["sync.max_age=24h"],
            UNSAFE,
        ),
        (
            &[CREATE, "delete.mode=tombstone"],
            &["sync.max_age=1h"],
            &["sync.max_age=24h"],
            SAFE,
        ),
        (
            &[CREATE, "delete.mode=tombstone", "tombstone.on_missing=skip"],
            &["sync.max_age=1h"],
            &["sync.max_age=24h"],
            UNSAFE,
        ),
        (
            &[CREATE, "delete.mode=tombstone", "tombstone.repeat=keep"],
            &["sync.max_age=1h"],
            &["sync.max_age=24h"],
            UNSAFE,
        ),
        // Erasures under the deployed policy left none.
        (
            &[CREATE],
            &["sync.max_age=1h"],
            &["sync.max_age=24h", "delete.mode=tombstone"],
            wait("24h"),
        ),
        (
            &[CREATE],
            &["sync.max_age=1h"],
            &["sync.max_age=25h"],
            UNSAFE,
        ),
        (
            &[CREATE, "delete.mode=tombstone"],
            &["tombstone.ttl=24h", "sync.max_age=24h"],
            &["tombstone.ttl=48h", "sync.max_age=36h"],
            wait("36h"),
        ),
        // Places and secrets.
        (&[], &[], &["ec_store=other"], UNSAFE),
        (&[REJECT], &[], &["ec_store=other"], UNSAFE),
        (&[], &[], &["local.data_dir=other"], UNSAFE),
        (&[], &[], &["partner_store=other"], UNSAFE),
        (&[], &["passphrase=one"], &["passphrase=another"], UNSAFE),
        (&[], &[], &["id.ipv6_form=groups"], UNSAFE),
        (&[], &["passphrase=one"], &[], UNSAFE),
        (&[], &[], &["passphrase=one"], SAFE),
        (&[], &["admin_token=one"], &["admin_token=another"], SAFE),
        (
            &[],
            &[],
            &["admin.basic.username=ops", "admin.basic.password=one"],
            SAFE,
        ),
        (
            &["admin.basic.username=ops"],
            &["admin.basic.password=one"],
            &["admin.basic.password=another"],
            SAFE,
        ),
        (
            &["admin.basic.password=one"],
            &["admin.basic.username=ops"],
            &["admin.basic.username=operator"],
            SAFE,
        ),
        // Retention.
        (&[], &["entry.ttl=30d"], &["entry.ttl=365d"], SAFE),
        (&[], &["entry.ttl=365d"], &["entry.ttl=30d"], UNSAFE),
        (
            &["entry.expiry=store"],
            &["entry.ttl=365d"],
            &["entry.ttl=30d"],
            UNSAFE,
        ),
        (
            &["tombstone.on_missing=skip"],
            &["entry.ttl=365d"],
            &["entry.ttl=30d"],
            UNSAFE,
        ),
        (
            &["tombstone.on_missing=skip", "entry.renewal=on_visit"],
            &["entry.ttl=365d"],
            &["entry.ttl=30d"],
            UNSAFE,
        ),
        (
            &["last_seen.debounce=24h"],
            &["entry.ttl=30d"],
            &["entry.ttl=24h"],
            UNSAFE,
        ),
        (
            &["entry.ttl=24h"],
            &["last_seen.debounce=1h"],
            &["last_seen.debounce=24h"],
            UNSAFE,
        ),
        (
            &["entry.ttl=24h", "entry.renewal=from_creation"],
            &["last_seen.debounce=1h"],
            &["last_seen.debounce=24h"],
            SAFE,
        ),
        (
            &[],
            &["entry.expiry=engine"],
            &["entry.expiry=store"],
            UNSAFE,
        ),
        (
            &[],
            &["entry.expiry=store"],
            &["entry.expiry=engine"],
            UNSAFE,
        ),
        (&[], &[], &["import.unknown_age=now"], UNSAFE),
        (&[], &["import.unknown_age=now"], &[], UNSAFE),
        (&[], &[], &["import.unknown_age=reject"], UNSAFE),
        (&[], &["import.unknown_age=reject"], &[], SAFE),
        (
            &["entry.renewal=from_creation"],
            &[],
            &["import.unknown_age=reject"],
            SAFE,
        ),
        (
            &[],
            &["entry.renewal=on_write"],
            &["entry.renewal=from_creation"],
            UNSAFE,
        ),
        (
            &[],
            &["entry.max_partner_ids=64"],
            &["entry.max_partner_ids=2"],
            SAFE,
        ),
        // Withdrawals and erasures.
        (
            &[CREATE],
            &["delete.mode=tombstone"],
            &["delete.mode=hard"],
            UNSAFE,
        ),
        (
            &[REJECT],
            &["delete.mode=tombstone"],
            &["delete.mode=hard"],
            UNSAFE,
        ),
        (&[], &["delete.mode=hard"], &["delete.mode=tombstone"], SAFE),
        (&[CREATE], &[], &["tombstone.on_missing=skip"], UNSAFE),
        (&[REJECT], &[], &["tombstone.on_missing=skip"], SAFE),
        (&[CREATE], &[], &["tombstone.repeat=keep"], UNSAFE),
        (&[REJECT], &[], &["tombstone.repeat=keep"], UNSAFE),
        // Cookies.
        (&[], &[], &["cookie.name=other"], UNSAFE),
        (
            &[],
            &["cookie.max_age=365d"],
            &["cookie.max_age=30d"],
            UNSAFE,
        ),
        (&[], &[], &["cookie.max_age=0s"], UNSAFE),
        (&[], &[], &["cookie.same_site=Strict"], UNSAFE),
        (
            &[],
            &["cookie.same_site=Strict"],
            &["cookie.same_site=Lax"],
            SAFE,
        ),
        (
            &[],
            &["cookie.on_failed_withdrawal=keep"],
            &["cookie.on_failed_withdrawal=expire"],
            UNSAFE,
        ),
        (&[], &[], &["cookie.on_failed_withdrawal=expire"], UNSAFE),
        (
            &[],
            &["cookie.on_failed_withdrawal=expire"],
            &["cookie.on_failed_withdrawal=auto"],
            SAFE,
        ),
        // Consent.
        (
            &[],
            &["consent.honour_refusals=everywhere"],
            &["consent.honour_refusals=by_place"],
            UNSAFE,
        ),
        (
            &[],
            &["consent.honour_refusals=by_place"],
            &["consent.honour_refusals=everywhere"],
            SAFE,
        ),
        (
            &[],
            &["consent.gdpr_countries=[\"DE\",\"FR\"]"],
            &["consent.gdpr_countries=[\"DE\"]"],
            UNSAFE,
        ),
        (
            &[],
            &["consent.gdpr_countries=[\"DE\"]"],
            &["consent.gdpr_countries=[\"DE\",\"BR\"]"],
            UNSAFE,
        ),
        (
            &[],
            &["consent.us_states=[\"CA\",\"TX\"]"],
            &["consent.us_states=[\"CA\"]"],
            UNSAFE,
        ),
        // Opt-out for opt-in: users who got notice and have not opted out are not asked any more.
        (
            &[],
            &["consent.gdpr_countries=[\"DE\",\"US\"]"],
            &["consent.gdpr_countries=[\"DE\"]"],
            UNSAFE,
        ),
        // Opt-in covers it all the same.
        (
            &["consent.gdpr_countries=[\"US\"]"],
            &["consent.us_states=[\"CA\",\"TX\"]"],
            &["consent.us_states=[\"CA\"]"],
            SAFE,
        ),
        (&[], &[], &["local.geo=BR"], UNSAFE),
        (&[], &[], &["local.geo=DE"], SAFE),
        (&[], &[], &["local.geo=US-CA"], SAFE),
        (&[], &["local.geo=US-CA"], &["local.geo=DE"], UNSAFE),
        (&[], &["local.geo=DE"], &["local.geo=US-CA"], UNSAFE),
        // A withdrawal that meets one refused write.
        (
            &["cookie.on_failed_withdrawal=expire"],
            &["cas.max_retries=3"],
            &["cas.max_retries=0"],
            UNSAFE,
        ),
        (&[], &["cas.max_retries=3"], &["cas.max_retries=0"], SAFE),
        (&[], &[], &["local.outbox_withdrawals=0"], SAFE),
        (&[], &["cas.max_retries=3"], &["cas.max_retries=1"], SAFE),
        (
            &["cookie.on_failed_withdrawal=keep"],
            &["cas.max_retries=3"],
            &["cas.max_retries=0"],
            SAFE,
        ),
        // The worst of several, and no time where none helps.
        (
            &[CREATE, "sync.max_age=12h"],
            &["tombstone.ttl=48h"],
            &["tombstone.ttl=24h", "cookie.name=other"],
            UNSAFE,
        ),
    ];
    for (both, deployed, candidate, expected) in cases {
        let plan = plan(both, deployed, candidate);
        let answer = (plan.verdict, plan.safe_after.as_deref());
        assert_eq!(
            answer, *expected,
            "{both:?}: {deployed:?} -> {candidate:?}: {plan:#?}"
        );
    }
}

/// The words of an example, from the deployed policy's course and from the candidate's.
fn outcomes(plan: &Plan) -> Vec<(&'static str, &'static str)> {
    let words = plan.example.iter().map(|row| (row.deployed, row.candidate));
    words.collect()
}

#[test]
fn the_examples_are_what_happens() {
    // By the operations table of the policy's reference, and what the service does with a cookie.
    let known = [("created", "created"), ("written", "written")];
    let withdrawn = ("withdrawn", "withdrawn");
    let back = ("consent_withdrawn", "created_minimal");
    let orphan = [
        ("touched", "created"),
        withdrawn,
        ("consent_withdrawn", "written"),
    ];
    let cases: &[(&[&str], &[&str], &[&str], &[&[(&str, &str)]])] = &[
        (
            &[CREATE],
            &["tombstone.ttl=48h"],
            &["tombstone.ttl=12h"],
            &[&known[..1], &[withdrawn, back]],
        ),
        (
            &[CREATE, "sync.max_age=12h"],
            &["tombstone.ttl=48h"],
            &["tombstone.ttl=24h"],
            &[&known[..1], &[withdrawn, back]],
        ),
        (
            &[CREATE, "sync.max_age=12h", "tombstone.on_missing=skip"],
            &["tombstone.ttl=48h"],
            &["tombstone.ttl=24h"],
            &[&known[..1], &[withdrawn, ("withdrawn", "not_found"), back]],
        ),
        (
            &[CREATE, "sync.max_age=12h", "tombstone.repeat=keep"],
            &["tombstone.ttl=48h"],
            &["tombstone.ttl=24h"],
            &[
                &known[..1],
                &[withdrawn, ("already_withdrawn", "already_withdrawn"), back],
            ],
        ),
        (
            &[DAY_OLD],
            &[CREATE, "tombstone.ttl=48h"],
            &[REJECT, "tombstone.ttl=12h"],
            &[&known[..1], &[withdrawn, back]],
        ),
        (
            &[CREATE],
            &[DAY_OLD],
            &[],
            &[&known[..1], &[withdrawn, ("stale", "created_minimal")]],
        ),
        (
            &[CREATE, "delete.mode=tombstone"],
            &["tombstone.ttl=24h", "sync.max_age=24h"],
            &["tombstone.ttl=48h", "sync.max_age=36h"],
            &[&known[..1], &[withdrawn, ("stale", "created_minimal")]],
        ),
        (
            &[CREATE],
            &["sync.max_age=1h"],
            &["sync.max_age=24h"],
            &[
                &known,
                &[("deleted", "deleted"), ("stale", "created_minimal")],
            ],
        ),
        (
            &[CREATE],
            &["sync.max_age=1h"],
            &["sync.max_age=24h", "delete.mode=tombstone"],
            &[
                &known,
                &[("deleted", "deleted"), ("stale", "created_minimal")],
            ],
        ),
        (
            &[CREATE, "delete.mode=tombstone", "tombstone.repeat=keep"],
            &["sync.max_age=1h"],
            &["sync.max_age=24h"],
            &[
                &known[..1],
                &[
                    withdrawn,
                    ("already_withdrawn", "already_withdrawn"),
                    ("stale", "created_minimal"),
                ],
            ],
        ),
        (
            &[],
            &[REJECT],
            &[CREATE],
            &[&known[..1], &[withdrawn, ("not_found", "created_minimal")]],
        ),
        (
            &[CREATE],
            &["delete.mode=tombstone"],
            &["delete.mode=hard"],
            &[&known, &[("deleted", "deleted"), back]],
        ),
        (
            &[REJECT],
            &["delete.mode=tombstone"],
            &["delete.mode=hard"],
            &[
                &known,
                &[("deleted", "deleted"), ("consent_withdrawn", "not_found")],
            ],
        ),
        (
            &[CREATE],
            &[],
            &["tombstone.on_missing=skip"],
            &[&known[..1], &[("withdrawn", "not_found"), back]],
        ),
        (
            &[CREATE],
            &[],
            &["tombstone.repeat=keep"],
            &[
                &known[..1],
                &[withdrawn, ("withdrawn", "already_withdrawn"), back],
            ],
        ),
        (
            &[CREATE],
            &[],
            &["ec_store=other"],
            &[&known, &[withdrawn, back]],
        ),
        (
            &[REJECT],
            &[],
            &["ec_store=other"],
            &[&known, &orphan[..2], &[("consent_withdrawn", "not_found")]],
        ),
        (&[], &[], &["cookie.name=other"], &[&known, &orphan]),
        (&[], &[], &["cookie.same_site=Strict"], &[&known, &orphan]),
        (
            &[],
            &[],
            &["cookie.max_age=0s"],
            &[
                &known,
                &orphan[..1],
                // Nothing comes along that could be withdrawn.
                &[("withdrawn", "no_cookie"), orphan[2]],
            ],
        ),
        (
            &[],
            &["passphrase=one"],
            &["passphrase=another"],
            &[&known, &[("deleted", "no_id"), ("not_found", "found")]],
        ),
        (
            &[],
            &["id.ipv6_form=groups"],
            &[],
            &[&known, &[("deleted", "no_id"), ("not_found", "found")]],
        ),
        (
            &[],
            &["passphrase=one"],
            &[],
            &[&known, &[("touched", "not_served")]],
        ),
        (
            &[],
            &[],
            &["partner_store=other"],
            &[&known, &[("written", "invalid_token")]],
        ),
        (
            &[],
            &["consent.honour_refusals=everywhere"],
            &["consent.honour_refusals=by_place"],
            &[
                &known,
                &[("withdrawn", "touched"), ("consent_withdrawn", "written")],
            ],
        ),
        (
            &[],
            &["consent.gdpr_countries=[\"DE\",\"FR\"]"],
            &["consent.gdpr_countries=[\"DE\"]"],
            &[&[("not_granted", "created"), ("no_id", "written")]],
        ),
        (
            &[],
            &["entry.expiry=engine"],
            &["entry.expiry=store"],
            &[&known[..1], &[("not_found", "found")]],
        ),
        (
            &[],
            &[],
            &["import.unknown_age=now"],
            &[
                &known,
                &[
                    ("written", "written"),
                    ("created_minimal", "written"),
                    ("found", "found"),
                ],
            ],
        ),
        (
            &[],
            &["import.unknown_age=now"],
            &[],
            &[
                &known,
                &[
                    ("written", "written"),
                    ("written", "created_minimal"),
                    ("found", "found"),
                ],
            ],
        ),
        (
            &[],
            &[],
            &["import.unknown_age=reject"],
            &[
                &known,
                &[
                    ("written", "written"),
                    ("written", "unreadable_entry"),
                    ("found", "unreadable_entry"),
                ],
            ],
        ),
        (
            &["entry.ttl=24h"],
            &[],
            &["last_seen.debounce=24h"],
            &[
                &known[..1],
                &[("touched", "debounced"), ("touched", "created")],
            ],
        ),
        (
            &[],
            &["cookie.on_failed_withdrawal=keep"],
            &["cookie.on_failed_withdrawal=expire"],
            &[
                &known,
                &[
                    ("retries_exhausted", "retries_exhausted"),
                    ("withdrawn", "no_cookie"),
                    ("consent_withdrawn", "written"),
                ],
            ],
        ),
        (
            &["cookie.on_failed_withdrawal=expire"],
            &[],
            &["cas.max_retries=0"],
            &[
                &known,
                &[
                    ("withdrawn", "retries_exhausted"),
                    ("no_cookie", "no_cookie"),
                    ("consent_withdrawn", "written"),
                ],
            ],
        ),
        (
            &["tombstone.on_missing=skip"],
            &["entry.ttl=365d"],
            &["entry.ttl=30d"],
            &[
                &known[..1],
                &[
                    ("withdrawn", "not_found"),
                    ("consent_withdrawn", "written"),
                    ("consent_withdrawn", "written"),
                ],
            ],
        ),
    ];
    for (both, deployed, candidate, expected) in cases {
        let plan = plan(both, deployed, candidate);
        assert_eq!(
            outcomes(&plan),
            expected.concat(),
            "{both:?}: {deployed:?} -> {candidate:?}: {:#?}",
            plan.example
        );
    }
}

#[test]
fn a_full_record_refuses_further_partners_and_no_record_becomes_unreadable() {
    let plan = plan(&[], &[], &["entry.max_partner_ids=2"]);
    let why = &plan.changes[0].why;
    assert!(
        why.contains("no record becomes unreadable") && why.contains("too_many_partners"),
        "{why}"
    );
    // As the engine does.
    let bench = support::Bench::new(with([""; 0]).policy);
    bench.create();
    for partner in ["a.com", "b.com", "c.com"] {
        bench.sync(partner, "uid", support::NOON);
    }
    let lowered = support::Bench {
        policy: with(["entry.max_partner_ids=2"]).policy,
        ..bench
    };
    assert_eq!(
        lowered.sync("d.com", "uid", support::NOON),
        "too_many_partners"
    );
    assert_eq!(lowered.sync("c.com", "another", support::NOON), "written");
    assert_eq!(lowered.get().unwrap().entry.ids.len(), 3);
}

fn assert_well_formed(change: &Change) {
    let shown = format!("{change:#?}");
    assert!(!change.why.contains("nothing is known"), "{shown}");
    let texts = [&change.why, &change.mixed];
    for text in texts.into_iter().chain(&change.fix) {
        assert!(!text.is_empty() && !text.ends_with('.'), "{shown}");
        assert!(!text.contains("::") && !text.contains("Some("), "{shown}");
    }
    let safe = change.verdict == PlanVerdict::Safe;
    assert_eq!(change.fix.is_none(), safe, "{shown}");
    assert_eq!(
        change.safe_after.is_some(),
        change.verdict == PlanVerdict::Wait,
        "{shown}"
    );
    for loss in &change.loses {
        assert_eq!(change.verdict, PlanVerdict::Unsafe, "{shown}");
        assert_eq!(loss.key, change.key, "{shown}");
        for text in [&loss.who, &loss.avoid] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{shown}");
        }
    }
    if change.verdict == PlanVerdict::Unsafe {
        let rows = &change.example;
        assert!(
            rows.iter().any(|row| row.deployed != row.candidate),
            "{shown}"
        );
    }
}

#[test]
fn every_change_of_every_setting_is_answered_by_itself_and_unsafe_ones_are_shown() {
    let bases: [&[&str]; 3] = [
        &[],
        &[REJECT],
        &[CREATE, DAY_OLD, "tombstone.ttl=48h", "entry.expiry=store"],
    ];
    for setting in known_settings() {
        let mut answers = 0;
        let values = values(setting.key, setting.shape);
        for base in bases {
            for (one, other) in values
                .iter()
                .flat_map(|one| values.iter().map(move |other| (one, other)))
                .filter(|(one, other)| one != other)
            {
                let own = |value: &str| format!("{}={value}", setting.key);
                let set =
                    |value: &str| with([base, required_with(setting.key), &[&own(value)]].concat());
                let plan = Plan::of(&set(one), &set(other));
                let changes = &plan.changes;
                assert_eq!(
                    changes.len(),
                    1,
                    "{}: {one} -> {other}: {changes:#?}",
                    setting.key
                );
                assert_eq!(changes[0].key, format!("ec.{}", setting.key));
                assert_well_formed(&changes[0]);
                answers += 1;
            }
        }
        assert!(answers > 0, "{}", setting.key);
    }
}

/// `ec` in this repository's folder: what it ends in, and what it prints.
fn ec(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ec"))
        .current_dir(env!("REPOSITORY"))
        .args(args)
        .env_remove("EC_PROFILE")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

/// A folder of profiles that inherit from the shipped ones.
fn profiles(written: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let shipped = concat!(env!("REPOSITORY"), "/policies/production.toml");
    std::fs::copy(shipped, folder.path().join("production.toml")).unwrap();
    for (name, text) in written {
        std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    }
    folder
}

#[test]
fn the_command_ends_by_its_verdict() {
    let stores = "[ec]\nec_store = \"ec_identity_store\"\npartner_store = \"ec_partner_store\"\npassphrase = { secret_store = \"ec_secrets\", key = \"passphrase\" }\n";
    let profile = |rest: &str| format!("inherits = \"production\"\n{stores}{rest}");
    // Erasures under `late` leave nothing that a later sync would meet.
    let late = |age| {
        format!(
            "[ec.sync]\non_missing = \"create_minimal\"\nmax_age = \"{age}\"\n[ec.tombstone]\nttl = \"48h\"\nrepeat = \"rewrite\"\non_missing = \"write\"\n"
        )
    };
    let folder = profiles(&[
        ("safe", &profile("[ec.entry]\nttl = \"400d\"\n")),
        (
            "late",
            &profile(&format!("{}[ec.delete]\nmode = \"hard\"\n", late("1h"))),
        ),
        (
            "wait",
            &profile(&format!(
                "{}[ec.delete]\nmode = \"tombstone\"\n",
                late("24h")
            )),
        ),
        (
            "unsafe",
            &profile("[ec.sync]\non_missing = \"create_minimal\"\n"),
        ),
        ("broken", &profile("[ec.entry]\nttl = \"1month\"\n")),
    ]);
    let policies = folder.path().to_str().unwrap();
    for (deployed, candidate, code) in [
        ("production", "production", 0),
        ("production", "safe", 0),
        ("late", "wait", 3),
        ("production", "unsafe", 1),
        ("production", "broken", 2),
        ("production", "nowhere", 2),
    ] {
        for format in ["human", "json", "markdown"] {
            let args = [
                "--policies",
                policies,
                "plan",
                "--deployed",
                deployed,
                "--candidate",
                candidate,
                "--format",
                format,
            ];
            let (ended, out, err) = ec(&args);
            assert_eq!(ended, code, "{args:?}: {out}{err}");
            assert_eq!(out.is_empty(), code == 2, "{args:?}: {out}");
            assert_eq!(err.is_empty(), code != 2, "{args:?}: {err}");
        }
    }
}

#[test]
fn json_has_the_whole_plan() {
    let (code, out, err) = ec(&[
        "plan",
        "--deployed",
        "production",
        "--candidate",
        "staging",
        "--format",
        "json",
    ]);
    assert_eq!((code, err.as_str()), (1, ""));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["verdict"], "unsafe");
    assert_eq!(report["safe_after"], Value::Null);
    let change = |key: &str| {
        let changes = report["changes"].as_array().unwrap();
        changes.iter().find(|change| change["key"] == key).unwrap()
    };
    let ttl = change("ec.entry.ttl");
    assert_eq!(
        (&ttl["from"], &ttl["to"]),
        (&Value::from("365d"), &Value::from("30d"))
    );
    assert_eq!(
        (&ttl["verdict"], &ttl["records"]),
        (&Value::from("unsafe"), &Value::from("all"))
    );
    assert_eq!(ttl["loses"][0]["what"], "users");
    let store = change("ec.ec_store");
    assert_eq!(store["verdict"], "unsafe");
    assert_eq!(report["example"], store["example"]);
    for member in ["at", "event", "deployed", "candidate"] {
        assert!(report["example"][0][member].is_string(), "{member}");
    }
    for member in ["effect", "why", "mixed", "way_out"] {
        assert!(store[member].is_string(), "{member}");
    }
}

#[test]
fn a_bundle_is_as_good_as_its_profile() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("staging.json");
    let bundle = bundle.to_str().unwrap();
    let of_bundle = &*format!("file:{bundle}");
    assert_eq!(
        ec(&["bundle", "--profile", "staging", "--out", bundle]).0,
        0
    );
    assert_eq!(
        ec(&["plan", "--deployed", of_bundle, "--candidate", "staging"]).0,
        0
    );
    let of = |deployed: &str| {
        let (code, out, _) = ec(&[
            "plan",
            "--deployed",
            deployed,
            "--candidate",
            "production",
            "--format",
            "json",
        ]);
        assert_eq!(code, 1);
        out
    };
    assert_eq!(of(of_bundle), of("staging"));
    std::fs::write(bundle, "{}").unwrap();
    let (code, out, err) = ec(&["plan", "--deployed", of_bundle, "--candidate", "staging"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        err.contains("cannot use the bundle") && err.contains(bundle),
        "{err}"
    );
}
