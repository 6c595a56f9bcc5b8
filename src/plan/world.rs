//! Where an example is run: one user with a browser, one partner, and the engine over stores in memory.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use super::pair::Pair;
use super::scene::{Act, Event, Says, Scene};
use crate::clock::{ManualClock, Timestamp};
use crate::consent::{Place, Verdict, judge};
use crate::engine::{Consistency, Operation, Outcome, PartnerSync, StoreError};
use crate::graph::KvIdentityGraph;
use crate::policy::EcPolicy;
use crate::policy::settings::{CookieRenewal, OnFailedWithdrawal, SameSite};
use crate::policy::types::{Locality, Seconds, Ttl};
use crate::record::{ConsentStrings, EcId, KvGeo, PartnerId};
use crate::store::{Insert, KvStore, MemoryStore, Removed, Stored};

/// How something ends that does not get as far as the engine.
const NO_COOKIE: &str = "no_cookie";
const NOT_GRANTED: &str = "not_granted";
const NOT_SERVED: &str = "not_served";
const INVALID_TOKEN: &str = "invalid_token";
const NO_ID: &str = "no_id";
const NO_UID: &str = "no_uid";

/// What the partner of an example calls the user.
const UID: &str = "a uid";

fn partner() -> Option<PartnerId> {
    PartnerId::parse("partner.example").ok()
}

/// When the candidate takes over, in Unix seconds: so late that every time to live fits before it.
const START: u64 = Ttl::MAX.seconds() << 1;

/// How much later a store may collect what has expired: Fastly's does within 24 hours.
const COLLECTED_AFTER: Seconds = Seconds::from_days(1);

/// How many bytes the hash in an id has.
const HASH_BYTES: usize = 32;

/// Ids that an operator of an example lists.
const MOST_IDS: usize = 100;

type Graph = KvIdentityGraph<Moody, Arc<ManualClock>>;

/// A cookie in the user's browser.
struct Cookie {
    name: String,
    id: EcId,
    /// When the browser drops it, in seconds since the change-over.
    gone_at: i64,
    strict: bool,
}

/// The machine that an event meets.
struct Machine<'p> {
    policy: &'p EcPolicy,
    graph: Rc<Graph>,
    now: i64,
    /// Whether ids made here have another hash than those of the deployed policy.
    other_hash: bool,
    /// Whether the partner that the deployed policy's store keeps is known here.
    knows_partner: bool,
}

impl Machine<'_> {
    fn run(&self, id: &EcId, operation: Operation<'_>) -> Result<Outcome, &'static str> {
        let finished = self.graph.run(self.policy, id, operation);
        match finished.result {
            Ok(done) => Ok(done.outcome),
            Err(error) => Err(error.word()),
        }
    }

    fn word(&self, id: Option<EcId>, operation: Operation<'_>) -> &'static str {
        let Some(id) = id else { return NO_ID };
        self.run(&id, operation)
            .map_or_else(|word| word, Outcome::word)
    }

    /// How the partner's question for its uid ends.
    fn uid_of(&self, id: Option<EcId>) -> &'static str {
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
            Some(id) if !self.policy.sync.sentinels.contain(&id.uid) => Outcome::Found.word(),
            _ => NO_UID,
        }
    }

    fn create(&self, id: EcId) -> &'static str {
        let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
        let operation = Operation::CreateOrRevive {
            consent: &consent,
            geo: &geo,
        };
        self.word(Some(id), operation)
    }

    fn cookie(&self, id: EcId) -> Cookie {
        let rules = &self.policy.cookie;
        let kept = i64::try_from(rules.max_age.seconds()).unwrap_or(i64::MAX);
        Cookie {
            name: rules.name.to_string(),
            id,
            gone_at: self.now.saturating_add(kept),
            strict: rules.same_site == SameSite::Strict,
        }
    }

    /// The hash in the ids that this machine makes for the user's address: the keyed hash of one address, which differs
    /// where the key does.
    fn hash(&self) -> String {
        let digits = if self.other_hash { "1e" } else { "0f" };
        digits.repeat(HASH_BYTES)
    }
}

