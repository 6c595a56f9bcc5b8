//! Listening: connections, signals and the end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tracing::{info, warn};

use super::outbox::deliver;
use super::{Exposition, Server};
use crate::service::Setup;

/// Where a server listens.
#[derive(Debug)]
pub struct Listeners {
    /// For requests.
    pub requests: TcpListener,
    /// For `GET /metrics`, on a listener of its own, where it is wanted.
    pub metrics: Option<TcpListener>,
}

/// Why a server cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It cannot listen.
    #[error("cannot listen on `{address}`: {why}: name another address with `{option}`")]
    Listen {
        /// Where.
        address: String,
        /// The option that says so.
        option: &'static str,
        /// The system's word for it.
        why: std::io::Error,
    },
    /// It cannot hear signals.
    #[error("cannot hear signals: {0}")]
    Signals(#[from] std::io::Error),
}

impl Listeners {
    /// Listens for requests, and for those of metrics where an address is given.
    ///
    /// # Errors
    ///
    /// Where an address is taken or not this machine's.
    pub async fn bind(requests: &str, metrics: Option<&str>) -> Result<Self, ServeError> {
        let bind = async |address: &str, option| {
            let bound = TcpListener::bind(address).await;
            bound.map_err(|why| ServeError::Listen {
                address: address.to_owned(),
                option,
                why,
            })
        };
        Ok(Self {
            requests: bind(requests, "--addr").await?,
            metrics: match metrics {
                Some(address) => Some(bind(address, "--metrics-addr").await?),
                None => None,
            },
        })
    }
}

/// Serves until `SIGTERM` or `SIGINT`; on `SIGHUP` takes up what `reload` reads.
///
/// Told to stop, it takes no more connections, and waits for the requests under way, and for the withdrawals
/// that their users no longer wait for, as long as the policy says.
///
/// # Errors
///
/// Where signals cannot be heard.
pub async fn serve(
    server: Server,
    listeners: Listeners,
    reload: impl Fn() -> Result<Setup, String> + Send + Sync + 'static,
) -> Result<(), ServeError> {
    let server = Arc::new(server);
    let mut signals = Signals::hear()?;
    if let Some(listener) = listeners.metrics {
        let metrics = Router::new()
            .route("/metrics", get(metrics))
            .with_state(Arc::clone(&server));
        tokio::spawn(async move { axum::serve(listener, metrics).await });
    }
    let reload = Arc::new(reload);
    let under_way = GracefulShutdown::new();
    let outbox = server.serving().home().opened_outbox().cloned();
    let delivery = outbox.map(|outbox| tokio::spawn(deliver(Arc::clone(&server), outbox)));
    loop {
        tokio::select! {
            accepted = listeners.requests.accept() => match accepted {
                Ok((stream, peer)) => connect(&server, &under_way, stream, peer),
                Err(error) => {
                    // What is short now (file handles, say) may not be in a moment.
                    warn!(%error, "cannot take a connection");
                    tokio::task::yield_now().await;
                }
            },
            told = signals.next() => match told {
                Told::Stop => break,
                Told::Reload => {
                    let reload = Arc::clone(&reload);
                    let read = tokio::task::spawn_blocking(move || reload()).await;
                    server.take_up(read.unwrap_or_else(|error| Err(error.to_string())));
                }
            }
        }
    }
    drop(listeners.requests);
    // What it has not delivered is delivered after the next start.
    if let Some(delivery) = delivery {
        delivery.abort();
    }
    finish(&server, under_way).await;
    Ok(())
}

async fn finish(server: &Server, under_way: GracefulShutdown) {
    let serving = server.serving();
    let grace = serving.setup().policy().local.shutdown_grace;
    let started = serving.home().started();
    started.close();
    let all = async {
        under_way.shutdown().await;
        started.wait().await;
    };
    let grace = Duration::from_secs(grace.seconds());
    if tokio::time::timeout(grace, all).await.is_ok() {
        info!("stopped");
    } else {
        warn!("stopped with requests under way: `local.shutdown_grace` is over");
    }
}

/// Serves one connection in a task of its own.
fn connect(
    server: &Arc<Server>,
    under_way: &GracefulShutdown,
    stream: TcpStream,
    peer: SocketAddr,
) {
    let serving = server.serving();
    let local = &serving.setup().policy().local;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(local.request_timeout.seconds()))
        .max_buf_size(local.max_header_bytes as usize);
    // Answers are small and whole: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let (server, client) = (Arc::clone(server), peer.ip().to_canonical());
    let service = service_fn(move |request: http::Request<Incoming>| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(server.answer(request.map(Body::new), client).await) }
    });
    let connection = http.serve_connection(TokioIo::new(stream), service);
    let connection = under_way.watch(connection);
    tokio::spawn(async move {
        // A client that broke off is no trouble of ours.
        let _ = connection.await;
    });
}

async fn metrics(State(server): State<Arc<Server>>, heads: HeaderMap) -> impl IntoResponse {
    let accept = heads.get_all(ACCEPT).iter();
    let exposition = Exposition::accepted(accept.filter_map(|accept| accept.to_str().ok()));
    let kind = [(CONTENT_TYPE, exposition.content_type())];
    if let Some(outbox) = server.serving().home().opened_outbox() {
        server.metrics().outbox(&outbox.state());
    }
    (kind, server.metrics().text(exposition))
}

/// What a server is told by signal.
enum Told {
    /// Read the policy again.
    Reload,
    /// Stop.
    Stop,
}

/// The signals that a server hears.
struct Signals {
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn hear() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            hang_up: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.hang_up.recv() => Told::Reload,
            _ = self.terminate.recv() => Told::Stop,
            _ = tokio::signal::ctrl_c() => Told::Stop,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn hear() -> std::io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) -> Told {
        let _ = tokio::signal::ctrl_c().await;
        Told::Stop
    }
}
