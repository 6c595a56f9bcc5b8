//! What a rule looks at, and what it finds.

use super::{Ancestor, Declared, Fleet, Rule};
use crate::diagnostic::{Diagnostic, SourceLocation};
use crate::policy::EcPolicy;
use crate::policy::layers::Layer;
use crate::policy::resolve::Resolved;
use crate::policy::setting::full_key;

/// A resolved policy, and what is known around it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'s> {
    /// The policy, with the origin of every value.
    pub resolved: &'s Resolved,
    /// The profile's name.
    pub profile: &'s str,
    /// Where the profile says `deploy = true`, if it does.
    pub deployed: Option<&'s SourceLocation>,
    /// The deployable profile whose stores it means to share, and where it says so.
    pub shares_stores_with: Option<&'s (String, SourceLocation)>,
    /// What every source said, lowest first: guardrails and allowances stand there.
    pub layers: &'s [Layer],
    /// The deployable profiles there are, this one included.
    pub fleet: &'s Fleet,
    /// The profiles it inherits from, the nearest first; empty where the whole fleet is not looked at.
    pub ancestors: &'s [Ancestor<'s>],
    /// The stores that the platform's manifest declares, where there is one.
    pub declared: Option<&'s Declared>,
}

impl<'s> Subject<'s> {
    /// A policy by itself: of no profile, not deployed, alone.
    #[must_use]
    pub fn of(resolved: &'s Resolved) -> Self {
        static ALONE: Fleet = Fleet::EMPTY;
        Self {
            resolved,
            profile: "",
            deployed: None,
            shares_stores_with: None,
            layers: &[],
            fleet: &ALONE,
            ancestors: &[],
            declared: None,
        }
    }

    pub(super) const fn policy(&self) -> &'s EcPolicy {
        &self.resolved.policy
    }

    /// A setting and its value, as `sync.max_age = "24h"`, in backticks.
    pub(super) fn format_setting(&self, key: &str) -> String {
        self.resolved
            .value(key)
            .map_or_else(String::new, |value| format!("`{key} = {}`", value.value))
    }

    /// A setting's value as it was written, in backticks.
    pub(super) fn value(&self, key: &str) -> String {
        self.resolved.value(key).map_or_else(String::new, |value| {
            format!("`{}`", value.value.to_string().trim_matches('"'))
        })
    }

    /// Where a setting's value is written; none for a default.
    pub(super) fn place(&self, key: &str) -> Option<SourceLocation> {
        self.resolved.value(key)?.origin.place.clone()
    }
}

/// What breaks a rule: the settings that take part, the first being the one it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    keys: Vec<&'static str>,
    about: Option<String>,
    places: Vec<SourceLocation>,
    message: String,
    help: String,
}

impl Finding {
    /// What is wrong, and what to do.
    pub(super) fn new(
        keys: &[&'static str],
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            keys: keys.to_vec(),
            about: None,
            places: Vec::new(),
            message: message.into(),
            help: help.into(),
        }
    }

    /// Names the key it is about, where that is not a setting's.
    pub(super) fn about(mut self, key: impl Into<String>) -> Self {
        self.about = Some(key.into());
        self
    }

    /// The same, where no key was named before.
    pub(super) fn about_first(self, key: impl Into<String>) -> Self {
        match self.about {
            Some(_) => self,
            None => self.about(key),
        }
    }

    /// Adds a place that is not a setting's value.
    pub(super) fn at(mut self, place: impl Into<Option<SourceLocation>>) -> Self {
        self.places.extend(place.into());
        self
    }

    /// Whether one of these settings takes part.
    pub(super) fn rests_on(&self, keys: &[&str]) -> bool {
        self.keys.iter().any(|key| keys.contains(key))
    }

    pub(super) fn into_diagnostic(self, rule: &Rule, subject: &Subject<'_>) -> Diagnostic {
        let values = self.keys.iter().filter_map(|key| subject.place(key));
        let mut places: Vec<SourceLocation> = values.collect();
        for place in self.places {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        Diagnostic {
            code: rule.code,
            severity: rule.severity,
            message: self.message,
            key: self
                .about
                .or_else(|| self.keys.first().map(|key| full_key(key))),
            places,
            help: Some(self.help),
        }
    }
}
