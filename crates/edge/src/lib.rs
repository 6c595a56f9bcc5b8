//! The service on the edge: Fastly Compute.
//!
//! Each request is an instance of its own, so nothing is parsed here that could be resolved beforehand: the policy
//! comes as a bundle.
#![cfg(target_os = "wasi")]

mod body;
mod origin;
mod platform;
mod policy;
mod serve;

pub use serve::serve;
