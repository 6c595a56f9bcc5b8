//! What the service runs under: a policy, its publisher, and what its secrets are.

use bytes::Bytes;

use super::mint::Passphrase;
use crate::partner::{PartnerRecord, TokenHash};
use crate::policy::EcPolicy;
use crate::policy::bundle::Bundled;
use crate::policy::publisher::Publisher;
use crate::policy::report::Report;
use crate::policy::resolve::Resolved;
use crate::policy::rollout::Rollout;
use crate::policy::types::Secret;
use crate::record::EcId;

/// A policy made ready to serve under: its secrets known, its report written.
#[derive(Debug, Clone)]
pub struct Setup {
    pub(super) policy: EcPolicy,
    /// A second policy, tried on a share of the users.
    pub(super) rollout: Option<Rollout>,
    pub(super) profile: String,
    pub(super) publisher: Publisher,
    report: Shown,
    pub(super) passphrase: Passphrase,
    pub(super) admin: Option<TokenHash>,
    pub(super) partners: Vec<PartnerRecord>,
    pub(super) trouble: Option<String>,
}

/// What the policy says and where it came from, written when somebody asks.
#[derive(Debug, Clone)]
enum Shown {
    Resolved(Bytes),
    Bundle(Box<Bundled>),
}

/// Why nothing can be served under a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Ids are made with the passphrase.
    #[error(
        "the policy has no `passphrase`, which EC ids are made with: set `passphrase = {{ env = \"NAME\" }}` under `[ec]`"
    )]
    NoPassphrase,
    /// A secret is not where the policy says.
    #[error("`{key}` is not there: the policy says it is in {place}")]
    NoSecret {
        /// The setting.
        key: String,
        /// Where it should be.
        place: String,
    },
}

impl Setup {
    /// Makes a policy ready; `reveal` knows what a secret is, where it is there.
    ///
    /// # Errors
    ///
    /// Where a secret is missing.
    pub fn new(
        profile: &str,
        resolved: &Resolved,
        publisher: &Publisher,
        reveal: impl Fn(&Secret) -> Option<String>,
    ) -> Result<Self, SetupError> {
        // A report is strings and numbers, which always serialise.
        let report = serde_json::to_vec(&Report::of(profile, resolved)).unwrap_or_default();
        let report = Shown::Resolved(report.into());
        Self::ready(profile, &resolved.policy, publisher, report, reveal)
    }

    /// Makes the policy of a bundle ready, as [`new`](Self::new) does.
    ///
    /// # Errors
    ///
    /// Where a secret is missing.
    pub fn of_bundle(
        bundle: &Bundled,
        reveal: impl Fn(&Secret) -> Option<String>,
    ) -> Result<Self, SetupError> {
        let shown = Shown::Bundle(Box::new(bundle.clone()));
        let policy = &bundle.resolved.policy;
        let ready = Self::ready(&bundle.profile, policy, &bundle.publisher, shown, reveal)?;
        Ok(Self {
            rollout: bundle.rollout.clone(),
            ..ready
        })
    }

    fn ready(
        profile: &str,
        policy: &EcPolicy,
        publisher: &Publisher,
        report: Shown,
        reveal: impl Fn(&Secret) -> Option<String>,
    ) -> Result<Self, SetupError> {
        let known = |key: &str, secret: &Secret| {
            let found = reveal(secret).filter(|found| !found.is_empty());
            found.ok_or_else(|| SetupError::NoSecret {
                key: format!("ec.{key}"),
                place: place(secret),
            })
        };
        let passphrase = match &policy.stores.passphrase {
            Some(secret) => known("passphrase", secret)?,
            None => return Err(SetupError::NoPassphrase),
        };
        let admin = policy.stores.admin_token.as_ref();
        let admin = admin
            .map(|secret| known("admin_token", secret))
            .transpose()?;
        let declared = policy.stores.partners.iter().map(|partner| {
            let key = format!("partners.{}.api_token", partner.id);
            PartnerRecord::declared(partner, |secret| known(&key, secret))
        });
        Ok(Self {
            policy: policy.clone(),
            rollout: None,
            profile: profile.to_owned(),
            publisher: publisher.clone(),
            report,
            passphrase: Passphrase::new(&passphrase).ok_or(SetupError::NoPassphrase)?,
            admin: admin.as_deref().map(TokenHash::of),
            partners: declared.collect::<Result<_, _>>()?,
            trouble: None,
        })
    }

    /// This setup, serving on because a newer one cannot be used: health says why.
    #[must_use]
    pub fn with_trouble(mut self, why: String) -> Self {
        self.trouble = Some(why);
        self
    }

    /// What `ec show --format json` tells of the policy.
    pub(super) fn report(&self) -> Bytes {
        match &self.report {
            Shown::Resolved(report) => report.clone(),
            Shown::Bundle(bundle) => bundle.report().into(),
        }
    }

    /// How many of its settings this engine does not know: a newer one wrote its bundle.
    pub(super) const fn unknown_settings(&self) -> usize {
        match &self.report {
            Shown::Resolved(_) => 0,
            Shown::Bundle(bundle) => bundle.unknown,
        }
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &EcPolicy {
        &self.policy
    }

    /// The policy that the user of this id is under.
    #[must_use]
    pub fn policy_of(&self, id: &EcId) -> &EcPolicy {
        match self.candidate_of(id) {
            Some(rollout) => &rollout.resolved.policy,
            None => &self.policy,
        }
    }

    /// The candidate, where the user of this id is under it.
    pub(super) fn candidate_of(&self, id: &EcId) -> Option<&Rollout> {
        self.rollout.as_ref().filter(|rollout| rollout.takes(id))
    }

    /// The policy that is tried on a share of the users, where there is one.
    #[must_use]
    pub const fn rollout(&self) -> Option<&Rollout> {
        self.rollout.as_ref()
    }

    /// Why the policy was put into force though checks advised against it.
    pub(super) fn forced(&self) -> Option<&str> {
        match &self.report {
            Shown::Resolved(_) => None,
            Shown::Bundle(bundle) => bundle.forced.as_deref(),
        }
    }

    /// The profile's name.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// The publisher.
    #[must_use]
    pub const fn publisher(&self) -> &Publisher {
        &self.publisher
    }
}

fn place(secret: &Secret) -> String {
    match secret {
        Secret::Literal(_) => "the policy itself, and it is empty".to_owned(),
        Secret::Environment(variable) => format!("the environment variable `{variable}`"),
        Secret::SecretStore { store, key } => format!("the secret store `{store}`, as `{key}`"),
    }
}
