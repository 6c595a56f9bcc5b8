//! `[ec.redis]`: the way to a Valkey or Redis that several servers share.

use crate::policy::setting::settings;
use crate::policy::types::{Millis, Secret};

settings! {
    /// The way to a Valkey or Redis that several servers share.
    Redis in "redis." {
        /// Password of the user that the store's address names; a literal, `{ env = "NAME" }` or
        /// `{ secret_store = "S", key = "K" }`.
        [own] [restart] password: Option<Secret> = None;
        /// Connections that a server keeps open; calls on one connection are pipelined.
        [restart] connections: u32 = 2, from 1, to 256;
        /// Longest that a connection may take to be made, its greeting included.
        [restart] connect_timeout: Millis = Millis::new(250), from Millis::new(1), to Millis::new(60_000);
        /// Wait before a connection that could not be made is tried again, doubled each time up to
        /// `redis.max_backoff`; calls meanwhile fail at once.
        ///
        /// Also the least time between two connections to a server that cannot serve now (a replica, say); for that
        /// calls wait.
        [restart] backoff: Millis = Millis::new(20), from Millis::new(0), to Millis::new(60_000);
        /// Longest wait before a connection is tried again: how long a server that is back may go unnoticed.
        [restart] max_backoff: Millis = Millis::new(500), from Millis::new(0), to Millis::new(60_000);
        /// The `min-replicas-to-write` that the server is run with: replicas that must keep up with it, or it takes no
        /// writes; `0` where it is not set.
        ///
        /// Replication is asynchronous: what a fail-over loses is bounded by `min-replicas-max-lag` with it, and by
        /// nothing without. It is held against the server's own, where that can be read.
        [restart] min_replicas_to_write: u32 = 0, from 0, to 64;
    }
}
