//! How a partner is asked for its uids, as a partner's `pull` table says it.
//!
//! The table is checked and kept: asking partners is a feature to come.

use crate::policy::publisher::{Domain, OriginUrl};
use crate::policy::types::{Seconds, Secret};
use crate::policy::value::Value;

/// Where and how a partner is asked for its uid of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartnerPull {
    /// Whether it is asked.
    pub enabled: bool,
    /// The address that is asked, over TLS.
    pub url: Option<String>,
    /// Hosts that the address may be on.
    pub hosts: Vec<Domain>,
    /// How long an answer holds, so that the partner is not asked again.
    pub ttl: Seconds,
    /// What the partner knows this service by.
    pub token: Option<Secret>,
    /// Requests to the partner for one user within an hour.
    pub rate_limit: u32,
}

/// How long an answer holds where nothing else is said: a day.
pub(super) const DEFAULT_PULL_TTL: Seconds = Seconds::from_days(1);

/// Requests for one user where nothing else is said.
pub(super) const DEFAULT_PULL_RATE_LIMIT: u32 = 10;

/// What is wrong with a `pull` table as a whole.
pub(super) struct PullFault {
    /// The members that take part, the one it is about first.
    pub(super) members: &'static [&'static str],
    pub(super) message: String,
    pub(super) help: &'static str,
}

impl PartnerPull {
    /// What is wrong with it as a whole.
    pub(super) fn fault(&self) -> Option<PullFault> {
        // What is switched off is only kept.
        if !self.enabled {
            return None;
        }
        if self.token.is_none() {
            return Some(PullFault {
                members: &["enabled"],
                message: "`pull` has no `token`".to_owned(),
                help: "add the token that the partner knows you by, as `token = { env = \"NAME\" }`, or `enabled = false`",
            });
        }
        let Some(written) = &self.url else {
            return Some(PullFault {
                members: &["enabled"],
                message: "`pull` has no `url`".to_owned(),
                help: "add the address to ask, as `url = \"https://…\"`, or write `enabled = false`",
            });
        };
        let path = written.split(['?', '#']).next().unwrap_or_default();
        let Some(url) = OriginUrl::parse(path).filter(OriginUrl::is_https) else {
            return Some(PullFault {
                members: &["url"],
                message: "`pull.url` is not an `https` address".to_owned(),
                help: "write a whole address, as `https://partner.example/uid`",
            });
        };
        if self.hosts.iter().any(|host| host.as_str() == url.host()) {
            return None;
        }
        Some(PullFault {
            members: &["url", "hosts"],
            message: format!(
                "`pull.url` is on `{}`, which `pull.hosts` does not list",
                url.host()
            ),
            help: "add the host to `hosts`, or another address",
        })
    }

    pub(super) fn listed(&self, secret: fn(&Secret) -> Value) -> Value {
        let mut members = vec![("enabled", Value::Boolean(self.enabled))];
        if let Some(url) = &self.url {
            members.push(("url", Value::from(url.as_str())));
        }
        let hosts = self.hosts.iter().map(|host| Value::from(host.as_str()));
        members.push(("hosts", Value::List(hosts.collect())));
        members.push(("ttl", Value::from(self.ttl.to_string().as_str())));
        if let Some(token) = &self.token {
            members.push(("token", secret(token)));
        }
        members.push(("rate_limit", Value::Integer(u64::from(self.rate_limit))));
        Value::Table(members)
    }
}
