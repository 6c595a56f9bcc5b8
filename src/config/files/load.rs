//! From files to resolved policies.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::ec_table::Config;
use super::overrides::{self, Overrides};
use super::policy_sources::{LoadError, PolicySources};
use super::profile::{Header, Profile};
use super::{Source, Sources};
use super::{folder, manifest, stores};
use crate::diagnostic::{Code, Diagnostic, Omitted};
use crate::policy::layers::{Layer, LayerName, Options};
use crate::policy::publisher::Publisher;
use crate::policy::resolve::{Resolved, resolve};
use crate::policy::types::choice::nearest;
use crate::rules::{self, Ancestor, Declared, Fleet, Subject};

/// The profile that is used by default.
const DEFAULT_PROFILE: &str = "development";

/// A profile's policy and everything found about it.
#[derive(Debug, Clone)]
#[non_exhaustive]
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
    pub(super) from: PolicySources,
    pub(super) names: Vec<String>,
    pub(super) config: Config,
    overrides: Vec<Layer>,
    override_findings: Vec<Diagnostic>,
    pub(super) profiles: BTreeMap<String, Profile>,
    /// What the platform's manifest beside the configuration declares, where there is one.
    declared: Option<Declared>,
    pub(super) sources: Sources,
}

impl PolicyFiles {
    /// Reads the configuration and finds the profiles.
    ///
    /// # Errors
    ///
    /// Where the configuration or the folder of profiles cannot be read.
    pub fn open(from: PolicySources) -> Result<Self, LoadError> {
        let path = from.config.display().to_string();
        let text = from.text(&from.config).map_err(|why| LoadError::Config {
            path: path.clone(),
            why,
        })?;
        let source = Source::new(&path, &text);
        let (publishers, publisher) = overrides::of_publisher(&from.environment);
        let config = Config::read(&source, &text, publisher);
        let mut names =
            folder::find_profiles(&from.policies).map_err(|error| LoadError::Policies {
                path: from.policies.display().to_string(),
                why: error.into(),
            })?;
        names.extend(from.edited_profiles());
        names.sort();
        names.dedup();
        let mut sources = Sources::default();
        sources.add(source);
        sources.add(publishers);
        let mut layers = Vec::new();
        let mut findings = Vec::new();
        for part in [
            overrides::of_environment(&from.environment),
            overrides::of_command_line(&from.sets),
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
        let declared = manifest::declared(&from.config);
        Ok(Self {
            from,
            names,
            config,
            overrides: layers,
            override_findings: findings,
            profiles: BTreeMap::new(),
            declared,
            sources,
        })
    }

    /// Every profile there is, by name.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The file of the profile with this name.
    #[must_use]
    pub fn profile_file(&self, name: &str) -> PathBuf {
        self.from.policies.join(format!("{name}.toml"))
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
    /// Where the named profile does not exist.
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
            folder: self.from.policies.display().to_string(),
            hint,
        }
    }

    /// Resolves the policy of a profile, and checks it by the rules.
    ///
    /// # Errors
    ///
    /// Where there is no such profile, and it is not the one that need not be there.
    pub fn load(&mut self, profile: &str) -> Result<Loaded, LoadError> {
        let unchecked = self.resolve(profile)?;
        let fleet = if unchecked.header.deploys() {
            self.fleet()
        } else {
            Fleet::default()
        };
        Ok(self.check(unchecked, &fleet, &[]))
    }

    /// Resolves and checks every profile, and what must hold between them.
    ///
    /// # Errors
    ///
    /// None where the profiles are still those that were found.
    pub fn load_all(&mut self) -> Result<Vec<Loaded>, LoadError> {
        let mut all = Vec::with_capacity(self.names.len());
        for name in self.names.clone() {
            all.push(self.resolve(&name)?);
        }
        let fleet = self.fleet();
        let inherited: BTreeSet<String> = all
            .iter()
            .flat_map(|unchecked| unchecked.ancestors().map(str::to_owned))
            .collect();
        let by_name: BTreeMap<String, Resolved> = all
            .iter()
            .filter(|unchecked| inherited.contains(unchecked.profile()))
            .map(|unchecked| (unchecked.profile().to_owned(), unchecked.resolved.clone()))
            .collect();
        let checked = all.into_iter().map(|unchecked| {
            let names: Vec<String> = unchecked.ancestors().map(str::to_owned).collect();
            let ancestors: Vec<Ancestor<'_>> = names
                .iter()
                .filter_map(|name| {
                    let (profile, resolved) = by_name.get_key_value(name)?;
                    Some(Ancestor { profile, resolved })
                })
                .collect();
            self.check(unchecked, &fleet, &ancestors)
        });
        Ok(checked.collect())
    }

