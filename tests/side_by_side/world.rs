//! One store, and both that write it: in turns, and the one between two store calls of the other.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use edge_cookie::clock::{Clock, ManualClock, Timestamp};
use edge_cookie::engine::{Operation, Outcome, PartnerSync};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::Ttl;
use edge_cookie::record::{ConsentStrings, EcId, KvGeo, KvSignal, PartnerId};
use edge_cookie::store::{
    Consistency, Insert, KvStore, MemoryStore, Precondition, Removed, StoreError, Stored,
};

use super::act::{Act, Ours, Theirs, first, partner};
use super::promises::{Broken, Change, NOT_UNDONE, READABLE, REMEMBERED, Seen, broken};
use super::theirs::{
    ENTRY_SECONDS, Ended, TOMBSTONE_SECONDS, TrustedServer, is_live, other_version, sample,
};

/// Monday, 2 March 2026, noon.
const START: u64 = 1_772_452_800;

/// What happens before the store call of this number, in one operation.
pub type Between = (u8, Act);

/// An operation, and what comes between its store calls.
#[derive(Debug, Clone)]
pub struct Turn {
    pub act: Act,
    pub between: Vec<Between>,
}

/// How a broken engine of ours would write: what becomes of a body or metadata on its way to the store.
pub type Spoil = fn(&mut serde_json::Value);

/// What came about, so that a test sees that the turns reach what it is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reached {
    pub ours_over_theirs: u64,
    pub theirs_over_ours: u64,
    pub our_conflicts: u64,
    pub their_conflicts: u64,
    pub our_tombstones_kept: u64,
    pub their_tombstones_met: u64,
    pub revived_by_ours: u64,
    pub revived_by_theirs: u64,
}

pub struct World {
    clock: Arc<ManualClock>,
    store: MemoryStore<Arc<ManualClock>>,
    policy: Arc<EcPolicy>,
    consistency: Consistency,
    id: EcId,
    spoil: Option<Spoil>,
    /// The last second in which a withdrawal is remembered.
    remembered: Cell<Option<u64>>,
    ours_wrote_last: Cell<bool>,
    pub broken: RefCell<Vec<Broken>>,
    pub reached: Cell<Reached>,
}

impl World {
    pub fn new(policy: Arc<EcPolicy>, consistency: Consistency) -> Self {
        let noon = Timestamp::from_unix(START).into();
        let clock = Arc::new(ManualClock::at(noon));
        Self {
            store: MemoryStore::new(Arc::clone(&clock)),
            clock,
            policy,
            consistency,
            id: format!("{}.Ab3xY9", "0f".repeat(32)).parse().unwrap(),
            spoil: None,
            remembered: Cell::new(None),
            ours_wrote_last: Cell::new(false),
            broken: RefCell::default(),
            reached: Cell::default(),
        }
    }

    /// One whose engine of ours writes wrongly.
    pub fn spoiled(policy: Arc<EcPolicy>, spoil: Spoil) -> Self {
        Self {
            spoil: Some(spoil),
            ..Self::new(policy, Consistency::Strong)
        }
    }

    /// Runs the turns until a promise is broken.
    pub fn run(&self, turns: &[Turn]) -> Option<Broken> {
        for turn in turns {
            self.act(&turn.act, &turn.between);
            if let Some(broken) = self.broken.borrow().first() {
                return Some(broken.clone());
            }
        }
        None
    }

    pub fn now(&self) -> u64 {
        self.clock.now().timestamp().unix()
    }

    /// What the store holds.
    pub fn seen(&self) -> Option<Seen> {
        let stored = self.store.lookup(self.id.as_str()).unwrap();
        stored.map(|stored| Seen::of(&stored.body, &stored.metadata))
    }

    pub fn act(&self, act: &Act, between: &[Between]) {
        let seat = Seat {
            world: self,
            act,
            start: self.now(),
            calls: Cell::new(0),
            between,
        };
        match act {
            Act::Pass(seconds) => {
                let then = Timestamp::from_unix(self.now() + seconds);
                self.clock.set(then.into());
            }
            Act::Ours(ours) => self.ours(&seat, ours),
            Act::Theirs(theirs) => self.theirs(&seat, theirs),
        }
        self.remembers();
    }

