//! The native server's own frame round a constant: what `scripts/load.sh` holds the service against.
//!
//!     cargo run --release --example constant -- 127.0.0.1:7677
#![allow(clippy::unwrap_used, reason = "an example for measuring may stop")]

use axum::Router;
use axum::http::header::CONTENT_TYPE;

/// As long as an answer of identify.
const ANSWER: &str = r#"{"ec":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f.Ab3xY9","consent":"ok","degraded":false,"partner_id":"partner.example","source_domain":"partner.example","uid":"abc123","eid":{"source":"partner.example","uids":[{"id":"abc123","atype":3}]}}"#;

#[tokio::main]
async fn main() {
    let address = std::env::args()
        .nth(1)
        .unwrap_or("127.0.0.1:7677".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let app = Router::new().fallback(|| async { ([(CONTENT_TYPE, "application/json")], ANSWER) });
    axum::serve(listener, app).await.unwrap();
}
