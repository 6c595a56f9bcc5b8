//! What a call that failed means to the graph.

use std::time::Duration;

use redis::{ErrorKind, RedisError};

use edge_cookie::store::StoreError;

/// What a call does to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    Read,
    /// It writes, where it arrives.
    Write,
}

impl Effect {
    /// What it means that a call which was sent ended in `error`.
    pub(super) fn failed(self, error: &RedisError) -> StoreError {
        // A server that refuses has written nothing: each script's first write is the one that may be refused.
        let refused = matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension);
        if refused {
            StoreError::Unavailable(words(error))
        } else {
            self.unanswered(words(error))
        }
    }

    /// What it means that a call which was sent was waited for in vain.
    pub(super) fn late(self, patience: Duration) -> StoreError {
        self.unanswered(format!("no answer within {}ms", patience.as_millis()))
    }

    fn unanswered(self, why: String) -> StoreError {
        match self {
            Self::Read => StoreError::Unavailable(why),
            Self::Write => StoreError::AnswerLost(why),
        }
    }
}

/// Answers of a server that cannot serve for now, where another behind the same address may: it refused the call before
/// anything was executed. What each means, from Redis' `error` replies (`src/server.c`, `createSharedObjects`):
///
/// - `READONLY`: it was demoted, and is a replica now.
/// - `LOADING`: it started, and reads what it keeps.
/// - `MASTERDOWN`: it is a replica whose primary is gone, and serves nothing stale.
/// - `CLUSTERDOWN`: its part of a cluster is short of primaries.
/// - `NOREPLICAS`: too few replicas keep up with it. So answers a primary that was cut off from those of which one has
///   taken its place.
/// - `MISCONF`: it cannot write to its disk, and takes no writes for that.
/// - `BUSY`: a script holds it. Sentinel takes such a server for down and promotes another, and this one cannot be
///   demoted before the script ends, so that a connection to it would be kept.
///
/// Not `OOM`: a full server is the right one, and its replicas are as full. `UNKILLABLE` answers `SCRIPT KILL` only,
/// which is never sent; `NOAUTH`, `WRONGPASS` and `NOPERM` are about the user, `MOVED` and `ASK` about a cluster, to which
/// this client does not speak.
const NOT_NOW: [&str; 7] = [
    "READONLY",
    "LOADING",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "NOREPLICAS",
    "MISCONF",
    "BUSY",
];

/// What Redis before 7.0 says of any error in a script: the error's own code follows in the text.
const IN_SCRIPT: &str = "ERR";

/// Whether the server says that it cannot serve for now: nothing was executed, and another connection may lead to one
/// that can.
pub(super) fn is_not_now(error: &RedisError) -> bool {
    let within = |detail: &str| {
        NOT_NOW
            .iter()
            .any(|code| detail.contains(&format!("-{code} ")))
    };
    match error.code() {
        Some(IN_SCRIPT) => error.detail().is_some_and(within),
        Some(code) => NOT_NOW.contains(&code),
        None => false,
    }
}

/// The server's or the system's own words for an error.
pub(super) fn words(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        (None, Some(detail)) => detail.to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use redis::{Value, parse_redis_value};

    use super::*;

    /// The error that the crate makes of a server's line.
    fn error(line: &str) -> RedisError {
        let value = parse_redis_value(format!("{line}\r\n").as_bytes());
        value.and_then(Value::extract_error).unwrap_err()
    }

    #[test]
    fn a_server_that_cannot_serve_now_is_distinguished_from_one_that_refuses_the_call() {
        for (line, not_now) in [
            // Redis 7.0, in scripts and outside of them.
            (
                "-READONLY You can't write against a read only replica. script: a3297, on @user_script:1.",
                true,
            ),
            ("-LOADING Redis is loading the dataset in memory", true),
            (
                "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
                true,
            ),
            ("-CLUSTERDOWN The cluster is down", true),
            (
                "-NOREPLICAS Not enough good replicas to write. script: a3297, on @user_script:1.",
                true,
            ),
            (
                "-MISCONF Errors writing to the AOF file: No space left on device",
                true,
            ),
            (
                "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
                true,
            ),
            // Redis 6.2, in scripts.
            (
                "-ERR Error running script (call to f_a3297): @user_script:12: @user_script: 12: -READONLY You can't write against a read only replica.",
                true,
            ),
            (
                "-OOM command not allowed when used memory > 'maxmemory'.",
                false,
            ),
            (
                "-NOPERM User ec has no permissions to run the 'hset' command",
                false,
            ),
            ("-NOAUTH Authentication required.", false),
            ("-MOVED 3999 127.0.0.1:6381", false),
            ("-NOSCRIPT No matching script.", false),
            ("-BUSYKEY Target key name already exists.", false),
            (
                "-WRONGTYPE Operation against a key holding the wrong kind of value",
                false,
            ),
            ("-ERR unknown command 'READONLY '", false),
        ] {
            assert_eq!(is_not_now(&error(line)), not_now, "{line}");
        }
    }
}
