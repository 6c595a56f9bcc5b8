//! One request: an instance serves no other.

use embassy_futures::block_on;
use fastly::geo::geo_lookup;
use fastly::http::StatusCode;
use fastly::{Body, Request, Response};
use http::HeaderMap;
use http::request::Parts;

use super::body::EdgeRequestBody;
use super::origin::{NoPage, page as ask};
use super::platform::EdgePlatform;
use super::policy::effective_setup;
use edge_cookie::policy::publisher::OriginUrl;
use edge_cookie::policy::types::Locality;
use edge_cookie_service::{Client, OriginPage, Reply, Service, mark_own};

/// Answers the request of this instance, under the bundle that the build embedded or one that replaces it.
pub fn serve(embedded: &str) {
    let request = Request::from_client();
    let setup = match effective_setup(embedded) {
        Ok(setup) => setup,
        Err(error) => {
            println!(
                "{}",
                serde_json::json!({ "level": "error", "message": error.to_string() })
            );
            let none = HeaderMap::new();
            return failed(
                StatusCode::SERVICE_UNAVAILABLE,
                r#"{"error":"no_policy"}"#,
                none,
            );
        }
    };
    let client = client(&request);
    let platform = EdgePlatform::new(setup.policy());
    let service = Service::new(platform, setup);
    let (head, body) = http::Request::<Body>::from(request).into_parts();
    let mut body = EdgeRequestBody(body);
    match block_on(service.answer(&head, &mut body, &client)) {
        Reply::Answer(answer) => {
            Response::from(answer.map(|body| Body::from(body.as_ref()))).send_to_client();
        }
        Reply::PassOn(page) => pass_on(&service, page, head, body.0, &client),
    }
}

/// Asks the origin for the page, and completes its answer.
fn pass_on(
    service: &Service<EdgePlatform>,
    page: OriginPage,
    mut head: Parts,
    body: Body,
    client: &Client,
) {
    page.prepare(&mut head.headers, client.address);
    let mut request = Request::from(http::Request::from_parts(head, body));
    let setup = service.setup();
    let origin = setup.publisher().origin_url.as_ref();
    if let Some(base) = origin
        .map(OriginUrl::base_path)
        .filter(|base| !base.is_empty())
    {
        let path = format!("{base}{}", request.get_path());
        request.set_path(&path);
    }
    let answered = origin.ok_or(NoPage::NoOrigin);
    let answered = answered.and_then(|origin| ask(origin, &setup.policy().organic, request));
    match answered {
        Ok(answer) => {
            let (mut head, body) = answer.into_parts();
            let unclaimed = block_on(service.complete(page, &mut head.headers));
            Response::from(http::Response::from_parts(head, body)).send_to_client();
            if let Some(unclaimed) = unclaimed {
                unclaimed.claim();
            }
        }
        Err(why) => {
            let message = why.to_string();
            println!(
                "{}",
                serde_json::json!({ "level": "warn", "message": message })
            );
            let mut headers = HeaderMap::new();
            page.fail(&mut headers);
            let (status, error) = if why.is_late() {
                (StatusCode::GATEWAY_TIMEOUT, r#"{"error":"timeout"}"#)
            } else {
                (StatusCode::BAD_GATEWAY, r#"{"error":"origin_unavailable"}"#)
            };
            failed(status, error, headers);
        }
    }
}

/// An answer of the edge's own, which no cache keeps.
fn failed(status: StatusCode, body: &str, mut headers: HeaderMap) {
    mark_own(&mut headers);
    let mut answer = Response::from_status(status)
        .with_header("content-type", "application/json")
        .with_body(body);
    for (name, value) in &headers {
        answer.append_header(name, value);
    }
    answer.send_to_client();
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
