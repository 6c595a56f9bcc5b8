//! Logs: every format, the filters, and the positions of unreadable lines.

use crate::harness::simulated;

use std::fs;

use simulated::{SimulateOutput, simulate_in};

/// A workload whose visits come from a log with these options.
fn workload(rules: &str) -> String {
    format!(
        r#"[log]
{rules}
[[audience]]
share = 1
[[regions]]
country = "DE"
share = 1
consents = 1
"#
    )
}

/// Simulates a log of these lines.
fn simulate(rules: &str, format: &str, lines: &[&str]) -> SimulateOutput {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("w.toml"), workload(rules)).unwrap();
    fs::write(folder.path().join("a.log"), lines.join("\n")).unwrap();
    simulate_in(
        folder.path(),
        &["w.toml", "--log", "a.log", "--log-format", format],
    )
}

/// Two visitors: one with two pages an hour apart, one with another user agent.
const COMBINED: [&str; 3] = [
    r#"203.0.113.7 - - [02/Mar/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "Firefox \"X\"""#,
    r#"203.0.113.7 - - [02/Mar/2026:10:00:00 +0100] "GET /a?b HTTP/1.1" 304 0 "-" "Firefox \"X\"""#,
    r#"203.0.113.7 - jo [03/Mar/2026:08:00:00 +0000] "GET /c HTTP/1.1" 200 5 "-" "Safari""#,
];
/// The same without the user agent: one visitor.
const COMMON: [&str; 3] = [
    r#"203.0.113.7 - - [02/Mar/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5"#,
    r#"203.0.113.7 - - [02/Mar/2026:10:00:00 +0100] "GET /a?b HTTP/1.1" 304 -"#,
    r#"203.0.113.7 - jo [03/Mar/2026:08:00:00 +0000] "GET /c HTTP/1.1" 200 5"#,
];
const JSON: [&str; 3] = [
    r#"{"at":"2026-03-02T08:00:00Z","address":"203.0.113.7","agent":"Firefox","path":"/","status":200}"#,
    r#"{"at":1772442000,"address":"203.0.113.7","agent":"Firefox","method":"GET","path":"/a?b","status":"304"}"#,
    r#"{"at":"2026-03-03T08:00:00Z","address":"203.0.113.7","agent":"Safari","path":"/c","status":200}"#,
];
const MAPPED: [&str; 3] = [
    r#"{"ts":"2026-03-02T08:00:00Z","client":{"ip":"203.0.113.7","ua":"Firefox"},"url":"/","code":200}"#,
    r#"{"ts":1772442000,"client":{"ip":"203.0.113.7","ua":"Firefox"},"verb":"GET","url":"/a?b","code":"304"}"#,
    r#"{"ts":"2026-03-03T08:00:00Z","client":{"ip":"203.0.113.7","ua":"Safari"},"url":"/c","code":200}"#,
];
const MAPPING: &str = r#"
fields = { at = "ts", address = "client.ip", agent = "client.ua", method = "verb", path = "url", status = "code" }
"#;

#[test]
fn every_format_gives_the_same_visits() {
    for (rules, format, lines, visitors, visits) in [
        ("", "combined", COMBINED, 2, 3),
        ("", "common", COMMON, 1, 3),
        ("", "json", JSON, 2, 3),
        (MAPPING, "json", MAPPED, 2, 3),
        // A page view within two hours belongs to the same visit.
        ("visit_gap = \"2h\"", "combined", COMBINED, 2, 2),
    ] {
        let output = simulate(rules, format, &lines);
        let case = format!("{format} {rules}: {}", output.stderr);
        assert_eq!(output.exit_code, 0, "{case}");
        assert_eq!(output.json["workload"]["starts"], "2026-03-02", "{case}");
        assert_eq!(output.json["workload"]["days"], 2, "{case}");
        let happened = &output.json["profiles"][0]["happened"];
        assert_eq!(happened["visitors"], visitors, "{case}");
        assert_eq!(happened["visits"], visits, "{case}");
        assert_eq!(happened["page_views"], 3, "{case}");
        assert_eq!(output.json["log"]["used"], 3, "{case}");
    }
}

