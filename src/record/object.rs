//! JSON objects that keep the fields they do not know.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::Kept;

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

/// Keeps a field that is not known. Apart, so that reading those that are known stays small.
#[cold]
#[inline(never)]
pub(super) fn keep<'de, A: MapAccess<'de>>(
    kept: &mut Kept,
    name: Name<'de>,
    map: &mut A,
    before: u8,
) -> Result<(), A::Error> {
    kept.push(name, map.next_value()?, before);
    Ok(())
}

/// Declares an object of the stored schema: its known fields, in the order in which they are written, and a place for the
/// others, which are written where they were read.
///
/// A `required` field must be there; one with a default, `or(DEFAULT)`, has it where it is missing; an `optional` one may be
/// missing, and is left out where it is none.
macro_rules! object {
    (
        $(#[doc = $doc:literal])*
        $name:ident {
            $(
                $(#[doc = $field_doc:literal])*
                $field:ident: $type:ty = $need:ident $(($default:expr))?,
            )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $( $(#[doc = $field_doc])* pub $field: $type, )*
            /// Fields that this version does not know.
            pub kept: $crate::record::Kept,
        }

        const _: () = {
            /// The index of each known field, in the order in which they are written.
            #[expect(non_camel_case_types, reason = "named as the fields are")]
            enum Field {
                $( $field, )*
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<Self, D::Error> {
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
                            let mut kept = $crate::record::Kept::default();
                            while let Some(name) =
                                map.next_key::<$crate::record::object::Name<'de>>()?
                            {
                                match &*name.0 {
                                    $( stringify!($field) => {
                                        if $field.replace(map.next_value()?).is_some() {
                                            return Err(serde::de::Error::duplicate_field(
                                                stringify!($field),
                                            ));
                                        }
                                    } )*
                                    _ => {
                                        let before = object!(@before $($field)*);
                                        $crate::record::object::keep(
                                            &mut kept, name, &mut map, before,
                                        )?;
                                    }
                                }
                            }
                            Ok($name {
                                $( $field: object!(@read $need $(($default))? $field), )*
                                kept,
                            })
                        }
                    }

                    deserializer.deserialize_map(ObjectVisitor)
                }
            }

            impl $crate::record::tolerant::Tolerant for $name {
                fn tolerant(
                    json: &serde_json::value::RawValue,
                ) -> Result<Self, serde_json::Error> {
                    $( let mut $field: Option<$type> = None; )*
                    let mut kept = $crate::record::Kept::default();
                    for (name, value) in $crate::record::tolerant::fields(json, "an object")? {
                        let before = object!(@before $($field)*);
                        match &*name.0 {
                            $( stringify!($field) => {
                                let again = kept.get(stringify!($field)).is_some();
                                if again || $field.is_some() {
                                    return Err(serde::de::Error::duplicate_field(
                                        stringify!($field),
                                    ));
                                }
                                match $crate::record::tolerant::Tolerant::tolerant(value) {
                                    Ok(value) => $field = Some(value),
                                    Err(error) => object!(
                                        @tolerate $need $(($default))?
                                        $field error value {
                                            kept.push(name, value.to_owned(), before);
                                        }
                                    ),
                                }
                            } )*
                            _ => kept.push(name, value.to_owned(), before),
                        }
                    }
                    Ok($name {
                        $( $field: object!(@read $need $(($default))? $field), )*
                        kept,
                    })
                }
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(
                    &self,
                    serializer: S,
                ) -> Result<S::Ok, S::Error> {
                    use serde::ser::SerializeMap;
                    let mut map = serializer.serialize_map(None)?;
                    let mut kept = self.kept.writer();
                    $(
                        kept.write_before(&mut map, Field::$field as u8)?;
                        object!(@write $need map, stringify!($field), &self.$field);
                    )*
                    kept.write_before(&mut map, u8::MAX)?;
                    map.end()
                }
            }
        };
    };
    // The index of the known field that comes after the last one read.
    (@before $($field:ident)*) => {{
        let mut before = 0;
        $( if $field.is_some() {
            before = Field::$field as u8 + 1;
        } )*
        before
    }};
    (@read required $field:ident) => {
        $field.ok_or_else(|| serde::de::Error::missing_field(stringify!($field)))?
    };
    (@read or($default:expr) $field:ident) => { $field.unwrap_or_else(|| $default) };
    (@read optional $field:ident) => { $field.flatten() };
    (@tolerate optional $field:ident $error:ident $value:ident $keep:block) => {{
        let _ = $error;
        $keep
    }};
    (@tolerate or($default:expr) $field:ident $error:ident $value:ident $keep:block) => {{
        if $value.get() != "null" {
            return Err($crate::record::tolerant::within(stringify!($field), &$error));
        }
        $field = Some($default);
    }};
    (@tolerate required $field:ident $error:ident $value:ident $keep:block) => {
        return Err($crate::record::tolerant::within(stringify!($field), &$error))
    };
    (@write optional $map:ident, $name:expr, $value:expr) => {
        if let Some(value) = $value {
            $map.serialize_entry($name, value)?;
        }
    };
    (@write $need:ident $map:ident, $name:expr, $value:expr) => {
        $map.serialize_entry($name, $value)?;
    };
}

pub(super) use object;
