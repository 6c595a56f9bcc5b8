//! One visitor's course: pages and syncs in the order of their times, and what the service does at each (`API.md`, the
//! organic request).

use super::account::Accounts;
use super::dice::{Dice, Stream};
use super::emit::Emitter;
use super::ground::{Call, Ground, pick};
use super::held::Generations;
use super::identity::{Books, Caller, Identity};
use super::signals::Choice;
use super::traffic::{Batches, Traffic};
use super::visits::View;
use crate::consent::Verdict;
use crate::engine::Outcome;
use crate::policy::settings::CookieRenewal;

/// A cookie in the visitor's browser.
#[derive(Debug, Clone, Copy)]
struct Cookie {
    number: usize,
    expires: u64,
}

/// A visitor under way. What it holds is used again for the next one.
pub(crate) struct Course<'g, 'w, 'b> {
    pub(crate) ground: &'g Ground<'w>,
    pub(crate) batches: &'g [Batches],
    pub(crate) accounts: &'b mut Accounts,
    pub(crate) generations: &'b mut Generations,
    pub(crate) emitter: Option<&'b mut Emitter>,
    pub(crate) traffic: Traffic,
    pub(crate) identities: Vec<Identity>,
    pub(crate) who: Who,
}

/// Who the visitor is, and what they think now.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    visitor: u64,
    region: usize,
    edge: u64,
    choice: Choice,
    /// When the choice was made; none until the visitor first comes.
    chosen: Option<u64>,
    withdrew: bool,
    cookie: Option<Cookie>,
    seen: u64,
    dice: Dice,
}

impl Who {
    pub(crate) fn nobody(ground: &Ground<'_>) -> Self {
        Self {
            visitor: 0,
            region: 0,
            edge: 0,
            choice: Choice::Silent,
            chosen: None,
            withdrew: false,
            cookie: None,
            seen: 0,
            dice: ground.dice(Stream::Visitor, 0),
        }
    }
}

const MILLIS_PER_SECOND: u64 = 1_000;
/// A withdrawal that is sent twice comes again within so long.
const REPEATED_WITHIN: u64 = 600_000;
/// Tells forged requests from visitors in the order of events.
const FORGED: u64 = 1 << 31;

