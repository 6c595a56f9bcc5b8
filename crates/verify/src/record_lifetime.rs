//! How long a policy keeps the record, from its creation to its end.

use super::violation::ResurrectionCause;
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{Renewal, UnknownAge};
use edge_cookie::record::{KvEntry, KvMetadata};

/// One lifetime of the record: from its creation to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordLifetime {
    pub(super) created: Timestamp,
    /// The last visit that was written.
    pub(super) visited: Timestamp,
    /// The start of the retention period.
    pub(super) retained: Timestamp,
    /// The last touch that was written.
    pub(super) touched: Option<Timestamp>,
    /// The cause, if the record should not be live.
    pub(super) by: Option<ResurrectionCause>,
}

impl RecordLifetime {
    pub(super) fn new(from: Timestamp, by: Option<ResurrectionCause>) -> Self {
        Self {
            created: from,
            visited: from,
            retained: from,
            touched: None,
            by,
        }
    }

    /// The last second in which `policy` keeps it, counted from `from`: the last visit or the last renewal.
    pub(super) fn kept_until(&self, policy: &EcPolicy, from: Timestamp) -> Timestamp {
        let from = match policy.entry.renewal {
            Renewal::FromCreation => self.created,
            Renewal::OnWrite | Renewal::OnVisit => from,
        };
        from.plus_seconds(policy.entry.ttl.seconds())
    }

    pub(super) fn is_over(&self, policy: &EcPolicy, now: Timestamp) -> bool {
        now > self.kept_until(policy, self.retained)
    }
}

/// Whether the retention of another system's record begins with our first write, because the record does not state its age.
pub(super) fn counts_from_first_write(
    policy: &EcPolicy,
    (entry, metadata): &(KvEntry, KvMetadata),
) -> bool {
    policy.import.unknown_age == UnknownAge::Now
        && policy.entry.renewal != Renewal::FromCreation
        && metadata.t.is_none()
        && entry.last_seen.is_none()
}
