//! Every other path: the publisher's page, which never fails because of the identity and never waits long for it.

use http::request::Parts;
use http::{HeaderValue, StatusCode};

use super::answer::{Reply, empty};
use super::cookie;
use super::ec_id::generate_ec_id;
use super::navigation::may_get_an_id;
use super::origin_answer::Unclaimed;
use super::origin_request::{NewVisitor, OriginPage};
use super::visitor::Visitor;
use super::{Client, Platform, Service, ServiceEvent};
use crate::consent::Verdict;
use crate::visit::{CookieChange, NewId, NewIdStep, Visit, VisitEnd, VisitStep};
use edge_cookie::clock::AsyncClock;
use edge_cookie::engine::Operation;
use edge_cookie::record::{EcId, GeoInfo, KvGeo};

/// What a visitor's request comes to.
enum VisitorLookup {
    /// The visitor is known, or cannot be looked up; these cookies are set.
    Known(Vec<HeaderValue>),
    /// No id of theirs has a record: the visitor is a new one.
    Unknown,
}

impl<H: Platform> Service<H> {
    pub(super) async fn organic(
        &self,
        head: &Parts,
        visitor: &Visitor<'_>,
        client: &Client,
        below_own_prefix: bool,
    ) -> Reply {
        let start = self.platform.clock().now();
        let budget = self.setup.policy.organic.budget.duration();
        let kept = if visitor.verdict() == Verdict::Granted {
            let work = self.refresh_identity(head, visitor, client);
            let kept = self.platform.within(budget, work).await;
            if kept.is_none() {
                self.platform.record_event(&ServiceEvent::BudgetSpent);
            }
            kept.unwrap_or(VisitorLookup::Known(Vec::new()))
        } else {
            VisitorLookup::Known(Vec::new())
        };
        let (cookies, is_new) = match kept {
            VisitorLookup::Known(cookies) => (cookies, false),
            VisitorLookup::Unknown => (Vec::new(), true),
        };
        let wanted =
            is_new && may_get_an_id(&head.method, &head.headers, &self.setup.policy.organic);
        let new_visitor = wanted.then(|| self.new_visitor(head, visitor, client));
        let new_visitor = new_visitor.flatten();
        let left = budget.saturating_sub(self.platform.clock().now().since(start));
        if self.setup.publisher.origin_url.is_some() {
            return Reply::PassOn(OriginPage {
                cookies,
                new_visitor: new_visitor.map(|visitor| (visitor, left)),
                below_own_prefix,
            });
        }
        let given = match new_visitor {
            Some(visitor) => self.give_an_id(visitor, left).await,
            None => None,
        };
        let given = given.map_or_else(Vec::new, |(cookies, unclaimed)| {
            // The answer is made here and now.
            unclaimed.claim();
            cookies
        });
        Reply::from(empty(StatusCode::NO_CONTENT)).with_cookies(cookies.into_iter().chain(given))
    }

    /// Keeps the identity of a user who consents up to date.
    async fn refresh_identity(
        &self,
        head: &Parts,
        visitor: &Visitor<'_>,
        client: &Client,
    ) -> VisitorLookup {
        let timestamp = self.platform.clock().now().timestamp();
        let mut visit = Visit::new(visitor.cookies.ids());
        loop {
            let finished = match visit.step() {
                VisitStep::UpdateLastSeen(id) => {
                    self.run(id, Operation::UpdateLastSeen { timestamp }).await
                }
                VisitStep::Revive(id) => {
                    let (consent, geo) = (&visitor.strings(&self.setup), &geo(client));
                    let revive = Operation::CreateOrRevive { consent, geo };
                    self.run(id, revive).await
                }
                VisitStep::End(VisitEnd::Known { id, touched }) => {
                    return VisitorLookup::Known(self.changed_cookies(id, head, visitor, touched));
                }
                VisitStep::End(VisitEnd::NewVisitor) => return VisitorLookup::Unknown,
                VisitStep::End(VisitEnd::Unchanged) => return VisitorLookup::Known(Vec::new()),
            };
            visit.resume(finished.outcome());
        }
    }

    /// The cookies by which the browser keeps this id, and no other.
    fn changed_cookies(
        &self,
        id: &EcId,
        head: &Parts,
        visitor: &Visitor<'_>,
        touched: bool,
    ) -> Vec<HeaderValue> {
        let rules = &self.setup.policy_of(id).cookie;
        let change = CookieChange::of_known(rules, touched, visitor.cookies.several());
        let mut cookies = Vec::new();
        if change.expire {
            cookies = cookie::expire(&self.setup, &head.headers);
        }
        if change.set {
            cookies.extend(cookie::set(&self.setup, id));
        }
        cookies
    }

    /// Gives a visitor a new id.
    pub(super) async fn begin(
        &self,
        visitor: &NewVisitor,
    ) -> Option<(Vec<HeaderValue>, Unclaimed<H>)> {
        let NewVisitor {
            address,
            consent,
            geo,
            expired,
        } = visitor;
        let form = self.setup.policy.id.ipv6_form;
        let mut new_id = NewId::default();
        while new_id.step() == NewIdStep::Create {
            let id = generate_ec_id(&self.setup.passphrase, *address, form).ok()?;
            let create = Operation::CreateForNewId { consent, geo };
            let created = self.run(&id, create).await;
            new_id.resume(created.outcome());
            if new_id.step() == NewIdStep::Given {
                let unclaimed = Unclaimed::new(self.clone(), id);
                let mut cookies = expired.clone();
                cookies.push(cookie::set(&self.setup, &id)?);
                return Some((cookies, unclaimed));
            }
        }
        None
    }

    /// None where the client's address, which the id is made from, is not known.
    fn new_visitor(
        &self,
        head: &Parts,
        visitor: &Visitor<'_>,
        client: &Client,
    ) -> Option<NewVisitor> {
        Some(NewVisitor {
            address: client.address?,
            consent: visitor.strings(&self.setup),
            geo: geo(client),
            expired: if visitor.cookies.several() {
                cookie::expire(&self.setup, &head.headers)
            } else {
                Vec::new()
            },
        })
    }
}

fn geo(client: &Client) -> KvGeo {
    let info = client.place.as_ref().map(|place| GeoInfo {
        country: &place.country,
        region: place.region.as_deref(),
        ..GeoInfo::default()
    });
    KvGeo::from_geo_info(info.as_ref())
}
