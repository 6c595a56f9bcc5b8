//! What partners send of one visitor: when each sync is made, how long it is on its way, and the batch it goes in.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write;

use super::dice::{Dice, Stream};
use super::ground::Ground;
use super::rhythm::DAY;
use super::workload::{Audience, Partner, Workload};
use crate::engine::PartnerSync;
use crate::policy::EcPolicy;

/// How a partner's batches go out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batches {
    /// Between two of them.
    pub(crate) every: u64,
    /// Mappings in one, on average.
    size: u64,
    refused: Option<Refused>,
}

/// Why batches are refused.
#[derive(Debug, Clone, Copy)]
enum Refused {
    /// All of them: each is larger than it may be.
    TooLarge,
    /// Of each `round` of them those after the first `admitted`: the window is full.
    TooMany { round: u64, admitted: u64 },
}

const MILLIS_PER_SECOND: u64 = 1_000;

/// Calls of an attempt: a read and a write.
const CALLS: u64 = 2;

impl Batches {
    /// How `partner` sends under `policy`, where its visitors make `visits` visits a day.
    ///
    /// Batches go out as they fill, but at least every `sends`: evenly, so that the sliding window of the rate limit lets in
    /// the first of each window and no more.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "rates, never negative, and a cast saturates"
    )]
    pub(crate) fn of(
        partner: &Partner,
        workload: &Workload,
        policy: &EcPolicy,
        visits: f64,
    ) -> Self {
        let known = workload.visitors as f64 * partner.overlap_fraction;
        let again = partner
            .every
            .map_or(0.0, |every| known * DAY as f64 / every as f64);
        let a_day = visits * partner.overlap_fraction * partner.per_visit_fraction + again;
        let fills = (partner.batch as f64 * DAY as f64 / a_day.max(f64::MIN_POSITIVE)) as u64;
        let every = fills.clamp(1, partner.sends);
        let size = ((a_day * every as f64 / DAY as f64).ceil() as u64).clamp(1, partner.batch);
        let sync = &policy.sync;
        let round = (sync.rate_window.seconds() * MILLIS_PER_SECOND).div_ceil(every);
        let admitted = u64::from(sync.rate_limit);
        let refused = if size > u64::from(sync.max_batch) {
            Some(Refused::TooLarge)
        } else {
            Some(Refused::TooMany { round, admitted }).filter(|_| round > admitted)
        };
        Self {
            every,
            size,
            refused,
        }
    }

    /// Why the batch that goes out at `at` is refused, as the partner sees it.
    pub(crate) const fn refusal(&self, at: u64) -> Option<&'static str> {
        match self.refused {
            Some(Refused::TooLarge) => Some("batch_too_large"),
            Some(Refused::TooMany { round, admitted }) if (at / self.every) % round >= admitted => {
                Some("rate_limit_exceeded")
            }
            _ => None,
        }
    }

    /// When one mapping of a batch has its turn, after the batch has come.
    fn turn(&self, ground: &Ground<'_>, dice: &mut Dice) -> u64 {
        let before = dice.below(self.size) / u64::from(ground.policy.sync.concurrency.max(1));
        before * CALLS * ground.workload.store.latency
    }
}

/// Visits a day of all visitors of a described workload together.
#[expect(clippy::cast_precision_loss, reason = "a rate")]
pub(crate) fn visits_a_day(workload: &Workload) -> f64 {
    let of = |audience: &Audience| {
        let every = audience.every.unwrap_or_else(|| workload.length());
        audience.share * DAY as f64 / every as f64
    };
    workload.audiences.iter().map(of).sum::<f64>() * workload.visitors as f64
}

/// A sync on its way. The order is that of arrival.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OnItsWay {
    /// When it has its turn in the batch.
    pub(crate) at: u64,
    pub(crate) partner: usize,
    /// Which of the visitor's ids it is for.
    pub(crate) number: usize,
    /// When the partner made it.
    pub(crate) made: u64,
    pub(crate) uid: u64,
    /// When its batch goes out.
    pub(crate) sent: u64,
    /// Whether the partner sends it again of its own.
    again: bool,
}

/// What one partner knows of the visitor.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    uid: u64,
    /// Whether it sends of its own already.
    again: bool,
}

/// The syncs of one visitor.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    known: Vec<Option<Known>>,
    on_their_way: BinaryHeap<Reverse<OnItsWay>>,
}

