//! The tests of the library: records, policies, rules, engine, graph and memory store.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "a failed test should stop, and tables of cases are long"
)]

mod support;

mod allowances;
mod bounds;
mod diagnostics;
mod effects;
mod embedding;
mod examples;
mod fleet;
mod guardrails;
mod ids;
mod numbers;
mod operations;
mod properties;
mod records;
mod schema;
mod seeded_faults;
mod side_by_side;
mod transaction;
mod words;
