//! A request to explain: its headers, its place and its time, as they are written.
//!
//! ```
//! use edge_cookie::clock::Timestamp;
//! use edge_cookie_service::consent::{AskedRequest, Verdict, WrittenRequest};
//! use edge_cookie::policy::EcPolicy;
//!
//! let written = WrittenRequest {
//!     cookies: Some("us_privacy=1YYN".to_owned()),
//!     geo: Some("US-CA".to_owned()),
//!     ..WrittenRequest::default()
//! };
//! let asked = AskedRequest::parse(&written)?;
//! let explanation = asked.explain(&EcPolicy::default(), Timestamp::from_unix(1_790_000_000));
//! assert_eq!((explanation.verdict, explanation.rule), (Verdict::Withdrawn, "refusal.us_sale"));
//! # Ok::<(), edge_cookie_service::consent::AskError>(())
//! ```

use http::header::{COOKIE, HeaderName};
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;

use super::explain::{Explanation, explain};
use super::law::Location;
use super::signal::Signals;
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::types::{Locality, LocalityError};

/// A request to explain, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "an object with `cookies`, `headers`, `geo` and `at`"
)]
pub struct WrittenRequest {
    /// The value of a `Cookie` header.
    pub cookies: Option<String>,
    /// Header lines, as `Sec-GPC: 1`.
    pub headers: Vec<String>,
    /// Where the user is, as `DE` or `US-CA`; without it the place is not known.
    pub geo: Option<String>,
    /// The time at which it is decided, in Unix seconds; without it now.
    pub at: Option<Timestamp>,
}

/// A request to explain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedRequest {
    headers: HeaderMap,
    place: Option<Locality>,
    at: Option<Timestamp>,
}

/// What is wrong with a written request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// A cookie without a value.
    #[error("`{0}` is not a cookie: write `NAME=VALUE`")]
    Cookie(String),
    /// A line that is no header.
    #[error("`{0}` is not a header: write `NAME: VALUE`")]
    Header(String),
    /// More headers than a request has.
    #[error(
        "there are too many headers for one request: leave out those that are not about consent"
    )]
    TooManyHeaders,
    /// A place that there is not.
    #[error(transparent)]
    Place(#[from] LocalityError),
}

impl WrittenRequest {
    /// Adds the header lines of a raw HTTP/1 request. Its request line, and what follows the empty line after the headers, are
    /// left out.
    pub fn add_head(&mut self, text: &str) {
        let lines = text.lines().map(str::trim_end);
        let head = lines.take_while(|line| !line.is_empty()).enumerate();
        let is_request_line =
            |at: usize, line: &str| at == 0 && line.rsplit(' ').next().is_some_and(is_version);
        let headers = head.filter(|(at, line)| !is_request_line(*at, line));
        self.headers
            .extend(headers.map(|(_, line)| line.to_owned()));
    }
}

fn is_version(word: &str) -> bool {
    word.starts_with("HTTP/")
}

impl AskedRequest {
    /// Reads a written request.
    ///
    /// # Errors
    ///
    /// [`AskError`], with the part of it that cannot be read.
    pub fn parse(written: &WrittenRequest) -> Result<Self, AskError> {
        let mut headers = HeaderMap::new();
        let mut add = |name, value| {
            let added = headers.try_append(name, value);
            added.map(drop).map_err(|_| AskError::TooManyHeaders)
        };
        for line in &written.headers {
            let wrong = || AskError::Header(line.clone());
            let (name, value) = line.split_once(':').ok_or_else(wrong)?;
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            let value = HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| wrong())?;
            add(name, value)?;
        }
        if let Some(cookies) = written.cookies.as_deref().map(str::trim) {
            let wrong = || AskError::Cookie(cookies.to_owned());
            let value = HeaderValue::from_bytes(cookies.as_bytes()).map_err(|_| wrong())?;
            if !cookies.is_empty() && !cookies.contains('=') {
                return Err(wrong());
            }
            add(COOKIE, value)?;
        }
        Ok(Self {
            headers,
            place: written
                .geo
                .as_deref()
                .map(Locality::read_code)
                .transpose()?,
            at: written.at,
        })
    }

    /// Its headers.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The place, as decisions take it.
    #[must_use]
    pub fn place(&self) -> Option<Location<'_>> {
        self.place.as_ref().map(Location::of)
    }

    /// The time at which it is decided: the written one, else `now`.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Timestamp {
        self.at.unwrap_or(now)
    }

    /// What a policy decides of it.
    #[must_use]
    pub fn explain(&self, policy: &EcPolicy, now: Timestamp) -> Explanation {
        let signals = Signals::of_request(&self.headers, &policy.consent_cookies, |_, _| {});
        let place = self.place();
        explain(&signals, place.as_ref(), &policy.consent, self.at(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_request_is_its_headers() {
        for (text, headers) in [
            (
                "GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\nC: 3",
                &["A: 1", "B: 2"][..],
            ),
            ("A: 1\nB: 2", &["A: 1", "B: 2"]),
            ("POST /x HTTP/2\n", &[]),
            ("", &[]),
        ] {
            let mut written = WrittenRequest::default();
            written.add_head(text);
            assert_eq!(written.headers, headers, "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cookie = |text: &str| WrittenRequest {
            cookies: Some(text.to_owned()),
            ..WrittenRequest::default()
        };
        let header = |text: &str| WrittenRequest {
            headers: vec![text.to_owned()],
            ..WrittenRequest::default()
        };
        let geo = |text: &str| WrittenRequest {
            geo: Some(text.to_owned()),
            ..WrittenRequest::default()
        };
        for (written, error) in [
            (
                cookie("__gpp"),
                "`__gpp` is not a cookie: write `NAME=VALUE`",
            ),
            (
                header("Sec-GPC"),
                "`Sec-GPC` is not a header: write `NAME: VALUE`",
            ),
            (
                header("a b: c"),
                "`a b: c` is not a header: write `NAME: VALUE`",
            ),
            (geo("us-ca"), "`us-ca` is not a place: write `US-CA`"),
            (
                geo("XX"),
                "`XX` is not a place: see ISO 3166 for the codes there are",
            ),
        ] {
            let parsed = AskedRequest::parse(&written);
            assert_eq!(parsed.unwrap_err().to_string(), error);
        }
        assert!(AskedRequest::parse(&cookie("a=1; b")).is_ok());
    }
}
