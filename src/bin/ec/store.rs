//! Which store a command works on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use edge_cookie::clock::{Clock, ManualClock, Moment, SystemClock};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::record::EcId;
use edge_cookie::store::EmbeddedStore;

use crate::policy::PolicyArgs;
use crate::server::{AdminApi, ServerArgs};
use crate::{FileArgs, Stop};

/// The word for a store that is gone when the command ends.
const MEMORY: &str = "memory";

/// The file inside a data folder.
const FILE: &str = "graph.redb";

/// What the name of the file of partner records ends in.
const PARTNERS: &str = "partners.redb";

/// The graph over the embedded store, on a clock that stands still.
pub(crate) type LocalGraph = KvIdentityGraph<EmbeddedStore<Arc<ManualClock>>, Arc<ManualClock>>;

/// Where records are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In memory.
    Memory,
    /// In this file.
    File(PathBuf),
}

impl Place {
    /// What `--store` names: `memory`, a file, or a folder that holds one; else the folder of the policy.
    pub(crate) fn of(store: Option<&str>, policy: &EcPolicy) -> Self {
        match store {
            Some(MEMORY) => Self::Memory,
            Some(path) if Path::new(path).is_dir() => Self::File(Path::new(path).join(FILE)),
            Some(path) => Self::File(path.into()),
            None => Self::File(policy.local.data_dir.as_path().join(FILE)),
        }
    }
}

/// The file of partner records that belongs to the graph in `graph`.
pub(crate) fn partners_beside(graph: &Path) -> PathBuf {
    graph.with_extension(PARTNERS)
}

/// The embedded store that a command looks into, and the time it looks at.
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// The store's file or folder; else the folder that `[ec.local]` names.
    #[arg(long, value_name = "PATH", conflicts_with = "server")]
    store: Option<String>,
    /// The time at which to look; else now.
    #[arg(long, value_name = "TIME", conflicts_with = "server")]
    pub(crate) at: Option<Moment>,
    #[command(flatten)]
    server: ServerArgs,
}

impl StoreArgs {
    /// The running server to ask instead, where one is named.
    pub(crate) fn server(&self, files: &FileArgs) -> Result<Option<AdminApi>, Stop> {
        let Some(server) = &self.server.server else {
            return Ok(None);
        };
        let (_, policy) = self.policy.load(files)?;
        AdminApi::new(server, &policy).map(Some)
    }

    /// Opens the store, which must be there.
    pub(crate) fn open(&self, files: &FileArgs) -> Result<(EcPolicy, LocalGraph, Moment), Stop> {
        let (_, policy) = self.policy.load(files)?;
        let Place::File(path) = Place::of(self.store.as_deref(), &policy) else {
            return Err(Stop::because(
                "a store in `memory` is empty: name a file with `--store PATH`",
            ));
        };
        let at = self.at.unwrap_or_else(|| SystemClock.now());
        let clock = Arc::new(ManualClock::at(at));
        let store = EmbeddedStore::open_existing(
            &path,
            &policy.stores.ec_store,
            &policy.local,
            Arc::clone(&clock),
        )
        .map_err(Stop::because)?;
        Ok((policy, KvIdentityGraph::new(store, clock), at))
    }
}

/// Reads an EC id from the command line.
pub(crate) fn ec_id(written: &str) -> Result<EcId, String> {
    written.parse().map_err(|error| format!("{error}"))
}
