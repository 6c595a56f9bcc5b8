//! JSON objects that keep the fields they do not know.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::value::RawValue;

/// Fields that this version does not know, in their order, each value exactly as it was written.
#[derive(Debug, Clone, Default)]
pub struct Kept(Vec<(Box<str>, Box<RawValue>)>);

impl Kept {
    pub(super) fn push(&mut self, name: Name<'_>, value: Box<RawValue>) {
        self.0.push((name.0.into(), value));
    }

    /// The fields with their values as JSON text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
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

/// The most bytes that `text` takes as a JSON string: each may become an escape such as `\u0001`.
pub(super) fn longest_string(text: &str) -> usize {
    text.len() * r"\u0001".len() + r#""""#.len()
}

/// A field's name, borrowed from the input where it holds no escapes.
pub(super) struct Name<'de>(pub(super) Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(NameVisitor)
    }
}

/// Declares an object of the stored schema: its known fields, and a place for the others.
///
/// `required` fields must be there; an `optional` one may be missing, and is left out where it is none.
macro_rules! object {
    (
        $(#[doc = $doc:literal])*
        $name:ident {
            $( $(#[doc = $field_doc:literal])* $field:ident: $type:ty = $need:ident, )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $( $(#[doc = $field_doc])* pub $field: $type, )*
            /// Fields that this version does not know.
            pub kept: $crate::record::object::Kept,
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor;

                impl<'de> serde::de::Visitor<'de> for ObjectVisitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<Self::Value, A::Error> {
                        $( let mut $field: Option<$type> = None; )*
                        let mut kept = $crate::record::object::Kept::default();
                        while let Some(name) = map.next_key::<$crate::record::object::Name<'de>>()? {
                            match &*name.0 {
                                $( stringify!($field) => {
                                    if $field.replace(map.next_value()?).is_some() {
                                        return Err(serde::de::Error::duplicate_field(stringify!($field)));
                                    }
                                } )*
                                _ => kept.push(name, map.next_value()?),
                            }
                        }
                        Ok($name {
                            $( $field: object!(@read $need $field), )*
                            kept,
                        })
                    }
                }

                deserializer.deserialize_map(ObjectVisitor)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(None)?;
                $( object!(@write $need map, stringify!($field), &self.$field); )*
                for (name, value) in self.kept.iter() {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    };
    (@read required $field:ident) => {
        $field.ok_or_else(|| serde::de::Error::missing_field(stringify!($field)))?
    };
    (@read optional $field:ident) => { $field.flatten() };
    (@write required $map:ident, $name:expr, $value:expr) => {
        $map.serialize_entry($name, $value)?;
    };
    (@write optional $map:ident, $name:expr, $value:expr) => {
        if let Some(value) = $value {
            $map.serialize_entry($name, value)?;
        }
    };
}

pub(super) use object;
