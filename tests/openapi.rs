//! The description of the API is the service's own: every route and method of one is in the other, every answer that
//! the black-box suite would get has its schema.

use crate::harness::service as support;

use std::collections::BTreeSet;
use std::sync::Arc;

use edge_cookie::clock::SystemClock;
use edge_cookie::store::MemoryStore;
use edge_cookie_service::ROUTES;
use http::Request;
use serde_json::Value;
use support::{Answer, Served, id};

fn description() -> Value {
    let path = concat!(env!("REPOSITORY"), "/openapi.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn it_has_every_route_and_no_other() {
    let mut described = BTreeSet::new();
    for (path, item) in description()["paths"].as_object().unwrap() {
        for method in item
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| *key != "parameters")
        {
            described.insert((path.clone(), method.to_uppercase()));
        }
    }
    let routes = ROUTES.iter().flat_map(|(path, methods)| {
        methods
            .iter()
            .map(|method| ((*path).to_owned(), method.to_string()))
    });
    assert_eq!(described, routes.collect());
}

/// What a reference in the description means.
fn meant<'d>(whole: &'d Value, part: &'d Value) -> &'d Value {
    match part["$ref"].as_str() {
        Some(reference) => meant(
            whole,
            whole.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        ),
        None => part,
    }
}

/// What of `value` the schema does not allow.
fn faults(whole: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let schema = meant(whole, schema);
    let mut found = Vec::new();
    if schema.get("const").is_some_and(|only| only != value) {
        found.push(format!("{value} is not {}", schema["const"]));
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|words| !words.contains(value))
    {
        found.push(format!("{value} is not one of {}", schema["enum"]));
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if schema["type"]
        .as_str()
        .is_some_and(|expected| expected != kind)
    {
        found.push(format!("{value} is not of type {}", schema["type"]));
    }
    if let Some(members) = value.as_object() {
        for required in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(required.as_str().unwrap()) {
                found.push(format!("{required} is missing in {value}"));
            }
        }
        for (name, member) in members {
            match schema["properties"].get(name) {
                Some(schema) => found.extend(faults(whole, schema, member)),
                None if schema["additionalProperties"] == false => {
                    found.push(format!("`{name}` is not described"));
                }
                None => {}
            }
        }
    }
    for item in value.as_array().into_iter().flatten() {
        found.extend(faults(whole, &schema["items"], item));
    }
    found
}

/// That this answer is described there: its headers, and its body or that it has none.
fn is_described(whole: &Value, operation: &Value, answer: &Answer, name: &str) {
    let described = meant(whole, &operation["responses"][answer.status().as_str()]);
    assert!(described.is_object(), "{name} is not described");
    for (header, of) in described["headers"].as_object().into_iter().flatten() {
        let value = answer
            .headers()
            .get(header)
            .unwrap_or_else(|| panic!("{name}: no {header}"));
        let only = of["schema"]["const"].as_str();
        assert!(only.is_none_or(|only| only == value), "{name}: {header}");
    }
    let Some(schema) = described["content"]["application/json"].get("schema") else {
        assert!(answer.body().is_empty(), "{name}");
        return;
    };
    assert_eq!(
        answer.headers()["content-type"],
        "application/json",
        "{name}"
    );
    let value: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(
        faults(whole, schema, &value),
        Vec::<String>::new(),
        "{name}"
    );
}

#[test]
fn every_operation_describes_its_400_and_its_429() {
    let whole = description();
    let memory = Arc::new(MemoryStore::new(SystemClock));
    let served = Served::over(memory, &["sync.invalid_token_limit=1"]);
    let request = |method: &str, path: &str| {
        let path = path.replace("{id}", "x");
        Request::builder().method(method).uri(path)
    };
    let whole_server = ("*", &whole["x-whole-server"]);
    let paths = whole["paths"].as_object().unwrap().iter();
    for (path, item) in paths
        .map(|(path, item)| (path.as_str(), item))
        .chain([whole_server])
    {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            if operation["responses"].is_null() {
                continue;
            }
            let name = format!("{method} {path}");
            let two_hosts = request(&method, path)
                .header("host", "a")
                .header("host", "b");
            let answer = served.answer(two_hosts.body(String::new()).unwrap());
            assert_eq!(answer.status(), 400, "{name}");
            is_described(&whole, operation, &answer, &name);
            // Where anyone may ask, no token is needed.
            let needed = operation["security"][0].as_object();
            if needed.is_none_or(serde_json::Map::is_empty) {
                continue;
            }
            let last = (0..3).map(|_| {
                let guess = request(&method, path).header("authorization", "Bearer guess");
                served.answer(guess.body(String::new()).unwrap())
            });
            let last = last.last().unwrap();
            assert_eq!(last.status(), 429, "{name}");
            is_described(&whole, operation, &last, &name);
        }
    }
    let asked = request("OPTIONS", "*").body(String::new()).unwrap();
    let answer = served.answer(asked);
    assert_eq!(answer.status(), 200);
    is_described(
        &whole,
        &whole["x-whole-server"]["options"],
        &answer,
        "OPTIONS *",
    );
}

