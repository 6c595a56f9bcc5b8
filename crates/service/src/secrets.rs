//! The secrets of a policy, resolved: referenced secrets are checked as literals are.

use std::collections::BTreeMap;

use crate::partner::TokenHash;
use edge_cookie::diagnostic::Code;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::strength::{strong, usable};
use edge_cookie::policy::types::{Partner, PartnerToken, Secret, SecretFault, SecretUse};

/// What is wrong with one secret of a policy. Its message shows no part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretProblem {
    /// Ids are made with the passphrase.
    #[error(
        "the policy has no `passphrase`, which EC ids are made with: set `passphrase = {{ env = \"NAME\" }}` under `[ec]`"
    )]
    NoPassphrase,
    /// A secret is not where the policy says.
    #[error("cannot read `{key}`: it is not in {place}")]
    Missing {
        /// The setting.
        key: String,
        /// Where it should be.
        place: String,
        /// That is a secret store, which only some platforms have.
        in_secret_store: bool,
    },
    /// It cannot be used, or is too weak for a profile that is deployed.
    #[error("`{key}`, from {place}, {fault}")]
    Fault {
        /// The setting.
        key: String,
        /// Where it is kept.
        place: String,
        /// What is wrong with it.
        fault: SecretFault,
    },
    /// A partner has a secret of the operators', and could do what only they may.
    #[error("`{key}` is `{operators}` as well: give each its own")]
    SharedWithOperators {
        /// The partner's setting.
        key: String,
        /// The operators' setting.
        operators: &'static str,
    },
    /// Two partners have one token, so that one would write as the other.
    #[error("`{key}` is the token of the partner `{other}` as well: give each its own")]
    Shared {
        /// The setting.
        key: String,
        /// The partner whose token it is, too.
        other: String,
    },
}

impl SecretProblem {
    fn missing(key: String, secret: &Secret) -> Self {
        Self::Missing {
            key,
            place: secret.place(),
            in_secret_store: matches!(secret, Secret::SecretStore { .. }),
        }
    }

    /// The code that `ec explain` knows it by.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::NoPassphrase | Self::Missing { .. } => Code::MissingSecret,
            Self::Fault { fault, .. } => match fault {
                SecretFault::Placeholder => Code::PlaceholderSecret,
                SecretFault::Short => Code::ShortSecret,
                _ => Code::UnusableSecret,
            },
            Self::Shared { .. } | Self::SharedWithOperators { .. } => Code::SharedToken,
        }
    }

    /// The full key of the setting.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::NoPassphrase => "ec.passphrase",
            Self::Missing { key, .. }
            | Self::Fault { key, .. }
            | Self::Shared { key, .. }
            | Self::SharedWithOperators { key, .. } => key,
        }
    }
}

/// The operators' secrets, by their settings.
pub(super) const ADMIN_TOKEN: &str = "ec.admin_token";
pub(super) const BASIC_PASSWORD: &str = "ec.admin.basic.password";

/// Resolves secrets one by one, and keeps everything that is wrong with them.
pub(super) struct SecretResolver<R> {
    look_up: R,
    /// Whether the policy is deployed: then no secret of it may be weak.
    deployed: bool,
    pub(super) problems: Vec<SecretProblem>,
}

impl<R: Fn(&Secret) -> Option<String>> SecretResolver<R> {
    pub(super) const fn new(look_up: R, deployed: bool) -> Self {
        let problems = Vec::new();
        Self {
            look_up,
            deployed,
            problems,
        }
    }

    /// The secret itself, where nothing is wrong with it.
    pub(super) fn secret(
        &mut self,
        key: String,
        secret: &Secret,
        used_as: SecretUse,
    ) -> Option<String> {
        let place = secret.place();
        let Some(found) = secret.resolve(&self.look_up) else {
            self.problems.push(SecretProblem::missing(key, secret));
            return None;
        };
        let judged = usable(&found, used_as);
        let judged = judged.and_then(|()| {
            if self.deployed {
                strong(&found)
            } else {
                Ok(())
            }
        });
        if let Err(fault) = judged {
            self.problems
                .push(SecretProblem::Fault { key, place, fault });
            return None;
        }
        Some(found)
    }

