//! The commands, one file each.

pub(crate) mod apply;
pub(crate) mod bundle;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod consent;
pub(crate) mod delete;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod get;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod migrate;
pub(crate) mod partner;
pub(crate) mod plan;
pub(crate) mod rollout;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod set;
pub(crate) mod show;
pub(crate) mod simulate;
pub(crate) mod status;
pub(crate) mod verify;

use clap::ValueEnum;

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text.
    Human,
    /// JSON.
    Json,
}

/// How a comparison of policies is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReviewFormat {
    /// Text.
    Human,
    /// JSON.
    Json,
    /// Markdown, for a pull request.
    Markdown,
}
