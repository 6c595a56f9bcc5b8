//! The partner syncs of one visitor: when each is made, how long it takes, and its batch.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write;

use super::context::SimulationContext;
use super::diurnal_profile::DAY;
use super::rng::{Rng, RngStream};
use super::workload::{Audience, Workload, WorkloadPartner};
use edge_cookie::engine::PartnerSync;
use edge_cookie::policy::EcPolicy;

/// The schedule of a partner's batches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchSchedule {
    /// The time between two batches.
    pub(crate) every: u64,
    /// The mean number of mappings in a batch.
    size: u64,
    refused: Option<RefusalRule>,
}

/// Why batches are refused.
#[derive(Debug, Clone, Copy)]
enum RefusalRule {
    /// All batches: each is larger than allowed.
    TooLarge,
    /// In each `round` of batches those after the first `admitted`: the rate limit is reached.
    TooMany { round: u64, admitted: u64 },
}

const MILLIS_PER_SECOND: u64 = 1_000;

/// The calls of one attempt: a read and a write.
const CALLS: u64 = 2;

impl BatchSchedule {
    /// The schedule of `partner` under `policy`, if there are `visits` visits a day.
    ///
    /// A batch goes out when it is full, but at least every `sends`: at equal intervals, so that the sliding window of the rate
    /// limit admits the first ones of each window.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "rates, never negative, and a cast saturates"
    )]
    pub(crate) fn for_partner(
        partner: &WorkloadPartner,
        workload: &Workload,
        policy: &EcPolicy,
        visits: f64,
    ) -> Self {
        let known = workload.visitors as f64 * partner.overlap_fraction;
        let recurring = partner
            .every
            .map_or(0.0, |every| known * DAY as f64 / every as f64);
        let a_day = visits * partner.overlap_fraction * partner.per_visit_fraction + recurring;
        let fills = (partner.batch as f64 * DAY as f64 / a_day.max(f64::MIN_POSITIVE)) as u64;
        let every = fills.clamp(1, partner.sends);
        let size = ((a_day * every as f64 / DAY as f64).ceil() as u64).clamp(1, partner.batch);
        let sync = &policy.sync;
        let round = (sync.rate_window.seconds() * MILLIS_PER_SECOND).div_ceil(every);
        let admitted = u64::from(sync.rate_limit);
        let refused = if size > u64::from(sync.max_batch) {
            Some(RefusalRule::TooLarge)
        } else {
            Some(RefusalRule::TooMany { round, admitted }).filter(|_| round > admitted)
        };
        Self {
            every,
            size,
            refused,
        }
    }

    /// The reason for which the batch at `at` is refused, as the partner sees it.
    pub(crate) const fn refusal(&self, at: u64) -> Option<&'static str> {
        match self.refused {
            Some(RefusalRule::TooLarge) => Some("batch_too_large"),
            Some(RefusalRule::TooMany { round, admitted })
                if (at / self.every) % round >= admitted =>
            {
                Some("rate_limit_exceeded")
            }
            _ => None,
        }
    }

    /// The time from the arrival of a batch until one of its mappings is processed.
    fn processing_delay(&self, context: &SimulationContext<'_>, rng: &mut Rng) -> u64 {
        let before = rng.below(self.size) / u64::from(context.policy.sync.concurrency.max(1));
        before * CALLS * context.workload.store.latency
    }
}

/// The visits per day of all visitors of a workload description.
#[expect(clippy::cast_precision_loss, reason = "a rate")]
pub(crate) fn visits_a_day(workload: &Workload) -> f64 {
    let of = |audience: &Audience| {
        let every = audience.every.unwrap_or_else(|| workload.length());
        audience.share * DAY as f64 / every as f64
    };
    workload.audiences.iter().map(of).sum::<f64>() * workload.visitors as f64
}

/// A sync that has not arrived. The order is that of arrival.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SyncInTransit {
    /// When it is processed.
    pub(crate) at: u64,
    pub(crate) partner: usize,
    /// The index of the visitor's id.
    pub(crate) number: usize,
    /// When the partner created it.
    pub(crate) made: u64,
    pub(crate) uid: u64,
    /// When its batch goes out.
    pub(crate) sent: u64,
    /// Whether the partner sends it repeatedly without a visit.
    recurring: bool,
}

/// What one partner knows about the visitor.
#[derive(Debug, Clone, Copy, Default)]
struct PartnerState {
    uid: u64,
    /// Whether it already sends repeatedly without a visit.
    recurring: bool,
}

/// The syncs of one visitor.
#[derive(Debug, Default)]
pub(crate) struct PartnerTraffic {
    known: Vec<Option<PartnerState>>,
    in_transit: BinaryHeap<Reverse<SyncInTransit>>,
}

