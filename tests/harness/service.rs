//! The service in the test's own process, on this machine's platform, over a store that the test brings.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use edge_cookie::clock::{SystemClock, Timestamp};
use edge_cookie::config::{PolicyFiles, PolicySources};
use edge_cookie::policy::types::Secret;
use edge_cookie::store::{Consistency, Insert, KvStore, MemoryStore, Removed, StoreError, Stored};
use edge_cookie_server::{Metrics, NativePlatform, Outbox, SharedStore, Stores};
use edge_cookie_service::{Client, Platform, Reply, Service, Setup};
use http::{HeaderValue, Request, Response};

pub const CONFIG: &str = r#"
[publisher]
domain = "publisher.example"
[ec]
passphrase = "test"
admin_token = "operator"
[[ec.partners]]
source_domain = "a.com"
api_token = "token-a"
"#;

pub const BATCH_SYNC: &str = "/_ts/api/v1/batch-sync";
pub const IDENTIFY: &str = "/_ts/api/v1/identify";
pub const HEALTH: &str = "/_ts/health";

pub struct Served {
    pub service: Service<NativePlatform>,
    pub metrics: Arc<Metrics>,
    runtime: tokio::runtime::Runtime,
    client: Client,
}

pub type Answer = Response<Bytes>;

/// The setup that these overrides make of a plain publisher's policy.
pub fn setup(sets: &[&str]) -> Setup {
    setup_of(CONFIG, sets)
}

/// The setup that these overrides make of a configuration.
pub fn setup_of(config: &str, sets: &[&str]) -> Setup {
    let text = config;
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("trusted-server.toml");
    std::fs::write(&config, text).unwrap();
    let sources = PolicySources {
        config,
        policies: folder.path().join("policies"),
        sets: sets.iter().map(|set| format!("ec.{set}")).collect(),
        ..PolicySources::default()
    };
    let loaded = PolicyFiles::open(sources)
        .unwrap()
        .load("development")
        .unwrap();
    assert!(
        loaded.resolved.is_usable(),
        "{:?}",
        loaded.resolved.findings
    );
    Setup::new(
        &loaded.profile,
        &loaded.resolved,
        &loaded.publisher,
        |secret| match secret {
            Secret::Literal(secret) => Some(secret.clone()),
            _ => None,
        },
    )
    .unwrap()
}

pub type Memory = MemoryStore<SystemClock>;

/// A store that does something before each call, and may refuse it.
pub struct Before<F> {
    pub memory: Memory,
    calls: AtomicUsize,
    act: F,
}

/// The calls of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Read,
    Write,
}

impl<F: Fn(Call) -> Result<(), StoreError>> Before<F> {
    pub fn new(act: F) -> Arc<Self> {
        let (memory, calls) = (MemoryStore::new(SystemClock), AtomicUsize::new(0));
        Arc::new(Self { memory, calls, act })
    }

    fn act(&self, call: Call) -> Result<(), StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        (self.act)(call)
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl<F: Fn(Call) -> Result<(), StoreError>> KvStore for Before<F> {
    fn consistency(&self) -> Consistency {
        Consistency::Strong
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.act(Call::Read)?;
        self.memory.lookup(key)
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.act(Call::Read)?;
        self.memory.exists(key)
    }

    fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        self.act(Call::Write)?;
        self.memory.insert(key, insert)
    }

    fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        self.act(Call::Write)?;
        self.memory.delete(key)
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.act(Call::Read)?;
        self.memory.list(prefix, after, limit)
    }
}

impl Served {
    pub fn over(graph: SharedStore, sets: &[&str]) -> Self {
        Self::under(graph, setup(sets))
    }

    pub fn under(graph: SharedStore, setup: Setup) -> Self {
        Self::made(graph, setup, |home| home)
    }

    pub fn with_outbox(graph: SharedStore, setup: Setup, outbox: &Arc<Outbox>) -> Self {
        Self::made(graph, setup, |home| {
            home.with_outbox(Ok(Arc::clone(outbox)))
        })
    }

    /// Keeps a withdrawal that was made then; whether that is certain.
    pub fn keep(&self, id: &str, at: u64) -> bool {
        let (id, at) = (id.parse().unwrap(), Timestamp::from_unix(at));
        let kept = self.service.platform().keep_withdrawal(&id, at);
        self.runtime.block_on(kept)
    }

