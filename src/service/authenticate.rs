//! Who calls: a partner by its token, an operator by the admin token.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};

use super::answer::refusal;
use super::head::bearer;
use super::tokens::{TokenRoutes, TokenSender};
use super::{Admission, Client, Home, Note, Service};
use crate::partner::{PartnerRecord, Registry, TokenHash};

impl<H: Home> Service<H> {
    /// The partner whose token came along; else the refusal.
    pub(super) async fn partner(
        &self,
        head: &Parts,
        client: &Client,
    ) -> Result<Cow<'_, PartnerRecord>, Response<Bytes>> {
        let token = TokenHash::of(bearer(&head.headers).ok_or_else(invalid_token)?);
        let declared = &self.setup.partners;
        if let Some(partner) = declared.iter().find(|partner| partner.admits(&token)) {
            return Ok(Cow::Borrowed(partner));
        }
        let sender = TokenSender::of(client, TokenRoutes::Partner);
        let partner = if self.is_admins(&token) {
            None
        } else {
            self.may_try(&token, sender)?;
            self.stored_partner(&token).await?
        };
        let known = self.home.was_right(&token);
        if known != partner.is_some() {
            self.home.remember(&token, !known);
        }
        partner
            .map(Cow::Owned)
            .ok_or_else(|| self.wrong_token(&token, sender))
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
            self.home.note(&Note::PartnerUnknown { why: &why });
            refusal(StatusCode::SERVICE_UNAVAILABLE, "kv_unavailable")
        })?;
        // A declared partner wins over a stored one of its name, whose token is then no good.
        let supplanted = |stored: &PartnerRecord| declared.iter().any(|own| own.id == stored.id);
        Ok(stored.filter(|stored| stored.admits(token) && !supplanted(stored)))
    }

    /// The partners that the policy does not declare.
    pub(super) fn registry(&self) -> Registry<'_, H::Store, H::Clock> {
        Registry::new(self.home.partners(), self.home.clock(), &self.setup.policy)
    }

    /// Whether the admin token came along.
    pub(super) fn is_operator(&self, head: &Parts) -> bool {
        bearer(&head.headers).is_some_and(|given| self.is_admins(&TokenHash::of(given)))
    }

    /// Lets an operator in; else the refusal.
    pub(super) fn operator(&self, head: &Parts, client: &Client) -> Result<(), Response<Bytes>> {
        let token = TokenHash::of(bearer(&head.headers).ok_or_else(invalid_token)?);
        if self.is_admins(&token) {
            return Ok(());
        }
        let sender = TokenSender::of(client, TokenRoutes::Admin);
        self.may_try(&token, sender)?;
        Err(self.wrong_token(&token, sender))
    }

    fn is_admins(&self, token: &TokenHash) -> bool {
        let admin = self.setup.admin.as_ref();
        admin.is_some_and(|admin| admin.is(token))
    }

    /// Whether someone is known to have this token: the operator, a declared partner, or a stored one who came lately. It
    /// may be the wrong one for a route.
    fn is_known(&self, token: &TokenHash) -> bool {
        let mut declared = self.setup.partners.iter();
        self.is_admins(token)
            || declared.any(|partner| partner.admits(token))
            || self.home.was_right(token)
    }

    /// Refuses a token that no one is known to have, where its sender has sent too many wrong ones.
    fn may_try(&self, token: &TokenHash, sender: TokenSender) -> Result<(), Response<Bytes>> {
        if self.is_known(token) {
            return Ok(());
        }
        let limit = self.setup.policy.sync.invalid_token_limit;
        let Admission::TooMany(wait) = self.home.may_try_token(sender, limit) else {
            return Ok(());
        };
        self.home.note(&Note::TokenNotTried);
        let mut answer = refusal(StatusCode::TOO_MANY_REQUESTS, "too_many_invalid_tokens");
        let wait = HeaderValue::from(wait.seconds());
        answer.headers_mut().insert(RETRY_AFTER, wait);
        Err(answer)
    }

    /// The refusal of a wrong token, which is counted unless someone is known to have it.
    fn wrong_token(&self, token: &TokenHash, sender: TokenSender) -> Response<Bytes> {
        if !self.is_known(token) {
            self.home.count_wrong_token(sender);
        }
        invalid_token()
    }
}

fn invalid_token() -> Response<Bytes> {
    let mut answer = refusal(StatusCode::UNAUTHORIZED, "invalid_token");
    let scheme = HeaderValue::from_static("Bearer");
    answer.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    answer
}
