//! `ec status`

use std::borrow::Cow;
use std::io::Write;

use clap::Args;
use edge_cookie::printable::on_one_line;
use serde_json::Value;

use super::Format;
use crate::output::output;
use crate::policy::PolicyArgs;
use crate::server::OperatorCredentials;
use crate::{CliError, ExitStatus, FileArgs, render, server};

/// Shows the state of a running server: its policy, its stores, its last reload and its outbox.
///
/// Exits with 0 if all is well, and with 1 if something needs attention. The admin token is that of `EC_ADMIN_TOKEN`, or of
/// the policy; without it a server shows only its status and the digest of its policy.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The running server to ask.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7676")]
    server: String,
    /// Send the admin token over plain `http` to another machine, where everyone on the way can read it.
    #[arg(long)]
    insecure: bool,
    #[command(flatten)]
    policy: PolicyArgs,
    /// The output format; `json` is the answer of `/_ts/health`.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

impl StatusArgs {
    pub(crate) fn run(&self, files: &FileArgs) -> Result<ExitStatus, CliError> {
        let credentials = self.credentials(files);
        let may_send = server::may_send_token(&self.server, self.insecure)?;
        let sent = credentials.as_ref().filter(|_| may_send);
        let health = server::health(&self.server, sent)?;
        if health.get("stores").is_none() {
            render::note(match (sent, &credentials) {
                (Some(_), _) => "the server does not take this admin token: it shows no details",
                (None, Some(_)) => {
                    "the admin token is not sent over plain `http`, and without it a server shows no details: write `https://`, or add `--insecure` where no one can listen on the way"
                }
                (None, None) => {
                    "a server shows details to its admin token only: set `EC_ADMIN_TOKEN`, or `admin_token` under `[ec]`"
                }
            });
        }
        let mut out = output();
        match self.format {
            Format::Human => print(&health, &mut out)?,
            Format::Json => writeln!(out, "{health}")?,
        }
        let well = text(&health, "status") == "ok";
        Ok(if well {
            ExitStatus::Well
        } else {
            ExitStatus::Problems
        })
    }

    /// The admin token of the environment, else the credentials of the policy.
    fn credentials(&self, files: &FileArgs) -> Option<OperatorCredentials> {
        OperatorCredentials::of_environment().or_else(|| {
            let policy = self.policy.load_quietly(files)?;
            OperatorCredentials::of_policy(&policy)
        })
    }
}

fn text<'h>(value: &'h Value, key: &str) -> Cow<'h, str> {
    on_one_line(value.get(key).and_then(Value::as_str).unwrap_or_default())
}

fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or_default()
}

fn list<'h>(value: &'h Value, key: &str) -> &'h [Value] {
    let list = value.get(key).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

fn print(health: &Value, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "status   {}", text(health, "status"))?;
    let digest = text(health, "digest");
    if health.get("stores").is_none() {
        return writeln!(out, "policy   {digest}");
    }
    writeln!(out, "policy   {} ({digest})", text(health, "profile"))?;
    if let Some(rollout) = health.get("rollout") {
        writeln!(
            out,
            "rollout  {} ({}), on {} % of the users",
            text(rollout, "profile"),
            text(rollout, "digest"),
            text(rollout, "percent")
        )?;
    }
    if health.get("forced").is_some() {
        writeln!(out, "forced   {}", text(health, "forced"))?;
    }
    for store in list(health, "stores") {
        let did = |key| store.get(key).and_then(Value::as_bool);
        let state = match (did("answers"), did("writes")) {
            (Some(true), Some(false)) => "answers, and takes no writes",
            (Some(true), _) => "answers",
            _ => "does not answer",
        };
        write!(out, "store    {}: {state}", text(store, "name"))?;
        match &*text(store, "why") {
            "" => writeln!(out)?,
            why => writeln!(out, " ({why})")?,
        }
    }
    match (&*text(health, "reloaded"), &*text(health, "trouble")) {
        ("", "") => writeln!(out, "reload   none since the server started")?,
        ("", why) => writeln!(out, "reload   failed: {why}")?,
        (at, "") => writeln!(out, "reload   {at}")?,
        (at, why) => writeln!(out, "reload   {at}, failed: {why}")?,
    }
    match health.get("outbox") {
        None => writeln!(out, "outbox   none")?,
        Some(outbox) => {
            let (held, bound) = (number(outbox, "withdrawals"), number(outbox, "bound"));
            write!(out, "outbox   {held} of at most {bound} withdrawals")?;
            if held > 0 {
                write!(out, ", the oldest from {}", text(outbox, "oldest"))?;
            }
            match number(outbox, "damaged") {
                0 => writeln!(out)?,
                damaged => writeln!(out, "; {damaged} damaged records")?,
            }
        }
    }
    for warning in list(health, "warnings") {
        writeln!(
            out,
            "warning  {}",
            on_one_line(warning.as_str().unwrap_or_default())
        )?;
    }
    Ok(())
}
