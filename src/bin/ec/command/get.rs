//! `ec get`

use std::io::{Write, stdout};

use clap::Args;
use edge_cookie::engine::Operation;
use edge_cookie::record::EcId;
use reqwest::Method;

use super::apply::OutcomeLine;
use crate::server::AdminApi;
use crate::store::{StoreArgs, ec_id};
use crate::{End, FileArgs, Stop};

/// Prints a user's record, and what the policy makes of it.
///
/// Ends with 1 where there is none, or where it cannot be read. Of a running server it prints the record as stored,
/// with what that server makes of it.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// Whose record.
    #[arg(value_parser = ec_id)]
    ec_id: EcId,
    #[command(flatten)]
    store: StoreArgs,
}

impl Get {
    pub(crate) fn run(&self, files: &FileArgs) -> Result<End, Stop> {
        if let Some(server) = self.store.server(files)? {
            return of_server(&server, &self.ec_id);
        }
        let (policy, graph, at) = self.store.open(files)?;
        let finished = graph.run(&policy, &self.ec_id, Operation::Get);
        let line = OutcomeLine::of(&policy, at.timestamp(), "get", &finished);
        writeln!(stdout().lock(), "{}", line.json())?;
        let found = finished.result.is_ok_and(|done| done.record.is_some());
        Ok(if found { End::Well } else { End::Problems })
    }
}

fn of_server(server: &AdminApi, id: &EcId) -> Result<End, Stop> {
    let answered = server.ask(Method::GET, &format!("ec/{id}"), None)?;
    writeln!(stdout().lock(), "{}", answered.json)?;
    let state = answered
        .json
        .get("state")
        .and_then(serde_json::Value::as_str);
    Ok(match state {
        Some("live" | "tombstone") => End::Well,
        _ => End::Problems,
    })
}
