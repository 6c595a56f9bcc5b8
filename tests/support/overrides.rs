//! The overrides of a sample.

use std::path::Path;

/// The overrides that a sample's file `sets` holds, as they stand on a command line.
pub fn sets(root: &Path) -> Vec<String> {
    let written = std::fs::read_to_string(root.join("sets")).unwrap_or_default();
    let set = |line: &str| line.strip_prefix("--set ").map(str::to_owned);
    written.lines().filter_map(set).collect()
}
