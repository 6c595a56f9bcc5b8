//! What stands fixed while a simulation runs.

use super::dice::{Dice, Share, Stream};
use super::held::Held;
use super::signals::{Choice, Verdicts};
use super::workload::{Region, Workload};
use crate::clock::{Moment, Timestamp};
use crate::consent::Verdict;
use crate::engine::{Consistency, Operation, PartnerSync, RecordState, record_state};
use crate::policy::EcPolicy;
use crate::record::ConsentStrings;

const MILLIS_PER_SECOND: u64 = 1_000;

/// The workload, the policy, and what follows from both.
#[derive(Debug)]
pub(crate) struct Ground<'w> {
    pub(crate) workload: &'w Workload,
    pub(crate) policy: &'w EcPolicy,
    pub(crate) seed: u64,
    pub(crate) starts: Timestamp,
    pub(crate) consent: ConsentStrings,
    /// What choices mean, each from a time on: in the order of time, for each region.
    verdicts: Vec<(Timestamp, Vec<Verdicts>)>,
    /// What a lookup may miss, on this store.
    pub(crate) consistency: Consistency,
}

/// One operation on a record, as the service calls it.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    Touch,
    /// From the region of this place in the workload.
    Create(usize),
    Withdraw,
    /// A batch's mappings for one user.
    Sync {
        partner: usize,
        syncs: Vec<PartnerSync>,
    },
}

impl Call {
    /// The partner whose call it is; none where it is a visitor's.
    pub(crate) const fn partner(&self) -> Option<usize> {
        match self {
            Self::Sync { partner, .. } => Some(*partner),
            Self::Touch | Self::Create(_) | Self::Withdraw => None,
        }
    }
}

impl<'w> Ground<'w> {
    pub(crate) fn new(
        workload: &'w Workload,
        policy: &'w EcPolicy,
        seed: u64,
        starts: Timestamp,
    ) -> Self {
        let rules = &policy.consent;
        let laws = rules.us_states.iter().map(|state| state.starts);
        let mut changes: Vec<Timestamp> = laws.filter(|time| *time > starts).collect();
        changes.push(starts);
        changes.sort_unstable();
        let verdicts = |at: Timestamp| {
            let of = |region: &Region| Verdicts::of(region, rules, at);
            (at, workload.regions.iter().map(of).collect())
        };
        Self {
            workload,
            policy,
            seed,
            starts,
            consent: Choice::Consents.strings(starts),
            verdicts: changes.into_iter().map(verdicts).collect(),
            consistency: if workload.store.staleness == 0 {
                Consistency::Strong
            } else {
                Consistency::Eventual
            },
        }
    }

    /// What a choice means in a region, at a time and made at another, both in milliseconds since the start.
    pub(crate) fn verdict(&self, region: usize, choice: Choice, at: u64, chosen: u64) -> Verdict {
        let seconds = |millis: u64| millis / MILLIS_PER_SECOND;
        let now = self.starts.plus_seconds(seconds(at));
        let applying = self.verdicts.iter().rev().find(|(from, _)| *from <= now);
        let verdicts = applying.and_then(|(_, regions)| regions.get(region));
        let age = seconds(at.saturating_sub(chosen));
        verdicts.map_or(Verdict::NotGranted, |verdicts| {
            verdicts.of_choice(choice, age, &self.policy.consent)
        })
    }

    pub(crate) fn dice(&self, stream: Stream, index: u64) -> Dice {
        Dice::of(self.seed, stream, index)
    }

    /// The moment so many milliseconds after the start.
    pub(crate) fn moment(&self, at: u64) -> Moment {
        Moment::from_unix_millis(Moment::from(self.starts).unix_millis().saturating_add(at))
    }

    /// Whether the policy takes a record that the store still has for none.
    pub(crate) fn counts_as_gone(&self, held: &Held, now: Moment) -> bool {
        let state = record_state(self.policy, &held.entry, &held.metadata, now.timestamp());
        state == RecordState::Expired
    }

    pub(crate) fn operation<'o>(&'o self, call: &'o Call, now: Timestamp) -> Operation<'o> {
        match call {
            Call::Touch => Operation::UpdateLastSeen { timestamp: now },
            Call::Create(region) => match self.workload.regions.get(*region) {
                Some(region) => Operation::CreateOrRevive {
                    consent: &self.consent,
                    geo: &region.geo,
                },
                None => Operation::Get,
            },
            Call::Withdraw => Operation::WriteWithdrawalTombstone,
            Call::Sync { syncs, .. } => Operation::UpsertPartnerIds(syncs),
        }
    }
}

/// Which of several a roll falls to, by their shares.
pub(crate) fn pick(dice: &mut Dice, shares: impl Iterator<Item = f64>) -> usize {
    let roll = dice.roll();
    let (mut sum, mut last) = (0.0, 0);
    for (index, share) in shares.enumerate() {
        sum += share;
        last = index;
        if Share::of(sum).holds(roll) {
            break;
        }
    }
    last
}
