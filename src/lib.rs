//! An Edge Cookie identity graph, run under a policy.
//!
//! Every EC id has one record in a key-value store: the user's consent, a coarse place, and the ids that
//! partners have synced to it. Many machines write it at once with compare-and-swap; a withdrawal leaves a tombstone
//! that nothing but fresh consent turns back. Every number and store name behind this is a setting of a
//! [policy](policy::EcPolicy), handed to every operation.
//!
//! Data flows one way:
//!
//! ```text
//! trusted-server.toml [ec] ┐
//! policies/<profile>.toml  ├─► layers ──resolve──► EcPolicy ──┐
//! environment, --set       ┘                                  ▼
//!                         Operation ──► Transaction (no I/O, no clock) ──► Outcome
//!                                          │      ▲
//!                                       Step    Answer
//!                                          ▼      │
//!                              KvIdentityGraph over a KvStore
//! ```
//!
//! - [`policy`]: the configuration as written, checked and resolved into what the engine reads; [`rules`] says what must hold of it
//!   beyond single settings, and every finding is a [`diagnostic`].
//! - [`config`]: policies from files, variables, overrides or a program's own values.
//! - [`record`]: the stored schema, which keeps what it does not know.
//! - [`engine`]: the operations as pure decisions, and the retry machine that any driver can run.
//! - [`graph`]: the driver over a [`store`]; [`clock`] is where it takes the time from.
//! - [`event`]: operations as a stream of JSON lines.
//! - [`platform_facts`]: what platforms, protocols and browsers allow, with the source of each number.
//!
//! # Example
//!
//! A user consents, a partner syncs, the user withdraws; the partner's next sync finds the tombstone.
//!
//! ```
//! use edge_cookie::clock::{Clock, SystemClock};
//! use edge_cookie::engine::{Operation, Outcome, PartnerSync};
//! use edge_cookie::graph::KvIdentityGraph;
//! use edge_cookie::policy::EcPolicy;
//! use edge_cookie::record::{ConsentStrings, EcId, KvGeo, PartnerId};
//! use edge_cookie::store::MemoryStore;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = EcPolicy::default();
//! let graph = KvIdentityGraph::new(MemoryStore::new(SystemClock), SystemClock);
//! let user: EcId = format!("{}.Ab3xY9", "0f".repeat(32)).parse()?;
//!
//! let (consent, geo) = (ConsentStrings::default(), KvGeo::default());
//! let consented = Operation::CreateOrRevive { consent: &consent, geo: &geo };
//! assert_eq!(graph.run(&policy, &user, consented).result?.outcome, Outcome::Created);
//!
//! let sync = PartnerSync {
//!     partner: PartnerId::parse("liveramp.com")?,
//!     uid: "LR_xyz".into(),
//!     timestamp: SystemClock.now().timestamp(),
//! };
//! let synced = graph.run(&policy, &user, Operation::UpsertPartnerId(&sync));
//! assert_eq!(synced.result?.outcome, Outcome::Written);
//!
//! let withdrawn = graph.run(&policy, &user, Operation::WriteWithdrawalTombstone);
//! assert_eq!((withdrawn.tally.reads, withdrawn.tally.writes), (0, 1));
//! let refused = graph.run(&policy, &user, Operation::UpsertPartnerId(&sync));
//! assert_eq!(refused.result?.outcome, Outcome::ConsentWithdrawn);
//! # Ok(())
//! # }
//! ```

/// The Rust blocks of the guide compile and run with the other examples.
#[cfg(all(doctest, feature = "files"))]
#[doc = include_str!("../docs/embedding.md")]
struct Embedding;

pub mod clock;
pub mod config;
pub mod diagnostic;
pub mod engine;
pub mod event;
pub mod graph;
pub mod platform_facts;
pub mod policy;
pub mod printable;
#[cfg(not(target_os = "wasi"))]
pub mod private_files;
pub mod promise;
pub mod record;
pub mod redact;
pub mod rules;
pub mod store;
