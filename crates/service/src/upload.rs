//! What a partner uploads: mappings of EC ids to its uids.

use std::borrow::Cow;

use serde::Deserialize;

use edge_cookie::clock::Timestamp;
use edge_cookie::event::{without_byte_order_mark, without_place};
use edge_cookie::record::EcId;

/// A batch as a partner sends it; unknown fields are ignored.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with `mappings`")]
pub(super) struct Upload<'b> {
    #[serde(borrow)]
    pub(super) mappings: Vec<Mapping<'b>>,
}

/// One mapping.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with `ec_id`, `partner_uid` and `timestamp`")]
pub(super) struct Mapping<'b> {
    #[serde(borrow)]
    ec_id: Cow<'b, str>,
    #[serde(borrow)]
    pub(super) partner_uid: Cow<'b, str>,
    pub(super) timestamp: Timestamp,
}

impl<'b> Upload<'b> {
    /// Reads a body; what is wrong with it is said with its line and column.
    pub(super) fn read(body: &'b [u8]) -> Result<Self, String> {
        parse(body)
    }
}

/// Parses a body, whether or not a byte order mark comes before it; what is wrong with it is said with its place.
pub(super) fn parse<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, String> {
    serde_json::from_slice(without_byte_order_mark(body)).map_err(|error| located(&error))
}

/// What is wrong, its place first.
fn located(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column().max(1));
    format!("line {line} column {column}: {}", without_place(error))
}

impl Mapping<'_> {
    /// Whose uid it is; the hash part of an id may be in any case.
    pub(super) fn ec_id(&self) -> Option<EcId> {
        EcId::parse_any_case(&self.ec_id).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_batch_is_said_with_its_place() {
        for (body, said) in [
            ("", "line 1 column 1: EOF while parsing a value"),
            (
                "[]",
                "line 1 column 2: invalid length 0, expected an object with `mappings`",
            ),
            ("{}", "line 1 column 2: missing field `mappings`"),
            (
                "{\"mappings\":[\n{\"ec_id\":\"a\",\"partner_uid\":\"b\"}]}",
                "line 2 column 31: missing field `timestamp`",
            ),
            (
                "null",
                "line 1 column 4: invalid type: null, expected an object with `mappings`",
            ),
            ("{\"mappings\":[],}", "line 1 column 16: trailing comma"),
            (
                "{\"mappings\":[],\"mappings\":[]}",
                "line 1 column 25: duplicate field `mappings`",
            ),
            (
                "{\"mappings\":[7]}",
                "line 1 column 14: invalid type: integer `7`, expected an object with `ec_id`, `partner_uid` and `timestamp`",
            ),
            (
                "{\"mappings\":[{\"ec_id\":\"a\",\"partner_uid\":\"b\",\"timestamp\":-1}]}",
                "line 1 column 58: `-1` is before 1970, and Unix seconds are not",
            ),
        ] {
            assert_eq!(Upload::read(body.as_bytes()).unwrap_err(), said, "{body}");
        }
        let unknown =
            br#"{"mappings":[{"ec_id":"a","partner_uid":"\u0062","timestamp":1,"x":{}}],"y":1}"#;
        let upload = Upload::read(unknown).unwrap();
        assert_eq!(upload.mappings[0].partner_uid, "b");
        let marked = "\u{feff}{\"mappings\":[]}";
        assert!(Upload::read(marked.as_bytes()).unwrap().mappings.is_empty());
    }
}
