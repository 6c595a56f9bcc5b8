//! Which request goes where.

use bytes::Bytes;
use http::header::ALLOW;
use http::{HeaderValue, Method, Response, StatusCode};

use super::Setup;
use super::answer::{empty, refusal};
use super::path::{OWN, is_own, normalise};
use super::well_formed::WHOLE_SERVER;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'p> {
    /// A partner writes its uids.
    BatchSync,
    /// A partner reads its own uid.
    Identify,
    /// A CORS preflight.
    IdentifyPreflight,
    /// The health check.
    Health,
    /// An operator's request.
    Admin(AdminRoute<'p>),
    /// The publisher's page.
    Organic {
        /// Whether its path is one below the service's prefix that the policy leaves to the origin.
        below_own_prefix: bool,
    },
    /// The server as a whole: `OPTIONS *`.
    WholeServer,
    /// No such route below the service's prefix.
    Unknown,
}

/// What an operator asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminRoute<'p> {
    /// The effective policy.
    Policy,
    /// Some of the ids there are.
    Ids,
    /// One record as stored.
    Record(&'p str),
    /// Erases one record.
    Erase(&'p str),
    /// Why a request's consent is decided as it is.
    ExplainConsent,
    /// The partners in the store.
    Partners,
    /// One more partner.
    AddPartner,
    /// A new token.
    RotatePartner(&'p str),
    /// A partner shut out.
    DisablePartner(&'p str),
    /// A partner let in again.
    EnablePartner(&'p str),
    /// A partner removed.
    DeletePartner(&'p str),
    /// No such admin route.
    Unknown,
}

/// What logs and metrics call every page.
const PAGE: &str = "organic";

/// The methods of a page; the origin decides what they do (RFC 9110, section 9).
const OF_A_PAGE: &[Method] = &[
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

const BATCH_SYNC: &str = "/_ts/api/v1/batch-sync";
const IDENTIFY: &str = "/_ts/api/v1/identify";
const HEALTH: &str = "/_ts/health";
const ADMIN: &str = "/_ts/admin/v1/";

/// Every path of its own, and the methods it takes (`docs/http-api.md#routes`); any other path is a page.
pub const ROUTES: &[(&str, &[Method])] = &[
    (BATCH_SYNC, &[Method::POST]),
    (IDENTIFY, &[Method::GET, Method::OPTIONS]),
    (HEALTH, &[Method::GET]),
    ("/_ts/admin/v1/policy", &[Method::GET]),
    ("/_ts/admin/v1/ec", &[Method::GET]),
    ("/_ts/admin/v1/ec/{id}", &[Method::GET, Method::DELETE]),
    ("/_ts/admin/v1/consent/explain", &[Method::POST]),
    ("/_ts/admin/v1/partners", &[Method::GET, Method::POST]),
    ("/_ts/admin/v1/partners/{id}", &[Method::DELETE]),
    ("/_ts/admin/v1/partners/{id}/rotate", &[Method::POST]),
    ("/_ts/admin/v1/partners/{id}/disable", &[Method::POST]),
    ("/_ts/admin/v1/partners/{id}/enable", &[Method::POST]),
];

impl<'p> Route<'p> {
    /// The route of a request; the refusal where its path does not take its method.
    pub(super) fn of(
        method: &Method,
        path: &'p str,
        setup: &Setup,
    ) -> Result<Self, Response<Bytes>> {
        // One would show a client the headers that a proxy adds, the other asks for a tunnel to somewhere else (RFC 9110,
        // sections 9.3.8 and 9.3.6).
        if method == Method::TRACE || method == Method::CONNECT {
            return Err(method_not_allowed(OF_A_PAGE));
        }
        let (route, allowed) = match path {
            WHOLE_SERVER => return Ok(Self::WholeServer),
            BATCH_SYNC => (Self::BatchSync, &[Method::POST][..]),
            IDENTIFY if method == Method::OPTIONS => return Ok(Self::IdentifyPreflight),
            IDENTIFY => (Self::Identify, &[Method::GET, Method::OPTIONS][..]),
            HEALTH => (Self::Health, &[Method::GET][..]),
            _ => match path.strip_prefix(ADMIN) {
                Some(rest) if !setup.operators.is_none() => {
                    let (admin, allowed) = AdminRoute::of(method, rest);
                    (Self::Admin(admin), allowed)
                }
                Some(_) => (Self::Admin(AdminRoute::Unknown), &[][..]),
                None if !is_own(path) => {
                    let below_own_prefix = false;
                    return Ok(Self::Organic { below_own_prefix });
                }
                None if is_left_to_the_origin(path, setup) => {
                    let below_own_prefix = true;
                    return Ok(Self::Organic { below_own_prefix });
                }
                None => return Ok(Self::Unknown),
            },
        };
        if allowed.is_empty() || allowed.contains(method) {
            Ok(route)
        } else {
            Err(method_not_allowed(allowed))
        }
    }

    /// The route's path as logs and metrics name it, without anybody's id.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BatchSync => BATCH_SYNC,
            Self::Identify | Self::IdentifyPreflight => IDENTIFY,
            Self::Health => HEALTH,
            Self::Admin(_) => ADMIN,
            Self::Organic { .. } | Self::WholeServer => PAGE,
            Self::Unknown => OWN,
        }
    }

    /// The name of the route that `path` belongs to.
    #[must_use]
    pub fn name_of(path: &str, setup: &Setup) -> &'static str {
        match path {
            BATCH_SYNC => BATCH_SYNC,
            IDENTIFY => IDENTIFY,
            HEALTH => HEALTH,
            _ if path.starts_with(ADMIN) => ADMIN,
            _ if is_own(path) && !is_left_to_the_origin(path, setup) => OWN,
            _ => PAGE,
        }
    }
}

/// Whether the policy leaves this path, below the service's prefix, to the origin.
fn is_left_to_the_origin(path: &str, setup: &Setup) -> bool {
    setup.policy.organic.ts_prefixes.cover(&normalise(path))
}

impl<'p> AdminRoute<'p> {
    /// The route of what follows the admin prefix, and the methods it takes; none for what is not there.
    fn of(method: &Method, rest: &'p str) -> (Self, &'static [Method]) {
        const READ: &[Method] = &[Method::GET];
        const ACT: &[Method] = &[Method::POST];
        let parts: Vec<&str> = rest.split('/').collect();
        match parts.as_slice() {
            ["policy"] => (Self::Policy, READ),
            ["ec"] => (Self::Ids, READ),
            ["ec", id] if method == Method::DELETE => (Self::Erase(id), &[Method::DELETE]),
            ["ec", id] => (Self::Record(id), &[Method::GET, Method::DELETE]),
            ["consent", "explain"] => (Self::ExplainConsent, ACT),
            ["partners"] if method == Method::POST => (Self::AddPartner, ACT),
            ["partners"] => (Self::Partners, &[Method::GET, Method::POST]),
            ["partners", id] => (Self::DeletePartner(id), &[Method::DELETE]),
            ["partners", id, "rotate"] => (Self::RotatePartner(id), ACT),
            ["partners", id, "disable"] => (Self::DisablePartner(id), ACT),
            ["partners", id, "enable"] => (Self::EnablePartner(id), ACT),
            _ => (Self::Unknown, &[]),
        }
    }
}

/// What `OPTIONS *` is answered: the methods of a page.
pub(super) fn page_methods() -> Response<Bytes> {
    allowing(empty(StatusCode::OK), OF_A_PAGE)
}

fn method_not_allowed(allowed: &[Method]) -> Response<Bytes> {
    let refusal = refusal(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
    allowing(refusal, allowed)
}

fn allowing(mut answer: Response<Bytes>, allowed: &[Method]) -> Response<Bytes> {
    let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    if let Ok(allow) = HeaderValue::from_str(&names.join(", ")) {
        answer.headers_mut().insert(ALLOW, allow);
    }
    answer
}
