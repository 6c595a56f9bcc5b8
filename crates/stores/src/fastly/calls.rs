//! The platform's calls, as pending handles: many can be under way while one is waited for.

use std::future::poll_fn;
use std::task::Poll;

use fastly::kv_store::{InsertMode, KVStore, KVStoreError};

use super::rules::{CallKind, PlatformError, check, check_key, missing, store_error};
use edge_cookie::platform_facts::fastly::{LIMIT_EXCEEDED, MAX_PAGE_KEYS};
use edge_cookie::record::Generation;
use edge_cookie::store::{
    AsyncKvStore, Consistency, Insert, Precondition, Removed, StoreError, Stored,
};

/// A KV store of the platform; one that is not there answers every call with that.
pub struct FastlyStore {
    name: String,
    store: Option<KVStore>,
}

/// What a lookup gives back.
type LookupResult = Result<Option<Stored>, StoreError>;

impl FastlyStore {
    /// Opens the store of this name.
    #[must_use]
    pub fn open(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            store: KVStore::open(name).ok().flatten(),
        }
    }

    fn store(&self) -> Result<&KVStore, StoreError> {
        self.store.as_ref().ok_or_else(|| missing(&self.name))
    }

    fn read(&self, error: &KVStoreError) -> StoreError {
        self.error(error, CallKind::Read)
    }

    fn write(&self, error: &KVStoreError) -> StoreError {
        self.error(error, CallKind::Write)
    }

    fn error(&self, error: &KVStoreError, kind: CallKind) -> StoreError {
        let error = match error {
            KVStoreError::ItemPreconditionFailed => PlatformError::Precondition,
            KVStoreError::TooManyRequests => PlatformError::Throttled,
            KVStoreError::Unexpected(status) if status.code == LIMIT_EXCEEDED => {
                PlatformError::Throttled
            }
            KVStoreError::ItemPayloadTooLarge => PlatformError::TooLarge,
            KVStoreError::StoreNotFound(_) | KVStoreError::InvalidStoreHandle => {
                return missing(&self.name);
            }
            KVStoreError::InvalidKey
            | KVStoreError::InvalidStoreOptions
            | KVStoreError::ItemBadRequest
            | KVStoreError::ItemNotFound => PlatformError::BadRequest,
            _ => PlatformError::Unexpected,
        };
        store_error(error, kind, &self.name)
    }

    /// Keys that begin with `prefix`, from one page of a listing.
    async fn page(
        &self,
        prefix: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<String>, Option<String>), StoreError> {
        let store = self.store()?;
        let mut listing = store.build_list().prefix(prefix).limit(limit);
        if let Some(cursor) = cursor {
            listing = listing.cursor(cursor);
        }
        let pending = listing.execute_async().map_err(|error| self.read(&error))?;
        under_way().await;
        let page = store
            .pending_list_wait(pending)
            .map_err(|error| self.read(&error))?;
        let next = page.next_cursor();
        Ok((page.into_keys(), next))
    }
}

/// Lets others start before this call is waited for.
async fn under_way() {
    let mut started = false;
    poll_fn(|context| {
        if std::mem::replace(&mut started, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl AsyncKvStore for FastlyStore {
    fn consistency(&self) -> Consistency {
        Consistency::Eventual
    }

    async fn lookup(&self, key: &str) -> LookupResult {
        check_key(key)?;
        let store = self.store()?;
        let pending = store.build_lookup().execute_async(key);
        let pending = pending.map_err(|error| self.read(&error))?;
        under_way().await;
        match store.pending_lookup_wait(pending) {
            Ok(mut found) => Ok(Some(Stored {
                metadata: found.metadata().map(Vec::from).unwrap_or_default(),
                generation: Generation::from_platform(found.current_generation()),
                body: found.take_body_bytes(),
            })),
            Err(KVStoreError::ItemNotFound) => Ok(None),
            Err(error) => Err(self.read(&error)),
        }
    }

    /// A listing is strongly consistent where a lookup is not (its default mode).
    async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        check_key(key)?;
        let (keys, _) = self.page(key, None, 1).await?;
        // Of keys that begin so, the key itself is the first.
        Ok(keys.first().is_some_and(|first| first == key))
    }

    async fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        check(key, &insert)?;
        let store = self.store()?;
        let metadata = String::from_utf8(insert.metadata)
            .map_err(|_| StoreError::TooLarge("its metadata is no text".to_owned()))?;
        let mut write = store.build_insert().metadata(&metadata);
        write = match insert.precondition {
            Precondition::None => write.mode(InsertMode::Overwrite),
            Precondition::Add => write.mode(InsertMode::Add),
            Precondition::Generation(generation) => {
                write.if_generation_match(generation.to_platform())
            }
        };
        if let Some(ttl) = insert.ttl {
            write = write.time_to_live(std::time::Duration::from_secs(ttl.seconds()));
        }
        let pending = write.execute_async(key, insert.body);
        let pending = pending.map_err(|error| self.write(&error))?;
        under_way().await;
        let written = store.pending_insert_wait(pending);
        written.map_err(|error| self.write(&error))
    }

    async fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        check_key(key)?;
        let store = self.store()?;
        let pending = store.build_delete().execute_async(key);
        let pending = pending.map_err(|error| self.write(&error))?;
        under_way().await;
        match store.pending_delete_wait(pending) {
            Ok(()) => Ok(Removed::Record(None)),
            Err(KVStoreError::ItemNotFound) => Ok(Removed::Nothing),
            Err(error) => Err(self.write(&error)),
        }
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let mut keys = Vec::new();
        let mut cursor: Option<String> = None;
        // The platform has no page of zero keys: asking for one traps.
        while keys.len() < limit {
            let left = u32::try_from(limit - keys.len()).unwrap_or(u32::MAX);
            let (page, next) = self
                .page(prefix, cursor.as_deref(), left.min(MAX_PAGE_KEYS))
                .await?;
            let later = |key: &String| after.is_none_or(|after| key.as_str() > after);
            keys.extend(page.into_iter().filter(later));
            match next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        keys.truncate(limit);
        Ok(keys)
    }
}
