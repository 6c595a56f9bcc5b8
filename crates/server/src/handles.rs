//! The process's limit of file handles, and how many connections it leaves room for.

use super::origin::MOST_IDLE;
use edge_cookie::policy::EcPolicy;

/// Handles kept for everything that is no connection of a client and no exchange for one: stores, outbox, log, listeners,
/// metrics, the runtime, names that are looked up and policies that are read.
const RESERVED_HANDLES: u64 = 32;

/// What one client takes: its connection, one to the origin, and one there that waits for a next request.
const HANDLES_OF_A_CLIENT: u64 = 3;

/// Most connections where the handles leave room for more and `local.max_connections` does not say: each may take some
/// 100 KiB.
const DEFAULT_CONNECTIONS: u64 = 10_000;

/// Raises the limit of file handles as far as the system lets the process: many start with 1,024 and may have more.
pub fn raise_handle_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // Where that is refused, the limit stays what it is, and so does what follows from it.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// The limit of file handles; none where the system states none.
pub(super) fn handle_limit() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    None
}

/// How many connections a server has at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ConnectionLimits {
    /// Of clients.
    pub clients: usize,
    /// To the origin, which wait for a next request.
    pub idle: usize,
    /// Where the policy asks for more clients than there are handles for: the number that it asks for.
    pub refused: Option<u32>,
}

impl ConnectionLimits {
    /// As `policy` says, and `limit` handles leave room for.
    pub(super) fn of(policy: &EcPolicy, limit: Option<u64>) -> Self {
        let asked = policy.local.max_connections;
        let reserved = RESERVED_HANDLES + u64::from(policy.redis.connections);
        let free = limit.map_or(u64::MAX, |limit| limit.saturating_sub(reserved));
        // Each client has a connection, one on to the origin, and leaves one that is idle, up to the most of these.
        let all_leave_one = free / HANDLES_OF_A_CLIENT;
        let some_leave_one = free.saturating_sub(MOST_IDLE.into()) / (HANDLES_OF_A_CLIENT - 1);
        let room = all_leave_one.max(some_leave_one);
        let wanted = match asked {
            0 => DEFAULT_CONNECTIONS,
            asked => u64::from(asked),
        };
        // A server without room for one tries all the same, and says what fails.
        let clients = wanted.min(room).max(1);
        Self {
            clients: usize::try_from(clients).unwrap_or(usize::MAX),
            idle: usize::try_from(clients.min(MOST_IDLE.into())).unwrap_or(usize::MAX),
            refused: (u64::from(asked) > room).then_some(asked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge_cookie::policy::resolve::resolve;

    #[test]
    fn connections_leave_handles_for_the_store_and_the_origin() {
        let mut policy = resolve(&[]).policy;
        policy.redis.connections = 2;
        for (asked, limit, clients, idle, refused) in [
            (0, Some(64), 10, 10, None),
            (0, Some(1_024), 463, 64, None),
            (0, Some(1_048_576), 10_000, 64, None),
            (0, None, 10_000, 64, None),
            (7, Some(1_024), 7, 7, None),
            (20_000, Some(1_048_576), 20_000, 64, None),
            (20_000, Some(1_024), 463, 64, Some(20_000)),
            (0, Some(8), 1, 1, None),
        ] {
            policy.local.max_connections = asked;
            let expected = ConnectionLimits {
                clients,
                idle,
                refused,
            };
            assert_eq!(ConnectionLimits::of(&policy, limit), expected, "{limit:?}");
        }
    }
}
