//! `upsert_partner_id` and `upsert_partner_ids`: partners put their uids, all of one user in one write.

use super::context::OperationContext;
use super::current::Current;
use super::decision::{Decision, OnSuccess};
use super::partner_sync::PartnerSync;
use super::planned_write::{Content, PlannedEntry};
use super::{Done, Outcome};
use crate::clock::Timestamp;
use crate::policy::settings::{OnMissingSync, SyncOrder, Unchanged};
use crate::record::{KvEntry, PartnerId, PartnerIds, Precondition};

/// Up to this many syncs, comparing each with each is cheaper than sorting them.
const FEW: usize = 32;

/// Refuses what no record could make acceptable, and reads only if anything is left.
pub(super) fn open(context: &OperationContext<'_>, syncs: &[PartnerSync]) -> Decision<'static> {
    if syncs.iter().any(|sync| refused(context, sync).is_none()) {
        return Decision::Lookup;
    }
    end(syncs
        .iter()
        .filter_map(|sync| refused(context, sync))
        .collect())
}

/// As [`open`], for one sync.
pub(super) fn open_one(context: &OperationContext<'_>, sync: &PartnerSync) -> Decision<'static> {
    one(open(context, std::slice::from_ref(sync)))
}

/// As [`decide`], for one sync.
pub(super) fn decide_one(
    context: &OperationContext<'_>,
    sync: &PartnerSync,
    current: Current,
) -> Decision<'static> {
    one(decide(context, std::slice::from_ref(sync), current))
}

/// One sync: its own outcome is that of the operation.
fn one(decision: Decision<'static>) -> Decision<'static> {
    let alone = |each: &[Outcome], outcome| each.first().copied().unwrap_or(outcome);
    match decision {
        Decision::Write(plan, on_success) => {
            Decision::Write(plan, alone(&on_success.each, on_success.outcome).into())
        }
        Decision::End(Ok(done)) => Decision::end(alone(&done.each, done.outcome)),
        other => other,
    }
}

pub(super) fn decide(
    context: &OperationContext<'_>,
    syncs: &[PartnerSync],
    current: Current,
) -> Decision<'static> {
    let insert_precondition = current.insert_precondition();
    match current {
        Current::Live(mut record) => {
            let each = Batch::new(context, syncs).put_into(&mut record.entry, None);
            if !each.iter().any(|outcome| wrote(*outcome)) {
                return end(each);
            }
            write(
                context,
                context.rewrite(record, false),
                each,
                Outcome::Written,
            )
        }
        Current::Tombstone(_) => end_all(context, syncs, Outcome::ConsentWithdrawn),
        Current::Corrupt(record) => Decision::corrupt(*record),
        Current::UnknownAge(_) => Decision::unknown_age(),
        Current::Absent | Current::Expired(_) => match context.policy.sync.on_missing {
            OnMissingSync::Reject => end_all(context, syncs, Outcome::NotFound),
            OnMissingSync::CreateMinimal => create_minimal(
                context,
                syncs,
                insert_precondition.unwrap_or(Precondition::Add),
            ),
        },
    }
}

fn create_minimal(
    context: &OperationContext<'_>,
    syncs: &[PartnerSync],
    precondition: Precondition,
) -> Decision<'static> {
    let mut entry = KvEntry::minimal(context.now);
    let created = Outcome::CreatedMinimal;
    let each = Batch::new(context, syncs).put_into(&mut entry, Some(created));
    if !each.contains(&created) {
        return end(each);
    }
    let plan = PlannedEntry {
        content: Content::New(Box::new(entry)),
        precondition,
    };
    write(context, plan, each, created)
}

/// Writes, unless the metadata has no room: then every sync that would have been written is refused.
fn write(
    context: &OperationContext<'_>,
    plan: PlannedEntry<'static>,
    mut each: Vec<Outcome>,
    outcome: Outcome,
) -> Decision<'static> {
    if context.metadata_fits(&plan) {
        return Decision::Write(plan, OnSuccess { outcome, each });
    }
    for outcome in each.iter_mut().filter(|outcome| wrote(**outcome)) {
        *outcome = Outcome::EntryTooLarge;
    }
    end(each)
}