    fn theirs(&self, seat: &Seat<'_>, act: &Theirs) {
        let now = self.now();
        let server = TrustedServer {
            store: seat,
            key: self.id.as_str(),
            now,
        };
        let ended = match act {
            Theirs::Consent(number) => server.create_or_revive(&sample(*number, now)),
            Theirs::Put { partners, uid } => {
                let uids = first(*partners).into_iter();
                let uids: Vec<_> = uids.map(|of| (of, format!("u{uid}"))).collect();
                server.put_uids(&uids)
            }
            Theirs::CountCluster => server.count_cluster(),
            Theirs::Withdraw => server.withdraw(),
            Theirs::Delete => server.delete(),
            Theirs::OtherVersion { newer } => {
                let (entry, metadata) = other_version(*newer, now);
                let insert = Insert {
                    body: entry.to_string().into_bytes(),
                    metadata: metadata.to_string().into_bytes(),
                    ttl: Some(Ttl::from_seconds_clamped(ENTRY_SECONDS)),
                    precondition: Precondition::Add,
                };
                let _ = seat.insert(self.id.as_str(), insert);
                Ended::Written
            }
        };
        if let Ended::Unreadable(why) = ended {
            self.breaks(READABLE, &format!("theirs: {why}"));
        }
    }

    fn ours(&self, seat: &Seat<'_>, act: &Ours) {
        let graph = KvIdentityGraph::new(seat, Arc::clone(&self.clock));
        let at = |ago: &u64| Timestamp::from_unix(self.now() - ago);
        let sync = |number: usize, uid: u8, ago: u64| PartnerSync {
            partner: PartnerId::parse(partner(number)).unwrap(),
            uid: format!("u{uid}").into(),
            timestamp: at(&ago),
        };
        let (consent, geo) = (consent(), KvGeo::known("DE", Some("BE")).unwrap());
        let (consent, geo) = (&consent, &geo);
        let one;
        let many: Vec<PartnerSync>;
        let operation = match act {
            Ours::Create => Operation::Create { consent, geo },
            Ours::CreateOrRevive => Operation::CreateOrRevive { consent, geo },
            Ours::CreateForNewId => Operation::CreateForNewId { consent, geo },
            Ours::Sync { partner, uid, ago } => {
                one = sync(*partner, *uid, *ago);
                Operation::UpsertPartnerId(&one)
            }
            Ours::SyncMany { partners, uid } => {
                many = (0..*partners).map(|number| sync(number, *uid, 0)).collect();
                Operation::UpsertPartnerIds(&many)
            }
            Ours::Touch { ago } => Operation::UpdateLastSeen { timestamp: at(ago) },
            Ours::Withdraw => Operation::WriteWithdrawalTombstone,
            Ours::Deliver { ago } => Operation::DeliverWithdrawal { at: at(ago) },
            Ours::Delete => Operation::Delete,
            Ours::Get => Operation::Get,
        };
        let finished = graph.run(&self.policy, &self.id, operation);
        match finished.result {
            Ok(done) if done.outcome == Outcome::AlreadyWithdrawn => self.confirmed(),
            Ok(done) if done.outcome == Outcome::ConsentWithdrawn => {
                self.count(|reached| {
                    reached.their_tombstones_met += u64::from(!self.ours_wrote_last.get());
                });
            }
            Err(error) if error.as_str() == "unreadable_entry" => {
                self.breaks(READABLE, &format!("ours: {error}"));
            }
            _ => {}
        }
    }

    /// Ours says that the user had withdrawn already: the withdrawal is remembered as long as one of ours is.
    fn confirmed(&self) {
        self.count(|reached| reached.our_tombstones_kept += 1);
        let Some(seen) = self.seen().filter(|seen| !is_live(&seen.body)) else {
            return;
        };
        let end = self.ours_remember(&seen);
        self.remembered.set(self.remembered.get().max(Some(end)));
    }

    fn ours_remember(&self, tombstone: &Seen) -> u64 {
        let withdrawn = tombstone.body["consent"]["updated"].as_u64().unwrap();
        withdrawn + self.policy.tombstone.ttl.seconds()
    }

    /// As long as a withdrawal is remembered, its tombstone is there.
    fn remembers(&self) {
        let Some(end) = self.remembered.get() else {
            return;
        };
        if self.now() > end {
            self.remembered.set(None);
        } else if self.seen().is_none_or(|seen| is_live(&seen.body)) {
            let name = self.seen().map_or(REMEMBERED, |_| NOT_UNDONE);
            self.breaks(name, &format!("{} seconds too early", end - self.now()));
        }
    }

