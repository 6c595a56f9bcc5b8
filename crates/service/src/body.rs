//! A request's body, read up to a limit.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;

/// A request's body, as the platform reads it.
pub trait Incoming: Send {
    /// The next part; none at the end.
    ///
    /// # Errors
    ///
    /// Where the client broke off.
    fn part(&mut self) -> impl Future<Output = Result<Option<Bytes>, BodyError>> + Send;
}

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// It is larger than it may be.
    #[error("the body is too large")]
    TooLarge,
    /// The client broke off.
    #[error("the body ended too early")]
    BrokenOff,
}

/// The whole body, where it has at most `limit` bytes; one that announces more is not read at all.
pub(super) async fn read(
    headers: &HeaderMap,
    body: &mut impl Incoming,
    limit: usize,
) -> Result<Bytes, BodyError> {
    let announced = headers.get(CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(BodyError::TooLarge);
    }
    let Some(first) = body.part().await? else {
        return Ok(Bytes::new());
    };
    let mut whole = BytesMut::from(first);
    loop {
        if whole.len() > limit {
            return Err(BodyError::TooLarge);
        }
        match body.part().await? {
            Some(part) => whole.extend_from_slice(&part),
            None => return Ok(whole.freeze()),
        }
    }
}

impl Incoming for Bytes {
    async fn part(&mut self) -> Result<Option<Bytes>, BodyError> {
        Ok((!self.is_empty()).then(|| std::mem::take(self)))
    }
}
