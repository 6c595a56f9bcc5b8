//! A page that comes from the publisher's origin: what is done once it is there.
//!
//! A new id is made only once the origin has answered: an answer that cannot carry the cookie must leave no record.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use super::origin_request::{NewVisitor, OriginPage};
use super::{Platform, Service, shared_cache};
use crate::ServiceEvent;
use edge_cookie::record::EcId;
use edge_cookie::store::AsyncKvStore;

impl<H: Platform> Service<H> {
    /// Completes the origin's answer: makes the id of a new visitor, within what is left of `organic.budget`, and sets
    /// our cookies. It comes after every other rule for the answer's headers.
    ///
    /// What is given back is kept until the answer's head is on its way, and then [claimed](Unclaimed::claim).
    pub async fn complete(
        &self,
        page: OriginPage,
        headers: &mut HeaderMap,
    ) -> Option<Unclaimed<H>> {
        if shared_cache::shares_a_cookie(headers) {
            self.platform.record_event(&ServiceEvent::SharedCookie);
        }
        let mut cookies = page.cookies;
        let mut unclaimed = None;
        if let Some((visitor, left)) = page.new_visitor
            && let Some((given, created)) = self.give_an_id(visitor, left).await
        {
            cookies.extend(given);
            unclaimed = Some(created);
        }
        shared_cache::set_cookies(headers, cookies);
        unclaimed
    }

    /// Makes a new visitor's id, for as long as `budget`. Where that is not enough, or the client goes, what is made by
    /// then is removed again.
    pub(super) async fn give_an_id(
        &self,
        visitor: NewVisitor,
        budget: Duration,
    ) -> Option<(Vec<HeaderValue>, Unclaimed<H>)> {
        let service = self.clone();
        let work = async move { service.begin(&visitor).await };
        let given = self.platform.started_within(budget, work).await;
        if given.is_none() {
            self.platform.record_event(&ServiceEvent::BudgetSpent);
        }
        given.flatten()
    }
}

/// A record that was just made, and whose id no browser has yet: dropped unclaimed, it is removed again.
#[derive(Debug)]
pub struct Unclaimed<H: Platform> {
    service: Service<H>,
    id: Option<EcId>,
}

impl<H: Platform> Unclaimed<H> {
    pub(super) const fn new(service: Service<H>, id: EcId) -> Self {
        let id = Some(id);
        Self { service, id }
    }

    /// The answer that carries the id is on its way.
    pub fn claim(mut self) {
        self.id = None;
    }
}

impl<H: Platform> Drop for Unclaimed<H> {
    fn drop(&mut self) {
        let Some(id) = self.id else {
            return;
        };
        let service = self.service.clone();
        // Its tail is random and was never delivered: no one can have synced to it, and no tombstone is needed.
        self.service.platform.start(async move {
            let removed = service.platform.graph().store().delete(id.as_str()).await;
            service.platform.record_event(&ServiceEvent::Unclaimed {
                removed: removed.is_ok(),
            });
        });
    }
}
