//! Every other path: the publisher's page, which never fails because of the identity nor waits long for it.

use http::{HeaderValue, StatusCode};

use super::answer::{Reply, empty};
use super::cookie::{self, EcCookie};
use super::mint::mint;
use super::visitor::Visitor;
use super::{Client, Home, Note, Service};
use crate::clock::AsyncClock;
use crate::consent::Verdict;
use crate::engine::{Operation, Outcome};
use crate::policy::settings::CookieRenewal;
use crate::record::{EcId, KvGeo};

impl<H: Home> Service<H> {
    pub(super) async fn organic(&self, visitor: &Visitor, client: &Client) -> Reply {
        let cookie = if visitor.verdict() == Verdict::Granted {
            let budget = self.setup.policy.organic.budget.duration();
            let work = self.keep_up(visitor, client);
            let kept = self.home.within(budget, work).await;
            if kept.is_none() {
                self.home.note(&Note::BudgetSpent);
            }
            kept.flatten()
        } else {
            None
        };
        let page = match self.setup.publisher.origin_url {
            Some(_) => Reply::PassOn(Vec::new()),
            None => empty(StatusCode::NO_CONTENT).into(),
        };
        page.with_cookie(cookie)
    }

    /// Keeps the identity of a user who consents up to date; gives back the cookie to set, where there is one.
    async fn keep_up(&self, visitor: &Visitor, client: &Client) -> Option<HeaderValue> {
        let EcCookie::Valid(id) = visitor.cookie else {
            return self.begin(visitor, client).await;
        };
        let timestamp = self.home.clock().now().timestamp();
        let seen = self.run(&id, Operation::UpdateLastSeen { timestamp }).await;
        match seen.result.ok()?.outcome {
            // Consent has been given anew.
            Outcome::ConsentWithdrawn => {
                self.create(&id, visitor, client).await;
                None
            }
            // Anyone can forge an id: one that nobody gave is not taken on.
            Outcome::NotFound => self.begin(visitor, client).await,
            Outcome::Touched
                if self.setup.policy_of(&id).cookie.renewal == CookieRenewal::OnTouch =>
            {
                cookie::set(&self.setup, &id)
            }
            _ => None,
        }
    }

    /// Gives the user a new id. Without an entry there is no cookie.
    async fn begin(&self, visitor: &Visitor, client: &Client) -> Option<HeaderValue> {
        let id = mint(&self.setup.passphrase, client.address?).ok()?;
        let created = self.create(&id, visitor, client).await?;
        match created {
            Outcome::Created | Outcome::Revived | Outcome::AlreadyLive => {
                cookie::set(&self.setup, &id)
            }
            _ => None,
        }
    }

    async fn create(&self, id: &EcId, visitor: &Visitor, client: &Client) -> Option<Outcome> {
        let place = client.place.as_ref();
        let geo = place.and_then(|place| KvGeo::known(&place.country, place.region.as_deref()));
        let geo = geo.unwrap_or_default();
        let operation = Operation::CreateOrRevive {
            consent: &visitor.strings,
            geo: &geo,
        };
        let created = self.run(id, operation).await;
        created.result.ok().map(|done| done.outcome)
    }
}