#[test]
fn requests_that_are_not_page_views_are_skipped_and_counted() {
    for (method, path, status, agent, counted) in [
        ("GET", "/", 200, "Googlebot/2.1", "robots"),
        ("GET", "/", 200, "curl/8.5", "robots"),
        ("GET", "/gone", 404, "Firefox", "status"),
        ("GET", "/moved", 301, "Firefox", "status"),
        ("GET", "/", 503, "Firefox", "status"),
        ("POST", "/", 200, "Firefox", "not_pages"),
        ("GET", "/a/style.CSS?v=1", 200, "Firefox", "not_pages"),
        ("GET", "/_ts/api/v1/identify", 200, "Firefox", "not_pages"),
    ] {
        let line = format!(
            r#"203.0.113.9 - - [02/Mar/2026:08:30:00 +0000] "{method} {path} HTTP/1.1" {status} 5 "-" "{agent}""#
        );
        let mut lines = COMBINED.to_vec();
        lines.push(&line);
        let output = simulate("", "combined", &lines);
        let log = &output.json["log"];
        for kind in ["robots", "status", "not_pages", "broken"] {
            assert_eq!(log[kind], u64::from(kind == counted), "{kind} of {line}");
        }
        assert_eq!(
            (&log["lines"], &log["used"]),
            (&4.into(), &3.into()),
            "{line}"
        );
    }
}

#[test]
fn an_unreadable_line_is_reported_with_its_position() {
    for (format, good, broken, place) in [
        (
            "combined",
            &COMBINED,
            "garbage",
            "a.log:4:8: the ident is missing here",
        ),
        (
            "combined",
            &COMBINED,
            r#"203.0.113.9 - - 02/Mar/2026 "GET / HTTP/1.1" 200 5"#,
            "a.log:4:17: the time in brackets is missing here",
        ),
        (
            "common",
            &COMMON,
            r#"203.0.113.9 - é [31/Foo/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5"#,
            "a.log:4:18: `31/Foo/2026:08:00:00 +0000` is not a time",
        ),
        (
            "common",
            &COMMON,
            r#"203.0.113.9 - - [02/Mar/2026:08:00:00 +0000] "GET / HTTP/1.1" fine 5"#,
            "a.log:4:63: `fine` is not a status",
        ),
        (
            "json",
            &JSON,
            r#"{"at":1772438700,"#,
            "a.log:4:17: not JSON: EOF",
        ),
        (
            "common",
            &COMMON,
            r#"203.0.113.9 - - [02/Mar/2026:08:00:00 +2400] "GET / HTTP/1.1" 200 5"#,
            "a.log:4:18: `02/Mar/2026:08:00:00 +2400` is not a time",
        ),
        (
            "json",
            &JSON,
            r#"{"at":1,}"#,
            "a.log:4:9: not JSON: trailing comma",
        ),
        (
            "json",
            &JSON,
            r#"{"at":"2026-03-02T08:00:00-24:00","address":"x","path":"/","status":200}"#,
            "a.log:4:1: `2026-03-02T08:00:00-24:00` is not a time",
        ),
        (
            "json",
            &JSON,
            r#"{"at":1772438700}"#,
            "a.log:4:1: there is no field `address`",
        ),
        (
            "json",
            &JSON,
            r#"{"at":"soon","address":"x"}"#,
            "a.log:4:1: `soon` is not a time",
        ),
    ] {
        let mut lines = good.to_vec();
        lines.push(broken);
        let output = simulate("", format, &lines);
        assert!(
            output.stderr.contains(place),
            "{place} is not in {}",
            output.stderr
        );
        assert_eq!(output.json["log"]["broken"], 1, "{broken}");
        assert_eq!(output.json["log"]["used"], 3, "{broken}");
        assert_eq!(output.exit_code, 0, "the rest is used");
    }
}

#[test]
fn a_byte_order_mark_before_a_log_is_skipped() {
    for (format, lines) in [("combined", COMBINED), ("json", JSON)] {
        let first = format!("\u{feff}{}", lines[0]);
        let output = simulate("", format, &[&first, lines[1], lines[2]]);
        assert_eq!(output.json["log"]["used"], 3, "{}", output.stderr);
        assert_eq!(output.json["profiles"][0]["happened"]["visitors"], 2);
    }
}

