//! What the store holds, what is under way, and what was acknowledged.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};

use edge_cookie::clock::ManualClock;
use edge_cookie::policy::EcPolicy;
use edge_cookie::record::PartnerId;
use edge_cookie::store::SyncAdapter;
use edge_cookie_service::partner::{
    PartnerChange, PartnerRecord, Registry, TokenHash, store_entries,
};

use super::store::{Call, Scripted, StoreReply, Value, WriteCondition};

/// What an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    Add,
    Rotate,
    Disable,
    Enable,
    Delete,
}

impl Act {
    pub const ALL: [Self; 5] = [
        Self::Add,
        Self::Rotate,
        Self::Disable,
        Self::Enable,
        Self::Delete,
    ];

    const fn gives_a_token(self) -> bool {
        matches!(self, Self::Add | Self::Rotate)
    }

    const fn lets_in(self) -> bool {
        matches!(self, Self::Add | Self::Enable)
    }
}

/// Tokens, by number.
type Tokens = u8;

/// More than any scope gives.
const MOST_TOKENS: usize = Tokens::BITS as usize;

/// A change under way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation {
    act: Act,
    /// The number of the token that it gives, where it gives one.
    token: usize,
    /// Tokens that were acknowledged before it began.
    older: Tokens,
    /// Whether something that lets the partner in was under way at the same time.
    contested: bool,
    replies: Vec<StoreReply>,
    pub asks: Call,
}

/// What came about at least once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Seen {
    pub disabled: bool,
    pub rotated_again: bool,
    pub found_out: bool,
    pub added_again: bool,
}

/// What the store's records say.
struct View {
    record: Option<PartnerRecord>,
    /// The number of the record's token.
    token: Option<usize>,
    /// The partner that a request with each token finds.
    found: Vec<Option<PartnerRecord>>,
}

static VIEWS: Memo<Vec<(String, Arc<[u8]>)>, Arc<View>> = LazyLock::new(Mutex::default);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelState {
    keys: BTreeMap<String, Value>,
    /// What a stale lookup sees.
    before: BTreeMap<String, Option<Value>>,
    generation: u64,
    pub running: Vec<Operation>,
    /// Writes whose answers were lost, and that may yet be done.
    pub late: Vec<Call>,
    pub changes_left: usize,
    pub faults_left: usize,
    pub eventual: bool,
    tokens: usize,
    /// Tokens that a partner was given.
    acknowledged: Tokens,
    /// Tokens that must never be good again.
    dead: Tokens,
    /// Tokens that the record had, and has no longer.
    replaced: Tokens,
    /// Whether no token may be good until a change lets the partner in.
    shut: bool,
    pub broken: Option<&'static str>,
    pub seen: Seen,
}

struct Fixed {
    id: PartnerId,
    record: PartnerRecord,
    policy: EcPolicy,
    clock: SyncAdapter<ManualClock>,
    hashes: Vec<TokenHash>,
}

