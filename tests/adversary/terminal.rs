//! Names, values, records and log lines that could control a reader's terminal: they are shown as escapes.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Instant;

use edge_cookie::printable::acts;
use serde_json::{Value, json};

use super::server::{CONFIG, PATIENCE, Server, finish};
use super::site::Site;

/// Sets a title, clears the screen, turns the text red in both forms, and round.
const HOSTILE: &str = "a\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\r\u{8}b";

/// The same, and a line that looks like one of ours.
const FORGED: &str = "a\u{1b}[2J\nforged: no errors";

/// What `ec` prints in this folder as text, on both of its outputs.
fn printed(site: &Site, args: &[&str]) -> String {
    let output = finish(&mut site.command(args));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let all = text(output.stdout) + &text(output.stderr);
    is_plain(&all, &format!("{args:?}"));
    all
}

fn is_plain(text: &str, what: &str) {
    let acting = text.chars().find(|it| acts(*it) && *it != '\n');
    assert_eq!(acting, None, "{what}: {text:?}");
    let forged = text.lines().find(|line| line.starts_with("forged"));
    assert_eq!(forged, None, "{what}: {text:?}");
}

#[test]
fn names_and_values_of_policies_are_escaped() {
    let site = Site::new("[publisher]\ndomain = \"publisher.example\"\n");
    let quoted = |text: &str| Value::from(text).to_string().replace('\u{7f}', "");
    for name in [HOSTILE, FORGED] {
        let file = format!("policies/{name}.toml");
        site.write(&file, "[ec.tombstone]\nttl = \"36h\"\n");
        let shown = printed(&site, &["show", "--origin", "--profile", name]);
        assert!(shown.contains(r"\u001b[2J"), "{shown}");
        for format in ["human", "markdown"] {
            printed(&site, &["diff", name, "plain", "--format", format]);
        }
        site.write("policies/plain.toml", "");
        for args in [
            &["check", "--all"][..],
            &["check", "--profile", name],
            &["diff", name, "plain"],
            &["diff", name, "plain", "--format", "markdown"],
            &["plan", "--deployed", name, "--candidate", "plain"],
            &[
                "plan",
                "--deployed",
                name,
                "--candidate",
                "plain",
                "--format",
                "markdown",
            ],
            &[
                "verify",
                "--profile",
                name,
                "--actors",
                "1",
                "--operations",
                "1",
                "--faults",
                "0",
            ],
            &["bundle", "--profile", name],
            &["set", "tombstone.ttl", "48h", "--profile", name],
        ] {
            printed(&site, args);
        }
        // A key, a value and a parent of such a name.
        let text = quoted(name);
        site.write(
            &file,
            &format!("inherits = {text}\n{text} = 1\n[ec]\n{text} = 1\n[ec.cookie]\nname = {text}\n[ec.sync]\norder = {text}\n"),
        );
        for format in ["human", "github"] {
            printed(&site, &["check", "--profile", name, "--format", format]);
        }
        printed(&site, &["check", "--all"]);
        let json = finish(&mut site.command(&["check", "--profile", name, "--format", "json"]));
        let json: Value = serde_json::from_slice(&json.stdout).unwrap();
        assert_eq!(json["profiles"][0]["profile"], name);
        std::fs::remove_file(site.path().join(file)).unwrap();
    }
    // In the file itself: a comment may hold what TOML lets through.
    site.write(
        "policies/raw.toml",
        "[ec.cas]\nmax_retries = 101 # \u{9b}31m \u{202e} \u{1b}[2J\n",
    );
    printed(&site, &["check", "--profile", "raw"]);
    site.write(
        "policies/raw.toml",
        "[ec.cas]\nmax_retries = 101 # \u{9b}31m \u{202e}\n",
    );
    printed(&site, &["check", "--profile", "raw"]);
}

