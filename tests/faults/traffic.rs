//! The traffic: a script of operations that is generated before any of them runs, independent of the store.

use std::sync::Arc;

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::PartnerSync;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::Unchanged;
use edge_cookie::record::PartnerId;

use super::action::{Action, Inputs, MILLIS};
use super::rng::Rng;

/// The number of records of a world.
pub const RECORDS: u32 = 96;

/// The number of operations of a world.
pub const OPERATIONS: usize = 16_384;

/// The start of a world: Monday, 2 March 2026, noon.
pub const BEGINNING: u64 = 1_772_452_800;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The seconds around a deadline that are worth testing: the lag of lookups plus the duration of an operation.
const AROUND: u64 = 190;

pub const PARTNERS: [&str; 4] = ["liveramp.com", "id5-sync.com", "criteo.com", "adx.example"];

/// One operation.
#[derive(Debug)]
pub struct ScheduledOperation {
    /// When it reaches an edge, in milliseconds.
    pub at: u64,
    pub record: u32,
    /// The index of the policy at the edge that it reaches.
    pub policy: usize,
    /// Whether its store calls are slow.
    pub slow: bool,
    pub action: Action,
}

/// The traffic of a world, in the order of time.
pub struct TrafficScript {
    pub inputs: Inputs,
    pub plan: Vec<ScheduledOperation>,
    /// The number of operations during the rollout.
    pub mixed: usize,
}

impl TrafficScript {
    pub fn write(seed: u64, policies: &[Arc<EcPolicy>]) -> Self {
        let mut rng = Rng::new(seed, 3);
        let mut plan = Vec::with_capacity(OPERATIONS + RECORDS as usize * 16);
        let share = OPERATIONS / RECORDS as usize + 1;
        for record in 0..RECORDS {
            let until = plan.len() + share;
            SimulatedUser::new(&mut rng, record, policies, &mut plan).live(until);
        }
        plan.truncate(OPERATIONS);
        // The stable sort keeps the order of each record's operations with the same time.
        plan.sort_by_key(|scheduled| scheduled.at);
        // A rollout: the deployed policy alone, both, the candidate alone.
        let mixed = plan.len() / 8..plan.len() / 8 * 7;
        let changes = policies.len() > 1;
        if changes {
            for (index, scheduled) in plan.iter_mut().enumerate().skip(mixed.start) {
                let candidate = !mixed.contains(&index) || rng.chance(500);
                scheduled.policy = usize::from(candidate);
            }
        }
        Self {
            inputs: Inputs::new(),
            plan,
            mixed: if changes { mixed.len() } else { 0 },
        }
    }
}

/// One user, or a forged id: bursts of requests, one after another.
struct SimulatedUser<'p> {
    rng: &'p mut Rng,
    record: u32,
    policies: &'p [Arc<EcPolicy>],
    plan: &'p mut Vec<ScheduledOperation>,
    partners: [PartnerId; PARTNERS.len()],
    /// The current time, in seconds.
    now: u64,
    /// The last visit.
    visited: u64,
    withdrew: Option<u64>,
    forged: bool,
}

#[derive(Clone, Copy)]
enum Burst {
    Visit,
    Syncs,
    Withdrawal,
    Consent,
    Erasure,
    Storm,
    Read,
}

