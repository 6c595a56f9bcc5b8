//! An identity graph at the CDN edge, run under a policy.

pub mod clock;
pub mod diagnostic;
pub mod policy;
pub mod record;
pub mod store;
