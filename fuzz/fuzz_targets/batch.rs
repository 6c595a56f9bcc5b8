//! A batch request: any body is accounted for or refused, and no body is a failure of the server.
#![no_main]

mod service;

use bytes::Bytes;
use http::Request;
use libfuzzer_sys::fuzz_target;
use service::Served;

thread_local!(static SERVED: Served = Served::new());

fuzz_target!(|body: &[u8]| {
    let request = Request::post("/_ts/api/v1/batch-sync")
        .header("authorization", "Bearer token-a")
        .body(Bytes::copy_from_slice(body))
        .expect("a request");
    let status = SERVED
        .with(|served| served.ask(request))
        .expect("an answer");
    // 429: the partner may make a million requests a minute.
    assert!([200, 207, 400, 413, 429].contains(&status), "{status}");
});
