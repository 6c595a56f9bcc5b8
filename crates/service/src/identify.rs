//! `GET /_ts/api/v1/identify`: a partner reads its own uid for the user whose cookie comes along.

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};
use serde::Serialize;

use super::answer::{Reply, empty, json};
use super::cors::{RequestOrigin, write_preflight};
use super::visitor::Visitor;
use super::{Client, Platform, Route, Service, ServiceEvent};
use crate::consent::Verdict;
use crate::partner::PartnerRecord;
use edge_cookie::engine::{Done, Operation, OperationError, Record};
use edge_cookie::record::EcId;

#[derive(Serialize)]
struct Denied {
    consent: &'static str,
}

#[derive(Serialize)]
struct Identified<'i> {
    ec: &'i str,
    consent: &'static str,
    degraded: bool,
    partner_id: &'i str,
    source_domain: &'i str,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<&'i str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eid: Option<Eid<'i>>,
}

/// An extended identifier (`OpenRTB` 2.6, section 3.2.27).
#[derive(Serialize)]
struct Eid<'i> {
    source: &'i str,
    uids: [EidUid<'i>; 1],
}

#[derive(Serialize)]
struct EidUid<'i> {
    id: &'i str,
    atype: u32,
}

impl<H: Platform> Service<H> {
    pub(super) async fn identify(
        &self,
        head: &Parts,
        visitor: &Visitor<'_>,
        client: &Client,
    ) -> Reply {
        let origin = self.origin(head);
        let mut answer = if origin == RequestOrigin::Foreign {
            empty(StatusCode::FORBIDDEN)
        } else {
            self.identified(head, visitor, client).await
        };
        origin.write(answer.headers_mut());
        answer.into()
    }

    pub(super) fn preflight(&self, head: &Parts) -> Reply {
        let origin = self.origin(head);
        let mut answer = if origin == RequestOrigin::Foreign {
            empty(StatusCode::FORBIDDEN)
        } else {
            empty(StatusCode::OK)
        };
        if matches!(origin, RequestOrigin::Own(_)) {
            let max_age = self.setup.policy.identify.cors_max_age;
            write_preflight(answer.headers_mut(), max_age);
        }
        origin.write(answer.headers_mut());
        answer.into()
    }

    fn origin(&self, head: &Parts) -> RequestOrigin {
        RequestOrigin::of(&head.headers, self.setup.publisher.domain.as_ref())
    }

    async fn identified(
        &self,
        head: &Parts,
        visitor: &Visitor<'_>,
        client: &Client,
    ) -> Response<Bytes> {
        let partner = match self.partner(head, client).await {
            Ok(partner) => partner,
            Err(refusal) => return refusal,
        };
        let (outcome, answer) = self.found(visitor, &partner).await;
        self.platform.record_event(&ServiceEvent::PartnerOutcome {
            partner: &partner.id,
            route: Route::Identify.name(),
            outcome,
            times: 1,
        });
        answer
    }

    /// How it ended, in a word, and what the partner is answered.
    async fn found(
        &self,
        visitor: &Visitor<'_>,
        partner: &PartnerRecord,
    ) -> (&'static str, Response<Bytes>) {
        if visitor.verdict() != Verdict::Granted {
            let denied = Denied { consent: "denied" };
            return ("consent_denied", json(StatusCode::FORBIDDEN, &denied));
        }
        // Of several ids the first live one counts; without a live one, the first that cannot be read, else the first.
        let mut answer = None;
        for id in visitor.cookies.ids() {
            let read = self.run(id, Operation::Get).await.result;
            let unreadable = matches!(read, Err(OperationError::Unreadable(_)));
            let decides = match &read {
                Ok(done) => live(done).is_some(),
                Err(_) => !unreadable,
            };
            if decides || unreadable || answer.is_none() {
                answer = Some(self.uid_of(id, partner, &read));
            }
            if decides {
                break;
            }
        }
        answer.unwrap_or_else(|| ("no_ec_id", empty(StatusCode::NO_CONTENT)))
    }

    fn uid_of(
        &self,
        id: &EcId,
        partner: &PartnerRecord,
        read: &Result<Done, OperationError>,
    ) -> (&'static str, Response<Bytes>) {
        let live = read.as_ref().ok().and_then(live);
        let known = live.and_then(|record| record.entry.ids.get(&partner.id));
        // One that another system stored, or that came before the policy listed it, would join users as well.
        let placeholders = &self.setup.policy_of(id).sync.sentinels;
        let uid = known
            .map(|known| &*known.uid)
            .filter(|uid| !placeholders.contain(uid));
        let identified = Identified {
            ec: id.as_str(),
            consent: "ok",
            degraded: read.is_err(),
            partner_id: partner.id.as_str(),
            source_domain: &partner.source_domain,
            uid,
            eid: uid.map(|id| Eid {
                source: &partner.source_domain,
                uids: [EidUid {
                    id,
                    atype: partner.atype(),
                }],
            }),
        };
        let outcome = match read {
            Err(error) => error.as_str(),
            Ok(_) if uid.is_some() => "found",
            Ok(_) => "not_found",
        };
        (outcome, json(StatusCode::OK, &identified))
    }
}

/// The record that was read, where it is a live entry.
fn live(done: &Done) -> Option<&Record> {
    let record = done.record.as_deref();
    record.filter(|record| !record.entry.is_tombstone())
}
