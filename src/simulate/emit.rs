//! The operations of a simulation as an event stream, for `ec apply`.

use std::fmt::Write;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::dice::{Dice, Stream};
use super::ground::{Call, Ground};
use super::identity::Caller;
use crate::record::{ConsentStrings, KvGeo};

/// An operation as a line, and where it stands among the others.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Emitted {
    at: u64,
    visitor: u64,
    sequence: u64,
    line: String,
}

impl Emitted {
    /// The line, without its end.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }
}

/// Collects operations.
#[derive(Debug, Default)]
pub(crate) struct Emitter {
    pub(crate) lines: Vec<Emitted>,
}

impl Emitter {
    pub(crate) fn emit(&mut self, ground: &Ground<'_>, caller: &Caller, call: &Call) {
        let now = ground.moment(caller.at);
        let operation = ground.operation(call, now.timestamp());
        let mut line = Map::new();
        line.insert("at".to_owned(), now.to_string().into());
        line.insert("op".to_owned(), operation.as_str().into());
        line.insert("ec_id".to_owned(), ec_id(ground, caller).into());
        match call {
            Call::Touch | Call::Withdraw => {}
            Call::Create(region) => {
                let geo = ground
                    .workload
                    .regions
                    .get(*region)
                    .map(|region| &region.geo);
                line.insert("consent".to_owned(), consent(&ground.consent));
                line.insert("geo".to_owned(), geo.map_or(Value::Null, place));
            }
            Call::Sync { syncs, .. } => {
                let ids = syncs.iter().map(|sync| {
                    json!({ "partner_id": sync.partner.as_str(), "uid": sync.uid, "timestamp": sync.timestamp })
                });
                line.insert("ids".to_owned(), ids.collect());
            }
        }
        self.lines.push(Emitted {
            at: caller.at,
            visitor: caller.visitor,
            sequence: self.lines.len() as u64,
            line: Value::Object(line).to_string(),
        });
    }
}

fn consent(strings: &ConsentStrings) -> Value {
    #[derive(Serialize)]
    struct Given<'s> {
        tcf: Option<&'s str>,
        gpp: Option<&'s str>,
    }
    json!(Given {
        tcf: strings.tcf.as_deref(),
        gpp: strings.gpp.as_deref()
    })
}

fn place(geo: &KvGeo) -> Value {
    json!({ "country": geo.country, "region": geo.region })
}

/// An id made of chance, as a keyed hash would be.
fn ec_id(ground: &Ground<'_>, caller: &Caller) -> String {
    const WORDS: usize = 4;
    const TAIL: u64 = 1_000_000;
    let mut dice: Dice = ground.dice(Stream::Id, caller.visitor);
    let mut id = String::new();
    for _ in 0..WORDS {
        // Writing to a string cannot fail.
        let _ = write!(id, "{:016x}", dice.roll());
    }
    let _ = write!(id, ".{:06}", caller.number % TAIL);
    id
}