impl Traffic {
    pub(crate) fn begin(&mut self, workload: &Workload, dice: &mut Dice) {
        self.on_their_way.clear();
        self.known.clear();
        let knows = |partner: &Partner| dice.chance(partner.overlap).then(Known::default);
        self.known.extend(workload.partners.iter().map(knows));
    }

    /// A visit at `at` of the visitor as the id of this `number`: some partners sync it.
    pub(crate) fn visit(
        &mut self,
        ground: &Ground<'_>,
        batches: &[Batches],
        dice: &mut Dice,
        (at, number): (u64, usize),
    ) {
        let partners = ground.workload.partners.iter().zip(batches);
        for (index, (partner, batches)) in partners.enumerate() {
            let Some(Some(known)) = self.known.get_mut(index) else {
                continue;
            };
            if !dice.chance(partner.per_visit) {
                continue;
            }
            known.uid += u64::from(dice.chance(partner.changes));
            let sync = OnItsWay {
                at,
                partner: index,
                number,
                made: at,
                uid: known.uid,
                sent: at,
                again: false,
            };
            if let Some(every) = partner.every.filter(|_| !known.again) {
                known.again = true;
                let made = at + dice.below(every);
                let again = OnItsWay {
                    made,
                    again: true,
                    ..sync.clone()
                };
                self.on_their_way
                    .push(Reverse(again.send(ground, partner, batches, dice)));
            }
            self.on_their_way
                .push(Reverse(sync.send(ground, partner, batches, dice)));
        }
    }

    /// The batch of the sync that comes next, for which id, and when it goes out.
    pub(crate) fn next_batch(&self) -> Option<(usize, usize, u64)> {
        let Reverse(next) = self.on_their_way.peek()?;
        Some((next.partner, next.number, next.sent))
    }

    /// The next sync that comes before `at`; what its partner sends of its own goes on until it has not seen the visitor,
    /// last at `seen`, for as long as it keeps anybody.
    pub(crate) fn next_before(
        &mut self,
        at: u64,
        ground: &Ground<'_>,
        batches: &[Batches],
        dice: &mut Dice,
        seen: u64,
    ) -> Option<OnItsWay> {
        let Reverse(next) = self.on_their_way.peek()?;
        if next.at >= at {
            return None;
        }
        let Reverse(next) = self.on_their_way.pop()?;
        let partner = ground
            .workload
            .partners
            .get(next.partner)
            .zip(batches.get(next.partner));
        if let (true, Some((partner, batches))) = (next.again, partner)
            && let Some(every) = partner.every
            && next.made + every <= seen + partner.keeps
        {
            let again = OnItsWay {
                made: next.made + every,
                ..next.clone()
            };
            self.on_their_way
                .push(Reverse(again.send(ground, partner, batches, dice)));
        }
        Some(next)
    }
}

impl OnItsWay {
    fn send(
        self,
        ground: &Ground<'_>,
        partner: &Partner,
        batches: &Batches,
        dice: &mut Dice,
    ) -> Self {
        let ready = self.made + partner.lag.draw(dice);
        let sent = (ready / batches.every + 1) * batches.every;
        Self {
            at: sent + batches.turn(ground, dice),
            sent,
            ..self
        }
    }

    /// The mapping as the partner writes it.
    pub(crate) fn mapping(&self, ground: &Ground<'_>, visitor: u64) -> Option<PartnerSync> {
        let partner = ground.workload.partners.get(self.partner)?;
        let whose = (visitor << PARTNER_BITS) ^ ((self.partner as u64) << UID_BITS) ^ self.uid;
        let mut dice = ground.dice(Stream::Uid, whose);
        let length = usize::try_from(partner.uid_bytes).unwrap_or_default();
        let mut uid = String::with_capacity(length + WORD_DIGITS);
        while uid.len() < length {
            // Writing to a string cannot fail.
            let _ = write!(uid, "{:016x}", dice.roll());
        }
        uid.truncate(length);
        Some(PartnerSync {
            partner: partner.id.clone(),
            uid: uid.into(),
            timestamp: ground
                .moment(self.made.saturating_add(partner.ahead))
                .timestamp(),
        })
    }
}

/// Where the parts of a uid's name begin, so that no two have the same.
const PARTNER_BITS: u32 = 32;
const UID_BITS: u32 = 20;
const WORD_DIGITS: usize = 16;
