//! What reaches the edges: a script of operations, made before any of them runs, so that traffic knows nothing of the store.

use std::sync::Arc;

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::PartnerSync;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::Unchanged;
use edge_cookie::record::PartnerId;

use crate::act::{Act, MILLIS, Said};
use crate::draw::Draw;

/// Records of one world.
pub const RECORDS: u32 = 96;

/// Operations of one world.
pub const OPERATIONS: usize = 16_384;

/// Monday, 2 March 2026, noon: when a world begins.
pub const BEGINNING: u64 = 1_772_452_800;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Where a lookup can lag behind, and how long an operation is under way: what such times are worth trying round.
const AROUND: u64 = 190;

pub const PARTNERS: [&str; 4] = ["liveramp.com", "id5-sync.com", "criteo.com", "adx.example"];

/// One operation.
#[derive(Debug)]
pub struct Planned {
    /// When it reaches an edge, in milliseconds.
    pub at: u64,
    pub record: u32,
    /// The policy of the edge that it reaches.
    pub policy: usize,
    /// Whether calls of the store take long for it.
    pub slow: bool,
    pub act: Act,
}

/// A world's traffic, in the order of time.
pub struct Script {
    pub said: Said,
    pub plan: Vec<Planned>,
    /// Operations while edges of two policies were running.
    pub mixed: usize,
}

impl Script {
    pub fn write(seed: u64, policies: &[Arc<EcPolicy>]) -> Self {
        let mut draw = Draw::new(seed, 3);
        let mut plan = Vec::with_capacity(OPERATIONS + RECORDS as usize * 16);
        let share = OPERATIONS / RECORDS as usize + 1;
        for record in 0..RECORDS {
            let until = plan.len() + share;
            Person::new(&mut draw, record, policies, &mut plan).live(until);
        }
        plan.truncate(OPERATIONS);
        // Each record's own are in order but for the last of a cluster: what is sorted stably stays as it was drawn.
        plan.sort_by_key(|planned| planned.at);
        // A rollout: the deployed policy alone, both, the candidate alone.
        let mixed = plan.len() / 8..plan.len() / 8 * 7;
        let changes = policies.len() > 1;
        if changes {
            for (index, planned) in plan.iter_mut().enumerate().skip(mixed.start) {
                let candidate = !mixed.contains(&index) || draw.happens(500);
                planned.policy = usize::from(candidate);
            }
        }
        Self {
            said: Said::new(),
            plan,
            mixed: if changes { mixed.len() } else { 0 },
        }
    }
}

/// One user, or an id that nobody has: their days, one cluster of requests after the other.
struct Person<'p> {
    draw: &'p mut Draw,
    record: u32,
    policies: &'p [Arc<EcPolicy>],
    plan: &'p mut Vec<Planned>,
    partners: [PartnerId; PARTNERS.len()],
    /// The present, in seconds.
    now: u64,
    /// When they last visited, and when they withdrew; where they did.
    visited: u64,
    withdrew: Option<u64>,
    forged: bool,
}

#[derive(Clone, Copy)]
enum Cluster {
    Visit,
    Syncs,
    Withdrawal,
    Consent,
    Erasure,
    Storm,
    Look,
}

impl<'p> Person<'p> {
    fn new(
        draw: &'p mut Draw,
        record: u32,
        policies: &'p [Arc<EcPolicy>],
        plan: &'p mut Vec<Planned>,
    ) -> Self {
        let now = BEGINNING + draw.below(2 * DAY);
        Self {
            forged: draw.happens(60),
            draw,
            record,
            policies,
            plan,
            partners: PARTNERS.map(|name| PartnerId::parse(name).unwrap()),
            now,
            visited: now,
            withdrew: None,
        }
    }