    /// A write happened.
    fn changed(&self, seat: &Seat<'_>, before: Option<Stored>, insert: &Insert) {
        let after = Seen::of(&insert.body, &insert.metadata);
        let before = before.map(|stored| Seen::of(&stored.body, &stored.metadata));
        let by_ours = matches!(seat.act, Act::Ours(_));
        let ours_before = self.ours_wrote_last.replace(by_ours);
        self.count(|reached| {
            let over = u64::from(before.is_some() && by_ours != ours_before);
            let revived = u64::from(before.as_ref().is_some_and(|seen| !is_live(&seen.body)))
                * u64::from(is_live(&after.body));
            if by_ours {
                reached.ours_over_theirs += over;
                reached.revived_by_ours += revived;
            } else {
                reached.theirs_over_ours += over;
                reached.revived_by_theirs += revived;
            }
        });
        let change = Change {
            act: seat.act,
            start: seat.start,
            policy: &self.policy,
            before,
            bytes: (&insert.body, &insert.metadata),
            withdrawn: self.remembered.get().is_some_and(|end| self.now() <= end),
            after,
        };
        let found = broken(&change);
        self.broken.borrow_mut().extend(found);
        self.remembered.set(if is_live(&change.after.body) {
            None
        } else if by_ours {
            Some(self.ours_remember(&change.after))
        } else {
            // Theirs has no longer memory than a day, whatever ours had. Where ours has a shorter one, that counts.
            let day = seat.start + TOMBSTONE_SECONDS - 1;
            Some(day.min(self.ours_remember(&change.after)))
        });
    }

    fn breaks(&self, promise: &'static str, how: &str) {
        self.broken.borrow_mut().push((promise, how.to_owned()));
    }

    fn count(&self, note: impl FnOnce(&mut Reached)) {
        let mut reached = self.reached.get();
        note(&mut reached);
        self.reached.set(reached);
    }
}

/// Everything that ours keeps of a consent.
fn consent() -> ConsentStrings {
    ConsentStrings {
        tcf: Some("T".into()),
        gpp: Some("DBABMA~1YNN".into()),
        us_privacy: Some("1YNN".into()),
        gpc: true,
        rule: Some("grant.opt_out".into()),
        more: vec![KvSignal::new("tcf", "U")],
    }
}

/// The store as one operation sees it: before each of its calls, the other may act.
struct Seat<'w> {
    world: &'w World,
    act: &'w Act,
    start: u64,
    calls: Cell<u8>,
    between: &'w [Between],
}

impl Seat<'_> {
    fn call(&self) -> &MemoryStore<Arc<ManualClock>> {
        let number = self.calls.replace(self.calls.get().saturating_add(1));
        for (before, act) in self.between {
            if *before == number {
                self.world.act(act, &[]);
            }
        }
        &self.world.store
    }
}

impl KvStore for Seat<'_> {
    fn consistency(&self) -> Consistency {
        self.world.consistency
    }

    fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.call().lookup(key)
    }

    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.call().exists(key)
    }

    fn insert(&self, key: &str, mut insert: Insert) -> Result<(), StoreError> {
        let store = self.call();
        if let (Act::Ours(_), Some(spoil)) = (self.act, self.world.spoil) {
            for part in [&mut insert.body, &mut insert.metadata] {
                let mut value = serde_json::from_slice(part).unwrap();
                spoil(&mut value);
                *part = value.to_string().into_bytes();
            }
        }
        let before = store.lookup(key)?;
        let written = store.insert(key, insert.clone());
        match written {
            Ok(()) => self.world.changed(self, before, &insert),
            Err(_) => self.world.count(|reached| match self.act {
                Act::Ours(_) => reached.our_conflicts += 1,
                _ => reached.their_conflicts += 1,
            }),
        }
        written
    }

    fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        let store = self.call();
        // Erased is erased: nothing of the user is remembered.
        self.world.remembered.set(None);
        store.delete(key)
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.call().list(prefix, after, limit)
    }
}

impl Reached {
    /// Each count with its name.
    pub const fn counts(&self) -> [(&'static str, u64); 8] {
        [
            ("ours over theirs", self.ours_over_theirs),
            ("theirs over ours", self.theirs_over_ours),
            ("our conflicts", self.our_conflicts),
            ("their conflicts", self.their_conflicts),
            ("our tombstones kept", self.our_tombstones_kept),
            ("their tombstones met", self.their_tombstones_met),
            ("revived by ours", self.revived_by_ours),
            ("revived by theirs", self.revived_by_theirs),
        ]
    }

    pub const fn add(&mut self, other: &Self) {
        self.ours_over_theirs += other.ours_over_theirs;
        self.theirs_over_ours += other.theirs_over_ours;
        self.our_conflicts += other.our_conflicts;
        self.their_conflicts += other.their_conflicts;
        self.our_tombstones_kept += other.our_tombstones_kept;
        self.their_tombstones_met += other.their_tombstones_met;
        self.revived_by_ours += other.revived_by_ours;
        self.revived_by_theirs += other.revived_by_theirs;
    }
}
