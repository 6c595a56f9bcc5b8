//! What the policy's service needs to know of the publisher: of `[publisher]`, which belongs to the whole
//! server, the domain and where its pages come from.
//!
//! ```
//! use edge_cookie::policy::publisher::Domain;
//!
//! let domain = Domain::parse("Publisher.example").unwrap();
//! assert!(domain.covers("www.publisher.example"));
//! assert!(!domain.covers("evilpublisher.example"));
//! ```

use std::fmt;

use crate::diagnostic::{Code, Diagnostic};
use crate::platform_facts::internet::{HTTP_PORT, HTTPS_PORT, MAX_DOMAIN_BYTES, is_host_label};
use crate::policy::node::{Node, NodeValue};

/// The publisher whose pages the service serves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Publisher {
    /// The domain that the EC cookie is set for, and whose pages may ask for a user's uid.
    pub domain: Option<Domain>,
    /// Where page requests are handed on to.
    pub origin_url: Option<OriginUrl>,
}

/// A domain name in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain(String);

impl Domain {
    /// Reads a domain name, in any case; none where it is not one.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        let well_formed =
            written.len() <= MAX_DOMAIN_BYTES && written.split('.').all(is_host_label);
        well_formed.then(|| Self(written.to_ascii_lowercase()))
    }

    /// The name in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `host`, in lower case, is this domain or one below it.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        host.strip_suffix(self.as_str())
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where pages come from: a scheme, a host, and perhaps a port and the beginning of every path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginUrl {
    https: bool,
    host: Domain,
    port: Option<u16>,
    /// What comes before the path of a request: empty, or as `/site`.
    base_path: String,
}

/// The ports of the schemes (RFC 9110, section 4.2).
impl OriginUrl {
    /// Reads `http://HOST[:PORT][/PATH]` or `https://HOST[:PORT][/PATH]`; none where it is anything else. A path has
    /// neither a query nor segments of dots, which would lead out of it.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        let (scheme, rest) = written.split_once("://")?;
        let https = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at_checked(at)?,
            None => (rest, ""),
        };
        let base_path = path.trim_end_matches('/');
        if !is_base_path(base_path) {
            return None;
        }
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (authority, None),
        };
        Some(Self {
            https,
            host: Domain::parse(host)?,
            port,
            base_path: base_path.to_owned(),
        })
    }

    /// What comes before the path of every request: empty, or as `/site`.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// Whether it is reached by TLS.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// The host's name.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.as_str()
    }

    /// The host as a request names it: its port only where it is not the scheme's own.
    #[must_use]
    pub fn host_header(&self) -> String {
        match (self.https, self.port) {
            (true, Some(HTTPS_PORT)) | (false, Some(HTTP_PORT)) => self.host.to_string(),
            _ => self.authority(),
        }
    }

    /// The host, and the port where one is given.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        }
    }
}

/// Whether a path can be put before others: of the characters of one (RFC 3986, section 3.3), and no segment of dots.
fn is_base_path(path: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&byte);
    path.bytes().all(allowed)
        && !path.split('/').any(|segment| {
            let plain = segment.to_ascii_lowercase().replace("%2e", ".");
            plain == "." || plain == ".."
        })
}

impl fmt::Display for OriginUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.base_path)
    }
}

