//! Secrets of a configuration in clear: they go to a file of their own, and references take their place.

use std::ops::Range;

use edge_cookie_service::partner::TokenHash;
use toml_edit::{Document, InlineTable, Item, TableLike, Value};

/// Secrets by the names of the variables that the references name, in the order found.
#[derive(Debug, Clone, Default)]
pub(super) struct Secrets(Vec<(String, String)>);

impl Secrets {
    /// Keeps a secret, and gives back the reference to it: `variable` gets a number where another secret has its name.
    pub(super) fn keep(&mut self, variable: &str, secret: &str) -> Value {
        let mut names = (1..).map(|number: u32| match number {
            1 => variable.to_owned(),
            number => format!("{variable}_{number}"),
        });
        let free = |name: &String| self.0.iter().all(|(kept, _)| kept != name);
        let name = names.find(free).unwrap_or_default();
        let mut reference = InlineTable::new();
        reference.insert("env", Value::from(name.as_str()));
        self.0.push((name, secret.to_owned()));
        Value::InlineTable(reference)
    }

    /// Keeps the secrets that a value has under the names of secrets, and puts the references to them in their places.
    pub(super) fn take_from(&mut self, path: &str, item: &mut Item) {
        if let Item::ArrayOfTables(tables) = item {
            for (index, table) in tables.iter_mut().enumerate() {
                for (key, item) in table.iter_mut() {
                    self.take_from(&format!("{path}.{index}.{}", key.get()), item);
                }
            }
        } else if let Some(table) = item.as_table_like_mut() {
            for (key, item) in table.iter_mut() {
                self.take_from(&format!("{path}.{}", key.get()), item);
            }
        } else if let Some(array) = item.as_array_mut() {
            for (index, value) in array.iter_mut().enumerate() {
                let mut item = Item::Value(value.clone());
                self.take_from(&format!("{path}.{index}"), &mut item);
                if let Item::Value(taken) = item {
                    *value = taken;
                }
            }
        } else if let Some(secret) = item.as_str()
            && (path.split('.').any(is_secret) || holds_secrets(secret))
        {
            *item = Item::Value(self.keep(&variable(OLD, path), secret));
        }
    }

    /// The names of the variables.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The file of a shell that sets them; none where there are none.
    pub(super) fn file(&self) -> Option<String> {
        let quoted = |secret: &str| format!("'{}'", secret.replace('\'', r"'\''"));
        let lines = (self.0.iter()).map(|(name, secret)| format!("{name}={}\n", quoted(secret)));
        (!self.0.is_empty()).then(|| {
            let head = "# Secrets of `trusted-server.toml`. Not for version control: keep them where secrets are kept, and delete this file.\n";
            format!("{head}{}", lines.collect::<String>())
        })
    }
}

/// Begins the names of secrets that nothing reads here: the trusted-server's.
const OLD: &str = "TS";

/// A name for the variable of a secret.
pub(super) fn variable(prefix: &str, domain: &str) -> String {
    let letters = domain.chars().map(|character| match character {
        letter if letter.is_ascii_alphanumeric() => letter.to_ascii_uppercase(),
        _ => '_',
    });
    format!("{prefix}_{}", letters.collect::<String>())
}

/// What is kept of a partner's token.
pub(super) fn hash(token: &str) -> Value {
    Value::from(TokenHash::of(token).as_str())
}

/// Words in the names of keys whose values are secrets.
const SECRET_WORDS: [&str; 5] = ["secret", "passphrase", "password", "token", "private_key"];

/// Keys with such a word that name where a secret is, or hold its hash.
const NO_SECRETS: [&str; 6] = [
    "secret_store",
    "secret_store_id",
    "api_token_sha256",
    "auction_token_secret",
    "access_token_secret",
    "invalid_token_limit",
];

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| key.contains(word)) && !NO_SECRETS.contains(&key.as_str())
}

fn holds_secrets(text: &str) -> bool {
    text.contains(['{', '[']) && SECRET_WORDS.iter().any(|word| text.contains(word))
}

/// The text with every literal secret masked, those in comments too. No line gets another number.
pub(crate) fn masked(text: &str) -> String {
    let mut spans = Vec::new();
    if let Ok(document) = Document::parse(text) {
        find(document.as_table(), &mut spans);
    }
    let mut masked = text.as_bytes().to_vec();
    for span in spans {
        let secret = masked.get_mut(span).unwrap_or_default();
        for byte in secret.iter_mut().filter(|byte| **byte != b'\n') {
            *byte = b'*';
        }
    }
    let masked = String::from_utf8_lossy(&masked).into_owned();
    let lines = masked.split_inclusive('\n').map(|line| {
        let comment = line.split_once('#').map(|(_, comment)| comment);
        let named = comment.and_then(|comment| comment.split_once('='));
        match named {
            Some((name, _)) if is_secret(name.trim()) => {
                let end = if line.ends_with('\n') { "\n" } else { "" };
                let kept = line.split_once('=').map_or("", |(kept, _)| kept);
                format!("{kept}= ***{end}")
            }
            _ => line.to_owned(),
        }
    });
    lines.collect()
}

fn find(table: &dyn TableLike, spans: &mut Vec<Range<usize>>) {
    for (key, item) in table.iter() {
        find_in(key, item, spans);
    }
}

fn find_in(key: &str, item: &Item, spans: &mut Vec<Range<usize>>) {
    match item {
        Item::Table(table) => find(table, spans),
        Item::ArrayOfTables(tables) => tables.iter().for_each(|table| find(table, spans)),
        Item::Value(value) => find_in_value(key, value, spans),
        Item::None => {}
    }
}

fn find_in_value(key: &str, value: &Value, spans: &mut Vec<Range<usize>>) {
    match value {
        Value::InlineTable(table) => find(table, spans),
        Value::Array(array) => array
            .iter()
            .for_each(|value| find_in_value(key, value, spans)),
        // A whole list of partners may be in one string.
        Value::String(text) if is_secret(key) || holds_secrets(text.value()) => {
            spans.extend(value.span());
        }
        _ => {}
    }
}