#[test]
fn answers_are_those_that_it_describes() {
    let whole = description();
    let served = Served::over(
        Arc::new(MemoryStore::new(SystemClock)),
        &[
            "sync.on_missing=reject",
            "sync.rate_limit=4",
            "admin.basic.username=ops",
            "admin.basic.password=secret",
        ],
    );
    let user = support::set_cookie(&served.page(None)).unwrap()["ts-ec=".len()..]
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let known = format!("us_privacy=1YNN; ts-ec={user}");
    let (partner, operator) = ("Bearer token-a", "Bearer operator");
    // As `printf %s ops:secret | base64` writes it.
    let password = "Basic b3BzOnNlY3JldA==";
    let mapping = |id: &str| {
        format!(
            r#"{{"mappings":[{{"ec_id":"{id}","partner_uid":"u","timestamp":{}}}]}}"#,
            support::now()
        )
    };
    let (good, bad) = (mapping(&user), mapping(&id(1)));
    let record = "/_ts/admin/v1/ec/{id}";
    let rotate = "/_ts/admin/v1/partners/{id}/rotate";
    let explain = "/_ts/admin/v1/consent/explain";
    let cookies = "us_privacy=1YNN; __gpp=DBABrw~CVQqAAAAAABA.QA~BUkAAABA.QA; euconsent-v2=CQlH_MAQlH_MAAfABENB4FgAEIAAAAAAAAAALAAAAAAAA";
    let of_every_kind = serde_json::json!({
        "cookies": cookies, "headers": ["Sec-GPC: 1"], "geo": "US-CA", "at": 1_795_867_200,
    })
    .to_string();
    let cases: &[(&str, &str, &str, &str, &str, &str, u16)] = &[
        (
            "POST",
            "/_ts/api/v1/batch-sync",
            "",
            partner,
            "",
            &good,
            200,
        ),
        ("POST", "/_ts/api/v1/batch-sync", "", partner, "", &bad, 207),
        ("POST", "/_ts/api/v1/batch-sync", "", partner, "", "x", 400),
        ("POST", "/_ts/api/v1/batch-sync", "", "", "", "", 401),
        (
            "POST",
            "/_ts/api/v1/batch-sync",
            "",
            partner,
            "",
            &" ".repeat(2_097_153),
            413,
        ),
        ("POST", "/_ts/api/v1/batch-sync", "", partner, "", "", 429),
        ("GET", "/_ts/api/v1/identify", "", partner, &known, "", 200),
        (
            "GET",
            "/_ts/api/v1/identify",
            "",
            partner,
            "us_privacy=1YNN",
            "",
            204,
        ),
        ("GET", "/_ts/api/v1/identify", "", "", "", "", 401),
        ("GET", "/_ts/api/v1/identify", "", partner, "", "", 403),
        ("OPTIONS", "/_ts/api/v1/identify", "", "", "", "", 200),
        ("GET", "/_ts/health", "", "", "", "", 200),
        ("GET", "/_ts/health", "", operator, "", "", 200),
        ("GET", "/_ts/admin/v1/policy", "", operator, "", "", 200),
        ("GET", "/_ts/admin/v1/policy", "", password, "", "", 200),
        ("GET", "/_ts/health", "", password, "", "", 200),
        ("GET", "/_ts/admin/v1/policy", "", "", "", "", 401),
        ("GET", "/_ts/admin/v1/ec", "", operator, "", "", 200),
        ("GET", record, &user, operator, "", "", 200),
        ("GET", record, &id(1), operator, "", "", 404),
        ("GET", record, "x", operator, "", "", 400),
        ("DELETE", record, &user, operator, "", "", 200),
        (
            "POST",
            "/_ts/admin/v1/partners",
            "",
            operator,
            "",
            r#"{"source_domain":"b.com"}"#,
            200,
        ),
        (
            "POST",
            "/_ts/admin/v1/partners",
            "",
            operator,
            "",
            r#"{"source_domain":"b.com"}"#,
            409,
        ),
        (
            "POST",
            "/_ts/admin/v1/partners",
            "",
            operator,
            "",
            "{}",
            400,
        ),
        ("GET", "/_ts/admin/v1/partners", "", operator, "", "", 200),
        ("POST", explain, "", operator, "", &of_every_kind, 200),
        (
            "POST",
            explain,
            "",
            operator,
            "",
            r#"{"geo":"California"}"#,
            400,
        ),
        ("POST", explain, "", operator, "", r#"{"gpc":true}"#, 400),
        ("POST", explain, "", "", "", "{}", 401),
        (
            "POST",
            explain,
            "",
            operator,
            "",
            &" ".repeat(2_097_153),
            413,
        ),
        ("POST", rotate, "b.com", operator, "", "", 200),
        ("POST", rotate, "c.com", operator, "", "", 404),
        (
            "POST",
            "/_ts/admin/v1/partners/{id}/disable",
            "b.com",
            operator,
            "",
            "",
            204,
        ),
    ];
    for (method, path, in_path, token, cookie, body, status) in cases {
        let name = format!("{method} {path} {status}");
        let mut request = Request::builder()
            .method(*method)
            .uri(path.replace("{id}", in_path));
        for (header, value) in [("authorization", token), ("cookie", cookie)] {
            if !value.is_empty() {
                request = request.header(header, *value);
            }
        }
        let answer = served.answer(request.body((*body).to_owned()).unwrap());
        assert_eq!(answer.status(), *status, "{name}: {answer:?}");
        let operation = &whole["paths"][*path][method.to_lowercase()];
        is_described(&whole, operation, &answer, &name);
    }
}
