//! `POST /_ts/api/v1/batch-sync`: a partner writes its uids, server to server.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use http::header::RETRY_AFTER;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::answer::{Reply, json, refusal, refusal_because};
use super::body::{self, BodyError, Incoming};
use super::upload::{Mapping, Upload};
use super::{Admission, Client, Platform, Route, Service, ServiceEvent};
use crate::partner::PartnerRecord;
use edge_cookie::engine::{Done, Operation, OperationError, Outcome, PartnerSync};
use edge_cookie::policy::settings::SyncReasons;
use edge_cookie::record::{EcId, PartnerId};

#[derive(Serialize)]
struct Accounted {
    accepted: usize,
    rejected: usize,
    errors: Vec<Rejected>,
}

#[derive(Serialize)]
struct Rejected {
    index: usize,
    reason: &'static str,
}

/// Why a mapping is rejected; none where it is accepted.
type Reason = Option<&'static str>;

/// A batch that is refused as a whole.
struct Refused {
    reason: &'static str,
    answer: Response<Bytes>,
}

/// How a mapping ended that was not rejected.
const ACCEPTED: &str = "accepted";

const STORE_DOWN: &str = "kv_unavailable";

/// The mappings of one user: all of them one read and one write.
struct Work {
    id: EcId,
    indexes: Vec<usize>,
    syncs: Vec<PartnerSync>,
}

impl<H: Platform> Service<H> {
    pub(super) async fn batch_sync(
        &self,
        head: &Parts,
        body: &mut impl Incoming,
        client: &Client,
    ) -> Reply {
        let answered = self.batch(head, body, client).await;
        answered.unwrap_or_else(|refused| refused).into()
    }

    async fn batch(
        &self,
        head: &Parts,
        body: &mut impl Incoming,
        client: &Client,
    ) -> Result<Response<Bytes>, Response<Bytes>> {
        let partner = self.partner(head, client).await?;
        let mut outcomes: BTreeMap<&'static str, u64> = BTreeMap::new();
        let answer = match self.reasons(&partner, head, body).await {
            Ok(reasons) => {
                for reason in &reasons {
                    *outcomes.entry(reason.unwrap_or(ACCEPTED)).or_default() += 1;
                }
                Ok(account(&reasons))
            }
            Err(refused) => {
                outcomes.insert(refused.reason, 1);
                Err(refused.answer)
            }
        };
        for (outcome, times) in outcomes {
            self.platform.record_event(&ServiceEvent::PartnerOutcome {
                partner: &partner.id,
                route: Route::BatchSync.name(),
                outcome,
                times,
            });
        }
        answer
    }

