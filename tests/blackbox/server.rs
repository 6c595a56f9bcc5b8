//! The server under test: one at `EC_BASE_URL`, several with commas between them that share a store, else an `ec serve`
//! of the test's own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What both servers run under.
const CONFIG: &str = concat!(env!("REPOSITORY"), "/tests/blackbox/trusted-server.toml");

pub const OPERATOR: &str = "operator-token-0123456789";
/// The user name and password that operators may come in with instead.
pub const BASIC: (&str, &str) = ("operator", "the password of operators");
pub const ONE: &str = "token-of-one";
pub const TWO: &str = "token-of-two";
pub const THREE: &str = "token-of-three";
pub const LIMITED: &str = "token-of-limited";
pub const DISABLED: &str = "token-of-disabled";

pub const BATCH_SYNC: &str = "/_ts/api/v1/batch-sync";
pub const IDENTIFY: &str = "/_ts/api/v1/identify";
pub const HEALTH: &str = "/_ts/health";

/// How long an answer to hostile bytes is waited for: some of them are owed none.
const PATIENCE: Duration = Duration::from_secs(3);

/// A visitor in California who has not opted out: where both servers take a client on loopback to be.
pub const CONSENT: (&str, &str) = ("us_privacy", "1YNN");

pub struct Server {
    /// Servers that pass for one: requests take turns on them.
    bases: Vec<String>,
    turn: AtomicUsize,
    process: Option<Child>,
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Server {
    pub fn start() -> Self {
        if let Ok(bases) = std::env::var("EC_BASE_URL") {
            return Self {
                bases: bases.split(',').map(str::to_owned).collect(),
                turn: AtomicUsize::new(0),
                process: None,
            };
        }
        let mut process = Command::new(env!("CARGO_BIN_EXE_ec"))
            .args(["serve", "--config", CONFIG, "--policies", "no-profiles"])
            .args([
                "--addr",
                "127.0.0.1:0",
                "--store",
                "memory",
                "--geo",
                "US-CA",
            ])
            .env("EC_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let base = line
            .split_whitespace()
            .find(|word| word.starts_with("http"))
            .unwrap()
            .to_owned();
        Self {
            bases: vec![base],
            turn: AtomicUsize::new(0),
            process: Some(process),
        }
    }

    /// Whose turn it is.
    fn base(&self) -> &str {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        &self.bases[turn % self.bases.len()]
    }

    /// Whether this is the edge's emulator, whose rate limiter never trips.
    pub fn is_emulator(&self) -> bool {
        std::env::var("EC_PLATFORM").is_ok_and(|platform| platform == "edge")
    }

    pub fn ask(&self, method: &str, path: &str) -> Ask {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base()));
        Ask {
            request,
            cookies: Vec::new(),
        }
    }

    pub fn get(&self, path: &str) -> Ask {
        self.ask("GET", path)
    }

    pub fn admin(&self, method: &str, path: &str) -> Ask {
        self.ask(method, &format!("/_ts/admin/v1/{path}"))
            .token(OPERATOR)
    }

    /// A batch of mappings from the partner of `token`.
    pub fn sync(&self, token: &str, mappings: &[Value]) -> Answer {
        let body = serde_json::json!({ "mappings": mappings });
        self.ask("POST", BATCH_SYNC)
            .token(token)
            .send_body(body.to_string())
    }

    /// A new visitor's id.
    pub fn visitor(&self) -> String {
        let answer = self.get("/").consenting().send();
        answer
            .new_id()
            .unwrap_or_else(|| panic!("a new visitor gets an id: {answer:?}"))
    }

    /// What becomes of a user's record.
    pub fn record(&self, id: &str) -> Value {
        self.admin("GET", &format!("ec/{id}")).send().json()
    }

    pub fn state(&self, id: &str) -> String {
        self.record(id)["state"]
            .as_str()
            .unwrap_or("absent")
            .to_owned()
    }

