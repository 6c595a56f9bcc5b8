//! A publisher's folder, from the texts of its files.
#![allow(dead_code, reason = "each test file uses its part")]

use edge_cookie::config::{PolicyFiles, PolicySources};
use edge_cookie::diagnostic::{Code, Diagnostic};

/// What a publisher wrote: files by their path in the folder, and the environment's variables.
#[derive(Default, Clone, Copy)]
pub struct Publisher<'p> {
    pub files: &'p [(&'p str, &'p str)],
    pub environment: &'p [(&'p str, &'p str)],
}

impl Publisher<'_> {
    /// What is found of a profile, which need have no file.
    pub fn findings(self, profile: &str) -> Vec<Diagnostic> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir(root.join("policies")).unwrap();
        std::fs::write(root.join("trusted-server.toml"), "").unwrap();
        for (name, text) in self.files {
            std::fs::write(root.join(name), text).unwrap();
        }
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut files = PolicyFiles::open(PolicySources {
            config: root.join("trusted-server.toml"),
            policies: root.join("policies"),
            environment: self.environment.iter().map(owned).collect(),
            ..PolicySources::default()
        })
        .unwrap();
        let mut all = files.load_all().unwrap().into_iter();
        let loaded = all
            .find(|loaded| loaded.profile == profile)
            .unwrap_or_else(|| files.load(profile).unwrap());
        loaded.resolved.findings
    }
}

/// The messages of the findings of one code.
pub fn messages(findings: &[Diagnostic], code: Code) -> Vec<&str> {
    findings
        .iter()
        .filter(|finding| finding.code == code)
        .map(|finding| finding.message.as_str())
        .collect()
}
