//! `inherits`: the chain of profiles that a policy is made of.

use super::load::PolicyFiles;
use crate::diagnostic::{Code, Diagnostic, SourceLocation};
use crate::policy::types::choice::nearest;

/// The most profiles that one may inherit from, one after another: no one reviews a longer chain.
const MAX_ANCESTORS: usize = 32;

impl PolicyFiles {
    /// The profile and its ancestors, nearest first; a missing one or a ring ends the chain.
    pub(super) fn chain(&mut self, profile: &str, findings: &mut Vec<Diagnostic>) -> Vec<String> {
        let mut chain: Vec<String> = Vec::new();
        let mut steps: Vec<(String, SourceLocation)> = Vec::new();
        let mut next = profile.to_owned();
        loop {
            self.read_profile(&next);
            chain.push(next.clone());
            let inherits = self
                .profiles
                .get(&next)
                .and_then(|read| read.header.inherits.clone());
            let Some((parent, place)) = inherits else {
                return chain;
            };
            if chain.len() > MAX_ANCESTORS {
                findings.push(
                    Diagnostic::error(
                        Code::InheritCycle,
                        format!("the profile has more than {MAX_ANCESTORS} ancestors"),
                    )
                    .about("inherits")
                    .at(place)
                    .with_help("inherit from a profile that is nearer to the first"),
                );
                return chain;
            }
            steps.push((next, place.clone()));
            if chain.contains(&parent) {
                findings.push(cycle(&parent, &steps));
                return chain;
            }
            if !self.names.contains(&parent) {
                let help = match nearest(&parent, self.names.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!(
                        "put it into `{}`, or inherit from another",
                        self.from.policies.display()
                    ),
                };
                findings.push(
                    Diagnostic::error(
                        Code::MissingParent,
                        format!("there is no profile `{parent}` to inherit from"),
                    )
                    .about("inherits")
                    .at(place)
                    .with_help(help),
                );
                return chain;
            }
            next = parent;
        }
    }
}

/// A ring of profiles, at each `inherits` that is part of it.
fn cycle(back_to: &str, steps: &[(String, SourceLocation)]) -> Diagnostic {
    let ring: Vec<_> = steps
        .iter()
        .skip_while(|(name, _)| name != back_to)
        .collect();
    let names: Vec<String> = ring.iter().map(|(name, _)| format!("`{name}`")).collect();
    let message = format!(
        "profiles inherit in a ring: {} inherits `{back_to}` again",
        names.join(" inherits ")
    );
    let mut finding = Diagnostic::error(Code::InheritCycle, message)
        .about("inherits")
        .with_help("remove one `inherits` of the ring");
    for (_, place) in ring.into_iter().rev() {
        finding = finding.at(place.clone());
    }
    finding
}
