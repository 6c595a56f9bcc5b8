//! What the trusted-server's program knows of a record: a rewrite of its own keeps these fields and no other, in this order.

use serde_json::{Map, Value};

/// What a field holds.
pub enum Kind {
    /// A whole number up to this.
    Whole(u64),
    /// A whole number of either sign.
    Signed,
    Text,
    Truth,
    Object(&'static [Field]),
    /// Objects of one shape by name, written in the order of the names.
    ByName(&'static [Field]),
    /// A list of names, or the older map of them; written as a sorted list.
    Names,
}

/// Whether a field may be missing.
#[derive(PartialEq)]
pub enum Need {
    Required,
    /// Missing or null; then it is left out.
    Optional,
    /// Missing counts as empty, and what is empty is left out.
    OrEmpty,
}

pub struct Field(pub &'static str, pub Kind, pub Need);

use Kind::{ByName, Names, Object, Signed, Text, Truth, Whole};
use Need::{Optional, OrEmpty, Required};

pub const BODY: &[Field] = &[
    Field("v", Whole(u8::MAX as u64), Required),
    Field("created", Whole(u64::MAX), Required),
    Field(
        "consent",
        Object(&[
            Field("tcf", Text, Optional),
            Field("gpp", Text, Optional),
            Field("ok", Truth, Required),
            Field("updated", Whole(u64::MAX), Required),
        ]),
        Required,
    ),
    Field(
        "geo",
        Object(&[
            Field("country", Text, Required),
            Field("region", Text, Optional),
            Field("asn", Whole(u32::MAX as u64), Optional),
            Field("dma", Signed, Optional),
        ]),
        Required,
    ),
    Field(
        "pub_properties",
        Object(&[
            Field("origin_domain", Text, Required),
            Field("seen_domains", Names, OrEmpty),
        ]),
        Optional,
    ),
    Field(
        "device",
        Object(&[
            Field("is_mobile", Whole(u8::MAX as u64), Required),
            Field("ja4_class", Text, Optional),
            Field("platform_class", Text, Optional),
            Field("h2_fp_hash", Text, Optional),
            Field("known_browser", Truth, Optional),
        ]),
        Optional,
    ),
    Field(
        "network",
        Object(&[Field("cluster_size", Whole(u32::MAX as u64), Optional)]),
        Optional,
    ),
    Field("ids", ByName(&[Field("uid", Text, Required)]), OrEmpty),
];

pub const METADATA: &[Field] = &[
    Field("ok", Truth, Required),
    Field("country", Text, Required),
    Field("v", Whole(u8::MAX as u64), Required),
    Field("cluster_size", Whole(u32::MAX as u64), Optional),
    Field("is_mobile", Whole(u8::MAX as u64), Optional),
    Field("known_browser", Truth, Optional),
];

/// The only schema version that it reads.
const VERSION: u64 = 1;
/// The longest uid that it reads, in bytes.
pub const MAX_UID_BYTES: usize = 512;
/// The most domains that it reads.
const MAX_DOMAINS: usize = 50;

/// A body as its program has it in memory, which is also what it would write.
pub fn read(body: &[u8]) -> Result<Value, String> {
    let entry = known(body, BODY)?;
    if entry["v"] != VERSION {
        return Err(format!("version {}", entry["v"]));
    }
    let ids = entry.get("ids").and_then(Value::as_object);
    for (partner, id) in ids.into_iter().flatten() {
        if id["uid"].as_str().unwrap().len() > MAX_UID_BYTES {
            return Err(format!("the uid of {partner} is too long"));
        }
    }
    let domains = entry.pointer("/pub_properties/seen_domains");
    if domains.and_then(Value::as_array).map_or(0, Vec::len) > MAX_DOMAINS {
        return Err("too many domains".to_owned());
    }
    Ok(entry)
}

/// Its metadata of an entry.
pub fn metadata_of(entry: &Value) -> Value {
    let sources = [
        "/consent/ok",
        "/geo/country",
        "/v",
        "/network/cluster_size",
        "/device/is_mobile",
        "/device/known_browser",
    ];
    let values = METADATA.iter().zip(sources);
    values
        .filter_map(|(Field(name, ..), source)| {
            Some(((*name).to_owned(), entry.pointer(source)?.clone()))
        })
        .collect()
}

/// What it keeps of JSON that has to have these fields.
pub fn known(text: &[u8], fields: &[Field]) -> Result<Value, String> {
    let value: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    object(&value, fields)
}

fn object(value: &Value, fields: &[Field]) -> Result<Value, String> {
    let from = value.as_object().ok_or("not an object")?;
    let mut kept = Map::new();
    for Field(name, kind, need) in fields {
        match from.get(*name) {
            None if *need == Required => return Err(format!("`{name}` is missing")),
            Some(Value::Null) if *need == Optional => {}
            None => {}
            Some(value) => {
                let value = of_kind(value, kind).map_err(|error| format!("{name}: {error}"))?;
                let empty = value.as_object().is_some_and(Map::is_empty)
                    || value.as_array().is_some_and(Vec::is_empty);
                if !(empty && *need == OrEmpty) {
                    kept.insert((*name).to_owned(), value);
                }
            }
        }
    }
    Ok(Value::Object(kept))
}

fn of_kind(value: &Value, kind: &Kind) -> Result<Value, String> {
    let fits = match kind {
        Whole(most) => value.as_u64().is_some_and(|number| number <= *most),
        Signed => value.is_i64() || value.is_u64(),
        Text => value.is_string(),
        Truth => value.is_boolean(),
        Object(fields) => return object(value, fields),
        ByName(fields) => {
            let named = value.as_object().ok_or("not a map")?;
            let mut kept = Map::new();
            for (name, value) in named {
                kept.insert(name.clone(), object(value, fields)?);
            }
            kept.sort_keys();
            return Ok(Value::Object(kept));
        }
        Names => {
            let mut names: Vec<String> = match value {
                Value::Object(map) => map.keys().cloned().collect(),
                Value::Array(list) => (list.iter())
                    .map(|name| name.as_str().map(str::to_owned).ok_or("not a name"))
                    .collect::<Result<_, _>>()?,
                _ => return Err("neither a list nor a map".to_owned()),
            };
            names.sort_unstable();
            names.dedup();
            return Ok(names.into());
        }
    };
    fits.then(|| value.clone())
        .ok_or_else(|| format!("{value} does not fit"))
}
