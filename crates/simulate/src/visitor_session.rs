//! One visitor's session: page views and syncs in the order of their times, and the service's operations for each.

use super::caller::Caller;
use super::context::{SimulatedCall, SimulationContext, pick_weighted};
use super::counters::Counters;
use super::emit::EventEmitter;
use super::identity::{SimulatedIdentity, Sinks};
use super::partner_traffic::{BatchSchedule, PartnerTraffic};
use super::rng::{Rng, RngStream};
use super::signals::ConsentChoice;
use super::stored_record::GenerationCounter;
use super::visits::PageView;
use edge_cookie::engine::{OperationError, Outcome};
use edge_cookie_service::consent::Verdict;
use edge_cookie_service::visit::{
    CookieChange, NewId, NewIdStep, Visit, VisitEnd, VisitStep, WithdrawalDelivery,
};

/// The EC cookie in the visitor's browser.
#[derive(Debug, Clone, Copy)]
struct BrowserCookie {
    number: usize,
    expires: u64,
}

/// The simulation of visitors, one after another. Its buffers are reused.
pub(crate) struct VisitorSession<'g, 'w, 'b> {
    pub(crate) context: &'g SimulationContext<'w>,
    pub(crate) batches: &'g [BatchSchedule],
    pub(crate) counters: &'b mut Counters,
    pub(crate) generations: &'b mut GenerationCounter,
    pub(crate) emitter: Option<&'b mut EventEmitter>,
    pub(crate) traffic: PartnerTraffic,
    pub(crate) identities: Vec<SimulatedIdentity>,
    pub(crate) state: VisitorState,
}

/// The state of the current visitor.
#[derive(Debug, Clone)]
pub(crate) struct VisitorState {
    visitor: u64,
    region: usize,
    edge: u64,
    choice: ConsentChoice,
    /// When the choice was made; `None` before the first visit.
    chosen: Option<u64>,
    withdrew: bool,
    cookie: Option<BrowserCookie>,
    seen: u64,
    rng: Rng,
}

impl VisitorState {
    pub(crate) fn initial(context: &SimulationContext<'_>) -> Self {
        Self {
            visitor: 0,
            region: 0,
            edge: 0,
            choice: ConsentChoice::Undecided,
            chosen: None,
            withdrew: false,
            cookie: None,
            seen: 0,
            rng: context.rng(RngStream::Visitor, 0),
        }
    }
}

const MILLIS_PER_SECOND: u64 = 1_000;
/// The longest time until a repeated withdrawal.
const REPEATED_WITHIN: u64 = 600_000;
/// The first visitor number of forged requests, above those of all visitors.
const FORGED: u64 = 1 << 31;

