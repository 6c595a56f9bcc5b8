//! What a partner's domain and name may be, wherever they are written: in a policy, over HTTP or on the command line.

use crate::record::PartnerIdError;

/// Most characters of a partner's name. Its length in bytes differs by language; a person reads characters.
pub const MAX_PARTNER_NAME_CHARS: usize = 128;

/// What is wrong with a field of a partner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartnerFieldError {
    /// The id is none.
    #[error(transparent)]
    Id(#[from] PartnerIdError),
    /// The source domain is not a domain name.
    #[error("`{}` is not a domain: write a name such as `liveramp.com`", .0.escape_debug())]
    NotADomain(String),
    /// The source domain has another form than DNS has.
    #[error("the domain `{}` is not in lower case and ASCII, without a dot at its end: write `{canonical}`", .written.escape_debug())]
    NotCanonical {
        /// As it was written.
        written: String,
        /// As it is to be written.
        canonical: String,
    },
    /// The name is blank.
    #[error("the partner's name is blank: name it, or leave it out")]
    BlankName,
    /// The name has too many characters.
    #[error("the partner's name has {0} characters: use at most {MAX_PARTNER_NAME_CHARS}")]
    LongName(usize),
    /// The name has characters that cannot be shown.
    #[error("the partner's name `{}` has characters that cannot be shown: leave them out", .0.escape_debug())]
    UnprintableName(String),
}

/// Reads the domain that a partner's ids are announced under: in lower case and ASCII, as DNS has it (IDNA 2008 as UTS 46
/// processes it, the hyphens and lengths of RFC 1035 checked), and no address.
///
/// Another form is refused rather than converted: where the partner has no `id`, its users' uids are stored under the
/// domain as written.
///
/// # Errors
///
/// Where it is no domain name, or written in another form.
///
/// ```
/// use edge_cookie::policy::types::parse_source_domain;
///
/// assert_eq!(parse_source_domain("liveramp.com").unwrap(), "liveramp.com");
/// assert!(parse_source_domain("LiveRamp.com").unwrap_err().to_string().ends_with("write `liveramp.com`"));
/// ```
pub fn parse_source_domain(written: &str) -> Result<String, PartnerFieldError> {
    let written = written.trim();
    let refused = || PartnerFieldError::NotADomain(written.to_owned());
    // The root's dot is no part of a name that ids are announced under.
    let relative = written.strip_suffix('.').unwrap_or(written);
    let canonical = to_ascii(relative).ok_or_else(refused)?;
    let top_level = canonical.rsplit('.').next().unwrap_or_default();
    if top_level.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused());
    }
    if canonical == written {
        return Ok(canonical);
    }
    Err(PartnerFieldError::NotCanonical {
        written: written.to_owned(),
        canonical,
    })
}

/// The name in lower case and ASCII, where it is one.
#[cfg(feature = "idn")]
fn to_ascii(name: &str) -> Option<String> {
    idna::domain_to_ascii_strict(name).ok()
}

/// Without the tables of Unicode, a name that is not in ASCII is refused, and what a label that begins with `xn--` encodes is not
/// checked.
#[cfg(not(feature = "idn"))]
fn to_ascii(name: &str) -> Option<String> {
    crate::policy::publisher::Domain::parse(name).map(|domain| domain.to_string())
}

/// Reads the name people know a partner by: up to [`MAX_PARTNER_NAME_CHARS`] printable characters.
///
/// # Errors
///
/// Where it is blank or too long, or has control or format characters.
pub fn parse_partner_name(written: &str) -> Result<String, PartnerFieldError> {
    let name = written.trim();
    let length = name.chars().count();
    if length == 0 {
        return Err(PartnerFieldError::BlankName);
    }
    if length > MAX_PARTNER_NAME_CHARS {
        return Err(PartnerFieldError::LongName(length));
    }
    // What the standard library escapes besides these cannot be shown: control, format and unassigned characters.
    let quoting = |character: &char| matches!(character, '"' | '\'' | '\\');
    let plain: String = name.chars().filter(|one| !quoting(one)).collect();
    if !plain.escape_debug().eq(plain.chars()) {
        return Err(PartnerFieldError::UnprintableName(name.to_owned()));
    }
    Ok(name.to_owned())
}
