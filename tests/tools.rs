//! Tools that say what is so: whom they send a token to, what they change, and what they compare.
#![cfg(unix)]

use crate::harness::running;
use crate::harness::site;

use std::net::TcpListener;
use std::process::{Output, Stdio};

use running::Running;
use serde_json::{Value, json};
use site::Site;

const CONFIG: &str = r#"
[publisher]
domain = "publisher.example"
[ec]
passphrase = "a passphrase"
admin_token = "operator"
[ec.local]
geo = "US-CA"
[[ec.partners]]
source_domain = "declared.example"
api_token = "a-partner-token"
"#;

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn serve(site: &Site, args: &[&str]) -> (Running, String) {
    let mut serve = site.command(&["serve", "--addr", "127.0.0.1:0", "--store", "memory"]);
    let mut running = Running::start(serve.args(args).stderr(Stdio::null()));
    let url = running.url();
    (running, url)
}

#[test]
fn a_token_for_this_machine_goes_through_no_proxy() {
    let site = Site::new(CONFIG);
    let (_running, url) = serve(&site, &[]);
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let through = format!("http://{}", proxy.local_addr().unwrap());
    let port = url.rsplit(':').next().unwrap();
    for host in [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "ec.localhost",
        "LOCALHOST",
        "[::ffff:127.0.0.1]",
    ] {
        let mut command = site.command(&["list", "--server", &format!("http://{host}:{port}")]);
        for variable in [
            "HTTP_PROXY",
            "http_proxy",
            "ALL_PROXY",
            "all_proxy",
            "HTTPS_PROXY",
        ] {
            command.env(variable, &through);
        }
        let listed = command
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .output()
            .unwrap();
        // Whatever a resolver says of names below `localhost`, they are this machine (RFC 6761, section 6.3).
        assert!(listed.status.success(), "{host}: {}", err(&listed));
        assert!(proxy.accept().is_err(), "{host}: the proxy was asked");
    }
    // The listener can be reached: through it a name of another machine would be asked for.
    let mut command = site.command(&["list", "--insecure", "--server", "http://ec.example:1"]);
    let asked = command.env("HTTP_PROXY", &through).spawn().unwrap();
    let reached = (0..).find_map(|_| proxy.accept().ok());
    drop(reached);
    asked.wait_with_output().unwrap();
}

#[test]
fn where_a_policy_has_no_token_its_user_name_and_password_are_sent() {
    let basic = "admin.basic = { username = \"ops\", password = \"a : pass wörd\" }";
    let site = Site::new(&CONFIG.replace("admin_token = \"operator\"", basic));
    let (_running, url) = serve(&site, &[]);
    for command in [&["list"][..], &["partner", "list"], &["status"]] {
        let done = site.ec(&[command, &["--server", &url]].concat());
        assert!(done.status.success(), "{command:?}: {}", err(&done));
        assert!(!err(&done).contains("token"), "{command:?}: {}", err(&done));
    }
    // The token of the environment comes first, and is no good here.
    let mut command = site.command(&["list", "--server", &url]);
    let refused = command.env("EC_ADMIN_TOKEN", "wrong").output().unwrap();
    assert!(
        err(&refused).contains("refuses the admin token or password"),
        "{}",
        err(&refused)
    );
}