/// One course of events.
pub(super) struct World<'p> {
    pair: Pair<'p>,
    clock: Arc<ManualClock>,
    /// The graph of the deployed policy, and that of the candidate where it is another.
    graphs: [Rc<Graph>; 2],
    user: User,
    partner_is_stored: bool,
}

impl<'p> World<'p> {
    pub(super) fn new(pair: &Pair<'p>, scene: &Scene) -> Self {
        let clock = Arc::new(ManualClock::default());
        let graph = || {
            let store = Moody {
                records: MemoryStore::new(Arc::clone(&clock)),
                refusals: Cell::new(0),
                late: scene.collects_late,
            };
            // No wait of an example is drawn.
            Rc::new(KvIdentityGraph::with_random(
                store,
                Arc::clone(&clock),
                || 0,
            ))
        };
        Self {
            pair: *pair,
            graphs: [graph(), graph()],
            user: User::default(),
            partner_is_stored: scene.partner_is_stored,
            clock,
        }
    }

    /// What comes of an event on a machine of the candidate, or of the deployed policy: one word.
    pub(super) fn run(&mut self, event: &Event, is_candidate: bool) -> &'static str {
        let now = START.saturating_add_signed(event.at);
        self.clock.set(Timestamp::from_unix(now).into());
        let Pair {
            deployed,
            candidate,
        } = self.pair;
        let policy = if is_candidate { candidate } else { deployed };
        let served = |policy: &EcPolicy| policy.stores.passphrase.is_some();
        if !served(policy) && (served(deployed) || served(candidate)) {
            return NOT_SERVED;
        }
        let [old, new] = &self.graphs;
        let graph = if is_candidate && self.pair.moves() {
            new
        } else {
            old
        };
        let machine = Machine {
            policy,
            graph: Rc::clone(graph),
            now: event.at,
            other_hash: policy.stores.passphrase != deployed.stores.passphrase,
            knows_partner: !self.partner_is_stored
                || policy.stores.partner_store == deployed.stores.partner_store,
        };
        self.user.meet(&machine, &event.act)
    }
}

/// The user with the browser, and what the partner knows of them.
#[derive(Default)]
struct User {
    cookies: Vec<Cookie>,
    /// The id that the partner knows: the first that the user was given.
    known: Option<EcId>,
    minted: u8,
}

