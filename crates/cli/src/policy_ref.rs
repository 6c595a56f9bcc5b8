//! One side of a comparison: a profile, or a bundle in a file.
//!
//! A bare reference is always a profile, whatever files are there: anyone who can add a file to a repository could otherwise
//! put another policy in the place of the one that is reviewed.

use std::path::Path;

use edge_cookie::config::{PolicyFiles, read_text};
use edge_cookie::policy::bundle::Bundled;
use edge_cookie::policy::publisher::Publisher;
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::printable::on_one_line;
use edge_cookie_review::Deployment;

use crate::policy::PolicyArgs;
use crate::{CliError, FileArgs, render};

/// A policy, and what the user called it.
pub(crate) struct ComparedPolicy {
    pub(crate) name: String,
    /// The same for people: of a bundle the file's own name.
    pub(crate) label: String,
    pub(crate) resolved: Resolved,
    /// Whose pages it is for.
    pub(crate) publisher: Publisher,
}

/// What a reference names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reference<'w> {
    Profile(&'w str),
    /// The bundle in this file, or the policy that it tries on a share of the users.
    Bundle {
        file: &'w str,
        candidate: bool,
    },
}

impl<'w> Reference<'w> {
    fn parse(written: &'w str) -> Self {
        if let Some(name) = written.strip_prefix(PROFILE) {
            return Self::Profile(name);
        }
        let file = FILES
            .into_iter()
            .find_map(|prefix| written.strip_prefix(prefix));
        file.map_or(Self::Profile(written), |file| {
            let (file, candidate) = bundle_file(file);
            Self::Bundle { file, candidate }
        })
    }
}

impl ComparedPolicy {
    /// Reads what `written` refers to: the profile of that name, or the bundle in `file:PATH` or `bundle:PATH`.
    /// `file:PATH#candidate` is the policy that the bundle tries on a share of the users, `profile:NAME` a profile whose name
    /// begins as a file does.
    pub(crate) fn read(written: &str, args: &FileArgs) -> Result<Self, CliError> {
        let (label, (resolved, publisher)) = match Reference::parse(written) {
            Reference::Profile(name) => (name.to_owned(), of_profile(name, args)?),
            Reference::Bundle { file, candidate } => {
                // A bundle is read where there is no policy file, too. Its folder says nothing.
                let own = Path::new(file).file_name().unwrap_or_default();
                let mark = if candidate { CANDIDATE } else { "" };
                let label = format!("{}{mark}", own.to_string_lossy());
                (label, of_bundle(file, candidate)?)
            }
        };
        Ok(Self {
            name: written.to_owned(),
            label: on_one_line(&label).into_owned(),
            resolved,
            publisher,
        })
    }

    /// The profile of this name in these files.
    pub(crate) fn of_profile(name: &str, files: PolicyFiles) -> Result<Self, CliError> {
        let (resolved, publisher) = loaded(name, files)?;
        Ok(Self {
            name: name.to_owned(),
            label: on_one_line(name).into_owned(),
            resolved,
            publisher,
        })
    }

    /// As a plan compares it.
    pub(crate) const fn deployment(&self) -> Deployment<'_> {
        Deployment {
            resolved: &self.resolved,
            publisher: &self.publisher,
        }
    }
}

/// What begins a reference to a profile, where its name alone would be read as a file's.
const PROFILE: &str = "profile:";

/// What begins a reference to a bundle in a file.
const FILES: [&str; 2] = ["file:", "bundle:"];

/// What follows the file of a bundle whose candidate is meant.
const CANDIDATE: &str = "#candidate";

/// The file of a bundle, and whether its candidate is meant: `FILE#candidate`, unless there is a file of that whole name.
pub(crate) fn bundle_file(written: &str) -> (&str, bool) {
    match written.strip_suffix(CANDIDATE) {
        Some(file) if !Path::new(written).is_file() => (file, true),
        _ => (written, false),
    }
}

fn of_profile(name: &str, args: &FileArgs) -> Result<(Resolved, Publisher), CliError> {
    warn_of_file(name);
    loaded(name, PolicyArgs::default().open(args)?)
}

fn warn_of_file(name: &str) {
    // A path with a separator may well be the bundle that an older version read here.
    if Path::new(name).is_file() {
        render::note(&format!(
            "`{name}` means the profile: the file of that name is not read; write `file:{name}` for the bundle in it"
        ));
    }
}

fn loaded(name: &str, mut files: PolicyFiles) -> Result<(Resolved, Publisher), CliError> {
    let profile = files.choose(Some(name), None).map_err(CliError::because)?;
    let loaded = files.load(&profile).map_err(CliError::because)?;
    let (resolved, publisher) = (loaded.resolved, loaded.publisher);
    if !resolved.is_usable() {
        render::findings_in_passing(&resolved, files.sources());
        return Err(CliError::BadPolicy);
    }
    Ok((resolved, publisher))
}

fn of_bundle(file: &str, candidate: bool) -> Result<(Resolved, Publisher), CliError> {
    let bundle = bundle(Path::new(file)).map_err(CliError::Because)?;
    let resolved = match (candidate, bundle.traced_candidate()) {
        (false, None) => bundle.traced(),
        (false, Some(_)) => {
            let other = bundle
                .rollout
                .as_ref()
                .map_or("", |rollout| &rollout.profile);
            render::warning(&format!(
                "`{file}` also carries a candidate, `{other}`, which is not compared: name it `file:{file}{CANDIDATE}`"
            ));
            bundle.traced()
        }
        (true, Some(candidate)) => candidate,
        (true, None) => {
            return Err(CliError::because(format!(
                "the bundle `{file}` has no candidate"
            )));
        }
    };
    Ok((resolved, bundle.publisher))
}

/// Reads the bundle in a file.
pub(crate) fn bundle(path: &Path) -> Result<Bundled, String> {
    let because = |why: String| format!("cannot use the bundle `{}`: {why}", path.display());
    let text = read_text(path).map_err(|error| because(error.to_string()))?;
    Bundled::read(text.trim_end()).map_err(|error| because(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_reference_is_a_profile_and_a_file_says_so() {
        let bundle = |file, candidate| Reference::Bundle { file, candidate };
        // A file that is there, as anyone who sends a change can put it.
        for (written, meant) in [
            ("production", Reference::Profile("production")),
            ("Cargo.toml", Reference::Profile("Cargo.toml")),
            ("./Cargo.toml", Reference::Profile("./Cargo.toml")),
            ("profile:file:x", Reference::Profile("file:x")),
            ("file:Cargo.toml", bundle("Cargo.toml", false)),
            ("bundle:b.json", bundle("b.json", false)),
            ("bundle:b.json#candidate", bundle("b.json", true)),
            ("b.json#candidate", Reference::Profile("b.json#candidate")),
        ] {
            assert_eq!(Reference::parse(written), meant, "{written}");
        }
    }
}
