//! The partners in `partner_store`.
//!
//! Each has a record under its id, and under the hash of its token there is an index that names the id. The record alone
//! says who is let in: an index that disagrees with it counts for nothing, so that whatever breaks off between the two,
//! a token that was replaced is out. An index is written before the record that has its token, and removed once no
//! record has it.

use serde::{Deserialize, Serialize};

use super::record::partner_id;
use super::{
    NewToken, NoRandomness, PartnerChange, PartnerOutcome, PartnerRecord, RecordError, TokenHash,
};
use edge_cookie::clock::AsyncClock;
use edge_cookie::engine::{OperationError, StoreError};
use edge_cookie::graph::{machine_random, run_to_completion};
use edge_cookie::policy::EcPolicy;
use edge_cookie::record::PartnerId;
use edge_cookie::store::{AsyncKvStore, Insert, Precondition};

/// The partners that a store keeps.
#[derive(Debug, Clone, Copy)]
pub struct Registry<'r, S, C> {
    store: &'r S,
    clock: &'r C,
    policy: &'r EcPolicy,
}

/// What can go wrong with the partners that a store keeps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// There is no such partner.
    #[error("there is no partner `{0}` in the store")]
    NotFound(PartnerId),
    /// There is such a partner already.
    #[error("there is a partner `{0}` already: give it a new token with `rotate`")]
    Exists(PartnerId),
    /// The record is damaged.
    #[error(transparent)]
    Unreadable(#[from] RecordError),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record was not changed, unless the last answer of the store was lost.
    #[error("cannot change the partner `{0}`: {1}")]
    Failed(PartnerId, #[source] OperationError),
    /// The store's answer was lost, and the partner does not have the new token, or not any more.
    #[error(
        "the store's answer was lost, and with it the new token of `{0}`: make the change again"
    )]
    Unknown(PartnerId),
    /// No token could be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

const BY_ID: &str = "partner/";
const BY_TOKEN: &str = "token/";

/// What an index says: whose token it is. One of an earlier version holds a whole record, of which no more is read.
#[derive(Serialize, Deserialize)]
struct TokenIndex {
    #[serde(with = "partner_id")]
    id: PartnerId,
}

/// Partners looked at together.
const PAGE: usize = 100;

fn key_of_id(id: &PartnerId) -> String {
    format!("{BY_ID}{id}")
}

fn key_of_token(token: &TokenHash) -> String {
    format!("{BY_TOKEN}{}", token.as_str())
}

fn index_of(id: &PartnerId) -> Vec<u8> {
    // A string always serialises.
    serde_json::to_vec(&TokenIndex { id: id.clone() }).unwrap_or_default()
}

/// The keys and bodies under which a store keeps `partner`, for loading into another store.
#[must_use]
pub fn store_entries(partner: &PartnerRecord) -> Vec<(String, Vec<u8>)> {
    let token = partner.api_token_sha256.as_ref();
    let index = token.map(|token| (key_of_token(token), index_of(&partner.id)));
    let record = (key_of_id(&partner.id), partner.to_body());
    [Some(record), index].into_iter().flatten().collect()
}

impl<'r, S: AsyncKvStore, C: AsyncClock> Registry<'r, S, C> {
    /// The partners in `store`; `policy` says how often a change that met another is tried again (`cas`).
    pub const fn new(store: &'r S, clock: &'r C, policy: &'r EcPolicy) -> Self {
        Self {
            store,
            clock,
            policy,
        }
    }

    /// The partner whose token has this hash, enabled or not: the index is read, and then the record, which decides.
    ///
    /// # Errors
    ///
    /// Where the store fails or the record is damaged.
    pub async fn of_token(
        &self,
        token: &TokenHash,
    ) -> Result<Option<PartnerRecord>, RegistryError> {
        let Some(index) = self.store.lookup(&key_of_token(token)).await? else {
            return Ok(None);
        };
        let index: TokenIndex = serde_json::from_slice(&index.body).map_err(RecordError::from)?;
        let partner = self.read(&key_of_id(&index.id)).await?;
        Ok(partner.filter(|partner| partner.has_token(token)))
    }

    /// The partner with this id.
    ///
    /// # Errors
    ///
    /// As [`of_token`](Self::of_token), and where there is none.
    pub async fn get(&self, id: &PartnerId) -> Result<PartnerRecord, RegistryError> {
        let found = self.read(&key_of_id(id)).await?;
        found.ok_or_else(|| RegistryError::NotFound(id.clone()))
    }

