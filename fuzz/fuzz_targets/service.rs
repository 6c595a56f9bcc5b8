//! The service in this process, over a store in memory.
#![allow(dead_code, reason = "each target takes what it needs")]

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use edge_cookie::clock::SystemClock;
use edge_cookie::config::{PolicyFiles, PolicySources};
use edge_cookie::policy::types::{Locality, Secret};
use edge_cookie::store::MemoryStore;
use edge_cookie_server::{Metrics, NativePlatform, Stores};
use edge_cookie_service::{Client, Reply, Service, Setup};
use http::header::HOST;
use http::{HeaderValue, Request};
use tokio::runtime::Runtime;

pub const CONFIG: &str = r#"
[publisher]
domain = "publisher.example"
[ec]
passphrase = "fuzz"
admin_token = "operator"
[ec.sync]
rate_limit = 1000000
[[ec.partners]]
source_domain = "a.com"
api_token = "token-a"
"#;

/// What a service runs under, by the text of its configuration.
pub fn setup(config: &str) -> Setup {
    let path = PathBuf::from("no-folder/trusted-server.toml");
    let sources = PolicySources {
        edited: vec![(path.clone(), config.to_owned())],
        policies: PathBuf::from("no-folder/policies"),
        config: path,
        ..PolicySources::default()
    };
    let loaded = PolicyFiles::open(sources)
        .and_then(|mut files| files.load("development"))
        .expect("the policy is this file's own");
    let reveal = |secret: &Secret| match secret {
        Secret::Literal(secret) => Some(secret.clone()),
        _ => None,
    };
    Setup::new(&loaded.profile, &loaded.resolved, &loaded.publisher, reveal)
        .expect("every secret is there")
}

/// Stores in memory.
pub fn stores() -> Stores {
    Stores::Own {
        graph: Arc::new(MemoryStore::new(SystemClock)),
        partners: Arc::new(MemoryStore::new(SystemClock)),
    }
}

pub struct Served {
    service: Service<NativePlatform>,
    runtime: Runtime,
    client: Client,
}

impl Served {
    pub fn new() -> Self {
        let setup = setup(CONFIG);
        let stores = stores();
        let home = NativePlatform::new(&stores, setup.policy(), Arc::new(Metrics::default()));
        Self {
            service: Service::new(home, setup),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
            client: Client {
                address: Some([203, 0, 113, 7].into()),
                place: Locality::parse("US-CA"),
            },
        }
    }

    /// The status of the answer; none where the page is handed on.
    pub fn ask(&self, request: Request<Bytes>) -> Option<u16> {
        let (mut head, body) = request.into_parts();
        let host = HeaderValue::from_static("publisher.example");
        head.headers.insert(HOST, host);
        let mut body = body;
        let answered = self.service.answer(&head, &mut body, &self.client);
        match self.runtime.block_on(answered) {
            Reply::Answer(answer) => Some(answer.status().as_u16()),
            Reply::PassOn(_) => None,
        }
    }
}
