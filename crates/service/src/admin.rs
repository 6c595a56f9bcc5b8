//! `/_ts/admin/v1/…`: the routes of operators. They exist only with an admin token or password in the policy.

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};
use serde::Serialize;

use super::answer::{Reply, empty, json, json_bytes, not_found, refusal, refusal_because};
use super::body::{self, BodyError, Incoming};
use super::route::AdminRoute;
use super::shown::ShownRecord;
use super::upload::parse;
use super::{Client, Platform, Service, visitor};
use crate::consent::{AskedRequest, WrittenRequest};
use crate::partner::{NewPartner, NewToken, PartnerChange, PartnerRecord, RegistryError};
use edge_cookie::clock::AsyncClock;
use edge_cookie::engine::{Operation, OperationError, Outcome, StoreError};
use edge_cookie::record::{EcId, PartnerId};
use edge_cookie::store::AsyncKvStore;

type AdminAnswer = Result<Response<Bytes>, Response<Bytes>>;

#[derive(Serialize)]
struct IdList {
    ids: Vec<String>,
}

#[derive(Serialize)]
struct Ended {
    outcome: &'static str,
}

#[derive(Serialize)]
struct PartnerList {
    partners: Vec<PartnerRecord>,
}

/// A token, shown once.
#[derive(Serialize)]
struct Token<'t> {
    partner_id: &'t str,
    api_token: &'t str,
}

/// Most ids in one answer, and the number of ids where the request has no `limit`.
const MOST_IDS: usize = 1_000;

impl<H: Platform> Service<H> {
    pub(super) async fn admin(
        &self,
        head: &Parts,
        body: &mut impl Incoming,
        route: AdminRoute<'_>,
        client: &Client,
    ) -> Reply {
        if self.setup.operators.is_none() {
            return not_found().into();
        }
        if let Err(refused) = self.operator(head, client) {
            return refused.into();
        }
        let answered = match route {
            AdminRoute::Policy => Ok(json_bytes(StatusCode::OK, self.setup.report())),
            AdminRoute::Ids => self.ids(head.uri.query().unwrap_or_default()).await,
            AdminRoute::Record(id) => self.record(id).await,
            AdminRoute::Erase(id) => self.erase(id).await,
            AdminRoute::ExplainConsent => self.explain_consent(head, body).await,
            AdminRoute::Partners => self.list_partners().await,
            AdminRoute::AddPartner => self.add_partner(head, body).await,
            AdminRoute::RotatePartner(id) => self.rotate_partner(id).await,
            AdminRoute::DisablePartner(id) => self.enable_partner(id, false).await,
            AdminRoute::EnablePartner(id) => self.enable_partner(id, true).await,
            AdminRoute::DeletePartner(id) => self.delete_partner(id).await,
            AdminRoute::Unknown => Err(not_found()),
        };
        answered.unwrap_or_else(|refused| refused).into()
    }

