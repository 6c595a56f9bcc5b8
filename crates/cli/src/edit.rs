//! Editing TOML files in place: comments, order and line ends stay.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::Path;

use edge_cookie::policy::known_setting;
use edge_cookie::policy::node::MAX_DEPTH;
use edge_cookie::policy::setting::{SettingInfo, Shape};
use edge_cookie::private_files;
use toml_edit::{DocumentMut, Item, Key, Table, TableLike, Value};

/// A TOML text that is being edited.
pub(crate) struct Edit {
    document: DocumentMut,
    /// Whether every line ends as on Windows.
    crlf: bool,
}

/// Why a text cannot be edited so.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditError {
    #[error("it is not TOML: {0}")]
    Syntax(String),
    #[error(
        "the key has {0} names, and no setting has more than {MAX_DEPTH}: `ec show` lists every setting"
    )]
    TooDeep(usize),
    #[error("`{key}` takes {accepted}, not `{written}`")]
    Value {
        key: String,
        accepted: String,
        written: String,
    },
    #[error("`{0}` is not a table there: edit the file by hand")]
    NoTable(String),
    #[error("`{0}` is written as `[[{0}]]` there: edit the file by hand")]
    ManyTables(String),
}

impl Edit {
    pub(crate) fn of(text: &str) -> Result<Self, EditError> {
        let lines = text.matches('\n').count();
        let crlf = lines > 0 && text.matches("\r\n").count() == lines;
        let text = if crlf {
            text.replace("\r\n", "\n")
        } else {
            text.to_owned()
        };
        let document = text
            .parse()
            .map_err(|error: toml_edit::TomlError| EditError::Syntax(error.message().to_owned()))?;
        Ok(Self { document, crlf })
    }

    /// The text as it is now.
    pub(crate) fn text(&self) -> String {
        let text = self.document.to_string();
        if self.crlf {
            text.replace('\n', "\r\n")
        } else {
            text
        }
    }

    /// Puts a value under a setting's key below `ec`; gives back what stood there.
    pub(crate) fn set(&mut self, key: &str, value: Value) -> Result<Option<String>, EditError> {
        shallow(key)?;
        let (tables, own) = path(key);
        self.make_room(&tables);
        let mut table: &mut dyn TableLike = self.document.as_table_mut();
        for name in &tables {
            let item = table.entry(name).or_insert_with(|| Item::Table(implicit()));
            table = item
                .as_table_like_mut()
                .ok_or_else(|| EditError::NoTable((*name).to_owned()))?;
        }
        match table.get_mut(own) {
            Some(Item::Value(old)) => {
                let before = old.to_string().trim().to_owned();
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
                Ok(Some(before))
            }
            Some(_) => Err(EditError::ManyTables(format!("ec.{key}"))),
            None => {
                table.insert(own, Item::Value(value));
                Ok(None)
            }
        }
    }

    /// Where the last of these tables is not there yet, makes it: at the end, after whatever comments stand there.
    fn make_room(&mut self, tables: &[&str]) {
        let trailing = self
            .document
            .trailing()
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let mut table: &mut dyn TableLike = self.document.as_table_mut();
        for (index, name) in tables.iter().enumerate() {
            let last = index + 1 == tables.len();
            if table.get(name).is_none() {
                let mut new = implicit();
                if last && !trailing.trim().is_empty() {
                    new.decor_mut().set_prefix(format!("{trailing}\n"));
                    table.insert(name, Item::Table(new));
                    self.document.set_trailing("");
                    return;
                }
                table.insert(name, Item::Table(new));
            }
            let Some(inner) = table.get_mut(name).and_then(Item::as_table_like_mut) else {
                return;
            };
            table = inner;
        }
    }

    /// Takes a setting's key below `ec` out, and its table where nothing is left in it; gives back what stood there.
    pub(crate) fn remove(&mut self, key: &str) -> Result<Option<String>, EditError> {
        shallow(key)?;
        let (tables, own) = path(key);
        remove(self.document.as_table_mut(), &tables, own)
            .map_err(|()| EditError::ManyTables(format!("ec.{key}")))
    }

    /// Renames a top-level table, wherever it is in the file.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let root = self.document.as_table_mut();
        let names: Vec<String> = root.iter().map(|(name, _)| name.to_owned()).collect();
        // Taken out and put back in order, so that each keeps its place.
        let entries: Vec<(Key, Item)> = names
            .iter()
            .filter_map(|name| root.remove_entry(name))
            .collect();
        for (key, item) in entries {
            let key = if key.get() == from {
                Key::new(to)
                    .with_leaf_decor(key.leaf_decor().clone())
                    .with_dotted_decor(key.dotted_decor().clone())
            } else {
                key
            };
            root.insert_formatted(&key, item);
        }
    }

    pub(crate) const fn document(&self) -> &DocumentMut {
        &self.document
    }

    pub(crate) const fn document_mut(&mut self) -> &mut DocumentMut {
        &mut self.document
    }

    /// Whether there is a top-level table of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.document.contains_key(name)
    }
}

