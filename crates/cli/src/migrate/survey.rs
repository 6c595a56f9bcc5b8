//! Every key of a file, and what becomes of it: read from the file as it was, whatever is done with it.

use edge_cookie::policy::types::{Seconds, check_strength, is_partner_field};
use edge_cookie::policy::value::Value as Limit;
use edge_cookie::policy::{known_setting, known_settings};
use toml_edit::{Array, DocumentMut, Item, Key, TableLike, Value};

use super::report::{Fate, KeyReport, MigrationReport};
use super::rows::{self, Becomes, ValueForm};
use super::value::{flag, list, numbered, tables_of_json, whole};
use super::{CONSENT, EC, EDGE_COOKIE, MigrateError, SECRETS_FILE, SYNTHETIC};

pub(super) const CHECK_EXPIRATION: &str = "consent.check_expiration";
const PULL_ENABLED: &str = "ec.partners.pull_sync_enabled";
pub(super) const MAX_AGE: &str = "consent.max_consent_age_days";

/// A key of the file: as it is written, and without the numbers of lists.
struct SurveyedKey {
    written: String,
    plain: String,
    item: Item,
}

/// Every key of a file, in its order.
pub(super) struct Survey(Vec<SurveyedKey>);

pub(super) fn of(document: &DocumentMut) -> Survey {
    let mut found = Vec::new();
    for (key, item) in document.iter() {
        collect(&Key::new(key).display_repr(), key, item, &mut found);
    }
    Survey(found)
}

/// Lists of tables, which may also be written as tables of numbered entries or as JSON in a string.
const LISTS: [&str; 4] = [
    "ec.partners",
    "edge_cookie.partners",
    "synthetic.partners",
    "handlers",
];

fn collect(written: &str, plain: &str, item: &Item, found: &mut Vec<SurveyedKey>) {
    let before = found.len();
    let is_list = LISTS.contains(&plain);
    let mut members = |written: &str, table: &dyn TableLike| {
        for (key, item) in table.iter() {
            let quoted = Key::new(key);
            collect(
                &format!("{written}.{}", quoted.display_repr()),
                &format!("{plain}.{key}"),
                item,
                found,
            );
        }
    };
    let entry = |index: usize| format!("{written}[{index}]");
    match item {
        Item::ArrayOfTables(tables) => {
            (tables.iter().enumerate()).for_each(|(index, table)| members(&entry(index), table));
        }
        Item::Value(Value::Array(array)) if array.iter().all(Value::is_inline_table) => {
            let tables = array.iter().map(Value::as_inline_table);
            (tables.flatten().enumerate()).for_each(|(index, table)| members(&entry(index), table));
        }
        Item::Value(Value::String(json)) if is_list => {
            let tables = tables_of_json(json.value()).unwrap_or_default();
            (tables.iter().enumerate()).for_each(|(index, table)| members(&entry(index), table));
        }
        other => match other.as_table_like() {
            Some(table) if is_list && numbered(table).is_some() => {
                for (index, (_, item)) in numbered(table).unwrap_or_default().iter().enumerate() {
                    if let Some(table) = item.as_table_like() {
                        members(&entry(index), table);
                    }
                }
            }
            Some(table) if !is_value(plain) => members(written, table),
            _ => {}
        },
    }
    // A value, or a list or table without any.
    if found.len() == before {
        found.push(SurveyedKey {
            written: written.to_owned(),
            plain: plain.to_owned(),
            item: item.clone(),
        });
    }
}

/// Whether a table under this key is one value: a reference, or a list written as a table.
fn is_value(plain: &str) -> bool {
    let row = rows::ROWS.iter().find(|(key, _)| *key == canonical(plain));
    row.is_some_and(|(_, becomes)| *becomes != Becomes::Same)
}

/// What `[ec]` has besides settings.
const NO_SETTINGS: [&str; 3] = ["profile", "guardrails", "allow"];

