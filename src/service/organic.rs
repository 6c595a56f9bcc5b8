//! Every other path: the publisher's page, which never fails because of the identity nor waits long for it.

use std::net::IpAddr;

use http::request::Parts;
use http::{HeaderValue, StatusCode};

use super::answer::{Reply, empty};
use super::cookie::{self, EcCookie};
use super::mint::mint;
use super::navigation::may_get_an_id;
use super::page::{OriginPage, Unclaimed};
use super::visitor::Visitor;
use super::{Client, Home, Note, Service};
use crate::clock::AsyncClock;
use crate::consent::Verdict;
use crate::engine::{Operation, Outcome};
use crate::policy::settings::CookieRenewal;
use crate::record::{ConsentStrings, EcId, KvGeo};

/// A visitor who consents and is to get an id.
#[derive(Debug)]
pub(super) struct NewVisitor {
    address: IpAddr,
    consent: ConsentStrings,
    geo: KvGeo,
}

/// What a known visitor's request comes to.
enum Kept {
    /// Nothing more.
    AsItIs,
    /// The cookie is set again.
    Renewed(HeaderValue),
    /// The id stands for nobody: the visitor is a new one.
    Unknown,
}

impl<H: Home> Service<H> {
    pub(super) async fn organic(
        &self,
        head: &Parts,
        visitor: &Visitor,
        client: &Client,
        below_own_prefix: bool,
    ) -> Reply {
        let start = self.home.clock().now();
        let budget = self.setup.policy.organic.budget.duration();
        let kept = if visitor.verdict() == Verdict::Granted {
            let kept = self
                .home
                .within(budget, self.keep_up(visitor, client))
                .await;
            if kept.is_none() {
                self.home.note(&Note::BudgetSpent);
            }
            kept.unwrap_or(Kept::AsItIs)
        } else {
            Kept::AsItIs
        };
        let (cookie, is_new) = match kept {
            Kept::AsItIs => (None, false),
            Kept::Renewed(cookie) => (Some(cookie), false),
            Kept::Unknown => (None, true),
        };
        let wanted =
            is_new && may_get_an_id(&head.method, &head.headers, &self.setup.policy.organic);
        let new_visitor = NewVisitor::of(visitor, client).filter(|_| wanted);
        let left = budget.saturating_sub(self.home.clock().now().since(start));
        if self.setup.publisher.origin_url.is_some() {
            return Reply::PassOn(OriginPage {
                cookies: cookie.into_iter().collect(),
                new_visitor: new_visitor.map(|visitor| (visitor, left)),
                below_own_prefix,
            });
        }
        let given = match new_visitor {
            Some(visitor) => self.give_an_id(visitor, left).await,
            None => None,
        };
        let given = given.map(|(cookie, unclaimed)| {
            // The answer is made here and now.
            if let Some(unclaimed) = unclaimed {
                unclaimed.claim();
            }
            cookie
        });
        Reply::from(empty(StatusCode::NO_CONTENT)).with_cookies(cookie.or(given))
    }

    /// Keeps the identity of a user who consents up to date.
    async fn keep_up(&self, visitor: &Visitor, client: &Client) -> Kept {
        let EcCookie::Valid(id) = visitor.cookie else {
            return Kept::Unknown;
        };
        let timestamp = self.home.clock().now().timestamp();
        let seen = self.run(&id, Operation::UpdateLastSeen { timestamp }).await;
        let Ok(done) = seen.result else {
            return Kept::AsItIs;
        };
        match done.outcome {
            // Consent has been given anew.
            Outcome::ConsentWithdrawn => {
                self.create(&id, &visitor.strings, &geo(client)).await;
                Kept::AsItIs
            }
            // Anyone can forge an id: one that nobody gave is not taken on.
            Outcome::NotFound => Kept::Unknown,
            Outcome::Touched
                if self.setup.policy_of(&id).cookie.renewal == CookieRenewal::OnTouch =>
            {
                cookie::set(&self.setup, &id).map_or(Kept::AsItIs, Kept::Renewed)
            }
            _ => Kept::AsItIs,
        }
    }

    /// Gives a visitor a new id. Without an entry there is no cookie.
    pub(super) async fn begin(
        &self,
        visitor: &NewVisitor,
    ) -> Option<(HeaderValue, Option<Unclaimed<H>>)> {
        let id = mint(&self.setup.passphrase, visitor.address).ok()?;
        let outcome = self.create(&id, &visitor.consent, &visitor.geo).await?;
        let unclaimed = match outcome {
            Outcome::Created => Some(Unclaimed::new(self.clone(), id)),
            // Somebody has it already: it is not for us to remove.
            Outcome::Revived | Outcome::AlreadyLive => None,
            _ => return None,
        };
        Some((cookie::set(&self.setup, &id)?, unclaimed))
    }

    async fn create(&self, id: &EcId, consent: &ConsentStrings, geo: &KvGeo) -> Option<Outcome> {
        let created = self
            .run(id, Operation::CreateOrRevive { consent, geo })
            .await;
        created.result.ok().map(|done| done.outcome)
    }
}

impl NewVisitor {
    /// None where the client's address, which the id is made from, is not known.
    fn of(visitor: &Visitor, client: &Client) -> Option<Self> {
        Some(Self {
            address: client.address?,
            consent: visitor.strings.clone(),
            geo: geo(client),
        })
    }
}

fn geo(client: &Client) -> KvGeo {
    let place = client.place.as_ref();
    let geo = place.and_then(|place| KvGeo::known(&place.country, place.region.as_deref()));
    geo.unwrap_or_default()
}
