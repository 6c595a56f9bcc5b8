//! The inputs of a simulation that do not change while it runs.

use super::rng::{Probability, Rng, RngStream};
use super::signals::{ConsentChoice, RegionVerdicts};
use super::stored_record::StoredRecord;
use super::workload::{Region, Workload};
use edge_cookie::clock::{Moment, Timestamp};
use edge_cookie::engine::{Consistency, Operation, PartnerSync, RecordState, record_state};
use edge_cookie::policy::EcPolicy;
use edge_cookie::record::ConsentStrings;
use edge_cookie_service::consent::Verdict;

const MILLIS_PER_SECOND: u64 = 1_000;

/// The workload, the policy, and values derived from both.
#[derive(Debug)]
pub(crate) struct SimulationContext<'w> {
    pub(crate) workload: &'w Workload,
    pub(crate) policy: &'w EcPolicy,
    pub(crate) seed: u64,
    pub(crate) starts: Timestamp,
    pub(crate) consent: ConsentStrings,
    /// The consent decisions for each region, from a time on; in the order of time.
    verdicts: Vec<(Timestamp, Vec<RegionVerdicts>)>,
    /// The consistency of the store's lookups.
    pub(crate) consistency: Consistency,
}

/// One operation on a record, as the service runs it.
#[derive(Debug, Clone)]
pub(crate) enum SimulatedCall {
    Touch,
    /// With the index of the region in the workload.
    Create(usize),
    Withdraw,
    /// The mappings of one batch for one user.
    Sync {
        partner: usize,
        syncs: Vec<PartnerSync>,
    },
}

impl SimulatedCall {
    /// The partner that sends it; `None` for a visitor.
    pub(crate) const fn partner(&self) -> Option<usize> {
        match self {
            Self::Sync { partner, .. } => Some(*partner),
            Self::Touch | Self::Create(_) | Self::Withdraw => None,
        }
    }
}

impl<'w> SimulationContext<'w> {
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
            let of = |region: &Region| RegionVerdicts::for_region(region, rules, at);
            (at, workload.regions.iter().map(of).collect())
        };
        Self {
            workload,
            policy,
            seed,
            starts,
            consent: ConsentChoice::Consents.strings(starts),
            verdicts: changes.into_iter().map(verdicts).collect(),
            consistency: if workload.store.staleness == 0 {
                Consistency::Strong
            } else {
                Consistency::Eventual
            },
        }
    }

    /// The consent decision for a choice in a region, at a time `at` for a choice made at `chosen`, both in milliseconds since
    /// the start.
    pub(crate) fn verdict(
        &self,
        region: usize,
        choice: ConsentChoice,
        at: u64,
        chosen: u64,
    ) -> Verdict {
        let seconds = |millis: u64| millis / MILLIS_PER_SECOND;
        let now = self.starts.plus_seconds(seconds(at));
        let applying = self.verdicts.iter().rev().find(|(from, _)| *from <= now);
        let verdicts = applying.and_then(|(_, regions)| regions.get(region));
        let age = seconds(at.saturating_sub(chosen));
        verdicts.map_or(Verdict::NotGranted, |verdicts| {
            verdicts.of_choice(choice, age, &self.policy.consent)
        })
    }

    pub(crate) fn rng(&self, stream: RngStream, index: u64) -> Rng {
        Rng::for_stream(self.seed, stream, index)
    }

    /// The moment that is `at` milliseconds after the start.
    pub(crate) fn moment(&self, at: u64) -> Moment {
        Moment::from_unix_millis(Moment::from(self.starts).unix_millis().saturating_add(at))
    }

    /// Whether the policy treats a record that is still in the store as expired.
    pub(crate) fn is_expired(&self, record: &StoredRecord, now: Moment) -> bool {
        let state = record_state(
            self.policy,
            &record.entry,
            &record.metadata,
            now.timestamp(),
        );
        state == RecordState::Expired
    }

    pub(crate) fn operation<'o>(
        &'o self,
        call: &'o SimulatedCall,
        now: Timestamp,
    ) -> Operation<'o> {
        match call {
            SimulatedCall::Touch => Operation::UpdateLastSeen { timestamp: now },
            SimulatedCall::Create(region) => match self.workload.regions.get(*region) {
                Some(region) => Operation::CreateOrRevive {
                    consent: &self.consent,
                    geo: &region.geo,
                },
                None => Operation::Get,
            },
            SimulatedCall::Withdraw => Operation::WriteWithdrawalTombstone,
            SimulatedCall::Sync { syncs, .. } => Operation::UpsertPartnerIds(syncs),
        }
    }
}

/// Picks one of several by their shares. Returns its index.
pub(crate) fn pick_weighted(rng: &mut Rng, shares: impl Iterator<Item = f64>) -> usize {
    let draw = rng.next_u64();
    let (mut sum, mut last) = (0.0, 0);
    for (index, share) in shares.enumerate() {
        sum += share;
        last = index;
        if Probability::from_fraction(sum).contains(draw) {
            break;
        }
    }
    last
}