static FIXED: LazyLock<Fixed> = LazyLock::new(|| Fixed {
    id: PartnerId::parse("a.com").unwrap(),
    record: PartnerRecord::from_body(br#"{"id":"a.com","name":"a","source_domain":"a.com"}"#)
        .unwrap(),
    policy: EcPolicy::default(),
    clock: SyncAdapter(ManualClock::default()),
    hashes: (0..MOST_TOKENS)
        .map(|number| TokenHash::of(&number.to_string()))
        .collect(),
});

fn record_with(token: usize) -> PartnerRecord {
    PartnerRecord {
        api_token_sha256: Some(FIXED.hashes[token].clone()),
        ..FIXED.record.clone()
    }
}

/// What is worked out once for all states that share it.
type Memo<K, V> = LazyLock<Mutex<HashMap<K, V>>>;

fn once<K: Eq + Hash, V: Clone>(memo: &Memo<K, V>, key: K, work_out: impl FnOnce() -> V) -> V {
    if let Some(known) = memo.lock().unwrap().get(&key) {
        return known.clone();
    }
    let new = work_out();
    memo.lock().unwrap().insert(key, new.clone());
    new
}

/// Where answers lead: to the next call, or to whether the change was acknowledged.
type NextStep = Result<Call, bool>;

static PLAYED: Memo<(Act, usize, Vec<StoreReply>, bool), NextStep> = LazyLock::new(Mutex::default);

fn play(act: Act, token: usize, replies: &[StoreReply], eventual: bool) -> NextStep {
    once(&PLAYED, (act, token, replies.to_vec(), eventual), || {
        play_whole(act, token, replies, eventual)
    })
}

fn play_whole(act: Act, token: usize, replies: &[StoreReply], eventual: bool) -> NextStep {
    let store = Scripted::new(replies, eventual);
    let registry = Registry::new(&store, &FIXED.clock, &FIXED.policy);
    let record = record_with(token);
    let change = match act {
        Act::Add => PartnerChange::Add(&record),
        Act::Rotate => PartnerChange::Rotate(&FIXED.hashes[token]),
        Act::Disable => PartnerChange::SetEnabled(false),
        Act::Enable => PartnerChange::SetEnabled(true),
        Act::Delete => PartnerChange::Delete,
    };
    let mut under_way = pin!(registry.change(&FIXED.id, change));
    match (under_way.as_mut()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Pending => Ok(store.asks()),
        Poll::Ready(done) => Err(done.is_ok()),
    }
}

impl ModelState {
    /// One that begins without the partner, or with it and a token in use.
    pub fn new(changes: usize, faults: usize, eventual: bool, added: bool) -> Self {
        let mut state = Self {
            keys: BTreeMap::new(),
            before: BTreeMap::new(),
            generation: 0,
            running: Vec::new(),
            late: Vec::new(),
            changes_left: changes,
            faults_left: faults,
            eventual,
            tokens: 0,
            acknowledged: 0,
            dead: 0,
            replaced: 0,
            shut: false,
            broken: None,
            seen: Seen::default(),
        };
        if added {
            for (key, body) in store_entries(&record_with(0)) {
                state.call(&Call::Insert(key, body.into(), WriteCondition::Always));
            }
            state.tokens = 1;
            state.acknowledged = 1;
        }
        state
    }

    pub fn start(&mut self, act: Act) {
        self.changes_left -= 1;
        let token = self.tokens;
        self.tokens += usize::from(act.gives_a_token());
        if act.lets_in() {
            self.shut = false;
            for operation in &mut self.running {
                operation.contested = true;
            }
        }
        let operation = Operation {
            act,
            token,
            older: self.acknowledged,
            contested: self.running.iter().any(|other| other.act.lets_in()),
            replies: Vec::new(),
            asks: play(act, token, &[], self.eventual).unwrap(),
        };
        if operation.asks.is_of_index() {
            let reply = self.call(&operation.asks);
            self.resume(operation, reply, true);
        } else {
            self.running.push(operation);
        }
    }

    /// Continues a change with this reply, up to its next call for the record. No change reads an index, so that
    /// what others do meanwhile makes no difference; `cleans` says whether an index that is no longer needed is removed.
    pub fn resume(&mut self, mut operation: Operation, reply: StoreReply, cleans: bool) {
        operation.replies.push(reply);
        let Operation { act, token, .. } = operation;
        match play(act, token, &operation.replies, self.eventual) {
            Ok(asks) if asks.is_of_index() => {
                let reply = if cleans {
                    self.call(&asks)
                } else {
                    StoreReply::Unavailable
                };
                self.resume(operation, reply, cleans);
            }
            Ok(asks) => {
                operation.asks = asks;
                self.running.push(operation);
            }
            Err(true) => self.acknowledge(&operation),
            Err(false) => {}
        }
    }

    fn acknowledge(&mut self, operation: &Operation) {
        match operation.act {
            // It was absent, or had another token: what was given before is no good.
            Act::Add | Act::Rotate => {
                self.acknowledged |= 1 << operation.token;
                self.dead |= operation.older;
            }
            Act::Delete => self.dead |= operation.older,
            Act::Disable if !operation.contested => self.shut = true,
            Act::Disable | Act::Enable => {}
        }
        let conflicts = operation.replies.contains(&StoreReply::Conflict);
        self.seen.disabled |= self.shut;
        self.seen.rotated_again |= operation.act == Act::Rotate && conflicts;
        self.seen.found_out |= operation.replies.contains(&StoreReply::Lost);
        self.seen.added_again |= operation.act == Act::Add && operation.older != 0;
    }

    /// Does what is asked.
    pub fn call(&mut self, call: &Call) -> StoreReply {
        match call {
            Call::Lookup(key) => StoreReply::Found(self.keys.get(key).cloned()),
            Call::Insert(key, body, when) => {
                let there = self.keys.get(key);
                let holds = match when {
                    WriteCondition::Always => true,
                    WriteCondition::Absent => there.is_none(),
                    WriteCondition::Is(generation) => {
                        there.is_some_and(|is| is.generation == *generation)
                    }
                };
                if !holds {
                    return StoreReply::Conflict;
                }
                self.generation += u64::from(!call.is_of_index());
                let value = Value {
                    body: body.clone(),
                    generation: self.generation,
                };
                self.put(key, Some(value));
                StoreReply::Written
            }
            Call::Delete(key) => StoreReply::Removed(self.put(key, None)),
        }
    }

    /// Puts a value, or none; whether there was one.
    fn put(&mut self, key: &str, value: Option<Value>) -> bool {
        let before = self.view().token;
        let was = match value {
            Some(value) => self.keys.insert(key.to_owned(), value),
            None => self.keys.remove(key),
        };
        let there = was.is_some();
        if self.eventual {
            self.before.insert(key.to_owned(), was);
        }
        if before != self.view().token {
            self.replaced |= before.map_or(0, |token| 1 << token);
        }
        there
    }

    /// What a lookup sees that lags behind the last write.
    pub fn stale(&self, call: &Call) -> Option<StoreReply> {
        match call {
            Call::Lookup(key) => Some(StoreReply::Found(self.before.get(key)?.clone())),
            _ => None,
        }
    }

    fn view(&self) -> Arc<View> {
        let bodies = self
            .keys
            .iter()
            .map(|(key, value)| (key.clone(), value.body.clone()));
        once(&VIEWS, bodies.collect(), || Arc::new(self.look()))
    }

    fn look(&self) -> View {
        let (key, _) = store_entries(&FIXED.record).remove(0);
        let value = self.keys.get(&key);
        let record = value.map(|value| PartnerRecord::from_body(&value.body).unwrap());
        let hash = record
            .as_ref()
            .map(|record| record.api_token_sha256.clone().unwrap());
        View {
            token: hash.map(|hash| FIXED.hashes.iter().position(|own| *own == hash).unwrap()),
            record,
            found: (0..MOST_TOKENS).map(|token| self.finds(token)).collect(),
        }
    }

    /// The partner that a request with this token finds, if nothing is written meanwhile.
    fn finds(&self, token: usize) -> Option<PartnerRecord> {
        let mut replies = Vec::new();
        loop {
            let store = Scripted::new(&replies, self.eventual);
            let registry = Registry::new(&store, &FIXED.clock, &FIXED.policy);
            let mut asked = pin!(registry.of_token(&FIXED.hashes[token]));
            match (asked.as_mut()).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(found) => return found.unwrap(),
                Poll::Pending => {
                    let Call::Lookup(key) = store.asks() else {
                        panic!("a request writes");
                    };
                    replies.push(StoreReply::Found(self.keys.get(&key).cloned()));
                }
            }
        }
    }

    /// Looks for what must not be.
    ///
    /// A request reads an index and then the record, and others may write in between. So what counts is the record, as
    /// if every token had an index; the index must never let more in.
    pub fn check(&mut self) {
        let view = self.view();
        self.broken = self.broken.or_else(|| {
            for token in 0..self.tokens {
                let found = &view.found[token];
                if found.is_some() && (view.token != Some(token) || *found != view.record) {
                    return Some("an index that disagrees with its record is believed");
                }
                let bit = 1 << token;
                if view.token != Some(token) {
                    continue;
                }
                if self.replaced & bit != 0 {
                    return Some("a token that was replaced comes back");
                }
                let known = self.acknowledged & bit != 0;
                if known && found.is_none() {
                    return Some("the token of a partner is no good");
                }
                let is_in = view.record.as_ref().is_some_and(|record| record.enabled);
                if known && is_in && (self.shut || self.dead & bit != 0) {
                    return Some("a token is good that was revoked");
                }
            }
            None
        });
    }
}
