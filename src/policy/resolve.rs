//! From layers to a policy: every value read, checked and traced, every problem found.
//!
//! ```
//! use edge_cookie::policy::resolve::resolve;
//!
//! let resolved = resolve(&[]);
//! assert!(resolved.findings.is_empty());
//! assert_eq!(resolved.policy.last_seen.debounce.seconds(), 300);
//! ```

use std::borrow::Cow;

use crate::diagnostic::{Code, Diagnostic, Omitted, Severity};
use crate::policy::digest::PolicyDigest;
use crate::policy::layers::Layer;
use crate::policy::node::{Node, NodeValue};
use crate::policy::provenance::{EffectiveValue, InClear, Origin, Overridden, PartnerOrigin};
use crate::policy::setting::{SettingInfo, SettingValue, Shape, full_key, wrong_type};
use crate::policy::types::choice::nearest;
use crate::policy::types::partner::merge;
use crate::policy::value::Value;
use crate::policy::{EcPolicy, known_setting, known_settings};

/// The result of resolving.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Resolved {
    /// The policy; not to be used where `findings` hold an error, since a refused value is left out.
    pub policy: EcPolicy,
    /// Every effective value with its origin, in the order of the settings.
    pub values: Vec<EffectiveValue>,
    /// Whether it is the policy of a profile that is meant to be deployed: no secret of it may be weak.
    pub deployed: bool,
    /// What is wrong, lowest layer first: the first [`MAX_FINDINGS`](crate::diagnostic::MAX_FINDINGS) of what files hold, errors
    /// before warnings.
    pub findings: Vec<Diagnostic>,
    /// How much more is wrong.
    pub omitted: Omitted,
    pub(super) settings: Vec<SettingInfo>,
    /// The settings of which a value was refused, so that nothing else can be said of them.
    pub(crate) refused: Vec<&'static str>,
}

impl Resolved {
    /// Whether the policy can be used.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.severity < Severity::Error)
    }

    /// The effective value of a setting, by its key below `ec`.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&EffectiveValue> {
        self.values.iter().find(|value| value.key == key)
    }

    /// Where the partner of this place in the policy's list is configured; none of a policy that a bundle carried.
    #[must_use]
    pub fn partner_origin(&self, index: usize) -> Option<&PartnerOrigin> {
        self.value("partners")?.partners.get(index)
    }

    /// Names the variable of every value that is configured in the environment, by its place there.
    #[cfg(feature = "files")]
    pub(crate) fn name_variables(
        &mut self,
        variable: impl Fn(&crate::diagnostic::SourceLocation) -> Option<String>,
    ) {
        for origin in self.values.iter_mut().flat_map(EffectiveValue::origins_mut) {
            if origin.layer == crate::policy::layers::LayerName::Environment {
                origin.variable = origin.place.as_ref().and_then(&variable);
            }
        }
    }
}

/// Resolves layers, lowest first, into a policy and everything found on the way.
#[must_use]
pub fn resolve(layers: &[Layer]) -> Resolved {
    let mut from = Resolver {
        layers,
        values: Vec::new(),
        findings: Vec::new(),
        settings: Vec::new(),
        refused: Vec::new(),
    };
    let mut policy = EcPolicy::read(&mut from);
    policy.digest = PolicyDigest::of(&from.values);
    let mut findings = from.findings;
    for layer in layers {
        refuse_unknown(&layer.options.ec, "", &mut findings);
    }
    Resolved {
        policy,
        values: from.values,
        deployed: false,
        findings,
        omitted: Omitted::default(),
        settings: from.settings,
        refused: from.refused,
    }
}

/// What a setting's declaration says of it.
#[derive(Clone, Copy)]
pub(super) struct About {
    pub(super) key: &'static str,
    pub(super) doc: &'static [&'static str],
    pub(super) inheritable: bool,
    pub(super) machine: bool,
    pub(super) restart: bool,
    pub(super) shown: Option<&'static str>,
}

