//! What is wrong with a secret as text, wherever it comes from.
//!
//! The rules check literals with it, and the code that resolves a reference checks what it found.

/// What is wrong with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretFault {
    /// It is what is shown in a secret's place.
    #[error(
        "is what `ec` shows in the place of a secret: write the secret itself, or a reference to it"
    )]
    Redacted,
    /// It is empty, or all blanks.
    #[error("is blank: make one with `openssl rand -hex 32`")]
    Blank,
    /// It cannot be sent in a header.
    #[error(
        "holds a character that no `Authorization` header can carry, such as a blank or a line end: make one with `openssl rand -hex 32`"
    )]
    NotAToken,
    /// It cannot be a password of HTTP Basic.
    #[error(
        "holds a control character, such as a line end, which no password of HTTP Basic can: make one with `openssl rand -hex 32`"
    )]
    NotAPassword,
    /// It is a placeholder, or one that is published.
    #[error("is a placeholder or a published sample: make one with `openssl rand -hex 32`")]
    Placeholder,
    /// It can be guessed.
    #[error("has fewer than {SHORTEST_SECRET} characters: make one with `openssl rand -hex 32`")]
    Short,
}

/// What a secret is for, which decides what it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretUse {
    /// A key or a password: any text.
    Key,
    /// A bearer token: one word of visible ASCII (RFC 6750, section 2.1).
    Token,
    /// A password of HTTP Basic: any text without control characters (RFC 7617, section 2).
    Password,
}

/// The shortest secret that is not guessed: 128 bits in hex (NIST SP 800-131A asks for 112 of an HMAC's key).
pub(crate) const SHORTEST_SECRET: usize = 32;

/// What is shown in a secret's place, now and by earlier versions.
pub(super) const REDACTED: &str = "…";
const SHOWN_BEFORE: &str = "<redacted>";

/// What people write where a secret is to come.
const PLACEHOLDERS: [&str; 12] = [
    "change",
    "default",
    "dummy",
    "example",
    "fixme",
    "insert",
    "password",
    "placeholder",
    "replace",
    "secret",
    "todo",
    "your",
];

/// What keys in documents and tutorials are made of, long as they are.
const SAMPLES: [&str; 5] = [
    "0123456789abcdef",
    "000102030405060708090a0b0c0d0e0f",
    "1234567890",
    "abcdefghijklmnop",
    "deadbeef",
];

/// The secret without the line end that `echo`, an editor or a mounted file put after it: one, `\n` or `\r\n`.
#[must_use]
pub fn without_line_end(text: &str) -> &str {
    let Some(text) = text.strip_suffix('\n') else {
        return text;
    };
    text.strip_suffix('\r').unwrap_or(text)
}

/// What keeps a secret from working at all.
///
/// # Errors
///
/// [`SecretFault::Redacted`], [`SecretFault::Blank`], [`SecretFault::NotAToken`] or [`SecretFault::NotAPassword`].
pub fn usable(secret: &str, used_as: SecretUse) -> Result<(), SecretFault> {
    if is_redacted(secret) {
        Err(SecretFault::Redacted)
    } else if secret.trim().is_empty() {
        Err(SecretFault::Blank)
    } else if used_as == SecretUse::Token && !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        Err(SecretFault::NotAToken)
    } else if used_as == SecretUse::Password && secret.contains(char::is_control) {
        Err(SecretFault::NotAPassword)
    } else {
        Ok(())
    }
}

/// What makes a secret too weak for a profile that is deployed.
///
/// # Errors
///
/// [`SecretFault::Placeholder`] or [`SecretFault::Short`].
pub fn strong(secret: &str) -> Result<(), SecretFault> {
    let lowered = secret.to_ascii_lowercase();
    let placeholder = PLACEHOLDERS.iter().any(|word| lowered.contains(word))
        || SAMPLES.iter().any(|sample| lowered.contains(sample))
        || lowered.starts_with('<')
        || lowered.chars().all(|one| lowered.starts_with(one));
    if placeholder {
        Err(SecretFault::Placeholder)
    } else if secret.chars().count() < SHORTEST_SECRET {
        Err(SecretFault::Short)
    } else {
        Ok(())
    }
}

/// Whether this is what is shown in a secret's place, with its quotes or without.
pub(super) fn is_redacted(secret: &str) -> bool {
    let bare = secret.trim().trim_matches(['"', '\'']);
    bare == REDACTED || bare == SHOWN_BEFORE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_judged_by_what_it_says() {
        let good = "a3f8b1c2d4e5f60718293a4b5c6d7e8f";
        for (secret, used_as, expected) in [
            (good, SecretUse::Token, Ok(())),
            (
                "a key of words, which is long enough",
                SecretUse::Key,
                Ok(()),
            ),
            ("…", SecretUse::Key, Err(SecretFault::Redacted)),
            ("\"…\"", SecretUse::Key, Err(SecretFault::Redacted)),
            (" <redacted>", SecretUse::Key, Err(SecretFault::Redacted)),
            ("", SecretUse::Key, Err(SecretFault::Blank)),
            (" \t", SecretUse::Key, Err(SecretFault::Blank)),
            ("two words", SecretUse::Token, Err(SecretFault::NotAToken)),
            ("line\nend", SecretUse::Token, Err(SecretFault::NotAToken)),
            ("tökén", SecretUse::Token, Err(SecretFault::NotAToken)),
        ] {
            assert_eq!(usable(secret, used_as), expected, "{secret:?}");
        }
        for (secret, expected) in [
            (good, Ok(())),
            ("x", Err(SecretFault::Placeholder)),
            ("change-me-please", Err(SecretFault::Placeholder)),
            (
                "<the key of production goes here>",
                Err(SecretFault::Placeholder),
            ),
            (
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                Err(SecretFault::Placeholder),
            ),
            (
                "0123456789ABCDEF0123456789ABCDEF",
                Err(SecretFault::Placeholder),
            ),
            ("tr0ub4dor&3", Err(SecretFault::Short)),
        ] {
            assert_eq!(strong(secret), expected, "{secret}");
        }
    }

    #[test]
    fn one_line_end_is_no_part_of_a_secret() {
        for (text, secret) in [
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            ("a\r", "a\r"),
            ("\n", ""),
            ("a", "a"),
        ] {
            assert_eq!(without_line_end(text), secret, "{text:?}");
        }
    }
}