    async fn reasons(
        &self,
        partner: &PartnerRecord,
        head: &Parts,
        body: &mut impl Incoming,
    ) -> Result<Vec<Reason>, Refused> {
        self.admit(partner).await?;
        let rules = &self.setup.policy.sync;
        let body = body::read(&head.headers, body, rules.max_body_bytes as usize).await;
        let body = body.map_err(|error| match error {
            BodyError::TooLarge => refused(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            BodyError::BrokenOff => invalid_json("the body ended too early"),
        })?;
        let upload = Upload::read(&body).map_err(|why| invalid_json(&why))?;
        if upload.mappings.len() > rules.max_batch as usize {
            return Err(refused(StatusCode::BAD_REQUEST, "batch_too_large"));
        }
        Ok(self.write_all(&partner.id, &upload.mappings).await)
    }

    async fn admit(&self, partner: &PartnerRecord) -> Result<(), Refused> {
        let rules = &self.setup.policy.sync;
        let limit = partner.rate_limit.unwrap_or(rules.rate_limit);
        match self
            .platform
            .admit(&partner.id, limit, rules.rate_window)
            .await
        {
            Admission::Admitted => Ok(()),
            Admission::TooMany(wait) => {
                let mut refused = refused(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded");
                let wait = HeaderValue::from(wait.seconds());
                refused.answer.headers_mut().insert(RETRY_AFTER, wait);
                Err(refused)
            }
        }
    }

    /// Why each mapping is rejected, in their order. Once the store is down, what is left is not tried.
    async fn write_all(&self, partner: &PartnerId, mappings: &[Mapping<'_>]) -> Vec<Reason> {
        let mut reasons = vec![Some("invalid_ec_id"); mappings.len()];
        let down = Arc::new(AtomicBool::new(false));
        let users = by_user(partner, mappings).into_iter().map(|work| {
            let (service, down) = (self.clone(), Arc::clone(&down));
            async move { service.write_user(work, &down).await }
        });
        let mut written = stream::iter(users).buffered(self.setup.policy.sync.concurrency as usize);
        while let Some(user) = written.next().await {
            for (index, reason) in user {
                if let Some(place) = reasons.get_mut(index) {
                    *place = reason;
                }
            }
        }
        reasons
    }

    async fn write_user(self, work: Work, down: &AtomicBool) -> Vec<(usize, Reason)> {
        let all = |reason| work.indexes.iter().map(|index| (*index, reason)).collect();
        if down.load(Ordering::Relaxed) {
            return all(Some(STORE_DOWN));
        }
        let written = self
            .run(&work.id, Operation::UpsertPartnerIds(&work.syncs))
            .await
            .result;
        match written {
            Err(error) => {
                if matches!(error, OperationError::Unavailable(_)) {
                    down.store(true, Ordering::Relaxed);
                }
                all(Some(failed(&error)))
            }
            Ok(Done { each, .. }) => {
                let reasons = self.setup.policy_of(&work.id).sync.reasons;
                let indexes = work.indexes.into_iter();
                let reason = |outcome| rejected(outcome, reasons);
                indexes.zip(each.into_iter().map(reason)).collect()
            }
        }
    }
}

fn refused(status: StatusCode, reason: &'static str) -> Refused {
    Refused {
        reason,
        answer: refusal(status, reason),
    }
}

fn invalid_json(why: &str) -> Refused {
    let reason = "invalid_json";
    Refused {
        reason,
        answer: refusal_because(StatusCode::BAD_REQUEST, reason, why),
    }
}

fn by_user(partner: &PartnerId, mappings: &[Mapping<'_>]) -> Vec<Work> {
    let mut users: Vec<Work> = Vec::new();
    let mut known: HashMap<EcId, usize> = HashMap::new();
    for (index, mapping) in mappings.iter().enumerate() {
        let Some(id) = mapping.ec_id() else {
            continue;
        };
        let place = *known.entry(id).or_insert(users.len());
        if place == users.len() {
            users.push(Work {
                id,
                indexes: Vec::new(),
                syncs: Vec::new(),
            });
        }
        if let Some(user) = users.get_mut(place) {
            user.indexes.push(index);
            user.syncs.push(PartnerSync {
                partner: partner.clone(),
                uid: mapping.partner_uid.as_ref().into(),
                timestamp: mapping.timestamp,
            });
        }
    }
    users
}

/// Why a mapping that ended so is rejected (`docs/http-api.md#reasons`).
#[must_use]
pub fn rejected(outcome: Outcome, reasons: SyncReasons) -> Reason {
    match outcome {
        Outcome::NotFound | Outcome::ConsentWithdrawn if reasons == SyncReasons::Opaque => {
            Some("ineligible")
        }
        Outcome::NotFound => Some("ec_id_not_found"),
        Outcome::InvalidUid => Some("invalid_partner_uid"),
        Outcome::ConsentWithdrawn
        | Outcome::Stale
        | Outcome::InvalidTimestamp
        | Outcome::TooManyPartners
        | Outcome::EntryTooLarge => Some(outcome.as_str()),
        _ => None,
    }
}

/// Why the mappings of a user are rejected whose write failed so.
fn failed(error: &OperationError) -> &'static str {
    match error {
        // To a partner it is the same: the record was busy, and a later batch may find it free.
        OperationError::RateLimited => "retries_exhausted",
        other => other.as_str(),
    }
}

fn account(reasons: &[Reason]) -> Response<Bytes> {
    let errors: Vec<Rejected> = reasons
        .iter()
        .enumerate()
        .filter_map(|(index, reason)| reason.map(|reason| Rejected { index, reason }))
        .collect();
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::MULTI_STATUS
    };
    let accounted = Accounted {
        accepted: reasons.len() - errors.len(),
        rejected: errors.len(),
        errors,
    };
    json(status, &accounted)
}
