//! The edge as a platform of the service.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use embassy_futures::block_on;
use fastly::erl::{CounterDuration, RateCounter, RateWindow};
use serde::Serialize;

use edge_cookie::clock::{AsyncClock, Clock, Moment, SystemClock};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::{EdgeWindow, Seconds};
use edge_cookie::record::PartnerId;
use edge_cookie_service::{Admission, Platform, ServiceEvent, TokenSender, WRONG_TOKEN_WINDOW};
use edge_cookie_stores::FastlyStore;

/// The platform's clock. Waiting holds the instance, which serves no one else.
#[derive(Debug, Clone, Copy)]
pub(super) struct EdgeClock;

impl AsyncClock for EdgeClock {
    fn now(&self) -> Moment {
        SystemClock.now()
    }

    async fn wait(&self, length: Duration) {
        SystemClock.wait(length);
    }
}

/// The edge, with the stores that a policy names.
pub(super) struct EdgePlatform {
    graph: KvIdentityGraph<FastlyStore, EdgeClock>,
    partners: FastlyStore,
    rate_counter: String,
}

impl EdgePlatform {
    pub(super) fn new(policy: &EcPolicy) -> Self {
        let store = |name: &edge_cookie::policy::types::StoreName| FastlyStore::open(name.as_str());
        Self {
            graph: KvIdentityGraph::new(store(&policy.root.ec_store), EdgeClock),
            partners: store(&policy.root.partner_store),
            rate_counter: policy.edge.rate_counter.as_str().to_owned(),
        }
    }
}

impl Platform for EdgePlatform {
    type Store = FastlyStore;
    type Clock = EdgeClock;

    fn graph(&self) -> &KvIdentityGraph<FastlyStore, EdgeClock> {
        &self.graph
    }

    fn partners(&self) -> &FastlyStore {
        &self.partners
    }

    fn clock(&self) -> &EdgeClock {
        &EdgeClock
    }

    /// Counted by the edge's rate counter, each of its locations for itself. Where it fails, every request is admitted.
    async fn admit(&self, partner: &PartnerId, limit: u32, window: Seconds) -> Admission {
        let counter = RateCounter::open(&self.rate_counter);
        let window = EdgeWindow::of(window).unwrap_or_else(|longer| longer);
        let made = match window {
            EdgeWindow::OneSecond => counter.lookup_rate(partner.as_str(), RateWindow::OneSec),
            EdgeWindow::TenSeconds => {
                counter.lookup_count(partner.as_str(), CounterDuration::TenSec)
            }
            EdgeWindow::SixtySeconds => {
                counter.lookup_count(partner.as_str(), CounterDuration::SixtySecs)
            }
        };
        if made.is_ok_and(|made| made >= limit) {
            return Admission::TooMany(window.length());
        }
        // A count that is not taken down lets one more in.
        let _ = counter.increment(partner.as_str(), 1);
        Admission::Admitted
    }

    /// Counted by the edge's rate counter, too; its window is the longest that one has.
    fn may_try_token(&self, sender: TokenSender, limit: u32) -> Admission {
        let counter = RateCounter::open(&self.rate_counter);
        let sent = counter.lookup_count(&sender.key(), CounterDuration::SixtySecs);
        if sent.is_ok_and(|sent| sent >= limit) {
            return Admission::TooMany(WRONG_TOKEN_WINDOW);
        }
        Admission::Admitted
    }

    fn count_wrong_token(&self, sender: TokenSender) {
        // A count that is not taken down lets one more in.
        let _ = RateCounter::open(&self.rate_counter).increment(&sender.key(), 1);
    }

    /// A call of the platform that is waited for cannot be broken off: the budget is looked at between calls.
    async fn within<T: Send>(
        &self,
        budget: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        let start = SystemClock.now();
        let mut work = pin!(work);
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if SystemClock.now().since(start) >= budget => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Nothing goes on here once a request is answered: the work is done first.
    async fn started_within<T: Send + 'static>(
        &self,
        _budget: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        Some(work.await)
    }

    fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        block_on(work);
    }

    fn record_event(&self, event: &ServiceEvent<'_>) {
        #[derive(Serialize)]
        struct LogLine<'l> {
            level: &'l str,
            message: &'l str,
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            why: Option<&'l str>,
        }
        let undecodable;
        let (level, message, id, why) = match event {
            ServiceEvent::Operation {
                name, id, finished, ..
            } => match &finished.result {
                Ok(_) => return,
                Err(error) => ("warn", *name, Some(id.to_string()), Some(error.as_str())),
            },
            ServiceEvent::FailedWithdrawal { id, why } => {
                let message = "a withdrawal was not written";
                ("error", message, Some(id.to_string()), Some(*why))
            }
            ServiceEvent::BudgetSpent => {
                let message = "a page went on without an identity: `organic.budget` was spent";
                ("warn", message, None, None)
            }
            // There is no outbox here, and what is only counted is not logged.
            ServiceEvent::KeptWithdrawal { .. }
            | ServiceEvent::PartnerOutcome { .. }
            | ServiceEvent::TokenNotTried
            | ServiceEvent::ConsentRejected(_)
            | ServiceEvent::Unclaimed { removed: true } => return,
            ServiceEvent::Unclaimed { removed: false } => {
                let message = "a record whose id no browser has could not be removed";
                ("warn", message, None, None)
            }
            ServiceEvent::SharedCookie => {
                let message =
                    "the origin sets a cookie of its own on a page that shared caches may keep";
                ("warn", message, None, None)
            }
            ServiceEvent::Undecodable(of) => {
                let message = "a consent signal could not be decoded";
                undecodable = of.to_string();
                ("info", message, None, Some(undecodable.as_str()))
            }
            ServiceEvent::PartnerUnknown { why } => {
                ("warn", "a partner could not be looked up", None, Some(*why))
            }
        };
        let line = LogLine {
            level,
            message,
            id,
            why,
        };
        println!("{}", serde_json::to_string(&line).unwrap_or_default());
    }
}
