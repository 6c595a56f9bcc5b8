//! An identity graph at the CDN edge, run under a policy.

pub mod clock;
pub mod diagnostic;
pub mod engine;
pub mod event;
pub mod graph;
pub mod policy;
pub mod record;
pub mod rules;
pub mod store;
