//! Time limits that restart with progress: a client that reads or writes steadily is waited for, any other is cut off.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use edge_cookie::policy::settings::Local;

/// How long a client is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Longest wait without any progress (`local.request_timeout`).
    pub limit: Duration,
    /// Bytes a second at which a client is waited for without end (`local.min_bytes_per_second`).
    least_rate: u32,
}

impl From<&Local> for Pace {
    fn from(local: &Local) -> Self {
        Self {
            limit: Duration::from_secs(local.request_timeout.seconds()),
            least_rate: local.min_bytes_per_second,
        }
    }
}

impl Pace {
    /// How much longer a client is waited for that moved so many bytes, where `left` was left: as long as the least rate
    /// takes for them, and never longer than the limit.
    fn extend(self, left: Duration, bytes: usize) -> Duration {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let earned = if self.least_rate == 0 && bytes > 0 {
            self.limit
        } else {
            Duration::from_secs(u64::from(bytes)) / self.least_rate.max(1)
        };
        left.saturating_add(earned).min(self.limit)
    }
}

/// The wait for a client's next bytes: only the time in which they are waited for counts.
#[derive(Debug)]
struct Stall {
    pace: Pace,
    left: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Stall {
    const fn new(pace: Pace) -> Self {
        Self {
            pace,
            left: pace.limit,
            waiting: None,
        }
    }

    /// The client is waited for; ready once it was for too long.
    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let left = self.left;
        let start = || (Instant::now(), Box::pin(sleep(left)));
        let (_, over) = self.waiting.get_or_insert_with(start);
        over.as_mut().poll(context)
    }

    /// So many bytes came or went.
    fn moved(&mut self, bytes: usize) {
        if let Some((since, _)) = self.waiting.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        self.left = self.pace.extend(self.left, bytes);
    }
}

/// A connection that fails once its client has not read what was written for too long.
pub(super) struct ClientStream<S> {
    stream: S,
    stall: Stall,
}

impl<S> ClientStream<S> {
    pub(super) const fn new(stream: S, pace: Pace) -> Self {
        let stall = Stall::new(pace);
        Self { stream, stall }
    }

    fn written(
        &mut self,
        context: &mut Context<'_>,
        result: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match result {
            Poll::Pending => {
                ready!(self.stall.poll_over(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Ready(Ok(bytes)) => {
                self.stall.moved(bytes);
                result
            }
            Poll::Ready(Err(_)) => result,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ClientStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ClientStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.written(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// When a request is given up: `local.request_timeout` after it came, and later where its body makes progress.
#[derive(Debug)]
pub(super) struct Deadline {
    pace: Pace,
    state: Mutex<DeadlineState>,
}

#[derive(Debug)]
struct DeadlineState {
    at: Instant,
    client_is_waited_for: bool,
}

impl Deadline {
    pub(super) fn new(pace: Pace) -> Arc<Self> {
        let state = Mutex::new(DeadlineState {
            at: Instant::now() + pace.limit,
            client_is_waited_for: false,
        });
        Arc::new(Self { pace, state })
    }

    fn with<T>(&self, change: impl FnOnce(&mut DeadlineState) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn moved(&self, bytes: usize) {
        let now = Instant::now();
        self.with(|state| {
            state.at = now
                + self
                    .pace
                    .extend(state.at.saturating_duration_since(now), bytes);
            state.client_is_waited_for = false;
        });
    }

    /// Ends when the request is given up; whether it was the client that was waited for.
    pub(super) async fn passed(&self) -> bool {
        loop {
            let (at, client) = self.with(|state| (state.at, state.client_is_waited_for));
            if at <= Instant::now() {
                return client;
            }
            sleep_until(at).await;
        }
    }
}

/// A request's body that puts off its deadline while it comes, and fails once it has not come for too long.
pub(super) struct TimedRequestBody {
    body: Body,
    stall: Stall,
    deadline: Arc<Deadline>,
}

impl TimedRequestBody {
    /// `body` under `deadline`.
    pub(super) fn of(body: Body, deadline: &Arc<Deadline>) -> Body {
        if body.is_end_stream() {
            return body;
        }
        Body::new(Self {
            body,
            stall: Stall::new(deadline.pace),
            deadline: Arc::clone(deadline),
        })
    }
}

impl HttpBody for TimedRequestBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        match &frame {
            Poll::Pending => {
                self.deadline
                    .with(|state| state.client_is_waited_for = true);
                ready!(self.stall.poll_over(context));
                let late = io::Error::from(io::ErrorKind::TimedOut);
                Poll::Ready(Some(Err(axum::Error::new(late))))
            }
            Poll::Ready(part) => {
                let data = part
                    .as_ref()
                    .and_then(|part| part.as_ref().ok()?.data_ref());
                let bytes = data.map_or(0, Bytes::len);
                self.stall.moved(bytes);
                self.deadline.moved(bytes);
                frame
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_earns_the_time_that_the_least_rate_takes_and_never_more_than_the_limit() {
        let pace = |least_rate| Pace {
            limit: Duration::from_secs(30),
            least_rate,
        };
        for (least_rate, left, bytes, then) in [
            (1_024, 0, 10 * 1_024, 10),
            (1_024, 25, 10 * 1_024, 30),
            (1_024, 12, 0, 12),
            (1_024, 0, usize::MAX, 30),
            (0, 1, 1, 30),
            (0, 1, 0, 1),
        ] {
            let left = pace(least_rate).extend(Duration::from_secs(left), bytes);
            assert_eq!(left, Duration::from_secs(then), "{bytes} at {least_rate}");
        }
    }
}
