//! `ec list`

use std::io::Write;

use clap::Args;
use edge_cookie::printable::on_one_line;
use edge_cookie::store::KvStore;
use reqwest::Method;

use crate::output::output;
use crate::server::AdminApi;
use crate::store::StoreArgs;
use crate::{CliError, ExitStatus, FileArgs};

use super::apply::{Counted, count_as};

/// Prints the ids that have a live entry, a tombstone or an unreadable record, one a line, in order.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only ids that begin with this.
    #[arg(long, value_name = "HEX", default_value = "")]
    prefix: String,
    /// The most ids to print.
    #[arg(long, value_name = "N", default_value_t = usize::MAX, hide_default_value = true)]
    limit: usize,
    #[command(flatten)]
    store: StoreArgs,
}

impl ListArgs {
    pub(crate) fn run(&self, files: &FileArgs) -> Result<ExitStatus, CliError> {
        if let Some(server) = self.store.server(files)? {
            return self.of_server(&server);
        }
        let (policy, graph, at) = self.store.open(files)?;
        let mut out = output();
        let mut left = self.limit;
        let mut after: Option<String> = None;
        while left > 0 {
            let page = graph
                .store()
                .list(&self.prefix, after.as_deref(), super::apply::PAGE)
                .map_err(CliError::because)?;
            for key in &page {
                let stored = graph.store().lookup(key).map_err(CliError::because)?;
                if left > 0 && count_as(&policy, at.timestamp(), stored) != Counted::Absent {
                    writeln!(out, "{}", on_one_line(key))?;
                    left -= 1;
                }
            }
            let Some(last) = page.into_iter().next_back() else {
                break;
            };
            after = Some(last);
        }
        out.flush()?;
        Ok(ExitStatus::Well)
    }

    /// A server lists what its store holds, expired records that are not swept yet included.
    fn of_server(&self, server: &AdminApi) -> Result<ExitStatus, CliError> {
        let mut out = output();
        let mut left = self.limit;
        let mut after = String::new();
        while left > 0 {
            let most = left.min(super::apply::PAGE);
            let path = format!("ec?prefix={}&limit={most}{after}", self.prefix);
            let page = server.must(Method::GET, &path, None)?;
            let ids = page.get("ids").and_then(serde_json::Value::as_array);
            let ids: Vec<&str> = ids
                .into_iter()
                .flatten()
                .filter_map(|id| id.as_str())
                .collect();
            let Some(last) = ids.last() else {
                break;
            };
            after = format!("&after={last}");
            left -= ids.len().min(left);
            for id in ids {
                writeln!(out, "{}", on_one_line(id))?;
            }
        }
        out.flush()?;
        Ok(ExitStatus::Well)
    }
}
