//! The exchange with the publisher's origin, by a backend made for it.

use fastly::backend::BackendCreationError;
use fastly::http::request::{SendError, SendErrorCause};
use fastly::{Backend, Body, Request};

use edge_cookie::policy::publisher::OriginUrl;
use edge_cookie::policy::settings::Organic;
use edge_cookie_service::{AnswerFault, check_answer};

const BACKEND: &str = "publisher_origin";

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoPage {
    /// There is no origin.
    #[error("there is no origin to ask: set `publisher.origin_url`")]
    NoOrigin,
    /// The backend cannot be made.
    #[error("cannot reach the origin: {0}")]
    Backend(#[from] BackendCreationError),
    /// The origin did not answer.
    #[error("the origin did not answer: {}", .0.root_cause())]
    Send(#[source] Box<SendError>),
    /// What it answered is no answer to this request.
    #[error("the origin's answer cannot be used: {0}")]
    Answer(#[from] AnswerFault),
}

impl NoPage {
    /// Whether the origin was only too slow.
    pub(super) fn is_late(&self) -> bool {
        let Self::Send(error) = self else {
            return false;
        };
        matches!(
            error.root_cause(),
            SendErrorCause::ConnectionTimeout | SendErrorCause::HttpResponseTimeout
        )
    }
}

/// The origin's page; the request's head is prepared. Its limits and its framing are the platform's.
pub(super) fn page(
    url: &OriginUrl,
    limits: &Organic,
    request: Request,
) -> Result<http::Response<Body>, NoPage> {
    let mut backend = Backend::builder(BACKEND, url.authority())
        .override_host(url.host())
        .connect_timeout(limits.origin_connect_timeout.duration())
        .first_byte_timeout(limits.origin_head_timeout.duration())
        .between_bytes_timeout(limits.origin_progress_timeout.duration());
    if url.is_https() {
        backend = backend
            .enable_ssl()
            .sni_hostname(url.host())
            .check_certificate(url.host());
    }
    let backend = match backend.finish() {
        Ok(backend) => backend,
        // Another request of this instance made it.
        Err(BackendCreationError::NameInUse) => {
            Backend::from_name(BACKEND).map_err(|_| BackendCreationError::NameInUse)?
        }
        Err(error) => return Err(error.into()),
    };
    let answered = request.with_pass(true).send(backend);
    let answered = answered.map_err(|error| NoPage::Send(Box::new(error)))?;
    let mut answer = http::Response::<Body>::from(answered);
    check_answer(answer.status(), answer.headers_mut())?;
    Ok(answer)
}
