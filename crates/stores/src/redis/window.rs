//! How many requests a partner makes: a sliding window in the server, so that several servers share a limit.

use std::time::Duration;

use super::RedisServer;
use super::error::Effect;
use super::scripts;
use edge_cookie::policy::types::{Seconds, StoreName};
use edge_cookie::record::PartnerId;
use edge_cookie::store::StoreError;

/// The requests of each partner within its window, one time each, by the server's clock.
#[derive(Clone)]
pub struct RedisWindow {
    server: RedisServer,
    prefix: String,
}

impl RedisWindow {
    pub(super) fn new(server: RedisServer, partners: &StoreName) -> Self {
        Self {
            server,
            // No store's name holds a `/`, so that none of its keys is taken for a record's.
            prefix: format!("{partners}/rate/"),
        }
    }

    /// Counts a request, unless the partner has made `limit` of them within `window`: then, how long until one
    /// may be made again.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`], or [`StoreError::AnswerLost`] where it may have been counted.
    pub async fn admit(
        &self,
        partner: &PartnerId,
        limit: u32,
        window: Seconds,
    ) -> Result<Option<Duration>, StoreError> {
        let length = Duration::from_secs(window.seconds()).as_millis();
        let mut call = scripts::ADMIT.prepare_invoke();
        call.key(format!("{}{partner}", self.prefix));
        call.arg(limit).arg(length.to_string());
        let left: u64 = self.server.run(Effect::Write, &call).await?;
        Ok((left > 0).then(|| Duration::from_millis(left)))
    }
}
