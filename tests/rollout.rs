//! A policy tried on a share of the users: from `ec bundle` to what the store holds in the end.
#![cfg(unix)]

use crate::harness::running;
use crate::harness::site;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use edge_cookie::policy::bundle::Bundled;
use running::Running;
use serde_json::Value;
use sha2::{Digest, Sha256};
use site::Site;

const CONFIG: &str = r#"
[publisher]
domain = "publisher.example"
[ec.local]
geo = "US-CA"
request_timeout = "3600s"
[ec.organic]
budget = "60s"
"#;

const OWN: &str = r#"
[ec]
ec_store = "graph"
partner_store = "partners"
passphrase = "a test's own"
admin_token = "a-secret-admin-token"
[[ec.partners]]
source_domain = "a.com"
api_token = "a-token"
"#;

/// A policy that the rule book finds nothing in.
const CLEAN: &str = r#"
[ec.entry]
renewal = "on_visit"
[ec.delete]
mode = "tombstone"
[ec.cas]
backoff = "20ms"
max_backoff = "200ms"
[ec.sync]
on_missing = "reject"
"#;

/// Production, and a canary next to it with the lines `more`.
fn production_and_canary(more: &str) -> Site {
    let site = Site::new(CONFIG);
    site.write("policies/production.toml", &[OWN, CLEAN].concat());
    site.write(
        "policies/canary.toml",
        &["inherits = \"production\"\n", OWN, more].concat(),
    );
    site
}

impl Site {
    fn bundle(&self, more: &[&str]) -> Output {
        let args = ["bundle", "--profile", "production", "--out", "bundle.json"];
        self.ec(&[&args, more].concat())
    }
}

/// Keeps its users shorter, which has to be meant.
const CANARY: &str = "[ec.cookie]\nmax_age = \"30d\"\n[ec.entry]\nttl = \"30d\"\n";

const FORCED: [&str; 2] = ["--force", "retention is to be shorter"];

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

struct Server {
    _running: Running,
    base: String,
    metrics: String,
}

impl Server {
    fn start(site: &Site, args: &[&str]) -> Self {
        let addresses = ["--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0"];
        let mut serve = site.command(&[&["serve"], &addresses[..], args].concat());
        let mut running = Running::start(serve.stderr(Stdio::null()));
        let (base, metrics) = (running.url(), running.url());
        Self {
            _running: running,
            base,
            metrics,
        }
    }

    fn get(&self, path: &str, cookie: &str) -> (String, Option<String>) {
        get(&format!("{}{path}", self.base), cookie)
    }
}

fn get(url: &str, cookie: &str) -> (String, Option<String>) {
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(30)));
    let agent: ureq::Agent = config.build().into();
    let mut answer = agent
        .get(url)
        .header("Accept", "text/html")
        .header("Cookie", cookie)
        .header("Authorization", "Bearer a-secret-admin-token")
        .call()
        .unwrap();
    let cookie = answer.headers().get("set-cookie");
    let cookie = cookie.map(|cookie| cookie.to_str().unwrap().to_owned());
    (answer.body_mut().read_to_string().unwrap(), cookie)
}

/// Who is under the candidate, worked out apart from the code: SHA-256 of its name, a zero and the id.
fn is_taken(id: &str, percent: u64) -> bool {
    let hash = Sha256::digest([b"canary\0", id.as_bytes()].concat());
    let number = u64::from_be_bytes(hash[..8].try_into().unwrap());
    number % 10_000 < percent * 100
}