    /// Delivers a withdrawal that was made then; whether the store has taken it.
    pub fn deliver(&self, id: &str, at: u64) -> bool {
        let (id, at) = (id.parse().unwrap(), Timestamp::from_unix(at));
        self.runtime.block_on(self.service.deliver(&id, at))
    }

    fn made(
        graph: SharedStore,
        setup: Setup,
        with: impl FnOnce(NativePlatform) -> NativePlatform,
    ) -> Self {
        let partners: SharedStore = Arc::new(MemoryStore::new(SystemClock));
        let metrics = Arc::new(Metrics::default());
        let stores = Stores::Own { graph, partners };
        let home = with(NativePlatform::new(
            &stores,
            setup.policy(),
            Arc::clone(&metrics),
        ));
        Self {
            service: Service::new(home, setup),
            metrics,
            runtime: tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .unwrap(),
            client: Client {
                address: Some("203.0.113.7".parse().unwrap()),
                place: edge_cookie::policy::types::Locality::parse("US-CA"),
            },
        }
    }

    pub fn in_place(mut self, place: &str) -> Self {
        self.client.place = edge_cookie::policy::types::Locality::parse(place);
        self
    }

    pub fn at_address(mut self, address: &str) -> Self {
        self.client.address = Some(address.parse().unwrap());
        self
    }

    pub fn wait_for<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub fn reply(&self, request: Request<String>) -> Reply {
        let (mut head, body) = request.into_parts();
        let host = HeaderValue::from_static("publisher.example");
        head.headers.entry("host").or_insert(host);
        let mut body = Bytes::from(body);
        self.wait_for(self.service.answer(&head, &mut body, &self.client))
    }

    pub fn answer(&self, request: Request<String>) -> Answer {
        match self.reply(request) {
            Reply::Answer(answer) => answer,
            Reply::PassOn(_) => panic!("there is no origin"),
        }
    }

    /// A page asked for by a user who consents.
    pub fn page(&self, id: Option<&str>) -> Answer {
        let cookie = id.map_or_else(String::new, |id| format!("; ts-ec={id}"));
        let request = Request::get("/")
            .header("accept", "text/html")
            .header("cookie", format!("us_privacy=1YNN{cookie}"));
        self.answer(request.body(String::new()).unwrap())
    }

    /// A page asked for by a user who withdraws.
    pub fn withdraw(&self, id: &str) -> Answer {
        let request = Request::get("/")
            .header("sec-gpc", "1")
            .header("cookie", format!("ts-ec={id}"));
        self.answer(request.body(String::new()).unwrap())
    }

    pub fn identify(&self, id: &str) -> Answer {
        let request = Request::get(IDENTIFY)
            .header("authorization", "Bearer token-a")
            .header("cookie", format!("us_privacy=1YNN; ts-ec={id}"));
        self.answer(request.body(String::new()).unwrap())
    }

    /// A batch that maps each of these ids to a uid.
    pub fn sync(&self, ids: &[&str]) -> Answer {
        let mapping =
            |id: &&str| serde_json::json!({ "ec_id": id, "partner_uid": "u", "timestamp": now() });
        let mappings: Vec<_> = ids.iter().map(mapping).collect();
        self.post(serde_json::json!({ "mappings": mappings }).to_string())
    }

    pub fn post(&self, body: String) -> Answer {
        let request = Request::post(BATCH_SYNC).header("authorization", "Bearer token-a");
        self.answer(request.body(body).unwrap())
    }

    pub fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header("authorization", "Bearer operator");
        self.answer(request.body(String::new()).unwrap())
    }
}

pub fn now() -> u64 {
    use edge_cookie::clock::Clock;
    SystemClock.now().timestamp().unix()
}

/// An id like no other's.
pub fn id(number: u64) -> String {
    format!("{number:064x}.Ab3xY9")
}

pub fn body(answer: &Answer) -> serde_json::Value {
    serde_json::from_slice(answer.body()).unwrap()
}

pub fn set_cookie(answer: &Answer) -> Option<&str> {
    answer
        .headers()
        .get("set-cookie")
        .map(|cookie| cookie.to_str().unwrap())
}

/// The reasons of a batch's rejections.
pub fn reasons(answer: &Answer) -> Vec<String> {
    let errors = body(answer)["errors"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    errors
        .iter()
        .map(|error| error["reason"].as_str().unwrap().to_owned())
        .collect()
}
