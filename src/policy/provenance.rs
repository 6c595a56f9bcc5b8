//! Where every effective value came from, and what it overrode.
//!
//! ```
//! use edge_cookie::policy::resolve::resolve;
//!
//! let resolved = resolve(&[]);
//! let ttl = resolved.values.iter().find(|value| value.key == "entry.ttl").unwrap();
//! assert_eq!(ttl.origin.layer.sort(), "default");
//! ```

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::diagnostic::SourceLocation;
use crate::policy::layers::LayerName;
use crate::policy::value::Value;
use crate::printable::on_one_line;

/// The layer a value came from, and its place there; a default has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The layer.
    pub layer: LayerName,
    /// The place in the layer's source.
    pub place: Option<SourceLocation>,
    /// The environment variable, where it is one.
    pub variable: Option<String>,
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("layer", self.layer.sort())?;
        if let LayerName::Profile(name) = &self.layer {
            map.serialize_entry("name", name)?;
        }
        if let Some(place) = &self.place {
            map.serialize_entry("file", &place.file)?;
            map.serialize_entry("line", &place.line)?;
            map.serialize_entry("column", &place.column)?;
        }
        if let Some(variable) = &self.variable {
            map.serialize_entry("variable", variable)?;
        }
        map.end()
    }
}

impl Origin {
    /// That of a value which no layer states.
    #[must_use]
    pub const fn default_value() -> Self {
        Self {
            layer: LayerName::Default,
            place: None,
            variable: None,
        }
    }

    /// The origin of a value in a layer's source.
    #[must_use]
    pub const fn of(layer: LayerName, place: SourceLocation) -> Self {
        Self {
            layer,
            place: Some(place),
            variable: None,
        }
    }

    /// An origin from its JSON, with no bytes to draw; none where it is not one.
    #[must_use]
    pub fn from_json(json: &serde_json::Value) -> Option<Self> {
        let text = |member: &str| json.get(member)?.as_str();
        let number = |member: &str| u32::try_from(json.get(member)?.as_u64()?).ok();
        let layer = match text("layer")? {
            "default" => LayerName::Default,
            "config" => LayerName::Config,
            "profile" => LayerName::Profile(text("name")?.to_owned()),
            "environment" => LayerName::Environment,
            "command_line" => LayerName::CommandLine,
            _ => return None,
        };
        let place = text("file").and_then(|file| {
            Some(SourceLocation {
                file: file.into(),
                line: number("line")?,
                column: number("column")?,
                span: 0..0,
            })
        });
        Some(Self {
            layer,
            place,
            variable: text("variable").map(str::to_owned),
        })
    }
}

/// On one line: the layer, and where in it.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.layer {
            LayerName::Default => return f.write_str("default"),
            LayerName::Config => f.write_str("config")?,
            LayerName::Profile(name) => write!(f, "profile {}", on_one_line(name))?,
            LayerName::Environment => {
                f.write_str("environment")?;
                return match &self.variable {
                    Some(variable) => write!(f, ", {}", on_one_line(variable)),
                    None => Ok(()),
                };
            }
            LayerName::CommandLine => return f.write_str("command line"),
        }
        match &self.place {
            Some(place) => write!(f, ", {place}"),
            None => Ok(()),
        }
    }
}

/// A value that a higher layer overrode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Overridden {
    /// The value, as shown.
    pub value: Value,
    /// Where it is configured.
    pub origin: Origin,
}

/// Where a declared partner is configured: layers are merged by its source domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PartnerOrigin {
    /// The partner's source domain.
    pub source_domain: String,
    /// Where each layer that states the partner has its table, lowest first.
    pub tables: Vec<Origin>,
    /// Each field that a layer states, those of `pull` as `pull.url`.
    pub fields: Vec<FieldOrigin>,
}

/// A partner's field, where it is configured and what that overrides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FieldOrigin {
    /// The field's name.
    pub field: String,
    /// The effective value, as shown.
    pub value: Value,
    /// Where it is configured.
    pub origin: Origin,
    /// What it overrides, the nearest layer first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Overridden>,
}

