//! The signals that a server handles.

use std::io;

/// What a signal asks for.
pub(super) enum Signalled {
    /// Read the policy again.
    Reload,
    /// Stop.
    Stop(StopSignal),
}

/// A signal that stops a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// `SIGINT`.
    Interrupt,
    /// `SIGTERM`.
    Terminate,
}

const EXIT_BY_SIGINT: u8 = 130;
const EXIT_BY_SIGTERM: u8 = 143;

impl StopSignal {
    /// The exit code of a process that such a signal ends, as shells have it: 128 and the signal's number.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => EXIT_BY_SIGINT,
            Self::Terminate => EXIT_BY_SIGTERM,
        }
    }
}

/// The signals that a server handles.
#[derive(Debug)]
pub(super) struct SignalListener {
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl SignalListener {
    pub(super) fn hear() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    pub(super) async fn next(&mut self) -> Signalled {
        tokio::select! {
            _ = self.hang_up.recv() => Signalled::Reload,
            _ = self.interrupt.recv() => Signalled::Stop(StopSignal::Interrupt),
            _ = self.terminate.recv() => Signalled::Stop(StopSignal::Terminate),
        }
    }
}

#[cfg(not(unix))]
impl SignalListener {
    pub(super) fn hear() -> io::Result<Self> {
        Ok(Self {})
    }

    pub(super) async fn next(&mut self) -> Signalled {
        let _ = tokio::signal::ctrl_c().await;
        Signalled::Stop(StopSignal::Interrupt)
    }
}

impl SignalListener {
    /// The next signal to stop; what else is asked for meanwhile is not done.
    pub(super) async fn stop(&mut self) -> StopSignal {
        loop {
            if let Signalled::Stop(signal) = self.next().await {
                return signal;
            }
        }
    }
}
