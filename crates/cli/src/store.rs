//! The store that a command works on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use edge_cookie::clock::{Clock, ManualClock, Moment, SystemClock};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::{RedisAddress, StoreAddress};
use edge_cookie::record::EcId;
use edge_cookie::store::KvStore;
use edge_cookie_service::redis_password;
use edge_cookie_stores::{BlockingStore, EmbeddedStore, RedisServer, RedisStore};

use crate::policy::PolicyArgs;
use crate::secret::reveal;
use crate::server::{AdminApi, ServerArgs};
use crate::{CliError, FileArgs};

/// The file inside a data folder.
const FILE: &str = "graph.redb";

/// What the name of the file of partner records ends in.
const PARTNERS: &str = "partners.redb";

/// A store that a command works on.
pub(crate) type AnyStore = Box<dyn KvStore + Send + Sync>;

/// The graph over a store, on a clock that does not advance by itself.
pub(crate) type LocalGraph = KvIdentityGraph<AnyStore, Arc<ManualClock>>;

/// Where records are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreLocation {
    /// In memory.
    Memory,
    /// In this file.
    File(PathBuf),
    /// In a Valkey or Redis that servers share.
    Shared(RedisAddress),
}

impl StoreLocation {
    /// What `--store` names, else what the policy does: `memory`, a file, a folder that holds one, or an address.
    pub(crate) fn of(store: Option<&str>, policy: &EcPolicy) -> Result<Self, CliError> {
        let local = &policy.local;
        let named = match store {
            Some(written) => StoreAddress::parse(written)
                .map(Some)
                .map_err(|why| CliError::because(format!("`--store` names no store: {why}")))?,
            None => local.store.clone(),
        };
        Ok(match named {
            None => Self::File(local.data_dir.as_path().join(FILE)),
            Some(StoreAddress::Memory) => Self::Memory,
            Some(StoreAddress::Path(path)) if path.is_dir() => Self::File(path.join(FILE)),
            Some(StoreAddress::Path(path)) => Self::File(path),
            Some(StoreAddress::Redis(address)) => Self::Shared(address),
        })
    }
}

/// The Valkey or Redis at `address`, as the policy speaks to it.
pub(crate) fn redis_server(
    address: &RedisAddress,
    policy: &EcPolicy,
) -> Result<RedisServer, CliError> {
    let password = match &policy.redis.password {
        None => None,
        // Whether it is strong enough is for `ec serve` and `ec check` to say.
        Some(secret) => Some(redis_password(secret, false, reveal).map_err(CliError::because)?),
    };
    let call_timeout = policy.store.call_timeout.duration();
    RedisServer::new(address, password.as_deref(), &policy.redis, call_timeout)
        .map_err(CliError::because)
}

/// A store of a Valkey or Redis that servers share, which must answer.
pub(crate) fn shared(store: RedisStore) -> Result<BlockingStore<RedisStore>, CliError> {
    let store = BlockingStore::new(store)?;
    store.exists("").map_err(CliError::because)?;
    Ok(store)
}

/// The file of partner records that belongs to the graph in `graph`.
pub(crate) fn partners_beside(graph: &Path) -> PathBuf {
    graph.with_extension(PARTNERS)
}

/// The store that a command looks into, and the time it looks at.
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// The store's file or folder, or `redis://HOST`; the store of `[ec.local]` by default.
    #[arg(long, value_name = "PATH|URL", conflicts_with = "server")]
    store: Option<String>,
    /// The time at which to look; now by default.
    #[arg(long, value_name = "TIME", conflicts_with = "server")]
    pub(crate) at: Option<Moment>,
    #[command(flatten)]
    server: ServerArgs,
}

impl StoreArgs {
    /// The running server to ask instead, where one is named.
    pub(crate) fn server(&self, files: &FileArgs) -> Result<Option<AdminApi>, CliError> {
        let Some(server) = &self.server.server else {
            return Ok(None);
        };
        let (_, policy) = self.policy.load(files)?;
        AdminApi::new(server, self.server.insecure, &policy).map(Some)
    }

    /// Opens the store, which must be there.
    pub(crate) fn open(
        &self,
        files: &FileArgs,
    ) -> Result<(EcPolicy, LocalGraph, Moment), CliError> {
        let (_, policy) = self.policy.load(files)?;
        let at = self.at.unwrap_or_else(|| SystemClock.now());
        let clock = Arc::new(ManualClock::at(at));
        let (name, local) = (&policy.root.ec_store, &policy.local);
        let store: AnyStore = match StoreLocation::of(self.store.as_deref(), &policy)? {
            StoreLocation::Memory => {
                return Err(CliError::because(
                    "a store in `memory` is empty: name a file with `--store PATH`",
                ));
            }
            StoreLocation::File(path) => {
                let opened = EmbeddedStore::open_existing(&path, name, local, Arc::clone(&clock));
                Box::new(opened.map_err(CliError::because)?)
            }
            StoreLocation::Shared(address) => {
                let store = redis_server(&address, &policy)?.store(name);
                Box::new(shared(store.on_clock(Arc::clone(&clock) as _))?)
            }
        };
        Ok((policy, KvIdentityGraph::new(store, clock), at))
    }
}

/// Reads an EC id from the command line.
pub(crate) fn ec_id(written: &str) -> Result<EcId, String> {
    written.parse().map_err(|error| format!("{error}"))
}
