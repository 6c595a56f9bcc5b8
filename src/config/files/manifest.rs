//! `fastly.toml`, where there is one beside the configuration: which stores it declares.

use std::path::Path;

use super::read::read_text;
use super::{Source, toml};
use crate::policy::node::Node;
use crate::rules::Declared;

/// The manifest's name (Fastly's documentation, `fastly.toml` reference).
const MANIFEST: &str = "fastly.toml";

/// Where it declares key-value stores: for a deploy, and for the local server.
const TABLES: [&str; 2] = ["setup.kv_stores", "local_server.kv_stores"];

/// The stores that the manifest next to `config` declares. The platform reports what is wrong with that file.
pub(super) fn declared(config: &Path) -> Option<Declared> {
    let path = config.with_file_name(MANIFEST);
    let text = read_text(&path).ok()?;
    let file = path.display().to_string();
    let document = toml::document(&Source::new(&file, &text), &text, &mut Vec::new());
    let stores = TABLES
        .into_iter()
        .filter_map(|table| document.at_key(table))
        .flat_map(Node::members)
        .map(|(key, _)| key.name.clone())
        .collect();
    Some(Declared { file, stores })
}