impl User {
    fn meet(&mut self, machine: &Machine<'_>, act: &Act) -> &'static str {
        match act {
            Act::Page { from_elsewhere } => self.page(machine, *from_elsewhere),
            Act::Judged { place, says } => self.judged(machine, place.as_ref(), *says),
            Act::Withdraw { refused } => self.withdraw(machine, *refused),
            Act::WithdrawElsewhere => machine.word(self.known, Operation::WriteWithdrawalTombstone),
            Act::Sync { made } => self.sync(machine, *made, UID),
            Act::SyncUid { uid } => self.sync(machine, machine.now, uid),
            Act::Identify => machine.uid_of(self.known),
            Act::Erase => machine.word(self.known, Operation::Delete),
            Act::EraseAddress => erase_address(machine),
            Act::Read => machine.word(self.known, Operation::Get),
        }
    }

    /// The id in the cookie that the browser sends, and this machine looks at.
    fn sent(&self, machine: &Machine<'_>, from_elsewhere: bool) -> Option<EcId> {
        let cookie = self.cookies.iter().find(|cookie| {
            cookie.name == machine.policy.cookie.name.as_str()
                && machine.now < cookie.gone_at
                && !(cookie.strict && from_elsewhere)
        });
        cookie.map(|cookie| cookie.id)
    }

    fn keep(&mut self, cookie: Cookie) {
        self.cookies.retain(|kept| kept.name != cookie.name);
        self.cookies.push(cookie);
    }

    /// A page, as the service answers it to a user who consents.
    fn page(&mut self, machine: &Machine<'_>, from_elsewhere: bool) -> &'static str {
        let Some(id) = self.sent(machine, from_elsewhere) else {
            return self.begin(machine);
        };
        let timestamp = Timestamp::from_unix(START.saturating_add_signed(machine.now));
        match machine.run(&id, Operation::UpdateLastSeen { timestamp }) {
            Ok(Outcome::ConsentWithdrawn) => machine.create(id),
            Ok(Outcome::NotFound) => self.begin(machine),
            Ok(Outcome::Touched) => {
                if machine.policy.cookie.renewal == CookieRenewal::OnTouch {
                    self.keep(machine.cookie(id));
                }
                Outcome::Touched.word()
            }
            Ok(other) => other.word(),
            Err(word) => word,
        }
    }

    /// Gives the user a new id.
    fn begin(&mut self, machine: &Machine<'_>) -> &'static str {
        self.minted = self.minted.saturating_add(1);
        let id = format!("{}.Ab3x{:02}", machine.hash(), self.minted);
        let Ok(id) = id.parse::<EcId>() else {
            return NO_ID;
        };
        let word = machine.create(id);
        self.keep(machine.cookie(id));
        self.known = self.known.or(Some(id));
        word
    }

    fn judged(
        &mut self,
        machine: &Machine<'_>,
        place: Option<&Locality>,
        says: Says,
    ) -> &'static str {
        let place = place.or(machine.policy.local.geo.as_ref());
        let place = place.map(|place| Place {
            country: &place.country,
            region: place.region.as_deref(),
        });
        let judged = judge(&says.signals(), place.as_ref(), &machine.policy.consent);
        match judged.verdict {
            Verdict::Granted => self.page(machine, false),
            Verdict::Withdrawn => self.withdraw(machine, 0),
            Verdict::NotGranted => NOT_GRANTED,
        }
    }

    fn withdraw(&mut self, machine: &Machine<'_>, refused: u32) -> &'static str {
        let Some(id) = self.sent(machine, false) else {
            return NO_COOKIE;
        };
        machine.graph.store().refusals.set(refused);
        let written = machine.run(&id, Operation::WriteWithdrawalTombstone);
        machine.graph.store().refusals.set(0);
        let rules = &machine.policy.cookie;
        if written.is_ok() || rules.on_failed_withdrawal == OnFailedWithdrawal::Expire {
            self.cookies
                .retain(|cookie| cookie.name != rules.name.as_str());
        }
        written.map_or_else(|word| word, Outcome::word)
    }

    fn sync(&self, machine: &Machine<'_>, made: i64, uid: &str) -> &'static str {
        if !machine.knows_partner {
            return INVALID_TOKEN;
        }
        let Some(partner) = partner() else {
            return INVALID_TOKEN;
        };
        let sync = PartnerSync {
            partner,
            uid: uid.into(),
            timestamp: Timestamp::from_unix(START.saturating_add_signed(made)),
        };
        machine.word(self.known, Operation::UpsertPartnerId(&sync))
    }
}

/// Erases what an operator finds by the hash of the user's address.
fn erase_address(machine: &Machine<'_>) -> &'static str {
    let listed = machine.graph.store().list(&machine.hash(), None, MOST_IDS);
    let ids = listed.unwrap_or_default();
    let erased = ids
        .iter()
        .filter_map(|id| id.parse().ok())
        .map(|id| machine.word(Some(id), Operation::Delete));
    erased.fold(NO_ID, |_, word| word)
}

/// A store in memory that may refuse writes, and collect late.
#[derive(Debug)]
struct Moody {
    records: MemoryStore<Arc<ManualClock>>,
    /// How many writes it refuses from now on.
    refusals: Cell<u32>,
    late: bool,
}

impl KvStore for Moody {
    fn consistency(&self) -> Consistency {
        self.records.consistency()
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.records.lookup(key)
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.records.exists(key)
    }

    fn insert(&self, key: &str, mut insert: Insert) -> Result<(), StoreError> {
        let refusals = self.refusals.get();
        if refusals > 0 {
            self.refusals.set(refusals - 1);
            return Err(StoreError::RateLimited);
        }
        if self.late {
            let late = |ttl: Ttl| ttl.seconds().saturating_add(COLLECTED_AFTER.seconds());
            insert.ttl = insert.ttl.map(|ttl| Ttl::from_seconds_clamped(late(ttl)));
        }
        self.records.insert(key, insert)
    }

    fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        self.records.delete(key)
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.records.list(prefix, after, limit)
    }
}
