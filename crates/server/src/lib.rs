//! The native platform of the service: a server on tokio, over stores of its own or a Valkey or Redis that servers share.
//!
//! ```
//! use edge_cookie_server::forwarded_client;
//!
//! let proxies = |address: std::net::IpAddr| address.is_loopback();
//! let mut headers = http::HeaderMap::new();
//! headers.insert("x-forwarded-for", "203.0.113.7:4711, 127.0.0.1".parse().unwrap());
//! let client = forwarded_client("127.0.0.1".parse().unwrap(), &headers, proxies);
//! assert_eq!(client, "203.0.113.7".parse().ok());
//! ```

mod accept;
mod address;
mod blocking;
mod call_timer;
mod consent_counts;
mod exposition;
mod handler;
mod handles;
mod http_client;
mod limiter;
mod listen;
mod log;
mod log_queue;
mod metric_registry;
mod metrics;
mod origin;
mod outbox;
mod platform;
mod probe;
mod progress;
mod readers;
mod reload;
mod signals;
mod store;
mod wrong_tokens;

pub use address::forwarded_client;
pub use blocking::{Blocking, CallPermits, SharedStore};
pub use call_timer::{CallTimer, CallTimers, TimedCall};
pub use exposition::Exposition;
pub use handler::Server;
pub use handles::raise_handle_limit;
pub use http_client::{Proxied, http_client, local_client};
pub use limiter::Limiter;
pub use listen::{Listeners, ServeError, Stopped, serve};
pub use log::{LogFormat, start_log, warn_of_no_place};
pub use log_queue::LogGuard;
pub use metric_registry::MetricInfo;
pub use metrics::Metrics;
pub use outbox::{KeptWithdrawal, Outbox, OutboxError};
pub use platform::{NativePlatform, ReactorClock};
pub use reload::ReloadError;
pub use signals::StopSignal;
pub use store::{NativeStore, Stores, survive_file_limit};
