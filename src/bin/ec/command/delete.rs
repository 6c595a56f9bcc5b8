//! `ec delete`

use std::io::{Write, stdout};

use clap::Args;
use edge_cookie::clock::{Clock, SystemClock};
use edge_cookie::engine::Operation;
use edge_cookie::record::EcId;

use crate::store::{StoreArgs, ec_id};
use crate::{End, FileArgs, Stop};

/// Erases a user's record, as the policy's `delete.mode` says.
///
/// Ends with 1 where there was none.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// Whose record.
    #[arg(value_parser = ec_id)]
    ec_id: EcId,
    #[command(flatten)]
    store: StoreArgs,
}

impl Delete {
    pub(crate) fn run(&self, files: &FileArgs) -> Result<End, Stop> {
        if self.store.at.is_some_and(|at| at > SystemClock.now()) {
            return Err(Stop::because(
                "`--at` is later than this machine's clock: a deletion then would expire other records now",
            ));
        }
        let (policy, graph, _) = self.store.open(files)?;
        match graph.run(&policy, &self.ec_id, Operation::Delete).result {
            Ok(done) => {
                writeln!(stdout().lock(), "{}", done.outcome)?;
                let deleted = done.outcome == edge_cookie::engine::Outcome::Deleted;
                Ok(if deleted { End::Well } else { End::Problems })
            }
            Err(error) => Err(Stop::because(error)),
        }
    }
}
