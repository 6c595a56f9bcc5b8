//! The outbox: withdrawals that the store did not accept, kept in a file until it does.
//!
//! A withdrawal is acknowledged only when it is on the disk; those that come together share one wait for it. The file's
//! space is reserved when the server starts, so that neither a full disk nor a killed process loses one. Each is
//! delivered with the time at which the user withdrew, so that one delivered twice changes nothing, and later consent
//! stays.

mod counts;
mod delivery;
mod file;
mod layout;
mod slots;

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

use tokio::sync::{Notify, oneshot};
use tracing::{error, info, warn};

use edge_cookie::clock::Timestamp;
use edge_cookie::policy::types::StoreName;
use edge_cookie::record::EcId;
use edge_cookie_service::OutboxState;

pub(super) use counts::OfOutbox;
pub(super) use delivery::deliver;
pub use layout::KeptWithdrawal;

use file::{OutboxFile, OutboxFiles};
use layout::OutboxSlot;
use slots::{Placed, Slots};

/// The outbox of one server.
pub struct Outbox {
    shared: Arc<OutboxShared>,
    jobs: Mutex<Sender<FileJob>>,
}

/// Why a server has no outbox.
#[derive(Debug, thiserror::Error)]
#[error("no outbox in `{folder}`: {why}: withdrawals that the store does not take are not kept")]
pub struct OutboxError {
    folder: String,
    #[source]
    why: std::io::Error,
}

struct OutboxShared {
    slots: Mutex<Slots>,
    /// Wakes the delivery when there is something to deliver.
    kept: Notify,
}

/// What the thread that owns the file is asked to do.
enum FileJob {
    Keep(KeptWithdrawal, oneshot::Sender<bool>),
    Remove(KeptWithdrawal),
}

