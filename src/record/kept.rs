//! The fields of an object that this version does not know, kept for its rewrite.

use serde::ser::SerializeMap;
use serde_json::value::RawValue;

use super::object::{Name, longest_string};

/// Fields that this version does not know, in their order, each value exactly as it was written. A field that it knows is
/// here too where its value has another type, so that it costs no user their record.
#[derive(Debug, Clone, Default)]
pub struct Kept(Vec<KeptField>);

#[derive(Debug, Clone)]
struct KeptField {
    name: Box<str>,
    value: Box<RawValue>,
    /// The known field that it is written before, by its index; the number of known fields where it comes after them all.
    before: u8,
}

impl Kept {
    pub(super) fn push(&mut self, name: Name<'_>, value: Box<RawValue>, before: u8) {
        self.0.push(KeptField {
            name: name.0.into(),
            value,
            before,
        });
    }

    /// The fields with their values as JSON text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|field| (&*field.name, &*field.value))
    }

    /// The value of a field as JSON text; the last one where the name is there several times, as JSON parsers read it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        let named = |field: &&KeptField| *field.name == *name;
        self.0.iter().rfind(named).map(|field| &*field.value)
    }

    /// Puts a field in the place of any with this name, after all others.
    pub(super) fn set(&mut self, name: &str, value: &impl serde::Serialize) {
        self.drop_all(&[name]);
        if let Ok(value) = serde_json::value::to_raw_value(value) {
            self.push(Name(name.into()), value, u8::MAX);
        }
    }

    /// Puts all fields of `newer`, each in the place of any with its name.
    pub(super) fn replace_with(&mut self, newer: Self) {
        if !newer.0.is_empty() {
            let is_newer = |field: &KeptField| newer.get(&field.name).is_some();
            self.0.retain(|field| !is_newer(field));
            self.0.extend(newer.0);
        }
    }

    /// Drops the fields with these names, to which the writer gives a value of its own.
    pub(super) fn drop_all(&mut self, names: &[&str]) {
        if !self.0.is_empty() {
            self.0.retain(|field| !names.contains(&&*field.name));
        }
    }

    /// The fields, to be written where they were read.
    pub(super) fn writer(&self) -> KeptWriter<'_> {
        KeptWriter(&self.0)
    }

    /// The most bytes the fields take in JSON.
    pub(super) fn longest_json(&self) -> usize {
        self.iter()
            .map(|(name, value)| longest_string(name) + ":,".len() + value.get().len())
            .sum()
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        let texts = |(name, value): (&str, &RawValue)| (name.to_owned(), value.get().to_owned());
        self.0.len() == other.0.len() && self.iter().map(texts).eq(other.iter().map(texts))
    }
}

impl Eq for Kept {}

/// Kept fields that are still to be written.
pub(super) struct KeptWriter<'k>(&'k [KeptField]);

impl KeptWriter<'_> {
    /// Writes those that come before the known field with this index.
    #[inline]
    pub(super) fn write_before<M: SerializeMap>(
        &mut self,
        map: &mut M,
        index: u8,
    ) -> Result<(), M::Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.write_some_before(map, index)
    }

    #[cold]
    #[inline(never)]
    fn write_some_before<M: SerializeMap>(
        &mut self,
        map: &mut M,
        index: u8,
    ) -> Result<(), M::Error> {
        while let [field, rest @ ..] = self.0 {
            if field.before > index {
                break;
            }
            map.serialize_entry(&*field.name, &*field.value)?;
            self.0 = rest;
        }
        Ok(())
    }
}
