//! `ec rollout`

use std::collections::BTreeMap;
use std::io::{Write, stdout};

use clap::{Args, Subcommand};
use edge_cookie::engine::{Found, Standing, standing};
use edge_cookie::graph::found;
use edge_cookie::policy::files::PolicyFiles;
use serde::Serialize;

use super::Format;
use super::apply::each;
use crate::policy::PolicyArgs;
use crate::store::StoreArgs;
use crate::{End, FileArgs, Stop};

/// Tells how far a policy has come.
#[derive(Debug, Args)]
pub(crate) struct Rollout {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Counts the records of the store by the policy that last wrote them.
    Status {
        #[command(flatten)]
        store: StoreArgs,
        /// How the counts are printed.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
}

/// The records that one policy wrote last.
#[derive(Debug, Default, Serialize)]
struct Written {
    /// The first digits of the policy's digest; none where another system wrote the record.
    policy: Option<String>,
    /// The profiles whose policy it is now.
    profiles: Vec<String>,
    live: u64,
    tombstones: u64,
}

#[derive(Debug, Serialize)]
struct Status {
    policies: Vec<Written>,
    unreadable: u64,
}

impl Rollout {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<End, Stop> {
        let Action::Status { store, format } = &self.action;
        let status = status(store, args)?;
        let mut out = stdout().lock();
        match format {
            Format::Human => tell(&status, &mut out)?,
            Format::Json => {
                serde_json::to_writer(&mut out, &status).map_err(std::io::Error::from)?;
                writeln!(out)?;
            }
        }
        Ok(End::Well)
    }
}

fn status(store: &StoreArgs, args: &FileArgs) -> Result<Status, Stop> {
    let (policy, graph, at) = store.open(args)?;
    let mut by_policy: BTreeMap<Option<String>, Written> = BTreeMap::new();
    let mut unreadable = 0;
    each(graph.store(), |stored| match found(stored) {
        Found::Nothing => {}
        Found::Unreadable(_) => unreadable += 1,
        Found::Record(record) => {
            let mark = record.metadata.p.as_deref().map(str::to_owned);
            let standing = standing(&policy, &record.entry, &record.metadata, at.timestamp());
            let written = by_policy.entry(mark).or_default();
            match standing {
                Standing::Live => written.live += 1,
                Standing::Tombstone => written.tombstones += 1,
                Standing::Expired => {}
            }
        }
    })
    .map_err(Stop::because)?;
    let mut files = PolicyArgs::default().open(args)?;
    let names = marks(&mut files)?;
    let mut policies: Vec<Written> = by_policy
        .into_iter()
        .filter(|(_, written)| written.live + written.tombstones > 0)
        .map(|(policy, written)| Written {
            profiles: policy
                .as_ref()
                .and_then(|mark| names.get(mark).cloned())
                .unwrap_or_default(),
            policy,
            ..written
        })
        .collect();
    policies.sort_by_key(|written| std::cmp::Reverse(written.live + written.tombstones));
    Ok(Status {
        policies,
        unreadable,
    })
}

/// The profiles there are, by the first digits of their policies' digests.
fn marks(files: &mut PolicyFiles) -> Result<BTreeMap<String, Vec<String>>, Stop> {
    let mut marks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in files.names().to_vec() {
        let loaded = files.load(&name).map_err(Stop::because)?;
        let mark = loaded.resolved.policy.digest.mark().to_owned();
        marks.entry(mark).or_default().push(name);
    }
    Ok(marks)
}

fn tell(status: &Status, out: &mut impl Write) -> std::io::Result<()> {
    let all: u64 = status
        .policies
        .iter()
        .map(|written| written.live + written.tombstones)
        .sum();
    if all + status.unreadable == 0 {
        return writeln!(out, "the store holds no records");
    }
    writeln!(out, "policy    records  live  tombstones  profile")?;
    for written in &status.policies {
        let profiles = match (&written.policy, written.profiles.as_slice()) {
            (None, _) => "of another system".to_owned(),
            (Some(_), []) => "of no profile as it is now".to_owned(),
            (Some(_), profiles) => profiles.join(", "),
        };
        writeln!(
            out,
            "{:8}  {:>7}  {:>4}  {:>10}  {profiles}",
            written.policy.as_deref().unwrap_or("-"),
            written.live + written.tombstones,
            written.live,
            written.tombstones,
        )?;
    }
    if status.unreadable > 0 {
        writeln!(out, "unreadable: {}", status.unreadable)?;
    }
    Ok(())
}
