//! `ec list`

use std::io::{Write, stdout};

use clap::Args;
use edge_cookie::store::KvStore;

use crate::store::StoreArgs;
use crate::{End, FileArgs, Stop};

use super::apply::{Counted, count_as};

/// Prints the ids that have a live entry, a tombstone or an unreadable record, one a line, in order.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only ids that begin so.
    #[arg(long, value_name = "HEX", default_value = "")]
    prefix: String,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = usize::MAX, hide_default_value = true)]
    limit: usize,
    #[command(flatten)]
    store: StoreArgs,
}

impl List {
    pub(crate) fn run(&self, files: &FileArgs) -> Result<End, Stop> {
        let (policy, graph, at) = self.store.open(files)?;
        let mut out = stdout().lock();
        let mut left = self.limit;
        let mut after: Option<String> = None;
        while left > 0 {
            let page = graph
                .store()
                .list(&self.prefix, after.as_deref(), super::apply::PAGE)
                .map_err(Stop::because)?;
            for key in &page {
                let stored = graph.store().lookup(key).map_err(Stop::because)?;
                if left > 0 && count_as(&policy, at.timestamp(), stored) != Counted::Absent {
                    writeln!(out, "{key}")?;
                    left -= 1;
                }
            }
            let Some(last) = page.into_iter().next_back() else {
                break;
            };
            after = Some(last);
        }
        out.flush()?;
        Ok(End::Well)
    }
}