/// The least and the greatest value a setting takes.
pub(super) struct ValueRange<T> {
    least: T,
    greatest: T,
    contain: fn(&Self, &T) -> bool,
}

impl<T: PartialOrd> ValueRange<T> {
    pub(super) fn new(least: T, greatest: T) -> Self {
        Self {
            least,
            greatest,
            contain: |range, value| (&range.least..=&range.greatest).contains(&value),
        }
    }
}

/// Reads one setting after another from the layers, and keeps what it finds.
pub(super) struct Resolver<'l> {
    layers: &'l [Layer],
    values: Vec<EffectiveValue>,
    findings: Vec<Diagnostic>,
    settings: Vec<SettingInfo>,
    refused: Vec<&'static str>,
}

// Only what a value's own type knows is generic: the rest would be in the program once a setting.
impl<'l> Resolver<'l> {
    pub(super) fn value<T: SettingValue>(
        &mut self,
        about: About,
        default: T,
        range: Option<ValueRange<T>>,
    ) -> T {
        let mut effective = by_default(
            about,
            default.show(),
            default.digested(),
            default.in_clear(),
        );
        let default_shown = effective.value.clone();
        let mut value = default;
        for (layer, node) in self.stated(about, T::SHAPE, &mut effective) {
            let Some(read) = self.read(&node, about.key, range.as_ref()) else {
                self.refused.push(about.key);
                continue;
            };
            let shown = read.show_as_written(&node).masked();
            let (digested, in_clear) = (read.digested(), read.in_clear());
            supply(&mut effective, layer, &node, shown, digested, in_clear);
            value = read;
        }
        let range = range.map(|range| (range.least.show(), range.greatest.show()));
        self.keep(about, effective, default_shown, range, T::SHAPE);
        value
    }

    /// What layers state of a setting, lowest first: each overrides the ones before. Partners are merged to one list.
    fn stated(
        &mut self,
        about: About,
        shape: Shape,
        effective: &mut EffectiveValue,
    ) -> Vec<(&'l Layer, Cow<'l, Node>)> {
        if shape != Shape::Partners {
            let of =
                |layer: &'l Layer| Some((layer, layer.supplies(about.key, about.inheritable)?));
            let stated = self.layers.iter().filter_map(of);
            return stated
                .map(|(layer, node)| (layer, Cow::Borrowed(node)))
                .collect();
        }
        let before = self.findings.len();
        let Some(merged) = merge(self.layers, about.key, &mut self.findings) else {
            if self.findings.len() > before {
                self.refused.push(about.key);
            }
            return Vec::new();
        };
        effective.partners = merged.origins;
        vec![(merged.highest, Cow::Owned(merged.node))]
    }

    fn keep(
        &mut self,
        about: About,
        effective: EffectiveValue,
        default: Value,
        range: Option<(Value, Value)>,
        shape: Shape,
    ) {
        self.values.push(effective);
        self.settings.push(SettingInfo {
            key: about.key,
            doc: about.doc,
            default,
            limits: range,
            shape,
            inheritable: about.inheritable,
            machine: about.machine,
            restart: about.restart,
        });
    }

    fn read<T: SettingValue>(
        &mut self,
        node: &Node,
        key: &str,
        range: Option<&ValueRange<T>>,
    ) -> Option<T> {
        let value = T::read(node, key, &mut self.findings)?;
        let Some(range) = range.filter(|range| !(range.contain)(range, &value)) else {
            return Some(value);
        };
        let written = value.show_as_written(node);
        let (least, greatest) = (range.least.show(), range.greatest.show());
        self.findings
            .push(out_of_range(node, key, &written, &least, &greatest));
        None
    }
}

/// A setting's default, effective until a layer sets it.
fn by_default(about: About, shown: Value, digested: Value, in_clear: Value) -> EffectiveValue {
    EffectiveValue {
        key: about.key,
        value: about.shown.map_or(shown, Value::from),
        digested,
        in_clear: InClear(in_clear),
        machine: about.machine,
        origin: Origin::default_value(),
        overrides: Vec::new(),
        partners: Vec::new(),
    }
}

