//! The body of the origin's answer, with a limit on the time without progress.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep};

/// Why a body ended before its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum BrokenOff {
    /// The origin broke off.
    #[error("the origin broke off: {0}")]
    OriginClient(#[from] hyper::Error),
    /// It stood still.
    #[error("the origin sent nothing within `organic.origin_progress_timeout`")]
    Silent,
}

/// A body that fails where the next part is waited for longer than it may. A client that reads slowly does not count:
/// nothing is asked of the origin meanwhile.
pub(super) struct Steady {
    body: Incoming,
    limit: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Steady {
    pub(super) const fn new(body: Incoming, limit: Duration) -> Self {
        Self {
            body,
            limit,
            waiting: None,
        }
    }
}

impl Body for Steady {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.waiting = None;
            return Poll::Ready(frame.map(|frame| Ok(frame?)));
        }
        let limit = self.limit;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(limit)));
        waiting
            .as_mut()
            .poll(context)
            .map(|()| Some(Err(BrokenOff::Silent)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