    /// Every partner, in the order of their ids.
    ///
    /// # Errors
    ///
    /// As [`of_token`](Self::of_token).
    pub async fn list(&self) -> Result<Vec<PartnerRecord>, RegistryError> {
        let mut partners = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let keys = self.store.list(BY_ID, after.as_deref(), PAGE).await?;
            for key in &keys {
                partners.extend(self.read(key).await?);
            }
            match keys.into_iter().next_back() {
                Some(last) => after = Some(last),
                None => return Ok(partners),
            }
        }
    }

    /// Adds a partner, with a token of its own.
    ///
    /// # Errors
    ///
    /// As [`change`](Self::change).
    pub async fn add(&self, mut partner: PartnerRecord) -> Result<NewToken, RegistryError> {
        let token = NewToken::draw()?;
        partner.api_token_sha256 = Some(TokenHash::of(token.reveal()));
        self.change(&partner.id, PartnerChange::Add(&partner))
            .await?;
        Ok(token)
    }

    /// Gives a partner a new token; the old one is no longer good.
    ///
    /// # Errors
    ///
    /// As [`change`](Self::change).
    pub async fn rotate(&self, id: &PartnerId) -> Result<NewToken, RegistryError> {
        let token = NewToken::draw()?;
        let hash = TokenHash::of(token.reveal());
        self.change(id, PartnerChange::Rotate(&hash)).await?;
        Ok(token)
    }

    /// Changes the partner `id`. Where that fails, its record is as it was, unless an answer of the store was lost.
    ///
    /// # Errors
    ///
    /// Where there is no such partner, or one already, where its record is damaged, or the store fails.
    pub async fn change(
        &self,
        id: &PartnerId,
        change: PartnerChange<'_>,
    ) -> Result<(), RegistryError> {
        // A token is good from the moment at which the record has it.
        let own = change.own_token();
        if let Some(token) = own {
            let index = Insert {
                body: index_of(id),
                metadata: Vec::new(),
                ttl: None,
                precondition: Precondition::None,
            };
            self.store.insert(&key_of_token(token), index).await?;
        }
        let deleted = self.token_to_delete(id, change).await?;
        let key = key_of_id(id);
        let record = (self.store, key.as_str());
        let finished =
            run_to_completion(record, self.clock, machine_random, self.policy, change).await;
        let outdated = match &finished.result {
            Ok(PartnerOutcome::Changed { replaced }) => replaced.as_ref().or(deleted.as_ref()),
            Ok(PartnerOutcome::NotFound | PartnerOutcome::AlreadyExists) => own,
            Ok(PartnerOutcome::Unknown) | Err(_) => None,
        };
        if let Some(token) = outdated {
            // It counts for nothing: one that cannot be removed takes room, and no more.
            let _ = self.store.delete(&key_of_token(token)).await;
        }
        Err(match finished.result {
            Ok(PartnerOutcome::Changed { .. }) => return Ok(()),
            Ok(PartnerOutcome::NotFound) => RegistryError::NotFound(id.clone()),
            Ok(PartnerOutcome::AlreadyExists) => RegistryError::Exists(id.clone()),
            Ok(PartnerOutcome::Unknown) => RegistryError::Unknown(id.clone()),
            Err(error) => RegistryError::Failed(id.clone(), error),
        })
    }

    /// The token of a partner that is to be deleted: a deletion does not say what it removed. A damaged record has none.
    async fn token_to_delete(
        &self,
        id: &PartnerId,
        change: PartnerChange<'_>,
    ) -> Result<Option<TokenHash>, RegistryError> {
        if change != PartnerChange::Delete {
            return Ok(None);
        }
        match self.get(id).await {
            Ok(partner) => Ok(partner.api_token_sha256),
            Err(RegistryError::Unreadable(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn read(&self, key: &str) -> Result<Option<PartnerRecord>, RegistryError> {
        let stored = self.store.lookup(key).await?;
        let read = stored.map(|stored| PartnerRecord::from_body(&stored.body));
        Ok(read.transpose()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge_cookie::clock::SystemClock;
    use edge_cookie::store::{MemoryStore, SyncAdapter};
    use pollster::block_on;

    fn partner(id: &str) -> PartnerRecord {
        PartnerRecord {
            id: PartnerId::parse(id).unwrap(),
            name: id.to_owned(),
            source_domain: id.to_owned(),
            openrtb_atype: Some(3),
            rate_limit: None,
            enabled: true,
            api_token_sha256: None,
        }
    }

    #[test]
    fn a_token_is_good_until_it_is_rotated_or_its_partner_disabled() {
        let store = SyncAdapter(MemoryStore::new(SystemClock));
        let policy = EcPolicy::default();
        let registry = Registry::new(&store, &SyncAdapter(SystemClock), &policy);
        let id = PartnerId::parse("a.com").unwrap();
        let admitted = |token: &NewToken| {
            let hash = TokenHash::of(token.reveal());
            let found = block_on(registry.of_token(&hash)).unwrap();
            found.is_some_and(|partner| partner.admits(&hash))
        };
        let first = block_on(registry.add(partner("a.com"))).unwrap();
        assert!(admitted(&first));
        let again = block_on(registry.add(partner("a.com"))).err();
        assert_eq!(again, Some(RegistryError::Exists(id.clone())));
        let second = block_on(registry.rotate(&id)).unwrap();
        assert!(!admitted(&first) && admitted(&second));
        let enable = |enabled| {
            let change = PartnerChange::SetEnabled(enabled);
            block_on(registry.change(&id, change)).unwrap();
        };
        enable(false);
        assert!(!admitted(&second));
        enable(true);
        assert!(admitted(&second));
        let other = PartnerId::parse("b.com").unwrap();
        let missing = block_on(registry.rotate(&other)).err();
        assert_eq!(missing, Some(RegistryError::NotFound(other)));
    }

    #[test]
    fn every_partner_is_listed_and_its_record_holds_no_token() {
        let store = SyncAdapter(MemoryStore::new(SystemClock));
        let policy = EcPolicy::default();
        let registry = Registry::new(&store, &SyncAdapter(SystemClock), &policy);
        let ids: Vec<String> = (0..=PAGE)
            .map(|number| format!("p{number:03}.com"))
            .collect();
        for id in &ids {
            let token = block_on(registry.add(partner(id))).unwrap();
            let kept = block_on(registry.get(&PartnerId::parse(id).unwrap())).unwrap();
            let body = String::from_utf8(kept.to_body()).unwrap();
            assert!(!body.contains(token.reveal()), "{body}");
            assert_eq!(PartnerRecord::from_body(body.as_bytes()).unwrap(), kept);
        }
        let listed = block_on(registry.list()).unwrap();
        let listed: Vec<&str> = listed.iter().map(|partner| partner.id.as_str()).collect();
        assert_eq!(listed, ids);
    }
}