/// Makes the value of a layer effective.
fn supply(
    effective: &mut EffectiveValue,
    layer: &Layer,
    node: &Node,
    shown: Value,
    digested: Value,
    in_clear: Value,
) {
    let origin = Origin::of(layer.name.clone(), node.place.clone());
    let overridden = Overridden {
        value: std::mem::replace(&mut effective.value, shown),
        origin: std::mem::replace(&mut effective.origin, origin),
    };
    effective.overrides.insert(0, overridden);
    effective.digested = digested;
    effective.in_clear = InClear(in_clear);
}

fn out_of_range(
    node: &Node,
    key: &str,
    written: &Value,
    least: &Value,
    greatest: &Value,
) -> Diagnostic {
    let written = written.to_string();
    let written = written.trim_matches('"');
    Diagnostic::error(
        Code::OutOfRange,
        format!("`{written}` is out of range for `{key}`"),
    )
    .about(full_key(key))
    .at(node.place.clone())
    .with_help(format!("it takes from {least} to {greatest}"))
}

/// Refuses every key below `table` that no setting has; `prefix` is the table's own key with its dot.
fn refuse_unknown(table: &Node, prefix: &str, findings: &mut Vec<Diagnostic>) {
    for (name, node) in table.members() {
        let key = format!("{prefix}{}", name.name);
        if known_setting(&key).is_some() {
            continue;
        }
        let below = format!("{key}.");
        if !known_settings()
            .iter()
            .any(|setting| setting.key.starts_with(&below))
        {
            findings.push(unknown_key(&key, &name.place));
        } else if matches!(node.value, NodeValue::Table(_)) {
            refuse_unknown(node, &below, findings);
        } else {
            findings.push(
                wrong_type(node, &key, "a table")
                    .with_help(format!("write its settings under `[ec.{key}]`")),
            );
        }
    }
}

/// What a file says about settings, beside the settings.
const SAID_IN_FILES: [&str; 2] = ["guardrails", "allow"];

fn unknown_key(key: &str, place: &crate::diagnostic::SourceLocation) -> Diagnostic {
    let (table, own) = key
        .rsplit_once('.')
        .map_or(("", key), |(table, own)| (table, own));
    let keys = || known_settings().iter().map(|setting| setting.key);
    let siblings = keys().filter_map(|known| {
        let (known_table, known_own) = known.split_once('.').unwrap_or(("", known));
        (known_table == table).then_some(known_own)
    });
    let groups = keys()
        .filter(|_| table.is_empty())
        .filter_map(|known| known.split_once('.').map(|(group, _)| group));
    let meant = nearest(own, siblings.chain(groups))
        .map(|sibling| {
            if table.is_empty() {
                sibling.to_owned()
            } else {
                format!("{table}.{sibling}")
            }
        })
        .or_else(|| nearest(key, keys()).map(str::to_owned))
        .or_else(|| {
            keys()
                .find(|known| known.rsplit('.').next() == Some(own))
                .map(str::to_owned)
        });
    let help = match meant {
        _ if key == "profile" => {
            "choose it by `--profile`, by `EC_PROFILE` or by `profile` in `[ec]`".to_owned()
        }
        _ if SAID_IN_FILES.contains(&key) => {
            format!("only a file can say it: write it under `[ec.{key}]`")
        }
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "`ec show` lists every setting".to_owned(),
    };
    Diagnostic::error(Code::UnknownKey, format!("unknown key `{key}`"))
        .about(full_key(key))
        .at(place.clone())
        .with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::EcPolicy;

    #[test]
    fn every_default_as_shown_reads_back_as_itself() {
        let defaults = EcPolicy::default();
        let resolved = resolve(&[]);
        assert!(resolved.is_usable());
        assert_eq!(resolved.policy, defaults);
        assert_eq!(resolved.values.len(), known_settings().len());
    }
}
