//! `ec get`

use std::io::{Write, stdout};

use clap::Args;
use edge_cookie::engine::Operation;
use edge_cookie::record::EcId;

use super::apply::OutcomeLine;
use crate::store::{StoreArgs, ec_id};
use crate::{End, FileArgs, Stop};

/// Prints a user's record, and what the policy makes of it.
///
/// Ends with 1 where there is none, or where it cannot be read.
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
        let (policy, graph, at) = self.store.open(files)?;
        let finished = graph.run(&policy, &self.ec_id, Operation::Get);
        let line = OutcomeLine::of(&policy, at.timestamp(), "get", &finished);
        writeln!(stdout().lock(), "{}", line.json())?;
        let found = finished.result.is_ok_and(|done| done.record.is_some());
        Ok(if found { End::Well } else { End::Problems })
    }
}