/// Whether this program reads something under this key of `[ec]`, or below it.
pub(super) fn is_own(key: &str) -> bool {
    let below = |setting: &str| {
        let rest = setting.strip_prefix(key);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    NO_SETTINGS.contains(&key) || known_settings().iter().any(|setting| below(setting.key))
}

/// The key as the table of rows has it: partners are those of `[ec]` in every layout.
fn canonical(plain: &str) -> String {
    for old in [EDGE_COOKIE, SYNTHETIC] {
        if let Some(rest) = plain.strip_prefix(old)
            && rest.starts_with(".partners.")
        {
            return format!("{EC}{rest}");
        }
    }
    plain.to_owned()
}

impl Survey {
    /// Whether the file is the trusted-server's, and has not been migrated.
    pub(super) fn is_theirs(&self) -> bool {
        let has = |key: &str| self.0.iter().any(|found| found.plain == key);
        let in_clear = |key: &str| {
            let mut keys = self.0.iter();
            keys.any(|found| found.plain == key && found.item.is_str())
        };
        let alone = |found: &SurveyedKey| rows::is_theirs_alone(&canonical(&found.plain));
        self.0.iter().any(alone)
            || self.0.iter().any(|found| found.plain == CHECK_EXPIRATION)
            // All of `[ec]` that its least configuration has is read here as well.
            || (in_clear("ec.passphrase") && has("publisher.proxy_secret"))
    }

    /// Whether this partner's pull sync is switched off, and nothing else is said of it.
    fn never_pulled(&self, enabled: &SurveyedKey) -> bool {
        let partner = enabled.written.trim_end_matches("pull_sync_enabled");
        let of_pull = |found: &&SurveyedKey| {
            let own = found.written.strip_prefix(partner);
            own.is_some_and(|own| own.starts_with("pull_sync_") || own == "ts_pull_token")
        };
        flag(&enabled.item) == Some(false) && self.0.iter().filter(of_pull).count() == 1
    }

    /// What becomes of each key.
    pub(super) fn report(&self, layout: &str) -> Result<MigrationReport, MigrateError> {
        let of_key = |key: &str| self.0.iter().find(|found| found.plain == key);
        let forever = of_key(CHECK_EXPIRATION).and_then(|found| flag(&found.item)) == Some(false);
        let mut report = MigrationReport::default();
        for found in &self.0 {
            let (fate, words) = match canonical(&found.plain).as_str() {
                CHECK_EXPIRATION if forever => (
                    Fate::TakenOver,
                    "`ec.consent.tcf_max_age = \"none\"`: a consent counts whatever its age"
                        .to_owned(),
                ),
                CHECK_EXPIRATION => (
                    Fate::Alike,
                    "the age of a consent is always checked, against `ec.consent.tcf_max_age`"
                        .to_owned(),
                ),
                PULL_ENABLED if self.never_pulled(found) => (
                    Fate::Alike,
                    "a partner without `pull` is not asked".to_owned(),
                ),
                MAX_AGE if forever => (
                    Fate::Ignored,
                    "`check_expiration = false` switches it off".to_owned(),
                ),
                _ => found.becomes(layout)?,
            };
            report.lines.push(KeyReport {
                key: found.written.clone(),
                fate,
                words,
            });
        }
        Ok(report)
    }
}

impl SurveyedKey {
    fn becomes(&self, layout: &str) -> Result<(Fate, String), MigrateError> {
        let Some(becomes) = rows::of(&canonical(&self.plain)) else {
            return Ok(self.unknown(layout));
        };
        Ok(match becomes {
            Becomes::Same => (Fate::TakenOver, "as it is".to_owned()),
            Becomes::To(to, form) => (Fate::TakenOver, self.shown(to, form)?),
            Becomes::Later(to, form, feature) => (
                Fate::Later,
                format!("{}, for {feature}", self.shown(to, form)?),
            ),
            Becomes::Moved(to) => (Fate::TakenOver, format!("`{to}`, as it is")),
            Becomes::Secret(to) => (Fate::TakenOver, self.secret(to)),
            Becomes::Fixed {
                value,
                theirs,
                here,
            } => {
                let written = self.item.as_str().map(str::to_owned);
                let written = written.or_else(|| flag(&self.item).map(|flag| flag.to_string()));
                if written.as_deref() == Some(value) {
                    (Fate::Alike, here.to_owned())
                } else {
                    (Fate::Different, format!("there, {theirs}; here, {here}"))
                }
            }
            Becomes::Other { theirs, here } => {
                (Fate::Different, format!("there, {theirs}; here, {here}"))
            }
            Becomes::Ignored(why) => (Fate::Ignored, why.to_owned()),
        })
    }

    /// A key that no row has: one of ours, or a slip.
    fn unknown(&self, layout: &str) -> (Fate, String) {
        let of_ec = self.plain.strip_prefix(layout);
        let own = of_ec.and_then(|rest| rest.strip_prefix('.'));
        let Some(own) = own else {
            if self.is_empty() {
                return (Fate::Alike, "it is empty: the defaults apply".to_owned());
            }
            let words = if self.plain.starts_with(CONSENT) {
                "no version of the trusted-server that this program knows has it"
            } else {
                "neither the trusted-server nor this program has it: it stays as it is, and is not read"
            };
            return (Fate::Ignored, words.to_owned());
        };
        if self.is_empty() {
            return (Fate::Alike, "it is empty: the defaults apply".to_owned());
        }
        let (group, rest) = own.split_once('.').unwrap_or((own, ""));
        let below = |key: &str| {
            own.strip_prefix(key)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let known = match group {
            "partners" => is_partner_field(rest.split('.').next().unwrap_or(rest)),
            _ => {
                NO_SETTINGS.contains(&group)
                    || known_settings().iter().any(|setting| below(setting.key))
            }
        };
        if known {
            return (
                Fate::TakenOver,
                format!("`ec.{own}`, a setting of this program"),
            );
        }
        let words = if group != "partners" && is_own(group) {
            "no setting of this program: it stays, and `ec check` reports it"
        } else {
            "no version of the trusted-server that this program knows has it, and no setting of this program has that name: it becomes a comment"
        };
        (Fate::Ignored, words.to_owned())
    }

    /// Whether it is a table or a list in which nothing is.
    fn is_empty(&self) -> bool {
        let table = self.item.as_table_like().map(TableLike::is_empty);
        let list = self.item.as_array().map(Array::is_empty);
        table.or(list).unwrap_or(false)
    }

    /// The new line, as it is written.
    fn shown(&self, to: &str, form: ValueForm) -> Result<String, MigrateError> {
        let value = if to.starts_with("partners.") {
            self.of_a_partner(form)
        } else {
            super::in_form(&self.item, form, to, &self.written)?.to_string()
        };
        let cut = form == ValueForm::Whole
            && whole(&self.item).is_some_and(|number| within(to, number) != number);
        let most = if cut {
            ", the nearest value that is taken here"
        } else {
            ""
        };
        Ok(format!("`ec.{to} = {}`{most}", value.trim()))
    }

    fn of_a_partner(&self, form: ValueForm) -> String {
        let value = match form {
            ValueForm::Text => {
                (flag(&self.item).map(Value::from)).or_else(|| self.item.as_str().map(Value::from))
            }
            ValueForm::Whole => whole(&self.item).map(Value::from),
            ValueForm::Seconds => whole(&self.item).map(length_of_seconds).map(Value::from),
            ValueForm::Days => whole(&self.item).map(length_of_days).map(Value::from),
            ValueForm::List => {
                list(&self.item).map(|list| Value::Array(list.into_iter().collect()))
            }
        };
        value.map_or_else(String::new, |value| value.to_string())
    }

    fn secret(&self, to: &str) -> String {
        let Some(secret) = self.item.as_str() else {
            return format!("`ec.{to}`, as it is");
        };
        let weak = check_strength(secret)
            .err()
            .map_or_else(String::new, |fault| {
                let advice = if to == "passphrase" {
                    ". Another passphrase gives every user another id: change it knowing that"
                } else {
                    ""
                };
                format!(". It {fault}{advice}")
            });
        if to.ends_with("_sha256") {
            return format!("`ec.{to}`: the SHA-256 of the token{weak}");
        }
        format!("`ec.{to}`: a reference; the secret is in `{SECRETS_FILE}`{weak}")
    }
}

/// The number itself, or the limit of the setting that it is beyond.
pub(super) fn within(key: &str, number: i64) -> i64 {
    match known_setting(key).and_then(|setting| setting.limits.as_ref()) {
        Some((Limit::Integer(least), Limit::Integer(most))) => {
            let cut = number.unsigned_abs().clamp(*least, *most);
            i64::try_from(cut).unwrap_or(number)
        }
        _ => number,
    }
}

pub(super) fn length_of_seconds(seconds: i64) -> String {
    Seconds::new(seconds.unsigned_abs()).to_string()
}

/// Ages beyond these limits are cut to them by the trusted-server.
const DAYS: std::ops::RangeInclusive<i64> = 1..=3_650;

pub(super) fn length_of_days(days: i64) -> String {
    format!("{}d", days.clamp(*DAYS.start(), *DAYS.end()))
}