    async fn ids(&self, query: &str) -> AdminAnswer {
        let text = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find_map(|(own, value)| (own == name).then_some(value))
        };
        let limit = match text("limit").map(str::parse::<usize>) {
            None => MOST_IDS,
            Some(Ok(limit)) => limit.min(MOST_IDS),
            Some(Err(_)) => {
                let why = "`limit` is a whole number";
                return Err(refusal_because(
                    StatusCode::BAD_REQUEST,
                    "invalid_query",
                    why,
                ));
            }
        };
        let prefix = text("prefix").unwrap_or_default();
        let store = self.platform.graph().store();
        let ids = store.list(prefix, text("after"), limit).await;
        let ids = ids.map_err(|error| unavailable(&error))?;
        Ok(json(StatusCode::OK, &IdList { ids }))
    }

    async fn record(&self, written: &str) -> AdminAnswer {
        let id = ec_id(written)?;
        let found = self.platform.graph().store().lookup(id.as_str()).await;
        let stored = found.map_err(|error| unavailable(&error))?;
        let stored = stored.ok_or_else(not_found)?;
        let now = self.platform.clock().now().timestamp();
        let policy = self.setup.policy_of(&id);
        let shown = ShownRecord::of(policy, &id, Some(&stored), now);
        Ok(json(StatusCode::OK, &shown))
    }

    async fn erase(&self, written: &str) -> AdminAnswer {
        let id = ec_id(written)?;
        let erased = self.run(&id, Operation::Delete).await.result;
        match erased {
            Ok(done) if done.outcome == Outcome::NotFound => Err(not_found()),
            Ok(done) => {
                let outcome = done.outcome.as_str();
                Ok(json(StatusCode::OK, &Ended { outcome }))
            }
            Err(error) => Err(refusal(StatusCode::SERVICE_UNAVAILABLE, error.as_str())),
        }
    }

    async fn list_partners(&self) -> AdminAnswer {
        let partners = self.registry().list().await.map_err(|error| no(&error))?;
        Ok(json(StatusCode::OK, &PartnerList { partners }))
    }

    /// A request's body, within the bound of a batch.
    async fn admin_body(
        &self,
        head: &Parts,
        body: &mut impl Incoming,
    ) -> Result<Bytes, Response<Bytes>> {
        let limit = self.setup.policy.sync.max_body_bytes as usize;
        let body = body::read(&head.headers, body, limit).await;
        body.map_err(|error| match error {
            BodyError::TooLarge => refusal(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            BodyError::BrokenOff => refusal(StatusCode::BAD_REQUEST, "invalid_json"),
        })
    }

    /// Why the request that an operator asks about is decided as it is: under the policy of its ids, as if it came now.
    async fn explain_consent(&self, head: &Parts, body: &mut impl Incoming) -> AdminAnswer {
        let body = self.admin_body(head, body).await?;
        let written: WrittenRequest = parse(&body).map_err(|error| invalid_json(&error))?;
        let asked = AskedRequest::parse(&written).map_err(|error| {
            refusal_because(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                &error.to_string(),
            )
        })?;
        let now = self.platform.clock().now().timestamp();
        Ok(json(
            StatusCode::OK,
            &visitor::explained(&asked, &self.setup, now),
        ))
    }

    async fn add_partner(&self, head: &Parts, body: &mut impl Incoming) -> AdminAnswer {
        let body = self.admin_body(head, body).await?;
        let described: NewPartner = parse(&body).map_err(|error| invalid_json(&error))?;
        let partner = described.record();
        let partner = partner.map_err(|error| invalid_json(&error.to_string()))?;
        let id = self.not_declared(partner.id.clone(), Some(&partner.source_domain))?;
        let token = self.registry().add(partner).await;
        Ok(shown_once(&id, &token.map_err(|error| no(&error))?))
    }

    /// The partner, unless the policy declares it, or another one for this domain: then what the store keeps of it is not
    /// read, or users would have two uids of one source.
    fn not_declared(
        &self,
        id: PartnerId,
        source_domain: Option<&str>,
    ) -> Result<PartnerId, Response<Bytes>> {
        let same = |declared: &&PartnerRecord| {
            declared.id == id || Some(declared.source_domain.as_str()) == source_domain
        };
        let Some(declared) = self.setup.partners.iter().find(same) else {
            return Ok(id);
        };
        let why = format!(
            "the policy declares the partner `{}`: change it there",
            declared.id
        );
        Err(refusal_because(
            StatusCode::CONFLICT,
            "declared_partner",
            &why,
        ))
    }

    async fn rotate_partner(&self, id: &str) -> AdminAnswer {
        let id = self.not_declared(partner_id(id)?, None)?;
        let token = self.registry().rotate(&id).await;
        Ok(shown_once(&id, &token.map_err(|error| no(&error))?))
    }

    async fn enable_partner(&self, id: &str, enabled: bool) -> AdminAnswer {
        let id = self.not_declared(partner_id(id)?, None)?;
        self.change_partner(&id, PartnerChange::SetEnabled(enabled))
            .await
    }

    async fn delete_partner(&self, id: &str) -> AdminAnswer {
        let id = self.not_declared(partner_id(id)?, None)?;
        self.change_partner(&id, PartnerChange::Delete).await
    }

    async fn change_partner(&self, id: &PartnerId, change: PartnerChange<'_>) -> AdminAnswer {
        let done = self.registry().change(id, change).await;
        done.map_err(|error| no(&error))?;
        Ok(empty(StatusCode::NO_CONTENT))
    }
}

fn invalid_json(why: &str) -> Response<Bytes> {
    refusal_because(StatusCode::BAD_REQUEST, "invalid_json", why)
}

fn shown_once(id: &PartnerId, token: &NewToken) -> Response<Bytes> {
    let token = Token {
        partner_id: id.as_str(),
        api_token: token.reveal(),
    };
    json(StatusCode::OK, &token)
}

fn ec_id(written: &str) -> Result<EcId, Response<Bytes>> {
    written
        .parse()
        .map_err(|_| refusal(StatusCode::BAD_REQUEST, "invalid_ec_id"))
}

fn partner_id(written: &str) -> Result<PartnerId, Response<Bytes>> {
    PartnerId::parse(written).map_err(|_| refusal(StatusCode::BAD_REQUEST, "invalid_partner_id"))
}

fn unavailable(error: &StoreError) -> Response<Bytes> {
    let why = error.to_string();
    refusal_because(StatusCode::SERVICE_UNAVAILABLE, "kv_unavailable", &why)
}

fn no(error: &RegistryError) -> Response<Bytes> {
    let why = error.to_string();
    let (status, word) = match error {
        RegistryError::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
        RegistryError::Exists(_) => (StatusCode::CONFLICT, "already_exists"),
        RegistryError::Unreadable(_) => (StatusCode::CONFLICT, "unreadable_entry"),
        RegistryError::Failed(_, OperationError::Unreadable(_)) => {
            (StatusCode::CONFLICT, "unreadable_entry")
        }
        RegistryError::Failed(_, error) => (StatusCode::SERVICE_UNAVAILABLE, error.as_str()),
        RegistryError::Store(_) | RegistryError::NoRandomness(_) | RegistryError::Unknown(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "kv_unavailable")
        }
    };
    refusal_because(status, word, &why)
}
