//! Standard output, as every command writes it.

use std::io::{StdoutLock, stdout};

use edge_cookie::printable::Printable;

/// Standard output, on which nothing that was read acts on the terminal.
pub(crate) fn output() -> Printable<StdoutLock<'static>> {
    Printable::new(stdout().lock())
}
