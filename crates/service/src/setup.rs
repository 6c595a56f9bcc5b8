//! What the service runs under: a policy, its publisher, and what its secrets are.

use bytes::Bytes;

use super::credentials::BasicHash;
use super::ec_id::Passphrase;
use super::operators::Operators;
use super::secrets::{ADMIN_TOKEN, BASIC_PASSWORD, SecretProblem, SecretResolver};
use crate::partner::{PartnerRecord, TokenHash};
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::bundle::Bundled;
use edge_cookie::policy::publisher::Publisher;
use edge_cookie::policy::report::PolicyReport;
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::policy::rollout::Rollout;
use edge_cookie::policy::types::{Secret, SecretUse};
use edge_cookie::record::EcId;

/// A policy made ready to serve under: its secrets known, its report written.
#[derive(Debug, Clone)]
pub struct Setup {
    pub(super) policy: EcPolicy,
    /// A second policy, tried on a share of the users.
    pub(super) rollout: Option<Rollout>,
    pub(super) profile: String,
    pub(super) publisher: Publisher,
    report: ShownPolicy,
    pub(super) passphrase: Passphrase,
    pub(super) operators: Operators,
    pub(super) partners: Vec<PartnerRecord>,
    pub(super) trouble: Option<String>,
    /// When the policy was last read again.
    pub(super) reloaded: Option<Timestamp>,
}

/// The values of the policy and where each is configured, rendered when they are first asked for.
#[derive(Debug, Clone)]
enum ShownPolicy {
    Resolved(Bytes),
    Bundle(Box<Bundled>),
}

/// Why nothing can be served under a policy: everything that is wrong with its secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", listed(.0))]
pub struct SetupError(Vec<SecretProblem>);

impl SetupError {
    /// The same, and another problem.
    #[must_use]
    pub fn and(mut self, problem: SecretProblem) -> Self {
        self.0.push(problem);
        self
    }

    /// What is wrong, each by itself.
    #[must_use]
    pub fn problems(&self) -> &[SecretProblem] {
        &self.0
    }
}

impl From<SecretProblem> for SetupError {
    fn from(problem: SecretProblem) -> Self {
        Self(vec![problem])
    }
}

fn listed(problems: &[SecretProblem]) -> String {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    problems.join("; ")
}

impl Setup {
    /// Makes a policy ready; `reveal` knows what a secret is, where it is there.
    ///
    /// # Errors
    ///
    /// Where a secret is missing, cannot be used, or is too weak for a profile that is deployed.
    pub fn new(
        profile: &str,
        resolved: &Resolved,
        publisher: &Publisher,
        reveal: impl Fn(&Secret) -> Option<String>,
    ) -> Result<Self, SetupError> {
        // A report is strings and numbers, which always serialise.
        let report = serde_json::to_vec(&PolicyReport::of(profile, resolved)).unwrap_or_default();
        let report = ShownPolicy::Resolved(report.into());
        Self::ready(profile, resolved, publisher, report, reveal)
    }

    /// Makes the policy of a bundle ready, as [`new`](Self::new) does.
    ///
    /// # Errors
    ///
    /// Where a secret is missing, cannot be used, or is too weak for a profile that is deployed.
    pub fn of_bundle(
        bundle: &Bundled,
        reveal: impl Fn(&Secret) -> Option<String>,
    ) -> Result<Self, SetupError> {
        let shown = ShownPolicy::Bundle(Box::new(bundle.clone()));
        let ready = Self::ready(
            &bundle.profile,
            &bundle.resolved,
            &bundle.publisher,
            shown,
            reveal,
        )?;
        Ok(Self {
            rollout: bundle.rollout.clone(),
            ..ready
        })
    }

    fn ready(
        profile: &str,
        resolved: &Resolved,
        publisher: &Publisher,
        report: ShownPolicy,
        reveal: impl Fn(&Secret) -> Option<String>,
    ) -> Result<Self, SetupError> {
        let policy = &resolved.policy;
        let mut secrets = SecretResolver::new(reveal, resolved.deployed);
        let passphrase = if let Some(secret) = &policy.root.passphrase {
            secrets.secret("ec.passphrase".to_owned(), secret, SecretUse::Key)
        } else {
            secrets.problems.push(SecretProblem::NoPassphrase);
            None
        };
        let mut of_operators = |key: &str, secret: &Option<Secret>, used_as| {
            let secret = secret.as_ref()?;
            secrets.secret(key.to_owned(), secret, used_as)
        };
        let admin_token = &policy.root.admin_token;
        let token = of_operators(ADMIN_TOKEN, admin_token, SecretUse::Token);
        let basic = &policy.admin_basic;
        let password = of_operators(BASIC_PASSWORD, &basic.password, SecretUse::Password);
        let partners = secrets.partners(
            policy.root.partners.iter(),
            &[
                (ADMIN_TOKEN, token.as_deref()),
                (BASIC_PASSWORD, password.as_deref()),
            ],
        );
        let username = basic.username.as_ref();
        let basic = username.zip(password.as_deref());
        let operators = Operators {
            token: token.as_deref().map(TokenHash::of),
            basic: basic.map(|(username, password)| BasicHash::of(username.as_str(), password)),
        };
        let passphrase = passphrase.as_deref().and_then(Passphrase::new);
        let (Some(passphrase), true) = (passphrase, secrets.problems.is_empty()) else {
            return Err(SetupError(secrets.problems));
        };
        let declared = |(partner, hash)| PartnerRecord::declared(partner, hash);
        Ok(Self {
            policy: policy.clone(),
            rollout: None,
            profile: profile.to_owned(),
            publisher: publisher.clone(),
            report,
            passphrase,
            operators,
            partners: partners.into_iter().map(declared).collect(),
            trouble: None,
            reloaded: None,
        })
    }

    /// This setup, serving on because a newer one cannot be used: health says why.
    #[must_use]
    pub fn with_trouble(mut self, why: String) -> Self {
        self.trouble = Some(why);
        self
    }

    /// This setup after the policy was read again: health says when.
    #[must_use]
    pub const fn reloaded_at(mut self, at: Timestamp) -> Self {
        self.reloaded = Some(at);
        self
    }

    /// The policy as `ec show --format json` prints it.
    pub(super) fn report(&self) -> Bytes {
        match &self.report {
            ShownPolicy::Resolved(report) => report.clone(),
            ShownPolicy::Bundle(bundle) => bundle.report().into(),
        }
    }

    /// How many of its settings this engine does not know: a newer one wrote its bundle.
    pub(super) const fn unknown_settings(&self) -> usize {
        match &self.report {
            ShownPolicy::Resolved(_) => 0,
            ShownPolicy::Bundle(bundle) => bundle.unknown,
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
            ShownPolicy::Resolved(_) => None,
            ShownPolicy::Bundle(bundle) => bundle.forced.as_deref(),
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
