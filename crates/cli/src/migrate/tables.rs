//! Tables rewritten key by key: comments and order stay.

use toml_edit::{Item, Key, Table, TableLike, Value};

use super::MigrateError;
use super::secrets::Secrets;

/// A table that is being written again.
#[derive(Debug, Default)]
pub(super) struct Rebuilt {
    entries: Vec<TableEntry>,
    /// Comments whose key is gone: they come before the next one.
    comments: String,
}

/// An entry, and the tables that its key names before its own.
#[derive(Debug)]
struct TableEntry {
    groups: Vec<String>,
    key: Key,
    item: Item,
}

/// Begins the comment that a key without a counterpart becomes.
const NOT_READ: &str = "# of the trusted-server, not read here: ";

impl Rebuilt {
    /// Takes every entry out of a table, in order.
    pub(super) fn entries(table: &mut Table) -> Vec<(Key, Item)> {
        let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
        names
            .iter()
            .filter_map(|name| table.remove_entry(name))
            .collect()
    }

    /// The entry as it is.
    pub(super) fn same(&mut self, key: Key, item: Item) {
        let key = self.after_comments(key);
        self.entries.push(TableEntry {
            groups: Vec::new(),
            key,
            item,
        });
    }

    /// An entry before all others.
    pub(super) fn first(&mut self, key: Key, item: Item) {
        let groups = Vec::new();
        self.entries.insert(0, TableEntry { groups, key, item });
    }

    /// The entry under another key, which may be of several names, with another value.
    pub(super) fn keep(&mut self, key: &Key, item: &Item, name: &str, value: Value) {
        let (groups, own) = name.rsplit_once('.').unwrap_or(("", name));
        let groups = groups.split('.').filter(|group| !group.is_empty());
        let groups = groups.map(str::to_owned).collect();
        let decor = key.leaf_decor().clone();
        let key = self.after_comments(Key::new(own).with_leaf_decor(decor));
        let mut value = value;
        match item {
            Item::Value(old) => *value.decor_mut() = old.decor().clone(),
            _ => value.decor_mut().set_prefix(" "),
        }
        self.entries.push(TableEntry {
            groups,
            key,
            item: Item::Value(value),
        });
    }

    /// The entry is part of another one: only its comments stay.
    pub(super) fn merge(&mut self, key: &Key) {
        self.comments.push_str(prefix(key));
    }

    /// The entry of the table at `path` becomes a comment; what is secret in it goes where secrets go.
    pub(super) fn comment_out(
        &mut self,
        path: &str,
        key: &Key,
        item: &Item,
        secrets: &mut Secrets,
    ) {
        self.comments.push_str(prefix(key));
        let name = key.get();
        self.comment_out_value(&format!("{path}.{name}"), name, item, secrets);
    }

    fn comment_out_value(&mut self, path: &str, name: &str, item: &Item, secrets: &mut Secrets) {
        if let Some(table) = item.as_table() {
            self.header(table);
            for (key, item) in table {
                let name = format!("{name}.{key}");
                self.comment_out_value(&format!("{path}.{key}"), &name, item, secrets);
            }
            return;
        }
        let mut item = item.clone();
        secrets.take_from(path, &mut item);
        let written = format!("{name} = {}", item.to_string().trim());
        for line in written.lines() {
            self.comments.push_str(NOT_READ);
            self.comments.push_str(line);
            self.comments.push('\n');
        }
    }

    fn after_comments(&mut self, key: Key) -> Key {
        if self.comments.is_empty() {
            return key;
        }
        let mut key = key;
        let before = format!("{}{}", std::mem::take(&mut self.comments), prefix(&key));
        key.leaf_decor_mut().set_prefix(before);
        key
    }

    /// Takes the comments above another table's header along.
    pub(super) fn header(&mut self, table: &Table) {
        let comments = table.decor().prefix().and_then(|prefix| prefix.as_str());
        self.comments.push_str(comments.unwrap_or_default());
    }

    /// Puts the entries into a table.
    ///
    /// # Errors
    ///
    /// Where the table has one of them already: no value is to be dropped for another.
    pub(super) fn finish(mut self, table: &mut Table) -> Result<(), MigrateError> {
        if !self.comments.trim().is_empty() {
            self.end_with_comments(table);
        }
        insert_all(self.entries, table)
    }

    fn end_with_comments(&mut self, table: &mut Table) {
        let comments = self.comments.trim_end().to_owned();
        let items = self.entries.iter_mut().rev();
        let last = items
            .map(|entry| &mut entry.item)
            .find_map(Item::as_value_mut);
        if let Some(value) = last {
            let suffix = value.decor().suffix().and_then(|suffix| suffix.as_str());
            let suffix = suffix.unwrap_or_default().trim_end().to_owned();
            value
                .decor_mut()
                .set_suffix(format!("{suffix}\n{comments}"));
        } else {
            let before = table.decor().prefix().and_then(|prefix| prefix.as_str());
            let before = format!("{}{comments}\n", before.unwrap_or_default());
            table.decor_mut().set_prefix(before);
        }
    }
}

fn insert_all(entries: Vec<TableEntry>, table: &mut Table) -> Result<(), MigrateError> {
    for entry in entries {
        let twice = || {
            let groups = entry.groups.iter().map(String::as_str);
            let names: Vec<&str> = groups.chain([entry.key.get()]).collect();
            MigrateError::Twice(names.join("."))
        };
        let mut inner: &mut dyn TableLike = table;
        for group in &entry.groups {
            let dotted = || {
                let mut dotted = Table::new();
                dotted.set_dotted(true);
                Item::Table(dotted)
            };
            let next = inner.entry(group).or_insert_with(dotted);
            inner = next.as_table_like_mut().ok_or_else(twice)?;
        }
        if inner.contains_key(entry.key.get()) {
            return Err(twice());
        }
        inner.entry_format(&entry.key).or_insert(entry.item);
    }
    Ok(())
}

fn prefix(key: &Key) -> &str {
    let prefix = key.leaf_decor().prefix().and_then(|prefix| prefix.as_str());
    prefix.unwrap_or_default()
}
