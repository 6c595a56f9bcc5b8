//! What is printed for a line that ran.

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Finished, OperationError, expires_at};
use edge_cookie::policy::EcPolicy;
use edge_cookie::record::{KvEntry, KvMetadata};
use serde::Serialize;

/// What became of an operation. `get` shows the record, with what the policy makes of it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct OutcomeLine<'f> {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    op: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcomes: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<&'f KvEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'f KvMetadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    reads: u32,
    writes: u32,
    retries: u32,
}

impl<'f> OutcomeLine<'f> {
    /// What became of operation `op`, seen at `now`.
    pub(crate) fn of(
        policy: &EcPolicy,
        now: Timestamp,
        op: &'static str,
        finished: &'f Finished,
    ) -> Self {
        let tally = finished.tally;
        let mut line = Self {
            op,
            outcome: outcome_word(op, finished),
            reads: tally.reads,
            writes: tally.writes,
            retries: tally.retries,
            ..Self::default()
        };
        match &finished.result {
            Ok(done) => {
                if op == "upsert_partner_ids" {
                    line.outcomes =
                        Some(done.each.iter().map(|outcome| outcome.as_str()).collect());
                }
                if let Some(record) = &done.record {
                    line.metadata = Some(&record.metadata);
                    if op == "get" {
                        line.entry = Some(&record.entry);
                        line.generation = Some(record.generation.to_string());
                        let expires = expires_at(policy, &record.entry, &record.metadata, now);
                        line.expires_at = Some(expires.to_string());
                    }
                }
            }
            Err(error) => {
                line.error = (line.outcome == ERROR).then(|| error.as_str());
                line.message = Some(error.to_string());
            }
        }
        line
    }

    /// The same for a line of a stream.
    pub(super) const fn numbered(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// The line for bytes that went straight into the store.
    pub(super) fn stored(result: Result<(), String>) -> Self {
        let failed = result.err();
        Self {
            op: "put_raw",
            outcome: if failed.is_some() { ERROR } else { "stored" },
            error: failed.as_ref().map(|_| "kv_unavailable"),
            message: failed,
            writes: 1,
            ..Self::default()
        }
    }

    pub(super) const fn outcome(&self) -> &'static str {
        self.outcome
    }
}

const ERROR: &str = "error";

/// The word for how an operation ended. A read that finds something unreadable has done what it was asked.
pub(super) fn outcome_word(op: &str, finished: &Finished) -> &'static str {
    match &finished.result {
        Ok(done) => done.outcome.as_str(),
        Err(OperationError::Unreadable(_)) if op == "get" || op == "get_metadata" => "unreadable",
        Err(_) => ERROR,
    }
}