impl PartnerOrigin {
    /// That of a partner which no layer states so far.
    pub(in crate::policy) const fn new(source_domain: String) -> Self {
        Self {
            source_domain,
            tables: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// A field, where a layer states it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldOrigin> {
        self.fields.iter().find(|field| field.field == name)
    }

    /// Puts what a higher layer states over what is there.
    pub(in crate::policy) fn set(&mut self, mut new: FieldOrigin) {
        let known = self
            .fields
            .iter_mut()
            .find(|known| known.field == new.field);
        let Some(known) = known else {
            self.fields.push(new);
            return;
        };
        std::mem::swap(known, &mut new);
        known.overrides = new.overrides;
        let overridden = Overridden {
            value: new.value,
            origin: new.origin,
        };
        known.overrides.insert(0, overridden);
    }

    /// Gives a field the name of another one, which replaces it.
    pub(in crate::policy) fn rename(&mut self, from: &str, to: &str) {
        for field in &mut self.fields {
            if field.field == from {
                to.clone_into(&mut field.field);
            }
        }
    }

    /// With its fields in the order of these names; those of a table together, others last.
    pub(in crate::policy) fn in_order(mut self, names: &[&str]) -> Self {
        let place = |field: &FieldOrigin| {
            let name = field.field.split('.').next().unwrap_or_default();
            names
                .iter()
                .position(|known| *known == name)
                .unwrap_or(names.len())
        };
        self.fields.sort_by_key(place);
        self
    }

    #[cfg(feature = "files")]
    fn origins_mut(&mut self) -> impl Iterator<Item = &mut Origin> {
        let fields = self.fields.iter_mut().flat_map(|field| {
            let overrides = field.overrides.iter_mut().map(|one| &mut one.origin);
            std::iter::once(&mut field.origin).chain(overrides)
        });
        self.tables.iter_mut().chain(fields)
    }
}

/// A value whose secrets are in clear: it is not for showing.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct InClear(pub(crate) Value);

impl fmt::Debug for InClear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InClear(…)")
    }
}

/// A setting's effective value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EffectiveValue {
    /// The key below `ec`.
    pub key: &'static str,
    /// The value, as shown: as written, where a layer sets it.
    pub value: Value,
    /// The value as the digest holds it.
    pub digested: Value,
    /// The value with its secrets in clear.
    pub(crate) in_clear: InClear,
    /// Whether it is about the machine that runs the policy, and so no part of the policy's digest.
    pub machine: bool,
    /// Where it came from.
    pub origin: Origin,
    /// What it overrode, the nearest layer first.
    pub overrides: Vec<Overridden>,
    /// Where each declared partner is configured, in the order of the partners; empty for every other setting.
    pub partners: Vec<PartnerOrigin>,
}

#[cfg(feature = "files")]
impl EffectiveValue {
    /// Everything that says where it, or a part of it, is configured.
    pub(in crate::policy) fn origins_mut(&mut self) -> impl Iterator<Item = &mut Origin> {
        let overrides = self.overrides.iter_mut().map(|one| &mut one.origin);
        let partners = self
            .partners
            .iter_mut()
            .flat_map(PartnerOrigin::origins_mut);
        std::iter::once(&mut self.origin)
            .chain(overrides)
            .chain(partners)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_is_reported_in_words_and_in_json() {
        let place = SourceLocation {
            file: "a.toml".into(),
            line: 2,
            column: 7,
            span: 0..1,
        };
        let at = r#","file":"a.toml","line":2,"column":7"#;
        let production = LayerName::Profile("production".to_owned());
        for (layer, place, words, json) in [
            (LayerName::Default, None, "the default", r#""default""#),
            (LayerName::Config, Some(&place), "`[ec]`", r#""config""#),
            (
                production,
                Some(&place),
                "profile `production`",
                r#""profile","name":"production""#,
            ),
            (
                LayerName::Environment,
                Some(&place),
                "the environment",
                r#""environment""#,
            ),
            (
                LayerName::CommandLine,
                Some(&place),
                "the command line",
                r#""command_line""#,
            ),
        ] {
            assert_eq!(layer.to_string(), words);
            let place = place.cloned();
            let at = if place.is_some() { at } else { "" };
            let variable = (layer == LayerName::Environment).then(|| "NAME".to_owned());
            let at = match &variable {
                Some(name) => format!(r#"{at},"variable":"{name}""#),
                None => at.to_owned(),
            };
            let origin = Origin {
                layer,
                place,
                variable,
            };
            let reported = serde_json::to_value(&origin).unwrap();
            assert_eq!(reported.to_string(), format!(r#"{{"layer":{json}{at}}}"#));
            // What was reported is the same origin, except for the bytes to draw.
            let again = Origin::from_json(&reported).unwrap();
            assert_eq!(again.to_string(), origin.to_string());
            assert_eq!(serde_json::to_value(&again).unwrap(), reported);
        }
    }
}
