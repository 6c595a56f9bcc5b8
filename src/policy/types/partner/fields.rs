//! The names of a partner's fields, and how each is written in an override.

/// How a field's value is written in the environment or on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldKind {
    /// A text, without quotes.
    Text,
    /// A secret: a text without quotes, or a reference as an inline table.
    Secret,
    /// As in TOML.
    Toml,
}

use FieldKind::{Secret, Text, Toml};

/// The fields of a partner.
pub(super) const FIELDS: [(&str, FieldKind); 11] = [
    ("id", Text),
    ("name", Text),
    ("source_domain", Text),
    ("openrtb_atype", Toml),
    ("gvl_id", Toml),
    (TOKEN, Secret),
    (TOKEN_HASH, Text),
    ("rate_limit", Toml),
    ("enabled", Toml),
    ("bidstream", Toml),
    (PULL, Toml),
];

/// The fields of a partner's `pull` table.
pub(super) const PULL_FIELDS: [(&str, FieldKind); 6] = [
    ("enabled", Toml),
    ("url", Text),
    ("hosts", Toml),
    ("ttl", Text),
    ("token", Secret),
    ("rate_limit", Toml),
];

/// The two ways to state a partner's token: one of them replaces the other.
pub(super) const TOKEN: &str = "api_token";
pub(super) const TOKEN_HASH: &str = "api_token_sha256";

/// The one field that is a table.
pub(super) const PULL: &str = "pull";
pub(super) const PULL_TOKEN: &str = "pull.token";

/// The fields of a partner that are secrets, by the names that no other setting has.
pub(crate) const SECRET_FIELDS: [&str; 1] = [TOKEN];

/// What partners know this service by, and it them: no ancestor of a profile supplies them.
pub(super) const TOKENS: [&str; 3] = [TOKEN, TOKEN_HASH, PULL_TOKEN];

/// How the field of this name is written, that of the `pull` table as `pull.url`; as TOML where no field has the name.
#[cfg(feature = "files")]
pub(crate) fn field_kind(name: &str) -> FieldKind {
    let (fields, own) = match name.split_once('.') {
        Some((PULL, own)) => (&PULL_FIELDS[..], own),
        _ => (&FIELDS[..], name),
    };
    let field = fields.iter().find(|(field, _)| *field == own);
    field.map_or(Toml, |(_, kind)| *kind)
}

/// Whether a declared partner has a field of this name.
#[must_use]
pub fn is_partner_field(name: &str) -> bool {
    FIELDS.iter().any(|(field, _)| *field == name)
}

/// The names of these fields.
pub(super) fn names(fields: &[(&'static str, FieldKind)]) -> Vec<&'static str> {
    fields.iter().map(|(name, _)| *name).collect()
}