#[test]
fn a_token_goes_to_no_other_machine_in_clear() {
    let site = Site::new(CONFIG);
    for url in [
        "http://ec.example",
        "http://192.0.2.1:7676",
        "http://127.0.0.1.example",
    ] {
        let refused = site.ec(&["list", "--server", url]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(
            err(&refused).contains("in clear") && err(&refused).contains("--insecure"),
            "{}",
            err(&refused)
        );
    }
    for url in ["7676", "ec.example", "http://"] {
        let refused = site.ec(&["list", "--server", url]);
        assert!(
            err(&refused).contains("is not the address of a server"),
            "{}",
            err(&refused)
        );
    }
}

#[test]
fn a_partner_of_the_policy_is_changed_in_its_file_alone() {
    let site = Site::new(CONFIG);
    let (_running, url) = serve(&site, &[]);
    for server in [&[][..], &["--server", &url]] {
        for action in [
            &["rotate", "declared.example"][..],
            &["disable", "declared.example"],
            &["enable", "declared.example"],
            &["add", "--source-domain", "declared.example"],
        ] {
            let refused = site.ec(&[&["partner"], action, server].concat());
            assert_eq!(refused.status.code(), Some(2), "{action:?}");
            assert!(
                err(&refused).contains("trusted-server.toml:9:"),
                "{}",
                err(&refused)
            );
            assert!(out(&refused).is_empty());
        }
    }
    // A server refuses it even where the local file does not declare it.
    let other = Site::new(&CONFIG.replace("declared.example", "other.example"));
    let refused = other.ec(&["partner", "rotate", "declared.example", "--server", &url]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        err(&refused).contains("the policy declares the partner `declared.example`"),
        "{}",
        err(&refused)
    );
    let added = site.ec(&[
        "partner",
        "add",
        "--source-domain",
        "new.example",
        "--server",
        &url,
    ]);
    assert!(added.status.success(), "{}", err(&added));
}

/// A bundle whose candidate keeps the cookie for a month.
fn bundle(site: &Site) {
    site.write("policies/canary.toml", "[ec.cookie]\nmax_age = \"30d\"\n");
    site.write("policies/base.toml", "[ec]\n");
    let written = site.ec(&[
        "bundle",
        "--profile",
        "base",
        "--candidate",
        "canary",
        "--percent",
        "5",
        "--out",
        "b.json",
        "--force",
        "a test",
    ]);
    assert!(written.status.success(), "{}", err(&written));
}

#[test]
fn a_bundle_and_its_candidate_are_compared_and_shown() {
    let site = Site::new(CONFIG);
    bundle(&site);
    let differs = |from: &str, to: &str| {
        let differs = site.ec(&["diff", from, to, "--format", "json"]);
        let json: Value = serde_json::from_str(out(&differs)).unwrap();
        let changes = json["changes"].as_array().unwrap().clone();
        changes
            .iter()
            .map(|change| change["key"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        differs("file:b.json", "bundle:b.json#candidate"),
        ["ec.cookie.max_age"]
    );
    assert_eq!(differs("canary", "file:b.json#candidate"), [""; 0]);
    assert_eq!(differs("base", "file:b.json"), [""; 0]);
    let planned = site.ec(&[
        "plan",
        "--deployed",
        "file:b.json",
        "--candidate",
        "file:b.json#candidate",
    ]);
    assert!(
        out(&planned).contains("cookie.max_age"),
        "{} {}",
        out(&planned),
        err(&planned)
    );
    // One that is left out is named.
    assert!(
        err(&planned).contains("`file:b.json#candidate`"),
        "{}",
        err(&planned)
    );

    let shown = |args: &[&str]| {
        let shown = site.ec(&[&["show", "cookie.max_age"], args].concat());
        assert!(shown.status.success(), "{}", err(&shown));
        out(&shown).to_owned()
    };
    assert_eq!(
        shown(&["--bundle", "b.json"]),
        "cookie.max_age = \"365d\"  # default\n"
    );
    let candidate = shown(&["--bundle", "b.json#candidate"]);
    assert_eq!(
        candidate,
        "cookie.max_age = \"30d\"  # profile canary, policies/canary.toml:2:11\n"
    );
    let whole = site.ec(&["show", "--bundle", "b.json"]);
    assert!(
        out(&whole).starts_with("# profile base, policy "),
        "{}",
        out(&whole)
    );
    let none = site.ec(&["show", "--bundle", "none.json"]);
    assert_eq!(none.status.code(), Some(2));
}

#[test]
fn one_setting_is_shown_with_where_it_is_configured() {
    let site = Site::new("[ec]\ntombstone.ttl = \"2d\"\n");
    for (args, expected) in [
        (
            &["tombstone.ttl"][..],
            "tombstone.ttl = \"2d\"  # config, trusted-server.toml:2:17; overrides \"24h\" from default\n",
        ),
        (&["ec.cas.max_retries"], "cas.max_retries = 3  # default\n"),
        (
            &["tombstone.ttl", "--set", "tombstone.ttl=12h"],
            "tombstone.ttl = \"12h\"  # command line; overrides \"2d\" from config, trusted-server.toml:2:17, \"24h\" from default\n",
        ),
        (
            &["tombstone.ttl", "--set", "ec.tombstone.ttl=12h"],
            "tombstone.ttl = \"12h\"  # command line; overrides \"2d\" from config, trusted-server.toml:2:17, \"24h\" from default\n",
        ),
    ] {
        assert_eq!(
            out(&site.ec(&[&["show"], args].concat())),
            expected,
            "{args:?}"
        );
    }
    let json = site.ec(&["show", "tombstone.ttl", "--format", "json"]);
    let json: Value = serde_json::from_str(out(&json)).unwrap();
    assert_eq!(
        (&json["key"], &json["value"], &json["origin"]["line"]),
        (&json!("ec.tombstone.ttl"), &json!("2d"), &json!(2))
    );
    let unknown = site.ec(&["show", "tombstone.tll"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        err(&unknown).contains("did you mean `tombstone.ttl`?"),
        "{}",
        err(&unknown)
    );
}

#[test]
fn one_policy_has_one_digest_on_every_machine() {
    let digest = |site: &Site, sets: &[&str]| {
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        let args: Vec<&str> = ["show", "--format", "json"]
            .into_iter()
            .chain(sets)
            .collect();
        let shown = site.ec(&args);
        let json: Value = serde_json::from_str(out(&shown)).unwrap();
        json["digest"].as_str().unwrap().to_owned()
    };
    let site = Site::new("");
    let own = digest(&site, &[]);
    for local in [
        "local.data_dir=elsewhere",
        "local.geo=DE",
        "local.request_timeout=5s",
        "local.store=memory",
    ] {
        assert_eq!(digest(&site, &[local]), own, "{local}");
    }
    assert_ne!(digest(&site, &["tombstone.ttl=48h"]), own);
    // They are compared all the same.
    site.write("policies/one.toml", "[ec]\nlocal.geo = \"DE\"\n");
    site.write("policies/two.toml", "[ec]\n");
    assert!(out(&site.ec(&["diff", "one", "two"])).contains("local.geo"));
}

#[test]
fn a_record_is_printed_in_one_shape_and_a_servers_rollout_is_read_from_it() {
    let site = Site::new(CONFIG);
    bundle(&site);
    let (_running, url) = serve(&site, &["--bundle", "b.json"]);
    let address = url.strip_prefix("http://").unwrap();
    let view = "GET / HTTP/1.1\r\nHost: publisher.example\r\nAccept: text/html\r\nCookie: us_privacy=1YNN\r\nConnection: close\r\n\r\n";
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    std::io::Write::write_all(&mut stream, view.as_bytes()).unwrap();
    let page = std::io::read_to_string(stream).unwrap();
    let id = page
        .split_once("ts-ec=")
        .unwrap()
        .1
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let members = |json: &Value| {
        json.as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };

    let of_server = site.ec(&["get", &id, "--server", &url]);
    let of_server: Value = serde_json::from_str(out(&of_server)).unwrap();
    let body = of_server["body"].to_string();
    let at = of_server["body"]["created"].as_u64().unwrap();
    let put = json!({ "at": at, "op": "put_raw", "ec_id": id, "body": body, "metadata": of_server["metadata"].to_string() });
    site.write("events.jsonl", &format!("{put}\n"));
    assert!(
        site.ec(&["apply", "events.jsonl", "--allow-raw"])
            .status
            .success()
    );
    let local = site.ec(&["get", &id]);
    let local: Value = serde_json::from_str(out(&local)).unwrap();
    assert_eq!(members(&local), members(&of_server));
    assert_eq!(
        (&local["body"], &local["state"]),
        (&of_server["body"], &json!("live"))
    );
    let other = id.replace(|c: char| c.is_ascii_lowercase(), "0");
    for server in [&[][..], &["--server", &url]] {
        let absent = site.ec(&[&["get", &other], server].concat());
        assert_eq!(absent.status.code(), Some(1));
        let absent: Value = serde_json::from_str(out(&absent)).unwrap();
        assert_eq!(absent, json!({ "ec_id": other, "state": "absent" }));
    }

    let status = site.ec(&["rollout", "status", "--server", &url, "--format", "json"]);
    let status: Value = serde_json::from_str(out(&status)).unwrap();
    let runs = status["runs"].as_array().unwrap();
    assert_eq!(
        (
            &runs[0]["profile"],
            &runs[1]["profile"],
            &runs[1]["percent"]
        ),
        (&json!("base"), &json!("canary"), &json!("5"))
    );
    assert_eq!(status["policies"][0]["live"], 1);
    let text = site.ec(&["rollout", "status", "--server", &url]);
    assert!(
        out(&text).contains("profile canary, on 5 % of the users"),
        "{}",
        out(&text)
    );
    let status = site.ec(&["status", "--server", &url]);
    let rollout = out(&status)
        .lines()
        .find(|line| line.starts_with("rollout  canary ("));
    let rollout = rollout.unwrap_or_else(|| panic!("{}", out(&status)));
    assert!(rollout.ends_with("), on 5 % of the users"), "{rollout}");
}

#[test]
fn each_declared_partner_is_named_with_its_own_line() {
    let tables = "[[ec.partners]]\nsource_domain = \"one.example\"\nenabled = false\n\n\
        [[ec.partners]]\nid = \"two\"\nsource_domain = \"two.example\"\nenabled = false\n";
    let list = "[ec]\npartners = [\n  { source_domain = \"one.example\", enabled = false },\n  \
        { id = \"two\", source_domain = \"two.example\", enabled = false },\n]\n";
    for (config, place) in [
        (tables, "trusted-server.toml:5:1"),
        (list, "trusted-server.toml:4:3"),
    ] {
        let refused = Site::new(config).ec(&["partner", "enable", "two"]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(err(&refused).contains(place), "{}", err(&refused));
    }
    let of_profile = Site::new("[ec]\n");
    of_profile.write("policies/own.toml", tables);
    let refused = of_profile.ec(&["partner", "rotate", "one.example", "--profile", "own"]);
    assert!(
        err(&refused).contains("policies/own.toml:1:1"),
        "{}",
        err(&refused)
    );
    // A value that is in no file is named by its source.
    let set = "partners=[{ id = \"two\", source_domain = \"two.example\", enabled = false }]";
    let refused = Site::new("[ec]\n").ec(&["partner", "rotate", "two", "--set", set]);
    assert!(
        err(&refused).contains("<command line>:1:"),
        "{}",
        err(&refused)
    );
}

/// A server that answers each request by what `answer` makes of its first line.
fn answering(answer: impl Fn(&str) -> (&'static str, &'static str) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = std::io::BufReader::new(stream.try_clone().unwrap());
            let mut lines = Vec::new();
            loop {
                let mut line = String::new();
                std::io::BufRead::read_line(&mut head, &mut line).unwrap();
                if line.trim().is_empty() {
                    break;
                }
                lines.push(line);
            }
            let (status, body) = answer(lines.first().map_or("", String::as_str));
            let text = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            std::io::Write::write_all(&mut stream, text.as_bytes()).unwrap();
        }
    });
    url
}

#[test]
fn a_server_that_cannot_answer_is_an_error_and_not_an_answer() {
    let site = Site::new(CONFIG);
    let without = Site::new(&CONFIG.replace("admin_token = \"operator\"", ""));
    let (_running, closed) = serve(&without, &[]);
    let web_site = answering(|_| ("200 OK", "<p>It works!</p>"));
    let id = format!("{}.Ab3xY9", "0f".repeat(32));
    for (url, why) in [
        (
            &closed,
            "has no admin routes: its policy sets neither `admin_token` nor `admin.basic`",
        ),
        (&web_site, "is not an EC server"),
    ] {
        for command in [
            &["get", &id][..],
            &["delete", &id],
            &["list"],
            &["rollout", "status"],
            &["partner", "list"],
            &["partner", "disable", "some.example"],
            &["partner", "rotate", "some.example"],
        ] {
            let refused = site.ec(&[command, &["--server", url]].concat());
            assert_eq!(refused.status.code(), Some(2), "{command:?}");
            assert!(
                err(&refused).contains(why),
                "{command:?}: {}",
                err(&refused)
            );
            assert_eq!(out(&refused), "", "{command:?}");
        }
    }
}

#[test]
fn records_that_cannot_be_read_are_not_left_out_of_the_counts() {
    let site = Site::new(CONFIG);
    let failing = answering(|line| match line {
        _ if line.contains("/policy ") => ("200 OK", "{\"profile\":\"base\",\"digest\":\"00\"}"),
        _ if line.contains("/ec?after= ") => ("200 OK", "{\"ids\":[\"one\"]}"),
        _ if line.contains("/ec?after=one ") => ("200 OK", "{\"ids\":[]}"),
        _ => ("503 Service Unavailable", "{\"error\":\"kv_unavailable\"}"),
    });
    let status = site.ec(&["rollout", "status", "--server", &failing]);
    assert_eq!(status.status.code(), Some(2));
    assert!(err(&status).contains("kv_unavailable"), "{}", err(&status));
    assert_eq!(out(&status), "");
}

#[test]
fn a_bundle_is_shown_and_compared_where_no_policy_file_is() {
    let site = Site::new(CONFIG);
    bundle(&site);
    let elsewhere = tempfile::tempdir().unwrap();
    let file = site.path().join("b.json");
    let file = file.to_str().unwrap();
    let candidate = format!("{file}#candidate");
    let (of_file, of_candidate) = (format!("file:{file}"), format!("file:{candidate}"));
    for (args, code) in [
        (&["show", "--bundle", file][..], 0),
        (&["show", "cookie.max_age", "--bundle", &candidate], 0),
        (&["diff", &of_file, &of_file], 0),
        (&["diff", &of_file, &of_candidate], 1),
    ] {
        let mut command = site.command(args);
        let ran = command.current_dir(elsewhere.path()).output().unwrap();
        assert_eq!(ran.status.code(), Some(code), "{args:?}: {}", err(&ran));
    }
}
