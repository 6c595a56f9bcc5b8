//! `ec consent`

mod text;

use std::io::{Read, Write, stdin};
use std::path::Path;

use clap::{Args, Subcommand};
use edge_cookie::clock::{Clock, Moment, SystemClock};
use edge_cookie::config::{MAX_FILE_BYTES, read_text};
use edge_cookie_service::consent::{AskedRequest, Verdict, WrittenRequest};

use super::Format;
use crate::output::output;
use crate::policy::PolicyArgs;
use crate::{CliError, ExitStatus, FileArgs};

/// Explains how a policy decides on a request's consent.
#[derive(Debug, Args)]
pub(crate) struct ConsentArgs {
    #[command(subcommand)]
    action: ConsentAction,
}

#[derive(Debug, Subcommand)]
enum ConsentAction {
    Explain(ConsentExplainArgs),
}

/// Explains a decision: every signal field by field, the rules that follow, the law of the place, and its source.
///
/// Exit codes: 0 the decision is `granted`, 10 `not_granted`, 11 `withdrawn`; 2 the command failed.
#[derive(Debug, Args)]
struct ConsentExplainArgs {
    /// A file with the head of a raw HTTP/1 request, or `-` for standard input.
    #[arg(value_name = "FILE|-")]
    request: Option<String>,
    /// A cookie, or the value of a whole `Cookie` header; may be repeated.
    #[arg(long = "cookie", value_name = "NAME=VALUE", value_parser = cookie)]
    cookies: Vec<String>,
    /// A header, as `Sec-GPC: 1`; may be repeated.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The user's place, as `DE` or `US-CA`; unknown by default.
    #[arg(long, value_name = "PLACE")]
    geo: Option<String>,
    /// The time of the decision (RFC 3339, or Unix seconds); now by default.
    #[arg(long, value_name = "TIME")]
    at: Option<Moment>,
    #[command(flatten)]
    policy: PolicyArgs,
    /// The output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// Exit codes of decisions; errors have those up to 3.
const NOT_GRANTED: u8 = 10;
const WITHDRAWN: u8 = 11;

impl ConsentArgs {
    pub(crate) fn run(&self, files: &FileArgs) -> Result<ExitStatus, CliError> {
        match &self.action {
            ConsentAction::Explain(explain) => explain.run(files),
        }
    }
}

impl ConsentExplainArgs {
    fn run(&self, files: &FileArgs) -> Result<ExitStatus, CliError> {
        let asked = AskedRequest::parse(&self.written()?).map_err(CliError::because)?;
        let (profile, policy) = self.policy.load(files)?;
        let now = SystemClock.now().timestamp();
        let explanation = asked.explain(&policy, now).under(&profile, &policy.digest);
        let mut out = output();
        match self.format {
            Format::Human => text::write(&explanation, &mut out)?,
            Format::Json => {
                let json = serde_json::to_string(&explanation).map_err(CliError::because)?;
                writeln!(out, "{json}")?;
            }
        }
        out.flush()?;
        Ok(match explanation.verdict {
            Verdict::Granted => ExitStatus::Well,
            Verdict::NotGranted => ExitStatus::Decided(NOT_GRANTED),
            Verdict::Withdrawn => ExitStatus::Decided(WITHDRAWN),
        })
    }

    fn written(&self) -> Result<WrittenRequest, CliError> {
        let mut written = WrittenRequest {
            cookies: (!self.cookies.is_empty()).then(|| self.cookies.join("; ")),
            headers: self.headers.clone(),
            geo: self.geo.clone(),
            at: self.at.map(Moment::timestamp),
        };
        if let Some(name) = &self.request {
            let text = if name == "-" {
                standard_input()
            } else {
                read_text(Path::new(name)).map_err(|error| error.to_string())
            };
            let text = text.map_err(|why| {
                CliError::because(format!("cannot read the request in `{name}`: {why}"))
            })?;
            written.add_head(&text);
        }
        Ok(written)
    }
}

fn standard_input() -> Result<String, String> {
    let mut text = String::new();
    let read = stdin()
        .lock()
        .take(MAX_FILE_BYTES + 1)
        .read_to_string(&mut text);
    match read {
        Err(error) => Err(error.to_string()),
        Ok(bytes) if bytes as u64 > MAX_FILE_BYTES => {
            Err(format!("it is larger than {MAX_FILE_BYTES} bytes"))
        }
        Ok(_) => Ok(text),
    }
}

fn cookie(written: &str) -> Result<String, String> {
    if written.contains('=') {
        Ok(written.to_owned())
    } else {
        Err("write `NAME=VALUE`".to_owned())
    }
}
