//! One connection to the server: made where it is needed, and made again where it broke.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, RedisError};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::checkup::Checkup;
use super::failure::words;

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
pub(super) struct Link(Arc<Shared>);

struct Shared {
    client: Client,
    timing: Timing,
    checkup: Arc<Checkup>,
    state: watch::Sender<State>,
    made: AtomicU64,
}

enum State {
    /// There is none, and none is tried before the wait after the last failure is over.
    Down {
        failures: u32,
        not_before: Option<Instant>,
        why: String,
    },
    /// One is being made.
    Connecting,
    /// There is one, the `number`th.
    Up {
        number: u64,
        connection: MultiplexedConnection,
    },
}

/// A connection in use; it is told where it broke.
pub(super) struct InUse {
    shared: Arc<Shared>,
    number: u64,
    pub(super) connection: MultiplexedConnection,
}

impl InUse {
    /// Has the next call make another connection; those under way on this one go on.
    pub(super) fn broke(&self) {
        self.shared.broke(self.number);
    }
}

impl Link {
    pub(super) fn new(client: Client, timing: Timing, checkup: Arc<Checkup>) -> Self {
        Self(Arc::new(Shared {
            client,
            timing,
            checkup,
            state: watch::Sender::new(State::Down {
                failures: 0,
                not_before: None,
                why: String::new(),
            }),
            made: AtomicU64::new(0),
        }))
    }

    /// The connection; waits for one that is being made, and for no second one.
    ///
    /// A caller that waits no longer leaves the attempt to the others: it goes on.
    pub(super) async fn connection(&self) -> Result<InUse, String> {
        let shared = &self.0;
        let mut state = shared.state.subscribe();
        let mut tried = false;
        loop {
            let begin = match &*state.borrow_and_update() {
                State::Up { number, connection } => {
                    return Ok(InUse {
                        shared: Arc::clone(shared),
                        number: *number,
                        connection: connection.clone(),
                    });
                }
                State::Down {
                    not_before, why, ..
                } if tried || not_before.is_some_and(|then| Instant::now() < then) => {
                    return Err(why.clone());
                }
                State::Down { .. } => true,
                State::Connecting => false,
            };
            tried = true;
            if begin {
                shared.begin();
            } else {
                // The sender is `shared`'s own, and so outlives this.
                let _ = state.changed().await;
            }
        }
    }
}

impl Shared {
    /// Begins to connect where nobody does.
    fn begin(self: &Arc<Self>) {
        let mut failed = None;
        self.state.send_if_modified(|state| {
            if let State::Down { failures, .. } = state {
                failed = Some(*failures);
                *state = State::Connecting;
            }
            failed.is_some()
        });
        if let Some(failures) = failed {
            tokio::spawn(Arc::clone(self).connect(failures));
        }
    }

    async fn connect(self: Arc<Self>, failures: u32) {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let whole = Arc::downgrade(&self);
        let config = AsyncConnectionConfig::new()
            // The whole of it is bounded here, each call where it is made.
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_push_sender(move |told: PushInfo| {
                if let Some(shared) = whole
                    .upgrade()
                    .filter(|_| told.kind == PushKind::Disconnection)
                {
                    shared.broke(number);
                }
                Ok::<(), Infallible>(())
            });
        let patience = self.timing.connect_timeout;
        let making = self
            .client
            .get_multiplexed_async_connection_with_config(&config);
        let made = timeout(patience, making).await;
        let made = made.unwrap_or_else(|_| Err(late(patience)));
        let checked = made.as_ref().ok().cloned();
        self.state.send_replace(match made {
            Ok(connection) => State::Up { number, connection },
            Err(error) => {
                let failures = failures.saturating_add(1);
                State::Down {
                    failures,
                    not_before: Some(Instant::now() + self.timing.wait(failures)),
                    why: format!("cannot connect: {}", words(&error)),
                }
            }
        });
        if let Some(connection) = checked {
            self.checkup.make(connection, patience).await;
        }
    }

    /// Lets go of the connection of this number, unless another has taken its place.
    fn broke(&self, number: u64) {
        self.state.send_if_modified(|state| {
            let current = matches!(state, State::Up { number: current, .. } if *current == number);
            if current {
                *state = State::Down {
                    failures: 0,
                    not_before: None,
                    why: String::new(),
                };
            }
            current
        });
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
