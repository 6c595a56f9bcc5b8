//! The head of a request: any path, cookies and headers are answered, and nothing is a failure of the server.
#![no_main]

mod service;

use bytes::Bytes;
use http::{HeaderValue, Request, Uri};
use libfuzzer_sys::fuzz_target;
use service::Served;

thread_local!(static SERVED: Served = Served::new());

fuzz_target!(|parts: (&str, &[u8], &[u8], &[u8], bool)| {
    let (path, cookie, origin, authorization, gpc) = parts;
    let Ok(uri) = format!("/{}", path.trim_start_matches('/')).parse::<Uri>() else {
        return;
    };
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = uri;
    for (name, value) in [
        ("cookie", cookie),
        ("origin", origin),
        ("authorization", authorization),
    ] {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            request.headers_mut().insert(name, value);
        }
    }
    if gpc {
        request
            .headers_mut()
            .insert("sec-gpc", HeaderValue::from_static("1"));
    }
    let status = SERVED.with(|served| served.ask(request));
    assert!(status.is_none_or(|status| status < 500), "{status:?}");
});
