//! `ec show`

use std::io::{Write, stdout};

use clap::{Args, ValueEnum};
use edge_cookie::policy::files::Loaded;
use edge_cookie::policy::provenance::InForce;
use edge_cookie::policy::report::Report;
use edge_cookie::policy::value::Value;

use crate::policy::PolicyArgs;
use crate::{End, FileArgs, Stop, render};

/// Shows the policy in force: every value, and where it came from.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Say beside each value where it came from, and what it overrode.
    #[arg(long)]
    origin: bool,
    /// How the policy is printed.
    #[arg(long, value_enum, default_value_t = ShowFormat::Toml)]
    format: ShowFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ShowFormat {
    /// A policy file that says the same.
    Toml,
    /// For programs.
    Json,
}

impl Show {
    pub(crate) fn run(&self, args: &FileArgs) -> Result<End, Stop> {
        let mut files = self.policy.open(args)?;
        let profile = self.policy.choose(&files)?;
        let loaded = files.load(&profile).map_err(Stop::because)?;
        render::findings_in_passing(&loaded.resolved.findings, files.sources());
        if !loaded.resolved.is_usable() {
            return Ok(End::Problems);
        }
        let mut out = stdout().lock();
        match self.format {
            ShowFormat::Toml => self.write_toml(&loaded, &mut out)?,
            ShowFormat::Json => {
                let report = Report::of(&loaded.profile, &loaded.resolved);
                serde_json::to_writer(&mut out, &report).map_err(std::io::Error::from)?;
                writeln!(out)?;
            }
        }
        out.flush()?;
        Ok(End::Well)
    }

    fn write_toml(&self, loaded: &Loaded, out: &mut impl Write) -> std::io::Result<()> {
        let digest = &loaded.resolved.policy.digest;
        writeln!(out, "# profile {}, policy {digest}", loaded.profile)?;
        let mut table = None;
        for value in &loaded.resolved.values {
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
                format!("  # {}", told(value))
            } else {
                String::new()
            };
            match &value.value {
                Value::Nothing => writeln!(out, "# {name} is not set{origin}")?,
                shown => writeln!(out, "{name} = {shown}{origin}")?,
            }
        }
        Ok(())
    }
}

/// Where a value came from and what it overrode, on one line.
fn told(value: &InForce) -> String {
    let overrides: Vec<String> = value
        .overrides
        .iter()
        .map(|overridden| format!("{} from {}", overridden.value, overridden.origin))
        .collect();
    let from = value.origin.to_string();
    if overrides.is_empty() {
        from
    } else {
        format!("{from}; overrides {}", overrides.join(", "))
    }
}
