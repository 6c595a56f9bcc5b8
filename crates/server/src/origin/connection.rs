//! Connections to the origin: each is used for one request at a time, and kept for the next.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::service::Service;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::time::{Instant, timeout, timeout_at};

use super::OriginError;
use super::traffic::{Traffic, Watched};
use edge_cookie::policy::publisher::OriginUrl;
use edge_cookie::policy::types::Millis;

/// How long a connection may wait for its next request. Servers close theirs after a minute or so.
const LONGEST_IDLE: Duration = Duration::from_secs(60);

/// The most connections that wait for a next request.
pub(crate) const MOST_IDLE: u32 = 64;

/// Makes connections, by TLS with the system's roots where the origin's address says so.
///
/// The origin is the publisher's own: its visitors' cookies are for no proxy that happens to be configured.
pub(super) struct Connector(TowerToHyperService<HttpsConnector<HttpConnector>>);

/// A connection that takes one request at a time.
pub(super) struct Connection {
    url: OriginUrl,
    sender: SendRequest<Body>,
    traffic: Arc<Traffic>,
    idle_since: Instant,
}

impl Connector {
    pub(super) fn new() -> std::io::Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        // A request is written whole: waiting to fill a packet only delays it.
        tcp.set_nodelay(true);
        let tls = HttpsConnectorBuilder::new()
            .with_provider_and_platform_verifier(rustls::crypto::ring::default_provider())?;
        let connector = tls.https_or_http().enable_http1().wrap_connector(tcp);
        Ok(Self(TowerToHyperService::new(connector)))
    }

    /// A new connection, TLS included.
    pub(super) async fn connect(
        &self,
        url: &OriginUrl,
        limit: Millis,
    ) -> Result<Connection, OriginError> {
        let connected = timeout(limit.duration(), self.open(url)).await;
        connected.unwrap_or(Err(OriginError::Late {
            setting: "organic.origin_connect_timeout",
            limit,
        }))
    }

    async fn open(&self, url: &OriginUrl) -> Result<Connection, OriginError> {
        let uri: Uri = url.to_string().parse().map_err(|error| {
            let error: http::uri::InvalidUri = error;
            OriginError::Connect(error.into())
        })?;
        let stream = self.0.call(uri).await.map_err(OriginError::Connect)?;
        let traffic = Traffic::new();
        let stream = Watched {
            stream: TokioIo::new(stream),
            traffic: Arc::clone(&traffic),
        };
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with its sender or by the origin; its last exchange returns the error, if any.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Connection {
            url: url.clone(),
            sender,
            traffic,
            idle_since: Instant::now(),
        })
    }
}

impl Connection {
    /// Sends a request, and waits for the head of its answer: as long as `limit` from the last byte that went out.
    pub(super) async fn send(
        &mut self,
        request: Request<Body>,
        limit: Millis,
    ) -> Result<Response<Incoming>, OriginError> {
        let before = self.traffic.received();
        self.traffic.mark_sent();
        let mut answer = pin!(self.sender.send_request(request));
        loop {
            let deadline = self.traffic.last_sent() + limit.duration();
            match timeout_at(deadline, answer.as_mut()).await {
                Ok(Ok(answer)) => return Ok(answer),
                // One that was cancelled was never sent.
                Ok(Err(error)) if error.is_canceled() => {
                    return Err(OriginError::Unanswered(error));
                }
                Ok(Err(error)) if !error.is_user() && self.traffic.received() == before => {
                    return Err(OriginError::Unanswered(error));
                }
                Ok(Err(error)) => return Err(error.into()),
                Err(_) if self.traffic.last_sent() + limit.duration() > deadline => {}
                Err(_) => {
                    return Err(OriginError::Late {
                        setting: "organic.origin_head_timeout",
                        limit,
                    });
                }
            }
        }
    }

    fn takes_a_request_to(&self, url: &OriginUrl) -> bool {
        self.url == *url && self.idle_since.elapsed() < LONGEST_IDLE && self.sender.is_ready()
    }
}

/// Connections that wait for a next request, the last used last.
pub(super) struct IdleConnections {
    kept: Mutex<Vec<Connection>>,
    most: usize,
}

impl IdleConnections {
    /// None yet, and never more than `most`.
    pub(super) fn new(most: usize) -> Self {
        Self {
            kept: Mutex::default(),
            most,
        }
    }

    /// The connection used last to this origin. Those that are of no more use are dropped on the way.
    pub(super) fn take(&self, url: &OriginUrl) -> Option<Connection> {
        let mut idle = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(connection) = idle.pop() {
            if connection.takes_a_request_to(url) {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection once the answer that is under way on it has come to its end; one that is closed is dropped.
    pub(super) fn keep(idle: &Arc<Self>, mut connection: Connection) {
        let idle = Arc::clone(idle);
        tokio::spawn(async move {
            if poll_fn(|context| connection.sender.poll_ready(context))
                .await
                .is_err()
            {
                return;
            }
            connection.idle_since = Instant::now();
            let mut kept = idle.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= idle.most {
                kept.remove(0);
            }
            kept.push(connection);
        });
    }
}
