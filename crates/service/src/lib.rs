//! The HTTP surface: one service, on any platform (`docs/http-api.md`).
//!
//! The native server and the edge are thin adapters around it: they bring a request's head, a way to read its
//! body and what they know of the client, and get back an answer to send, or the request to hand on to the
//! publisher's origin. What the service needs of them is a [`Platform`].
//!
//! ```
//! use edge_cookie::policy::publisher::Publisher;
//! use edge_cookie::policy::resolve::resolve;
//! use edge_cookie_service::{SecretProblem, Setup};
//!
//! // Without a passphrase there are no ids, and so nothing to serve.
//! let setup = Setup::new("development", &resolve(&[]), &Publisher::default(), |_| None);
//! assert_eq!(setup.unwrap_err().problems(), [SecretProblem::NoPassphrase]);
//! ```

#![allow(
    clippy::result_large_err,
    reason = "a refusal is an answer, made once a request"
)]

mod admin;
mod answer;
mod authenticate;
mod batch_sync;
mod body;
mod client;
mod cookie;
mod cors;
mod credentials;
mod ec_id;
mod event;
mod forwarded;
mod framing;
mod health;
mod identify;
mod navigation;
mod operators;
mod organic;
mod origin_answer;
mod origin_request;
mod path;
mod platform;
mod route;
mod secrets;
mod setup;
mod shared_cache;
mod shown;
mod tokens;
mod upgrade;
mod upload;
mod visitor;
mod well_formed;
mod withdrawal;
mod written_address;

pub mod consent;
pub mod partner;
pub mod robots;
pub mod visit;

use std::sync::Arc;

use http::request::Parts;

pub use answer::{Reply, mark_own};
pub use batch_sync::rejected;
pub use body::{BodyError, Incoming};
pub use client::Client;
pub use event::{ServiceEvent, ShownId};
pub use forwarded::origin_target;
pub use framing::{AnswerFault, check_answer};
pub use health::{Probe, StoreProbe};
pub use origin_answer::Unclaimed;
pub use origin_request::OriginPage;
pub use platform::{Admission, OutboxState, Platform};
pub use route::{ROUTES, Route};
pub use secrets::{SecretProblem, check_secrets, redis_password};
pub use setup::{Setup, SetupError};
pub use shown::ShownRecord;
pub use tokens::{TokenRoutes, TokenSender, WRONG_TOKEN_WINDOW};

use answer::not_found;
pub use ec_id::hashed_address;
use route::page_methods;
use visitor::Visitor;
pub use written_address::parse_address;

use edge_cookie::clock::AsyncClock as _;
use edge_cookie::engine::{Finished, Operation};
use edge_cookie::record::EcId;

/// The service on its platform, under one setup. Cheap to clone.
#[derive(Debug)]
pub struct Service<H> {
    platform: Arc<H>,
    setup: Arc<Setup>,
}

impl<H> Clone for Service<H> {
    fn clone(&self) -> Self {
        Self {
            platform: Arc::clone(&self.platform),
            setup: Arc::clone(&self.setup),
        }
    }
}

impl<H: Platform> Service<H> {
    /// The service on `platform`, under `setup`.
    pub fn new(platform: H, setup: Setup) -> Self {
        Self {
            platform: Arc::new(platform),
            setup: Arc::new(setup),
        }
    }

    /// The platform that it runs on.
    #[must_use]
    pub fn platform(&self) -> &H {
        &self.platform
    }

    /// What it runs under.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Answers a request, or says that its page is to come from the origin.
    ///
    /// An explicit withdrawal reaches the store whatever the route. A request that no server should take is refused
    /// before anything is read out of it.
    pub async fn answer(&self, head: &Parts, body: &mut impl Incoming, client: &Client) -> Reply {
        if let Err(refusal) = well_formed::check(head) {
            return Reply::from(refusal).marked_own();
        }
        let now = self.platform.clock().now().timestamp();
        let visitor = Visitor::of(head, client, &self.setup, now);
        visitor.report(|event| self.platform.record_event(&event));
        let expired = self.withdraw(&visitor, &head.headers).await;
        let route = match upgrade::refusal(&head.headers) {
            Some(refusal) => Err(refusal),
            None => Route::of(&head.method, head.uri.path(), &self.setup),
        };
        let is_page = matches!(route, Ok(Route::Organic { .. }));
        let reply = match route {
            Err(refusal) => refusal.into(),
            Ok(Route::BatchSync) => self.batch_sync(head, body, client).await,
            Ok(Route::Identify) => self.identify(head, &visitor, client).await,
            Ok(Route::IdentifyPreflight) => self.preflight(head),
            Ok(Route::Health) => self.health(head).await,
            Ok(Route::Admin(admin)) => self.admin(head, body, admin, client).await,
            Ok(Route::Organic { below_own_prefix }) => {
                let page = self.organic(head, &visitor, client, below_own_prefix);
                page.await
            }
            Ok(Route::WholeServer) => page_methods().into(),
            Ok(Route::Unknown) => not_found().into(),
        };
        let reply = if is_page { reply } else { reply.marked_own() };
        reply.with_cookies(expired)
    }

    /// Runs an operation on the graph, and returns how it ended.
    async fn run(&self, id: &EcId, operation: Operation<'_>) -> Finished {
        let candidate = self.setup.candidate_of(id);
        let policy = candidate.map_or(&self.setup.policy, |rollout| &rollout.resolved.policy);
        let finished = self.platform.graph().run_async(policy, id, operation).await;
        self.platform.record_event(&ServiceEvent::Operation {
            name: operation.as_str(),
            candidate: candidate.is_some(),
            id: ShownId::of(id, policy.log.id_chars),
            finished: &finished,
        });
        finished
    }
}
