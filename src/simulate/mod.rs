//! What a policy costs and keeps: a workload run on the real engine, in virtual time.
//!
//! What is told is a [`Simulation`](result::Simulation).

pub mod result;
