//! JSON Schemas of what users write, for editors: made from the settings' own documentation, defaults and limits.
//!
//! ```
//! use edge_cookie::policy::schema;
//!
//! let profile = schema::profile();
//! let ttl = &profile["$defs"]["ec"]["properties"]["tombstone"]["properties"]["ttl"];
//! assert_eq!(ttl["default"], "24h");
//! ```

use serde_json::{Map, Value as Json, json};

use crate::policy::known_settings;
use crate::policy::setting::{SettingInfo, Shape, TextKind};
use crate::policy::types::{MAX_PARTNER_NAME_CHARS, length};
use crate::policy::value::Value;

/// Tables of the configuration that no one reads, and that are meant as `[ec]`: in lower case, `-` being `_`.
pub(crate) const MEANT_AS_EC: [&str; 5] =
    ["ec", "ecs", "edge_cookie", "edge_cookies", "edgecookie"];

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a profile.
#[must_use]
pub fn profile() -> Json {
    json!({
        "$schema": DIALECT,
        "title": "profile of an Edge Cookie policy",
        "description": "A file under `policies/`, named by its path without `.toml`.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "inherits": {
                "description": "The profile whose settings hold where this one says nothing. Store names and secrets, partners' tokens among them, are never inherited.",
                "type": "string",
                "minLength": 1,
            },
            "description": {
                "description": "What the profile is for.",
                "type": "string",
            },
            "deploy": {
                "description": "Whether it is meant to be deployed: then it states its own stores, and stricter rules hold.",
                "type": "boolean",
                "default": false,
            },
            "shares_stores_with": {
                "description": "The deployable profile whose stores it means to share.",
                "type": "string",
                "minLength": 1,
            },
            "ec": { "$ref": "#/$defs/ec" },
        },
        "$defs": { "ec": ec(false) },
    })
}

/// The schema of the server's configuration: of `[ec]`, and of what is read of `[publisher]`. Every other table is
/// another subsystem's.
#[must_use]
pub fn config() -> Json {
    json!({
        "$schema": DIALECT,
        "title": "trusted-server.toml",
        "description": "The configuration of the whole server. Described are `[ec]` and what it needs of `[publisher]`.",
        "type": "object",
        "propertyNames": { "not": { "pattern": meant_as_ec() } },
        "properties": {
            "publisher": {
                "type": "object",
                "properties": {
                    "domain": {
                        "description": "The domain that the EC cookie is set for, and whose pages may ask for a user's uid.",
                        "type": "string",
                        "pattern": "^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$",
                    },
                    "cookie_domain": {
                        "description": "Read as `domain` where that is missing; a dot before it is left out.",
                        "type": "string",
                    },
                    "origin_url": {
                        "description": "Where page requests are handed on to; a path is put before theirs. Left out, a page is answered with 204.",
                        "type": "string",
                        "pattern": "^https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?$",
                    },
                },
            },
            "edge_cookie": {
                "description": "The table that `[ec]` replaced: `ec migrate` rewrites it.",
                "not": {},
            },
            "ec": { "$ref": "#/$defs/ec" },
        },
        "$defs": { "ec": ec(true) },
    })
}

/// The names of tables that are meant as `[ec]`, however they are written.
fn meant_as_ec() -> String {
    let either = |character: char| match character {
        '_' => "[-_]".to_owned(),
        letter => format!("[{}{letter}]", letter.to_ascii_uppercase()),
    };
    let names = MEANT_AS_EC.map(|name| name.chars().map(either).collect::<String>());
    format!("^(?!(ec|edge_cookie)$)({})$", names.join("|"))
}

