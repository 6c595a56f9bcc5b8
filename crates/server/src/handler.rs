//! One request: from the connection to the service and back.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt;
use http::header::HeaderName;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use hyper::body::{Frame, SizeHint};
use tracing::{error, info, warn};

use super::handles::{ConnectionLimits, handle_limit};
use super::origin::{OriginClient, OriginTimeouts};
use super::progress::{Deadline, TimedRequestBody};
use super::{
    Metrics, NativePlatform, Outbox, OutboxError, ReloadError, ServeError, Stores, forwarded_client,
};
use edge_cookie::clock::{Clock, SystemClock};
use edge_cookie::policy::known_setting;
use edge_cookie_service::{
    BodyError, Client, Incoming, Reply, Route, Service, Setup, Unclaimed, mark_own,
};

/// A server's state: what it serves, which a reload replaces, and what outlives that.
pub struct Server {
    serving: RwLock<Arc<Service<NativePlatform>>>,
    stores: Stores,
    origin: OriginClient,
    connections: ConnectionLimits,
    metrics: Arc<Metrics>,
    ids: RequestIds,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long a client that is refused while it sends may pause before it is hung up on.
const DRAIN_PATIENCE: Duration = Duration::from_millis(100);

/// The longest request id that is taken over from the sender.
const MAX_REQUEST_ID: usize = 64;

impl Server {
    /// A server of `setup` over `stores`.
    ///
    /// # Errors
    ///
    /// Where the connections to the origin cannot be prepared.
    pub fn new(setup: Setup, stores: Stores) -> Result<Self, ServeError> {
        let metrics = Arc::new(Metrics::default());
        metrics.set_policy(&setup);
        let platform = NativePlatform::new(&stores, setup.policy(), Arc::clone(&metrics));
        let connections = ConnectionLimits::of(setup.policy(), handle_limit());
        Ok(Self {
            connections,
            serving: RwLock::new(Arc::new(Service::new(platform, setup))),
            stores,
            origin: OriginClient::new(connections.idle).map_err(ServeError::Tls)?,
            metrics,
            ids: RequestIds::default(),
        })
    }

    /// This server with an outbox for withdrawals that its store does not take, or with the reason why it has none.
    #[must_use]
    pub fn with_outbox(self, opened: Result<Outbox, OutboxError>) -> Self {
        let opened = opened.map(Arc::new).map_err(|why| {
            error!(%why, "the server runs without an outbox");
            why.to_string().into()
        });
        let serving = self.serving();
        let platform = serving.platform().clone().with_outbox(opened);
        let service = Service::new(platform, serving.setup().clone());
        *self.serving.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(service);
        self
    }

    /// What it serves at this moment.
    pub fn serving(&self) -> Arc<Service<NativePlatform>> {
        let serving = self.serving.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&serving)
    }

    /// What it counts.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How many connections it takes.
    pub(super) const fn connections(&self) -> ConnectionLimits {
        self.connections
    }

    /// Applies a changed policy; where it cannot be used, the current one stays active and health says why.
    pub fn reload(&self, changed: Result<Setup, ReloadError>) {
        let serving = self.serving();
        let changed = changed.and_then(|changed| match needs_restart(serving.setup(), &changed) {
            Some(key) => Err(ReloadError::NeedsRestart(key)),
            None => Ok(changed),
        });
        let (setup, failed) = match changed {
            Ok(setup) => (setup, None),
            Err(why) => {
                let setup = serving.setup().clone().with_trouble(why.to_string());
                (setup, Some(why))
            }
        };
        let setup = setup.reloaded_at(SystemClock.now().timestamp());
        self.metrics.set_policy(&setup);
        let platform = serving.platform().under(&self.stores, setup.policy());
        let service = Arc::new(Service::new(platform, setup));
        *self.serving.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&service);
        // What the log says is so by then.
        if let Some(why) = failed {
            self.metrics.reload_failed();
            error!(
                %why,
                "the new policy cannot be used: the previous one stays active"
            );
        } else {
            let (profile, digest) = (
                service.setup().profile(),
                service.setup().policy().digest.mark(),
            );
            info!(profile, digest, "a changed policy is effective");
        }
    }

    /// Answers one request from a connection of `peer`.
    pub(super) async fn answer(&self, request: Request<Body>, peer: IpAddr) -> Response {
        let start = Instant::now();
        let service = self.serving();
        let (head, body) = request.into_parts();
        let id = self.ids.of(&head.headers);
        let route = Route::name_of(head.uri.path(), service.setup());
        let method = head.method.clone();
        let deadline = Deadline::new((&service.setup().policy().local).into());
        let body = TimedRequestBody::of(body, &deadline);
        let mut answer = tokio::select! {
            // A client that is too slow gets its own answer, before any error that its body causes.
            biased;
            client = deadline.passed() => too_late(client),
            answer = self.served(&service, head, body, peer) => answer,
        };
        let took = start.elapsed();
        let status = answer.status().as_u16();
        self.metrics.answered(route, status, took);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        info!(request_id = id, %method, route, status, micros, "answered");
        if let Ok(id) = HeaderValue::from_str(&id) {
            answer.headers_mut().insert(REQUEST_ID, id);
        }
        answer
    }

    async fn served(
        &self,
        service: &Service<NativePlatform>,
        head: Parts,
        body: Body,
        peer: IpAddr,
    ) -> Response {
        let client = client(&head.headers, peer, service.setup());
        let mut body = RequestBody(Some(body), None);
        match service.answer(&head, &mut body, &client).await {
            Reply::Answer(answer) => {
                let most = service.setup().policy().sync.max_body_bytes;
                body.drain(most as usize).await;
                answer.map(Body::from)
            }
            Reply::PassOn(page) => {
                let (Some(url), Some(body)) = (&service.setup().publisher().origin_url, body.0)
                else {
                    return no_origin();
                };
                let mut head = head;
                page.prepare(&mut head.headers, client.address);
                let limits = OriginTimeouts::from(&service.setup().policy().organic);
                let exchange = self.origin.page(url, head, body, limits);
                match exchange.await {
                    Ok(mut answer) => {
                        let unclaimed = service.complete(page, answer.headers_mut()).await;
                        claimed_with_its_head(answer, unclaimed)
                    }
                    Err(error) => {
                        warn!(%error, "cannot get the page from the origin");
                        let mut answer = if error.is_late() {
                            failed(StatusCode::GATEWAY_TIMEOUT, TIMEOUT)
                        } else {
                            no_origin()
                        };
                        page.fail(answer.headers_mut());
                        answer
                    }
                }
            }
        }
    }
}

