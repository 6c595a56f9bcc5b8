//! `ec simulate` on this repository's policies, as somebody runs it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What a run said.
pub struct Told {
    /// Standard output, which is JSON where it is told at all.
    pub json: Value,
    /// Standard error.
    pub said: String,
    /// How it ended.
    pub code: i32,
}

/// Runs `ec simulate` with these arguments in `folder`, with this repository's profiles.
pub fn simulate_in(folder: &Path, args: &[&str]) -> Told {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
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
    Told {
        json: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        said: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap(),
    }
}
