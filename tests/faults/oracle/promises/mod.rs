//! The promises of one record, held against what is done to the store.

mod writes;

use std::rc::Rc;
use std::sync::Arc;

use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{DeleteMode, Expiry, Renewal};
use edge_cookie::record::KvEntry;

use super::{Broken, Op, State, broken, must, state};
use crate::act::{Act, MILLIS};
use crate::store::Version;

/// A withdrawal or an erasure that fresh consent has not undone.
#[derive(Debug, Clone, Copy)]
struct Gone {
    since: u64,
    /// Whether the record was removed, so that nothing remembers it.
    removed: bool,
}

/// A tombstone, and the last second for which it was promised.
#[derive(Debug, Clone, Copy)]
struct Remembered {
    since: u64,
    until: u64,
}

/// One life of the record.
#[derive(Debug, Clone, Copy)]
struct Life {
    created: u64,
    /// The last visit that was written: consent, or a touch.
    visited: u64,
    /// From when its retention counts.
    retained: u64,
}

/// What was promised of one record, and is to hold of it.
#[derive(Debug, Default)]
pub struct Story {
    gone: Option<Gone>,
    remembered: Option<Remembered>,
    life: Option<Life>,
}

impl Story {
    /// The story of a record that another system wrote.
    pub fn of(version: Option<&Rc<Version>>) -> Self {
        let entry = version.and_then(|version| version.content.as_ref());
        let life = entry.map(|(entry, metadata)| Life {
            created: entry.created.unix(),
            visited: latest(entry),
            retained: metadata.t.map_or_else(|| latest(entry), Timestamp::unix),
        });
        Self {
            life,
            ..Self::default()
        }
    }

    /// A lookup saw what stands there.
    pub fn seen(&self, op: &Op<'_>, version: Option<&Version>, now: u64) -> Result<(), Broken> {
        let seen = state(op.policy, version, op.start);
        if let Some(told) = self.remembered {
            let own = told.since + op.policy.tombstone.ttl.seconds();
            if now / MILLIS <= told.until && op.start <= own {
                must(seen == State::Tombstone, 3, "a withdrawal is forgotten")?;
            }
        }
        if seen != State::Live {
            return Ok(());
        }
        must(self.gone.is_none(), 1, "a user who is gone is read as live")?;
        let Some(life) = self.life else {
            return broken(1, "a record is live that nobody made");
        };
        if op.policy.entry.expiry == Expiry::Store {
            return Ok(());
        }
        let from = match op.policy.entry.renewal {
            Renewal::FromCreation => life.created,
            Renewal::OnVisit => life.visited,
            Renewal::OnWrite => life.retained,
        };
        let kept = op.start <= from + op.policy.entry.ttl.seconds();
        must(kept, 8, "a live entry is read past its time")
    }

    /// The store has collected the record, at a moment in milliseconds.
    pub fn collected(
        &mut self,
        policies: &[Arc<EcPolicy>],
        version: &Version,
        at: u64,
    ) -> Result<(), Broken> {
        let second = at / MILLIS;
        let Some((entry, _)) = &version.content else {
            return broken(7, "a record that cannot be read was collected");
        };
        if !entry.consent.ok {
            let until = self.remembered.take().map_or(0, |told| told.until);
            return must(second > until, 3, "a tombstone was collected too early");
        }
        let life = self.life.take();
        let over = |policy: &Arc<EcPolicy>| {
            life.is_none_or(|life| {
                let from = match policy.entry.renewal {
                    Renewal::FromCreation => life.created,
                    _ => life.retained,
                };
                second > from + policy.entry.ttl.seconds()
            })
        };
        must(
            policies.iter().any(over),
            2,
            "a live entry was collected before its time",
        )
    }

    /// An operation removed the record.
    pub fn removed(&mut self, op: &Op<'_>, before: Option<&Rc<Version>>) -> Result<(), Broken> {
        let may = matches!(op.act, Act::Erase) && op.policy.delete.mode == DeleteMode::Hard;
        must(may, 7, "a record was removed by what does not erase")?;
        let was = state(op.policy, before.map(|before| &**before), op.start);
        self.life = None;
        self.remembered = None;
        if was != State::Absent {
            self.gone = Some(Gone {
                since: op.start,
                removed: true,
            });
        }
        Ok(())
    }
}

/// When another system last wrote an entry, as far as it tells.
fn latest(entry: &KvEntry) -> u64 {
    let seen = entry.last_seen.map_or(0, Timestamp::unix);
    entry
        .created
        .unix()
        .max(seen)
        .max(entry.consent.updated.unix())
}
