//! The samples of `tests/policies`, each as a publisher's folder.

use std::path::{Path, PathBuf};

use edge_cookie::diagnostic::Code;

pub fn samples(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("REPOSITORY"))
        .join("tests/policies")
        .join(kind);
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    found
}

pub fn name(sample: &Path) -> String {
    sample.file_stem().unwrap().to_str().unwrap().to_owned()
}

pub fn code(sample: &Path) -> Code {
    let name = name(sample);
    Code::parse(name.split('_').next().unwrap()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    }
}

/// The sample as a publisher's folder: its profile is `sample`, and may inherit `hardened`.
pub fn site(sample: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let hardened = Path::new(env!("REPOSITORY")).join("tests/policies/hardened.toml");
    copy(&hardened, &root.join("policies/hardened.toml"));
    if sample.is_dir() {
        copy(sample, root);
    } else {
        std::fs::write(root.join("trusted-server.toml"), "[ec]\n").unwrap();
        copy(sample, &root.join("policies/sample.toml"));
    }
    folder
}
