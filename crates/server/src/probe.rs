//! Whether a store takes writes, tried by writing.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tracing::{info, warn};

use edge_cookie::policy::types::Ttl;
use edge_cookie::store::{AsyncKvStore, Insert, PROBE_KEYS, Precondition, StoreError};
use edge_cookie_service::StoreProbe;

/// How long the result of a write is reused: at most one write is made in this time, however many ask for health, and
/// health may be this late to notice that a store takes no more writes.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// How long a record of a probe is kept: longer than its read takes, and not for long after the last server is gone.
const PROBE_TTL: Ttl = Ttl::from_seconds_clamped(60);

/// The probe of one store, which all who ask for health share.
pub(super) struct WriteProbe {
    /// Of this process alone: the writes of another server under the same key would be taken for a lost one of ours.
    key: String,
    /// Held while a probe is made, so that who asks meanwhile waits for its end.
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    /// When the last write was over, and why it could not be read back.
    made: Option<(Instant, Result<(), String>)>,
    /// When it was last logged that the store does not answer.
    logged: Option<Instant>,
    /// How many were made, so that each writes something else.
    count: u64,
}

impl Default for WriteProbe {
    fn default() -> Self {
        let random = RandomState::new().hash_one(());
        Self {
            key: format!("{PROBE_KEYS}{random:016x}"),
            last: Mutex::default(),
        }
    }
}

impl WriteProbe {
    /// Tries `store`: by a lookup each time, and by a write where the last was long enough ago.
    pub(super) async fn make(&self, name: &str, store: &impl AsyncKvStore) -> StoreProbe {
        let probe = StoreProbe::read(store).await;
        let mut last = self.last.lock().await;
        if let Some(why) = &probe.why {
            let logged = last.logged.replace(Instant::now());
            if logged.is_none_or(|logged| logged.elapsed() >= PROBE_INTERVAL) {
                warn!(store = name, why, "a store does not answer");
            } else {
                last.logged = logged;
            }
            return probe;
        }
        let written = self.write_at_times(&mut last, name, store).await;
        StoreProbe {
            writes: Some(written.is_ok()),
            why: written.err(),
            ..probe
        }
    }

    /// Whether a write was taken, where the last one is long enough ago; else how that one ended.
    async fn write_at_times(
        &self,
        last: &mut Last,
        name: &str,
        store: &impl AsyncKvStore,
    ) -> Result<(), String> {
        if let Some((made, kept)) = &last.made
            && made.elapsed() < PROBE_INTERVAL
        {
            return kept.clone();
        }
        last.count += 1;
        let kept = self.write(store, last.count).await;
        match &kept {
            Err(why) => warn!(store = name, why, "a store cannot be written"),
            Ok(()) if matches!(last.made, Some((_, Err(_)))) => {
                info!(store = name, "a store can be written again");
            }
            Ok(()) => {}
        }
        last.made = Some((Instant::now(), kept.clone()));
        kept
    }

    /// Writes a record and reads it back; says what came between.
    async fn write(&self, store: &impl AsyncKvStore, count: u64) -> Result<(), String> {
        let words = |error: StoreError| error.to_string();
        let body = count.to_string().into_bytes();
        let insert = Insert {
            body: body.clone(),
            metadata: Vec::new(),
            ttl: Some(PROBE_TTL),
            precondition: Precondition::None,
        };
        store.insert(&self.key, insert).await.map_err(words)?;
        let read = store.lookup(&self.key).await.map_err(words)?;
        if read.is_some_and(|read| read.body == body) {
            Ok(())
        } else {
            Err("what was written is not what is read".to_owned())
        }
    }
}
