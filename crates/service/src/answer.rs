//! Answers: JSON, errors, and handing on to the origin.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::origin_request::OriginPage;
use super::shared_cache;

/// What the service makes of a request.
#[derive(Debug)]
pub enum Reply {
    /// This is the answer.
    Answer(Response<Bytes>),
    /// The page comes from the publisher's origin, and its answer is then completed.
    PassOn(OriginPage),
}

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The only value there is (Fetch standard, `X-Content-Type-Options`).
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

impl Reply {
    /// This reply, which also sets `cookies`. An answer that carries one is kept out of shared caches.
    pub(super) fn with_cookies(mut self, cookies: impl IntoIterator<Item = HeaderValue>) -> Self {
        match &mut self {
            Self::Answer(answer) => {
                shared_cache::set_cookies(answer.headers_mut(), cookies.into_iter().collect());
            }
            Self::PassOn(page) => page.cookies.extend(cookies),
        }
        self
    }

    /// This reply, marked as an answer of the service's own.
    pub(super) fn marked_own(mut self) -> Self {
        if let Self::Answer(answer) = &mut self {
            mark_own(answer.headers_mut());
        }
        self
    }
}

/// Marks an answer as the service's own: no cache keeps it, and no browser guesses a type for it that it does not have.
pub fn mark_own(headers: &mut HeaderMap) {
    shared_cache::forbid(headers);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
}

impl From<Response<Bytes>> for Reply {
    fn from(answer: Response<Bytes>) -> Self {
        Self::Answer(answer)
    }
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = status;
    answer
}

/// An answer of JSON bytes.
pub(super) fn json_bytes(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, JSON);
    answer
}

/// An answer of JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    // What is answered is strings, numbers and raw JSON, which always serialise.
    json_bytes(status, serde_json::to_vec(body).unwrap_or_default().into())
}

#[derive(Serialize)]
struct Refusal<'r> {
    error: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'r str>,
}

/// A refusal, in the word that clients know it by.
pub(super) fn refusal(status: StatusCode, error: &str) -> Response<Bytes> {
    let message = None;
    json(status, &Refusal { error, message })
}

/// There is nothing of this name.
pub(super) fn not_found() -> Response<Bytes> {
    refusal(StatusCode::NOT_FOUND, "not_found")
}

/// A refusal that says what exactly is wrong.
pub(super) fn refusal_because(status: StatusCode, error: &str, why: &str) -> Response<Bytes> {
    let message = Some(why);
    json(status, &Refusal { error, message })
}
