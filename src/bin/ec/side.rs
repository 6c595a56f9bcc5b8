//! One side of a comparison: a profile, or a bundle file.

use std::path::Path;

use edge_cookie::plan::Deployment;
use edge_cookie::policy::bundle::Bundled;
use edge_cookie::policy::publisher::Publisher;
use edge_cookie::policy::resolve::Resolved;

use crate::policy::PolicyArgs;
use crate::{FileArgs, Stop, render};

/// A policy, and what the user called it.
pub(crate) struct Side {
    pub(crate) name: String,
    /// The same for people: of a bundle the file's own name.
    pub(crate) label: String,
    pub(crate) resolved: Resolved,
    /// Whose pages it is for.
    pub(crate) publisher: Publisher,
}

impl Side {
    /// Reads what `name` means: the bundle in a file of that name, else the profile. `FILE#candidate` is the policy that
    /// the bundle tries on a share of the users.
    pub(crate) fn read(name: &str, args: &FileArgs) -> Result<Self, Stop> {
        let candidate = name
            .strip_suffix(CANDIDATE)
            .filter(|file| Path::new(file).is_file());
        let file = candidate.unwrap_or(name);
        let (resolved, publisher) = if Path::new(file).is_file() {
            let bundle = bundle(Path::new(file)).map_err(Stop::Because)?;
            let resolved = match (candidate, bundle.traced_candidate()) {
                (None, None) => bundle.traced(),
                (None, Some(_)) => {
                    let other = bundle
                        .rollout
                        .as_ref()
                        .map_or("", |rollout| &rollout.profile);
                    render::warning(&format!(
                        "`{file}` also carries a candidate, `{other}`, which is not compared: name it `{file}{CANDIDATE}`"
                    ));
                    bundle.traced()
                }
                (Some(_), Some(candidate)) => candidate,
                (Some(_), None) => {
                    return Err(Stop::because(format!(
                        "the bundle `{file}` carries no candidate"
                    )));
                }
            };
            (resolved, bundle.publisher)
        } else {
            // A bundle is read where there is no policy file, too.
            let mut files = PolicyArgs::default().open(args)?;
            let profile = files.choose(Some(name), None).map_err(Stop::because)?;
            let loaded = files.load(&profile).map_err(Stop::because)?;
            let (resolved, publisher) = (loaded.resolved, loaded.publisher);
            if !resolved.is_usable() {
                render::findings_in_passing(&resolved.findings, files.sources());
                return Err(Stop::BadPolicy);
            }
            (resolved, publisher)
        };
        // Of a bundle's path its folder says nothing.
        let own = Path::new(name)
            .file_name()
            .filter(|_| Path::new(file).is_file());
        let label = own.map_or_else(|| name.to_owned(), |own| own.to_string_lossy().into_owned());
        Ok(Self {
            name: name.to_owned(),
            label,
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

/// What follows the file of a bundle whose candidate is meant.
pub(crate) const CANDIDATE: &str = "#candidate";

/// Reads the bundle in a file.
pub(crate) fn bundle(path: &Path) -> Result<Bundled, String> {
    let because = |why: String| format!("cannot use the bundle `{}`: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| because(error.to_string()))?;
    Bundled::read(text.trim_end()).map_err(|error| because(error.to_string()))
}