/// The `[ec]` table.
fn ec(in_config: bool) -> Json {
    let mut properties = Map::new();
    if in_config {
        let profile = json!({
            "description": "The profile where neither `--profile` nor EC_PROFILE names one.",
            "type": "string",
            "default": "development",
        });
        properties.insert("profile".to_owned(), profile);
    }
    for setting in known_settings() {
        insert(&mut properties, setting.key, property(setting));
    }
    properties.insert("guardrails".to_owned(), guardrails());
    properties.insert("allow".to_owned(), allow());
    json!({
        "description": "The policy of the identity graph.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

/// Puts a setting's schema into the table that its key names.
fn insert(properties: &mut Map<String, Json>, key: &str, schema: Json) {
    let Some((group, rest)) = key.split_once('.') else {
        properties.insert(key.to_owned(), schema);
        return;
    };
    let table = properties.entry(group).or_insert_with(
        || json!({ "type": "object", "additionalProperties": false, "properties": {} }),
    );
    if let Some(members) = table.get_mut("properties").and_then(Json::as_object_mut) {
        insert(members, rest, schema);
    }
}

/// A setting with everything that is known of it.
fn property(setting: &SettingInfo) -> Json {
    let mut schema = Map::new();
    schema.insert("description".to_owned(), described(setting).into());
    if let Json::Object(members) = shape(setting.shape) {
        schema.extend(members);
    }
    if let Some((Value::Integer(least), Value::Integer(greatest))) = &setting.limits {
        schema.insert("minimum".to_owned(), (*least).into());
        schema.insert("maximum".to_owned(), (*greatest).into());
    }
    if setting.default != Value::Nothing {
        // What is shown of a setting always serialises.
        let default = serde_json::to_value(&setting.default).unwrap_or_default();
        schema.insert("default".to_owned(), default);
    }
    schema.into()
}

/// The documentation as paragraphs, and the limits that a schema cannot say.
fn described(setting: &SettingInfo) -> String {
    let mut text = String::new();
    for line in setting.doc.iter().map(|line| line.trim()) {
        if line.is_empty() {
            text.push_str("\n\n");
        } else {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    if let (Shape::Duration, Some((least, greatest))) = (setting.shape, &setting.limits) {
        text = format!("{text}\n\nFrom {least} to {greatest}.");
    }
    text
}

fn shape(shape: Shape) -> Json {
    match shape {
        Shape::Duration => duration(),
        Shape::OptionalDuration => json!({ "anyOf": [{ "const": "none" }, duration()] }),
        Shape::Integer => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::Choice(words) => json!({ "enum": words }),
        Shape::Text(kind) => text(kind),
        Shape::TextList(kind) => list(kind),
        Shape::Amendable(kind) => json!({ "anyOf": [list(kind), {
            "type": "object",
            "additionalProperties": false,
            "properties": { "add": list(kind), "remove": list(kind) },
        }] }),
        Shape::Secret => secret(),
        Shape::Partners => json!({ "type": "array", "items": partner() }),
    }
}

fn duration() -> Json {
    json!({ "type": "string", "pattern": length::pattern() })
}

fn list(kind: TextKind) -> Json {
    json!({ "type": "array", "items": text(kind) })
}

fn text(kind: TextKind) -> Json {
    json!({ "type": "string", "pattern": kind.pattern })
}

fn named() -> Json {
    json!({ "type": "string", "minLength": 1 })
}

fn secret() -> Json {
    let reference = |members: &[&str]| {
        let properties: Map<String, Json> = members
            .iter()
            .map(|member| ((*member).to_owned(), named()))
            .collect();
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": members,
            "properties": properties,
        })
    };
    json!({ "anyOf": [named(), reference(&["env"]), reference(&["secret_store", "key"])] })
}

fn partner() -> Json {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["source_domain"],
        "not": { "required": ["api_token", "api_token_sha256"] },
        "properties": {
            "id": {
                "description": "The name under which a record stores the partner's uid; `source_domain` where left out.",
                "type": "string",
                "minLength": 1,
            },
            "name": {
                "description": "The name people know the partner by, in printable characters; the id where left out.",
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_PARTNER_NAME_CHARS,
                "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
            },
            "source_domain": {
                "description": "The domain that the partner's ids are announced under in OpenRTB, in lower case and ASCII.",
                "type": "string",
                "pattern": "^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
            },
            "openrtb_atype": {
                "description": "The OpenRTB agent type of the partner's ids.",
                "type": "integer",
                "minimum": 0,
                "maximum": u32::MAX,
            },
            "api_token": secret(),
            "api_token_sha256": {
                "description": "The SHA-256 of the token, as `sha256sum` prints it.",
                "type": "string",
                "pattern": "^[0-9a-f]{64}$",
            },
            "rate_limit": {
                "description": "Batch requests within `sync.rate_window`; `sync.rate_limit` where left out.",
                "type": "integer",
                "minimum": 0,
                "maximum": u32::MAX,
            },
            "enabled": {
                "description": "Whether the partner may use the API.",
                "type": "boolean",
                "default": true,
            },
            "gvl_id": {
                "description": "The partner's number in IAB Europe's Global Vendor List. Kept for a feature to come.",
                "type": "integer",
                "minimum": 1,
                "maximum": u16::MAX,
            },
            "bidstream": {
                "description": "Whether the partner's ids may go into bid requests. Kept for a feature to come.",
                "type": "boolean",
                "default": false,
            },
            "pull": pull(),
        },
    })
}

/// How a partner is asked for its uids.
fn pull() -> Json {
    json!({
        "description": "How the partner is asked for its uids. Kept for a feature to come.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "enabled": { "description": "Whether it is asked.", "type": "boolean", "default": true },
            "url": { "description": "The address that is asked.", "type": "string", "pattern": "^https://" },
            "hosts": {
                "description": "Hosts that the address may be on.",
                "type": "array",
                "items": { "type": "string", "minLength": 1 },
            },
            "ttl": duration(),
            "token": secret(),
            "rate_limit": {
                "description": "Requests for one user within an hour.",
                "type": "integer",
                "minimum": 0,
                "maximum": u32::MAX,
            },
        },
    })
}

