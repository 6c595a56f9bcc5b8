//! A page that comes from the publisher's origin: what is done before it is asked for, and where the origin fails.

use std::net::IpAddr;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use super::forwarded::for_the_origin;
use super::shared_cache;
use edge_cookie::record::{ConsentStrings, KvGeo};

/// A page that is to come from the publisher's origin, and what remains to be done with its answer.
#[derive(Debug)]
pub struct OriginPage {
    pub(super) cookies: Vec<HeaderValue>,
    /// The visitor who gets an id with it, and what may still be spent on that.
    pub(super) new_visitor: Option<(NewVisitor, Duration)>,
    /// Whether its path is below the service's own prefix.
    pub(super) below_own_prefix: bool,
}

impl OriginPage {
    /// Turns a client's headers into those of the request to the origin, except `Host`. Headers of the client's connection
    /// and credentials for the service are removed; the client's host and address are added.
    pub fn prepare(&self, headers: &mut HeaderMap, client: Option<IpAddr>) {
        for_the_origin(headers, client);
        if self.below_own_prefix {
            headers.remove(AUTHORIZATION);
        }
    }

    /// Completes an answer that the platform made because the origin did not: it carries no new id.
    pub fn fail(self, headers: &mut HeaderMap) {
        shared_cache::forbid(headers);
        shared_cache::set_cookies(headers, self.cookies);
    }
}

/// A visitor who consents and is to get an id.
#[derive(Debug)]
pub(super) struct NewVisitor {
    pub(super) address: IpAddr,
    pub(super) consent: ConsentStrings,
    pub(super) geo: KvGeo,
    /// The cookies that expire the ids without a record, where the browser sent several.
    pub(super) expired: Vec<HeaderValue>,
}
