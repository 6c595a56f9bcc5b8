//! `GET /metrics`: what is counted, in which format for whom, and that Prometheus itself can read it.
#![cfg(unix)]

use crate::harness::running;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use running::Running;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What Prometheus 2 and 3 send.
const PROMETHEUS_2: &str = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const PROMETHEUS_3: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// More partners than are counted by name.
const PARTNERS: usize = 120;
const NAMED: usize = 100;

struct Server {
    running: Running,
    base: String,
    metrics: String,
    folder: tempfile::TempDir,
}

struct Answer {
    status: u16,
    kind: String,
    cookie: Option<String>,
    body: String,
}

fn config() -> String {
    let partners = (0..PARTNERS).map(|number| {
        format!(
            "[[ec.partners]]\nsource_domain = \"{}\"\napi_token = \"{}\"\n",
            domain(number),
            token(number)
        )
    });
    let partners: String = partners.collect();
    format!(
        "[publisher]\ndomain = \"publisher.example\"\n[ec]\npassphrase = \"a secret passphrase\"\nadmin_token = \"a-secret-admin-token\"\n[ec.organic]\nbudget = \"60s\"\n{partners}"
    )
}

fn domain(number: usize) -> String {
    format!("p{number:03}.example")
}

fn token(number: usize) -> String {
    format!("a-secret-token-of-partner-{number:03}")
}

