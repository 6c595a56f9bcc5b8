//! Pages of `docs/` that are the code's own. `UPDATE_DOCS=1 cargo test --test pages` writes them; without it they are
//! compared.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::cast_possible_truncation,
    clippy::format_push_string,
    reason = "a failed test should stop, and pages are built of text"
)]

mod alerts;
mod book;
mod consent;
mod dependencies;
#[path = "../witnesses/elsewhere.rs"]
mod elsewhere;
mod metrics;
mod page;
mod rules;
#[path = "../support/setting_values.rs"]
mod setting_values;
mod settings;
#[path = "../support/written.rs"]
#[allow(dead_code, reason = "each test file uses its part")]
mod written;
