//! The tests of the model checker, and the fault simulation.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test should stop, and tables of cases are long"
)]

mod support;

mod faults;
mod verify;