impl PartnerTraffic {
    pub(crate) fn begin(&mut self, workload: &Workload, rng: &mut Rng) {
        self.in_transit.clear();
        self.known.clear();
        let knows =
            |partner: &WorkloadPartner| rng.chance(partner.overlap).then(PartnerState::default);
        self.known.extend(workload.partners.iter().map(knows));
    }

    /// Schedules the syncs after a visit at `at` with the id `number`.
    pub(crate) fn visit(
        &mut self,
        context: &SimulationContext<'_>,
        batches: &[BatchSchedule],
        rng: &mut Rng,
        (at, number): (u64, usize),
    ) {
        let partners = context.workload.partners.iter().zip(batches);
        for (index, (partner, batches)) in partners.enumerate() {
            let Some(Some(known)) = self.known.get_mut(index) else {
                continue;
            };
            if !rng.chance(partner.per_visit) {
                continue;
            }
            known.uid += u64::from(rng.chance(partner.changes));
            let sync = SyncInTransit {
                at,
                partner: index,
                number,
                made: at,
                uid: known.uid,
                sent: at,
                recurring: false,
            };
            if let Some(every) = partner.every.filter(|_| !known.recurring) {
                known.recurring = true;
                let made = at + rng.below(every);
                let recurring = SyncInTransit {
                    made,
                    recurring: true,
                    ..sync.clone()
                };
                self.in_transit
                    .push(Reverse(recurring.send(context, partner, batches, rng)));
            }
            self.in_transit
                .push(Reverse(sync.send(context, partner, batches, rng)));
        }
    }

    /// The partner, the id and the sending time of the next sync's batch.
    pub(crate) fn next_batch(&self) -> Option<(usize, usize, u64)> {
        let Reverse(next) = self.in_transit.peek()?;
        Some((next.partner, next.number, next.sent))
    }

    /// Takes the next sync before `at`. A recurring sync is scheduled again until its partner has not seen the visitor, last at
    /// `seen`, for the time that it keeps visitors.
    pub(crate) fn next_before(
        &mut self,
        at: u64,
        context: &SimulationContext<'_>,
        batches: &[BatchSchedule],
        rng: &mut Rng,
        seen: u64,
    ) -> Option<SyncInTransit> {
        let Reverse(next) = self.in_transit.peek()?;
        if next.at >= at {
            return None;
        }
        let Reverse(next) = self.in_transit.pop()?;
        let partner = context
            .workload
            .partners
            .get(next.partner)
            .zip(batches.get(next.partner));
        if let (true, Some((partner, batches))) = (next.recurring, partner)
            && let Some(every) = partner.every
            && next.made + every <= seen + partner.keeps
        {
            let recurring = SyncInTransit {
                made: next.made + every,
                ..next.clone()
            };
            self.in_transit
                .push(Reverse(recurring.send(context, partner, batches, rng)));
        }
        Some(next)
    }
}

impl SyncInTransit {
    fn send(
        self,
        context: &SimulationContext<'_>,
        partner: &WorkloadPartner,
        batches: &BatchSchedule,
        rng: &mut Rng,
    ) -> Self {
        let ready = self.made + partner.lag.draw(rng);
        let sent = (ready / batches.every + 1) * batches.every;
        Self {
            at: sent + batches.processing_delay(context, rng),
            sent,
            ..self
        }
    }

    /// The mapping that the partner sends.
    pub(crate) fn mapping(
        &self,
        context: &SimulationContext<'_>,
        visitor: u64,
    ) -> Option<PartnerSync> {
        let partner = context.workload.partners.get(self.partner)?;
        let whose = (visitor << PARTNER_BITS) ^ ((self.partner as u64) << UID_BITS) ^ self.uid;
        let mut rng = context.rng(RngStream::Uid, whose);
        let length = usize::try_from(partner.uid_bytes).unwrap_or_default();
        let mut uid = String::with_capacity(length + WORD_DIGITS);
        while uid.len() < length {
            // Writing to a string cannot fail.
            let _ = write!(uid, "{:016x}", rng.next_u64());
        }
        uid.truncate(length);
        Some(PartnerSync {
            partner: partner.id.clone(),
            uid: uid.into(),
            timestamp: context
                .moment(self.made.saturating_add(partner.ahead))
                .timestamp(),
        })
    }
}

/// The bit positions of partner and uid in the index of a uid's random stream, so that no two share an index.
const PARTNER_BITS: u32 = 32;
const UID_BITS: u32 = 20;
const WORD_DIGITS: usize = 16;
