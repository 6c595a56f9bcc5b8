//! `ec partner`

use std::io::Write;

use clap::{Args, Subcommand};
use edge_cookie::clock::SystemClock;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::provenance::Origin;
use edge_cookie::policy::types::Partner as Declared;
use edge_cookie::record::PartnerId;
use edge_cookie::store::SyncAdapter;
use edge_cookie_service::partner::{
    NewPartner, PartnerChange, PartnerRecord, Registry, RegistryError, store_entries,
};
use edge_cookie_stores::EmbeddedStore;
use pollster::block_on;
use reqwest::Method;
use serde::Serialize;

use crate::output::output;
use crate::policy::PolicyArgs;
use crate::server::{AdminApi, ServerArgs};
use crate::store::{AnyStore, StoreLocation, partners_beside, redis_server, shared};
use crate::{CliError, ExitStatus, FileArgs};

/// Manages the partners that may use the API, in a store or on a running server.
#[derive(Debug, Args)]
pub(crate) struct PartnerArgs {
    #[command(subcommand)]
    action: PartnerAction,
}

#[derive(Debug, Subcommand)]
enum PartnerAction {
    /// Adds a partner, and prints its token. It cannot be shown again: only its SHA-256 is kept.
    Add {
        #[command(flatten)]
        described: PartnerDescription,
        #[command(flatten)]
        store: RegistryArgs,
    },
    /// Prints the partners, one JSON object a line.
    List {
        #[command(flatten)]
        store: RegistryArgs,
    },
    /// Gives a partner a new token, and prints it. The previous token is no longer valid.
    Rotate(One),
    /// Refuses every request of a partner.
    Disable(One),
    /// Accepts a partner's requests again.
    Enable(One),
    /// Removes a partner: its token is no longer valid, and its id can be used again.
    Delete(One),
    /// Prints the records to load into a Fastly KV store: `fastly kv-store-entry create --stdin`.
    Export {
        /// Only this partner's record.
        #[arg(value_parser = partner_id)]
        id: Option<PartnerId>,
        #[command(flatten)]
        store: RegistryArgs,
    },
}

#[derive(Debug, Args)]
struct One {
    /// The partner's id.
    #[arg(value_parser = partner_id)]
    id: PartnerId,
    #[command(flatten)]
    store: RegistryArgs,
}

/// A partner as an operator describes it.
#[derive(Debug, Args)]
struct PartnerDescription {
    /// The domain that the partner's ids are announced under.
    #[arg(long, value_name = "DOMAIN")]
    source_domain: String,
    /// The name of its uid in a record; the domain by default.
    #[arg(long, value_parser = partner_id, value_name = "ID")]
    id: Option<PartnerId>,
    /// A readable name; the id by default.
    #[arg(long)]
    name: Option<String>,
    /// The `OpenRTB` agent type of its ids.
    #[arg(long, value_name = "N")]
    openrtb_atype: Option<u32>,
    /// Batch requests it may make within `sync.rate_window`; `sync.rate_limit` by default.
    #[arg(long, value_name = "N")]
    rate_limit: Option<u32>,
}

impl PartnerDescription {
    fn partner(&self) -> NewPartner {
        NewPartner {
            source_domain: self.source_domain.clone(),
            id: self.id.as_ref().map(PartnerId::to_string),
            name: self.name.clone(),
            openrtb_atype: self.openrtb_atype,
            rate_limit: self.rate_limit,
        }
    }
}

impl One {
    fn open(&self, files: &FileArgs) -> Result<OpenRegistry, CliError> {
        self.store.open_to_change(files, &self.id, None)
    }
}

/// Where the partners are kept.
#[derive(Debug, Args)]
struct RegistryArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// The graph's file or folder, next to which they are stored, or `redis://HOST`; the store of `[ec.local]` by default.
    #[arg(long, value_name = "PATH|URL", conflicts_with = "server")]
    store: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

