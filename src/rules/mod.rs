//! The rules: what must hold of a policy beyond the limits of each setting.
//!
//! A [`Rule`] is a code, a severity, an explanation and a predicate over a [`Subject`]: a resolved policy and what is
//! known around it. One file holds one family of rules.
//!
//! ```
//! use edge_cookie::diagnostic::Code;
//! use edge_cookie::policy::resolve::resolve;
//! use edge_cookie::rules::{self, Subject};
//!
//! // Partner syncs create users under the defaults, and so can bring back one who withdrew.
//! let found = rules::check(&Subject::of(&resolve(&[])));
//! assert!(found.iter().any(|finding| finding.code == Code::LateSyncCreatesUser));
//! ```

mod allowances;
mod ancestors;
mod effect;
mod guardrails;
mod hygiene;
mod isolation;
mod limits;
mod parse;
mod promises;
mod secrets;
mod subject;

use crate::diagnostic::{Code, Diagnostic, Severity};
use subject::Finding;

pub use ancestors::Ancestor;
pub use isolation::{Declared, Deployed, Fleet};
pub use limits::longest_under_way;
pub use subject::Subject;

/// One rule, and its documentation. The first two digits of its code name its family.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Rule {
    /// The stable name.
    pub code: Code,
    /// How much a finding weighs, where no allowance lowers it.
    pub severity: Severity,
    /// What the rule is about, in one line.
    pub reason: &'static str,
    /// What it protects.
    pub protects: &'static str,
    /// A profile that breaks it; where several files take part, a line `# file: NAME` begins each.
    pub example: &'static str,
    /// What then happens to a user, or to the operator of the service.
    pub consequence: &'static str,
    /// How to fix it.
    pub fix: &'static str,
    find: Find,
}

/// Who finds what breaks a rule.
#[derive(Debug, Clone, Copy)]
enum Find {
    /// The rule's own predicate.
    By(fn(&Subject<'_>) -> Vec<Finding>),
    /// Whatever reads the files, or the guardrails and allowances in them.
    Elsewhere,
}

/// The families of rules, in the order of their codes.
const FAMILIES: [&[Rule]; 10] = [
    &parse::RULES,
    &effect::RULES,
    &limits::RULES,
    &promises::RULES,
    &hygiene::RULES,
    &isolation::RULES,
    &secrets::RULES,
    &guardrails::RULES,
    &ancestors::RULES,
    &allowances::RULES,
];

/// Every rule, in the order of the codes.
pub fn all_rules() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.into_iter().flatten()
}

/// The rule of a code.
#[must_use]
pub fn rule(code: Code) -> Option<&'static Rule> {
    all_rules().find(|rule| rule.code == code)
}

/// Everything that the rules find, less what the profile's author allows.
#[must_use]
pub fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = guardrails::check(subject);
    for rule in all_rules() {
        if let Find::By(find) = rule.find {
            let findings = find(subject).into_iter();
            let sound = findings.filter(|finding| !finding.rests_on(&subject.resolved.refused));
            found.extend(sound.map(|finding| finding.into_diagnostic(rule, subject)));
        }
    }
    allowances::apply(subject, found)
}

/// Whether every command reports a finding, and not `ec check` alone: what stops a policy from being used, and settings
/// without effect.
#[must_use]
pub fn concerns_every_command(finding: &Diagnostic) -> bool {
    finding.severity == Severity::Error
        || effect::RULES.iter().any(|rule| rule.code == finding.code)
}