const fn wrote(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Written | Outcome::Refreshed | Outcome::CreatedMinimal
    )
}

/// Ends with nothing written: with the word that all ids share.
fn end(each: Vec<Outcome>) -> Decision<'static> {
    let outcome = match each.split_first() {
        None => Outcome::Unchanged,
        Some((first, rest)) if rest.iter().all(|other| other == first) => *first,
        Some(_) => Outcome::Refused,
    };
    Decision::End(Ok(Done {
        each,
        ..outcome.into()
    }))
}

/// Ends with `outcome` for every id that is not refused for itself.
fn end_all(
    context: &OperationContext<'_>,
    syncs: &[PartnerSync],
    outcome: Outcome,
) -> Decision<'static> {
    let of = |sync| refused(context, sync).unwrap_or(outcome);
    end(syncs.iter().map(of).collect())
}

/// Why a sync is refused whatever the record.
fn refused(context: &OperationContext<'_>, sync: &PartnerSync) -> Option<Outcome> {
    if context.is_ahead(sync.timestamp) {
        return Some(Outcome::InvalidTimestamp);
    }
    let age = context.now.seconds_since(sync.timestamp);
    if context
        .policy
        .sync
        .max_age
        .is_some_and(|limit| age > limit.seconds())
    {
        return Some(Outcome::Stale);
    }
    let too_long = sync.uid.len() > context.policy.entry.max_uid_bytes as usize;
    (too_long || context.policy.sync.sentinels.contain(&sync.uid)).then_some(Outcome::InvalidUid)
}

/// When a sync counts as made: a time in the future is taken as now.
fn synced(context: &OperationContext<'_>, sync: &PartnerSync) -> Timestamp {
    sync.timestamp.min(context.now)
}

/// The first bytes of a partner's name; two names that differ in them are two partners.
fn name_prefix(partner: &PartnerId) -> u64 {
    let name = partner.as_str().as_bytes();
    match name.first_chunk() {
        Some(first) => u64::from_le_bytes(*first),
        None => name
            .iter()
            .fold(0, |seen, byte| (seen << u8::BITS) | u64::from(*byte)),
    }
}

/// Syncs of one user, on their way into one entry.
struct Batch<'b, 'p> {
    context: &'b OperationContext<'p>,
    syncs: &'b [PartnerSync],
}

impl<'b, 'p> Batch<'b, 'p> {
    const fn new(context: &'b OperationContext<'p>, syncs: &'b [PartnerSync]) -> Self {
        Self { context, syncs }
    }

    /// Puts every sync that is not refused; `as_created` is the word for one put into a new entry.
    fn put_into(&self, entry: &mut KvEntry, as_created: Option<Outcome>) -> Vec<Outcome> {
        let mut room = None;
        let mut put = |sync| self.put(entry, &mut room, sync, as_created);
        if self.names_each_partner_once() {
            let one = |sync| refused(self.context, sync).unwrap_or_else(|| put(sync));
            return self.syncs.iter().map(one).collect();
        }
        let mut each: Vec<Outcome> = (self.syncs.iter())
            .map(|sync| refused(self.context, sync).unwrap_or(Outcome::Stale))
            .collect();
        let accepted = self.accepted();
        let rivals = || accepted.chunk_by(|one, other| one.1.partner == other.1.partner);
        let mut winners: Vec<_> = rivals().filter_map(<[_]>::last).collect();
        winners.sort_unstable_by_key(|(index, _)| *index);
        for (index, sync) in winners {
            if let Some(outcome) = each.get_mut(*index) {
                *outcome = put(sync);
            }
        }
        // Who came before the winner shares its outcome; who came after it is older, and stale.
        for group in rivals().filter(|group| group.len() > 1) {
            let winner = group.last().map_or(0, |(index, _)| *index);
            let outcome = each.get(winner).copied().unwrap_or(Outcome::Stale);
            for (index, _) in group.iter().filter(|(index, _)| *index < winner) {
                if let Some(earlier) = each.get_mut(*index) {
                    *earlier = outcome;
                }
            }
        }
        each
    }