/// A table whose header is written once it has an entry.
fn implicit() -> Table {
    let mut table = Table::new();
    table.set_implicit(true);
    table
}

fn remove(table: &mut dyn TableLike, tables: &[&str], own: &str) -> Result<Option<String>, ()> {
    let Some((name, rest)) = tables.split_first() else {
        return match table.get(own) {
            None => Ok(None),
            Some(Item::Value(_)) => {
                let removed = table.remove(own);
                Ok(removed.map(|item| item.to_string().trim().to_owned()))
            }
            Some(_) => Err(()),
        };
    };
    let Some(inner) = table.get_mut(name).and_then(Item::as_table_like_mut) else {
        return Ok(None);
    };
    let removed = remove(inner, rest, own)?;
    // A comment above its header keeps a table where it is.
    let bare = table
        .get(name)
        .and_then(Item::as_table)
        .is_some_and(|table| {
            let prefix = table.decor().prefix().and_then(|prefix| prefix.as_str());
            table.is_empty() && prefix.is_none_or(|prefix| prefix.trim().is_empty())
        });
    if removed.is_some() && bare && *name != "ec" {
        table.remove(name);
    }
    Ok(removed)
}

/// Refuses a key of so many names that their tables could fill the stack.
fn shallow(key: &str) -> Result<(), EditError> {
    let names = key.split('.').count();
    if names > MAX_DEPTH {
        return Err(EditError::TooDeep(names));
    }
    Ok(())
}

/// The tables that a setting's key is in, and its own name.
fn path(key: &str) -> (Vec<&str>, &str) {
    let mut tables = vec!["ec"];
    let own = match key.rsplit_once('.') {
        Some((groups, own)) => {
            tables.extend(groups.split('.'));
            own
        }
        None => key,
    };
    (tables, own)
}

/// A value from the command line: a text needs no quotes.
pub(crate) fn value(key: &str, written: &str) -> Result<Value, EditError> {
    let setting = known_setting(key);
    let shape = setting.map(|setting| setting.shape);
    let quoted = written.starts_with(['"', '\'']);
    let reference = shape == Some(Shape::Secret) && written.starts_with('{');
    if shape.is_some_and(Shape::is_text) && !quoted && !reference {
        return Ok(Value::from(written));
    }
    match written.parse() {
        Ok(value) => Ok(value),
        // A key that is no setting is reported when the policy is read.
        Err(_) if shape.is_none() => Ok(Value::from(written)),
        Err(_) => Err(EditError::Value {
            key: key.to_owned(),
            accepted: setting.map(accepted).unwrap_or_default(),
            written: written.to_owned(),
        }),
    }
}

/// The values that a setting takes, in words.
fn accepted(setting: &SettingInfo) -> String {
    match (setting.shape, &setting.limits) {
        (Shape::Integer, Some((least, most))) => format!("a whole number from {least} to {most}"),
        (Shape::Integer, None) => "a whole number".to_owned(),
        (Shape::Boolean, _) => "`true` or `false`".to_owned(),
        (Shape::TextList(_) | Shape::Amendable(_), _) => {
            "a list of texts, as `[\"CA\", \"CO\"]`".to_owned()
        }
        (Shape::Secret, _) => "a text, or a reference as `{ env = \"NAME\" }`".to_owned(),
        _ => "a text with its quotes closed".to_owned(),
    }
}

/// Puts `text` in the place of a file, whole or not at all; its permissions stay, and the copy that takes its place has
/// them before its first byte: no one reads a secret in it who may not read the file.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one.
    let path = fs::canonicalize(path)?;
    let permissions = fs::metadata(&path)?.permissions();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = write_new(&beside, text, permissions).and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // No one needs what is left of the attempt.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write_new(path: &Path, text: &str, permissions: Permissions) -> io::Result<()> {
    let mut file = private_files::options()
        .write(true)
        .create_new(true)
        .open(path)?;
    file.set_permissions(permissions)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Writes `text` to a file. Where it holds secrets, a new file is its owner's alone, and one that exists is readable to
/// no more than its owner and group.
pub(crate) fn write(path: &Path, text: &str, secret: bool) -> io::Result<()> {
    let mut options = if secret {
        private_files::options()
    } else {
        OpenOptions::new()
    };
    let mut file = options.write(true).create(true).truncate(true).open(path)?;
    #[cfg(unix)]
    if secret {
        use std::os::unix::fs::PermissionsExt;
        let metadata = file.metadata()?;
        if metadata.is_file() {
            let mode = metadata.permissions().mode() & OWNER_AND_GROUP;
            file.set_permissions(Permissions::from_mode(mode))?;
        }
    }
    file.write_all(text.as_bytes())
}

/// What a mode lets the owner and the group do.
#[cfg(unix)]
const OWNER_AND_GROUP: u32 = 0o770;
