//! Where an example is run: one user with a browser, one partner, and the engine over stores in memory.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use super::Row;
use super::consent_signal::ConsentSignal;
use super::example_server::{Cookie, Graph, INVALID_TOKEN, Machine, NO_ID, partner};
use super::faulty_store::FaultyStore;
use super::pair::Pair;
use super::scenario::{Act, PartnerLocation, Scenario, ScenarioEvent, shown};
use edge_cookie::clock::{ManualClock, Timestamp};
use edge_cookie::engine::{Operation, PartnerSync};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::{Locality, Ttl};
use edge_cookie::record::EcId;
use edge_cookie::store::{KvStore, MemoryStore};
use edge_cookie_service::consent::Verdict;
use edge_cookie_service::visit::{
    CookieChange, NewId, NewIdStep, Visit, VisitEnd, VisitStep, WithdrawalDelivery,
};

/// How something ends that does not get as far as the engine.
const NO_COOKIE: &str = "no_cookie";
const NOT_GRANTED: &str = "not_granted";
const NOT_SERVED: &str = "not_served";
const FORBIDDEN: &str = "forbidden";

/// What the partner of an example calls the user.
const UID: &str = "a uid";

/// When the candidate takes over, in Unix seconds: so late that every time to live fits before it, and early enough that a TCF
/// string can hold it (36 bits of tenths of a second, which end in 2187).
pub(super) const START: u64 = Ttl::MAX.seconds() + (Ttl::MAX.seconds() >> 1);

/// Ids that an operator of an example lists.
const MOST_IDS: usize = 100;

/// One course of events.
pub(super) struct ScenarioRun<'p> {
    pair: Pair<'p>,
    clock: Arc<ManualClock>,
    /// The graph of the deployed policy, and that of the candidate where it is another.
    graphs: [Rc<Graph>; 2],
    user: User,
    partner: PartnerLocation,
}

impl<'p> ScenarioRun<'p> {
    pub(super) fn new(pair: &Pair<'p>, scenario: &Scenario) -> Self {
        let clock = Arc::new(ManualClock::default());
        let graph = || {
            let store = FaultyStore {
                records: MemoryStore::new(Arc::clone(&clock)),
                refusals: Cell::new(0),
                late: scenario.collects_late,
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
            partner: scenario.partner.clone(),
            clock,
        }
    }

    /// The outcome of an event on a machine of the candidate, or of the deployed policy: one word.
    pub(super) fn run(&mut self, event: &ScenarioEvent, is_candidate: bool) -> &'static str {
        let now = START.saturating_add_signed(event.at);
        self.clock.set(Timestamp::from_unix(now).into());
        let Pair {
            deployed,
            candidate,
            publishers,
        } = self.pair;
        let [old_domain, new_domain] = publishers.map(|publisher| publisher.domain.as_ref());
        let domain = if is_candidate { new_domain } else { old_domain };
        let policy = if is_candidate { candidate } else { deployed };
        let served = |policy: &EcPolicy| policy.root.passphrase.is_some();
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
            other_hash: policy.root.passphrase != deployed.root.passphrase
                || policy.id.ipv6_form != deployed.id.ipv6_form,
            knows_partner: match &self.partner {
                PartnerLocation::Anywhere => true,
                PartnerLocation::Stored => policy.root.partner_store == deployed.root.partner_store,
                PartnerLocation::Declared(id) => {
                    let mut partners = policy.root.partners.iter();
                    partners.any(|partner| partner.id == *id && partner.enabled)
                }
            },
            domain,
            // Where the new domain is within the old, the pages are still on the old.
            host: match (old_domain, domain) {
                (Some(old), Some(new)) if !old.covers(new.as_str()) => Some(new),
                _ => old_domain,
            },
        };
        self.user.apply(&machine, &event.act)
    }
}

/// The user with the browser, and what the partner knows of them.
#[derive(Default)]
struct User {
    cookies: Vec<Cookie>,
    /// The id that the partner knows: the first that the user was given.
    known: Option<EcId>,
    ids_made: u8,
}

