//! Threads that read a blocking store: few are awake at a time, so that a busy server does not pay for waking one at
//! each read, and one that hangs keeps no one waiting.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::SharedStore;
use edge_cookie::store::KvStore;

/// How long a read waits for the thread that is awake before another is woken: longer than a read from memory takes,
/// shorter than one that anybody would notice.
const SPILL_DELAY: Duration = Duration::from_millis(1);

/// How long a thread that is not called stays. A disk that stalls makes many begin, each with memory of its own; a busy
/// server, which calls the one that went to sleep last, begins none.
const IDLE_READER: Duration = Duration::from_secs(5);

type ReadJob = Box<dyn FnOnce(&dyn KvStore) + Send>;

/// Threads that read one store.
pub(super) struct Readers {
    shared: Arc<ReaderPool>,
}

struct ReaderPool {
    store: SharedStore,
    state: Mutex<PoolState>,
    idle: Duration,
}

#[derive(Default)]
struct PoolState {
    most: usize,
    jobs: VecDeque<ReadJob>,
    threads: usize,
    /// Threads that sleep and that no one has called, the last to go to sleep at the end.
    asleep: Vec<Thread>,
    closed: bool,
}

/// Why a read has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// It was waited for in vain; it is made all the same.
    Late,
    /// It broke off.
    Broken,
}

impl Readers {
    /// At most `most` threads for `store`; each begins when it is needed first.
    pub(super) fn new(store: SharedStore, most: usize) -> Self {
        Self::with_idle(store, most, IDLE_READER)
    }

    /// At most `most` threads for `store`, each of which ends when it was not called for so long.
    fn with_idle(store: SharedStore, most: usize, idle: Duration) -> Self {
        Self {
            shared: Arc::new(ReaderPool {
                store,
                state: Mutex::new(PoolState {
                    most,
                    ..PoolState::default()
                }),
                idle,
            }),
        }
    }

    /// At most `most` threads from now on, those aside that there are.
    pub(super) fn set_most(&self, most: usize) {
        self.shared.state().most = most;
    }

    /// Makes a read, and waits for it for at most `patience`.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        patience: Duration,
        make: impl FnOnce(&dyn KvStore) -> T + Send + 'static,
    ) -> Result<T, Unanswered> {
        let (sender, mut answer) = oneshot::channel();
        self.shared.submit(Box::new(move |store| {
            // The caller may have stopped waiting.
            let _ = sender.send(make(store));
        }));
        if let Ok(answered) = timeout(SPILL_DELAY.min(patience), &mut answer).await {
            return answered.map_err(|_| Unanswered::Broken);
        }
        self.shared.help();
        match timeout(patience.saturating_sub(SPILL_DELAY), answer).await {
            Ok(answered) => answered.map_err(|_| Unanswered::Broken),
            Err(_) => Err(Unanswered::Late),
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.closed = true;
        state.asleep.iter().for_each(Thread::unpark);
    }
}

impl ReaderPool {
    fn state(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job; where every thread sleeps, one is called.
    fn submit(self: &Arc<Self>, job: ReadJob) {
        let mut state = self.state();
        state.jobs.push_back(job);
        if state.threads == state.asleep.len() {
            self.call_one(state);
        }
    }

    /// Calls one more thread for jobs that wait too long for those that are awake.
    fn help(self: &Arc<Self>) {
        let state = self.state();
        if !state.jobs.is_empty() {
            self.call_one(state);
        }
    }

    /// Calls a thread that sleeps, or begins another.
    fn call_one(self: &Arc<Self>, mut state: MutexGuard<'_, PoolState>) {
        if let Some(thread) = state.asleep.pop() {
            drop(state);
            thread.unpark();
        } else if state.threads < state.most {
            state.threads += 1;
            drop(state);
            let own = Arc::clone(self);
            let begun = thread::Builder::new()
                .name("reader".to_owned())
                .spawn(move || own.work());
            if begun.is_err() {
                // Those that are there read on.
                self.state().threads -= 1;
            }
        }
    }

    fn work(&self) {
        loop {
            let mut state = self.state();
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                // A read that panics does not end its thread; its caller sees that the answer will not come.
                let _ = catch_unwind(AssertUnwindSafe(|| job(&*self.store)));
            } else if !self.sleep(state) {
                return;
            }
        }
    }

    /// Sleeps until this thread is called; whether it was, or else is to end.
    fn sleep<'s>(&'s self, mut state: MutexGuard<'s, PoolState>) -> bool {
        let (own, since) = (thread::current(), Instant::now());
        state.asleep.push(own.clone());
        while !state.closed {
            drop(state);
            thread::park_timeout(self.idle.saturating_sub(since.elapsed()));
            state = self.state();
            let is_own = |thread: &Thread| thread.id() == own.id();
            let Some(place) = state.asleep.iter().position(is_own) else {
                return true;
            };
            if since.elapsed() >= self.idle {
                state.asleep.remove(place);
                state.threads -= 1;
                return false;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge_cookie::clock::SystemClock;
    use edge_cookie::store::MemoryStore;

    const LONG: Duration = Duration::from_secs(20);

    fn readers(most: usize) -> Readers {
        Readers::new(Arc::new(MemoryStore::new(SystemClock)), most)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_read_that_hangs_keeps_no_one_else_waiting() {
        let readers = Arc::new(readers(2));
        let (let_go, held) = std::sync::mpsc::channel::<()>();
        let (begun, begins) = oneshot::channel();
        let hanging = {
            let readers = Arc::clone(&readers);
            tokio::spawn(async move {
                readers
                    .read(LONG, move |_| {
                        let _ = begun.send(());
                        held.recv().is_ok()
                    })
                    .await
            })
        };
        begins.await.unwrap();
        for number in 0..10 {
            assert_eq!(readers.read(LONG, move |_| number).await, Ok(number));
        }
        let_go.send(()).unwrap();
        assert_eq!(hanging.await.unwrap(), Ok(true));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_read_that_breaks_off_says_so_and_others_go_on() {
        let readers = readers(1);
        let broken: Result<(), _> = readers.read(LONG, |_| panic!("as a test")).await;
        assert_eq!(broken, Err(Unanswered::Broken));
        assert_eq!(readers.read(LONG, |_| 7).await, Ok(7));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_read_is_waited_for_as_long_as_it_may_take_and_no_longer() {
        let readers = readers(1);
        let (let_go, held) = std::sync::mpsc::channel::<()>();
        let late = readers
            .read(SPILL_DELAY, move |_| held.recv().is_ok())
            .await;
        assert_eq!(late, Err(Unanswered::Late));
        let_go.send(()).unwrap();
        assert_eq!(readers.read(LONG, |_| 7).await, Ok(7));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn threads_that_are_not_called_end_and_others_begin() {
        let store: SharedStore = Arc::new(MemoryStore::new(SystemClock));
        let readers = Readers::with_idle(store, 4, Duration::ZERO);
        for number in 0..10 {
            assert_eq!(readers.read(LONG, move |_| number).await, Ok(number));
            while readers.shared.state().threads > 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_reads_at_once_are_all_answered() {
        let readers = Arc::new(readers(4));
        let reads: Vec<_> = (0..2_000_u32)
            .map(|number| {
                let readers = Arc::clone(&readers);
                tokio::spawn(async move { readers.read(LONG, move |_| number).await })
            })
            .collect();
        for (number, read) in (0..).zip(reads) {
            assert_eq!(read.await.unwrap(), Ok(number));
        }
        // Their threads end with them.
        let shared = Arc::downgrade(&readers.shared);
        drop(readers);
        while shared.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    }
}
