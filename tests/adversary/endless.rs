//! Files and numbers that never end: each is refused in words, and nothing waits for it.

use std::fmt::Write;
use std::fs::File;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;

use edge_cookie::config::MAX_FILE_BYTES;
use edge_cookie::diagnostic::MAX_FINDINGS;
use edge_cookie::policy::known_settings;
use serde_json::Value;

use super::server::{CONFIG, PATIENCE, Server, finish};
use super::site::Site;

const PUBLISHER: &str = "[publisher]\ndomain = \"publisher.example\"\n";

/// What `ec` ends with in this folder: its code, its standard output and its standard error. It neither hangs nor breaks off.
fn ec(site: &Site, args: &[&str]) -> (i32, String, String) {
    of(&mut site.command(args))
}

fn of(command: &mut Command) -> (i32, String, String) {
    let output = finish(command);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let broke_off = err.contains("panicked") || err.contains("overflowed its stack");
    match output.status.code() {
        Some(code @ 0..=3) if !broke_off => (code, out, err),
        _ => panic!("{:?}: {}", output.status, shortened(&err)),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(2_000).collect()
}

fn pipe(site: &Site, name: &str) {
    let made = Command::new("mkfifo")
        .arg(site.path().join(name))
        .status()
        .unwrap();
    assert!(made.success());
}

#[test]
fn only_regular_files_of_bounded_length_are_read() {
    let site = Site::new(PUBLISHER);
    site.write("policies/plain.toml", "");
    pipe(&site, "pipe");
    symlink("/dev/zero", site.path().join("zero")).unwrap();
    let socket = UnixListener::bind(site.path().join("socket")).unwrap();
    let sparse = File::create(site.path().join("sparse")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    let more = vec![b'#'; usize::try_from(MAX_FILE_BYTES).unwrap() + 1];
    std::fs::write(site.path().join("more"), more).unwrap();

    let not_regular = "it is not a regular file";
    let too_large = "it is larger than 1048576 bytes";
    for (name, why) in [
        ("pipe", not_regular),
        ("zero", not_regular),
        ("socket", not_regular),
        ("sparse", too_large),
        ("more", too_large),
    ] {
        let path = site.path().join(name);
        let profile = site.path().join("policies/odd.toml");
        symlink(&path, &profile).unwrap();
        let reference = format!("file:{name}");
        let link = site.path().join("fastly.toml");
        symlink(&path, &link).unwrap();
        for (args, code) in [
            (&["check", "--config", name][..], 2),
            (&["check", "--profile", "odd"], 1),
            (&["check", "--all"], 1),
            (&["show", "--bundle", name], 2),
            (&["diff", "plain", &reference], 2),
            (
                &["plan", "--deployed", &reference, "--candidate", "plain"],
                2,
            ),
            (&["serve", "--bundle", name, "--addr", "127.0.0.1:0"], 2),
            (&["serve", "--config", name, "--addr", "127.0.0.1:0"], 2),
            (&["serve", "--profile", "odd", "--addr", "127.0.0.1:0"], 2),
            (&["set", "tombstone.ttl", "2d", "--profile", "odd"], 2),
            (&["migrate", "--config", name], 2),
            (&["simulate", name, "--profile", "plain"], 2),
        ] {
            let (ended, _, err) = ec(&site, args);
            assert_eq!(ended, code, "{args:?}: {err}");
            assert!(err.contains(why), "{args:?}: {err}");
        }
        // The platform's manifest is no policy: what cannot be read of it declares nothing.
        assert_eq!(ec(&site, &["check", "--profile", "plain"]).0, 0, "{name}");
        std::fs::remove_file(profile).unwrap();
        std::fs::remove_file(link).unwrap();
    }
    drop(socket);
}

#[test]
fn a_folder_of_profiles_that_leads_in_a_ring_ends() {
    let site = Site::new(PUBLISHER);
    site.write("policies/team/plain.toml", "");
    for name in ["one", "two", "team/three"] {
        let link = site.path().join("policies").join(name);
        symlink(site.path().join("policies"), link).unwrap();
    }
    let (code, out, err) = ec(&site, &["check", "--all"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("team/plain: no errors"), "{out}");
    assert_eq!(out.lines().count(), 1, "{out}");
}

#[test]
fn a_server_goes_on_and_ends_where_its_policy_becomes_a_pipe() {
    let site = Site::new(CONFIG);
    site.write("policies/development.toml", "");
    let mut server = Server::start_in(site, &["--store", "memory"]);
    let policy = server.site.path().join("policies/development.toml");
    let failed = "ec_policy_reload_failures_total";
    let count = |server: &Server| server.metric(failed);
    let until = |what: &str, done: &dyn Fn() -> bool| {
        let start = std::time::Instant::now();
        while !done() {
            assert!(start.elapsed() < PATIENCE, "{what}");
        }
    };
    std::fs::remove_file(&policy).unwrap();
    pipe(&server.site, "policies/development.toml");
    for number in 1..=3 {
        server.signal("HUP");
        until("the reload is refused", &|| count(&server) >= number);
        let page = server.get("/", "");
        assert!(page.starts_with("HTTP/1.1 204"), "{page}");
    }
    // A policy that is whole again is taken up, whatever was refused before.
    std::fs::remove_file(&policy).unwrap();
    server.site.write(
        "policies/development.toml",
        "[ec.tombstone]\nttl = \"36h\"\n",
    );
    let digest = || {
        let health = server.get("/_ts/health", "");
        let (_, body) = health.split_once("\r\n\r\n").unwrap();
        let health: Value = serde_json::from_str(body).unwrap();
        health["digest"].as_str().unwrap().to_owned()
    };
    let before = digest();
    server.signal("HUP");
    until("the new policy is taken up", &|| digest() != before);
    std::fs::remove_file(&policy).unwrap();
    pipe(&server.site, "policies/development.toml");
    server.signal("HUP");
    server.signal("TERM");
    assert!(server.end().success());
}

/// Texts whose checking took a time that grew with the square of their length, or more than the stack holds.
fn long_texts() -> Vec<(&'static str, String)> {
    let most = usize::try_from(MAX_FILE_BYTES).unwrap();
    let filled = |unit: &str, share: usize| unit.repeat(most / share / unit.len());
    let many =
        |from: usize, line: &dyn Fn(usize) -> String| -> String { (0..from).map(line).collect() };
    let list = |from: usize, item: &dyn Fn(usize) -> String| {
        let items: Vec<String> = (0..from).map(item).collect();
        items.join(",")
    };
    vec![
        (
            "addresses on one line",
            format!("# {}", "://".repeat(most / 4)),
        ),
        (
            "addresses and an end",
            format!("# {}@", "://".repeat(most / 4)),
        ),
        (
            "secrets on one line",
            format!("# {}", filled("passphrase:", 2)),
        ),
        ("secrets that end early", filled("passphrase=\"\"", 2)),
        ("secrets that do not end", filled("passphrase='''\n", 8)),
        ("one long line", format!("a = [{}1]", "1,".repeat(most / 8))),
        ("lines that are no TOML", filled("x = \n", 16)),
        ("lines that are opened", filled("[\n", 32)),
        ("one line that is no TOML", filled("1 ", 1)),
        (
            "a key again and again",
            format!("[ec]\n{}", filled("x = 1\n", 16)),
        ),
        (
            "keys",
            format!("[ec]\n{}", many(12_000, &|i| format!("k{i} = 1\n"))),
        ),
        ("tables", many(8_000, &|i| format!("[ec.t{i}]\n"))),
        (
            "partners of one domain",
            many(4_000, &|i| {
                format!("[[ec.partners]]\nid = \"i{i}\"\nsource_domain = \"d.com\"\n")
            }),
        ),
        (
            "allowances",
            many(8_000, &|i| {
                format!("[[ec.allow]]\ncode = \"EC0305\"\nreason = \"r{i}\"\n")
            }),
        ),
        (
            "sentinels",
            format!(
                "[ec.sync]\nsentinels = [{}]",
                list(40_000, &|i| format!("\"x{i}\""))
            ),
        ),
        ("a long key", format!("[ec]\n{} = 1", "k".repeat(most / 2))),
        (
            "a long number",
            format!("[ec.cas]\nmax_retries = {}", "9".repeat(most / 2)),
        ),
        (
            "a long duration",
            format!("[ec.entry]\nttl = \"{}d\"", "9".repeat(most / 2)),
        ),
        ("a deep key", format!("{}a = 1", "a.".repeat(50_000))),
        ("a deep table", format!("[{}a]", "a.".repeat(50_000))),
        ("deep lists", format!("a = {}", "[".repeat(50_000))),
        (
            "deep tables within each other",
            format!(
                "{}{}1{}",
                "b.".repeat(70) + "b=",
                ("{".to_owned() + &"c.".repeat(70) + "c=").repeat(70),
                "}".repeat(70)
            ),
        ),
    ]
}

#[test]
fn a_long_text_is_checked_in_a_time_that_grows_as_it_does() {
    let site = Site::new(PUBLISHER);
    for (what, text) in long_texts() {
        assert!(
            text.len() as u64 <= MAX_FILE_BYTES,
            "{what}: {}",
            text.len()
        );
        site.write("policies/long.toml", &text);
        let (_, out, err) = ec(&site, &["check", "--profile", "long"]);
        assert!(
            out.starts_with("long: "),
            "{what}: {out}{}",
            shortened(&err)
        );
        let found = err.lines().filter(|line| line.contains("[EC")).count();
        assert!(found <= MAX_FINDINGS, "{what}: {found}");
    }
}

#[test]
fn findings_beyond_the_first_hundred_are_counted() {
    let site = Site::new(PUBLISHER);
    let mut allowed = String::new();
    for number in 0..500 {
        writeln!(
            allowed,
            "[[ec.allow]]\ncode = \"EC0305\"\nreason = \"r{number}\""
        )
        .unwrap();
    }
    for (text, counts) in [
        ("x = \n".repeat(8_000), "8000 errors, no warnings"),
        // An error that comes last is kept, since it decides.
        (
            format!("{allowed}[ec.cas]\nmax_retries = 101\n"),
            "1 error, 504 warnings",
        ),
    ] {
        site.write("policies/bad.toml", &text);
        let check = |format: &str| {
            let (code, out, err) = ec(&site, &["check", "--profile", "bad", "--format", format]);
            assert_eq!(code, 1, "{format}: {out}{}", shortened(&err));
            (out, err)
        };
        let (out, err) = check("human");
        assert_eq!(out, format!("bad: {counts}\n"));
        let findings = |text: &str| text.lines().filter(|line| line.contains("[EC")).count();
        assert_eq!(findings(&err), MAX_FINDINGS);
        assert!(err.contains("error[EC"), "{err}");
        let more = err
            .lines()
            .find(|line| line.contains("more findings"))
            .unwrap();
        let digits: String = more.chars().filter(char::is_ascii_digit).collect();
        let words = counts
            .split(' ')
            .filter_map(|word| word.parse::<usize>().ok());
        assert_eq!(
            digits.parse::<usize>().unwrap() + MAX_FINDINGS,
            words.sum::<usize>()
        );
        assert_eq!(check("github").0.lines().count(), MAX_FINDINGS + 1);
        let json: Value = serde_json::from_str(&check("json").0).unwrap();
        let profile = &json["profiles"][0];
        assert_eq!(
            profile["diagnostics"].as_array().unwrap().len(),
            MAX_FINDINGS
        );
        let omitted = |kind: &str| profile["omitted"][kind].as_u64().unwrap();
        assert_eq!(
            omitted("errors") + omitted("warnings"),
            digits.parse::<u64>().unwrap()
        );
        let sarif: Value = serde_json::from_str(&check("sarif").0).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), MAX_FINDINGS);
    }
}

#[test]
fn keys_and_ancestors_that_go_too_deep_are_refused_in_words() {
    let site = Site::new(PUBLISHER);
    let deep = format!("{}a", "a.".repeat(49_999));
    let message = "the key has 50000 names, and no setting has more than 32";
    let (code, _, err) = ec(&site, &["check", "--set", &format!("{deep}=1")]);
    assert_eq!(code, 1, "{}", shortened(&err));
    assert!(err.contains(message), "{}", shortened(&err));
    // As many as an environment takes.
    let variable = format!("TRUSTED_SERVER__EC__{}A", "A__".repeat(39_999));
    let (code, _, err) = of(site.command(&["check"]).env(variable, "1"));
    assert_eq!(code, 1, "{}", shortened(&err));
    assert!(
        err.contains("the key has 40000 names"),
        "{}",
        shortened(&err)
    );
    for args in [&["set", &deep, "1"][..], &["set", &deep, "--remove"]] {
        let (code, _, err) = ec(&site, args);
        assert_eq!(code, 2, "{}", shortened(&err));
        assert!(err.contains(message), "{}", shortened(&err));
    }
    for value in [
        "[".repeat(60_000),
        format!("{{{}a=1}}", "a.".repeat(30_000)),
    ] {
        assert_eq!(
            ec(&site, &["check", "--set", &format!("ec.partners={value}")]).0,
            1
        );
        assert_eq!(ec(&site, &["set", "partners", &value]).0, 2);
        // A passphrase may well be a text that begins so.
        let set = format!("passphrase={value}");
        ec(
            &site,
            &["apply", "/dev/null", "--store", "memory", "--set", &set],
        );
    }
    site.write("policies/p0.toml", "");
    for number in 1..=33 {
        let text = format!("inherits = \"p{}\"\n", number - 1);
        site.write(&format!("policies/p{number}.toml"), &text);
    }
    assert_eq!(ec(&site, &["check", "--profile", "p32"]).0, 0);
    let (code, _, err) = ec(&site, &["check", "--profile", "p33"]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("more than 32 ancestors"), "{err}");
}

const WORKLOAD: &str = r#"
visitors = 20
days = 2
edges = 2
[[audience]]
share = 1.0
every = "12h"
[[regions]]
country = "DE"
share = 1.0
consents = 1.0
[[partners]]
id = "a.com"
batch = 10
per_visit = 1.0
[store]
latency = "10ms"
staleness = "1m"
writes_a_second = 1
[forged]
a_day = 1
"#;

const NUMBERS: [&str; 5] = [
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "-9223372036854775808",
    "1e308",
];

const LENGTHS: [&str; 4] = [
    "213503982334601d",
    "18446744073709551615s",
    "18446744073709551615ms",
    "9223372036854775807ms",
];

#[test]
fn numbers_that_no_workload_has_are_refused_in_words() {
    let site = Site::new(PUBLISHER);
    let line = |key: &str| WORKLOAD.lines().find(|line| line.starts_with(key)).unwrap();
    let refused = |text: &str| {
        site.write("w.toml", text);
        let (code, _, err) = ec(&site, &["simulate", "w.toml"]);
        assert_eq!(code, 2, "{text}: {err}");
        assert!(err.contains("w.toml:"), "{text}: {err}");
    };
    for key in [
        "visitors",
        "days",
        "edges",
        "batch",
        "writes_a_second",
        "a_day",
        "share",
        "consents",
    ] {
        for number in NUMBERS {
            refused(&WORKLOAD.replacen(line(key), &format!("{key} = {number}"), 1));
        }
    }
    for key in ["every", "latency", "staleness"] {
        for length in LENGTHS {
            refused(&WORKLOAD.replacen(line(key), &format!("{key} = \"{length}\""), 1));
        }
    }
    let hours = |number: &str| {
        format!(
            "hours = [{}1]\n{WORKLOAD}",
            format!("{number}, ").repeat(23)
        )
    };
    refused(&hours("9223372036854775807"));
    // The most that is taken can be counted, too.
    site.write(
        "w.toml",
        &hours("1000000").replace("days = 2", "days = 3660"),
    );
    assert_eq!(ec(&site, &["simulate", "w.toml"]).0, 0);

    site.write("w.toml", WORKLOAD);
    for (args, message) in [
        (
            &["--seeds", "18446744073709551615"][..],
            "18446744073709551615",
        ),
        (&["--seeds", "18446744073709551616"], "--seeds"),
        (&["--seed", "18446744073709551616"], "--seed"),
        (
            &["--sweep", "ec.last_seen.debounce=1s..213503982334601d"],
            "",
        ),
        (
            &["--sweep", "ec.cas.max_retries=0..18446744073709551615"],
            "out of range",
        ),
    ] {
        let (code, _, err) = ec(&site, &[&["simulate", "w.toml"], args].concat());
        assert!(code == 2 || message.is_empty(), "{args:?}: {err}");
        assert!(err.contains(message), "{args:?}: {err}");
    }
    assert_eq!(
        ec(
            &site,
            &["simulate", "w.toml", "--seed", "18446744073709551615"]
        )
        .0,
        0
    );

    // A log with one wrong time covers more days than a machine can count.
    let visit = |time: &str| {
        format!(
            "{{\"at\":\"{time}\",\"address\":\"203.0.113.7\",\"agent\":\"Mozilla/5.0\",\"method\":\"GET\",\"path\":\"/\",\"status\":\"200\"}}\n"
        )
    };
    for far in [
        "9999-01-01T00:00:00Z",
        "18446744073709551615",
        "253402300799",
    ] {
        site.write("log.json", &(visit("2026-03-02T00:00:00Z") + &visit(far)));
        let args = [
            "simulate",
            "w.toml",
            "--log",
            "log.json",
            "--log-format",
            "json",
        ];
        let (code, _, err) = ec(&site, &args);
        assert!(code <= 2, "{far}: {err}");
        assert!(
            !far.contains('-') || err.contains("days, from"),
            "{far}: {err}"
        );
    }
}

#[test]
fn no_setting_and_no_option_takes_a_number_that_cannot_be_counted() {
    let site = Site::new(PUBLISHER);
    site.write("w.toml", WORKLOAD);
    let id = format!("{}.aaaaaa", "0a".repeat(32));
    let mut lines = String::new();
    for (at, time) in [(0, 0), (0, u64::MAX), (u64::MAX, 0), (u64::MAX, u64::MAX)] {
        for op in [
            format!("\"create\",\"ec_id\":\"{id}\""),
            format!(
                "\"upsert_partner_id\",\"ec_id\":\"{id}\",\"partner_id\":\"a.com\",\"uid\":\"u\",\"timestamp\":{time}"
            ),
            format!("\"update_last_seen\",\"ec_id\":\"{id}\",\"timestamp\":{time}"),
            format!("\"write_withdrawal_tombstone\",\"ec_id\":\"{id}\",\"timestamp\":{time}"),
            format!("\"create_or_revive\",\"ec_id\":\"{id}\""),
            format!("\"get\",\"ec_id\":\"{id}\""),
        ] {
            writeln!(lines, "{{\"at\":{at},\"op\":{op}}}").unwrap();
        }
    }
    site.write("events.jsonl", &lines);
    let run = ["apply", "events.jsonl", "--store", "memory", "--keep-going"];
    ec(&site, &run);

    for value in NUMBERS.iter().chain(&LENGTHS) {
        let set = |key: &str| ["--set".to_owned(), format!("ec.{key}={value}")];
        let sets: Vec<String> = known_settings()
            .iter()
            .flat_map(|setting| set(setting.key))
            .collect();
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        let (code, _, err) = ec(&site, &[&["check"], &sets[..]].concat());
        assert_eq!(code, 1, "{value}: {err}");
    }
    // The longest times that are taken, where they are used.
    for length in LENGTHS {
        let mut sets = Vec::new();
        for key in [
            "cas.backoff",
            "cas.max_backoff",
            "cas.deadline",
            "sync.refresh_after",
            "sync.max_age",
            "last_seen.debounce",
            "organic.budget",
            "store.call_timeout",
        ] {
            let set = format!("ec.{key}={length}");
            if ec(&site, &["check", "--set", &set]).0 == 0 {
                sets.extend(["--set".to_owned(), set]);
            }
        }
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        for args in [
            &run[..],
            &["simulate", "w.toml"],
            &[
                "verify",
                "--actors",
                "1",
                "--operations",
                "1",
                "--faults",
                "1",
            ],
            &["bundle", "--force", "a test"],
        ] {
            ec(&site, &[args, &sets[..]].concat());
        }
    }
    for args in [
        &["verify", "--actors", "18446744073709551615"][..],
        &["verify", "--operations", "18446744073709551615"],
        &["verify", "--faults", "18446744073709551615"],
        &["verify", "--operations", "9"],
        &["list", "--limit", "18446744073709551616"],
        &["get", &id, "--at", "99999999999999999999"],
        &["get", &id, "--at", "18446744073709551615"],
        &["bundle", "--candidate", "a", "--percent", "1e400"],
        &[
            "bundle",
            "--candidate",
            "a",
            "--percent",
            "18446744073709551615",
        ],
        &[
            "partner",
            "add",
            "--source-domain",
            "a.com",
            "--rate-limit",
            "4294967296",
        ],
    ] {
        let (code, _, err) = ec(&site, args);
        assert_eq!(code, 2, "{args:?}: {err}");
        assert!(!err.is_empty(), "{args:?}");
    }
}
