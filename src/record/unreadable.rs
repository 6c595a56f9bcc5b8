//! Why a stored record cannot be read.

use serde::Deserialize;

/// Why a stored record cannot be read. Such a record is overwritten by nothing but a withdrawal or a
/// deletion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// The body is not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// The body has another shape than a record.
    #[error("the body has not the shape of a record: {0}")]
    WrongShape(String),
    /// Another version of the schema wrote the record.
    #[error("the record has schema version {0}, and this reads version 1")]
    WrongVersion(u64),
    /// The record does not state its age, and the policy refuses such a record.
    #[error(
        "the record has neither `t` nor `last_seen`, so that its age is unknown, and `import.unknown_age` is `reject`: to read it, set that to `created` or `now`"
    )]
    UnknownAge,
    /// The metadata is not that of a record.
    #[error("the metadata is not that of a record: {0}")]
    Metadata(String),
}

/// Just enough of a body to distinguish another version from damage.
#[derive(Deserialize)]
struct Version {
    v: u64,
}

impl Unreadable {
    /// Why `body` could not be read as a record of version `known`.
    pub(super) fn body(body: &str, known: u64, error: &serde_json::Error) -> Self {
        if !error.is_data() {
            return Self::NotJson(plain(error));
        }
        match serde_json::from_str::<Version>(body) {
            Ok(Version { v }) if v != known && v != 0 => Self::WrongVersion(v),
            _ => Self::WrongShape(plain(error)),
        }
    }
}

/// The parser's words, with the name it has for a number put as people do.
pub(super) fn plain(error: &serde_json::Error) -> String {
    error
        .to_string()
        .replace("expected u64", "expected a whole number")
}
