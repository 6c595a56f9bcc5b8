//! The promises of `docs/semantics.md` are the code's own.

use super::page::{self, table};
use edge_cookie::promise::Promise;

#[test]
fn the_promises_are_the_codes() {
    let rows = Promise::ALL.into_iter().map(|promise| {
        let (name, holds) = promise.statement();
        vec![promise.to_string(), format!("**{name}** {holds}")]
    });
    page::check(
        "docs/semantics.md",
        &[("promises", table(&["", "promise"], rows))],
    );
}
