//! The edge's home of the service: Fastly Compute.
//!
//! Each request is an instance of its own, so nothing is parsed here that could be resolved beforehand: the policy
//! comes as a bundle.

#[cfg(all(feature = "fastly", target_os = "wasi"))]
mod body;
#[cfg(all(feature = "fastly", target_os = "wasi"))]
mod home;
#[cfg(all(feature = "fastly", target_os = "wasi"))]
mod origin;
#[cfg(all(feature = "fastly", target_os = "wasi"))]
mod policy;
#[cfg(all(feature = "fastly", target_os = "wasi"))]
mod serve;
mod window;

#[cfg(all(feature = "fastly", target_os = "wasi"))]
pub use serve::serve;
pub use window::Window;