impl<'g, 'w> Course<'g, 'w, '_> {
    fn begin(&mut self, visitor: u64, dice: Dice) {
        let workload = self.ground.workload;
        self.identities.clear();
        self.who = Who {
            visitor,
            dice,
            ..Who::nobody(self.ground)
        };
        let who = &mut self.who;
        who.region = pick(
            &mut who.dice,
            workload.regions.iter().map(|region| region.share),
        );
        who.edge = who.dice.below(workload.edges);
        if let Some(region) = workload.regions.get(who.region) {
            let shares = [
                region.consents,
                region.refuses,
                1.0 - region.consents - region.refuses,
            ];
            who.choice = match pick(&mut who.dice, shares.into_iter()) {
                0 => Choice::Consents,
                1 => Choice::Refuses,
                _ => Choice::Silent,
            };
        }
    }

    /// Follows a visitor through all of its page views.
    pub(crate) fn follow(&mut self, visitor: u64, views: impl Iterator<Item = View>) {
        let dice = self.ground.dice(Stream::Visitor, visitor);
        self.begin(visitor, dice);
        self.traffic.begin(self.ground.workload, &mut self.who.dice);
        let mut came = false;
        for view in views {
            self.syncs_before(view.at);
            if view.first {
                self.accounts.happened.visits += 1;
                self.change_mind(view.at);
            }
            came = true;
            self.page(view);
        }
        self.accounts.happened.visitors += u64::from(came);
        self.syncs_before(self.ground.workload.length());
        self.end();
    }

    /// A request with an id that nobody was given.
    pub(crate) fn forge(&mut self, number: u64) {
        let ground = self.ground;
        self.begin(FORGED + number, ground.dice(Stream::Forged, number));
        let length = ground.workload.length();
        let at = ground.workload.rhythm.time(self.who.dice.below(length));
        self.accounts.happened.forged += 1;
        self.count_view(at);
        self.identities.push(Identity::default());
        if self.who.dice.chance(ground.workload.forged.withdraws) {
            self.call(0, at, Call::Withdraw);
        } else if self.verdict(at) == Verdict::Granted
            && self.call(0, at, Call::Touch) == Some(Outcome::NotFound)
        {
            self.adopt(at);
        }
        self.end();
    }

    fn end(&mut self) {
        let length = self.ground.workload.length();
        let mut identities = std::mem::take(&mut self.identities);
        for (number, identity) in (0..).zip(identities.iter_mut()) {
            let caller = self.caller(number, length);
            let (ground, mut books) = self.books();
            identity.end(ground, &caller, &mut books);
        }
        self.identities = identities;
    }

    fn verdict(&self, at: u64) -> Verdict {
        let Who {
            region,
            choice,
            chosen,
            ..
        } = self.who;
        self.ground
            .verdict(region, choice, at, chosen.unwrap_or(at))
    }

    /// At the start of a visit.
    fn change_mind(&mut self, at: u64) {
        let changes = &self.ground.workload.changes;
        let who = &mut self.who;
        let before = who.choice;
        match who.choice {
            Choice::Consents if who.cookie.is_some() && who.dice.chance(changes.withdraws) => {
                (who.choice, who.withdrew) = (Choice::Refuses, true);
            }
            Choice::Refuses if who.withdrew && who.dice.chance(changes.reconsents) => {
                (who.choice, who.withdrew) = (Choice::Consents, false);
                self.accounts.happened.reconsents += 1;
            }
            _ => {}
        }
        if who.chosen.is_none() || who.choice != before {
            who.chosen = Some(at);
        }
    }

    fn count_view(&mut self, at: u64) {
        self.accounts.happened.page_views += 1;
        if let Some(day) = self.accounts.day(at) {
            day.page_views += 1;
        }
    }

    fn page(&mut self, view: View) {
        let at = view.at;
        self.who.seen = at;
        self.count_view(at);
        if let Some(cookie) = self.who.cookie.filter(|cookie| at >= cookie.expires) {
            self.who.cookie = None;
            let live = self
                .identities
                .get(cookie.number)
                .is_some_and(|identity| identity.is_live(self.ground, at));
            self.accounts.lost.cookie_expired += u64::from(live);
        }
        match self.verdict(at) {
            Verdict::Granted => self.keep_up(at),
            Verdict::Withdrawn => self.withdraw(at),
            Verdict::NotGranted => {}
        }
        if let Some(cookie) = self.who.cookie.filter(|_| view.first) {
            let at = (at, cookie.number);
            self.traffic
                .visit(self.ground, self.batches, &mut self.who.dice, at);
        }
    }

    /// What the service does for a visitor who consents.
    fn keep_up(&mut self, at: u64) {
        let Some(cookie) = self.who.cookie else {
            return self.adopt(at);
        };
        match self.call(cookie.number, at, Call::Touch) {
            // Consent has been given anew.
            Some(Outcome::ConsentWithdrawn) => {
                self.call(cookie.number, at, Call::Create(self.who.region));
            }
            Some(Outcome::NotFound) => {
                self.accounts.lost.entry_expired += 1;
                self.adopt(at);
            }
            Some(Outcome::Touched)
                if self.ground.policy.cookie.renewal == CookieRenewal::OnTouch =>
            {
                self.set_cookie(cookie.number, at);
            }
            _ => {}
        }
    }

    /// Gives the visitor a new id. Without an entry there is no cookie.
    fn adopt(&mut self, at: u64) {
        let number = self.identities.len();
        self.identities.push(Identity::default());
        let created = self.call(number, at, Call::Create(self.who.region));
        if created == Some(Outcome::Created) {
            self.accounts.happened.identities += 1;
            self.set_cookie(number, at);
        } else {
            self.who.cookie = None;
        }
    }

    fn set_cookie(&mut self, number: usize, at: u64) {
        let max_age = self.ground.policy.cookie.max_age.seconds();
        self.who.cookie = Some(Cookie {
            number,
            expires: at.saturating_add(max_age.saturating_mul(MILLIS_PER_SECOND)),
        });
    }

    fn withdraw(&mut self, at: u64) {
        let Some(cookie) = self.who.cookie.take() else {
            return;
        };
        self.accounts.happened.withdrawals += 1;
        if let Some(identity) = self.identities.get_mut(cookie.number) {
            identity.leaves(at, self.accounts);
        }
        self.call(cookie.number, at, Call::Withdraw);
        if self.who.dice.chance(self.ground.workload.changes.repeats) {
            let again = at + 1 + self.who.dice.below(REPEATED_WITHIN);
            if again < self.ground.workload.length() {
                self.syncs_before(again);
                self.accounts.happened.withdrawals += 1;
                self.call(cookie.number, again, Call::Withdraw);
            }
        }
    }

    /// What partners send before `at`. Mappings of one batch are one operation.
    fn syncs_before(&mut self, at: u64) {
        let at = at.min(self.ground.workload.length());
        while let Some(sync) = self.next_sync(at) {
            let Some(mapping) = sync.mapping(self.ground, self.who.visitor) else {
                continue;
            };
            let mut syncs = vec![mapping];
            let batch = (sync.partner, sync.number, sync.sent);
            while let Some(other) = self.next_of_batch(batch, at) {
                syncs.extend(other.mapping(self.ground, self.who.visitor));
            }
            let count = syncs.len() as u64;
            self.accounts.happened.syncs += count;
            if let Some(day) = self.accounts.day(sync.at) {
                day.syncs += count;
            }
            let Some(batches) = self.batches.get(sync.partner) else {
                continue;
            };
            self.accounts.sent(sync.partner, sync.sent / batches.every);
            if let Some(reason) = batches.refusal(sync.sent) {
                self.accounts.refuse(sync.partner, reason, count);
                continue;
            }
            let partner = sync.partner;
            self.call(sync.number, sync.at, Call::Sync { partner, syncs });
        }
    }

    fn next_sync(&mut self, at: u64) -> Option<super::traffic::OnItsWay> {
        let (dice, seen) = (&mut self.who.dice, self.who.seen);
        self.traffic
            .next_before(at, self.ground, self.batches, dice, seen)
    }

    fn next_of_batch(
        &mut self,
        batch: (usize, usize, u64),
        at: u64,
    ) -> Option<super::traffic::OnItsWay> {
        if self.traffic.next_batch() != Some(batch) {
            return None;
        }
        self.next_sync(at)
    }

    fn caller(&self, number: usize, at: u64) -> Caller {
        Caller {
            visitor: self.who.visitor,
            number: number as u64,
            at,
            edge: self.who.edge,
        }
    }

    fn books(&mut self) -> (&'g Ground<'w>, Books<'_>) {
        let books = Books {
            accounts: self.accounts,
            generations: self.generations,
            emitter: self.emitter.as_deref_mut(),
        };
        (self.ground, books)
    }

    /// Runs an operation on one of the visitor's ids; a partner's comes to an edge of its own.
    fn call(&mut self, number: usize, at: u64, call: Call) -> Option<Outcome> {
        let mut caller = self.caller(number, at);
        if call.partner().is_some() {
            caller.edge = self.who.dice.below(self.ground.workload.edges);
        }
        let mut identities = std::mem::take(&mut self.identities);
        let (ground, mut books) = self.books();
        let outcome = identities
            .get_mut(number)
            .and_then(|identity| identity.run(ground, &caller, call, &mut books));
        self.identities = identities;
        outcome
    }
}
