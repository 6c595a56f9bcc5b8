//! Which paths belong to the service, however a client writes them.

use std::borrow::Cow;

/// What every path of the service begins with.
pub(super) const OWN: &str = "/_ts/";

/// Whether a request's path belongs to the service: as written, or once a server behind it has tidied it up.
///
/// What belongs to it never reaches the origin, which must not see a partner's credentials.
pub(super) fn is_own(path: &str) -> bool {
    normalise(path).starts_with(OWN)
}

/// The path as servers understand it: unreserved characters decoded (RFC 3986, section 6.2.2.2), dot segments resolved
/// (section 5.2.4), empty segments gone.
///
/// An encoded slash and a backslash count as slashes, which some servers take them for. Nothing is decoded twice.
pub(super) fn normalise(path: &str) -> Cow<'_, str> {
    let untidy = ["%", "\\", "//", "/."];
    if path.starts_with('/') && !untidy.iter().any(|sign| path.contains(sign)) {
        return Cow::Borrowed(path);
    }
    let decoded = decode(path);
    let mut segments: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            named => segments.push(named),
        }
    }
    let mut normal = String::with_capacity(decoded.len());
    for segment in &segments {
        normal.push('/');
        normal.push_str(segment);
    }
    // A path that ends in a folder still does.
    let last = decoded.rsplit('/').next().unwrap_or_default();
    if normal.is_empty() || matches!(last, "" | "." | "..") {
        normal.push('/');
    }
    Cow::Owned(normal)
}

/// The path with what is encoded for no reason decoded, once.
fn decode(path: &str) -> String {
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find(['%', '\\']) {
        let (before, after) = rest.split_at(at);
        decoded.push_str(before);
        let byte = after
            .get(1..3)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
        match byte.filter(|_| after.starts_with('%')) {
            Some(b'/' | b'\\') => decoded.push('/'),
            Some(byte) if plain(&byte) => decoded.push(char::from(byte)),
            _ => {
                // A backslash, or a percent sign that stays.
                decoded.push(if after.starts_with('\\') { '/' } else { '%' });
                rest = after.get(1..).unwrap_or_default();
                continue;
            }
        }
        rest = after.get(3..).unwrap_or_default();
    }
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_tidied_up_as_servers_do() {
        for (path, normal) in [
            ("/", "/"),
            ("", "/"),
            ("*", "/*"),
            ("/news/a%20b?", "/news/a%20b?"),
            ("/_ts/api/v1/batch-sync", "/_ts/api/v1/batch-sync"),
            ("/_ts/api/v1/batch-sync/", "/_ts/api/v1/batch-sync/"),
            ("//_ts/health", "/_ts/health"),
            ("/_ts/./api/../health", "/_ts/health"),
            ("/news/../_ts/health", "/_ts/health"),
            ("/../../_ts/health", "/_ts/health"),
            ("/_ts/..", "/"),
            ("/_ts/.", "/_ts/"),
            ("/_ts/../page", "/page"),
            ("/%5fts/api", "/_ts/api"),
            ("/%5Ft%73/api", "/_ts/api"),
            ("/%5fts%2Fapi", "/_ts/api"),
            ("\\_ts\\api", "/_ts/api"),
            ("/%5c_ts/api", "/_ts/api"),
            ("/%2e%2E/_ts/x", "/_ts/x"),
            // Decoded once only: these are other names.
            ("/%255fts/api", "/%255fts/api"),
            ("/%/_ts", "/%/_ts"),
            ("/%5", "/%5"),
            ("/%zz/x", "/%zz/x"),
            ("/_ts%", "/_ts%"),
            ("/é%c3%a9", "/é%c3%a9"),
        ] {
            assert_eq!(normalise(path), normal, "{path}");
        }
    }

    #[test]
    fn what_begins_with_the_services_prefix_is_its_own() {
        for (path, own) in [
            ("/_ts/", true),
            ("/_ts/x", true),
            ("//_ts/", true),
            ("/_ts", false),
            ("/_tsx/", false),
            ("/a/_ts/", false),
            ("/_TS/", false),
            ("/_ts/../page", false),
        ] {
            assert_eq!(is_own(path), own, "{path}");
        }
    }
}
