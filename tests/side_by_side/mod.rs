//! Ours and a model of the trusted-server on one store, and what must hold of it.

pub mod act;
pub mod draw;
pub mod policies;
pub mod promises;
#[path = "../support/random.rs"]
#[allow(
    clippy::duplicate_mod,
    reason = "the checker of seeded faults takes this folder alone"
)]
mod random;
pub mod shape;
#[cfg(test)]
mod tests;
pub mod theirs;
pub mod world;
#[path = "../support/written.rs"]
#[allow(
    clippy::duplicate_mod,
    reason = "the checker of seeded faults takes this folder alone"
)]
#[allow(dead_code, reason = "a test of a policy uses its other part")]
mod written;