impl User {
    fn apply(&mut self, machine: &Machine<'_>, act: &Act) -> &'static str {
        match act {
            Act::Page { from_elsewhere } => self.page(machine, *from_elsewhere),
            Act::PageWithSignal { place, signal, day } => {
                self.page_with_signal(machine, place.as_ref(), signal, *day)
            }
            Act::Withdraw { refused } => self.withdraw(machine, *refused),
            Act::WithdrawElsewhere => {
                machine.outcome_name(self.known, Operation::WriteWithdrawalTombstone)
            }
            Act::Sync { made } => self.sync(machine, *made, UID),
            Act::SyncUid { uid } => self.sync(machine, machine.now, uid),
            Act::Identify => machine.uid_of(self.known),
            Act::IdentifyOnPage => self.identify_on_page(machine),
            Act::GrowMetadata { bytes } => machine.grow_metadata(self.known, *bytes),
            Act::WriteElsewhere => machine.write_elsewhere(self.known),
            Act::Erase => machine.outcome_name(self.known, Operation::Delete),
            Act::EraseAddress => erase_address(machine),
            Act::Read => machine.outcome_name(self.known, Operation::Get),
        }
    }

    /// The id in the cookie that the browser sends, and this machine looks at.
    fn sent(&self, machine: &Machine<'_>, from_elsewhere: bool) -> Option<EcId> {
        let cookie = self.cookies.iter().find(|cookie| {
            cookie.name == machine.policy.cookie.name.as_str()
                && machine.now < cookie.gone_at
                && !(cookie.strict && from_elsewhere)
                && machine.covered(&cookie.scope)
        });
        cookie.map(|cookie| cookie.id)
    }

    /// A browser refuses a cookie for a domain that the host is not in.
    fn keep(&mut self, machine: &Machine<'_>, cookie: Cookie) {
        if !machine.covered(&cookie.scope) {
            return;
        }
        self.cookies.retain(|kept| kept.name != cookie.name);
        self.cookies.push(cookie);
    }

    /// A page, as the service answers it to a user who consents.
    fn page(&mut self, machine: &Machine<'_>, from_elsewhere: bool) -> &'static str {
        let timestamp = Timestamp::from_unix(START.saturating_add_signed(machine.now));
        let ids = self.sent(machine, from_elsewhere);
        let mut visit = Visit::new(ids.as_slice());
        let mut ended = NO_ID;
        loop {
            let finished = match visit.step() {
                VisitStep::UpdateLastSeen(id) => {
                    machine.run(id, Operation::UpdateLastSeen { timestamp })
                }
                VisitStep::Revive(id) => machine.create(id),
                VisitStep::End(VisitEnd::NewVisitor) => return self.begin(machine),
                VisitStep::End(VisitEnd::Known { id, touched }) => {
                    let rules = &machine.policy.cookie;
                    if CookieChange::of_known(rules, touched, false).set {
                        self.keep(machine, machine.cookie(*id));
                    }
                    return ended;
                }
                VisitStep::End(VisitEnd::Unchanged) => return ended,
            };
            ended = finished.as_str();
            visit.resume(finished.outcome());
        }
    }

    /// Gives the user a new id.
    fn begin(&mut self, machine: &Machine<'_>) -> &'static str {
        let mut new_id = NewId::default();
        let mut ended = NO_ID;
        while new_id.step() == NewIdStep::Create {
            self.ids_made = self.ids_made.saturating_add(1);
            let id = format!("{}.Ab3x{:02}", machine.hash(), self.ids_made);
            let Ok(id) = id.parse::<EcId>() else {
                return NO_ID;
            };
            let created = machine.create_for_new_id(&id);
            ended = created.as_str();
            new_id.resume(created.outcome());
            if new_id.step() == NewIdStep::Given {
                self.keep(machine, machine.cookie(id));
                self.known = self.known.or(Some(id));
            }
        }
        ended
    }

    fn page_with_signal(
        &mut self,
        machine: &Machine<'_>,
        place: Option<&Locality>,
        signal: &ConsentSignal,
        day: Option<Timestamp>,
    ) -> &'static str {
        let place = place.or(machine.policy.local.geo.as_ref());
        let now =
            day.unwrap_or_else(|| Timestamp::from_unix(START.saturating_add_signed(machine.now)));
        match signal.verdict(machine.policy, place, now) {
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
        // No machine of an example has an outbox.
        let delivery = match written.result {
            Ok(_) => WithdrawalDelivery::Written,
            Err(_) => WithdrawalDelivery::NotKept,
        };
        let rules = &machine.policy.cookie;
        if delivery.expires_cookie(rules.on_failed_withdrawal) {
            self.cookies
                .retain(|cookie| cookie.name != rules.name.as_str());
        }
        written.as_str()
    }

    fn identify_on_page(&self, machine: &Machine<'_>) -> &'static str {
        if !machine.is_own() {
            return FORBIDDEN;
        }
        match self.sent(machine, false) {
            Some(id) => machine.uid_of(Some(id)),
            None => NO_COOKIE,
        }
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
        machine.outcome_name(self.known, Operation::UpsertPartnerId(&sync))
    }
}

/// Erases what an operator finds by the hash of the user's address.
fn erase_address(machine: &Machine<'_>) -> &'static str {
    let listed = machine.graph.store().list(&machine.hash(), None, MOST_IDS);
    let ids = listed.unwrap_or_default();
    let erased = ids
        .iter()
        .filter_map(|id| id.parse().ok())
        .map(|id| machine.outcome_name(Some(id), Operation::Delete));
    erased.fold(NO_ID, |_, word| word)
}

impl Scenario {
    /// Runs it twice on the engine: under the deployed policy, and with the candidate taking over.
    pub(super) fn run(&self, pair: &Pair<'_>) -> Vec<Row> {
        let mut stays = ScenarioRun::new(pair, self);
        let mut changes = ScenarioRun::new(pair, self);
        let row = |event: &ScenarioEvent| {
            let taken_over = event.at >= 0 && !event.by_deployed;
            Row {
                at: shown(event.at),
                event: event.words.clone(),
                deployed: stays.run(event, false),
                candidate: changes.run(event, taken_over),
            }
        };
        self.events.iter().map(row).collect()
    }
}
