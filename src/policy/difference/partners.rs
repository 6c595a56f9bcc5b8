//! What differs of declared partners: they are paired by their source domain.

use serde::Serialize;

use super::Difference;
use crate::policy::provenance::{EffectiveValue, Origin};
use crate::policy::value::Value;

/// A field of a partner that two policies give different values; the whole partner where one of them does not declare it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PartnerDifference {
    /// The partner's source domain.
    pub source_domain: String,
    /// The field, those of `pull` as `pull.url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The value in the one, as shown.
    pub from: Value,
    /// The value in the other, as shown.
    pub to: Value,
    /// Where the one value is configured.
    pub from_origin: Origin,
    /// Where the other value is configured.
    pub to_origin: Origin,
}

impl PartnerDifference {
    /// The partner, and the field where it is one.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.field {
            Some(field) => format!("partners.{}.{field}", self.source_domain),
            None => format!("partners.{}", self.source_domain),
        }
    }

    /// Both values as people read them; of secrets only that they differ.
    #[must_use]
    pub fn shown(&self) -> (String, String) {
        super::shown(&self.from, &self.to)
    }
}

/// What differs, in the order of the new list; what it no longer has comes last. Empty where only the order differs.
pub(super) fn between(difference: &Difference<'_>) -> Vec<PartnerDifference> {
    let Difference { from, to } = difference;
    let (old, new) = (partners(from), partners(to));
    let mut found = Vec::new();
    for partner in &new {
        match old.iter().find(|before| before.domain == partner.domain) {
            Some(before) => found.extend(fields(from, to, before, partner)),
            None => found.push(whole(
                from,
                to,
                partner.domain,
                &Value::Nothing,
                partner.shown,
            )),
        }
    }
    let gone = old
        .iter()
        .filter(|before| new.iter().all(|partner| partner.domain != before.domain));
    found.extend(gone.map(|before| whole(from, to, before.domain, before.shown, &Value::Nothing)));
    found
}

/// A partner as it is shown, and as the digest holds it.
struct Listed<'v> {
    domain: &'v str,
    shown: &'v Value,
    digested: &'v Value,
}

fn partners(effective: &EffectiveValue) -> Vec<Listed<'_>> {
    let (Value::List(shown), Value::List(digested)) = (&effective.value, &effective.digested)
    else {
        return Vec::new();
    };
    let each = shown.iter().zip(digested);
    each.filter_map(|(shown, digested)| {
        let (_, domain) = flat(shown)
            .into_iter()
            .find(|(name, _)| name == "source_domain")?;
        let Value::Text(domain) = domain else {
            return None;
        };
        Some(Listed {
            domain,
            shown,
            digested,
        })
    })
    .collect()
}

/// The members of a table, those of the tables in it under dotted names; a reference to a secret is one value.
fn flat(table: &Value) -> Vec<(String, &Value)> {
    let Value::Table(members) = table else {
        return Vec::new();
    };
    let each = members.iter().flat_map(|(name, value)| match *name {
        "pull" => {
            let inner = flat(value).into_iter();
            inner
                .map(|(own, value)| (format!("{name}.{own}"), value))
                .collect()
        }
        name => vec![(name.to_owned(), value)],
    });
    each.collect()
}

fn fields(
    from: &EffectiveValue,
    to: &EffectiveValue,
    before: &Listed<'_>,
    after: &Listed<'_>,
) -> Vec<PartnerDifference> {
    let of = |fields: &[(String, &Value)], name: &str| {
        let field = fields.iter().find(|(known, _)| known == name);
        field.map_or(Value::Nothing, |(_, value)| (*value).clone())
    };
    let (old, new) = (flat(before.digested), flat(after.digested));
    let (old_shown, new_shown) = (flat(before.shown), flat(after.shown));
    let mut names: Vec<&String> = new.iter().map(|(name, _)| name).collect();
    names.extend(old.iter().map(|(name, _)| name));
    let mut found: Vec<PartnerDifference> = Vec::new();
    for name in names {
        let known = found.iter().any(|one| one.field.as_ref() == Some(name));
        if known || of(&old, name) == of(&new, name) {
            continue;
        }
        found.push(PartnerDifference {
            source_domain: after.domain.to_owned(),
            field: Some(name.clone()),
            from: of(&old_shown, name),
            to: of(&new_shown, name),
            from_origin: origin(from, after.domain, Some(name)),
            to_origin: origin(to, after.domain, Some(name)),
        });
    }
    found
}

fn whole(
    from: &EffectiveValue,
    to: &EffectiveValue,
    domain: &str,
    before: &Value,
    after: &Value,
) -> PartnerDifference {
    PartnerDifference {
        source_domain: domain.to_owned(),
        field: None,
        from: before.clone(),
        to: after.clone(),
        from_origin: origin(from, domain, None),
        to_origin: origin(to, domain, None),
    }
}

/// Where a partner, or a field of it, is configured; the list where no more is known.
fn origin(effective: &EffectiveValue, domain: &str, field: Option<&str>) -> Origin {
    let known = effective.partners.iter();
    let partner = known
        .clone()
        .find(|partner| partner.source_domain == domain);
    match (partner, field) {
        (Some(partner), Some(field)) => {
            let field = partner.field(field);
            field.map_or_else(Origin::default_value, |field| field.origin.clone())
        }
        (Some(partner), None) => {
            let table = partner.tables.first();
            table.map_or_else(|| effective.origin.clone(), Clone::clone)
        }
        (None, _) if !effective.partners.is_empty() => Origin::default_value(),
        (None, _) => effective.origin.clone(),
    }
}
