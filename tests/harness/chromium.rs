//! Chromium, without a window (Debian's `chromium`, which `scripts/test.sh` installs).
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::Path;
use std::process::{Command, Stdio};

/// The browser on `PATH`. Without one the test says what is left out, and in CI it fails.
pub fn find(left_out: &str) -> Option<&'static str> {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| {
            let version = Command::new(name)
                .arg("--version")
                .stderr(Stdio::null())
                .output();
            version.is_ok_and(|version| version.status.success())
        });
    assert!(
        found.is_some() || std::env::var_os("CI").is_none(),
        "{left_out} is not tested: install `chromium`"
    );
    if found.is_none() {
        eprintln!("LEFT OUT: {left_out}, for there is no `chromium`");
    }
    found
}

/// The browser with a profile of its own in this folder; it requests nothing by itself.
pub fn command(chromium: &str, profile: &Path) -> Command {
    let mut command = Command::new(chromium);
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .arg(format!("--user-data-dir={}", profile.display()));
    command
}
