//! The exchange with the publisher's origin: a page request is forwarded, and its answer comes back.
//!
//! The request target goes to the origin byte for byte. Framing is derived again in both directions, from the body itself.

mod body;
mod connection;
mod traffic;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::response::Response;
use http::header::{CONTENT_LENGTH, HOST};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use hyper::body::Incoming;

use body::Steady;
pub(super) use connection::MOST_IDLE;
use connection::{Connection, Connector, IdleConnections};
use edge_cookie::policy::publisher::OriginUrl;
use edge_cookie::policy::settings::Organic;
use edge_cookie::policy::types::Millis;
use edge_cookie_service::{AnswerFault, check_answer, origin_target};

/// The way to the origin: connections that wait for a next request, and a connector for new ones.
pub(super) struct OriginClient {
    connector: Connector,
    idle: Arc<IdleConnections>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum OriginError {
    /// There is no connection.
    #[error("cannot connect to the origin: {0}")]
    Connect(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The connection ended before any byte of an answer.
    #[error("the origin closed the connection without an answer: {0}")]
    Unanswered(#[source] hyper::Error),
    /// The exchange failed with an answer under way, or the client's body broke off.
    #[error("the exchange with the origin failed: {0}")]
    Exchange(#[from] hyper::Error),
    /// A limit of time is over.
    #[error("the origin took longer than `{setting}` ({limit})")]
    Late {
        /// The setting that says so.
        setting: &'static str,
        /// Its value.
        limit: Millis,
    },
    /// What it answered is no answer to this request.
    #[error("the origin's answer cannot be used: {0}")]
    Answer(#[from] AnswerFault),
}

impl OriginError {
    /// Whether the origin was only too slow.
    pub(super) const fn is_late(&self) -> bool {
        matches!(self, Self::Late { .. })
    }
}

/// How long each step of an exchange may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct OriginTimeouts {
    connect: Millis,
    head: Millis,
    progress: Millis,
}

impl From<&Organic> for OriginTimeouts {
    fn from(organic: &Organic) -> Self {
        Self {
            connect: organic.origin_connect_timeout,
            head: organic.origin_head_timeout,
            progress: organic.origin_progress_timeout,
        }
    }
}

/// What the origin is asked, but for a body.
struct Asked {
    method: Method,
    target: Uri,
    headers: HeaderMap,
}

impl OriginClient {
    /// The way to it, with at most so many connections that wait for a next request.
    pub(super) fn new(most_idle: usize) -> std::io::Result<Self> {
        Ok(Self {
            connector: Connector::new()?,
            idle: Arc::new(IdleConnections::new(most_idle)),
        })
    }

    /// The origin's page; the request's head is prepared, and its body is forwarded as it comes.
    ///
    /// A request is sent twice in one case only: it is idempotent and has no body, and the reused connection that it went
    /// out on ended before any byte of an answer (RFC 9110, section 9.2.2). Any other request gets a connection of its
    /// own, which the origin has no reason to have closed.
    pub(super) async fn page(
        &self,
        url: &OriginUrl,
        head: Parts,
        body: Body,
        limits: OriginTimeouts,
    ) -> Result<Response, OriginError> {
        let asked = Asked::of(head, url);
        let repeatable = asked.method.is_idempotent() && body.is_end_stream();
        if repeatable && let Some(reused) = self.idle.take(url) {
            let answered = self.exchange(reused, asked.request(), limits).await;
            if !matches!(answered, Err(OriginError::Unanswered(_))) {
                return answered;
            }
        }
        let fresh = self.connector.connect(url, limits.connect).await?;
        self.exchange(fresh, asked.with_body(body), limits).await
    }

    /// Sends a request on this connection, which is kept for a next one once its answer is over.
    async fn exchange(
        &self,
        mut connection: Connection,
        request: Request<Body>,
        limits: OriginTimeouts,
    ) -> Result<Response, OriginError> {
        let method = request.method().clone();
        let answer = connection.send(request, limits.head).await?;
        let (mut head, body) = answer.into_parts();
        check_answer(head.status, &mut head.headers)?;
        // How long an answer is follows from its body. One to `HEAD` has none, and states the length of another.
        if method != Method::HEAD {
            head.headers.remove(CONTENT_LENGTH);
        }
        IdleConnections::keep(&self.idle, connection);
        Ok(page_of(head, body, limits.progress.duration()))
    }
}

/// The page with this head, whose extensions and version are the origin's connection's own.
fn page_of(head: http::response::Parts, body: Incoming, progress: Duration) -> Response {
    // An empty body is known to be empty.
    let body = if body.is_end_stream() {
        Body::empty()
    } else {
        Body::new(Steady::new(body, progress))
    };
    let mut page = Response::new(body);
    *page.status_mut() = head.status;
    *page.headers_mut() = head.headers;
    page
}

impl Asked {
    fn of(head: Parts, url: &OriginUrl) -> Self {
        let mut headers = head.headers;
        // How the body is framed follows from the body.
        headers.remove(CONTENT_LENGTH);
        if let Ok(host) = HeaderValue::from_str(&url.host_header()) {
            headers.insert(HOST, host);
        }
        let root = || PathAndQuery::from_static("/");
        let target = head.uri.into_parts().path_and_query.unwrap_or_else(root);
        Self {
            method: head.method,
            target: origin_target(url, target).into(),
            headers,
        }
    }

    /// A request without a body, which may be needed once more.
    fn request(&self) -> Request<Body> {
        let asked = Self {
            method: self.method.clone(),
            target: self.target.clone(),
            headers: self.headers.clone(),
        };
        asked.with_body(Body::empty())
    }

    fn with_body(self, body: Body) -> Request<Body> {
        let mut request = Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.target;
        *request.headers_mut() = self.headers;
        request
    }
}