/// The answer, whose new id is claimed once its head is on its way: a connection asks for the body only then. Where
/// the client went before, the answer is dropped, and the record with it.
///
/// A connection never asks for a body that is empty: that answer is claimed here and now.
fn claimed_with_its_head(
    answer: Response,
    unclaimed: Option<Unclaimed<NativePlatform>>,
) -> Response {
    let Some(unclaimed) = unclaimed else {
        return answer;
    };
    if answer.body().is_end_stream() {
        unclaimed.claim();
        return answer;
    }
    answer.map(|body| {
        Body::new(Claiming {
            body,
            unclaimed: Some(unclaimed),
        })
    })
}

/// A body that claims a new id when it is first asked for.
struct Claiming {
    body: Body,
    unclaimed: Option<Unclaimed<NativePlatform>>,
}

impl HttpBody for Claiming {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(unclaimed) = self.unclaimed.take() {
            unclaimed.claim();
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

const TIMEOUT: &str = r#"{"error":"timeout"}"#;

/// The answer to a request whose time is over, for want of its body or of ours.
fn too_late(for_the_client: bool) -> Response {
    if !for_the_client {
        return failed(StatusCode::GATEWAY_TIMEOUT, TIMEOUT);
    }
    let mut answer = failed(StatusCode::REQUEST_TIMEOUT, TIMEOUT);
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(http::header::CONNECTION, close);
    answer
}

fn no_origin() -> Response {
    failed(StatusCode::BAD_GATEWAY, r#"{"error":"origin_unavailable"}"#)
}

fn failed(status: StatusCode, body: &'static str) -> Response {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    answer
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, json);
    mark_own(answer.headers_mut());
    answer
}

/// The key below `ec` of the first setting that differs and that a running server cannot take up.
fn needs_restart(old: &Setup, new: &Setup) -> Option<&'static str> {
    let (old, new) = (old.policy().values(), new.policy().values());
    let mut differing = old.iter().zip(&new).filter(|(was, is)| was != is);
    differing.find_map(|((key, _), _)| {
        known_setting(key)
            .filter(|setting| setting.restart)
            .map(|setting| setting.key)
    })
}

fn client(headers: &HeaderMap, peer: IpAddr, setup: &Setup) -> Client {
    let local = &setup.policy().local;
    let address = forwarded_client(peer, headers, |address| {
        local.trusted_proxies.contains(address)
    });
    Client {
        address,
        place: local.geo.clone(),
    }
}

/// Ids of requests, to find one again in logs: a count, hashed under a key of this run so that it reveals nothing.
#[derive(Default)]
struct RequestIds {
    key: RandomState,
    count: AtomicU64,
}

impl RequestIds {
    /// The request's own id where it has a plain one, else the next.
    fn of(&self, headers: &HeaderMap) -> String {
        let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let usable = |id: &&str| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(plain);
        given
            .filter(usable)
            .map_or_else(|| self.next(), str::to_owned)
    }

    fn next(&self) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}", self.key.hash_one(count))
    }
}

/// The body of a request: whole until it is first read.
struct RequestBody(Option<Body>, Option<BodyDataStream>);

impl RequestBody {
    /// Reads on to the end, as far as a body may go: a client that is refused while it sends reads its answer only then.
    async fn drain(&mut self, most: usize) {
        if self.0.as_ref().is_some_and(HttpBody::is_end_stream) {
            return;
        }
        let mut read = 0;
        while read <= most {
            match tokio::time::timeout(DRAIN_PATIENCE, self.part()).await {
                Ok(Ok(Some(part))) => read += part.len(),
                _ => return,
            }
        }
    }
}

impl Incoming for RequestBody {
    async fn part(&mut self) -> Result<Option<Bytes>, BodyError> {
        if let Some(body) = self.0.take() {
            self.1 = Some(body.into_data_stream());
        }
        match &mut self.1 {
            None => Ok(None),
            Some(parts) => parts
                .next()
                .await
                .transpose()
                .map_err(|_| BodyError::BrokenOff),
        }
    }
}