#[test]
fn each_user_is_under_one_of_two_policies_from_the_first_page_on() {
    let site = production_and_canary(CANARY);
    let args = ["--candidate", "canary", "--percent", "40"];
    let refused = site.bundle(&args);
    assert!(err(&refused).contains("unsafe"), "{}", err(&refused));
    let written = site.bundle(&[&args[..], &FORCED].concat());
    assert!(written.status.success(), "{}", err(&written));
    let text = std::fs::read_to_string(site.path().join("bundle.json")).unwrap();
    let bundled = Bundled::read(&text).unwrap();
    let deployed = bundled.resolved.policy.digest.mark().to_owned();
    let rollout = bundled.rollout.unwrap();
    let candidate = rollout.resolved.policy.digest.mark().to_owned();
    assert_eq!(rollout.resolved.policy.entry.ttl.seconds(), 30 * 86_400);

    let server = Server::start(&site, &["--bundle", "bundle.json", "--store", "graph.redb"]);
    let mut ids = Vec::new();
    for _ in 0..40 {
        let (_, cookie) = server.get("/", "us_privacy=1YNN");
        let cookie = cookie.unwrap();
        let id = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
        // The cookie is the policy's that the new id is under.
        let days = if is_taken(&id, 40) { 30 } else { 365 };
        let max_age = format!("Max-Age={};", days * 86_400);
        assert!(cookie.contains(&max_age), "{cookie}");
        ids.push(id);
    }
    let taken = ids.iter().filter(|id| is_taken(id, 40)).count();
    assert!(0 < taken && taken < ids.len(), "{taken}");

    let (health, _) = server.get("/_ts/health", "");
    let health: Value = serde_json::from_str(&health).unwrap();
    assert_eq!(health["profile"], "production");
    assert_eq!(health["rollout"]["profile"], "canary");
    assert_eq!(health["rollout"]["percent"], "40");
    let digest = health["rollout"]["digest"].as_str().unwrap();
    assert_eq!((digest.len(), &digest[..8]), (64, candidate.as_str()));

    let (metrics, _) = get(&server.metrics, "");
    for (counted, count) in [("candidate_operations", taken), ("operations", ids.len())] {
        let created = format!(
            "ec_{counted}_total{{operation=\"create_or_revive\",outcome=\"created\"}} {count}\n"
        );
        assert!(metrics.contains(&created), "{created} in {metrics}");
    }
    for (gauge, profile, digest) in [
        ("ec_policy", "production", &deployed),
        ("ec_candidate_policy", "canary", &candidate),
    ] {
        let name = format!("{gauge}{{profile=\"{profile}\",digest=\"{digest}\"}} 1\n");
        assert!(metrics.contains(&name), "{name} in {metrics}");
    }
    drop(server);

    let args = [
        "rollout",
        "status",
        "--profile",
        "production",
        "--store",
        "graph.redb",
    ];
    let status = site.ec(&[&args[..], &["--format", "json"]].concat());
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    let counts: BTreeMap<String, (String, u64)> = status["policies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|written| {
            assert_eq!(written["tombstones"], 0);
            let live = written["live"].as_u64().unwrap();
            let profile = written["profiles"][0].as_str().unwrap().to_owned();
            (
                written["policy"].as_str().unwrap().to_owned(),
                (profile, live),
            )
        })
        .collect();
    let count = |number: usize| u64::try_from(number).unwrap();
    let expected = BTreeMap::from([
        (candidate, ("canary".to_owned(), count(taken))),
        (
            deployed,
            ("production".to_owned(), count(ids.len() - taken)),
        ),
    ]);
    assert_eq!(counts, expected);
    let summary = site.ec(&args);
    let summary = String::from_utf8(summary.stdout).unwrap();
    assert!(
        summary.lines().count() == 3 && summary.contains("canary"),
        "{summary}"
    );
}

#[test]
fn a_greater_share_keeps_everyone_who_was_in() {
    let site = production_and_canary(CANARY);
    let mut before: Vec<bool> = Vec::new();
    for percent in ["0", "5", "25", "100"] {
        let args = ["--candidate", "canary", "--percent", percent];
        let written = site.bundle(&[&args[..], &FORCED].concat());
        assert!(written.status.success(), "{}", err(&written));
        let text = std::fs::read_to_string(site.path().join("bundle.json")).unwrap();
        let rollout = Bundled::read(&text).unwrap().rollout.unwrap();
        let taken: Vec<bool> = (0..1_000_u32)
            .map(|number| format!("{number:064x}.Ab3xY9"))
            .map(|id| {
                let taken = rollout.takes(&id.parse().unwrap());
                assert_eq!(taken, is_taken(&id, percent.parse().unwrap()), "{id}");
                taken
            })
            .collect();
        let stays = before
            .iter()
            .zip(&taken)
            .all(|(before, now)| *now || !*before);
        assert!(stays, "{percent}");
        before = taken;
    }
    assert!(before.iter().all(|taken| *taken));
}

#[test]
fn what_checks_advise_against_needs_a_reason_that_goes_along() {
    // Production is clean; a canary that lets syncs create users is not.
    let site = production_and_canary("[ec.sync]\non_missing = \"create_minimal\"\n");
    let canary = ["--candidate", "canary", "--percent", "1"];
    let refused = site.bundle(&canary);
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("EC0202"), "{}", err(&refused));
    assert!(
        err(&refused).contains("--force REASON"),
        "{}",
        err(&refused)
    );
    assert!(!site.path().join("bundle.json").exists());
    let blank = site.bundle(&[&canary[..], &["--force", " "]].concat());
    assert_eq!(blank.status.code(), Some(2));
    let forced = site.bundle(&[&canary[..], &["--force", "legal approved it"]].concat());
    assert!(forced.status.success(), "{}", err(&forced));
    let server = Server::start(&site, &["--bundle", "bundle.json", "--store", "memory"]);
    let (health, _) = server.get("/_ts/health", "");
    let health: Value = serde_json::from_str(&health).unwrap();
    assert_eq!(health["forced"], "legal approved it");
}

