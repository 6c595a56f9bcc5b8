//! `ec rollout`

use std::collections::BTreeMap;
use std::io::Write;

use clap::{Args, Subcommand};
use edge_cookie::config::PolicyFiles;
use edge_cookie::engine::{Found, RecordState, record_state};
use edge_cookie::graph::found;
use edge_cookie::printable::on_one_line;
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::Format;
use super::apply::each;
use crate::output::output;
use crate::policy::PolicyArgs;
use crate::server::AdminApi;
use crate::store::StoreArgs;
use crate::{CliError, ExitStatus, FileArgs};

/// Shows how far a policy has been rolled out.
#[derive(Debug, Args)]
pub(crate) struct RolloutArgs {
    #[command(subcommand)]
    action: RolloutAction,
}

#[derive(Debug, Subcommand)]
enum RolloutAction {
    /// Counts the records of the store by the policy that last wrote them. With `--server` it shows which policies that
    /// server runs, and asks it for its records one by one.
    Status {
        #[command(flatten)]
        store: StoreArgs,
        /// The output format.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
}

/// The records that one policy wrote last.
#[derive(Debug, Default, Serialize)]
struct PolicyRecords {
    /// The first digits of the policy's digest; none where another system wrote the record.
    policy: Option<String>,
    /// The profiles whose policy it is now.
    profiles: Vec<String>,
    live: u64,
    tombstones: u64,
}

/// A policy that a server runs.
#[derive(Debug, Serialize)]
struct Runs {
    profile: String,
    digest: String,
    /// The share of the users that are under it; none of the policy that all others are under.
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<String>,
}

#[derive(Debug, Serialize)]
struct RolloutStatus {
    /// What the server runs, where one was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    runs: Vec<Runs>,
    policies: Vec<PolicyRecords>,
    unreadable: u64,
}

impl RolloutArgs {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<ExitStatus, CliError> {
        let RolloutAction::Status { store, format } = &self.action;
        let status = status(store, args)?;
        let mut out = output();
        match format {
            Format::Human => print_status(&status, &mut out)?,
            Format::Json => {
                serde_json::to_writer(&mut out, &status).map_err(std::io::Error::from)?;
                writeln!(out)?;
            }
        }
        Ok(ExitStatus::Well)
    }
}

fn status(store: &StoreArgs, args: &FileArgs) -> Result<RolloutStatus, CliError> {
    if let Some(server) = store.server(args)? {
        return of_server(&server);
    }
    let (policy, graph, at) = store.open(args)?;
    let mut counts = Counts::default();
    each(graph.store(), |stored| match found(stored) {
        Found::Nothing => {}
        Found::Unreadable(_) => counts.unreadable += 1,
        Found::Record(record) => {
            let mark = record.metadata.p.as_deref().map(str::to_owned);
            let state = record_state(&policy, &record.entry, &record.metadata, at.timestamp());
            counts.add(mark, state);
        }
    })
    .map_err(CliError::because)?;
    let mut files = PolicyArgs::default().open(args)?;
    let names = marks(&mut files)?;
    Ok(counts.status(Vec::new(), &names))
}

/// Records by the policy that last wrote them.
#[derive(Debug, Default)]
struct Counts {
    by_policy: BTreeMap<Option<String>, PolicyRecords>,
    unreadable: u64,
}

impl Counts {
    fn add(&mut self, mark: Option<String>, state: RecordState) {
        let written = self.by_policy.entry(mark).or_default();
        match state {
            RecordState::Live => written.live += 1,
            RecordState::Tombstone => written.tombstones += 1,
            RecordState::Expired => {}
            RecordState::UnknownAge => self.unreadable += 1,
        }
    }

    fn status(self, runs: Vec<Runs>, names: &BTreeMap<String, Vec<String>>) -> RolloutStatus {
        let counted = self.by_policy.into_iter();
        let mut policies: Vec<PolicyRecords> = counted
            .filter(|(_, written)| written.live + written.tombstones > 0)
            .map(|(policy, written)| PolicyRecords {
                profiles: policy
                    .as_ref()
                    .and_then(|mark| names.get(mark).cloned())
                    .unwrap_or_default(),
                policy,
                ..written
            })
            .collect();
        policies.sort_by_key(|written| std::cmp::Reverse(written.live + written.tombstones));
        RolloutStatus {
            runs,
            policies,
            unreadable: self.unreadable,
        }
    }
}

/// What a running server runs, and its records, asked for one by one.
fn of_server(server: &AdminApi) -> Result<RolloutStatus, CliError> {
    let text =
        |json: &Value, member: &str| json.get(member).and_then(Value::as_str).map(str::to_owned);
    let policy = server.must(Method::GET, "policy", None)?;
    let of = |json: &Value| Runs {
        profile: text(json, "profile").unwrap_or_default(),
        digest: text(json, "digest").unwrap_or_default(),
        percent: text(json, "percent"),
    };
    let runs: Vec<Runs> = [Some(&policy), policy.get("rollout")]
        .into_iter()
        .flatten()
        .map(of)
        .collect();
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for run in &runs {
        let mark = run.digest.get(..MARK_HEX_DIGITS).unwrap_or_default();
        names
            .entry(mark.to_owned())
            .or_default()
            .push(run.profile.clone());
    }
    let mut counts = Counts::default();
    let mut after = String::new();
    loop {
        let page = server.must(Method::GET, &format!("ec?after={after}"), None)?;
        let ids = page
            .get("ids")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        for id in ids.iter().filter_map(Value::as_str) {
            let answered = server.ask(Method::GET, &format!("ec/{id}"), None)?;
            // One that is gone meanwhile is none; one that cannot be read now would be missing from the counts.
            if !answered.status.is_success() && answered.status != StatusCode::NOT_FOUND {
                return Err(CliError::because(format!(
                    "the records cannot be counted: the server failed on one of them: {}",
                    answered.json
                )));
            }
            let record = answered.json;
            let mark = record
                .get("metadata")
                .and_then(|metadata| text(metadata, "p"));
            match record.get("state").and_then(Value::as_str) {
                Some("live") => counts.add(mark, RecordState::Live),
                Some("tombstone") => counts.add(mark, RecordState::Tombstone),
                Some("unreadable") => counts.unreadable += 1,
                _ => {}
            }
        }
        match ids.last().and_then(Value::as_str) {
            Some(last) => last.clone_into(&mut after),
            None => return Ok(counts.status(runs, &names)),
        }
    }
}

/// How much of a policy's digest its records carry.
const MARK_HEX_DIGITS: usize = 8;

/// The profiles there are, by the first digits of their policies' digests.
fn marks(files: &mut PolicyFiles) -> Result<BTreeMap<String, Vec<String>>, CliError> {
    let mut marks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in files.names().to_vec() {
        let loaded = files.load(&name).map_err(CliError::because)?;
        let mark = loaded.resolved.policy.digest.mark().to_owned();
        marks.entry(mark).or_default().push(name);
    }
    Ok(marks)
}

fn print_status(status: &RolloutStatus, out: &mut impl Write) -> std::io::Result<()> {
    for run in &status.runs {
        let mark = run.digest.get(..MARK_HEX_DIGITS).unwrap_or_default();
        let share = run.percent.as_ref().map_or_else(String::new, |percent| {
            format!(", on {percent} % of the users")
        });
        let profile = on_one_line(&run.profile);
        writeln!(out, "runs {mark}, profile {profile}{share}")?;
    }
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
            (Some(_), profiles) => on_one_line(&profiles.join(", ")).into_owned(),
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
