//! A publisher's folder, and `ec` run in it.
#![allow(dead_code, reason = "each test file uses its part")]

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output};

/// The `ec` that is tested: the one that `EC_TEST_BINARY` names, else the one built with the tests.
pub fn ec() -> OsString {
    std::env::var_os("EC_TEST_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_ec").into())
}

/// A folder with a `trusted-server.toml`, gone when the test is over.
pub struct Site(tempfile::TempDir);

impl Site {
    pub fn new(config: &str) -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        site.write("trusted-server.toml", config);
        site
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, and the folders that it is in.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// `ec` in this folder, whatever profile the environment names.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(ec());
        command
            .current_dir(self.path())
            .args(args)
            .env_remove("EC_PROFILE");
        command
    }

    /// The same, with the limits that these words of a shell set.
    pub fn command_after(&self, shell: &str, args: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command
            .current_dir(self.path())
            .args(["-c", &format!(r#"{shell}; exec "$0" "$@""#)])
            .arg(ec())
            .args(args)
            .env_remove("EC_PROFILE");
        command
    }

    pub fn ec(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }
}