#[test]
fn a_candidate_whose_plan_is_unsafe_needs_a_reason_too() {
    // Nothing is wrong with it by itself; but compared with production fewer refusals count.
    let site = production_and_canary(
        "[[ec.allow]]\ncode = \"EC0309\"\nreason = \"a test\"\n[ec.consent]\ngdpr_countries = [\"DE\"]\n",
    );
    let canary = ["--candidate", "canary", "--percent", "1"];
    let refused = site.bundle(&canary);
    assert_eq!(refused.status.code(), Some(2));
    let message = err(&refused);
    assert!(message.contains("`ec.consent.gdpr_countries`"), "{message}");
    assert!(
        message.contains("`ec plan --deployed production --candidate canary`"),
        "{message}"
    );
    let forced = site.bundle(&[&canary[..], &["--force", "a test in Germany"]].concat());
    assert!(forced.status.success(), "{}", err(&forced));
}

#[test]
fn two_policies_share_one_graph_or_are_refused() {
    for (changed, key) in [
        (OWN.replace("\"graph\"", "\"another_graph\""), "ec.ec_store"),
        (OWN.replace("test's own", "canary's own"), "ec.passphrase"),
        (OWN.replace("a-token", "b-token"), "ec.partners"),
        (
            format!("{OWN}[ec.cookie]\nname = \"other\"\n"),
            "ec.cookie.name",
        ),
    ] {
        let site = production_and_canary("");
        let canary = ["inherits = \"production\"\n", &changed].concat();
        site.write("policies/canary.toml", &canary);
        let args = [
            "--candidate",
            "canary",
            "--percent",
            "1",
            "--force",
            "a test",
        ];
        let refused = site.bundle(&args);
        assert_eq!(refused.status.code(), Some(2), "{key}");
        assert!(
            err(&refused).contains(&format!("`{key}`")),
            "{}",
            err(&refused)
        );
    }
}

#[test]
fn a_candidate_needs_a_percentage_and_a_percentage_a_candidate() {
    let site = production_and_canary("");
    for args in [
        &["--candidate", "canary"][..],
        &["--percent", "5"],
        &["--candidate", "canary", "--percent", "101"],
        &["--candidate", "canary", "--percent", "five"],
        &["--candidate", "cnary", "--percent", "5"],
    ] {
        assert_eq!(site.bundle(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn the_canary_of_the_documents_can_be_tried_on_the_shipped_production() {
    let root = Path::new(env!("REPOSITORY"));
    let page = std::fs::read_to_string(root.join("docs/policies.md")).unwrap();
    let (_, canary) = page.split_once("# policies/canary.toml\n").unwrap();
    let canary = canary.split("```").next().unwrap();
    let site = Site::new("");
    for file in [
        "trusted-server.toml",
        "fastly.toml",
        "policies/production.toml",
    ] {
        site.write(file, &std::fs::read_to_string(root.join(file)).unwrap());
    }
    site.write("policies/canary.toml", canary);
    let written = site.bundle(&["--candidate", "canary", "--percent", "5"]);
    assert!(written.status.success(), "{}", err(&written));
    // Nothing else is reported: no finding, and the bundle fits into a config store.
    assert_eq!(err(&written), "");
}

#[test]
fn what_either_policy_takes_for_a_withdrawal_is_one_for_all_of_a_users_ids() {
    let site = production_and_canary("[ec.consent]\nhonour_refusals = \"everywhere\"\n");
    site.write(
        "trusted-server.toml",
        &format!(
            "{}[ec.consent]\nhonour_refusals = \"by_place\"\n",
            CONFIG.replace("US-CA", "BR")
        ),
    );
    // Where no law asks for it, only the candidate honours a refusal.
    let written = site.bundle(&["--candidate", "canary", "--percent", "40"]);
    assert!(written.status.success(), "{}", err(&written));
    let server = Server::start(&site, &["--bundle", "bundle.json", "--store", "memory"]);
    let id = |taken: bool| {
        let mut ids = (0_u32..).map(|number| format!("{number:064x}.Ab3xY9"));
        ids.find(|id| is_taken(id, 40) == taken).unwrap()
    };
    let (old, new) = (id(false), id(true));
    for (ids, withdrawn) in [
        (&[&old][..], false),
        (&[&new], true),
        (&[&new, &old], true),
        (&[&old, &new], true),
    ] {
        let ids: Vec<String> = ids.iter().map(|id| format!("; ts-ec={id}")).collect();
        let (_, cookie) = server.get("/", &format!("us_privacy=1YYN{}", ids.concat()));
        let expired = cookie.is_some_and(|cookie| cookie.contains("; Max-Age=0;"));
        assert_eq!(expired, withdrawn, "{ids:?}");
    }
}