    fn live(&mut self, until: usize) {
        while self.plan.len() < until {
            let cluster = if self.forged {
                self.draw.weighted(&[
                    (4, Cluster::Withdrawal),
                    (4, Cluster::Syncs),
                    (1, Cluster::Erasure),
                    (2, Cluster::Look),
                ])
            } else if self.withdrew.is_some() {
                self.draw.weighted(&[
                    (5, Cluster::Consent),
                    (4, Cluster::Syncs),
                    (2, Cluster::Visit),
                    (2, Cluster::Withdrawal),
                    (2, Cluster::Storm),
                    (1, Cluster::Look),
                ])
            } else {
                self.draw.weighted(&[
                    (10, Cluster::Visit),
                    (9, Cluster::Syncs),
                    (2, Cluster::Withdrawal),
                    (1, Cluster::Consent),
                    (1, Cluster::Erasure),
                    (2, Cluster::Storm),
                    (1, Cluster::Look),
                ])
            };
            self.cluster(cluster);
            let passed = self.gap();
            self.now += passed;
        }
        self.plan.truncate(until);
    }

    /// Seconds until the next requests: often to just before or after a moment that matters.
    fn gap(&mut self) -> u64 {
        let policies = self.policies;
        let policy = &*policies[usize::try_from(self.draw.below(policies.len() as u64)).unwrap()];
        let near = |draw: &mut Draw, moment: u64, now: u64| {
            let early = draw.weighted(&[(4, 4), (2, AROUND)]);
            (moment + draw.below(early + 3)).saturating_sub(now + early)
        };
        match self.draw.below(100) {
            0..30 => self.draw.within(1..=10 * MINUTE),
            30..45 => near(
                self.draw,
                self.visited + policy.last_seen.debounce.seconds(),
                self.now,
            ),
            45..58 => self.draw.within(HOUR..=3 * DAY),
            58..62 => self.draw.within(DAY..=60 * DAY),
            62..74 => {
                let from = self.withdrew.unwrap_or(self.now);
                near(self.draw, from + policy.tombstone.ttl.seconds(), self.now)
            }
            74..84 => near(
                self.draw,
                self.visited + policy.entry.ttl.seconds(),
                self.now,
            ),
            84..90 if policy.sync.unchanged == Unchanged::Refresh => near(
                self.draw,
                self.now + policy.sync.refresh_after.seconds(),
                self.now,
            ),
            _ => self.draw.below(3),
        }
    }

    fn push(&mut self, after: u64, slow: bool, act: Act) {
        self.plan.push(Planned {
            at: self.now * MILLIS + after,
            record: self.record,
            policy: 0,
            slow,
            act,
        });
    }

    fn cluster(&mut self, cluster: Cluster) {
        let slow = self.draw.happens(150);
        match cluster {
            Cluster::Visit => self.visit(slow),
            Cluster::Syncs => {
                for _ in 0..self.draw.weighted(&[(6, 1), (3, 2), (1, 4)]) {
                    let after = self.draw.below(3 * MILLIS);
                    self.sync(after, slow);
                }
            }
            Cluster::Withdrawal => {
                for _ in 0..self.draw.weighted(&[(6, 1), (3, 2), (1, 4)]) {
                    let after = self.draw.below(5 * MILLIS);
                    self.push(after, slow, Act::Withdraw);
                }
                self.withdrew = Some(self.now);
                if self.draw.happens(500) {
                    self.sync(10, slow);
                    self.touch(20, slow);
                }
            }
            Cluster::Consent => {
                let act = self.consent();
                self.push(0, slow, act);
                if self.draw.happens(300) {
                    let after = self.draw.below(2 * MILLIS);
                    self.touch(after, slow);
                }
            }
            Cluster::Erasure => {
                self.push(0, slow, Act::Erase);
                self.withdrew = Some(self.now);
                if self.draw.happens(500) {
                    self.sync(10, slow);
                }
            }
            Cluster::Storm => self.storm(),
            Cluster::Look => {
                let act = if self.draw.happens(700) {
                    Act::Get
                } else {
                    Act::GetMetadata
                };
                self.push(0, slow, act);
            }
        }
    }