impl<'p> SimulatedUser<'p> {
    fn new(
        rng: &'p mut Rng,
        record: u32,
        policies: &'p [Arc<EcPolicy>],
        plan: &'p mut Vec<ScheduledOperation>,
    ) -> Self {
        let now = BEGINNING + rng.below(2 * DAY);
        Self {
            forged: rng.chance(60),
            rng,
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
            let burst = if self.forged {
                self.rng.weighted(&[
                    (4, Burst::Withdrawal),
                    (4, Burst::Syncs),
                    (1, Burst::Erasure),
                    (2, Burst::Read),
                ])
            } else if self.withdrew.is_some() {
                self.rng.weighted(&[
                    (5, Burst::Consent),
                    (4, Burst::Syncs),
                    (2, Burst::Visit),
                    (2, Burst::Withdrawal),
                    (2, Burst::Storm),
                    (1, Burst::Read),
                ])
            } else {
                self.rng.weighted(&[
                    (10, Burst::Visit),
                    (9, Burst::Syncs),
                    (2, Burst::Withdrawal),
                    (1, Burst::Consent),
                    (1, Burst::Erasure),
                    (2, Burst::Storm),
                    (1, Burst::Read),
                ])
            };
            self.burst(burst);
            let passed = self.gap();
            self.now += passed;
        }
        self.plan.truncate(until);
    }

    /// The seconds until the next requests: often just before or after a deadline of the policy.
    fn gap(&mut self) -> u64 {
        let policies = self.policies;
        let policy = &*policies[usize::try_from(self.rng.below(policies.len() as u64)).unwrap()];
        let near = |rng: &mut Rng, moment: u64, now: u64| {
            let early = rng.weighted(&[(4, 4), (2, AROUND)]);
            (moment + rng.below(early + 3)).saturating_sub(now + early)
        };
        match self.rng.below(100) {
            0..30 => self.rng.within(1..=10 * MINUTE),
            30..45 => near(
                self.rng,
                self.visited + policy.last_seen.debounce.seconds(),
                self.now,
            ),
            45..58 => self.rng.within(HOUR..=3 * DAY),
            58..62 => self.rng.within(DAY..=60 * DAY),
            62..74 => {
                let from = self.withdrew.unwrap_or(self.now);
                near(self.rng, from + policy.tombstone.ttl.seconds(), self.now)
            }
            74..84 => near(
                self.rng,
                self.visited + policy.entry.ttl.seconds(),
                self.now,
            ),
            84..90 if policy.sync.unchanged == Unchanged::Refresh => near(
                self.rng,
                self.now + policy.sync.refresh_after.seconds(),
                self.now,
            ),
            _ => self.rng.below(3),
        }
    }

    fn push(&mut self, after: u64, slow: bool, action: Action) {
        self.plan.push(ScheduledOperation {
            at: self.now * MILLIS + after,
            record: self.record,
            policy: 0,
            slow,
            action,
        });
    }

    fn burst(&mut self, burst: Burst) {
        let slow = self.rng.chance(150);
        match burst {
            Burst::Visit => self.visit(slow),
            Burst::Syncs => {
                for _ in 0..self.rng.weighted(&[(6, 1), (3, 2), (1, 4)]) {
                    let after = self.rng.below(3 * MILLIS);
                    self.sync(after, slow);
                }
            }
            Burst::Withdrawal => {
                for _ in 0..self.rng.weighted(&[(6, 1), (3, 2), (1, 4)]) {
                    let after = self.rng.below(5 * MILLIS);
                    self.push(after, slow, Action::Withdraw);
                }
                self.withdrew = Some(self.now);
                if self.rng.chance(500) {
                    self.sync(10, slow);
                    self.touch(20, slow);
                }
            }
            Burst::Consent => {
                let action = self.consent();
                self.push(0, slow, action);
                if self.rng.chance(300) {
                    let after = self.rng.below(2 * MILLIS);
                    self.touch(after, slow);
                }
            }
            Burst::Erasure => {
                self.push(0, slow, Action::Erase);
                self.withdrew = Some(self.now);
                if self.rng.chance(500) {
                    self.sync(10, slow);
                }
            }
            Burst::Storm => self.storm(),
            Burst::Read => {
                let action = if self.rng.chance(700) {
                    Action::Get
                } else {
                    Action::GetMetadata
                };
                self.push(0, slow, action);
            }
        }
    }

