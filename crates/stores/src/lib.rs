//! The stores of `edge-cookie` beyond memory, each a feature.
//!
//! - `embedded`: a durable store in one file, for one server.
//! - `redis`: a Valkey or Redis that servers share.
//! - `fastly`: Fastly KV, on Fastly Compute.

#[cfg(feature = "embedded")]
mod embedded;
mod fastly;
#[cfg(feature = "redis")]
mod redis;

#[cfg(feature = "embedded")]
pub use embedded::{EmbeddedStore, OpenError, Pending, WriteBatch};
#[cfg(all(feature = "fastly", target_os = "wasi"))]
pub use fastly::FastlyStore;
#[cfg(feature = "redis")]
pub use redis::{AddressError, BlockingStore, RedisServer, RedisStore, RedisWindow};
