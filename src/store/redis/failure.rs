//! What a call that failed means to the graph.

use std::time::Duration;

use redis::{ErrorKind, RedisError};

use crate::store::StoreError;

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

/// The server's or the system's own words for an error.
pub(super) fn words(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        (None, Some(detail)) => detail.to_owned(),
        _ => error.to_string(),
    }
}