    /// A burst of page requests: consent if the user is new, then touches, and perhaps an `identify` request.
    fn visit(&mut self, slow: bool) {
        let pages = self.rng.weighted(&[(5, 1), (3, 3), (1, 6)]);
        let mut after = 0;
        if self.withdrew.is_none() && self.rng.chance(350) {
            let action = self.consent();
            self.push(after, slow, action);
        }
        for _ in 0..pages {
            let thinks = self
                .rng
                .weighted(&[(3, 50), (3, 2 * MILLIS), (2, 20 * MILLIS)]);
            after += self.rng.below(thinks);
            self.touch(after, slow);
        }
        if self.rng.chance(250) {
            self.push(after + 5, slow, Action::Get);
        }
    }

    /// Concurrent operations of all kinds, by slow edges.
    fn storm(&mut self) {
        let acts = self.rng.within(3..=9);
        let within = self
            .rng
            .weighted(&[(2, 100), (2, 3 * MILLIS), (1, 60 * MILLIS)]);
        for _ in 0..acts {
            let after = self.rng.below(within);
            let slow = self.rng.chance(500);
            match self.rng.below(12) {
                0..4 => self.sync(after, slow),
                4..7 => self.touch(after, slow),
                7..9 => {
                    let action = self.consent();
                    self.push(after, slow, action);
                }
                9..11 => {
                    self.push(after, slow, Action::Withdraw);
                    self.withdrew = Some(self.now);
                }
                _ => self.push(after, slow, Action::Erase),
            }
        }
    }

    fn consent(&mut self) -> Action {
        self.withdrew = None;
        self.visited = self.now;
        let inputs = self.rng.weighted(&[(5, 0), (5, 1), (1, 2)]);
        if self.rng.chance(200) {
            Action::Create(inputs)
        } else {
            Action::Consent(inputs)
        }
    }

    fn touch(&mut self, after: u64, slow: bool) {
        let second = self.now + after / MILLIS;
        // Usually the time of the request; a replay has others.
        let timestamp = match self.rng.below(50) {
            0 => second - self.rng.below(HOUR),
            1 => second + self.rng.below(HOUR),
            _ => second,
        };
        self.visited = self.visited.max(second);
        self.push(after, slow, Action::Touch(Timestamp::from_unix(timestamp)));
    }

    /// A partner's sync: fresh, late, with a wrong clock, or duplicated.
    fn sync(&mut self, after: u64, slow: bool) {
        let action = if self.rng.chance(200) {
            let ids = self.rng.below(6);
            Action::Batch((0..ids).map(|_| self.uid(after)).collect())
        } else {
            Action::Sync(self.uid(after))
        };
        if self.rng.chance(80) {
            let later = after + self.rng.below(2 * MILLIS);
            self.push(later, slow, action.clone());
        }
        self.push(after, slow, action);
    }

    fn uid(&mut self, after: u64) -> PartnerSync {
        let second = self.now + after / MILLIS;
        let max_age = self.policies[0].sync.max_age;
        let timestamp = match self.rng.below(20) {
            0..13 => second,
            13..15 => second - self.rng.below(MINUTE),
            15..17 => second - self.rng.below(3 * HOUR),
            17 => {
                second
                    - max_age
                        .map_or(DAY, |age| age.seconds() + self.rng.below(3))
                        .max(1)
                    + 1
            }
            18 => second - self.rng.below(90 * DAY),
            _ => second + self.rng.below(HOUR),
        };
        let uid = match self.rng.below(150) {
            0 => String::new(),
            1 => "u".repeat(self.policies[0].entry.max_uid_bytes as usize + 1),
            // Too large for an entry with a small limit.
            2 => "u".repeat(self.policies[0].entry.max_uid_bytes.min(100) as usize),
            _ => format!("uid-{}", self.rng.below(3)),
        };
        PartnerSync {
            partner: self.rng.pick(&self.partners).clone(),
            uid: uid.into(),
            timestamp: Timestamp::from_unix(timestamp),
        }
    }
}
