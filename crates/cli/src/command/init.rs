//! `ec init`

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use edge_cookie::policy::publisher::Domain;
use edge_cookie::policy::schema;

use crate::output::output;
use crate::{CliError, ExitStatus};

/// Writes a commented set of policies to start from.
///
/// No existing file is overwritten: if one exists, nothing is written at all.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder to write to.
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// The publisher's domain.
    #[arg(long, default_value = "publisher.example", value_parser = domain)]
    domain: String,
}

fn domain(written: &str) -> Result<String, String> {
    let domain = Domain::parse(written);
    domain
        .map(|domain| domain.to_string())
        .ok_or_else(|| "write the domain alone, as `publisher.example`".to_owned())
}

/// The configuration: who the publisher is, and what holds for every profile.
const CONFIG: &str = r#"#:schema schemas/trusted-server.schema.json

# The configuration of the server. `ec` reads `[ec]` and the keys of `[publisher]` that are shown here; any other table
# belongs to another subsystem and is left alone.

[publisher]
# The EC cookie is set for this domain and all below it.
domain = "DOMAIN"
# Where pages come from. Left out, a page request is answered with 204.
# origin_url = "https://origin.DOMAIN"

[ec]
# The policy of the identity graph. A value set here applies to every profile that does not set it itself; a setting
# that is set nowhere has its default. `ec show --origin` shows where each value is configured.

# The profile where neither `--profile` nor EC_PROFILE names one.
profile = "development"

# Bounds that no profile, variable or override exceeds.
[ec.guardrails]
"entry.ttl" = { max = "395d" }
"tombstone.ttl" = { min = "24h" }

[ec.local]
# The embedded store of `ec apply` and the native server. Not for version control.
data_dir = "ec-data"
# The place assumed of every client, since the native server knows none.
# geo = "US-CA"
"#;

const IGNORED: &str = "/ec-data\n";

impl InitArgs {
    pub(crate) fn run(&self) -> Result<ExitStatus, CliError> {
        let schema = |schema: &serde_json::Value| {
            serde_json::to_string_pretty(schema).map(|text| text + "\n")
        };
        let profile = schema(&schema::profile()).map_err(CliError::because)?;
        let config = schema(&schema::config()).map_err(CliError::because)?;
        let set: [(&str, String); 7] = [
            (
                "trusted-server.toml",
                CONFIG.replace("DOMAIN", &self.domain),
            ),
            (
                "policies/development.toml",
                include_str!("../../../../policies/development.toml").to_owned(),
            ),
            (
                "policies/staging.toml",
                include_str!("../../../../policies/staging.toml").to_owned(),
            ),
            (
                "policies/production.toml",
                include_str!("../../../../policies/production.toml").to_owned(),
            ),
            ("schemas/profile.schema.json", profile),
            ("schemas/trusted-server.schema.json", config),
            (".gitignore", IGNORED.to_owned()),
        ];
        let there: Vec<String> = set
            .iter()
            .map(|(name, _)| self.folder.join(name))
            .filter(|path| path.exists() && !path.ends_with(".gitignore"))
            .map(|path| format!("`{}`", path.display()))
            .collect();
        if !there.is_empty() {
            return Err(CliError::because(format!(
                "nothing is written: {} exists already; name another folder",
                there.join(", ")
            )));
        }
        let mut out = output();
        for (name, text) in &set {
            let path = self.folder.join(name);
            let cannot = |error: std::io::Error| {
                CliError::because(format!("cannot write `{}`: {error}", path.display()))
            };
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(cannot)?;
            }
            let before = fs::read_to_string(&path).unwrap_or_default();
            if before.lines().any(|line| line == text.trim_end()) {
                continue;
            }
            fs::write(&path, ignoring(&before, text)).map_err(cannot)?;
            writeln!(out, "{}", path.display())?;
        }
        writeln!(
            out,
            "\nnext: run `ec check --all` (it should report no problems), `ec show --origin` to see what is effective, and `ec serve --geo US-CA` to serve under `development`"
        )?;
        Ok(ExitStatus::Well)
    }
}

/// A file's lines, and the new ones after them.
fn ignoring(before: &str, more: &str) -> String {
    let end = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{before}{end}{more}")
}
