//! The events that the service reports to its platform, for logs and metrics. No token, no secret and no whole id is in them.

use std::fmt;

use crate::consent::{ConsentRule, Undecodable};
use edge_cookie::engine::Finished;
use edge_cookie::record::{EcId, PartnerId};

/// As much of an EC id as a log may show (`log.id_chars`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownId<'i> {
    shown: &'i str,
}

impl<'i> ShownId<'i> {
    /// The first `characters` of `id`.
    #[must_use]
    pub fn of(id: &'i EcId, characters: u32) -> Self {
        let shown = id.as_str().get(..characters as usize);
        Self {
            shown: shown.unwrap_or_default(),
        }
    }
}

impl fmt::Display for ShownId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown)
    }
}

/// An event of the service.
#[derive(Debug, Clone, Copy)]
pub enum ServiceEvent<'n> {
    /// An operation on the graph ended.
    Operation {
        /// Its name.
        name: &'static str,
        /// Whether the user is under the policy that is tried on a share of them.
        candidate: bool,
        /// On whose record.
        id: ShownId<'n>,
        /// How it ended, and what it cost.
        finished: &'n Finished,
    },
    /// What a partner sent or asked for ended so.
    PartnerOutcome {
        /// The partner.
        partner: &'n PartnerId,
        /// What it asked for.
        route: &'static str,
        /// How it ended, in a word.
        outcome: &'static str,
        /// How often: for so many mappings, where it sent some.
        times: u64,
    },
    /// A user's withdrawal was not written.
    FailedWithdrawal {
        /// The user's id, shortened.
        id: ShownId<'n>,
        /// The cause.
        why: &'n str,
    },
    /// A user's withdrawal that was not written, or not in time, is kept until it is.
    KeptWithdrawal {
        /// The user's id, shortened.
        id: ShownId<'n>,
    },
    /// A page went on without an identity, for its budget was spent.
    BudgetSpent,
    /// The client went before the head of an answer with a new id was on its way.
    Unclaimed {
        /// Whether the record that was made for it could be removed again.
        removed: bool,
    },
    /// The origin sets a cookie of its own on an answer that shared caches may keep.
    SharedCookie,
    /// A consent signal could not be decoded, or a part of it: nothing is granted.
    Undecodable(Undecodable),
    /// A consent by TCF did not count, by this rule.
    ConsentRejected(ConsentRule),
    /// A token was not looked up, for its sender has sent too many wrong ones.
    TokenNotTried,
    /// The partner of a request could not be looked up.
    PartnerUnknown {
        /// The cause.
        why: &'n str,
    },
}
