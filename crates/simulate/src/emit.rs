//! Writes the operations of a simulation as an event stream for `ec apply`.

use std::fmt::Write;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::context::{SimulatedCall, SimulationContext};
use super::rng::{Rng, RngStream};
use edge_cookie::record::{ConsentStrings, KvGeo};

/// An operation as an event line, with its position in the stream.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EmittedEvent {
    at: u64,
    visitor: u64,
    sequence: u64,
    line: String,
}

impl EmittedEvent {
    /// The line, without its line break.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }
}

/// Collects events.
#[derive(Debug, Default)]
pub(crate) struct EventEmitter {
    pub(crate) lines: Vec<EmittedEvent>,
}

impl EventEmitter {
    pub(crate) fn emit(
        &mut self,
        context: &SimulationContext<'_>,
        caller: &Caller,
        call: &SimulatedCall,
    ) {
        let now = context.moment(caller.at);
        let operation = context.operation(call, now.timestamp());
        let mut line = Map::new();
        line.insert("at".to_owned(), now.to_string().into());
        line.insert("op".to_owned(), operation.as_str().into());
        line.insert("ec_id".to_owned(), ec_id(context, caller).into());
        match call {
            SimulatedCall::Touch | SimulatedCall::Withdraw => {}
            SimulatedCall::Create(region) => {
                let geo = context
                    .workload
                    .regions
                    .get(*region)
                    .map(|region| &region.geo);
                line.insert("consent".to_owned(), consent(&context.consent));
                line.insert("geo".to_owned(), geo.map_or(Value::Null, place));
            }
            SimulatedCall::Sync { syncs, .. } => {
                let ids = syncs.iter().map(|sync| {
                    json!({ "partner_id": sync.partner.as_str(), "uid": sync.uid, "timestamp": sync.timestamp })
                });
                line.insert("ids".to_owned(), ids.collect());
            }
        }
        self.lines.push(EmittedEvent {
            at: caller.at,
            visitor: caller.visitor,
            sequence: self.lines.len() as u64,
            line: Value::Object(line).to_string(),
        });
    }
}

fn consent(strings: &ConsentStrings) -> Value {
    #[derive(Serialize)]
    struct ConsentJson<'s> {
        tcf: Option<&'s str>,
        gpp: Option<&'s str>,
    }
    json!(ConsentJson {
        tcf: strings.tcf.as_deref(),
        gpp: strings.gpp.as_deref()
    })
}

fn place(geo: &KvGeo) -> Value {
    json!({ "country": geo.country, "region": geo.region })
}

/// A random EC id, of the form that a keyed hash has.
fn ec_id(context: &SimulationContext<'_>, caller: &Caller) -> String {
    const WORDS: usize = 4;
    const TAIL: u64 = 1_000_000;
    let mut rng: Rng = context.rng(RngStream::Id, caller.visitor);
    let mut id = String::new();
    for _ in 0..WORDS {
        // Writing to a string cannot fail.
        let _ = write!(id, "{:016x}", rng.next_u64());
    }
    let _ = write!(id, ".{:06}", caller.number % TAIL);
    id
}
