//! The store that several servers share: Valkey, or Redis 6.2 and later.
//!
//! A record is one hash under `<store>:<key>`: `generation`, `expires` (Unix milliseconds, empty for never), `metadata`
//! and `body`. Whatever looks at a record or writes it is one Lua script on that one key, and so happens in one step.
//! Lookups are strong as long as every server speaks to the same primary.
//!
//! Expiry counts on the server's clock, or on one that is handed in. The server's own expiry only collects: by its
//! clock, and never before a record's time is over on either.
//!
//! Generations are drawn from 64 bits that each process begins at another place of: two that meet on one record are as
//! good as impossible, and no counter is shared.
//!
//! ```no_run
//! use edge_cookie::policy::EcPolicy;
//! use edge_cookie::policy::types::StoreAddress;
//! use edge_cookie::store::{KvStore};
//! use edge_cookie_stores::{BlockingStore, RedisServer};
//!
//! let policy = EcPolicy::default();
//! let place = StoreAddress::parse("redis://127.0.0.1:6379/0").unwrap();
//! let address = place.redis().unwrap();
//! let call_timeout = policy.store.call_timeout.duration();
//! let server = RedisServer::new(address, None, &policy.redis, call_timeout).unwrap();
//! let store = BlockingStore::new(server.store(&policy.root.ec_store)).unwrap();
//! assert_eq!(store.lookup("key").unwrap(), None);
//! ```

mod blocking;
mod config_check;
mod connection;
mod error;
mod listing;
mod scripts;
mod server;
mod window;

use std::sync::Arc;

use redis::ScriptInvocation;

pub use blocking::BlockingStore;
pub use server::{AddressError, RedisServer};
pub use window::RedisWindow;

use self::error::Effect;
use edge_cookie::clock::Clock;
use edge_cookie::policy::types::StoreName;
use edge_cookie::record::Generation;
use edge_cookie::store::{
    AsyncKvStore, Consistency, Insert, Precondition, Removed, StoreError, Stored,
};

/// The keys of one store in a server that servers share.
#[derive(Clone)]
pub struct RedisStore {
    server: RedisServer,
    prefix: String,
    /// Where it is not the server's.
    clock: Option<Arc<dyn Clock + Send + Sync>>,
}

/// A record as the scripts give it: generation, metadata and body.
type Raw = (String, Vec<u8>, Vec<u8>);

const MILLIS_PER_SECOND: u64 = 1_000;

impl RedisStore {
    fn new(server: RedisServer, name: &StoreName) -> Self {
        Self {
            server,
            prefix: format!("{name}:"),
            clock: None,
        }
    }

    /// The same store, whose records expire on `clock`.
    #[must_use]
    pub fn on_clock(self, clock: Arc<dyn Clock + Send + Sync>) -> Self {
        Self {
            clock: Some(clock),
            ..self
        }
    }

    /// Now on the clock that was handed in, in Unix milliseconds; empty where the server's counts.
    fn now(&self) -> String {
        let now = self.clock.as_ref().map(|clock| clock.now().unix_millis());
        now.map_or_else(String::new, |now| now.to_string())
    }

    /// A script about the record under `key`, at this moment.
    fn about<'s>(&self, script: &'s redis::Script, key: &str) -> ScriptInvocation<'s> {
        let mut call = script.prepare_invoke();
        call.key(format!("{}{key}", self.prefix)).arg(self.now());
        call
    }
}

impl AsyncKvStore for RedisStore {
    fn consistency(&self) -> Consistency {
        Consistency::Strong
    }

    async fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let call = self.about(&scripts::LOOKUP, key);
        let raw: Option<Raw> = self.server.run(Effect::Read, &call).await?;
        raw.map(stored).transpose()
    }

    async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        let call = self.about(&scripts::EXISTS, key);
        self.server.run(Effect::Read, &call).await
    }

    async fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        let script = match insert.precondition {
            Precondition::None => &scripts::OVERWRITE,
            Precondition::Add => &scripts::ADD,
            Precondition::Generation(_) => &scripts::SWAP,
        };
        let millis = |seconds: u64| (seconds * MILLIS_PER_SECOND).to_string();
        let ttl = insert.ttl.map(|ttl| millis(ttl.seconds()));
        let mut call = self.about(script, key);
        call.arg(self.server.generations().next().to_string())
            .arg(ttl.unwrap_or_default())
            .arg(insert.metadata)
            .arg(insert.body);
        if let Precondition::Generation(expected) = insert.precondition {
            call.arg(expected.to_string());
        }
        let written: bool = self.server.run(Effect::Write, &call).await?;
        if written {
            Ok(())
        } else {
            Err(StoreError::PreconditionFailed)
        }
    }

    async fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        let call = self.about(&scripts::DELETE, key);
        let raw: Option<Raw> = self.server.run(Effect::Write, &call).await?;
        Ok(raw.map_or(Removed::Nothing, |raw| Removed::Record(stored(raw).ok())))
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.page(prefix, after, limit).await
    }
}

fn stored((generation, metadata, body): Raw) -> Result<Stored, StoreError> {
    let marker = u64::from_str_radix(&generation, HEX);
    let marker = marker.map_err(|_| {
        StoreError::Unavailable(format!("`{generation}` is no generation of this store's"))
    })?;
    Ok(Stored {
        body,
        metadata,
        generation: Generation::from_platform(marker),
    })
}

/// How generations are written.
const HEX: u32 = 16;
