//! Listening: which connections a server takes, the signals that it handles, and how it ends.

use std::convert::Infallible;
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
use hyper::service::service_fn;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;
use tracing::{info, warn};

use super::accept::{ClientLimits, OpenConnections};
use super::outbox::deliver;
use super::reload::{ReloadError, Reloader};
use super::signals::{SignalListener, Signalled, StopSignal};
use super::{Exposition, Server};
use edge_cookie_service::Setup;

/// Where a server listens, and the signals that it handles.
#[derive(Debug)]
pub struct Listeners {
    /// For requests.
    pub requests: TcpListener,
    /// For `GET /metrics`, on a listener of its own, where it is wanted.
    pub metrics: Option<TcpListener>,
    /// Heard from the moment on that anyone can know of the server: before, `SIGHUP` would end it.
    signals: SignalListener,
}

/// Why a server cannot serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// It cannot listen.
    #[error("cannot listen on `{address}`: {why}: name another address with `{option}`")]
    Listen {
        /// Where.
        address: String,
        /// The option that says so.
        option: &'static str,
        /// The system's reason.
        #[source]
        why: std::io::Error,
    },
    /// It cannot handle signals.
    #[error("cannot handle signals: {0}")]
    SignalListener(#[from] std::io::Error),
    /// It cannot prepare the connections to the origin.
    #[error("cannot set up TLS for the connections to the origin: {0}")]
    Tls(#[source] std::io::Error),
    /// It cannot start the thread that reads the policy again.
    #[error("cannot start a thread to read the policy: {0}")]
    Reload(#[source] std::io::Error),
}

impl Listeners {
    /// Listens for requests, and for those of metrics where an address is given.
    ///
    /// # Errors
    ///
    /// Where an address is taken or not this machine's, or signals cannot be heard.
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
            signals: SignalListener::hear()?,
            requests: bind(requests, "--addr").await?,
            metrics: match metrics {
                Some(address) => Some(bind(address, "--metrics-addr").await?),
                None => None,
            },
        })
    }
}

/// Connections for metrics at once: they are few, and none of them waits for those of clients.
const METRICS_CONNECTIONS: usize = 8;

/// Longest that a policy may take to be read again.
const RELOAD_LIMIT: Duration = Duration::from_secs(10);

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// By one signal, within `local.shutdown_grace`.
    InTime,
    /// By a second signal, at once.
    AtOnce(StopSignal),
}

/// Serves until `SIGTERM` or `SIGINT`; on `SIGHUP` applies the policy that `reload` reads.
///
/// After a signal to stop it takes no more connections, and waits for the requests under way, and for the withdrawals
/// that their users no longer wait for, as long as the policy says; after a second one it waits no longer.
///
/// # Errors
///
/// Where no thread can be started that reads the policy again.
pub async fn serve(
    server: Server,
    listeners: Listeners,
    reload: impl Fn() -> Result<Setup, ReloadError> + Send + Sync + 'static,
) -> Result<Stopped, ServeError> {
    let server = Arc::new(server);
    let mut signals = listeners.signals;
    let connections = server.connections();
    if let Some(asked) = connections.refused {
        warn!(
            asked,
            taken = connections.clients,
            "`local.max_connections` is more than the limit of file handles leaves room for: raise that (`ulimit -n`)"
        );
    }
    let clients = OpenConnections::new(connections.clients);
    if let Some(listener) = listeners.metrics {
        tokio::spawn(serve_metrics(&server, &clients, listener));
    }
    tokio::spawn(serve_clients(&server, &clients, listeners.requests));
    let hung_up = Arc::new(Notify::new());
    let reloader = Reloader::start(reload).map_err(ServeError::Reload)?;
    tokio::spawn(reload_on(
        Arc::clone(&hung_up),
        Arc::clone(&server),
        reloader,
    ));
    let outbox = server.serving().platform().opened_outbox().cloned();
    let delivery = outbox.map(|outbox| tokio::spawn(deliver(Arc::clone(&server), outbox)));
    while let Signalled::Reload = signals.next().await {
        hung_up.notify_one();
    }
    // What it has not delivered is delivered after the next start.
    if let Some(delivery) = delivery {
        delivery.abort();
    }
    tokio::select! {
        () = finish(&server, &clients) => Ok(Stopped::InTime),
        again = signals.stop() => {
            warn!("stopped at once: a second signal to stop arrived");
            Ok(Stopped::AtOnce(again))
        }
    }
}

/// Reads the policy again each time it is asked for, away from everything else: where that hangs, only this waits. What
/// is asked for meanwhile is done once afterwards.
async fn reload_on(asked: Arc<Notify>, server: Arc<Server>, reloader: Reloader) {
    loop {
        asked.notified().await;
        let mut read = reloader.read();
        if let Ok(read) = timeout(RELOAD_LIMIT, &mut read).await {
            server.reload(read.unwrap_or(Err(ReloadError::Interrupted)));
        } else {
            server.reload(Err(ReloadError::Late(RELOAD_LIMIT)));
            let _ = read.await;
        }
    }
}

/// What serves clients.
fn serve_clients(
    server: &Arc<Server>,
    clients: &OpenConnections,
    listener: TcpListener,
) -> impl Future<Output = ()> + Send + 'static {
    let server = Arc::clone(server);
    clients.clone().take(listener, move |peer| {
        let limits = limits(&server);
        let (server, client) = (Arc::clone(&server), peer.ip().to_canonical());
        let service = service_fn(move |request: http::Request<Incoming>| {
            let server = Arc::clone(&server);
            async move { Ok::<_, Infallible>(server.answer(request.map(Body::new), client).await) }
        });
        (service, limits)
    })
}

/// What serves metrics, with the limits of every connection.
fn serve_metrics(
    server: &Arc<Server>,
    clients: &OpenConnections,
    listener: TcpListener,
) -> impl Future<Output = ()> + Send + 'static {
    let counted = (Arc::clone(server), clients.clone());
    let router = Router::new()
        .route("/metrics", get(metrics))
        .with_state(counted);
    let server = Arc::clone(server);
    let scrapers = OpenConnections::new(METRICS_CONNECTIONS);
    scrapers.take(listener, move |_| {
        (TowerToHyperService::new(router.clone()), limits(&server))
    })
}

fn limits(server: &Server) -> ClientLimits {
    let serving = server.serving();
    let local = &serving.setup().policy().local;
    ClientLimits {
        pace: local.into(),
        max_header_bytes: local.max_header_bytes as usize,
    }
}

async fn finish(server: &Server, clients: &OpenConnections) {
    let serving = server.serving();
    let grace = serving.setup().policy().local.shutdown_grace;
    let started = serving.platform().started();
    started.close();
    let all = async {
        clients.finish().await;
        started.wait().await;
    };
    let grace = Duration::from_secs(grace.seconds());
    if timeout(grace, all).await.is_ok() {
        info!("stopped");
    } else {
        warn!("stopped with requests under way: `local.shutdown_grace` is over");
    }
}

async fn metrics(
    State((server, clients)): State<(Arc<Server>, OpenConnections)>,
    heads: HeaderMap,
) -> impl IntoResponse {
    let accept = heads.get_all(ACCEPT).iter();
    let exposition = Exposition::accepted(accept.filter_map(|accept| accept.to_str().ok()));
    let kind = [(CONTENT_TYPE, exposition.content_type())];
    if let Some(outbox) = server.serving().platform().opened_outbox() {
        server.metrics().outbox(&outbox.state());
    }
    server.metrics().connections(clients.count());
    (kind, server.metrics().text(exposition))
}
