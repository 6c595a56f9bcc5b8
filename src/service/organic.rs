//! Every other path: the publisher's page, which never fails because of the identity nor waits long for it.

use std::net::IpAddr;

use http::request::Parts;
use http::{HeaderValue, StatusCode};

use super::answer::{Reply, empty};
use super::cookie;
use super::mint::mint;
use super::navigation::may_get_an_id;
use super::page::{OriginPage, Unclaimed};
use super::visitor::Visitor;
use super::{Client, Home, Note, Service};
use crate::clock::AsyncClock;
use crate::consent::Verdict;
use crate::engine::{Operation, OperationError, Outcome};
use crate::policy::settings::CookieRenewal;
use crate::record::{ConsentStrings, EcId, KvGeo};

/// How many ids are generated for a visitor where each one belongs to another user. There are 62⁶ for one address: more
/// than one or two in a row are never taken.
const MOST_NEW_IDS: u32 = 8;

/// A visitor who consents and is to get an id.
#[derive(Debug)]
pub(super) struct NewVisitor {
    address: IpAddr,
    consent: ConsentStrings,
    geo: KvGeo,
    /// What takes the ids away that stand for nobody, where the browser sent several.
    expired: Vec<HeaderValue>,
}

/// What a visitor's request comes to.
enum Kept {
    /// The visitor is known, or cannot be looked up; these cookies are set.
    Known(Vec<HeaderValue>),
    /// No id of theirs stands for anybody: the visitor is a new one.
    Unknown,
}

impl<H: Home> Service<H> {
    pub(super) async fn organic(
        &self,
        head: &Parts,
        visitor: &Visitor<'_>,
        client: &Client,
        below_own_prefix: bool,
    ) -> Reply {
        let start = self.home.clock().now();
        let budget = self.setup.policy.organic.budget.duration();
        let kept = if visitor.verdict() == Verdict::Granted {
            let work = self.keep_up(head, visitor, client);
            let kept = self.home.within(budget, work).await;
            if kept.is_none() {
                self.home.note(&Note::BudgetSpent);
            }
            kept.unwrap_or(Kept::Known(Vec::new()))
        } else {
            Kept::Known(Vec::new())
        };
        let (cookies, is_new) = match kept {
            Kept::Known(cookies) => (cookies, false),
            Kept::Unknown => (Vec::new(), true),
        };
        let wanted =
            is_new && may_get_an_id(&head.method, &head.headers, &self.setup.policy.organic);
        let new_visitor = wanted.then(|| self.new_visitor(head, visitor, client));
        let new_visitor = new_visitor.flatten();
        let left = budget.saturating_sub(self.home.clock().now().since(start));
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

    /// Keeps the identity of a user who consents up to date: of several ids, by the first that has a live record.
    async fn keep_up(&self, head: &Parts, visitor: &Visitor<'_>, client: &Client) -> Kept {
        let timestamp = self.home.clock().now().timestamp();
        let (mut withdrawn, mut unreadable) = (None, false);
        for id in visitor.cookies.ids() {
            let seen = self.run(id, Operation::UpdateLastSeen { timestamp }).await;
            match seen.result.map(|done| done.outcome) {
                // Anyone can forge an id: one that no one gave is not taken on.
                Ok(Outcome::NotFound) => {}
                Ok(Outcome::ConsentWithdrawn) => withdrawn = withdrawn.or(Some(id)),
                Ok(outcome) => {
                    let rule = self.setup.policy_of(id).cookie.renewal;
                    let renewed = outcome == Outcome::Touched && rule == CookieRenewal::OnTouch;
                    return Kept::Known(self.keep(id, head, visitor, renewed));
                }
                Err(OperationError::Unreadable(_)) => unreadable = true,
                Err(_) => return Kept::Known(Vec::new()),
            }
        }
        let Some(id) = withdrawn else {
            // A record that cannot be read may be theirs: it is not replaced.
            return if unreadable {
                Kept::Known(Vec::new())
            } else {
                Kept::Unknown
            };
        };
        // Consent has been given again, where it is newer than the withdrawal.
        let strings = visitor.strings(&self.setup);
        let revived = self.create(id, &strings, &geo(client)).await;
        Kept::Known(match revived {
            None | Some(Outcome::ConsentWithdrawn) => Vec::new(),
            Some(_) => self.keep(id, head, visitor, false),
        })
    }

    /// The cookies by which the browser keeps this id, and no other: where it sent several, every scope is expired and
    /// the id is set again, last.
    fn keep(
        &self,
        id: &EcId,
        head: &Parts,
        visitor: &Visitor<'_>,
        renewed: bool,
    ) -> Vec<HeaderValue> {
        let mut cookies = Vec::new();
        if visitor.cookies.several() {
            cookies = cookie::expire(&self.setup, &head.headers);
        }
        if renewed || visitor.cookies.several() {
            cookies.extend(cookie::set(&self.setup, id));
        }
        cookies
    }

    /// Gives a visitor a new id. Without an entry there is no cookie.
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
        for _ in 0..MOST_NEW_IDS {
            let id = mint(&self.setup.passphrase, *address, form).ok()?;
            let created = self
                .run(&id, Operation::CreateForNewId { consent, geo })
                .await;
            match created.result.ok()?.outcome {
                Outcome::Created => {
                    let unclaimed = Unclaimed::new(self.clone(), id);
                    let mut cookies = expired.clone();
                    cookies.push(cookie::set(&self.setup, &id)?);
                    return Some((cookies, unclaimed));
                }
                // Another user of this address has it, or had it and withdrew.
                Outcome::AlreadyExists => {}
                _ => return None,
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

    async fn create(&self, id: &EcId, consent: &ConsentStrings, geo: &KvGeo) -> Option<Outcome> {
        let created = self
            .run(id, Operation::CreateOrRevive { consent, geo })
            .await;
        created.result.ok().map(|done| done.outcome)
    }
}

fn geo(client: &Client) -> KvGeo {
    let place = client.place.as_ref();
    let geo = place.and_then(|place| KvGeo::known(&place.country, place.region.as_deref()));
    geo.unwrap_or_default()
}
