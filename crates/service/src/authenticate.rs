//! Who calls: a partner by its token, an operator by the admin token or a password.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};

use super::answer::refusal;
use super::credentials::{RequestCredentials, bearer};
use super::operators::challenge_partner;
use super::tokens::{TokenRoutes, TokenSender};
use super::{Admission, Client, Platform, Service, ServiceEvent};
use crate::partner::{PartnerRecord, Registry, TokenHash};

impl<H: Platform> Service<H> {
    /// The partner whose token came along; else the refusal.
    pub(super) async fn partner(
        &self,
        head: &Parts,
        client: &Client,
    ) -> Result<Cow<'_, PartnerRecord>, Response<Bytes>> {
        let token = TokenHash::of(bearer(&head.headers).ok_or_else(no_partner)?);
        let declared = &self.setup.partners;
        if let Some(partner) = declared.iter().find(|partner| partner.admits(&token)) {
            return Ok(Cow::Borrowed(partner));
        }
        let sender = TokenSender::of(client, TokenRoutes::Partner);
        let partner = if self.setup.operators.has_token(&token) {
            None
        } else {
            self.may_try(self.is_known(&token), sender)?;
            self.stored_partner(&token).await?
        };
        let known = self.platform.was_right(&token);
        if known != partner.is_some() {
            self.platform.remember(&token, !known);
        }
        partner.map(Cow::Owned).ok_or_else(|| {
            self.count_wrong(self.is_known(&token), sender);
            no_partner()
        })
    }

    /// The partner in the store whose token it is.
    async fn stored_partner(
        &self,
        token: &TokenHash,
    ) -> Result<Option<PartnerRecord>, Response<Bytes>> {
        let declared = &self.setup.partners;
        let found = self.registry().of_token(token).await;
        let stored = found.map_err(|error| {
            let why = error.to_string();
            self.platform
                .record_event(&ServiceEvent::PartnerUnknown { why: &why });
            refusal(StatusCode::SERVICE_UNAVAILABLE, "kv_unavailable")
        })?;
        // A declared partner wins over a stored one of its name, whose token is then no good.
        let supplanted = |stored: &PartnerRecord| declared.iter().any(|own| own.id == stored.id);
        Ok(stored.filter(|stored| stored.admits(token) && !supplanted(stored)))
    }

    /// The partners that the policy does not declare.
    pub(super) fn registry(&self) -> Registry<'_, H::Store, H::Clock> {
        Registry::new(
            self.platform.partners(),
            self.platform.clock(),
            &self.setup.policy,
        )
    }

    /// Whether an operator's credentials came along.
    pub(super) fn is_operator(&self, head: &Parts) -> bool {
        let given = RequestCredentials::of(&head.headers);
        given.is_some_and(|given| self.setup.operators.admit(&given))
    }

    /// Lets an operator in; else the refusal.
    pub(super) fn operator(&self, head: &Parts, client: &Client) -> Result<(), Response<Bytes>> {
        let Some(given) = RequestCredentials::of(&head.headers) else {
            return Err(self.no_operator());
        };
        if self.setup.operators.admit(&given) {
            return Ok(());
        }
        let sender = TokenSender::of(client, TokenRoutes::Admin);
        let known = matches!(&given, RequestCredentials::Bearer(token) if self.is_known(token));
        self.may_try(known, sender)?;
        self.count_wrong(known, sender);
        Err(self.no_operator())
    }

    fn no_operator(&self) -> Response<Bytes> {
        let mut answer = invalid_token();
        self.setup.operators.challenge(answer.headers_mut());
        answer
    }

    /// Whether someone is known to have this token: the operator, a declared partner, or a stored one who came lately. It
    /// may be the wrong one for a route.
    fn is_known(&self, token: &TokenHash) -> bool {
        let mut declared = self.setup.partners.iter();
        self.setup.operators.has_token(token)
            || declared.any(|partner| partner.admits(token))
            || self.platform.was_right(token)
    }

    /// Refuses credentials that no one is known to have, where their sender has sent too many wrong ones.
    fn may_try(&self, known: bool, sender: TokenSender) -> Result<(), Response<Bytes>> {
        if known {
            return Ok(());
        }
        let limit = self.setup.policy.sync.invalid_token_limit;
        let Admission::TooMany(wait) = self.platform.may_try_token(sender, limit) else {
            return Ok(());
        };
        self.platform.record_event(&ServiceEvent::TokenNotTried);
        let mut answer = refusal(StatusCode::TOO_MANY_REQUESTS, "too_many_invalid_tokens");
        let wait = HeaderValue::from(wait.seconds());
        answer.headers_mut().insert(RETRY_AFTER, wait);
        Err(answer)
    }

    /// Counts wrong credentials, unless someone is known to have them.
    fn count_wrong(&self, known: bool, sender: TokenSender) {
        if !known {
            self.platform.count_wrong_token(sender);
        }
    }
}

/// The refusal of who is no partner.
fn no_partner() -> Response<Bytes> {
    let mut answer = invalid_token();
    challenge_partner(answer.headers_mut());
    answer
}

fn invalid_token() -> Response<Bytes> {
    refusal(StatusCode::UNAUTHORIZED, "invalid_token")
}