fn ask(method: &str, url: &str, heads: &[(&str, &str)], body: &str) -> Answer {
    let request = ureq::http::Request::builder().method(method).uri(url);
    let request = heads.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    // Whatever the test does not say is not sent.
    let config = config.accept("").user_agent("").accept_encoding("");
    let agent: ureq::Agent = config.build().into();
    let answer = agent.run(request.body(body.to_owned()).unwrap()).unwrap();
    let (head, mut body) = answer.into_parts();
    let text = |name| {
        head.headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    Answer {
        status: head.status.as_u16(),
        kind: text("content-type").unwrap_or_default(),
        cookie: text("set-cookie"),
        body: body.read_to_string().unwrap(),
    }
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("trusted-server.toml"), config()).unwrap();
        let mut running = Running::start(
            ec(folder.path())
                .args(["serve", "--addr", "127.0.0.1:0", "--geo", "US-CA"])
                .args(["--store", "memory", "--metrics-addr", "127.0.0.1:0"])
                .stderr(Stdio::null()),
        );
        let (base, metrics) = (running.url(), running.url());
        Self {
            running,
            base: base.trim_end_matches('/').to_owned(),
            metrics,
            folder,
        }
    }

    fn metrics(&self, accept: &[&str]) -> Answer {
        let heads: Vec<_> = accept.iter().map(|accept| ("accept", *accept)).collect();
        ask("GET", &self.metrics, &heads, "")
    }

    fn reload(&self, config: &str) {
        std::fs::write(self.folder.path().join("trusted-server.toml"), config).unwrap();
        let sent = Command::new("kill")
            .args(["-HUP", &self.running.process.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// The value of a series, once it is there.
    fn value(&self, series: &str) -> u64 {
        let start = Instant::now();
        loop {
            let metrics = self.metrics(&[]).body;
            let found = metrics
                .lines()
                .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
            if let Some(value) = found {
                return value.parse().unwrap();
            }
            assert!(start.elapsed() < PATIENCE, "no {series} in {metrics}");
            std::thread::yield_now();
        }
    }

    fn page(&self) -> String {
        let heads = [("cookie", "us_privacy=1YNN"), ("accept", "text/html")];
        let cookie = ask("GET", &self.base, &heads, "").cookie.unwrap();
        let (_, id) = cookie.split(';').next().unwrap().split_once('=').unwrap();
        id.to_owned()
    }

    fn sync(&self, token: &str, ids: &[&str]) -> u16 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = now.as_secs();
        let mapping =
            |id: &&str| serde_json::json!({"ec_id": id, "partner_uid": "uid", "timestamp": now});
        let mappings: Vec<_> = ids.iter().map(mapping).collect();
        let body = serde_json::json!({ "mappings": mappings }).to_string();
        let url = format!("{}/_ts/api/v1/batch-sync", self.base);
        ask(
            "POST",
            &url,
            &[("authorization", &format!("Bearer {token}"))],
            &body,
        )
        .status
    }
}

fn ec(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ec"));
    command.current_dir(folder);
    command
}

#[test]
fn who_asks_gets_the_format_that_it_accepts_and_the_type_says_which() {
    let server = Server::start();
    for (accept, kind) in [
        (&[][..], TEXT),
        (&[""], TEXT),
        (&["*/*"], TEXT),
        (&["text/plain"], TEXT),
        (&["text/*;q=0.5, */*;q=0.1"], TEXT),
        (&["text/plain;version=0.0.4;q=0.5"], TEXT),
        (&[PROMETHEUS_2], OPEN_METRICS),
        (&[PROMETHEUS_3], OPEN_METRICS),
        (&["application/openmetrics-text"], OPEN_METRICS),
        (
            &["Application/OpenMetrics-Text; Version=1.0.0; Q=0.2"],
            OPEN_METRICS,
        ),
        (
            &["application/openmetrics-text; version=\"1.0.0\""],
            OPEN_METRICS,
        ),
        (&["text/plain, application/openmetrics-text"], OPEN_METRICS),
        (
            &["text/plain", "application/openmetrics-text"],
            OPEN_METRICS,
        ),
        (&["application/*"], OPEN_METRICS),
        (&["application/*, text/plain"], TEXT),
        (
            &["application/openmetrics-text;q=0.4, text/plain;q=0.5"],
            TEXT,
        ),
        (&["application/openmetrics-text;q=0.4, */*;q=0.5"], TEXT),
        (&["application/openmetrics-text;q=0, */*"], TEXT),
        (&["application/openmetrics-text;q=0"], TEXT),
        // The closest range counts, not the one that wants most.
        (
            &["*/*, text/plain;q=0.1, application/openmetrics-text;q=0.2"],
            OPEN_METRICS,
        ),
        // An older one is not written.
        (&["application/openmetrics-text;version=0.0.1"], TEXT),
        (
            &["application/openmetrics-text;version=0.0.1,text/plain;q=0.1"],
            TEXT,
        ),
        // What cannot be read says nothing.
        (
            &["application/openmetrics-text;q=much, text/plain;q=0.1"],
            TEXT,
        ),
        (
            &["application/openmetrics-text;q=7, text/plain;q=0.1"],
            TEXT,
        ),
        (
            &["nonsense, ;, /, application/openmetrics-text"],
            OPEN_METRICS,
        ),
        (&["text/html, application/xml;q=0.9"], TEXT),
    ] {
        let answer = server.metrics(accept);
        assert_eq!((answer.status, &*answer.kind), (200, kind), "{accept:?}");
        let ends = answer.body.ends_with("# EOF\n");
        assert_eq!(ends, kind == OPEN_METRICS, "{accept:?}");
    }
}

fn run(command: &mut Command, input: &str) -> Output {
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to = process.stdin.take().unwrap();
    to.write_all(input.as_bytes()).unwrap();
    drop(to);
    process.wait_with_output().unwrap()
}

/// Debian's `prometheus` has the parsers that read the counts in the end.
#[test]
fn prometheus_reads_both_formats() {
    if Command::new("promtool").arg("--version").output().is_err() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "there is no `promtool`, which CI must have"
        );
        eprintln!("LEFT OUT: there is no `promtool`: install it, as Debian's `prometheus`");
        return;
    }
    let server = Server::start();
    let id = server.page();
    assert_eq!(server.sync(&token(0), &[&id, "no id"]), 207);
    let text = server.metrics(&[]).body;
    let checked = run(Command::new("promtool").args(["check", "metrics"]), &text);
    assert!(
        checked.status.success() && checked.stderr.is_empty(),
        "{checked:?}\n{text}"
    );
    assert!(!text.contains("EOF"));
    for described in [
        "# TYPE ec_requests_total counter",
        "# TYPE ec_request_seconds histogram",
        "# TYPE ec_policy_reload_failures_total counter",
        "# TYPE ec_build_info gauge",
    ] {
        assert!(
            text.lines().any(|line| line == described),
            "{described}: {text}"
        );
    }
    // The tool that reads OpenMetrics wants to know when each sample was taken.
    let written = server.metrics(&[PROMETHEUS_2]).body;
    let at = |line: &str| {
        let comment = line.starts_with('#');
        if comment {
            format!("{line}\n")
        } else {
            format!("{line} 1772452800\n")
        }
    };
    let file = server.folder.path().join("metrics");
    std::fs::write(&file, written.lines().map(at).collect::<String>()).unwrap();
    let blocks = server.folder.path().join("blocks");
    // The tool that shows them wants a log of writes, too.
    std::fs::create_dir_all(blocks.join("wal")).unwrap();
    let mut tool = Command::new("promtool");
    tool.args(["tsdb", "create-blocks-from", "openmetrics"]);
    let read = run(tool.arg(&file).arg(&blocks), "");
    assert!(read.status.success(), "{read:?}\n{written}");
    let dumped = run(
        Command::new("promtool").args(["tsdb", "dump"]).arg(&blocks),
        "",
    );
    let dumped = String::from_utf8(dumped.stdout).unwrap();
    for name in [
        "ec_requests_total",
        "ec_build_info",
        "ec_store_call_seconds_bucket",
    ] {
        assert!(
            dumped.contains(&format!("__name__=\"{name}\"")),
            "{name}: {dumped}"
        );
    }
    assert!(
        written.contains("# TYPE ec_requests counter\n"),
        "{written}"
    );
}

