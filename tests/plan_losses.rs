//! What `ec plan` says is lost: after the change it is no longer readable, kept as long, or reachable.

use crate::support;

use std::path::Path;
use std::process::Command;

use edge_cookie::policy::publisher::{Domain, OriginUrl, Publisher};
use edge_cookie::policy::resolve::resolve;
use edge_cookie_review::DataKind::{self, PartnerIds, Tombstones, Users};
use edge_cookie_review::{Deployment, Plan, PlanVerdict};
use serde_json::Value;
use support::written::with;

const REJECT: &str = "sync.on_missing=reject";
const ALL: &[DataKind] = &[Users, Tombstones, PartnerIds];

fn lost(plan: &Plan) -> Vec<DataKind> {
    plan.loses.iter().map(|loss| loss.what).collect()
}

/// What both policies say, what each says by itself, and what is lost.
type Case<'c> = (&'c [&'c str], &'c [&'c str], &'c [&'c str], &'c [DataKind]);

#[test]
fn what_is_no_longer_readable_kept_as_long_or_reachable_is_lost_and_unsafe() {
    let partner = "partners=[{ source_domain = \"a.example\", api_token = \"a-token\" }]";
    let disabled =
        "partners=[{ source_domain = \"a.example\", api_token = \"a-token\", enabled = false }]";
    let rotated = "partners=[{ source_domain = \"a.example\", api_token = \"another\" }]";
    let refresh = "sync.unchanged=refresh";
    let cases: &[Case<'_>] = &[
        // Where it is kept.
        (&[], &[], &["ec_store=other"], ALL),
        (&[], &[], &["local.data_dir=other"], ALL),
        (&[], &[], &["local.store=redis://other"], ALL),
        (
            &["local.store=redis://host"],
            &[],
            &["local.data_dir=other"],
            &[],
        ),
        (&[], &[], &["partner_store=other"], &[PartnerIds]),
        (&[], &[partner], &[], &[PartnerIds]),
        (&[], &[partner], &[disabled], &[PartnerIds]),
        (&[], &[disabled], &[partner], &[]),
        (&[], &[disabled], &[], &[]),
        (&[], &[partner], &[rotated], &[]),
        (&[], &["passphrase=one"], &["passphrase=another"], &[Users]),
        (&[], &[], &["id.ipv6_form=groups"], &[Users]),
        (&[], &["id.ipv6_form=groups"], &[], &[Users]),
        (&[], &["passphrase=one"], &[], &[Users]),
        (&[], &[], &["passphrase=one"], &[]),
        // How long, and what begins it again.
        (&[], &[], &["entry.ttl=30d"], &[Users, PartnerIds]),
        (&[REJECT], &[], &["entry.ttl=364d"], &[Users, PartnerIds]),
        (
            &["entry.expiry=store"],
            &[],
            &["entry.ttl=30d"],
            &[Users, PartnerIds],
        ),
        (
            &["tombstone.on_missing=skip"],
            &[],
            &["entry.ttl=30d"],
            &[Users, PartnerIds],
        ),
        (
            &["last_seen.debounce=24h"],
            &["entry.ttl=30d"],
            &["entry.ttl=24h"],
            &[Users],
        ),
        (&[], &["entry.ttl=30d"], &[], &[]),
        (&[], &[], &["entry.renewal=on_visit"], &[Users]),
        (&[], &[], &["entry.renewal=from_creation"], &[Users]),
        (
            &[],
            &["entry.renewal=on_visit"],
            &["entry.renewal=from_creation"],
            &[Users],
        ),
        (&[], &["entry.renewal=from_creation"], &[], &[]),
        (&[], &["entry.renewal=on_visit"], &[], &[]),
        (&[], &["entry.expiry=store"], &[], &[Users]),
        (&[], &[], &["entry.expiry=store"], &[]),
        (&[], &[], &["sync.unchanged=skip"], &[Users]),
        (&[], &[], &[refresh], &[]),
        (
            &["entry.renewal=on_visit"],
            &[],
            &["sync.unchanged=skip"],
            &[],
        ),
        (&[], &[refresh], &["sync.unchanged=skip"], &[Users]),
        (&[refresh], &[], &["sync.refresh_after=365d"], &[Users]),
        (&[refresh], &[], &["sync.refresh_after=364d"], &[]),
        // Withdrawals, whatever syncs do.
        (&[], &[], &["tombstone.ttl=12h"], &[Tombstones]),
        (&[REJECT], &[], &["tombstone.ttl=12h"], &[Tombstones]),
        (
            &["sync.max_age=1h"],
            &[],
            &["tombstone.ttl=12h"],
            &[Tombstones],
        ),
        (&[], &[], &["tombstone.ttl=36h"], &[]),
        (&[REJECT], &[], &["tombstone.repeat=keep"], &[Tombstones]),
        (&[REJECT], &["tombstone.repeat=keep"], &[], &[]),
        (
            &[REJECT],
            &["delete.mode=tombstone"],
            &["delete.mode=hard"],
            &[Tombstones],
        ),
        // By what users are known.
        (&[], &[], &["cookie.name=other"], &[Users, PartnerIds]),
        (&[], &[], &["cookie.max_age=30d"], &[Users]),
        (&[], &["cookie.max_age=30d"], &[], &[]),
        (&[], &[], &["cookie.max_age=0s"], &[Users]),
        (&[], &[], &["cookie.same_site=Strict"], &[Users]),
        (&[], &["cookie.renewal=on_touch"], &[], &[Users]),
        (&[], &[], &["cookie.renewal=on_touch"], &[]),
        (&[], &[], &["cookie.http_only=false"], &[]),
        // Records that do not state their age.
        (&[], &[], &["import.unknown_age=reject"], &[Users]),
        (&[], &["import.unknown_age=now"], &[], &[Users]),
        (&[], &[], &["import.unknown_age=now"], &[]),
        (&[], &["import.unknown_age=reject"], &[], &[]),
        // Limits: those that keep a record from being written again, and those that do not.
        (&[], &[], &["entry.max_metadata_bytes=200"], &[Users]),
        (&[], &["entry.max_metadata_bytes=200"], &[], &[]),
        (&[], &[], &["entry.max_partner_ids=1"], &[]),
        (&[], &[], &["entry.max_body_bytes=256"], &[]),
        (&[], &[], &["entry.max_uid_bytes=1"], &[]),
        (
            &[],
            &["sync.sentinels=[]"],
            &["sync.sentinels=[\"a*\"]"],
            &[PartnerIds],
        ),
        (
            &[],
            &["sync.sentinels=[\"a*\"]"],
            &["sync.sentinels=[]"],
            &[],
        ),
        // Where more is asked of users, those who have not said it are not read.
        (
            &[],
            &["consent.gdpr_countries=[\"DE\"]"],
            &["consent.gdpr_countries=[\"DE\",\"BR\"]"],
            &[Users, PartnerIds],
        ),
        (
            &[],
            &["consent.gdpr_countries=[\"DE\",\"BR\"]"],
            &["consent.gdpr_countries=[\"BR\",\"DE\"]"],
            &[],
        ),
        (
            &[],
            &["consent.us_states=[\"CA\"]"],
            &["consent.us_states=[\"CA\",\"TX\"]"],
            &[Users, PartnerIds],
        ),
        (
            &["consent.gdpr_countries=[\"US\"]"],
            &["consent.us_states=[\"CA\"]"],
            &["consent.us_states=[\"CA\",\"TX\"]"],
            &[],
        ),
        // Who refuses is withdrawn, as they ask.
        (&[], &[], &["consent.honour_refusals=everywhere"], &[]),
        (
            &[],
            &["local.geo=BR"],
            &["local.geo=DE"],
            &[Users, PartnerIds],
        ),
        (&[], &[], &["local.geo=DE"], &[]),
        // What is not kept of users.
        (&[], &[], &["edge.config_store=other"], &[]),
        (
            &[],
            &[],
            &["organic.budget=1s", "log.id_chars=4", "cas.max_retries=9"],
            &[],
        ),
    ];
    for &(both, deployed, candidate, expected) in cases {
        let case = format!("{both:?}: {deployed:?} -> {candidate:?}");
        let plan = Plan::of(
            &with([both, deployed].concat()),
            &with([both, candidate].concat()),
        );
        assert_eq!(lost(&plan), expected, "{case}: {plan:#?}");
        if !expected.is_empty() {
            assert_eq!(plan.verdict, PlanVerdict::Unsafe, "{case}");
            assert_eq!(plan.safe_after, None, "{case}");
            let rows = &plan.example;
            let shows = rows.iter().any(|row| row.deployed != row.candidate);
            assert!(shows, "{case}: {rows:#?}");
        }
    }
}

fn publisher(domain: &str, origin: &str) -> Publisher {
    Publisher {
        domain: Domain::parse(domain),
        origin_url: OriginUrl::parse(origin),
    }
}

#[test]
fn another_domain_is_compared() {
    let resolved = resolve(&[]);
    let plan = |[from, to]: [&Publisher; 2]| {
        let of = |publisher| Deployment {
            resolved: &resolved,
            publisher,
        };
        Plan::between(of(from), of(to))
    };
    // By RFC 6265, section 5.1.3: a browser sends a cookie of a domain to that and to every host below it.
    let cases: [(&str, &str, &[DataKind], &[(&str, &str)]); 7] = [
        ("p.example", "p.example", &[], &[]),
        ("p.example", "P.EXAMPLE", &[], &[]),
        (
            "p.example",
            "q.example",
            &[Users, PartnerIds],
            &[
                ("found", "no_cookie"),
                ("touched", "created"),
                ("withdrawn", "withdrawn"),
                ("consent_withdrawn", "written"),
            ],
        ),
        // Only the name is alike.
        (
            "p.example",
            "ap.example",
            &[Users, PartnerIds],
            &[
                ("found", "no_cookie"),
                ("touched", "created"),
                ("withdrawn", "withdrawn"),
                ("consent_withdrawn", "written"),
            ],
        ),
        (
            "p.example",
            "www.p.example",
            &[Users, PartnerIds],
            &[
                ("found", "forbidden"),
                ("touched", "touched"),
                ("withdrawn", "withdrawn"),
                ("consent_withdrawn", "consent_withdrawn"),
            ],
        ),
        ("www.p.example", "p.example", &[], &[]),
        (
            "p.example",
            "",
            &[PartnerIds],
            &[
                ("found", "forbidden"),
                ("touched", "touched"),
                ("withdrawn", "withdrawn"),
                ("consent_withdrawn", "consent_withdrawn"),
            ],
        ),
    ];
    for (from, to, expected, outcomes) in cases {
        let plan = plan([&publisher(from, ""), &publisher(to, "")]);
        assert_eq!(lost(&plan), expected, "{from} -> {to}: {plan:#?}");
        let is_unsafe = plan.verdict == PlanVerdict::Unsafe;
        assert_eq!(is_unsafe, !expected.is_empty(), "{from} -> {to}");
        let rows = plan.example.iter().skip(2);
        let rows: Vec<(&str, &str)> = rows.map(|row| (row.deployed, row.candidate)).collect();
        assert_eq!(rows, outcomes, "{from} -> {to}");
        let keys: Vec<&str> = plan.changes.iter().map(|change| &*change.key).collect();
        let differs = !from.eq_ignore_ascii_case(to);
        assert_eq!(keys, ["publisher.domain"][..usize::from(differs)]);
    }
    let moved = plan([
        &publisher("p.example", "https://one.example"),
        &publisher("p.example", "https://two.example"),
    ]);
    assert_eq!(
        (moved.verdict, lost(&moved)),
        (PlanVerdict::Safe, Vec::new())
    );
    assert_eq!(moved.changes[0].key, "publisher.origin_url");
    assert!(moved.changes[0].why.contains("https://two.example"));
    let set = plan([&publisher("", ""), &publisher("p.example", "")]);
    assert_eq!((set.verdict, lost(&set)), (PlanVerdict::Safe, Vec::new()));
}

/// `ec plan` of the folder's profile, from its bundle to what is written now.
fn planned(folder: &Path, format: &str) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ec"))
        .current_dir(folder)
        .args([
            "plan",
            "--deployed",
            "file:old.json",
            "--candidate",
            "site",
            "--format",
            format,
        ])
        .env_remove("EC_PROFILE")
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    let out = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), out)
}