    /// A burst of page requests: consent where the user is new, then touches, and a page that asks who they are.
    fn visit(&mut self, slow: bool) {
        let pages = self.draw.weighted(&[(5, 1), (3, 3), (1, 6)]);
        let mut after = 0;
        if self.withdrew.is_none() && self.draw.happens(350) {
            let act = self.consent();
            self.push(after, slow, act);
        }
        for _ in 0..pages {
            let thinks = self
                .draw
                .weighted(&[(3, 50), (3, 2 * MILLIS), (2, 20 * MILLIS)]);
            after += self.draw.below(thinks);
            self.touch(after, slow);
        }
        if self.draw.happens(250) {
            self.push(after + 5, slow, Act::Get);
        }
    }

    /// Everything at once, by edges that are slow.
    fn storm(&mut self) {
        let acts = self.draw.within(3..=9);
        let within = self
            .draw
            .weighted(&[(2, 100), (2, 3 * MILLIS), (1, 60 * MILLIS)]);
        for _ in 0..acts {
            let after = self.draw.below(within);
            let slow = self.draw.happens(500);
            match self.draw.below(12) {
                0..4 => self.sync(after, slow),
                4..7 => self.touch(after, slow),
                7..9 => {
                    let act = self.consent();
                    self.push(after, slow, act);
                }
                9..11 => {
                    self.push(after, slow, Act::Withdraw);
                    self.withdrew = Some(self.now);
                }
                _ => self.push(after, slow, Act::Erase),
            }
        }
    }

    fn consent(&mut self) -> Act {
        self.withdrew = None;
        self.visited = self.now;
        let said = self.draw.weighted(&[(5, 0), (5, 1), (1, 2)]);
        if self.draw.happens(200) {
            Act::Create(said)
        } else {
            Act::Consent(said)
        }
    }

    fn touch(&mut self, after: u64, slow: bool) {
        let second = self.now + after / MILLIS;
        // As a rule it is when the request comes; a replay brings others.
        let timestamp = match self.draw.below(50) {
            0 => second - self.draw.below(HOUR),
            1 => second + self.draw.below(HOUR),
            _ => second,
        };
        self.visited = self.visited.max(second);
        self.push(after, slow, Act::Touch(Timestamp::from_unix(timestamp)));
    }

    /// What a partner sends: fresh, late, of another clock, or twice.
    fn sync(&mut self, after: u64, slow: bool) {
        let act = if self.draw.happens(200) {
            let ids = self.draw.below(6);
            Act::Batch((0..ids).map(|_| self.uid(after)).collect())
        } else {
            Act::Sync(self.uid(after))
        };
        if self.draw.happens(80) {
            let later = after + self.draw.below(2 * MILLIS);
            self.push(later, slow, act.clone());
        }
        self.push(after, slow, act);
    }

    fn uid(&mut self, after: u64) -> PartnerSync {
        let second = self.now + after / MILLIS;
        let max_age = self.policies[0].sync.max_age;
        let timestamp = match self.draw.below(20) {
            0..13 => second,
            13..15 => second - self.draw.below(MINUTE),
            15..17 => second - self.draw.below(3 * HOUR),
            17 => {
                second
                    - max_age
                        .map_or(DAY, |age| age.seconds() + self.draw.below(3))
                        .max(1)
                    + 1
            }
            18 => second - self.draw.below(90 * DAY),
            _ => second + self.draw.below(HOUR),
        };
        let uid = match self.draw.below(150) {
            0 => String::new(),
            1 => "u".repeat(self.policies[0].entry.max_uid_bytes as usize + 1),
            // In an entry that may be small, it is too much.
            2 => "u".repeat(self.policies[0].entry.max_uid_bytes.min(100) as usize),
            _ => format!("uid-{}", self.draw.below(3)),
        };
        PartnerSync {
            partner: self.draw.pick(&self.partners).clone(),
            uid: uid.into(),
            timestamp: Timestamp::from_unix(timestamp),
        }
    }
}
