//! The server: connections to one server, which the graph's store, the partners' and the rate limits share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, FromRedisValue, IntoConnectionInfo, Pipeline, RedisResult, ScriptInvocation};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use super::config_check::ConfigCheck;
use super::connection::{InUse, RedisConnection, Timing};
use super::error::{Effect, is_not_now, words};
use super::{RedisStore, RedisWindow};
use edge_cookie::policy::settings;
use edge_cookie::policy::types::{RedisAddress, StoreName};
use edge_cookie::store::Generations;
use edge_cookie::store::StoreError;

/// A Valkey or Redis that servers share: a few connections, on each of which many calls are under way at once.
///
/// Nothing is connected before the first call. A connection that broke is made again by the next call; one that
/// cannot be made is left alone for a while, and calls meanwhile fail at once. No call is executed twice: one is sent
/// again only where the server said that it cannot serve now and so has executed nothing, once, on a connection made
/// since.
///
/// Its connections live on the runtime that made them: a server is for one.
#[derive(Clone)]
pub struct RedisServer {
    connections: Arc<[RedisConnection]>,
    turn: Arc<AtomicUsize>,
    config_check: Arc<ConfigCheck>,
    generations: Arc<Generations>,
    call_timeout: Duration,
}

/// Why there is no way to a server, whether or not it is up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{address}` cannot be used: {why}")]
pub struct AddressError {
    address: String,
    why: String,
}

impl RedisServer {
    /// The server at `address`, whose user has this password; each call takes at most `call_timeout`.
    ///
    /// # Errors
    ///
    /// Where the address cannot be used. Whether a server answers there shows at the first call.
    pub fn new(
        address: &RedisAddress,
        password: Option<&str>,
        settings: &settings::Redis,
        call_timeout: Duration,
    ) -> Result<Self, AddressError> {
        // A provider that was installed earlier stays in use.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = client(address, password).map_err(|error| AddressError {
            address: address.to_string(),
            why: words(&error),
        })?;
        let timing = Timing {
            connect_timeout: settings.connect_timeout.duration(),
            backoff: settings.backoff.duration(),
            max_backoff: settings.max_backoff.duration(),
        };
        let config_check = Arc::new(ConfigCheck::new(settings.min_replicas_to_write));
        let begun = Arc::new(AtomicU64::new(0));
        let connection = |_| {
            let (config_check, begun) = (Arc::clone(&config_check), Arc::clone(&begun));
            RedisConnection::new(client.clone(), timing, config_check, begun)
        };
        Ok(Self {
            connections: (0..settings.connections).map(connection).collect(),
            turn: Arc::default(),
            config_check,
            generations: Arc::new(Generations::fresh()),
            call_timeout,
        })
    }

    /// The same server, by the same connections, each call taking at most `call_timeout`.
    #[must_use]
    pub fn with_call_timeout(&self, call_timeout: Duration) -> Self {
        Self {
            call_timeout,
            ..self.clone()
        }
    }

    /// The store of this name: the keys that begin with it. Expiry counts on the server's clock.
    #[must_use]
    pub fn store(&self, name: &StoreName) -> RedisStore {
        RedisStore::new(self.clone(), name)
    }

    /// The rate limits that belong to the partners in the store of this name.
    #[must_use]
    pub fn window(&self, partners: &StoreName) -> RedisWindow {
        RedisWindow::new(self.clone(), partners)
    }

    /// How the server's own configuration may lose what it acknowledged, as far as it can be read.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.config_check.found()
    }

    pub(super) fn generations(&self) -> &Generations {
        &self.generations
    }

    /// Runs a script.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        effect: Effect,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        self.call(effect, RedisCall::Script(script)).await
    }

    /// Asks for the answers to several commands that change nothing, sent together.
    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
    ) -> Result<T, StoreError> {
        self.call(Effect::Read, RedisCall::Commands(commands)).await
    }

    async fn call<T: FromRedisValue>(
        &self,
        effect: Effect,
        call: RedisCall<'_>,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + self.call_timeout;
        let mut sent_again = false;
        loop {
            let mut way = self.way(deadline).await?;
            let answered = timeout_at(deadline, call.send(&mut way.connection)).await;
            if self.is_refused(&way, &answered) && !sent_again {
                sent_again = true;
                continue;
            }
            return self.outcome(effect, &way, answered);
        }
    }

    /// A connection, by the deadline. Calls take turns on the connections; where one cannot be made, another serves.
    async fn way(&self, deadline: Instant) -> Result<InUse, StoreError> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut why = String::new();
        for step in 0..self.connections.len() {
            let index = first.wrapping_add(step) % self.connections.len();
            let Some(connection) = self.connections.get(index) else {
                continue;
            };
            match timeout_at(deadline, connection.connection()).await {
                Ok(Ok(way)) => return Ok(way),
                Ok(Err(down)) => why = down,
                Err(_) => {
                    why = format!("no connection within {}ms", self.call_timeout.as_millis());
                    break;
                }
            }
        }
        Err(StoreError::Unavailable(why))
    }

    /// Whether the server said that it cannot serve now, so that the call may be sent again.
    ///
    /// An address leads to one server at a time: every connection of before the call leads to this one, or to one that
    /// was there before it, and all are left. On those that were not asked, reads would go on being answered, with what
    /// a demoted primary held.
    fn is_refused<T>(&self, way: &InUse, answered: &Result<RedisResult<T>, Elapsed>) -> bool {
        let refused = matches!(answered, Ok(Err(error)) if is_not_now(error));
        if refused {
            for connection in self.connections.iter() {
                connection.leave(way.next);
            }
        }
        refused
    }

    /// What a call came to. A connection that broke, or does not answer, is used no more.
    fn outcome<T>(
        &self,
        effect: Effect,
        way: &InUse,
        answered: Result<RedisResult<T>, Elapsed>,
    ) -> Result<T, StoreError> {
        match answered {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                if error.is_unrecoverable_error() {
                    way.broke();
                }
                Err(effect.failed(&error))
            }
            Err(_) => {
                way.broke();
                Err(effect.late(self.call_timeout))
            }
        }
    }
}

/// What a server is sent.
#[derive(Clone, Copy)]
enum RedisCall<'c> {
    Script(&'c ScriptInvocation<'c>),
    Commands(&'c Pipeline),
}

impl RedisCall<'_> {
    async fn send<T: FromRedisValue>(
        self,
        connection: &mut MultiplexedConnection,
    ) -> RedisResult<T> {
        match self {
            Self::Script(script) => script.invoke_async(connection).await,
            Self::Commands(commands) => commands.query_async(connection).await,
        }
    }
}

fn client(address: &RedisAddress, password: Option<&str>) -> RedisResult<Client> {
    let info = address.as_str().into_connection_info()?;
    let settings = info.redis_settings().clone();
    // The protocol that reports a connection which ended while it was idle.
    let settings = settings.set_protocol(redis::ProtocolVersion::RESP3);
    let settings = match password {
        Some(password) => settings.set_password(password),
        None => settings,
    };
    Client::open(info.set_redis_settings(settings))
}
