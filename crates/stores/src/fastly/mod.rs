//! Fastly's KV store: eventually consistent, with compare-and-swap on a generation.
//!
//! The platform's interface has traps ([`rules`]); what gets past them is passed on in typed errors.

#[cfg(all(feature = "fastly", target_os = "wasi"))]
mod calls;
#[cfg(any(test, all(feature = "fastly", target_os = "wasi")))]
mod rules;

#[cfg(all(feature = "fastly", target_os = "wasi"))]
pub use calls::FastlyStore;
