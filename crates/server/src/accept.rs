//! Taking connections, and serving each within its limits.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::progress::{ClientStream, Pace};

/// The first wait after a connection could not be taken, doubled each time up to the longest.
const FIRST_ACCEPT_WAIT: Duration = Duration::from_millis(10);
const LONGEST_ACCEPT_WAIT: Duration = Duration::from_secs(1);

/// Most bytes that wait unsent for a client: what it reads is noticed before `local.request_timeout` is over, at the
/// least rate, too. What is under way to it does not count.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 32 * 1_024;

/// The limits of one connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClientLimits {
    /// How long its client is waited for: for a head in all, else for progress.
    pub pace: Pace,
    /// Maximum size of a request's head in bytes.
    pub max_header_bytes: usize,
}

/// Connections under way, as many at once as there are permits.
#[derive(Debug, Clone)]
pub(super) struct OpenConnections {
    permits: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl OpenConnections {
    /// None yet, and at most so many at once.
    pub(super) fn new(most: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.tasks.len()
    }

    /// Takes no more, closes idle ones, and waits until those under way have had their answers.
    pub(super) async fn finish(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Takes connections of `listener` until `finish` is signalled; `answering` makes the service of each.
    pub(super) async fn take<S>(
        self,
        listener: TcpListener,
        answering: impl Fn(SocketAddr) -> (S, ClientLimits),
    ) where
        S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
        S: Send + 'static,
        S::Future: Send,
    {
        let stop = self.stop.clone();
        let take = async {
            let mut wait = FIRST_ACCEPT_WAIT;
            // Clients beyond the last permit wait in the system's queue.
            while let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await {
                match listener.accept().await {
                    Ok((stream, peer)) => {
                        wait = FIRST_ACCEPT_WAIT;
                        let (service, limits) = answering(peer);
                        self.serve(stream, service, limits, permit);
                    }
                    Err(error) if is_of_one_client(&error) => {}
                    Err(error) => {
                        // What is short now (file handles, say) may not be after a while.
                        warn!(%error, "cannot take a connection");
                        sleep(wait).await;
                        wait = (wait + wait).min(LONGEST_ACCEPT_WAIT);
                    }
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = take => {}
        }
    }

    /// Serves one connection in a task of its own.
    fn serve<S>(
        &self,
        stream: TcpStream,
        service: S,
        limits: ClientLimits,
        permit: OwnedSemaphorePermit,
    ) where
        S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
        S: Send + 'static,
        S::Future: Send,
    {
        // Answers are small and whole: waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        #[cfg(target_os = "linux")]
        let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES);
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let _permit = permit;
            let stream = TokioIo::new(ClientStream::new(stream, limits.pace));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits.pace.limit)
                .max_buf_size(limits.max_header_bytes)
                .serve_connection(stream, service);
            let mut connection = std::pin::pin!(connection);
            // A connection that the client or a limit ended is no error of the server.
            tokio::select! {
                _ = connection.as_mut() => return,
                () = stop.cancelled() => {}
            }
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        });
    }
}

/// Whether it is one client's connection that failed, so that the next may be taken at once.
fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
