//! A run through the stream: one line after another, in groups that share a commit.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::Arc;

use edge_cookie::clock::{ManualClock, Moment};
use edge_cookie::engine::Tally;
use edge_cookie::event::{Event, EventAction, EventError};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::policy::EcPolicy;
use edge_cookie::record::EcId;
use edge_cookie::store::{Insert, KvStore, Precondition};

use super::input::{InputLine, Lines};
use super::line::{OutcomeLine, outcome_word};
use super::summary::Tallies;
use crate::render;

/// What a run allows, and what it prints.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) jsonl: bool,
    pub(super) keep_going: bool,
    pub(super) allow_raw: bool,
    /// No event may be later: on a durable store one bad line would expire everybody.
    pub(super) latest: Option<Moment>,
}

/// Why a group ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    /// More may come.
    More,
    /// The stream has ended, or a line stopped the run.
    ExitStatus,
}

pub(super) struct Session<'p> {
    pub(super) policy: &'p EcPolicy,
    pub(super) tallies: Tallies,
    /// Whether every line ran and no operation failed.
    pub(super) all_well: bool,
    clock: &'p Arc<ManualClock>,
    rules: Rules,
    waiting: VecDeque<InputLine>,
    output: Vec<u8>,
    problems: Vec<String>,
    last_at: Moment,
    in_group: usize,
    bytes_read: u64,
}

impl<'p> Session<'p> {
    pub(super) fn new(policy: &'p EcPolicy, clock: &'p Arc<ManualClock>, rules: Rules) -> Self {
        Self {
            policy,
            tallies: Tallies::start(),
            all_well: true,
            clock,
            rules,
            waiting: VecDeque::new(),
            output: Vec::new(),
            problems: Vec::new(),
            last_at: Moment::default(),
            in_group: 0,
            bytes_read: 0,
        }
    }

    /// Waits until there is a line; false at the end of the stream.
    pub(super) fn wait_for_lines(&mut self, lines: &Lines) -> bool {
        while self.waiting.is_empty() {
            match lines.recv() {
                Ok(more) => self.waiting.extend(more),
                Err(_) => return false,
            }
        }
        true
    }

    /// Runs up to `most` lines, as long as some are waiting.
    pub(super) fn apply_group(
        &mut self,
        lines: &Lines,
        store: &impl KvStore,
        most: usize,
    ) -> Applied {
        self.in_group = 0;
        if !self.wait_for_lines(lines) {
            return Applied::ExitStatus;
        }
        let graph = KvIdentityGraph::new(store, self.clock);
        while self.in_group < most {
            let Some(line) = self.waiting.pop_front() else {
                match lines.try_recv() {
                    Ok(more) => self.waiting.extend(more),
                    Err(_) => break,
                }
                continue;
            };
            self.in_group += 1;
            self.bytes_read = line.bytes;
            if !self.apply(line, &graph) && !self.rules.keep_going {
                return Applied::ExitStatus;
            }
        }
        Applied::More
    }

    /// Runs a line; false where it is not valid, and nothing was done.
    fn apply<S: KvStore>(
        &mut self,
        line: InputLine,
        graph: &KvIdentityGraph<S, &Arc<ManualClock>>,
    ) -> bool {
        let event = line.event.and_then(|event| self.accept(&line.text, event));
        match event {
            Ok(event) => {
                self.run(line.number, &event, graph);
                true
            }
            Err(problem) => {
                self.problems.push(format!(
                    "{}:{}:{}: {}",
                    line.file, line.number, problem.column, problem.message
                ));
                self.tallies.refuse();
                self.all_well = false;
                false
            }
        }
    }

    /// Refuses what only a run can: time that goes back or runs ahead, and raw bytes that are not allowed.
    fn accept(&mut self, text: &str, event: Event) -> Result<Event, EventError> {
        let refused = |field, message: String| Err(Event::problem_at(text, field, message));
        let at = event.at.timestamp();
        if event.at < self.last_at {
            let last = self.last_at.timestamp();
            return refused(
                "at",
                format!("time goes back: `{at}` comes after `{last}`; put the lines in order"),
            );
        }
        if let Some(latest) = self.rules.latest.filter(|latest| event.at > *latest) {
            let latest = latest.timestamp();
            return refused(
                "at",
                format!(
                    "`{at}` is later than this machine's clock (`{latest}`), and would expire records of a store that is kept; `--store memory` takes it"
                ),
            );
        }
        if matches!(event.action, EventAction::PutRaw { .. }) && !self.rules.allow_raw {
            return refused(
                "op",
                "`put_raw` bypasses the policy: allow it with `--allow-raw`".to_owned(),
            );
        }
        self.last_at = event.at;
        Ok(event)
    }

    fn run<S: KvStore>(
        &mut self,
        number: u64,
        event: &Event,
        graph: &KvIdentityGraph<S, &Arc<ManualClock>>,
    ) {
        self.clock.set(event.at);
        let op = event.action.as_str();
        let Some(operation) = event.action.operation() else {
            let line = OutcomeLine::stored(put_raw(graph.store(), &event.ec_id, &event.action));
            let mut tally = Tally::default();
            tally.writes = 1;
            self.note(op, line.outcome(), tally, line.outcome() == "stored");
            self.print(&line.numbered(number));
            return;
        };
        let finished = graph.run(self.policy, &event.ec_id, operation);
        self.note(
            op,
            outcome_word(op, &finished),
            finished.tally,
            finished.result.is_ok(),
        );
        if self.rules.jsonl {
            let line = OutcomeLine::of(self.policy, event.at.timestamp(), op, &finished);
            self.print(&line.numbered(number));
        }
    }

    fn note(&mut self, op: &'static str, outcome: &'static str, tally: Tally, well: bool) {
        self.tallies.add(op, outcome, tally);
        self.all_well &= well;
    }

    fn print(&mut self, line: &OutcomeLine<'_>) {
        if self.rules.jsonl {
            // Writing to memory cannot fail.
            let _ = serde_json::to_writer(&mut self.output, line);
            let _ = self.output.write_all(b"\n");
        }
    }

    /// What was printed since the last call.
    pub(super) fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Prints the problems of the lines that were not valid since the last call.
    pub(super) fn print_problems(&mut self) {
        for problem in self.problems.drain(..) {
            render::problem(&problem);
        }
    }

    pub(super) const fn last_at(&self) -> Moment {
        self.last_at
    }

    pub(super) const fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Lines of the group that is under way.
    pub(super) const fn in_group(&self) -> usize {
        self.in_group
    }
}

fn put_raw(store: &impl KvStore, id: &EcId, action: &EventAction) -> Result<(), String> {
    let EventAction::PutRaw {
        body,
        metadata,
        ttl,
    } = action
    else {
        return Ok(());
    };
    let insert = Insert {
        body: body.clone().into_bytes(),
        metadata: metadata.clone().into_bytes(),
        ttl: *ttl,
        precondition: Precondition::None,
    };
    store
        .insert(id.as_str(), insert)
        .map_err(|error| error.to_string())
}
