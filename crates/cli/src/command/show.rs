//! `ec show`

use std::io::Write;
use std::path::Path;

use clap::{Args, ValueEnum};
use edge_cookie::policy::layers::LayerName;
use edge_cookie::policy::provenance::{EffectiveValue, Origin, Overridden};
use edge_cookie::policy::report::PolicyReport;
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::policy::types::nearest;
use edge_cookie::policy::value::Value;
use edge_cookie::printable::on_one_line;
use serde::Serialize;

use crate::output::output;
use crate::policy::PolicyArgs;
use crate::policy_ref::{bundle, bundle_file};
use crate::{CliError, ExitStatus, FileArgs, laws, render};

/// Shows the effective policy: every value, and where it is configured.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Show this setting alone, as `tombstone.ttl`, with where it is configured.
    key: Option<String>,
    /// Show the policy of the bundle in this file; `FILE#candidate` is the one that it tries on a share of the users.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "set"])]
    bundle: Option<String>,
    /// Show next to each value where it is configured, and what it overrides.
    #[arg(long)]
    origin: bool,
    /// The output format.
    #[arg(long, value_enum, default_value_t = ShowFormat::Toml)]
    format: ShowFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ShowFormat {
    /// A policy file with the same values.
    Toml,
    /// JSON.
    Json,
}

impl ShowArgs {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<ExitStatus, CliError> {
        let (profile, resolved) = if let Some(bundle) = &self.bundle {
            bundled(bundle)?
        } else {
            let mut files = self.policy.open(args)?;
            let profile = self.policy.choose(&files)?;
            let loaded = files.load(&profile).map_err(CliError::because)?;
            render::findings_in_passing(&loaded.resolved, files.sources());
            if !loaded.resolved.is_usable() {
                return Ok(ExitStatus::Problems);
            }
            (profile, loaded.resolved)
        };
        let report = PolicyReport::of(&profile, &resolved);
        let mut out = output();
        match (self.format, &self.key) {
            (ShowFormat::Toml, None) => self.write_toml(&profile, &resolved, &mut out)?,
            (ShowFormat::Json, None) => write_json(&report, &mut out)?,
            (ShowFormat::Toml, Some(key)) => {
                let value = value(&resolved, key)?;
                writeln!(
                    out,
                    "{} = {}  # {}",
                    value.key,
                    value.value,
                    origin_of(value)
                )?;
                write_partners(value, &mut out)?;
                if let Some(entries) = laws::entries(&resolved.policy.consent, value.key) {
                    writeln!(out)?;
                    laws::write(&entries, &mut out)?;
                }
            }
            (ShowFormat::Json, Some(key)) => {
                let key = value(&resolved, key)?.key;
                let shown = ShownSetting {
                    value: report.value(key),
                    entries: laws::entries(&resolved.policy.consent, key),
                };
                write_json(&shown, &mut out)?;
            }
        }
        out.flush()?;
        Ok(ExitStatus::Well)
    }

    fn write_toml(
        &self,
        profile: &str,
        resolved: &Resolved,
        out: &mut impl Write,
    ) -> std::io::Result<()> {
        let digest = &resolved.policy.digest;
        writeln!(out, "# profile {}, policy {digest}", on_one_line(profile))?;
        let mut table = None;
        for value in &resolved.values {
            let (group, name) = value
                .key
                .split_once('.')
                .map_or((None, value.key), |(group, name)| (Some(group), name));
            if table != Some(group) {
                table = Some(group);
                let dotted = group.map(|group| format!(".{group}")).unwrap_or_default();
                writeln!(out, "\n[ec{dotted}]")?;
            }
            let origin = if self.origin {
                format!("  # {}", origin_of(value))
            } else {
                String::new()
            };
            match &value.value {
                Value::Nothing => writeln!(out, "# {name} is not set{origin}")?,
                shown => writeln!(out, "{name} = {shown}{origin}")?,
            }
            if self.origin {
                write_partners(value, out)?;
            }
        }
        Ok(())
    }
}

/// A setting's value; that of a list of places with the law of each entry.
#[derive(Serialize)]
struct ShownSetting<V> {
    #[serde(flatten)]
    value: V,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<laws::LawEntry>>,
}

fn write_json(value: &impl Serialize, out: &mut impl Write) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, value).map_err(std::io::Error::from)?;
    writeln!(out)
}

/// The profile and the policy of a bundle, or of its candidate.
fn bundled(name: &str) -> Result<(String, Resolved), CliError> {
    let (file, candidate) = bundle_file(name);
    let read = bundle(Path::new(file)).map_err(CliError::Because)?;
    if !candidate {
        let traced = read.traced();
        return Ok((read.profile, traced));
    }
    let profile = read.rollout.as_ref().map(|rollout| rollout.profile.clone());
    profile
        .zip(read.traced_candidate())
        .ok_or_else(|| CliError::because(format!("the bundle `{file}` has no candidate")))
}

/// The value of a setting, whose key may begin with `ec.`.
fn value<'r>(resolved: &'r Resolved, written: &str) -> Result<&'r EffectiveValue, CliError> {
    let key = written.strip_prefix("ec.").unwrap_or(written);
    resolved.value(key).ok_or_else(|| {
        let keys = resolved.values.iter().map(|value| value.key);
        let meant = nearest(key, keys).map_or_else(
            || "`ec show` lists every setting".to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        );
        CliError::because(format!("there is no setting `{written}`: {meant}"))
    })
}

/// Where each declared partner and each of its fields is configured, as comments.
fn write_partners(value: &EffectiveValue, out: &mut impl Write) -> std::io::Result<()> {
    for partner in &value.partners {
        let tables: Vec<String> = partner.tables.iter().map(ToString::to_string).collect();
        let domain = on_one_line(&partner.source_domain);
        writeln!(out, "#   {domain}: {}", tables.join("; "))?;
        for field in &partner.fields {
            let origin = origin(&field.origin, &field.overrides);
            writeln!(out, "#     {} = {}  # {origin}", field.field, field.value)?;
        }
    }
    Ok(())
}

/// Where a value came from and what it overrode, on one line.
fn origin_of(value: &EffectiveValue) -> String {
    let mut layers: Vec<&LayerName> = Vec::new();
    for table in value.partners.iter().flat_map(|partner| &partner.tables) {
        if !layers.contains(&&table.layer) {
            layers.push(&table.layer);
        }
    }
    if let [] | [_] = layers.as_slice() {
        return origin(&value.origin, &value.overrides);
    }
    let layers: Vec<String> = layers.iter().map(ToString::to_string).collect();
    format!("merged from {}", layers.join(", "))
}

fn origin(from: &Origin, overrides: &[Overridden]) -> String {
    let overrides: Vec<String> = overrides
        .iter()
        .map(|overridden| format!("{} from {}", overridden.value, overridden.origin))
        .collect();
    let from = from.to_string();
    if overrides.is_empty() {
        from
    } else {
        format!("{from}; overrides {}", overrides.join(", "))
    }
}