impl OutboxShared {
    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbox {
    /// Opens the outbox of the graph `store` in `folder`, with room for at most `bound` withdrawals. It takes over what
    /// servers that run no longer left in that folder.
    ///
    /// # Errors
    ///
    /// Where the file cannot be made, locked, or its space not be reserved.
    pub fn open(folder: &Path, store: &StoreName, bound: u32) -> Result<Self, OutboxError> {
        Self::opened(folder, store, bound).map_err(|why| OutboxError {
            folder: folder.display().to_string(),
            why,
        })
    }

    fn opened(folder: &Path, store: &StoreName, bound: u32) -> std::io::Result<Self> {
        let OutboxFiles {
            own: mut file,
            left_behind,
        } = file::open(folder, store.as_str())?;
        file.reserve(bound)?;
        let mut slots = Slots::new(bound);
        let mut damaged = 0;
        for (slot, held) in (0..).zip(file.read()?) {
            match held {
                OutboxSlot::Empty => slots.has_room(slot),
                OutboxSlot::Kept(withdrawal) => {
                    if let Some(earlier) = slots.found(slot, &withdrawal) {
                        file.clear(earlier)?;
                    }
                }
                OutboxSlot::Damaged => damaged += 1,
            }
        }
        slots.damaged = damaged;
        let path = file.path.display().to_string();
        if damaged > 0 {
            error!(
                path,
                damaged, "records of the outbox are damaged, and cannot be delivered"
            );
        }
        for other in left_behind {
            take_over(&mut file, &mut slots, other)?;
        }
        let withdrawals = slots.len();
        if withdrawals > 0 {
            warn!(
                path,
                withdrawals, "the outbox holds withdrawals that are to be delivered"
            );
        }
        let shared = Arc::new(OutboxShared {
            slots: Mutex::new(slots),
            kept: Notify::new(),
        });
        let (jobs, asked) = channel();
        let owner = Arc::clone(&shared);
        Builder::new()
            .name("outbox".to_owned())
            .spawn(move || work(&owner, &mut file, &asked))?;
        let jobs = Mutex::new(jobs);
        Ok(Self { shared, jobs })
    }

    /// Keeps a withdrawal until it is [removed](Self::remove); whether it is on the disk, and so outlives this process.
    pub async fn keep(&self, id: &EcId, at: Timestamp) -> bool {
        let (answer, kept) = oneshot::channel();
        self.ask(FileJob::Keep(KeptWithdrawal { id: *id, at }, answer));
        kept.await.unwrap_or(false)
    }

    /// The store has taken a withdrawal: where it is kept, it need be no longer.
    pub fn remove(&self, id: &EcId, at: Timestamp) {
        if self.shared.slots().holds(id) {
            self.ask(FileJob::Remove(KeptWithdrawal { id: *id, at }));
        }
    }

    /// Every withdrawal that is kept, the oldest first.
    #[must_use]
    pub fn kept(&self) -> Vec<KeptWithdrawal> {
        self.shared.slots().kept()
    }

    /// What it holds, and what became of what it held.
    #[must_use]
    pub fn state(&self) -> OutboxState {
        self.shared.slots().state()
    }

    /// Waits until there is something to deliver.
    async fn filled(&self) {
        while self.shared.slots().len() == 0 {
            self.shared.kept.notified().await;
        }
    }

    fn ask(&self, job: FileJob) {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        // Without the thread that owns the file, nothing is kept, and the receiver of an answer gets an error.
        let _ = jobs.send(job);
    }
}

/// Moves what another server left behind into this server's own file, as far as there is room.
fn take_over(
    file: &mut OutboxFile,
    slots: &mut Slots,
    mut other: OutboxFile,
) -> std::io::Result<()> {
    let (mut moved, mut placed) = (Vec::new(), Vec::new());
    for (place, held) in (0..).zip(other.read()?) {
        let OutboxSlot::Kept(withdrawal) = held else {
            continue;
        };
        match slots.place(&withdrawal) {
            Placed::At(slot, _, _) => {
                file.write(slot, &withdrawal)?;
                placed.push(withdrawal);
            }
            Placed::Already => {}
            Placed::Full => {
                let path = other.path.display();
                error!(%path, "no room for the withdrawals of another server's outbox");
                break;
            }
        }
        moved.push(place);
    }
    if moved.is_empty() {
        return Ok(());
    }
    file.sync()?;
    for withdrawal in &placed {
        slots.written(withdrawal);
    }
    let (path, withdrawals) = (other.path.display(), moved.len());
    info!(%path, withdrawals, "took over the outbox of a server that runs no longer");
    for place in moved {
        other.clear(place)?;
    }
    other.sync()
}

/// Does what is asked until no one is left to ask; what is asked together shares one wait for the disk.
fn work(shared: &OutboxShared, file: &mut OutboxFile, asked: &Receiver<FileJob>) {
    let mut gone = false;
    while let Ok(first) = asked.recv() {
        let mut waiting = Vec::new();
        let mut replaced = Vec::new();
        report(restored(shared, file, &mut gone));
        for job in std::iter::once(first).chain(asked.try_iter()) {
            match job {
                FileJob::Keep(withdrawal, answer) => {
                    let placed = shared.slots().place(&withdrawal);
                    let (kept, written) = match placed {
                        Placed::Already => (withdrawal, Ok(())),
                        Placed::Full => {
                            let _ = answer.send(false);
                            continue;
                        }
                        Placed::At(slot, at, earlier) => {
                            replaced.extend(earlier);
                            let kept = KeptWithdrawal { at, ..withdrawal };
                            (kept, file.write(slot, &kept))
                        }
                    };
                    waiting.push((kept, answer, written.is_ok()));
                    report(written);
                }
                FileJob::Remove(withdrawal) => {
                    let removed = shared.slots().remove(&withdrawal);
                    if let Some(slot) = removed {
                        report(file.clear(slot));
                        shared.slots().has_room(slot);
                    }
                }
            }
        }
        let synced = file.sync().and_then(|()| check_whole(shared, file));
        // A withdrawal that was made again is in its new slot by now.
        if synced.is_ok() {
            for slot in replaced {
                report(file.clear(slot));
                shared.slots().has_room(slot);
            }
        }
        for (kept, answer, written) in waiting {
            let durable = written && synced.is_ok();
            if durable {
                shared.slots().written(&kept);
            }
            let _ = answer.send(durable);
        }
        report(synced);
        shared.kept.notify_one();
    }
}

/// Writes what is kept into its file again, where that was deleted or truncated; `gone` until that succeeds.
fn restored(shared: &OutboxShared, file: &mut OutboxFile, gone: &mut bool) -> std::io::Result<()> {
    let mut slots = shared.slots();
    if !*gone && file.is_whole(slots.bound())? {
        return Ok(());
    }
    *gone = true;
    slots.all_lost();
    file.restore(slots.bound())?;
    let kept: Vec<_> = slots.placed().collect();
    for (slot, withdrawal) in &kept {
        file.write(*slot, withdrawal)?;
    }
    file.sync()?;
    for (_, withdrawal) in &kept {
        slots.written(withdrawal);
    }
    *gone = false;
    let (path, withdrawals) = (file.path.display(), kept.len());
    warn!(%path, withdrawals, "the outbox's file was gone, and is written again");
    Ok(())
}

/// Fails where what was written would not be found by the next start.
fn check_whole(shared: &OutboxShared, file: &OutboxFile) -> std::io::Result<()> {
    if file.is_whole(shared.slots().bound())? {
        return Ok(());
    }
    let why = "its file was deleted, replaced or truncated";
    Err(std::io::Error::new(std::io::ErrorKind::NotFound, why))
}

/// Logs what the disk refused. What could not be written is delivered all the same while this process runs.
fn report(done: std::io::Result<()>) {
    if let Err(why) = done {
        error!(%why, "the outbox cannot be written");
    }
}