#[test]
fn what_the_command_line_says_is_escaped() {
    let site = Site::new("[publisher]\ndomain = \"publisher.example\"\n");
    site.write(&format!("{HOSTILE}.toml"), "visitors = 0\n");
    for name in [HOSTILE, FORGED] {
        let set = format!("{name}={name}");
        let option = format!("--{name}");
        for args in [
            &["check", "--profile", name][..],
            &["check", "--set", &set],
            &["check", "--set", name],
            &["check", "--format", name],
            &["check", &option],
            &["simulate", "x.toml", "--seeds", name],
            &[name],
            &["check", "--config", name],
            &["diff", name, name],
            &["diff", &format!("file:{name}"), name],
            &["explain", name],
            &["show", name],
            &["set", name, name],
            &["apply", name],
            &["simulate", &format!("{name}.toml")],
            &["get", name],
            &["serve", "--addr", name],
            &["status", "--server", name],
            &["init", "--domain", name],
        ] {
            let shown = printed(&site, args);
            assert!(!shown.is_empty(), "{args:?}");
        }
    }
}

#[test]
fn records_and_events_are_escaped() {
    let site = Site::new("[publisher]\ndomain = \"publisher.example\"\n");
    let id = format!("{}.aaaaaa", "0a".repeat(32));
    let event = |op: &str, member: &str, value: &str| {
        json!({ "at": 1_772_409_600_u64, "op": op, "ec_id": id, member: value }).to_string()
    };
    let lines = [
        event("put_raw", "body", HOSTILE),
        event(HOSTILE, "body", FORGED),
        event("get", FORGED, HOSTILE),
    ];
    site.write("events.jsonl", &(lines.join("\n") + "\n"));
    let apply = [
        "apply",
        "events.jsonl",
        "--store",
        "g.redb",
        "--allow-raw",
        "--keep-going",
    ];
    printed(&site, &apply);
    printed(&site, &[&apply[..], &["--output", "jsonl"]].concat());
    let got = printed(&site, &["get", &id, "--store", "g.redb"]);
    assert!(got.contains(r"\u001b"), "{got}");
    printed(&site, &["list", "--store", "g.redb"]);
}

#[test]
fn what_a_server_answers_is_escaped() {
    let site = Site::new(CONFIG);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let body = json!({
        "status": HOSTILE, "profile": FORGED, "digest": HOSTILE, "reloaded": FORGED, "trouble": FORGED,
        "stores": [{ "name": FORGED, "answers": true, "why": HOSTILE }],
        "warnings": [FORGED, HOSTILE], "error": FORGED, "message": HOSTILE,
        "rollout": { "profile": FORGED, "digest": HOSTILE, "percent": HOSTILE },
        "ids": [FORGED], "partners": [],
    });
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let body = body.to_string();
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            );
        }
    });
    for args in [
        &["status", "--server", &url][..],
        &["list", "--limit", "1", "--server", &url],
        &["partner", "list", "--server", &url],
        &["partner", "rotate", "a.example", "--server", &url],
    ] {
        printed(&site, args);
    }
}

#[test]
fn each_event_is_one_line_of_the_log() {
    let site = Site::new(CONFIG);
    site.write("policies/development.toml", "");
    let log = site.path().join("log");
    let file = File::create(&log).unwrap();
    let server = Server::start_changed(site, &["--store", "memory"], |command| {
        command.stderr(file);
    });
    let key = Value::from(FORGED).to_string();
    let policy = format!("[ec]\n{key} = 1\n\"\\u009b31m\\u202e\" = 1\n");
    server.site.write("policies/development.toml", &policy);
    server.signal("HUP");
    let start = Instant::now();
    let logged = loop {
        let logged = std::fs::read_to_string(&log).unwrap();
        if logged.ends_with('\n') && logged.contains("unknown key") {
            break logged;
        }
        assert!(start.elapsed() < PATIENCE, "{logged}");
    };
    is_plain(&logged, "the log");
    assert!(
        logged.lines().all(|line| line.starts_with("20")),
        "{logged}"
    );
}
