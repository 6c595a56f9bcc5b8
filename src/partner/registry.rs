//! The partners in `partner_store`.
//!
//! Each stands there twice: under its id, for operators, and under the hash of its token, so that a request is
//! authenticated by one read. Both hold the whole record; the one under the id is the one that counts where a
//! change broke off between them, and making the change again mends it.

use super::{NewToken, NoRandomness, PartnerRecord, RecordError, TokenHash};
use crate::engine::StoreError;
use crate::record::PartnerId;
use crate::store::{AsyncKvStore, Insert, Precondition};

/// The partners that a store keeps.
#[derive(Debug, Clone, Copy)]
pub struct Registry<'s, S>(pub &'s S);

/// What can go wrong with the partners that a store keeps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    /// No token could be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

const BY_ID: &str = "partner/";
const BY_TOKEN: &str = "token/";

/// Partners looked at together.
const PAGE: usize = 100;

fn key_of_id(id: &PartnerId) -> String {
    format!("{BY_ID}{id}")
}

fn key_of_token(token: &TokenHash) -> String {
    format!("{BY_TOKEN}{}", token.as_str())
}

impl<S: AsyncKvStore> Registry<'_, S> {
    /// The partner whose token has this hash, enabled or not: one read.
    ///
    /// # Errors
    ///
    /// Where the store fails or the record is damaged.
    pub async fn of_token(
        &self,
        token: &TokenHash,
    ) -> Result<Option<PartnerRecord>, RegistryError> {
        self.read(&key_of_token(token)).await
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
            let keys = self.0.list(BY_ID, after.as_deref(), PAGE).await?;
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
    /// Where there is one of that id, or the store fails.
    pub async fn add(&self, mut partner: PartnerRecord) -> Result<NewToken, RegistryError> {
        let token = NewToken::draw()?;
        let hash = TokenHash::of(token.reveal());
        partner.api_token_sha256 = Some(hash.clone());
        let key = key_of_id(&partner.id);
        match self.write(&key, &partner, Precondition::Add).await {
            Err(StoreError::PreconditionFailed) => return Err(RegistryError::Exists(partner.id)),
            written => written?,
        }
        let by_token = key_of_token(&hash);
        self.write(&by_token, &partner, Precondition::None).await?;
        Ok(token)
    }

    /// Gives a partner a new token; the old one is no longer good.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn rotate(&self, id: &PartnerId) -> Result<NewToken, RegistryError> {
        let token = NewToken::draw()?;
        let mut partner = self.get(id).await?;
        let hash = TokenHash::of(token.reveal());
        let old = partner.api_token_sha256.replace(hash.clone());
        // The old token goes first: whatever breaks off after that, it is out.
        if let Some(old) = old {
            self.0.delete(&key_of_token(&old)).await?;
        }
        let by_id = key_of_id(id);
        self.write(&by_id, &partner, Precondition::None).await?;
        let by_token = key_of_token(&hash);
        self.write(&by_token, &partner, Precondition::None).await?;
        Ok(token)
    }

    /// Lets a partner in, or shuts it out; its token stays.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn set_enabled(&self, id: &PartnerId, enabled: bool) -> Result<(), RegistryError> {
        let mut partner = self.get(id).await?;
        partner.enabled = enabled;
        if let Some(token) = &partner.api_token_sha256 {
            let by_token = key_of_token(token);
            self.write(&by_token, &partner, Precondition::None).await?;
        }
        let by_id = key_of_id(id);
        Ok(self.write(&by_id, &partner, Precondition::None).await?)
    }

    /// The keys and bodies under which a store keeps `partner`, for loading into another store.
    #[must_use]
    pub fn entries(partner: &PartnerRecord) -> Vec<(String, Vec<u8>)> {
        let token = partner.api_token_sha256.as_ref().map(key_of_token);
        [Some(key_of_id(&partner.id)), token]
            .into_iter()
            .flatten()
            .map(|key| (key, partner.to_body()))
            .collect()
    }

    async fn read(&self, key: &str) -> Result<Option<PartnerRecord>, RegistryError> {
        let stored = self.0.lookup(key).await?;
        let read = stored.map(|stored| PartnerRecord::from_body(&stored.body));
        Ok(read.transpose()?)
    }

    async fn write(
        &self,
        key: &str,
        partner: &PartnerRecord,
        precondition: Precondition,
    ) -> Result<(), StoreError> {
        let insert = Insert {
            body: partner.to_body(),
            metadata: Vec::new(),
            ttl: None,
            precondition,
        };
        self.0.insert(key, insert).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::store::{Inline, MemoryStore, run_to_end};

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
        let store = Inline(MemoryStore::new(SystemClock));
        let registry = Registry(&store);
        let id = PartnerId::parse("a.com").unwrap();
        let admitted = |token: &NewToken| {
            let hash = TokenHash::of(token.reveal());
            let found = run_to_end(registry.of_token(&hash)).unwrap();
            found.is_some_and(|partner| partner.admits(&hash))
        };
        let first = run_to_end(registry.add(partner("a.com"))).unwrap();
        assert!(admitted(&first));
        let again = run_to_end(registry.add(partner("a.com"))).err();
        assert_eq!(again, Some(RegistryError::Exists(id.clone())));
        let second = run_to_end(registry.rotate(&id)).unwrap();
        assert!(!admitted(&first) && admitted(&second));
        run_to_end(registry.set_enabled(&id, false)).unwrap();
        assert!(!admitted(&second));
        run_to_end(registry.set_enabled(&id, true)).unwrap();
        assert!(admitted(&second));
        let other = PartnerId::parse("b.com").unwrap();
        let missing = run_to_end(registry.rotate(&other)).err();
        assert_eq!(missing, Some(RegistryError::NotFound(other)));
    }

    #[test]
    fn every_partner_is_listed_and_its_record_holds_no_token() {
        let store = Inline(MemoryStore::new(SystemClock));
        let registry = Registry(&store);
        let ids: Vec<String> = (0..=PAGE)
            .map(|number| format!("p{number:03}.com"))
            .collect();
        for id in &ids {
            let token = run_to_end(registry.add(partner(id))).unwrap();
            let kept = run_to_end(registry.get(&PartnerId::parse(id).unwrap())).unwrap();
            let body = String::from_utf8(kept.to_body()).unwrap();
            assert!(!body.contains(token.reveal()), "{body}");
            assert_eq!(PartnerRecord::from_body(body.as_bytes()).unwrap(), kept);
        }
        let listed = run_to_end(registry.list()).unwrap();
        let listed: Vec<&str> = listed.iter().map(|partner| partner.id.as_str()).collect();
        assert_eq!(listed, ids);
    }
}
