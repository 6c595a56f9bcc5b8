//! The machine that an event of an example meets: a policy, a graph, and whose pages it serves.

use std::rc::Rc;
use std::sync::Arc;

use super::faulty_store::FaultyStore;
use edge_cookie::clock::ManualClock;
use edge_cookie::engine::{Finished, Operation, Outcome};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::publisher::Domain;
use edge_cookie::policy::settings::SameSite;
use edge_cookie::policy::types::Ttl;
use edge_cookie::record::{ConsentStrings, EcId, KvEntry, KvGeo, KvMetadata, PartnerId};
use edge_cookie::store::{Insert, KvStore, Precondition, Stored};

/// How something ends that does not get as far as the engine.
pub(super) const INVALID_TOKEN: &str = "invalid_token";
pub(super) const NO_ID: &str = "no_id";
const NO_UID: &str = "no_uid";

/// How many bytes the hash in an id has.
const HASH_BYTES: usize = 32;

pub(super) type Graph = KvIdentityGraph<FaultyStore, Arc<ManualClock>>;

/// The partner of an example.
pub(super) fn partner() -> Option<PartnerId> {
    PartnerId::parse("partner.example").ok()
}

/// A cookie in the user's browser.
pub(super) struct Cookie {
    pub(super) name: String,
    pub(super) id: EcId,
    /// When the browser drops it, in seconds since the change-over.
    pub(super) gone_at: i64,
    pub(super) strict: bool,
    pub(super) scope: CookieScope,
}

/// Which hosts a browser sends a cookie to.
pub(super) enum CookieScope {
    /// The one that set it.
    Host,
    /// This domain and every host below it.
    Domain(Domain),
}

/// The machine that an event meets.
pub(super) struct Machine<'p> {
    pub(super) policy: &'p EcPolicy,
    pub(super) graph: Rc<Graph>,
    pub(super) now: i64,
    /// Whether ids made here have another hash than those of the deployed policy.
    pub(super) other_hash: bool,
    /// Whether the partner is known here.
    pub(super) knows_partner: bool,
    /// The domain of the publisher.
    pub(super) domain: Option<&'p Domain>,
    /// The host whose page the user is on; none where no domain is known.
    pub(super) host: Option<&'p Domain>,
}

impl Machine<'_> {
    pub(super) fn run(&self, id: &EcId, operation: Operation<'_>) -> Finished {
        self.graph.run(self.policy, id, operation)
    }

    pub(super) fn outcome_name(&self, id: Option<EcId>, operation: Operation<'_>) -> &'static str {
        id.map_or(NO_ID, |id| self.run(&id, operation).as_str())
    }

    /// How the partner's question for its uid ends.
    pub(super) fn uid_of(&self, id: Option<EcId>) -> &'static str {
        if !self.knows_partner {
            return INVALID_TOKEN;
        }
        let Some((id, partner)) = id.zip(partner()) else {
            return NO_ID;
        };
        let read = self.graph.run(self.policy, &id, Operation::Get).result;
        let record = read.ok().and_then(|done| done.record);
        let entry = record.map(|record| record.entry);
        let uid = entry.as_ref().and_then(|entry| entry.ids.get(&partner));
        match uid {
            Some(id) if !self.policy.sync.sentinels.contain(&id.uid) => Outcome::Found.as_str(),
            _ => NO_UID,
        }
    }

    pub(super) fn create(&self, id: &EcId) -> Finished {
        let (consent, geo) = (&ConsentStrings::default(), &KvGeo::default());
        self.run(id, Operation::CreateOrRevive { consent, geo })
    }

    pub(super) fn create_for_new_id(&self, id: &EcId) -> Finished {
        let (consent, geo) = (&ConsentStrings::default(), &KvGeo::default());
        self.run(id, Operation::CreateForNewId { consent, geo })
    }

    pub(super) fn cookie(&self, id: EcId) -> Cookie {
        let rules = &self.policy.cookie;
        let kept = i64::try_from(rules.max_age.seconds()).unwrap_or(i64::MAX);
        Cookie {
            name: rules.name.to_string(),
            id,
            gone_at: self.now.saturating_add(kept),
            strict: rules.same_site == SameSite::Strict,
            scope: (self.domain.cloned()).map_or(CookieScope::Host, CookieScope::Domain),
        }
    }

    /// Whether a browser takes a cookie of this scope from the host, and sends it there.
    pub(super) fn covered(&self, scope: &CookieScope) -> bool {
        match (scope, self.host) {
            (CookieScope::Domain(domain), Some(host)) => domain.covers(host.as_str()),
            _ => true,
        }
    }

    /// Whether a page of the host is the publisher's own.
    pub(super) fn is_own(&self) -> bool {
        match (self.domain, self.host) {
            (Some(domain), Some(host)) => domain.covers(host.as_str()),
            (None, Some(_)) => false,
            (_, None) => true,
        }
    }

    /// Makes the record's metadata longer, as another system that keeps something of its own there.
    pub(super) fn grow_metadata(&self, id: Option<EcId>, bytes: usize) -> &'static str {
        self.rewrite_stored(id, |stored| {
            if stored.metadata.pop().is_some() {
                let more = format!(r#","theirs":"{}"}}"#, "x".repeat(bytes));
                stored.metadata.extend_from_slice(more.as_bytes());
            }
            Some(self.policy.entry.ttl)
        })
    }

    /// Writes the record again without the times that another system does not know, for as long as its store keeps it.
    pub(super) fn write_elsewhere(&self, id: Option<EcId>) -> &'static str {
        self.rewrite_stored(id, |stored| {
            if let Ok(mut entry) = KvEntry::from_body(&stored.body) {
                entry.last_seen = None;
                stored.body = entry.to_body();
            }
            if let Ok(mut metadata) = KvMetadata::from_bytes(&stored.metadata) {
                (metadata.t, metadata.p) = (None, None);
                stored.metadata = metadata.to_bytes();
            }
            None
        })
    }

    /// Changes what is stored, as another system does; `change` gives back how long the store is to keep it.
    fn rewrite_stored(
        &self,
        id: Option<EcId>,
        change: impl FnOnce(&mut Stored) -> Option<Ttl>,
    ) -> &'static str {
        let store = self.graph.store();
        let stored = id.and_then(|id| Some((id, store.lookup(id.as_str()).ok()??)));
        let Some((id, mut stored)) = stored else {
            return NO_ID;
        };
        let ttl = change(&mut stored);
        let insert = Insert {
            body: stored.body,
            metadata: stored.metadata,
            ttl,
            precondition: Precondition::None,
        };
        store
            .insert(id.as_str(), insert)
            .map_or(NO_ID, |()| Outcome::Written.as_str())
    }

    /// The hash in the ids that this machine makes for the user's address: the keyed hash of one address, which differs
    /// where the key does.
    pub(super) fn hash(&self) -> String {
        let digits = if self.other_hash { "1e" } else { "0f" };
        digits.repeat(HASH_BYTES)
    }
}
