//! The rule book: what must hold of a policy beyond the limits of each setting.
//!
//! ```
//! use edge_cookie::policy::resolve::resolve;
//!
//! assert!(edge_cookie::rules::check(&resolve(&[])).is_empty());
//! ```

mod effect;

use crate::diagnostic::Diagnostic;
use crate::policy::resolve::Resolved;

/// Everything that the rules find.
#[must_use]
pub fn check(resolved: &Resolved) -> Vec<Diagnostic> {
    effect::check(resolved)
}
