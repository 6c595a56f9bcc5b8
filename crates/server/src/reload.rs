//! The thread that reads the policy again: always the same one, so that memory that a reading takes for a moment is used
//! by the next, and not kept by each of the threads that call a store.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;
use std::time::Duration;

use tokio::sync::oneshot;

use edge_cookie_service::Setup;

type Read = Result<Setup, ReloadError>;

/// Why a changed policy cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// It cannot be read, or is not valid.
    #[error("{0}")]
    Unusable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Reading it takes too long.
    #[error("it could not be read within {} s: look at the files it is in", .0.as_secs())]
    Late(Duration),
    /// The thread that read it failed.
    #[error("reading it failed unexpectedly: send `SIGHUP` again")]
    Interrupted,
    /// This setting, named below `ec`, is read at the start only.
    #[error(
        "`ec.{0}` changed, and is read only at the start: restart the server, or undo that change"
    )]
    NeedsRestart(&'static str),
}

/// The way to the thread; dropped, it ends the thread.
pub(super) struct Reloader {
    asks: Sender<oneshot::Sender<Read>>,
}

impl Reloader {
    /// Starts the thread, which calls `reload` each time it is asked.
    pub(super) fn start(
        reload: impl Fn() -> Read + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let (asks, asked) = channel::<oneshot::Sender<Read>>();
        Builder::new().name("reload".to_owned()).spawn(move || {
            while let Ok(answer) = asked.recv() {
                // Who asked may have stopped waiting; one that panics is reported there, and answers nothing.
                if let Ok(read) = catch_unwind(AssertUnwindSafe(&reload)) {
                    let _ = answer.send(read);
                }
            }
        })?;
        Ok(Self { asks })
    }

    /// Asks for the policy as it is written now.
    pub(super) fn read(&self) -> oneshot::Receiver<Read> {
        let (answer, read) = oneshot::channel();
        let _ = self.asks.send(answer);
        read
    }
}
