//! Who calls: a partner by its token, an operator by the admin token.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};

use super::answer::refusal;
use super::head::bearer;
use super::{Home, Note, Service};
use crate::partner::{PartnerRecord, Registry, TokenHash};

impl<H: Home> Service<H> {
    /// The partner whose token came along; else the refusal.
    pub(super) async fn partner(
        &self,
        head: &Parts,
    ) -> Result<Cow<'_, PartnerRecord>, Response<Bytes>> {
        let token = TokenHash::of(bearer(&head.headers).ok_or_else(invalid_token)?);
        let declared = &self.setup.partners;
        if let Some(partner) = declared.iter().find(|partner| partner.admits(&token)) {
            return Ok(Cow::Borrowed(partner));
        }
        let found = self.registry().of_token(&token).await;
        let stored = found.map_err(|error| {
            let why = error.to_string();
            self.home.note(&Note::PartnerUnknown { why: &why });
            refusal(StatusCode::SERVICE_UNAVAILABLE, "kv_unavailable")
        })?;
        // A declared partner wins over a stored one of its name, whose token is then no good.
        let supplanted = |stored: &PartnerRecord| declared.iter().any(|own| own.id == stored.id);
        stored
            .filter(|stored| stored.admits(&token) && !supplanted(stored))
            .map(Cow::Owned)
            .ok_or_else(invalid_token)
    }

    /// The partners that the policy does not declare.
    pub(super) fn registry(&self) -> Registry<'_, H::Store, H::Clock> {
        Registry::new(self.home.partners(), self.home.clock(), &self.setup.policy)
    }

    /// Whether the admin token came along.
    pub(super) fn is_operator(&self, head: &Parts) -> bool {
        let given = bearer(&head.headers);
        let admin = self.setup.admin.as_ref();
        admin
            .zip(given)
            .is_some_and(|(admin, given)| admin.is_of(given))
    }
}

pub(super) fn invalid_token() -> Response<Bytes> {
    let mut answer = refusal(StatusCode::UNAUTHORIZED, "invalid_token");
    let scheme = HeaderValue::from_static("Bearer");
    answer.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    answer
}