#[test]
fn unreadable_lines_are_counted_and_the_first_ones_reported() {
    let mut lines = vec!["garbage"; 25];
    lines.extend(COMBINED);
    let output = simulate("", "combined", &lines);
    assert_eq!(output.json["log"]["broken"], 25);
    assert_eq!(
        output.stderr.matches("the ident is missing here").count(),
        10
    );
    assert!(
        output
            .stderr
            .contains("15 more lines of `a.log` could not be read"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_log_without_a_page_view_is_an_error() {
    let robot = "Googlebot/2.1";
    let robots = COMBINED.map(|line| line.replace("Firefox", robot).replace("Safari", robot));
    for (lines, why) in [
        (
            vec!["garbage", "more of it"],
            "2 of 2 lines could not be read: a.log:1:8:",
        ),
        (
            robots.iter().map(String::as_str).collect(),
            "0 of 3 lines could not be read",
        ),
        (vec![], "0 of 0 lines could not be read"),
    ] {
        let output = simulate("", "combined", &lines);
        assert_eq!(output.exit_code, 2, "{}", output.stderr);
        assert!(
            output.stderr.contains("the log `a.log` has no page views"),
            "{}",
            output.stderr
        );
        assert!(
            output.stderr.contains(why),
            "{why} is not in {}",
            output.stderr
        );
    }
}

/// The counts of a simulated log.
fn happened(folder: &std::path::Path, file: &str) -> serde_json::Value {
    let output = simulate_in(
        folder,
        &["w.toml", "--log", file, "--log-format", "combined"],
    );
    assert_eq!(output.exit_code, 0, "{}", output.stderr);
    assert_eq!(output.json["log"]["broken"], 0, "{}", output.stderr);
    output.json["profiles"][0]["happened"].clone()
}

#[test]
fn the_order_and_the_form_of_the_lines_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    fs::write(folder.path().join("w.toml"), workload("")).unwrap();
    // Thirty visitors, ten views each, spread over three days.
    let mut lines: Vec<String> = (0..300)
        .map(|number| {
            let (visitor, day, hour, minute) = (number % 30, 2 + number / 100, number % 24, number % 60);
            format!(
                r#"203.0.113.{visitor} - - [{day:02}/Mar/2026:{hour:02}:{minute:02}:00 +0000] "GET /{number} HTTP/1.1" 200 5 "-" "Firefox""#
            )
        })
        .collect();
    lines.sort_by_key(|line| line.split_once('[').unwrap().1.to_owned());
    let sorted = lines.join("\n");
    write("sorted.log", sorted.as_bytes());
    let expected = happened(folder.path(), "sorted.log");
    let mut newest_first = lines.clone();
    newest_first.reverse();
    write("newest.log", newest_first.join("\n").as_bytes());
    let mut mixed = lines.clone();
    mixed.sort_by_key(|line| line.len() * 7 % 5);
    mixed.rotate_left(77);
    write("mixed.log", mixed.join("\n").as_bytes());
    // The same times in another zone, with a virtual host, with a port, with spaces in the user's name.
    let zoned = |line: &String| {
        let (before, rest) = line.split_once('[').unwrap();
        let (time, after) = rest.split_once(']').unwrap();
        let (day, clock) = time.split_once(':').unwrap();
        let hour: u32 = clock[..2].parse().unwrap();
        let day: u32 = day[..2].parse().unwrap();
        let (day, hour) = if hour < 5 {
            (day - 1, hour + 19)
        } else {
            (day, hour - 5)
        };
        format!(
            "{before}[{day:02}/Mar/2026:{hour:02}{} -0500]{after}",
            &clock[2..8]
        )
    };
    write(
        "zones.log",
        lines
            .iter()
            .map(zoned)
            .collect::<Vec<_>>()
            .join("\n")
            .as_bytes(),
    );
    let each = |change: &dyn Fn(&str) -> String| {
        lines
            .iter()
            .map(|line| change(line))
            .collect::<Vec<_>>()
            .join("\n")
    };
    write(
        "vhost.log",
        each(&|line| format!("www.publisher.example:443 {line}")).as_bytes(),
    );
    write(
        "user.log",
        each(&|line| line.replace(" - - [", " - Jo [x] van Doe [")).as_bytes(),
    );
    write(
        "port.log",
        each(&|line| line.replacen(" - -", ":4711 - -", 1)).as_bytes(),
    );
    for file in [
        "newest.log",
        "mixed.log",
        "zones.log",
        "vhost.log",
        "user.log",
        "port.log",
    ] {
        assert_eq!(happened(folder.path(), file), expected, "{file}");
    }
    for tool in ["gzip", "zstd"] {
        let packed = std::process::Command::new(tool)
            .args(["-c", "sorted.log"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(packed.status.success());
        write("packed.log", &packed.stdout);
        assert_eq!(happened(folder.path(), "packed.log"), expected, "{tool}");
    }
}

#[test]
fn a_household_is_one_visitor_as_its_ids_are() {
    let line = |address: &str| {
        format!(
            r#"{address} - - [02/Mar/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "Firefox""#
        )
    };
    let visitors = |addresses: &[&str]| {
        let lines: Vec<String> = addresses.iter().map(|address| line(address)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        simulate("", "combined", &lines).json["profiles"][0]["happened"]["visitors"].clone()
    };
    for (addresses, expected) in [
        (
            &[
                "2001:db8:1:2::1",
                "2001:db8:1:2:ffff::2",
                "[2001:db8:1:2::3]:443",
                "[2001:db8:1:2::4]",
            ][..],
            1,
        ),
        (&["2001:db8:1:2::1", "2001:db8:1:3::1"], 2),
        (&["203.0.113.7", "203.0.113.7:80", "::ffff:203.0.113.7"], 1),
        (&["host.example", "203.0.113.7"], 2),
    ] {
        assert_eq!(visitors(addresses), expected, "{addresses:?}");
    }
}

/// Compresses `bytes` with a command.
fn packed(folder: &std::path::Path, command: &[&str], bytes: &str) -> Vec<u8> {
    fs::write(folder.join("plain"), bytes).unwrap();
    let packed = std::process::Command::new(command[0])
        .args(&command[1..])
        .arg("plain")
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(packed.status.success(), "{command:?}");
    packed.stdout
}

#[test]
fn a_compressed_log_is_read_whole_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |bytes: &[u8]| fs::write(folder.path().join("a.log"), bytes).unwrap();
    let run = || simulate_in(folder.path(), &["w.toml", "--log", "a.log"]);
    fs::write(folder.path().join("w.toml"), workload("")).unwrap();
    // A skippable frame (RFC 8878, section 3.1.2), as `pzstd` writes.
    let skipped = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd";
    for (command, before) in [
        (&["gzip", "-c"][..], &b""[..]),
        (&["zstd", "-c"], b""),
        (&["zstd", "-c", "--no-check"], b""),
        (&["zstd", "-c"], skipped),
    ] {
        // Each line in its own member or frame, as in a log that is appended to.
        let mut all = Vec::new();
        for line in COMBINED {
            all.extend(before);
            all.extend(packed(folder.path(), command, &format!("{line}\n")));
        }
        write(&all);
        let output = run();
        assert_eq!(
            output.json["log"]["used"], 3,
            "{command:?}: {}",
            output.stderr
        );
        // Truncated inside the last one.
        write(&all[..all.len() - 5]);
        let output = run();
        assert_eq!(output.exit_code, 2, "{command:?}");
        assert!(
            output.stderr.contains("damaged or truncated"),
            "{}",
            output.stderr
        );
    }
    let mut damaged = packed(folder.path(), &["zstd", "-c"], &COMBINED.join("\n"));
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    write(&damaged);
    let output = run();
    assert_eq!(output.exit_code, 2, "{}", output.stderr);
    assert!(output.stderr.contains("checksum"), "{}", output.stderr);
    for (bytes, name) in [
        (&b"\xfd7zXZ\0rest"[..], "xz"),
        (b"BZh91AY&SY", "bzip2"),
        (b"PK\x03\x04rest", "zip"),
    ] {
        write(bytes);
        let output = run();
        assert_eq!(output.exit_code, 2);
        let why =
            format!("it is compressed with {name}, and only gzip and Zstandard are supported");
        assert!(output.stderr.contains(&why), "{}", output.stderr);
    }
}

#[test]
fn an_endless_line_is_skipped_and_takes_no_memory() {
    let long = "x".repeat(3 << 20);
    let mut lines = COMBINED.to_vec();
    lines.insert(1, &long);
    let output = simulate("", "combined", &lines);
    assert!(
        output
            .stderr
            .contains("a.log:2:1: the line is too long for a request"),
        "{}",
        output.stderr.get(..300).unwrap_or(&output.stderr)
    );
    assert_eq!(
        (&output.json["log"]["broken"], &output.json["log"]["used"]),
        (&1.into(), &3.into())
    );
}

#[test]
fn clients_and_times_are_read_in_each_form_that_servers_write() {
    let line = |before: &str, time: &str| {
        format!(r#"{before} [{time}] "GET / HTTP/1.1" 200 5 "-" "Firefox""#)
    };
    let same = line("203.0.113.7 - -", "02/Mar/2026:09:00:00 +0000");
    for (before, time) in [
        ("203.0.113.7 - -", "02/Mar/2026:10:00:00 +0100"),
        ("203.0.113.7 - -", "02/Mar/2026:10:00:00 +01:00"),
        ("203.0.113.7 - -", "02/Mar/2026:09:00:00 UTC"),
        ("203.0.113.7 - -", "2026-03-02T10:00:00+01:00"),
        ("203.0.113.7 - -", "01/Mar/2026:23:30:00 -0930"),
        ("203.0.113.7:4711 - jo", "02/Mar/2026:09:00:00 +0000"),
        ("203.0.113.7 - Jo van Doe", "02/Mar/2026:09:00:00 +0000"),
        (
            "203.0.113.7 - Jo [12] [a:b] Doe",
            "02/Mar/2026:09:00:00 +0000",
        ),
        ("203.0.113.7 - \"\"", "02/Mar/2026:09:00:00 +0000"),
        ("[::ffff:203.0.113.7]:80 - -", "02/Mar/2026:09:00:00 +0000"),
        (
            "www.example:443 203.0.113.7 - -",
            "02/Mar/2026:09:00:00 +0000",
        ),
        (
            "www.example 203.0.113.7 - Jo Doe",
            "02/Mar/2026:09:00:00 +0000",
        ),
        (
            "192.0.2.1:443 203.0.113.7 - -",
            "02/Mar/2026:09:00:00 +0000",
        ),
        (
            "[2001:db8::1]:443 203.0.113.7:1 - -",
            "02/Mar/2026:09:00:00 +0000",
        ),
    ] {
        let other = line(before, time);
        let output = simulate("", "vhost_combined", &[&same, &other]);
        let happened = &output.json["profiles"][0]["happened"];
        assert_eq!(
            (
                &output.json["log"]["used"],
                &happened["visitors"],
                &happened["visits"]
            ),
            (&2.into(), &1.into(), &1.into()),
            "{other}: {}",
            output.stderr
        );
        assert_eq!(output.json["workload"]["starts"], "2026-03-02", "{other}");
    }
    // A client name after a host with a port.
    let named = [
        line(
            "www.example:443 one.example - -",
            "02/Mar/2026:09:00:00 +0000",
        ),
        line(
            "www.example:443 two.example - -",
            "02/Mar/2026:09:00:00 +0000",
        ),
    ];
    let output = simulate("", "combined", &[&named[0], &named[1]]);
    assert_eq!(output.json["profiles"][0]["happened"]["visitors"], 2);
}

#[test]
fn an_ambiguous_line_is_reported() {
    for (line, why) in [
        (
            r#"203.0.113.9 - - [02/Mar/2026:08:00:00 CET] "GET / HTTP/1.1" 200 5"#,
            "a.log:4:18: `02/Mar/2026:08:00:00 CET` has no offset from UTC: log it as `+0100`",
        ),
        (
            r#"203.0.113.9 - - [02/Mar/2026:08:00:00] "GET / HTTP/1.1" 200 5"#,
            "a.log:4:18: `02/Mar/2026:08:00:00` has no offset from UTC",
        ),
        (
            r#"203.0.113.9, 10.0.0.1 - - [02/Mar/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5"#,
            "a.log:4:1: `203.0.113.9,` is one of several addresses: log only the client's address",
        ),
    ] {
        let mut lines = COMBINED.to_vec();
        lines.push(line);
        let output = simulate("", "combined", &lines);
        assert!(
            output.stderr.contains(why),
            "{why} is not in {}",
            output.stderr
        );
    }
}