#[test]
fn calls_of_each_store_and_the_build_are_counted() {
    let server = Server::start();
    let id = server.page();
    assert_eq!(server.sync("a-token-of-no-one-that-is-known", &[&id]), 401);
    for (store, call, number) in [
        ("ec_store", "insert", 1),
        ("ec_store", "lookup", 1),
        ("ec_store", "delete", 0),
        ("ec_store", "exists", 0),
        ("ec_store", "list", 0),
        ("partner_store", "lookup", 1),
        ("partner_store", "insert", 0),
    ] {
        let series = format!("ec_store_call_seconds_count{{store=\"{store}\",call=\"{call}\"}}");
        assert_eq!(server.value(&series), number, "{series}");
    }
    let health = ask("GET", &format!("{}/_ts/health", server.base), &[], "").body;
    let health: serde_json::Value = serde_json::from_str(&health).unwrap();
    let digest = health["digest"].as_str().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let build = format!("ec_build_info{{version=\"{version}\",digest=\"{digest}\"}}");
    assert_eq!(server.value(&build), 1);
    assert_eq!(server.value("ec_policy_reload_failures_total"), 0);
    server.reload("[ec]\nno_such_setting = 1\n");
    let start = Instant::now();
    while server.value("ec_policy_reload_failures_total") < 1 {
        assert!(start.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    // Another policy has another digest, and the one before is gone.
    let changed = format!("{}[ec.tombstone]\nttl = \"72h\"\n", config());
    server.reload(&changed);
    while server.metrics(&[]).body.contains(digest) {
        assert!(start.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    let builds = server.metrics(&[]).body;
    let builds = builds
        .lines()
        .filter(|line| line.starts_with("ec_build_info{"));
    assert_eq!(builds.count(), 1);
    assert_eq!(server.value("ec_policy_reload_failures_total"), 1);
}

#[test]
fn partners_are_counted_by_name_up_to_a_bound() {
    let server = Server::start();
    let id = server.page();
    let partners = format!("{}/_ts/admin/v1/partners", server.base);
    let admin = [("authorization", "Bearer a-secret-admin-token")];
    let added = ask(
        "POST",
        &partners,
        &admin,
        r#"{"source_domain":"stored.example"}"#,
    );
    let added: serde_json::Value = serde_json::from_str(&added.body).unwrap();
    let stored = added["api_token"].as_str().unwrap();
    for partner in 0..PARTNERS {
        // One user holds no more than `entry.max_partner_ids`.
        let id = if partner == 0 {
            id.clone()
        } else {
            server.page()
        };
        assert_eq!(server.sync(&token(partner), &[&id, "no id"]), 207);
    }
    assert_eq!(server.sync(stored, &[&id]), 200);
    let identify = format!("{}/_ts/api/v1/identify", server.base);
    for (cookie, status) in [
        (format!("us_privacy=1YNN; ts-ec={id}"), 200),
        ("us_privacy=1YNN".to_owned(), 204),
        (String::new(), 403),
    ] {
        let bearer = format!("Bearer {}", token(0));
        let heads = [("authorization", &*bearer), ("cookie", &*cookie)];
        assert_eq!(ask("GET", &identify, &heads, "").status, status);
    }
    assert_eq!(
        ask(
            "POST",
            &format!("{}/_ts/api/v1/batch-sync", server.base),
            &[("authorization", &format!("Bearer {}", token(0)))],
            "{"
        )
        .status,
        400
    );
    let metrics = server.metrics(&[]).body;
    let count = |partner: &str, route: &str, outcome: &str, times: usize| {
        let series = format!(
            "ec_partner_outcomes_total{{partner=\"{partner}\",route=\"/_ts/api/v1/{route}\",outcome=\"{outcome}\"}} {times}"
        );
        assert!(
            metrics.lines().any(|line| line == series),
            "{series}: {metrics}"
        );
    };
    for partner in 0..NAMED {
        count(&domain(partner), "batch-sync", "accepted", 1);
        count(&domain(partner), "batch-sync", "invalid_ec_id", 1);
    }
    // Those beyond the bound, and the one that is in the store alone.
    let others = PARTNERS - NAMED;
    count("other", "batch-sync", "accepted", others + 1);
    count("other", "batch-sync", "invalid_ec_id", others);
    count(&domain(0), "batch-sync", "invalid_json", 1);
    count(&domain(0), "identify", "found", 1);
    count(&domain(0), "identify", "no_ec_id", 1);
    count(&domain(0), "identify", "consent_denied", 1);
    let labels = metrics
        .lines()
        .filter(|line| line.starts_with("ec_partner_outcomes_total{"));
    let labels: std::collections::BTreeSet<_> =
        labels.map(|line| line.split('"').nth(1).unwrap()).collect();
    assert_eq!(labels.len(), NAMED + 1);
    assert!(!metrics.contains("secret"), "{metrics}");
}
