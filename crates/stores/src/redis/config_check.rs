//! Whether the server is set up to keep what it acknowledges, as far as its configuration can be read.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisResult};
use tokio::time::timeout;
use tracing::warn;

/// What the last look at the server's configuration found.
#[derive(Debug)]
pub(super) struct ConfigCheck {
    /// The `min-replicas-to-write` that the policy states.
    min_replicas: u32,
    found: Mutex<Vec<String>>,
}

const POLICY: &str = "maxmemory-policy";
const REPLICAS: &str = "min-replicas-to-write";

/// The only policy under which a full server refuses writes, and forgets nothing.
const NO_EVICTION: &str = "noeviction";

impl ConfigCheck {
    pub(super) const fn new(min_replicas: u32) -> Self {
        Self {
            min_replicas,
            found: Mutex::new(Vec::new()),
        }
    }

    /// What was found the last time.
    pub(super) fn found(&self) -> Vec<String> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.clone()
    }

    /// Looks again, and logs what was not found before.
    pub(super) async fn make(&self, mut connection: MultiplexedConnection, patience: Duration) {
        let policy = read(&mut connection, POLICY, patience).await;
        let replicas = read(&mut connection, REPLICAS, patience).await;
        let now = judge(self.min_replicas, policy.as_deref(), replicas.as_deref());
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        for warning in now.iter().filter(|warning| !found.contains(warning)) {
            warn!("{warning}");
        }
        *found = now;
    }
}

/// One value of the server's configuration; none where it may not be read.
async fn read(
    connection: &mut MultiplexedConnection,
    name: &str,
    patience: Duration,
) -> Option<String> {
    let mut command = Cmd::new();
    command.arg("CONFIG").arg("GET").arg(name);
    let asked = timeout(patience, command.query_async(connection)).await;
    let answered: RedisResult<std::collections::HashMap<String, String>> = asked.ok()?;
    answered.ok()?.remove(name)
}

/// What is wrong with a server whose configuration says this. A value that cannot be read counts as right.
fn judge(min_replicas: u32, policy: Option<&str>, replicas: Option<&str>) -> Vec<String> {
    let evicts = policy.filter(|policy| *policy != NO_EVICTION);
    let evicts = evicts.map(|policy| {
        format!(
            "the server's `{POLICY}` is `{policy}`: full, it forgets users and withdrawals; set `{NO_EVICTION}`"
        )
    });
    let set: Option<u32> = replicas.and_then(|replicas| replicas.parse().ok());
    let alone = set.filter(|set| *set < min_replicas).map(|set| {
        format!(
            "the server's `{REPLICAS}` is `{set}`, and `redis.min_replicas_to_write` says {min_replicas}: a fail-over may lose any number of acknowledged writes"
        )
    });
    evicts.into_iter().chain(alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_may_lose_is_reported_and_nothing_else() {
        for (stated, policy, replicas, expected) in [
            (0, Some("noeviction"), Some("0"), &[][..]),
            (1, Some("noeviction"), Some("1"), &[]),
            (1, Some("noeviction"), Some("2"), &[]),
            (1, None, None, &[]),
            (0, Some("allkeys-lru"), Some("0"), &[POLICY]),
            (1, Some("noeviction"), Some("0"), &[REPLICAS]),
            (2, Some("volatile-ttl"), Some("1"), &[POLICY, REPLICAS]),
        ] {
            let found = judge(stated, policy, replicas);
            assert_eq!(found.len(), expected.len(), "{found:?}");
            assert!(
                found
                    .iter()
                    .zip(expected)
                    .all(|(found, expected)| found.contains(expected))
            );
        }
    }
}