impl RegistryArgs {
    /// The partners, to change this one: one that the policy declares is not in the store, and is changed in its file.
    /// So is one that has a declared one's domain.
    fn open_to_change(
        &self,
        files: &FileArgs,
        id: &PartnerId,
        source_domain: Option<&str>,
    ) -> Result<OpenRegistry, CliError> {
        let mut read = self.policy.open(files)?;
        let profile = self.policy.choose(&read)?;
        let loaded = read.load(&profile).map_err(CliError::because)?;
        let mut declared = loaded.resolved.policy.root.partners.iter().enumerate();
        let same = |(_, partner): &(usize, &Declared)| {
            partner.id == *id || Some(partner.source_domain.as_str()) == source_domain
        };
        if let Some((index, Declared { id, .. })) = declared.find(same) {
            let origin = loaded.resolved.partner_origin(index);
            let tables = origin.into_iter().flat_map(|origin| &origin.tables);
            let places: Vec<String> = tables.map(place).collect();
            let place = match places.as_slice() {
                [] => String::new(),
                places => format!(", in {}", places.join(" and ")),
            };
            return Err(CliError::because(format!(
                "the policy declares the partner `{id}`{place}: change it there, as the store's record of it is not read"
            )));
        }
        self.open(files)
    }
}

/// Where a layer has a partner's table.
fn place(table: &Origin) -> String {
    match (&table.variable, &table.place) {
        (None, Some(place)) => place.to_string(),
        _ => table.to_string(),
    }
}

type Store = SyncAdapter<AnyStore>;

/// The clock of changes in a store that is open here.
const CLOCK: &SyncAdapter<SystemClock> = &SyncAdapter(SystemClock);

type LocalRegistry<'r> = Registry<'r, Store, SyncAdapter<SystemClock>>;

/// The partners of a store, or of a running server.
enum OpenRegistry {
    Store(Store, Box<EcPolicy>),
    Server(AdminApi),
}

impl RegistryArgs {
    fn open(&self, files: &FileArgs) -> Result<OpenRegistry, CliError> {
        let (_, policy) = self.policy.load(files)?;
        if let Some(server) = &self.server.server {
            let insecure = self.server.insecure;
            return Ok(OpenRegistry::Server(AdminApi::new(
                server, insecure, &policy,
            )?));
        }
        let (name, local) = (&policy.root.partner_store, &policy.local);
        let store: AnyStore = match StoreLocation::of(self.store.as_deref(), &policy)? {
            StoreLocation::Memory => {
                return Err(CliError::because(
                    "partners in `memory` would be gone at once: name a file with `--store PATH`",
                ));
            }
            StoreLocation::File(graph) => {
                let opened =
                    EmbeddedStore::open(&partners_beside(&graph), name, local, SystemClock);
                Box::new(opened.map_err(CliError::because)?)
            }
            StoreLocation::Shared(address) => {
                Box::new(shared(redis_server(&address, &policy)?.store(name))?)
            }
        };
        Ok(OpenRegistry::Store(SyncAdapter(store), Box::new(policy)))
    }
}

impl PartnerArgs {
    pub(crate) fn run(&self, files: &FileArgs) -> Result<ExitStatus, CliError> {
        match &self.action {
            PartnerAction::Add { described, store } => {
                let partner = described.partner().record().map_err(CliError::because)?;
                let domain = Some(partner.source_domain.as_str());
                let partners = store.open_to_change(files, &partner.id, domain)?;
                let token = partners.add(partner, described)?;
                writeln!(output(), "{token}")?;
            }
            PartnerAction::List { store } => {
                for partner in store.open(files)?.list()? {
                    writeln!(output(), "{}", json(&partner)?)?;
                }
            }
            PartnerAction::Rotate(one) => {
                let token = one.open(files)?.rotate(&one.id)?;
                writeln!(output(), "{token}")?;
            }
            PartnerAction::Disable(one) => {
                one.open(files)?.change(&one.id, StateChange::Disable)?;
            }
            PartnerAction::Enable(one) => one.open(files)?.change(&one.id, StateChange::Enable)?,
            PartnerAction::Delete(one) => one.open(files)?.change(&one.id, StateChange::Delete)?,
            PartnerAction::Export { id, store } => export(id.as_ref(), &store.open(files)?)?,
        }
        Ok(ExitStatus::Well)
    }
}

