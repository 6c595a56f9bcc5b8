//! Counts what a store holds, as the policy sees it.

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Found, RecordState, record_state};
use edge_cookie::graph::found;
use edge_cookie::policy::EcPolicy;
use edge_cookie::store::{KvStore, StoreError, Stored};

/// Keys that are listed at once.
pub(crate) const PAGE: usize = 4_096;

/// How many records there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Census {
    pub(super) live: u64,
    pub(super) withdrawn: u64,
    pub(super) unreadable: u64,
}

/// What a record counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    Live,
    Withdrawn,
    Unreadable,
    Absent,
}

/// What a record counts as under `policy` at `now`.
pub(crate) fn count_as(policy: &EcPolicy, now: Timestamp, stored: Option<Stored>) -> Counted {
    match found(stored) {
        Found::Nothing => Counted::Absent,
        Found::Unreadable(_) => Counted::Unreadable,
        Found::Record(record) => match record_state(policy, &record.entry, &record.metadata, now) {
            RecordState::Live => Counted::Live,
            RecordState::Tombstone => Counted::Withdrawn,
            RecordState::Expired => Counted::Absent,
            RecordState::UnknownAge => Counted::Unreadable,
        },
    }
}

/// Counts every record of `store`.
pub(super) fn take(
    policy: &EcPolicy,
    now: Timestamp,
    store: &impl KvStore,
) -> Result<Census, StoreError> {
    let mut census = Census::default();
    each(store, |stored| match count_as(policy, now, stored) {
        Counted::Live => census.live += 1,
        Counted::Withdrawn => census.withdrawn += 1,
        Counted::Unreadable => census.unreadable += 1,
        Counted::Absent => {}
    })?;
    Ok(census)
}

/// Shows every record of `store` to `look`, in the order of their keys.
pub(crate) fn each(
    store: &impl KvStore,
    mut look: impl FnMut(Option<Stored>),
) -> Result<(), StoreError> {
    let mut after: Option<String> = None;
    loop {
        let page = store.list("", after.as_deref(), PAGE)?;
        for key in &page {
            look(store.lookup(key)?);
        }
        let Some(last) = page.into_iter().next_back() else {
            return Ok(());
        };
        after = Some(last);
    }
}
