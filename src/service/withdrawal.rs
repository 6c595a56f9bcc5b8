//! A user's withdrawal, which reaches the store whatever was asked for.

use http::HeaderValue;

use super::cookie::{self, EcCookie};
use super::visitor::Visitor;
use super::{Home, Note, Service, ShownId};
use crate::consent::Verdict;
use crate::engine::Operation;
use crate::policy::settings::OnFailedWithdrawal;
use crate::record::EcId;

impl<H: Home> Service<H> {
    /// Writes the tombstone of a user who withdraws and is known by a cookie; gives back what becomes of the
    /// cookie.
    ///
    /// The client waits for it no longer than for any other work on its identity, but the work goes on.
    pub(super) async fn withdraw(&self, visitor: &Visitor) -> Option<HeaderValue> {
        let (Verdict::Withdrawn, cookie) = (visitor.verdict(), visitor.cookie) else {
            return None;
        };
        let written = match cookie {
            EcCookie::None => return None,
            EcCookie::Malformed => true,
            EcCookie::Valid(id) => {
                let service = self.clone();
                let work = async move { service.write_tombstone(&id).await };
                let budget = self.setup.policy.organic.budget.duration();
                let written = self.home.started_within(budget, work).await;
                if written.is_none() {
                    self.home.note(&Note::BudgetSpent);
                }
                written.unwrap_or(false)
            }
        };
        let policy = match &cookie {
            EcCookie::Valid(id) => self.setup.policy_of(id),
            EcCookie::None | EcCookie::Malformed => &self.setup.policy,
        };
        match policy.cookie.on_failed_withdrawal {
            OnFailedWithdrawal::Keep if !written => None,
            _ => cookie::expire(&self.setup),
        }
    }

    async fn write_tombstone(&self, id: &EcId) -> bool {
        let finished = self.run(id, Operation::WriteWithdrawalTombstone).await;
        if let Err(error) = &finished.result {
            let id = ShownId::of(id, self.setup.policy.log.id_chars);
            let why = error.word();
            self.home.note(&Note::FailedWithdrawal { id, why });
        }
        finished.result.is_ok()
    }
}
