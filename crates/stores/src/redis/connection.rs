//! One connection to the server: made where it is needed, and made again where it broke or leads to a server that
//! cannot serve.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, PushInfo, PushKind, RedisError, RedisResult, Value,
    from_redis_value_ref,
};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::config_check::ConfigCheck;
use super::error::words;

/// How long connecting may take, and how long a failed one is left alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    pub(super) connect_timeout: Duration,
    pub(super) backoff: Duration,
    pub(super) max_backoff: Duration,
}

impl Timing {
    /// The wait after so many failures in a row, the first of which is 1.
    fn wait(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1);
        let factor = u32::checked_shl(1, doublings).unwrap_or(u32::MAX);
        self.backoff.saturating_mul(factor).min(self.max_backoff)
    }
}

/// A connection that many calls use at once.
#[derive(Clone)]
pub(super) struct RedisConnection(Arc<SharedConnection>);

struct SharedConnection {
    client: Client,
    timing: Timing,
    config_check: Arc<ConfigCheck>,
    state: watch::Sender<ConnectionState>,
    /// Of the whole server's connections, so that each knows which were begun before it.
    begun: Arc<AtomicU64>,
}

enum ConnectionState {
    /// There is no connection, and no attempt before the wait is over. Calls wait for one that only spaces connections out;
    /// after `failures` in a row they fail at once.
    Down {
        failures: u32,
        not_before: Option<Instant>,
        why: String,
    },
    /// One is being made.
    Connecting,
    /// There is one, the `number`th, since then.
    Up {
        number: u64,
        since: Instant,
        connection: MultiplexedConnection,
    },
}

/// What one who wants a connection does about it.
enum Next {
    Connect,
    Wait(Instant),
    WaitForOther,
}

/// A server's role that is not the primary's, as `HELLO` has it.
const REPLICA: &str = "replica";

/// Why a connection to a replica is not used: what it reads is stale, and what it is written to is refused, or lost.
const IS_REPLICA: &str =
    "READONLY the server at this address is a replica: make the address lead to the primary";

/// A connection in use, which the caller reports as broken where it failed.
pub(super) struct InUse {
    shared: Arc<SharedConnection>,
    number: u64,
    /// The number that the next connection of the server had when this use began.
    pub(super) next: u64,
    pub(super) connection: MultiplexedConnection,
}

impl InUse {
    /// Has the next call make another connection; those under way on this one go on.
    pub(super) fn broke(&self) {
        self.shared.broke(self.number);
    }
}

impl RedisConnection {
    /// No connection yet; `begun` counts those of all connections of a server.
    pub(super) fn new(
        client: Client,
        timing: Timing,
        config_check: Arc<ConfigCheck>,
        begun: Arc<AtomicU64>,
    ) -> Self {
        Self(Arc::new(SharedConnection {
            client,
            timing,
            config_check,
            state: watch::Sender::new(ConnectionState::Down {
                failures: 0,
                not_before: None,
                why: String::new(),
            }),
            begun,
        }))
    }

    /// Has the next call make another connection where this one was begun before the `next`th; calls under way on it
    /// go on.
    ///
    /// So of a server that says it cannot serve now no connection is left that was made before it was asked, and one
    /// that was made since, by the name as it resolves by now, stays. Two of them are `redis.backoff` apart, however
    /// often the server says so: calls wait for the rest of it.
    pub(super) fn leave(&self, next: u64) {
        let backoff = self.0.timing.backoff;
        self.0.state.send_if_modified(|state| match state {
            ConnectionState::Up { number, since, .. } if *number < next => {
                *state = spaced(*since + backoff, String::new());
                true
            }
            _ => false,
        });
    }

    /// The connection; waits for one that is being made, and for no second one.
    ///
    /// A caller that waits no longer leaves the attempt to the others: it goes on.
    pub(super) async fn connection(&self) -> Result<InUse, String> {
        let shared = &self.0;
        let mut state = shared.state.subscribe();
        let mut tried = false;
        loop {
            let next = match &*state.borrow_and_update() {
                ConnectionState::Up {
                    number, connection, ..
                } => {
                    return Ok(InUse {
                        shared: Arc::clone(shared),
                        number: *number,
                        next: shared.begun.load(Ordering::Relaxed),
                        connection: connection.clone(),
                    });
                }
                ConnectionState::Down { why, .. } if tried => return Err(why.clone()),
                ConnectionState::Down {
                    failures,
                    not_before,
                    why,
                } => match not_before.filter(|then| Instant::now() < *then) {
                    None => Next::Connect,
                    Some(then) if *failures == 0 => Next::Wait(then),
                    Some(_) => return Err(why.clone()),
                },
                ConnectionState::Connecting => Next::WaitForOther,
            };
            match next {
                Next::Wait(then) => sleep_until(then).await,
                Next::Connect => {
                    tried = true;
                    shared.begin();
                }
                Next::WaitForOther => {
                    tried = true;
                    // The sender is `shared`'s own, and so outlives this.
                    let _ = state.changed().await;
                }
            }
        }
    }
}

