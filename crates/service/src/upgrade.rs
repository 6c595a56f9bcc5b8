//! Upgrades to another protocol: neither the native server nor the edge speaks any.

use bytes::Bytes;
use http::header::UPGRADE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::answer::refusal_because;

const WEBSOCKET: &[u8] = b"websocket";

/// The refusal of a request that opens a WebSocket (RFC 6455, section 4.1), whose client can do nothing with a page.
///
/// Any other protocol is an offer, which the answer ignores (RFC 9110, section 7.8): clients that would rather
/// speak HTTP/2 send one with every request.
pub(super) fn refusal(headers: &HeaderMap) -> Option<Response<Bytes>> {
    let lines = headers.get_all(UPGRADE).iter().map(HeaderValue::as_bytes);
    let mut offers = lines.flat_map(|line| line.split(|byte| *byte == b','));
    let is_websocket = |offer: &[u8]| {
        // A protocol may come with its version.
        let name = offer.split(|byte| *byte == b'/').next();
        name.is_some_and(|name| name.trim_ascii().eq_ignore_ascii_case(WEBSOCKET))
    };
    offers.any(is_websocket).then(|| {
        let why = "no WebSocket leads through this server: let its address lead to the origin";
        refusal_because(StatusCode::NOT_IMPLEMENTED, "not_implemented", why)
    })
}
