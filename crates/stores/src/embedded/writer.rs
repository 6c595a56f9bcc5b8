//! The thread that writes: everything that waits goes into one commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use super::batch::WriteBatch;
use super::error::DAMAGED;
use super::file::File;
use edge_cookie::clock::Clock;
use edge_cookie::store::{Insert, KvStore, Removed, StoreError};

type CommitResult<T> = Result<T, StoreError>;

/// A call that waits, and where its answer goes.
enum WriteCall {
    Insert(String, Insert, SyncSender<CommitResult<()>>),
    Delete(String, SyncSender<CommitResult<Removed>>),
}

/// A call that was done and is answered once it is on disk.
enum FinishedCall {
    Insert(CommitResult<()>, SyncSender<CommitResult<()>>),
    Delete(CommitResult<Removed>, SyncSender<CommitResult<Removed>>),
}

impl WriteCall {
    fn make(self, batch: &WriteBatch<'_>) -> FinishedCall {
        match self {
            Self::Insert(key, insert, reply) => {
                FinishedCall::Insert(batch.insert(&key, insert), reply)
            }
            Self::Delete(key, reply) => FinishedCall::Delete(batch.delete(&key), reply),
        }
    }

    /// Answers a call that was not made.
    fn refuse(self, why: StoreError) {
        match self {
            Self::Insert(_, _, reply) => drop(reply.send(Err(why))),
            Self::Delete(_, reply) => drop(reply.send(Err(why))),
        }
    }
}

impl FinishedCall {
    /// Sends the answer; a caller that has stopped waiting does not need it.
    ///
    /// A refused write, too, shares the fate of the commit: what it met may be undone with it.
    fn answer(self, committed: Result<(), StoreError>) {
        match self {
            Self::Insert(answer, reply) => drop(reply.send(committed.and(answer))),
            Self::Delete(answer, reply) => drop(reply.send(committed.and(answer))),
        }
    }
}

/// The way to the writing thread; dropped, it ends the thread when all that waits is done.
pub(super) struct Writer {
    calls: Option<Sender<WriteCall>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start<C: Clock + Send + Sync + 'static>(
        file: Arc<File<C>>,
        most: usize,
    ) -> std::io::Result<Self> {
        let (calls, waiting) = channel();
        let thread = std::thread::Builder::new()
            .name("ec-store".to_owned())
            .spawn(move || write_all(&file, &waiting, most))?;
        Ok(Self {
            calls: Some(calls),
            thread: Some(thread),
        })
    }

    pub(super) fn insert(&self, key: &str, insert: Insert) -> Pending<()> {
        self.ask(|reply| WriteCall::Insert(key.to_owned(), insert, reply))
    }

    pub(super) fn delete(&self, key: &str) -> Pending<Removed> {
        self.ask(|reply| WriteCall::Delete(key.to_owned(), reply))
    }

    fn ask<T>(&self, call: impl FnOnce(SyncSender<CommitResult<T>>) -> WriteCall) -> Pending<T> {
        let (reply, answer) = sync_channel(1);
        let sent = self.calls.as_ref().map(|calls| calls.send(call(reply)));
        Pending(matches!(sent, Some(Ok(()))).then_some(answer))
    }
}

/// A call on its way to the disk.
#[must_use = "whether it was done is known only once it was waited for"]
pub struct Pending<T>(Option<Receiver<CommitResult<T>>>);

impl<T> Pending<T> {
    /// Waits until the call is done, and on disk.
    ///
    /// # Errors
    ///
    /// As the call itself.
    pub fn wait(self) -> CommitResult<T> {
        let closed = || StoreError::Unavailable("the store is closed".to_owned());
        // Without an answer the thread has panicked on it.
        let lost = |_| StoreError::AnswerLost(DAMAGED.to_owned());
        self.0.ok_or_else(closed)?.recv().map_err(lost)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.calls.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was reported there.
            let _ = thread.join();
        }
    }
}

fn write_all<C: Clock>(file: &File<C>, waiting: &Receiver<WriteCall>, most: usize) {
    while let Ok(first) = waiting.recv() {
        let company = waiting.try_iter().take(most.saturating_sub(1));
        let mut group: Vec<WriteCall> = std::iter::once(first).chain(company).collect();
        let mut done = Vec::with_capacity(group.len());
        let work = || file.batch(|batch| done.extend(group.drain(..).map(|call| call.make(batch))));
        // redb panics on a page that was damaged after the file was opened. The thread outlives that.
        let committed = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            file.broke_off();
            Err(StoreError::AnswerLost(DAMAGED.to_owned()))
        });
        for done in done {
            done.answer(committed.clone());
        }
        // Calls are left where the batch could not begin.
        if let Err(why) = committed {
            for call in group {
                call.refuse(why.clone());
            }
        }
    }
}
