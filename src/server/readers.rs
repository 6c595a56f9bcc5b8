//! Threads that read a blocking store: few are awake at a time, so that a busy server does not pay for waking one at
//! each read, and one that hangs keeps nobody waiting.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::SharedStore;
use crate::store::KvStore;

/// How long a read waits for the thread that is awake before another is woken: longer than a read from memory takes,
/// shorter than one that anybody would notice.
const NUDGE: Duration = Duration::from_millis(1);

type Job = Box<dyn FnOnce(&dyn KvStore) + Send>;

/// Threads that read one store.
pub(super) struct Readers {
    shared: Arc<Shared>,
}

struct Shared {
    store: SharedStore,
    state: Mutex<State>,
    call: Condvar,
}

#[derive(Default)]
struct State {
    most: usize,
    jobs: VecDeque<Job>,
    threads: usize,
    /// Threads that sleep and that nobody has called.
    asleep: usize,
    /// Calls that no thread has heard yet.
    called: usize,
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
        Self {
            shared: Arc::new(Shared {
                store,
                state: Mutex::new(State {
                    most,
                    ..State::default()
                }),
                call: Condvar::new(),
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
            // Nobody may be waiting any longer.
            let _ = sender.send(make(store));
        }));
        if let Ok(answered) = timeout(NUDGE.min(patience), &mut answer).await {
            return answered.map_err(|_| Unanswered::Broken);
        }
        self.shared.help();
        match timeout(patience.saturating_sub(NUDGE), answer).await {
            Ok(answered) => answered.map_err(|_| Unanswered::Broken),
            Err(_) => Err(Unanswered::Late),
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.call.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job; where every thread sleeps, one is called.
    fn submit(self: &Arc<Self>, job: Job) {
        let mut state = self.state();
        state.jobs.push_back(job);
        if state.threads == state.asleep {
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
    fn call_one(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if state.asleep > 0 {
            state.asleep -= 1;
            state.called += 1;
            drop(state);
            self.call.notify_one();
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
        let mut state = self.state();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                // A read that breaks off takes nobody else's thread with it; who made it hears that it did.
                let _ = catch_unwind(AssertUnwindSafe(|| job(&*self.store)));
                state = self.state();
                continue;
            }
            state.asleep += 1;
            while state.called == 0 {
                if state.closed {
                    return;
                }
                state = self
                    .call
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            state.called -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::store::MemoryStore;

    const LONG: Duration = Duration::from_secs(20);

    fn readers(most: usize) -> Readers {
        Readers::new(Arc::new(MemoryStore::new(SystemClock)), most)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_read_that_hangs_keeps_nobody_else_waiting() {
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
        let late = readers.read(NUDGE, move |_| held.recv().is_ok()).await;
        assert_eq!(late, Err(Unanswered::Late));
        let_go.send(()).unwrap();
        assert_eq!(readers.read(LONG, |_| 7).await, Ok(7));
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