    /// The hashes of the partners' tokens, in the order declared; each may be one partner's alone, and none of the
    /// `operators`, whose secrets come with their settings.
    pub(super) fn partners<'p>(
        &mut self,
        partners: impl Iterator<Item = &'p Partner>,
        operators: &[(&'static str, Option<&str>)],
    ) -> Vec<(&'p Partner, Option<TokenHash>)> {
        let mut owners: BTreeMap<String, String> = BTreeMap::new();
        let mut resolved = Vec::new();
        for partner in partners {
            let key = format!("ec.partners.{}.api_token", partner.id);
            let hash = match &partner.token {
                None => None,
                Some(PartnerToken::Sha256(hash)) => TokenHash::parse(hash),
                Some(PartnerToken::Token(secret)) => {
                    let found = self.secret(key.clone(), secret, SecretUse::Token);
                    found.map(|token| TokenHash::of(&token))
                }
            };
            for (operators, secret) in operators {
                if let (Some(hash), Some(secret)) = (&hash, secret)
                    && hash.is_of(secret)
                {
                    let key = key.clone();
                    let shared = SecretProblem::SharedWithOperators { key, operators };
                    self.problems.push(shared);
                }
            }
            if let Some(hash) = &hash
                && let Some(other) = owners.insert(hash.as_str().to_owned(), partner.id.to_string())
            {
                self.problems.push(SecretProblem::Shared { key, other });
            }
            resolved.push((partner, hash));
        }
        resolved
    }
}

/// The password of the store that servers share, resolved.
///
/// # Errors
///
/// Where it is missing, cannot be used, or is too weak for a policy that is deployed.
pub fn redis_password(
    secret: &Secret,
    deployed: bool,
    look_up: impl Fn(&Secret) -> Option<String>,
) -> Result<String, SecretProblem> {
    let mut resolver = SecretResolver::new(look_up, deployed);
    let key = "ec.redis.password".to_owned();
    let found = resolver.secret(key.clone(), secret, SecretUse::Key);
    found.ok_or_else(|| {
        let problem = resolver.problems.pop();
        problem.unwrap_or_else(|| SecretProblem::missing(key, secret))
    })
}

/// Everything that is wrong with the secrets of a policy, where `look_up` can look; the passphrase need not be there.
///
/// A reference that `can_look` says this machine cannot follow is left out.
#[must_use]
pub fn check_secrets(
    policy: &EcPolicy,
    deployed: bool,
    can_look: impl Fn(&Secret) -> bool,
    look_up: impl Fn(&Secret) -> Option<String>,
) -> Vec<SecretProblem> {
    let mut resolver = SecretResolver::new(look_up, deployed);
    let mut check = |key: &str, secret: &Option<Secret>, used_as| {
        let secret = secret.as_ref().filter(|secret| can_look(secret))?;
        resolver.secret(key.to_owned(), secret, used_as)
    };
    check("ec.passphrase", &policy.root.passphrase, SecretUse::Key);
    let admin_token = &policy.root.admin_token;
    let token = check(ADMIN_TOKEN, admin_token, SecretUse::Token);
    let password = &policy.admin_basic.password;
    let password = check(BASIC_PASSWORD, password, SecretUse::Password);
    check("ec.redis.password", &policy.redis.password, SecretUse::Key);
    let followed = |partner: &&Partner| match &partner.token {
        Some(PartnerToken::Token(secret)) => can_look(secret),
        _ => true,
    };
    let partners = policy.root.partners.iter().filter(followed);
    resolver.partners(
        partners,
        &[
            (ADMIN_TOKEN, token.as_deref()),
            (BASIC_PASSWORD, password.as_deref()),
        ],
    );
    resolver.problems
}
