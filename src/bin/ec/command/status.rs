//! `ec status`

use std::io::{Write, stdout};

use clap::Args;
use serde_json::Value;

use super::Format;
use crate::{End, Stop, server};

/// Shows how a running server is: its policy, its stores, its last reload and its outbox.
///
/// It ends with 0 where all is well, and with 1 where something is to be looked at. No token is needed.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The running server to ask.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7676")]
    server: String,
    /// How the state is printed; `json` is what `/_ts/health` answers.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

impl Status {
    pub(crate) fn run(&self) -> Result<End, Stop> {
        let health = server::health(&self.server)?;
        let mut out = stdout().lock();
        match self.format {
            Format::Human => print(&health, &mut out)?,
            Format::Json => writeln!(out, "{health}")?,
        }
        let well = text(&health, "status") == "ok" && health.get("trouble").is_none();
        Ok(if well { End::Well } else { End::Problems })
    }
}

fn text<'h>(value: &'h Value, key: &str) -> &'h str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
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
    let (profile, digest) = (text(health, "profile"), text(health, "digest"));
    writeln!(out, "policy   {profile} ({digest})")?;
    for store in list(health, "stores") {
        let did = |key| store.get(key).and_then(Value::as_bool);
        let state = match (did("answers"), did("writes")) {
            (Some(true), Some(false)) => "answers, and takes no writes",
            (Some(true), _) => "answers",
            _ => "does not answer",
        };
        writeln!(out, "store    {}: {state}", text(store, "name"))?;
    }
    match (text(health, "reloaded"), text(health, "trouble")) {
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
        writeln!(out, "warning  {}", warning.as_str().unwrap_or_default())?;
    }
    Ok(())
}
