//! Handing a page request on to the publisher's origin, by a backend made for it.

use fastly::backend::BackendCreationError;
use fastly::http::header;
use fastly::{Backend, Request, Response};

use crate::policy::publisher::OriginUrl;

const BACKEND: &str = "publisher_origin";

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoPage {
    /// The backend cannot be made.
    #[error("no way to the origin: {0}")]
    Backend(#[from] BackendCreationError),
    /// The origin did not answer.
    #[error("the origin did not answer: {0}")]
    Send(String),
}

/// The origin's page.
pub(super) fn page(url: &OriginUrl, mut request: Request) -> Result<Response, NoPage> {
    let mut backend = Backend::builder(BACKEND, url.authority()).override_host(url.host());
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
    if let Some(host) = request.remove_header(header::HOST) {
        request.set_header("x-forwarded-host", host);
    }
    let page = request.with_pass(true).send(backend);
    page.map_err(|error| NoPage::Send(error.root_cause().to_string()))
}
