//! A store that gives scripted replies, and then waits.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use edge_cookie::store::{
    AsyncKvStore, Consistency, Generation, Insert, Precondition, Removed, StoreError, Stored,
};

/// A record as the model holds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value {
    pub body: Arc<[u8]>,
    pub generation: u64,
}

/// What must hold for a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WriteCondition {
    Always,
    Absent,
    Is(u64),
}

/// A call of the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    Lookup(String),
    Insert(String, Arc<[u8]>, WriteCondition),
    Delete(String),
}

impl Call {
    /// Whether it is for an index of a token, not for a record.
    pub fn is_of_index(&self) -> bool {
        let (Self::Lookup(key) | Self::Insert(key, ..) | Self::Delete(key)) = self;
        key.starts_with("token/")
    }
}

/// The reply to a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreReply {
    Found(Option<Value>),
    Written,
    Removed(bool),
    Conflict,
    Unavailable,
    Lost,
}

struct Script {
    replies: VecDeque<StoreReply>,
    asks: Option<Call>,
}

/// Gives these replies, in this order; the call after the last is kept, and never answered.
pub struct Scripted {
    script: Mutex<Script>,
    eventual: bool,
}

impl Scripted {
    pub fn new(replies: &[StoreReply], eventual: bool) -> Self {
        let script = Script {
            replies: replies.iter().cloned().collect(),
            asks: None,
        };
        Self {
            script: Mutex::new(script),
            eventual,
        }
    }

    /// The call that waits for an answer.
    pub fn asks(&self) -> Call {
        self.script.lock().unwrap().asks.clone().unwrap()
    }

    async fn call(&self, call: Call) -> Result<StoreReply, StoreError> {
        let reply = poll_fn(|_| {
            let mut script = self.script.lock().unwrap();
            match script.replies.pop_front() {
                Some(reply) => Poll::Ready(reply),
                None => {
                    script.asks = Some(call.clone());
                    Poll::Pending
                }
            }
        });
        match reply.await {
            StoreReply::Conflict => Err(StoreError::PreconditionFailed),
            StoreReply::Unavailable => Err(StoreError::Unavailable(String::new())),
            StoreReply::Lost => Err(StoreError::AnswerLost(String::new())),
            reply => Ok(reply),
        }
    }
}

impl AsyncKvStore for Scripted {
    fn consistency(&self) -> Consistency {
        if self.eventual {
            Consistency::Eventual
        } else {
            Consistency::Strong
        }
    }

    async fn lookup(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        match self.call(Call::Lookup(key.to_owned())).await? {
            StoreReply::Found(found) => Ok(found.map(|value| Stored {
                body: value.body.to_vec(),
                metadata: Vec::new(),
                generation: Generation::from_platform(value.generation),
            })),
            reply => panic!("a lookup is answered {reply:?}"),
        }
    }

    async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        panic!("no change asks whether `{key}` is there")
    }

    async fn insert(&self, key: &str, insert: Insert) -> Result<(), StoreError> {
        let when = match insert.precondition {
            Precondition::None => WriteCondition::Always,
            Precondition::Add => WriteCondition::Absent,
            Precondition::Generation(generation) => WriteCondition::Is(generation.to_platform()),
        };
        let call = Call::Insert(key.to_owned(), insert.body.into(), when);
        self.call(call).await.map(drop)
    }

    async fn delete(&self, key: &str) -> Result<Removed, StoreError> {
        match self.call(Call::Delete(key.to_owned())).await? {
            StoreReply::Removed(true) => Ok(Removed::Record(None)),
            _ => Ok(Removed::Nothing),
        }
    }

    async fn list(&self, _: &str, _: Option<&str>, _: usize) -> Result<Vec<String>, StoreError> {
        panic!("no change lists")
    }
}
