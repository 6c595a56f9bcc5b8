//! Runs `ec simulate` with this repository's policies, as a user does.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The output of a run.
pub struct SimulateOutput {
    /// Standard output as JSON; null if there is none.
    pub json: Value,
    /// Standard error.
    pub stderr: String,
    /// The exit code.
    pub exit_code: i32,
}

/// Runs `ec simulate` with these arguments in `folder`, with this repository's profiles.
pub fn simulate_in(folder: &Path, args: &[&str]) -> SimulateOutput {
    let root = Path::new(env!("REPOSITORY"));
    let output = Command::new(env!("CARGO_BIN_EXE_ec"))
        .current_dir(folder)
        .arg("--config")
        .arg(root.join("trusted-server.toml"))
        .arg("--policies")
        .arg(root.join("policies"))
        .args(["simulate", "--format", "json"])
        .args(args)
        .output()
        .unwrap();
    SimulateOutput {
        json: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        exit_code: output.status.code().unwrap(),
    }
}