impl SharedConnection {
    /// Begins to connect unless an attempt is under way.
    fn begin(self: &Arc<Self>) {
        let mut failed = None;
        self.state.send_if_modified(|state| {
            if let ConnectionState::Down { failures, .. } = state {
                failed = Some(*failures);
                *state = ConnectionState::Connecting;
            }
            failed.is_some()
        });
        if let Some(failures) = failed {
            tokio::spawn(Arc::clone(self).connect(failures));
        }
    }

    async fn connect(self: Arc<Self>, failures: u32) {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let whole = Arc::downgrade(&self);
        let config = AsyncConnectionConfig::new()
            // The whole of it is bounded here, each call where it is made.
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_push_sender(move |push: PushInfo| {
                if let Some(shared) = whole
                    .upgrade()
                    .filter(|_| push.kind == PushKind::Disconnection)
                {
                    shared.broke(number);
                }
                Ok::<(), Infallible>(())
            });
        let patience = self.timing.connect_timeout;
        // The client resolves the address's name each time.
        let making = async {
            let making = self
                .client
                .get_multiplexed_async_connection_with_config(&config);
            let mut connection = making.await?;
            let leads_to_replica = is_replica(&mut connection).await?;
            Ok((connection, leads_to_replica))
        };
        let made = timeout(patience, making).await;
        let made = made.unwrap_or_else(|_| Err(late(patience)));
        let now = Instant::now();
        let mut checked = None;
        self.state.send_replace(match made {
            // Not a failure: who waits longer for each would miss the moment at which the address leads elsewhere.
            Ok((_, true)) => spaced(now + self.timing.backoff, IS_REPLICA.to_owned()),
            Ok((connection, false)) => {
                checked = Some(connection.clone());
                ConnectionState::Up {
                    number,
                    since: now,
                    connection,
                }
            }
            Err(error) => {
                let failures = failures.saturating_add(1);
                ConnectionState::Down {
                    failures,
                    not_before: Some(now + self.timing.wait(failures)),
                    why: format!("cannot connect: {}", words(&error)),
                }
            }
        });
        if let Some(connection) = checked {
            self.config_check.make(connection, patience).await;
        }
    }

    /// Lets go of the connection of this number, unless another has taken its place.
    fn broke(&self, number: u64) {
        self.state.send_if_modified(|state| {
            let current =
                matches!(state, ConnectionState::Up { number: current, .. } if *current == number);
            if current {
                *state = ConnectionState::Down {
                    failures: 0,
                    not_before: None,
                    why: String::new(),
                };
            }
            current
        });
    }
}

/// No connection, and none before `then`, for which calls wait.
fn spaced(then: Instant, why: String) -> ConnectionState {
    ConnectionState::Down {
        failures: 0,
        not_before: Some(then),
        why,
    }
}

/// Whether the server says that it is a replica. One that refuses to say, such as a proxy that knows no `HELLO`, is taken
/// for the primary.
async fn is_replica(connection: &mut MultiplexedConnection) -> RedisResult<bool> {
    let asked: RedisResult<HashMap<String, Value>> =
        Cmd::new().arg("HELLO").query_async(connection).await;
    match asked {
        Ok(fields) => {
            let role = fields.get("role").map(from_redis_value_ref::<String>);
            Ok(role.is_some_and(|role| role.is_ok_and(|role| role == REPLICA)))
        }
        Err(error) if error.is_unrecoverable_error() => Err(error),
        Err(_) => Ok(false),
    }
}

fn late(patience: Duration) -> RedisError {
    let why = format!("no answer within {}ms", patience.as_millis());
    std::io::Error::new(std::io::ErrorKind::TimedOut, why).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let millis = Duration::from_millis;
        let timing = |backoff, max_backoff| Timing {
            connect_timeout: millis(1),
            backoff: millis(backoff),
            max_backoff: millis(max_backoff),
        };
        for (timing, failures, expected) in [
            (timing(20, 500), 1, 20),
            (timing(20, 500), 2, 40),
            (timing(20, 500), 5, 320),
            (timing(20, 500), 6, 500),
            (timing(20, 500), u32::MAX, 500),
            (timing(0, 500), 7, 0),
            (timing(20, 0), 1, 0),
        ] {
            assert_eq!(
                timing.wait(failures),
                millis(expected),
                "{timing:?} {failures}"
            );
        }
    }
}
