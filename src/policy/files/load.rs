//! From files to resolved policies.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::Config;
use super::overrides::{self, Overrides};
use super::profile::{Header, Profile};
use super::read::{plain, read_text};
use super::{Source, Sources};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::policy::layers::{Layer, LayerName, Options};
use crate::policy::node::Node;
use crate::policy::publisher::Publisher;
use crate::policy::resolve::{Resolved, resolve};
use crate::policy::types::choice::nearest;
use crate::rules;

/// The profile where nobody chooses one.
const DEFAULT_PROFILE: &str = "development";

/// Where policies are written. The environment is handed in: nothing here reads it.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// The configuration file.
    pub config: PathBuf,
    /// The folder of profiles.
    pub policies: PathBuf,
    /// The environment's variables.
    pub environment: Vec<(String, String)>,
    /// `KEY=VALUE` overrides, in the order given.
    pub sets: Vec<String>,
}

/// Why policies could not be loaded at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The configuration cannot be read.
    #[error("cannot read `{path}`: {why}: name the configuration with `--config FILE`")]
    Config {
        /// Its path.
        path: String,
        /// The system's word for it.
        why: String,
    },
    /// The folder of profiles cannot be read.
    #[error("cannot read the profiles in `{path}`: {why}: name their folder with `--policies DIR`")]
    Policies {
        /// Its path.
        path: String,
        /// The system's word for it.
        why: String,
    },
    /// There is no such profile.
    #[error("there is no profile `{name}` in `{folder}`{hint}")]
    UnknownProfile {
        /// The name given.
        name: String,
        /// The folder looked in.
        folder: String,
        /// The names there are.
        hint: String,
    },
}

/// A profile's policy and everything found about it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The profile.
    pub profile: String,
    /// What the profile says of itself.
    pub header: Header,
    /// Who the publisher is.
    pub publisher: Publisher,
    /// The policy, its origins and every finding.
    pub resolved: Resolved,
}

/// The files that policies are written in, each read once.
#[derive(Debug)]
pub struct PolicyFiles {
    policies: PathBuf,
    names: Vec<String>,
    config: Config,
    overrides: Vec<Layer>,
    override_findings: Vec<Diagnostic>,
    profiles: BTreeMap<String, Profile>,
    sources: Sources,
}

impl PolicyFiles {
    /// Reads the configuration and finds the profiles.
    ///
    /// # Errors
    ///
    /// Where the configuration or the folder of profiles cannot be read.
    pub fn open(written: Written) -> Result<Self, LoadError> {
        let path = written.config.display().to_string();
        let text = read_text(&written.config).map_err(|why| LoadError::Config {
            path: path.clone(),
            why,
        })?;
        let source = Source::new(&path, &text);
        let config = Config::read(&source, &text);
        let mut names = Vec::new();
        find_profiles(&written.policies, "", &mut names).map_err(|error| LoadError::Policies {
            path: written.policies.display().to_string(),
            why: plain(&error),
        })?;
        names.sort();
        let mut sources = Sources::default();
        sources.add(source);
        let mut layers = Vec::new();
        let mut findings = Vec::new();
        for part in [
            overrides::of_environment(&written.environment),
            overrides::of_command_line(&written.sets),
        ] {
            let Overrides {
                source,
                layers: own,
                findings: found,
            } = part;
            sources.add(source);
            layers.extend(own);
            findings.extend(found);
        }
        Ok(Self {
            policies: written.policies,
            names,
            config,
            overrides: layers,
            override_findings: findings,
            profiles: BTreeMap::new(),
            sources,
        })
    }

    /// Every profile there is, by name.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What was read, for showing the lines of a finding.
    #[must_use]
    pub const fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The profile that is meant: the one named on the command line, else by `EC_PROFILE`, else in `[ec]`,
    /// else `development`, which need not be there.
    ///
    /// # Errors
    ///
    /// Where the profile that somebody named is not there.
    pub fn choose(&self, named: Option<&str>, variable: Option<&str>) -> Result<String, LoadError> {
        let variable = variable.filter(|name| !name.is_empty());
        let Some(name) = named.or(variable).or(self.config.profile.as_deref()) else {
            return Ok(DEFAULT_PROFILE.to_owned());
        };
        if self.names.iter().any(|known| known == name) {
            return Ok(name.to_owned());
        }
        Err(self.unknown_profile(name))
    }

    fn unknown_profile(&self, name: &str) -> LoadError {
        let hint = match nearest(name, self.names.iter().map(String::as_str)) {
            Some(meant) => format!(": did you mean `{meant}`?"),
            None if self.names.is_empty() => ": it holds none".to_owned(),
            None => format!(": it holds `{}`", self.names.join("`, `")),
        };
        LoadError::UnknownProfile {
            name: name.to_owned(),
            folder: self.policies.display().to_string(),
            hint,
        }
    }

    /// Resolves the policy of a profile.
    ///
    /// # Errors
    ///
    /// Where there is no such profile, and it is not the one that need not be there.
    pub fn load(&mut self, profile: &str) -> Result<Loaded, LoadError> {
        let mut findings = self.config.findings.clone();
        let mut layers = vec![self.config.layer.clone()];
        let mut header = Header::default();
        if self.names.iter().any(|known| known == profile) {
            let chain = self.chain(profile, &mut findings);
            for (index, name) in chain.iter().enumerate().rev() {
                let Some(read) = self.profiles.get(name) else {
                    continue;
                };
                findings.extend(read.findings.iter().cloned());
                layers.push(layer(name, &read.ec, index > 0));
            }
            if let Some(own) = self.profiles.get(profile) {
                header = own.header.clone();
                findings.extend(missing_stores(own, &self.config.layer));
            }
        } else if profile != DEFAULT_PROFILE {
            return Err(self.unknown_profile(profile));
        }
        layers.extend(self.overrides.iter().cloned());
        findings.extend(self.override_findings.iter().cloned());
        let mut resolved = resolve(&layers);
        findings.append(&mut resolved.findings);
        findings.extend(rules::check(&resolved));
        resolved.findings = self.in_order(findings);
        Ok(Loaded {
            profile: profile.to_owned(),
            header,
            publisher: self.config.publisher.clone(),
            resolved,
        })
    }

