//! What concerns one connection only, and must not go from one side of an exchange to the other.

use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, StatusCode};

/// Why an origin's answer is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerFault {
    /// It agrees to a protocol that it was not asked for, or has not ended.
    #[error("its status {0} is not that of a final answer")]
    Informational(StatusCode),
    /// Its body is encoded for transfer in a way that was not asked for.
    #[error("its `Transfer-Encoding` is not `chunked`")]
    TransferCoding,
}

/// Headers that concern one connection only (RFC 9110, section 7.6.1).
const OF_THE_CONNECTION: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Takes out what concerns one connection only, and what that connection names as such.
pub(super) fn remove_connection_headers(headers: &mut HeaderMap) {
    // A line that is no text may still name headers.
    let named: Vec<HeaderName> = (headers.get_all(CONNECTION).iter())
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .collect();
    for name in OF_THE_CONNECTION.iter().chain(&named) {
        headers.remove(name);
    }
}

/// Whether a message is in no transfer coding, or in `chunked` alone: what is coded in any other way as well cannot go
/// on without the header that says so.
pub(super) fn is_plainly_coded(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let first = codings.next();
    let plain = first.is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    plain && codings.next().is_none()
}

/// Checks the head of the origin's answer, and takes out what concerns the origin's connection, and a length that
/// contradicts how the answer ends (RFC 9112, section 6).
///
/// # Errors
///
/// Where it is no answer: what follows on the connection is anybody's guess.
pub fn check_answer(status: StatusCode, headers: &mut HeaderMap) -> Result<(), AnswerFault> {
    if status.is_informational() {
        return Err(AnswerFault::Informational(status));
    }
    if !is_plainly_coded(headers) {
        return Err(AnswerFault::TransferCoding);
    }
    let is_coded = headers.contains_key(TRANSFER_ENCODING);
    let is_empty = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let lengths = headers.get_all(CONTENT_LENGTH).iter().count();
    remove_connection_headers(headers);
    if is_coded || is_empty || lengths > 1 {
        headers.remove(CONTENT_LENGTH);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(lines: &[(&'static str, &[u8])]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let value = HeaderValue::from_bytes(value).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        headers
    }

    #[test]
    fn what_concerns_a_connection_stays_with_it() {
        let mut of_one = headers(&[
            ("connection", b"close, X-Own"),
            ("connection", b"\xff, x-other ,, not a name"),
            ("keep-alive", b"timeout=5"),
            ("proxy-connection", b"keep-alive"),
            ("te", b"trailers"),
            ("trailer", b"x"),
            ("transfer-encoding", b"chunked"),
            ("upgrade", b"websocket"),
            ("x-own", b"1"),
            ("x-other", b"1"),
            ("x-kept", b"1"),
        ]);
        remove_connection_headers(&mut of_one);
        assert_eq!(of_one, headers(&[("x-kept", b"1")]));
    }

    #[test]
    fn a_length_stays_only_where_it_is_the_answers_end() {
        let length = ("content-length", &b"4"[..]);
        let chunked = ("transfer-encoding", &b"Chunked"[..]);
        let gzip = ("transfer-encoding", &b"gzip, chunked"[..]);
        let fault = Err(AnswerFault::TransferCoding);
        let switching = StatusCode::SWITCHING_PROTOCOLS;
        for (status, lines, expected) in [
            (StatusCode::OK, &[length][..], Ok(true)),
            (StatusCode::OK, &[], Ok(false)),
            (StatusCode::OK, &[length, chunked], Ok(false)),
            (StatusCode::OK, &[length, length], Ok(false)),
            (StatusCode::NO_CONTENT, &[length], Ok(false)),
            (StatusCode::NOT_MODIFIED, &[length], Ok(false)),
            (StatusCode::OK, &[gzip], fault),
            (StatusCode::OK, &[chunked, chunked], fault),
            (switching, &[], Err(AnswerFault::Informational(switching))),
        ] {
            let mut headers = headers(lines);
            let checked = check_answer(status, &mut headers);
            let checked = checked.map(|()| headers.contains_key(CONTENT_LENGTH));
            assert_eq!(checked, expected, "{status} {lines:?}");
            assert!(checked.is_err() || !headers.contains_key(TRANSFER_ENCODING));
        }
    }
}
