//! Pages of `docs/` that are the code's own. `UPDATE_DOCS=1 cargo test --test program pages::` writes them; without it they are
//! compared.
#![allow(
    clippy::cast_possible_truncation,
    clippy::format_push_string,
    reason = "a failed test should stop, and pages are built of text"
)]

mod alerts;
mod book;
mod consent;
mod dependencies;
use crate::setting_effects::elsewhere;
mod metrics;
mod page;
mod promises;
mod rules;
use crate::support::setting_values;
mod settings;
use crate::support::written;