#[test]
fn the_command_names_what_is_lost_of_whom_and_how_to_avoid_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::create_dir(folder.join("policies")).unwrap();
    let configure = |domain: &str| {
        let text = format!("[publisher]\ndomain = \"{domain}\"\n[ec]\npassphrase = \"test\"\n");
        std::fs::write(folder.join("trusted-server.toml"), text).unwrap();
    };
    configure("p.example");
    std::fs::write(folder.join("policies/site.toml"), "").unwrap();
    let bundled = Command::new(env!("CARGO_BIN_EXE_ec"))
        .current_dir(folder)
        .args([
            "bundle",
            "--profile",
            "site",
            "--force",
            "a test",
            "--out",
            "old.json",
        ])
        .output()
        .unwrap();
    assert!(bundled.status.success(), "{bundled:?}");

    let (code, out) = planned(folder, "json");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["loses"]), (0, &Value::Array(Vec::new())));

    configure("q.example");
    std::fs::write(
        folder.join("policies/site.toml"),
        "[ec.entry]\nttl = \"30d\"\n",
    )
    .unwrap();
    let (code, out) = planned(folder, "json");
    assert_eq!(code, 1);
    let report: Value = serde_json::from_str(&out).unwrap();
    let losses = report["loses"].as_array().unwrap();
    let shown: Vec<(&str, &str)> = losses
        .iter()
        .map(|loss| {
            (
                loss["key"].as_str().unwrap(),
                loss["what"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("publisher.domain", "users"),
            ("publisher.domain", "partner_ids"),
            ("ec.entry.ttl", "users"),
            ("ec.entry.ttl", "partner_ids"),
        ]
    );
    for loss in losses {
        assert!(
            loss["who"].is_string() && loss["avoid"].is_string(),
            "{loss}"
        );
    }
    let of_changes: Vec<Value> = report["changes"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|change| change["loses"].as_array().unwrap().clone())
        .collect();
    assert_eq!(&of_changes, losses);

    let (code, human) = planned(folder, "human");
    assert_eq!(code, 1);
    let (_, section) = human.split_once("\nloses\n").unwrap();
    let (section, _) = section.split_once("\n\n").unwrap();
    for said in [
        "every user whose browser holds a cookie for `p.example`",
        "by     publisher.domain",
        "by     entry.ttl",
        "avoid  keep",
    ] {
        assert!(section.contains(said), "{said} in {section}");
    }
    let (code, markdown) = planned(folder, "markdown");
    assert_eq!(code, 1);
    assert!(
        markdown.contains("\n#### Loses\n\n| what | of whom |"),
        "{markdown}"
    );
}