impl<'g, 'w> VisitorSession<'g, 'w, '_> {
    fn begin(&mut self, visitor: u64, rng: Rng) {
        let workload = self.context.workload;
        self.identities.clear();
        self.state = VisitorState {
            visitor,
            rng,
            ..VisitorState::initial(self.context)
        };
        let state = &mut self.state;
        state.region = pick_weighted(
            &mut state.rng,
            workload.regions.iter().map(|region| region.share),
        );
        state.edge = state.rng.below(workload.edges);
        if let Some(region) = workload.regions.get(state.region) {
            let shares = [
                region.consents,
                region.refuses,
                1.0 - region.consents - region.refuses,
            ];
            state.choice = match pick_weighted(&mut state.rng, shares.into_iter()) {
                0 => ConsentChoice::Consents,
                1 => ConsentChoice::Refuses,
                _ => ConsentChoice::Undecided,
            };
        }
    }

    /// Runs all page views of a visitor.
    pub(crate) fn run(&mut self, visitor: u64, views: impl Iterator<Item = PageView>) {
        let rng = self.context.rng(RngStream::Visitor, visitor);
        self.begin(visitor, rng);
        self.traffic
            .begin(self.context.workload, &mut self.state.rng);
        let mut came = false;
        for view in views {
            self.syncs_before(view.at);
            if view.first {
                self.counters.happened.visits += 1;
                self.update_choice(view.at);
            }
            came = true;
            self.view_page(view);
        }
        self.counters.happened.visitors += u64::from(came);
        self.syncs_before(self.context.workload.length());
        self.end();
    }

    /// Runs a request with a forged id.
    pub(crate) fn run_forged_request(&mut self, number: u64) {
        let context = self.context;
        self.begin(
            FORGED + number,
            context.rng(RngStream::ForgedRequests, number),
        );
        let length = context.workload.length();
        let at = context
            .workload
            .diurnal_profile
            .time(self.state.rng.below(length));
        self.counters.happened.forged += 1;
        self.count_view(at);
        self.identities.push(SimulatedIdentity::default());
        if self.state.rng.chance(context.workload.forged.withdraws) {
            let _ = self.call(0, at, SimulatedCall::Withdraw);
        } else if self.verdict(at) == Verdict::Granted {
            self.refresh_identity(at, Some(0));
        }
        self.end();
    }

    fn end(&mut self) {
        let length = self.context.workload.length();
        let mut identities = std::mem::take(&mut self.identities);
        for (number, identity) in (0..).zip(identities.iter_mut()) {
            let caller = self.caller(number, length);
            let (context, mut sinks) = self.sinks();
            identity.finish(context, &caller, &mut sinks);
        }
        self.identities = identities;
    }

    fn verdict(&self, at: u64) -> Verdict {
        let VisitorState {
            region,
            choice,
            chosen,
            ..
        } = self.state;
        self.context
            .verdict(region, choice, at, chosen.unwrap_or(at))
    }

    /// Updates the consent choice at the start of a visit.
    fn update_choice(&mut self, at: u64) {
        let changes = &self.context.workload.changes;
        let state = &mut self.state;
        let before = state.choice;
        match state.choice {
            ConsentChoice::Consents
                if state.cookie.is_some() && state.rng.chance(changes.withdraws) =>
            {
                (state.choice, state.withdrew) = (ConsentChoice::Refuses, true);
            }
            ConsentChoice::Refuses if state.withdrew && state.rng.chance(changes.reconsents) => {
                (state.choice, state.withdrew) = (ConsentChoice::Consents, false);
                self.counters.happened.reconsents += 1;
            }
            _ => {}
        }
        if state.chosen.is_none() || state.choice != before {
            state.chosen = Some(at);
        }
    }

    fn count_view(&mut self, at: u64) {
        self.counters.happened.page_views += 1;
        if let Some(day) = self.counters.day(at) {
            day.page_views += 1;
        }
    }

    fn view_page(&mut self, view: PageView) {
        let at = view.at;
        self.state.seen = at;
        self.count_view(at);
        if let Some(cookie) = self.state.cookie.filter(|cookie| at >= cookie.expires) {
            self.state.cookie = None;
            let live = self
                .identities
                .get(cookie.number)
                .is_some_and(|identity| identity.is_live(self.context, at));
            self.counters.lost.cookie_expired += u64::from(live);
        }
        match self.verdict(at) {
            Verdict::Granted => {
                let sent = self.state.cookie.map(|cookie| cookie.number);
                let is_new = self.refresh_identity(at, sent);
                self.counters.lost.entry_expired += u64::from(is_new && sent.is_some());
            }
            Verdict::Withdrawn => self.withdraw(at),
            Verdict::NotGranted => {}
        }
        if let Some(cookie) = self.state.cookie.filter(|_| view.first) {
            let at = (at, cookie.number);
            self.traffic
                .visit(self.context, self.batches, &mut self.state.rng, at);
        }
    }

    /// Refreshes the identity of a visitor who consents and whose browser sent this id. Returns whether the visitor
    /// counted as a new one.
    fn refresh_identity(&mut self, at: u64, sent: Option<usize>) -> bool {
        let mut visit = Visit::new(sent.as_slice());
        loop {
            let (number, call) = match visit.step() {
                VisitStep::UpdateLastSeen(number) => (*number, SimulatedCall::Touch),
                VisitStep::Revive(number) => (*number, SimulatedCall::Create(self.state.region)),
                VisitStep::End(VisitEnd::Known { id, touched }) => {
                    let rules = &self.context.policy.cookie;
                    if CookieChange::of_known(rules, touched, false).set {
                        self.set_cookie(*id, at);
                    }
                    return false;
                }
                VisitStep::End(VisitEnd::Unchanged) => return false,
                VisitStep::End(VisitEnd::NewVisitor) => {
                    self.assign_id(at);
                    return true;
                }
            };
            visit.resume(self.call(number, at, call).as_ref().copied());
        }
    }

    /// Assigns a new id to the visitor.
    fn assign_id(&mut self, at: u64) {
        let mut new_id = NewId::default();
        while new_id.step() == NewIdStep::Create {
            let number = self.identities.len();
            self.identities.push(SimulatedIdentity::default());
            let created = self.call(number, at, SimulatedCall::Create(self.state.region));
            new_id.resume(created.as_ref().copied());
            if new_id.step() == NewIdStep::Given {
                self.counters.happened.identities += 1;
                self.set_cookie(number, at);
            }
        }
    }

    fn set_cookie(&mut self, number: usize, at: u64) {
        let max_age = self.context.policy.cookie.max_age.seconds();
        self.state.cookie = Some(BrowserCookie {
            number,
            expires: at.saturating_add(max_age.saturating_mul(MILLIS_PER_SECOND)),
        });
    }

    fn withdraw(&mut self, at: u64) {
        let Some(cookie) = self.state.cookie else {
            return;
        };
        self.counters.happened.withdrawals += 1;
        if let Some(identity) = self.identities.get_mut(cookie.number) {
            identity.record_withdrawal(at, self.counters);
        }
        let written = self.call(cookie.number, at, SimulatedCall::Withdraw);
        // The simulated servers have no outbox.
        let delivery = match written {
            Ok(_) => WithdrawalDelivery::Written,
            Err(_) => WithdrawalDelivery::NotKept,
        };
        if delivery.expires_cookie(self.context.policy.cookie.on_failed_withdrawal) {
            self.state.cookie = None;
        }
        if self.state.rng.chance(self.context.workload.changes.repeats) {
            let again = at + 1 + self.state.rng.below(REPEATED_WITHIN);
            if again < self.context.workload.length() {
                self.syncs_before(again);
                self.counters.happened.withdrawals += 1;
                let _ = self.call(cookie.number, again, SimulatedCall::Withdraw);
            }
        }
    }

    /// Runs the partner syncs before `at`. The mappings of one batch are one operation.
    fn syncs_before(&mut self, at: u64) {
        let at = at.min(self.context.workload.length());
        while let Some(sync) = self.next_sync(at) {
            let Some(mapping) = sync.mapping(self.context, self.state.visitor) else {
                continue;
            };
            let mut syncs = vec![mapping];
            let batch = (sync.partner, sync.number, sync.sent);
            while let Some(other) = self.next_of_batch(batch, at) {
                syncs.extend(other.mapping(self.context, self.state.visitor));
            }
            let count = syncs.len() as u64;
            self.counters.happened.syncs += count;
            if let Some(day) = self.counters.day(sync.at) {
                day.syncs += count;
            }
            let Some(batches) = self.batches.get(sync.partner) else {
                continue;
            };
            self.counters
                .record_batch(sync.partner, sync.sent / batches.every);
            if let Some(reason) = batches.refusal(sync.sent) {
                self.counters.record_refusal(sync.partner, reason, count);
                continue;
            }
            let partner = sync.partner;
            let _ = self.call(sync.number, sync.at, SimulatedCall::Sync { partner, syncs });
        }
    }

    fn next_sync(&mut self, at: u64) -> Option<super::partner_traffic::SyncInTransit> {
        let (rng, seen) = (&mut self.state.rng, self.state.seen);
        self.traffic
            .next_before(at, self.context, self.batches, rng, seen)
    }

    fn next_of_batch(
        &mut self,
        batch: (usize, usize, u64),
        at: u64,
    ) -> Option<super::partner_traffic::SyncInTransit> {
        if self.traffic.next_batch() != Some(batch) {
            return None;
        }
        self.next_sync(at)
    }

    fn caller(&self, number: usize, at: u64) -> Caller {
        Caller {
            visitor: self.state.visitor,
            number: number as u64,
            at,
            edge: self.state.edge,
        }
    }

    fn sinks(&mut self) -> (&'g SimulationContext<'w>, Sinks<'_>) {
        let sinks = Sinks {
            counters: self.counters,
            generations: self.generations,
            emitter: self.emitter.as_deref_mut(),
        };
        (self.context, sinks)
    }

    /// Runs an operation on one of the visitor's ids. A partner's call arrives at a random edge.
    fn call(
        &mut self,
        number: usize,
        at: u64,
        call: SimulatedCall,
    ) -> Result<Outcome, OperationError> {
        let mut caller = self.caller(number, at);
        if call.partner().is_some() {
            caller.edge = self.state.rng.below(self.context.workload.edges);
        }
        let mut identities = std::mem::take(&mut self.identities);
        let (context, mut sinks) = self.sinks();
        let result = match identities.get_mut(number) {
            Some(identity) => identity.run(context, &caller, call, &mut sinks),
            None => Ok(Outcome::NotFound),
        };
        self.identities = identities;
        result
    }
}