    fn resolve(&mut self, profile: &str) -> Result<Unchecked, LoadError> {
        let mut findings = self.config.findings.clone();
        let mut layers = vec![self.config.layer.clone()];
        let mut header = Header::default();
        let mut chain = vec![profile.to_owned()];
        if self.names.iter().any(|known| known == profile) {
            chain = self.chain(profile, &mut findings);
            for (index, name) in chain.iter().enumerate().rev() {
                let Some(read) = self.profiles.get(name) else {
                    continue;
                };
                findings.extend(read.findings.iter().cloned());
                layers.push(layer(name, &read.options, index > 0));
            }
            if let Some(own) = self.profiles.get(profile) {
                header = own.header.clone();
                if !own.findings.iter().any(is_broken) {
                    findings.extend(stores::missing(own, &self.config.layer));
                }
            }
        } else if profile != DEFAULT_PROFILE {
            return Err(self.unknown_profile(profile));
        }
        layers.extend(self.overrides.iter().cloned());
        findings.extend(self.override_findings.iter().cloned());
        let mut resolved = resolve(&layers);
        resolved.name_variables(|place| {
            let name = self.sources.get(&place.file)?.name_in_line(place.line)?;
            Some(name.to_owned())
        });
        findings.append(&mut resolved.findings);
        Ok(Unchecked {
            chain,
            header,
            layers,
            findings,
            resolved,
        })
    }

    fn check(&self, unchecked: Unchecked, fleet: &Fleet, ancestors: &[Ancestor<'_>]) -> Loaded {
        let profile = unchecked.profile().to_owned();
        let Unchecked {
            header,
            layers,
            mut findings,
            mut resolved,
            ..
        } = unchecked;
        // Of a file that cannot be read, or is not TOML, no one knows what it would have said: no rule can judge it, and
        // what it does not state may stand in the part that is broken.
        let read = |finding: &Diagnostic| !is_broken(finding);
        let judged = findings.iter().all(read).then(|| {
            rules::check(&Subject {
                resolved: &resolved,
                profile: &profile,
                deployed: header
                    .deploy
                    .as_ref()
                    .and_then(|(deploy, place)| deploy.then_some(place)),
                shares_stores_with: header.shares_stores_with.as_ref(),
                layers: &layers,
                fleet,
                ancestors,
                declared: self.declared.as_ref(),
            })
        });
        findings.extend(judged.into_iter().flatten());
        resolved.findings = self.in_order(findings);
        resolved.omitted = Omitted::take_from(&mut resolved.findings);
        resolved.deployed = header.deploys();
        Loaded {
            profile,
            header,
            publisher: self.config.publisher.clone(),
            resolved,
        }
    }

    /// Findings by place, each once; a line that is not TOML says nothing else that could be wrong.
    fn in_order(&self, mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let line = |finding: &Diagnostic| {
            let place = finding.places.first()?;
            Some((Arc::clone(&place.file), place.line))
        };
        let of_syntax = |finding: &&Diagnostic| finding.code == Code::Syntax;
        let broken: HashSet<_> = findings.iter().filter(of_syntax).map(line).collect();
        let mut first_broken: HashMap<Arc<str>, u32> = HashMap::new();
        for (file, line) in broken.iter().flatten() {
            let first = first_broken.entry(Arc::clone(file)).or_insert(*line);
            *first = (*first).min(*line);
        }
        // Below a broken line a key may be in another table than its author meant.
        let follows = |finding: &Diagnostic| {
            let after = |(file, line): (Arc<str>, u32)| {
                first_broken.get(&file).is_some_and(|broken| line > *broken)
            };
            finding.code == Code::UnknownKey && line(finding).is_some_and(after)
        };
        findings.retain(|finding| {
            finding.code == Code::Syntax || !(broken.contains(&line(finding)) || follows(finding))
        });
        // Findings without a place come last.
        findings.sort_by_cached_key(|finding| {
            finding.places.first().map_or((usize::MAX, 0), |place| {
                (self.sources.order(&place.file), place.span.start)
            })
        });
        // Where several layers come from one file, each reports its findings again.
        findings.dedup();
        findings
    }

    pub(super) fn read_profile(&mut self, name: &str) {
        if self.profiles.contains_key(name) {
            return;
        }
        let path = self.profile_file(name);
        let shown = path.display().to_string();
        let read = self.from.text(&path);
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

/// Whether a file is broken, so that what it says is not known.
const fn is_broken(finding: &Diagnostic) -> bool {
    matches!(finding.code, Code::Syntax | Code::UnreadableFile)
}

/// A profile's policy before the rules are checked.
struct Unchecked {
    /// The profile and its ancestors, the nearest first.
    chain: Vec<String>,
    header: Header,
    layers: Vec<Layer>,
    findings: Vec<Diagnostic>,
    resolved: Resolved,
}

impl Unchecked {
    fn profile(&self) -> &str {
        self.chain.first().map_or("", String::as_str)
    }

    fn ancestors(&self) -> impl Iterator<Item = &str> {
        self.chain.iter().skip(1).map(String::as_str)
    }
}

fn layer(name: &str, options: &Options, ancestor: bool) -> Layer {
    Layer {
        name: LayerName::Profile(name.to_owned()),
        options: options.clone(),
        ancestor,
    }
}
