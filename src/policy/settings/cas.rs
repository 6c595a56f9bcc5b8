//! `[ec.cas]`: how a write that met another one is tried again.

use crate::policy::setting::{choices, settings};
use crate::policy::types::Millis;

choices! {
    /// How a wait before a retry is drawn.
    Jitter {
        /// Between zero and its value.
        Full = "full",
        /// Exactly its value.
        None = "none",
    }
}

choices! {
    /// What a rate-limited write does.
    OnRateLimited {
        /// It fails.
        Fail = "fail",
        /// It is tried again within `cas.max_retries`.
        Retry = "retry",
    }
}

settings! {
    /// How a write that met another one is tried again.
    Cas in "cas." {
        /// Retries after the first attempt of a conflicting write (the default: up to 4 attempts).
        max_retries: u32 = 3, from 0, to 100;
        /// Wait before a retry, doubled each time up to `cas.max_backoff`; `0ms` retries at once.
        backoff: Millis = Millis::new(0);
        /// Longest single wait.
        max_backoff: Millis = Millis::new(0);
        /// `full` draws each wait between zero and its value; `none` waits its value.
        jitter: Jitter = Jitter::Full;
        /// A rate-limited write: `fail`, or `retry` within `max_retries`.
        ///
        /// Fastly takes one write a second to a key.
        on_rate_limited: OnRateLimited = OnRateLimited::Fail;
        /// No retry starts after this much time in one operation.
        deadline: Millis = Millis::new(1_000);
    }
}
