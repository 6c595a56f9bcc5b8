//! Listing: by `SCAN`, which goes through every key of the server, and may miss what changes meanwhile.

use std::collections::BTreeSet;

use redis::Pipeline;

use super::RedisStore;
use edge_cookie::store::{StoreError, is_listed};

/// Keys that the server is asked to look at in one step.
const PAGE: usize = 1_000;

/// When a record ends, in Unix milliseconds: empty for never, missing where there is no record.
type Ends = (Option<String>, Option<String>);

impl RedisStore {
    /// Up to `limit` keys of records that begin with `prefix`, in order, those after `after` where given.
    pub(super) async fn page(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let mut page = Vec::new();
        let mut after = after.map(str::to_owned);
        while page.len() < limit {
            let wanted = limit - page.len();
            let found = self.scan(prefix, after.as_deref(), wanted).await?;
            let whole = found.len() < wanted;
            after = found.last().cloned();
            page.extend(self.kept(found).await?);
            if whole {
                break;
            }
        }
        Ok(page)
    }

    /// The first `limit` keys after `after`, those whose time is over on a handed-in clock included.
    async fn scan(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<BTreeSet<String>, StoreError> {
        let pattern = format!("{}*", plain(&format!("{}{prefix}", self.prefix)));
        let mut found = BTreeSet::new();
        let mut cursor = "0".to_owned();
        loop {
            let mut scan = Pipeline::new();
            let scan = scan.cmd("SCAN").arg(&cursor).arg("MATCH").arg(&pattern);
            let scan = scan.arg("COUNT").arg(PAGE);
            let ((next, keys),): ((String, Vec<Vec<u8>>),) = self.server.ask(scan).await?;
            // What is no text is no key of ours.
            for key in keys.into_iter().flat_map(String::from_utf8) {
                let Some(key) = key.strip_prefix(&self.prefix) else {
                    continue;
                };
                if is_listed(key) && after.is_none_or(|after| key > after) {
                    found.insert(key.to_owned());
                }
                if found.len() > limit {
                    found.pop_last();
                }
            }
            if next == "0" {
                return Ok(found);
            }
            cursor = next;
        }
    }

    /// Those of `keys` whose records are kept at this moment.
    async fn kept(&self, keys: BTreeSet<String>) -> Result<Vec<String>, StoreError> {
        let keys: Vec<String> = keys.into_iter().collect();
        let mut kept = Vec::with_capacity(keys.len());
        for some in keys.chunks(PAGE) {
            let mut ask = Pipeline::new();
            for key in some {
                ask.cmd("HMGET")
                    .arg(format!("{}{key}", self.prefix))
                    .arg("generation")
                    .arg("expires");
            }
            let ends: Vec<Ends> = self.server.ask(&ask).await?;
            let now = self.now_or_servers().await?;
            let live = some.iter().zip(ends).filter(|(_, (generation, ends))| {
                let ends: Option<u64> = ends.as_ref().and_then(|ends| ends.parse().ok());
                generation.is_some() && ends.is_none_or(|ends| now < ends)
            });
            kept.extend(live.map(|(key, _)| key.clone()));
        }
        Ok(kept)
    }

    /// Now in Unix milliseconds, on the clock that counts.
    async fn now_or_servers(&self) -> Result<u64, StoreError> {
        if let Some(clock) = &self.clock {
            return Ok(clock.now().unix_millis());
        }
        let mut ask = Pipeline::new();
        let ((seconds, micros),): ((u64, u64),) = self.server.ask(ask.cmd("TIME")).await?;
        Ok(seconds * super::MILLIS_PER_SECOND + micros / MICROS_PER_MILLI)
    }
}

/// What a millisecond is.
const MICROS_PER_MILLI: u64 = 1_000;

/// `text` as a pattern that matches only itself.
fn plain(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\*?[]^-".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}