/// A change that gives no token.
#[derive(Clone, Copy)]
enum StateChange {
    Disable,
    Enable,
    Delete,
}

impl StateChange {
    const fn in_store(self) -> PartnerChange<'static> {
        match self {
            Self::Disable => PartnerChange::SetEnabled(false),
            Self::Enable => PartnerChange::SetEnabled(true),
            Self::Delete => PartnerChange::Delete,
        }
    }

    /// The request for it: its method, and its path below the admin prefix.
    fn on_server(self, id: &PartnerId) -> (Method, String) {
        match self {
            Self::Disable => (Method::POST, format!("partners/{id}/disable")),
            Self::Enable => (Method::POST, format!("partners/{id}/enable")),
            Self::Delete => (Method::DELETE, format!("partners/{id}")),
        }
    }
}

fn registry<'r>(store: &'r Store, policy: &'r EcPolicy) -> LocalRegistry<'r> {
    Registry::new(store, CLOCK, policy)
}

impl OpenRegistry {
    fn add(
        &self,
        partner: PartnerRecord,
        described: &PartnerDescription,
    ) -> Result<String, CliError> {
        match self {
            Self::Store(store, policy) => {
                let token = block_on(registry(store, policy).add(partner)).map_err(stop)?;
                Ok(token.reveal().to_owned())
            }
            Self::Server(server) => {
                let body = Some(json(&described.partner())?);
                token(&server.must(Method::POST, "partners", body)?)
            }
        }
    }

    fn rotate(&self, id: &PartnerId) -> Result<String, CliError> {
        match self {
            Self::Store(store, policy) => {
                let token = block_on(registry(store, policy).rotate(id)).map_err(stop)?;
                Ok(token.reveal().to_owned())
            }
            Self::Server(server) => {
                let path = format!("partners/{id}/rotate");
                token(&server.must(Method::POST, &path, None)?)
            }
        }
    }

    fn change(&self, id: &PartnerId, change: StateChange) -> Result<(), CliError> {
        match self {
            Self::Store(store, policy) => {
                block_on(registry(store, policy).change(id, change.in_store())).map_err(stop)
            }
            Self::Server(server) => {
                let (method, path) = change.on_server(id);
                server.must(method, &path, None).map(drop)
            }
        }
    }

    fn list(&self) -> Result<Vec<PartnerRecord>, CliError> {
        match self {
            Self::Store(store, policy) => block_on(registry(store, policy).list()).map_err(stop),
            Self::Server(server) => {
                let mut answered = server.must(Method::GET, "partners", None)?;
                let partners = answered.get_mut("partners").map(serde_json::Value::take);
                let partners = partners.unwrap_or_default();
                serde_path_to_error::deserialize(partners).map_err(CliError::because)
            }
        }
    }
}

/// An entry as the platform's command line reads it.
#[derive(Serialize)]
struct ImportEntry {
    key: String,
    value: String,
}

fn export(id: Option<&PartnerId>, partners: &OpenRegistry) -> Result<(), CliError> {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    let mut found = false;
    for partner in partners.list()? {
        if id.is_some_and(|id| *id != partner.id) {
            continue;
        }
        found = true;
        for (key, body) in store_entries(&partner) {
            let value = BASE64_STANDARD.encode(body);
            writeln!(output(), "{}", json(&ImportEntry { key, value })?)?;
        }
    }
    match id {
        Some(id) if !found => Err(stop(RegistryError::NotFound(id.clone()))),
        _ => Ok(()),
    }
}

fn token(answered: &serde_json::Value) -> Result<String, CliError> {
    let token = answered
        .get("api_token")
        .and_then(serde_json::Value::as_str);
    token
        .map(str::to_owned)
        .ok_or_else(|| CliError::because("the server's answer has no token"))
}

fn json(value: &impl Serialize) -> Result<String, CliError> {
    serde_json::to_string(value).map_err(CliError::because)
}

fn stop(error: RegistryError) -> CliError {
    CliError::because(error)
}

fn partner_id(written: &str) -> Result<PartnerId, String> {
    PartnerId::parse(written).map_err(|error| error.to_string())
}