    /// Findings by place, each once; a line that is not TOML says nothing else that could be wrong.
    fn in_order(&self, mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let line = |finding: &Diagnostic| {
            let place = finding.places.first()?;
            Some((Arc::clone(&place.file), place.line))
        };
        let broken: Vec<_> = findings
            .iter()
            .filter(|finding| finding.code == Code::Syntax)
            .map(line)
            .collect();
        findings.retain(|finding| finding.code == Code::Syntax || !broken.contains(&line(finding)));
        let place = |finding: &Diagnostic| {
            finding
                .places
                .first()
                .map(|place| (self.sources.order(&place.file), place.span.start))
        };
        findings.sort_by_key(place);
        findings.dedup();
        findings
    }

    /// The profile and its ancestors, nearest first; a missing one or a ring ends the chain.
    fn chain(&mut self, profile: &str, findings: &mut Vec<Diagnostic>) -> Vec<String> {
        let mut chain: Vec<String> = Vec::new();
        let mut steps: Vec<(String, Place)> = Vec::new();
        let mut next = profile.to_owned();
        loop {
            self.read_profile(&next);
            chain.push(next.clone());
            let inherits = self
                .profiles
                .get(&next)
                .and_then(|read| read.header.inherits.clone());
            let Some((parent, place)) = inherits else {
                return chain;
            };
            steps.push((next, place.clone()));
            if chain.contains(&parent) {
                findings.push(cycle(&parent, &steps));
                return chain;
            }
            if !self.names.contains(&parent) {
                let help = match nearest(&parent, self.names.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!(
                        "put it into `{}`, or inherit from another",
                        self.policies.display()
                    ),
                };
                findings.push(
                    Diagnostic::error(
                        Code::MissingParent,
                        format!("there is no profile `{parent}` to inherit from"),
                    )
                    .about("inherits")
                    .at(place)
                    .with_help(help),
                );
                return chain;
            }
            next = parent;
        }
    }

    fn read_profile(&mut self, name: &str) {
        if self.profiles.contains_key(name) {
            return;
        }
        let path = self.policies.join(format!("{name}.toml"));
        let shown = path.display().to_string();
        let read = read_text(&path);
        let text = read.as_deref().unwrap_or_default();
        let source = Source::new(&shown, text);
        let mut profile = Profile::read(&source, text);
        if let Err(why) = &read {
            profile.findings.push(
                Diagnostic::error(
                    Code::UnreadableFile,
                    format!("cannot read `{shown}`: {why}"),
                )
                .at(source.place(0..0))
                .with_help("a profile is a text file in UTF-8 that you may read"),
            );
        }
        self.sources.add(source);
        self.profiles.insert(name.to_owned(), profile);
    }
}

fn layer(name: &str, ec: &Node, ancestor: bool) -> Layer {
    Layer {
        name: LayerName::Profile(name.to_owned()),
        options: Options { ec: ec.clone() },
        ancestor,
    }
}

/// A ring of profiles, at each `inherits` that is part of it.
fn cycle(back_to: &str, steps: &[(String, Place)]) -> Diagnostic {
    let ring: Vec<_> = steps
        .iter()
        .skip_while(|(name, _)| name != back_to)
        .collect();
    let names: Vec<String> = ring.iter().map(|(name, _)| format!("`{name}`")).collect();
    let message = format!(
        "profiles inherit in a ring: {} inherits `{back_to}` again",
        names.join(" inherits ")
    );
    let mut finding = Diagnostic::error(Code::InheritCycle, message)
        .about("inherits")
        .with_help("remove one `inherits` of the ring");
    for (_, place) in ring.into_iter().rev() {
        finding = finding.at(place.clone());
    }
    finding
}

/// The stores that a deployable profile does not state itself.
fn missing_stores(profile: &Profile, config: &Layer) -> Vec<Diagnostic> {
    let Some((true, deploy)) = &profile.header.deploy else {
        return Vec::new();
    };
    ["ec_store", "partner_store"]
        .into_iter()
        .filter(|store| profile.ec.member(store).is_none())
        .map(|store| {
            Diagnostic::error(
                Code::MissingStore,
                format!("a profile with `deploy = true` does not state its `{store}`"),
            )
            .about(format!("ec.{store}"))
            .at(deploy.clone())
            .at(config
                .options
                .ec
                .member(store)
                .map(|node| node.place.clone()))
            .with_help(format!(
                "name its own store, as `{store} = \"…\"` under `[ec]` of this file"
            ))
        })
        .collect()
}

/// Finds every profile below `folder`; a folder that is not there holds none.
fn find_profiles(folder: &Path, prefix: &str, names: &mut Vec<String>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        read => read?,
    };
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if path.is_dir() {
            find_profiles(&path, &format!("{prefix}{name}/"), names)?;
        } else if let Some(own) = name.strip_suffix(".toml") {
            names.push(format!("{prefix}{own}"));
        }
    }
    Ok(())
}
