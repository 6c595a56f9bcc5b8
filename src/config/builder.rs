//! Policies made by a program: changed values of the defaults, checked as if they were written in a file.

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::policy::EcPolicy;
use crate::policy::layers::of_values;
use crate::policy::resolve::{Resolved, resolve};
use crate::rules::{self, Subject};

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The values are not a policy: every error, and none of the warnings.
    #[error("the policy is invalid:{}", listed(.0))]
    Invalid(Vec<Diagnostic>),
    /// The files cannot be read.
    #[cfg(feature = "files")]
    #[error("cannot load the policy: {0}")]
    Load(#[from] super::LoadError),
}

/// Errors, one a line: the code, where it is, what is wrong and how to fix it.
fn listed(findings: &[Diagnostic]) -> String {
    let line = |finding: &Diagnostic| {
        let place = finding.places.first().map_or_else(String::new, |place| {
            format!("{}:{}:{}: ", place.file, place.line, place.column)
        });
        let help = finding.help.as_deref();
        let help = help.map_or_else(String::new, |help| format!(" ({help})"));
        format!(
            "\n  {place}{}: {}{help}",
            finding.code.as_str(),
            finding.message
        )
    };
    findings.iter().map(line).collect()
}

impl PolicyError {
    /// Whether one of the errors has this code.
    #[must_use]
    pub fn has(&self, code: Code) -> bool {
        matches!(self, Self::Invalid(findings) if findings.iter().any(|finding| finding.code == code))
    }
}

/// The policy of `resolved`, where nothing that was found is an error.
pub(super) fn accept(resolved: Resolved) -> Result<EcPolicy, PolicyError> {
    if resolved.is_usable() {
        return Ok(resolved.policy);
    }
    let errors = resolved.findings.into_iter();
    Err(PolicyError::Invalid(
        errors
            .filter(|finding| finding.severity >= Severity::Error)
            .collect(),
    ))
}

/// Builds a policy from the defaults, in a program.
///
/// ```
/// use edge_cookie::policy::EcPolicy;
/// use edge_cookie::policy::types::Ttl;
///
/// # fn main() -> Result<(), edge_cookie::config::PolicyError> {
/// let policy = EcPolicy::builder()
///     .with(|policy| policy.tombstone.ttl = Ttl::from_hours(48))
///     .build()?;
/// assert_eq!(policy.tombstone.ttl.seconds(), 48 * 60 * 60);
/// assert_ne!(policy.digest, EcPolicy::default().digest);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct PolicyBuilder {
    policy: EcPolicy,
}

impl PolicyBuilder {
    /// Changes settings. Every group of [`EcPolicy`] is typed; the digest follows from the values in [`build`](Self::build).
    pub fn with(mut self, change: impl FnOnce(&mut EcPolicy)) -> Self {
        change(&mut self.policy);
        self
    }

    /// Checks the policy: the limits of each setting, and the rules between settings.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Invalid`] with every error. Warnings are no errors: `ec check` shows them for policies in files.
    pub fn build(self) -> Result<EcPolicy, PolicyError> {
        let defaults = EcPolicy::default().values();
        let changed = self.policy.values().into_iter().zip(defaults);
        let changed = changed.filter(|(own, default)| own != default);
        let values =
            changed.filter_map(|((key, value), _)| Some((key, serde_json::to_value(value).ok()?)));
        let mut resolved = resolve(&[of_values(values, "<builder>")]);
        let findings = rules::check(&Subject::of(&resolved));
        resolved.findings.extend(findings);
        accept(resolved)
    }
}

impl EcPolicy {
    /// A builder that starts from the defaults.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_changes_nothing_is_the_default() {
        let built = EcPolicy::builder().build().unwrap();
        assert_eq!(built, EcPolicy::default());
    }

    #[test]
    fn a_value_outside_its_limits_is_an_error() {
        let built = EcPolicy::builder().with(|policy| policy.cas.max_retries = 1_000_000);
        let error = built.build().unwrap_err();
        assert!(error.has(Code::OutOfRange), "{error}");
        assert!(error.to_string().contains("cas.max_retries"), "{error}");
    }

    #[test]
    fn the_rules_between_settings_hold() {
        let built = EcPolicy::builder()
            .with(|policy| policy.root.partner_store = policy.root.ec_store.clone());
        let error = built.build().unwrap_err();
        assert!(error.has(Code::OneStoreForBoth), "{error}");
    }
}