/// `[ec.guardrails]`: the settings' keys, each with its bounds.
fn guardrails() -> Json {
    let mut properties = Map::new();
    for setting in known_settings() {
        let ordered = matches!(
            setting.shape,
            Shape::Duration | Shape::OptionalDuration | Shape::Integer
        );
        if matches!(
            setting.shape,
            Shape::TextList(_) | Shape::Amendable(_) | Shape::Secret | Shape::Partners
        ) {
            continue;
        }
        let path = setting.key.replace('.', "/properties/");
        let one = json!({ "$ref": format!("#/$defs/ec/properties/{path}") });
        let mut bounds = Map::new();
        if ordered {
            bounds.insert("min".to_owned(), one.clone());
            bounds.insert("max".to_owned(), one.clone());
        }
        let list = json!({ "type": "array", "minItems": 1, "items": one });
        bounds.insert("one_of".to_owned(), list);
        let schema = json!({
            "type": "object",
            "additionalProperties": false,
            "minProperties": 1,
            "properties": bounds,
        });
        properties.insert(setting.key.to_owned(), schema);
    }
    json!({
        "description": "Bounds that no layer exceeds, by the settings' keys in quotes. A profile may tighten them.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

/// `[[ec.allow]]`: findings that the author accepts.
fn allow() -> Json {
    json!({
        "description": "Findings of `ec check` that the author of this profile accepts, and why.",
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["code", "reason"],
            "properties": {
                "code": {
                    "description": "The rule's code; `ec explain` lists them.",
                    "type": "string",
                    "pattern": "^EC[0-9]{4}$",
                },
                "reason": {
                    "description": "Why it may be so here.",
                    "type": "string",
                    "pattern": "\\S",
                },
                "severity": {
                    "description": "Lowers an error to a warning; left out, the finding is silenced.",
                    "const": "warning",
                },
            },
        },
    })
}