impl Publisher {
    /// Reads the table of the configuration; what is wrong with it goes to `findings`.
    #[must_use]
    pub fn read(table: Option<&Node>, findings: &mut Vec<Diagnostic>) -> Self {
        let mut member = |name: &str, rule: fn(&str) -> bool, help: &str| {
            let node = table?.member(name)?;
            match &node.value {
                NodeValue::Text(text) if rule(text) => return Some(text.clone()),
                NodeValue::Text(text) => findings.push(refused(
                    Code::BadValue,
                    format!("`{text}` cannot be `publisher.{name}`"),
                    name,
                    node,
                    help,
                )),
                other => findings.push(refused(
                    Code::WrongType,
                    format!(
                        "`publisher.{name}` is a string, but {} was given",
                        other.kind()
                    ),
                    name,
                    node,
                    help,
                )),
            }
            None
        };
        // Where only the domain of cookies is written, it is the publisher's.
        let name = match table {
            Some(table) if table.member("domain").is_none() => "cookie_domain",
            _ => "domain",
        };
        let domain = member(
            name,
            if name == "domain" {
                is_domain
            } else {
                is_domain_of_cookies
            },
            "write the domain alone, as `publisher.example`",
        );
        let domain = domain.as_deref().and_then(domain_of_cookies);
        let origin_url = member(
            "origin_url",
            |text| OriginUrl::parse(text).is_some(),
            "write a scheme and a host, as `https://origin.publisher.example`",
        );
        let node = table.and_then(|table| table.member(name));
        if let (Some(refusal), Some(node)) = (domain.as_ref().and_then(no_cookie_for), node) {
            let message = format!(
                "browsers keep no cookie for `publisher.{name} = \"{}\"`: {refusal}",
                node.as_text().unwrap_or_default()
            );
            let help = "write the domain that your pages share, as `publisher.example`";
            findings.push(refused(Code::BadValue, message, name, node, help));
        }
        Self {
            domain,
            origin_url: origin_url.as_deref().and_then(OriginUrl::parse),
        }
    }
}

fn is_domain(written: &str) -> bool {
    Domain::parse(written).is_some()
}

fn is_domain_of_cookies(written: &str) -> bool {
    domain_of_cookies(written).is_some()
}

/// A domain with the dot before it that it has in a cookie, or without.
fn domain_of_cookies(written: &str) -> Option<Domain> {
    Domain::parse(written.strip_prefix('.').unwrap_or(written))
}

/// Why browsers drop a cookie for this domain, without a word (RFC 6265, sections 5.1.3 and 5.3).
fn no_cookie_for(domain: &Domain) -> Option<&'static str> {
    let name = domain.as_str();
    if is_address(name) {
        Some("it is an address, and a cookie's domain is a name")
    } else if name == LOCALHOST {
        None
    } else if !name.contains('.') {
        Some("it is a single label, which no one can register")
    } else if is_public_suffix(name) {
        Some("it is a public suffix, under which anyone can have a domain")
    } else {
        None
    }
}

/// The one name of a single label that cookies work for: they are then the host's alone.
pub const LOCALHOST: &str = "localhost";

/// Whether browsers read a host as an IPv4 address: its last label is a number (WHATWG URL, section 3.5).
fn is_address(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let hex = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    hex || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the list of public suffixes has it. Only the command line carries the list; what it bundles is checked.
#[cfg(feature = "public-suffixes")]
fn is_public_suffix(name: &str) -> bool {
    psl::suffix_str(name) == Some(name)
        && psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known())
}

#[cfg(not(feature = "public-suffixes"))]
const fn is_public_suffix(_: &str) -> bool {
    false
}

fn refused(code: Code, message: String, name: &str, node: &Node, help: &str) -> Diagnostic {
    Diagnostic::error(code, message)
        .about(format!("publisher.{name}"))
        .at(node.place.clone())
        .with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_and_origins_are_parsed_once() {
        for (written, domain) in [
            ("Publisher.Example", Some("publisher.example")),
            ("localhost", Some("localhost")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("", None),
            ("a..b", None),
            (".a", None),
            ("-a.b", None),
            ("a/b", None),
            ("a b", None),
        ] {
            let read = Domain::parse(written);
            assert_eq!(read.as_ref().map(Domain::as_str), domain, "{written}");
        }
        for (written, shown) in [
            ("https://o.example", Some("https://o.example")),
            ("http://127.0.0.1:8080/", Some("http://127.0.0.1:8080")),
            ("ftp://o.example", None),
            ("o.example", None),
            ("https://o.example/path/", Some("https://o.example/path")),
            (
                "https://o.example:8443/a/b",
                Some("https://o.example:8443/a/b"),
            ),
            ("https://o.example/a?b", None),
            ("https://o.example/a/../b", None),
            ("https://o.example/%2E%2e", None),
            ("https://o.example/a b", None),
            ("https:///a", None),
            ("https://user@o.example", None),
            ("https://o.example:70000", None),
        ] {
            let read = OriginUrl::parse(written).map(|url| url.to_string());
            assert_eq!(read.as_deref(), shown, "{written}");
        }
    }
}