    /// Whether no partner is known to come twice, so that no sync has a rival. A large batch may say no without looking.
    fn names_each_partner_once(&self) -> bool {
        if self.syncs.len() > FEW {
            return false;
        }
        let mut glances = [0; FEW];
        for (glance, sync) in glances.iter_mut().zip(self.syncs) {
            *glance = name_prefix(&sync.partner);
        }
        let mut rest = self.syncs.iter().zip(&glances);
        while let Some((sync, glance)) = rest.next() {
            // Names that differ at a glance need no comparing.
            let same = |(other, seen): (&PartnerSync, &u64)| {
                seen == glance && other.partner == sync.partner
            };
            if rest.clone().any(same) {
                return false;
            }
        }
        true
    }

    /// The syncs that are not refused, each partner's together, the one that counts last: the last to come, or the
    /// latest where timestamps decide.
    fn accepted(&self) -> Vec<(usize, &'b PartnerSync)> {
        let by_timestamp = self.context.policy.sync.order == SyncOrder::Timestamp;
        let mut accepted: Vec<_> = (self.syncs.iter().enumerate())
            .filter(|(_, sync)| refused(self.context, sync).is_none())
            .collect();
        accepted.sort_unstable_by(|(index, sync), (other_index, other)| {
            let time = |sync| by_timestamp.then(|| synced(self.context, sync));
            let partners = sync.partner.cmp(&other.partner);
            partners
                .then_with(|| time(sync).cmp(&time(other)))
                .then(index.cmp(other_index))
        });
        accepted
    }

    /// Puts one sync, with `room` for what is sure to fit, so that the whole is measured before the first that is put and
    /// near the limit.
    fn put(
        &self,
        entry: &mut KvEntry,
        room: &mut Option<usize>,
        sync: &PartnerSync,
        as_created: Option<Outcome>,
    ) -> Outcome {
        let policy = self.context.policy;
        let synced = synced(self.context, sync);
        let outcome = match entry.ids.get(&sync.partner) {
            Some(known) => {
                // A time that no clock can have shown would refuse every later sync.
                let known_since = known.synced.filter(|since| !self.context.is_ahead(*since));
                let later = |than: Timestamp| than > synced;
                if policy.sync.order == SyncOrder::Timestamp && known_since.is_some_and(later) {
                    return Outcome::Stale;
                }
                let due = |since: Timestamp| {
                    synced.seconds_since(since) >= policy.sync.refresh_after.seconds()
                };
                match policy.sync.unchanged {
                    _ if known.uid != sync.uid => Outcome::Written,
                    Unchanged::Rewrite => Outcome::Written,
                    Unchanged::Refresh if known_since.is_none_or(due) => Outcome::Refreshed,
                    Unchanged::Refresh | Unchanged::Skip => return Outcome::Unchanged,
                }
            }
            None if entry.ids.len() >= policy.entry.max_partner_ids as usize => {
                return Outcome::TooManyPartners;
            }
            None => Outcome::Written,
        };
        let room = room.get_or_insert_with(|| self.context.room_in(entry));
        let before = entry.sync(&sync.partner, &sync.uid, synced);
        match room.checked_sub(PartnerIds::longest_put(&sync.partner, &sync.uid)) {
            Some(left) => *room = left,
            None if self.context.body_fits(entry) => *room = self.context.room_in(entry),
            None => {
                entry.ids.undo_put(&sync.partner, before);
                return Outcome::EntryTooLarge;
            }
        }
        as_created.unwrap_or(outcome)
    }
}
