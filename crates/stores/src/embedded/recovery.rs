//! When a store whose disk failed is used again: a single caller tries it, with its own call.

use std::fs::remove_file;
use std::io::{ErrorKind, Result, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use edge_cookie::private_files;

/// How long a store that failed twice in a row is left alone, doubled each time up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// How long room on the disk, or a file that was put back, may go unnoticed.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The room that a disk must have to count as not full, in bytes: more than a commit of a few records takes.
const ROOM_BYTES: usize = 64 << 10;

/// Why a store takes no writes, and when that is tried again.
#[derive(Default)]
pub(super) struct WriteTrouble {
    /// Whether there is any: all that a call looks at while there is none.
    any: AtomicBool,
    /// Failures since the last write.
    failures: AtomicU32,
    waiting: Mutex<Option<Waiting>>,
    recovering: Mutex<()>,
}

struct Waiting {
    why: String,
    until: Instant,
}

impl WriteTrouble {
    pub(super) fn is_any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Why no writes are taken; none while they are.
    pub(super) fn why(&self) -> Option<String> {
        if !self.is_any() {
            return None;
        }
        self.waiting().as_ref().map(|waiting| waiting.why.clone())
    }

    /// A call failed, or failed again.
    pub(super) fn begin(&self, why: &str) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed);
        *self.waiting() = Some(Waiting {
            why: why.to_owned(),
            until: Instant::now() + pause(failures),
        });
        self.any.store(true, Ordering::Release);
    }

    /// The store may be written again.
    pub(super) fn end(&self) {
        *self.waiting() = None;
        self.any.store(false, Ordering::Release);
    }

    /// A write is on the disk.
    pub(super) fn written(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    /// Whether it is time to try writes again.
    pub(super) fn is_due(&self) -> bool {
        let waiting = self.waiting();
        let until = waiting.as_ref().map(|waiting| waiting.until);
        until.is_some_and(|until| until <= Instant::now())
    }

    /// Leave to recover, unless another thread does.
    pub(super) fn try_recover(&self) -> Option<MutexGuard<'_, ()>> {
        match self.recovering.try_lock() {
            Ok(guard) => Some(guard),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => None,
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pause after one more failure than so many.
fn pause(failures: u32) -> Duration {
    if failures == 0 {
        return Duration::ZERO;
    }
    let mut pause = FIRST_PAUSE;
    for _ in 1..failures {
        if pause >= LONGEST_PAUSE {
            break;
        }
        pause += pause;
    }
    pause.min(LONGEST_PAUSE)
}

/// Tries whether the disk that holds `file` has room, by a file in the same folder that is removed at once. A commit may fit into
/// the room that a full disk left in the database itself, and the next may not.
pub(super) fn try_room(file: &Path) -> Result<()> {
    let mut path = file.as_os_str().to_owned();
    path.push(".room");
    let mut options = private_files::options();
    options.write(true).create(true).truncate(true);
    let mut scratch = match options.open(&path) {
        Ok(scratch) => scratch,
        // Where this user may create no file in the store's folder, only the store can find out.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(()),
        Err(error) => return Err(error),
    };
    let written = scratch.write_all(&vec![0; ROOM_BYTES]);
    let synced = written.and_then(|()| scratch.sync_data());
    // One that stays behind is used the next time.
    let _ = remove_file(&path);
    synced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_try_is_at_once_and_the_pause_grows_up_to_a_bound() {
        assert_eq!(pause(0), Duration::ZERO);
        assert_eq!(pause(1), FIRST_PAUSE);
        assert_eq!(pause(2), 2 * FIRST_PAUSE);
        assert_eq!(pause(6), LONGEST_PAUSE);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }

    #[test]
    fn trouble_lasts_until_it_is_ended_and_a_write_shortens_the_next_pause() {
        let trouble = WriteTrouble::default();
        assert_eq!((trouble.why(), trouble.is_due()), (None, false));
        trouble.begin("full");
        assert_eq!(trouble.why().as_deref(), Some("full"));
        assert!(trouble.is_due());
        let long = u32::BITS;
        for _ in 0..long {
            trouble.begin("still full");
        }
        assert!(!trouble.is_due());
        trouble.end();
        assert_eq!((trouble.why(), trouble.is_due()), (None, false));
        trouble.written();
        trouble.begin("full again");
        assert!(trouble.is_due());
    }

    #[test]
    fn one_thread_recovers_at_a_time() {
        let trouble = WriteTrouble::default();
        let first = trouble.try_recover();
        assert!(first.is_some() && trouble.try_recover().is_none());
        drop(first);
        assert!(trouble.try_recover().is_some());
    }
}