    /// Sends bytes as they are, and reads what comes back until the server closes.
    pub fn raw(&self, request: &[u8]) -> String {
        self.send_raw(request, false)
    }

    /// Sends bytes as they are, and then breaks off.
    pub fn raw_broken_off(&self, request: &[u8]) -> String {
        self.send_raw(request, true)
    }

    fn send_raw(&self, request: &[u8], break_off: bool) -> String {
        let address = self.base().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        // A server that has refused a request already may close before it has read all of it.
        let _ = stream.write_all(request);
        if break_off {
            let _ = stream.shutdown(std::net::Shutdown::Write);
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

pub struct Ask {
    request: ureq::http::request::Builder,
    cookies: Vec<String>,
}

impl Ask {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// A user name and password, as `curl -u` sends them.
    pub fn basic(self, (username, password): (&str, &str)) -> Self {
        let pair = STANDARD.encode(format!("{username}:{password}"));
        self.header("authorization", &format!("Basic {pair}"))
    }

    pub fn cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.push(format!("{name}={value}"));
        self
    }

    pub fn ec(self, id: &str) -> Self {
        self.cookie("ts-ec", id)
    }

    /// A page view, by a visitor who has not opted out.
    pub fn consenting(self) -> Self {
        self.header("accept", "text/html")
            .cookie(CONSENT.0, CONSENT.1)
    }

    pub fn withdrawing(self) -> Self {
        self.header("sec-gpc", "1")
    }

    pub fn send(self) -> Answer {
        self.send_body(String::new())
    }

    pub fn send_body(mut self, body: impl Into<Vec<u8>>) -> Answer {
        if !self.cookies.is_empty() {
            self.request = self.request.header("cookie", self.cookies.join("; "));
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(10 * PATIENCE))
            .allow_non_standard_methods(true)
            .max_redirects(0);
        let agent: ureq::Agent = config.build().into();
        let body: Vec<u8> = body.into();
        let answer = if body.is_empty() {
            agent.run(self.request.body(()).unwrap())
        } else {
            agent.run(self.request.body(body).unwrap())
        };
        let (head, mut body) = answer.unwrap().into_parts();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.read_to_string().unwrap(),
        }
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: ureq::http::HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Every value of a header, in order.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }

    /// The names of the headers that begin so.
    pub fn headers_like(&self, prefix: &str) -> Vec<&str> {
        let names = self.headers.keys().map(ureq::http::HeaderName::as_str);
        names.filter(|name| name.starts_with(prefix)).collect()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The status and the word of a refusal.
    pub fn refusal(&self) -> (u16, String) {
        (
            self.status,
            self.json()["error"].as_str().unwrap_or_default().to_owned(),
        )
    }

    /// Every cookie that the answer sets, in order.
    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers("set-cookie")
    }

    pub fn set_cookie(&self) -> Option<&str> {
        self.header("set-cookie")
    }

    /// The id that the answer gives the browser.
    pub fn new_id(&self) -> Option<String> {
        let (name, rest) = self.set_cookie()?.split_once('=')?;
        let id = rest.split(';').next()?;
        (name == "ts-ec" && !id.is_empty()).then(|| id.to_owned())
    }

    /// Whether the answer takes the browser's id away.
    pub fn expires_cookie(&self) -> bool {
        self.set_cookie()
            .is_some_and(|cookie| cookie.starts_with("ts-ec=;") && cookie.contains("; Max-Age=0;"))
    }
}

/// The time by the machine's clock, in Unix seconds.
pub fn now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

pub fn mapping(id: &str, uid: &str) -> Value {
    serde_json::json!({ "ec_id": id, "partner_uid": uid, "timestamp": now() })
}

/// An id of the right form that no one was given.
pub fn forged() -> String {
    use std::hash::{BuildHasher, RandomState};
    let hash = RandomState::new().hash_one(());
    format!("{hash:016x}{hash:016x}{hash:016x}{hash:016x}.Forged")
}
