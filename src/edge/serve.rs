//! One request, which is all that an instance serves.

use fastly::geo::geo_lookup;
use fastly::http::StatusCode;
use fastly::{Body, Request, Response};

use super::body::Arriving;
use super::home::EdgeHome;
use super::origin::page;
use super::policy::in_force;
use crate::policy::types::Locality;
use crate::service::{Client, Reply, Service};
use crate::store::run_to_end;

/// Answers the request of this instance, under the bundle that the build embedded or one that replaces it.
pub fn serve(embedded: &str) {
    let request = Request::from_client();
    let setup = match in_force(embedded) {
        Ok(setup) => setup,
        Err(error) => {
            println!(
                "{}",
                serde_json::json!({ "level": "error", "message": error.to_string() })
            );
            return failed(StatusCode::SERVICE_UNAVAILABLE, r#"{"error":"no_policy"}"#);
        }
    };
    let client = client(&request);
    let home = EdgeHome::new(setup.policy());
    let service = Service::new(home, setup);
    let (head, body) = http::Request::<Body>::from(request).into_parts();
    let mut body = Arriving(body);
    match run_to_end(service.answer(&head, &mut body, &client)) {
        Reply::Answer(answer) => {
            Response::from(answer.map(|body| Body::from(body.as_ref()))).send_to_client();
        }
        Reply::PassOn(cookies) => {
            let request = Request::from(http::Request::from_parts(head, body.0));
            let origin = service.setup().publisher().origin_url.as_ref();
            match origin.map(|origin| page(origin, request, cookies)) {
                Some(Ok(page)) => page.send_to_client(),
                Some(Err(error)) => {
                    let why = error.to_string();
                    println!("{}", serde_json::json!({ "level": "warn", "message": why }));
                    failed(StatusCode::BAD_GATEWAY, r#"{"error":"origin_unavailable"}"#);
                }
                None => failed(StatusCode::BAD_GATEWAY, r#"{"error":"origin_unavailable"}"#),
            }
        }
    }
}

fn failed(status: StatusCode, body: &str) {
    Response::from_status(status)
        .with_header("content-type", "application/json")
        .with_body(body)
        .send_to_client();
}

/// What the platform knows of the client.
fn client(request: &Request) -> Client {
    let address = request.get_client_ip_addr();
    let place = address.and_then(geo_lookup).and_then(|geo| {
        let country = geo.country_code().to_ascii_uppercase();
        let whole = geo
            .region()
            .map(|region| format!("{country}-{}", region.to_ascii_uppercase()));
        let whole = whole.as_deref().and_then(Locality::parse);
        whole.or_else(|| Locality::parse(&country))
    });
    Client { address, place }
}
