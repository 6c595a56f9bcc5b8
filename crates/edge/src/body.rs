//! A request's body, from the platform.

use std::io::Read;

use bytes::Bytes;
use fastly::Body;

use edge_cookie_service::{BodyError, Incoming};

/// How much of a body is read at once.
const PART: usize = 65_536;

/// A body that arrives.
pub(super) struct EdgeRequestBody(pub(super) Body);

impl Incoming for EdgeRequestBody {
    async fn part(&mut self) -> Result<Option<Bytes>, BodyError> {
        let mut part = vec![0; PART];
        let read = self.0.read(&mut part).map_err(|_| BodyError::BrokenOff)?;
        part.truncate(read);
        Ok((read > 0).then(|| part.into()))
    }
}
