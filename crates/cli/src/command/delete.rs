//! `ec delete`

use std::io::Write;

use clap::Args;
use edge_cookie::clock::{Clock, SystemClock};
use edge_cookie::engine::Operation;
use edge_cookie::record::EcId;
use reqwest::{Method, StatusCode};

use crate::output::output;
use crate::server::AdminApi;
use crate::store::{StoreArgs, ec_id};
use crate::{CliError, ExitStatus, FileArgs};

/// Erases a user's record, as the policy's `delete.mode` says.
///
/// Exits with 1 if there was none.
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// The user's EC id.
    #[arg(value_parser = ec_id)]
    ec_id: EcId,
    #[command(flatten)]
    store: StoreArgs,
}

impl DeleteArgs {
    pub(crate) fn run(&self, files: &FileArgs) -> Result<ExitStatus, CliError> {
        if let Some(server) = self.store.server(files)? {
            return of_server(&server, &self.ec_id);
        }
        if self.store.at.is_some_and(|at| at > SystemClock.now()) {
            return Err(CliError::because(
                "`--at` is later than this machine's clock: a deletion then would expire other records now",
            ));
        }
        let (policy, graph, _) = self.store.open(files)?;
        match graph.run(&policy, &self.ec_id, Operation::Delete).result {
            Ok(done) => {
                writeln!(output(), "{}", done.outcome)?;
                let deleted = done.outcome == edge_cookie::engine::Outcome::Deleted;
                Ok(if deleted {
                    ExitStatus::Well
                } else {
                    ExitStatus::Problems
                })
            }
            Err(error) => Err(CliError::because(error)),
        }
    }
}

fn of_server(server: &AdminApi, id: &EcId) -> Result<ExitStatus, CliError> {
    let answered = server.ask(Method::DELETE, &format!("ec/{id}"), None)?;
    let word = |name: &str| answered.json.get(name).and_then(serde_json::Value::as_str);
    if let Some(outcome) = word("outcome") {
        writeln!(output(), "{outcome}")?;
        return Ok(ExitStatus::Well);
    }
    let error = word("error").unwrap_or("the server failed");
    if answered.status != StatusCode::NOT_FOUND {
        return Err(CliError::because(error));
    }
    writeln!(output(), "{error}")?;
    Ok(ExitStatus::Problems)
}
