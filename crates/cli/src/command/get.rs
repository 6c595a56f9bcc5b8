//! `ec get`

use std::io::Write;

use clap::Args;
use edge_cookie::record::EcId;
use edge_cookie::store::KvStore;
use edge_cookie_service::ShownRecord;
use reqwest::{Method, StatusCode};

use crate::output::output;
use crate::server::AdminApi;
use crate::store::{StoreArgs, ec_id};
use crate::{CliError, ExitStatus, FileArgs};

/// Prints a user's record as it is stored, and its state under the policy: one JSON object, the same on every store.
///
/// `state` is `live`, `tombstone`, `expired`, `unreadable` (with `why`) or `absent`; `generation`, `expires_at`, `body` and
/// `metadata` follow where there is a record. `fields` are those that the trusted-server writes, as they are read; what
/// cannot be read is in `unrecognised` with the reason, and kept too. Exits with 1 if it is neither live nor a tombstone.
#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// The user's EC id.
    #[arg(value_parser = ec_id)]
    ec_id: EcId,
    #[command(flatten)]
    store: StoreArgs,
}

impl GetArgs {
    pub(crate) fn run(&self, files: &FileArgs) -> Result<ExitStatus, CliError> {
        if let Some(server) = self.store.server(files)? {
            return of_server(&server, &self.ec_id);
        }
        let (policy, graph, at) = self.store.open(files)?;
        let stored = graph.store().lookup(self.ec_id.as_str());
        let stored = stored.map_err(CliError::because)?;
        let shown = ShownRecord::of(&policy, &self.ec_id, stored.as_ref(), at.timestamp());
        let text = serde_json::to_string(&shown).map_err(CliError::because)?;
        writeln!(output(), "{text}")?;
        Ok(if shown.counts() {
            ExitStatus::Well
        } else {
            ExitStatus::Problems
        })
    }
}

fn of_server(server: &AdminApi, id: &EcId) -> Result<ExitStatus, CliError> {
    let answered = server.ask(Method::GET, &format!("ec/{id}"), None)?;
    if answered.status == StatusCode::NOT_FOUND {
        writeln!(output(), r#"{{"ec_id":"{id}","state":"absent"}}"#)?;
        return Ok(ExitStatus::Problems);
    }
    if !answered.status.is_success() {
        return Err(CliError::because(format!(
            "the server failed: {}",
            answered.json
        )));
    }
    writeln!(output(), "{}", answered.json)?;
    let state = answered
        .json
        .get("state")
        .and_then(serde_json::Value::as_str);
    Ok(match state {
        Some("live" | "tombstone") => ExitStatus::Well,
        _ => ExitStatus::Problems,
    })
}
