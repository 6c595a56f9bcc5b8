//! Log lines on their way to standard error: a bounded queue, and a thread that writes it. No request ever waits for the
//! reader of the log: lines that find no room, or cannot be written, are dropped and counted.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tracing::warn;
use tracing_subscriber::fmt::MakeWriter;

use edge_cookie::printable::on_one_line;

/// Lines dropped since the process started. A process has one log, and so one count.
pub(super) static DROPPED: LazyLock<Counter> = LazyLock::new(Counter::default);

/// Most bytes of lines that wait to be written: some thousand lines, which a slow disk has time for.
const LOG_QUEUE_BYTES: usize = 1 << 20;

/// Longest that the process waits for its last lines to be written when it ends.
const LOG_FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// Lines that wait to be written.
#[derive(Debug, Default)]
pub(super) struct LogQueue {
    waiting: Mutex<WaitingLines>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct WaitingLines {
    lines: Vec<u8>,
    /// No more lines come.
    closed: bool,
    /// All lines before are written, or dropped.
    finished: bool,
}

/// Writes the log's last lines when it is dropped, for as long as that takes, but no longer than a second.
#[derive(Debug)]
#[must_use = "the log ends where this is dropped"]
pub struct LogGuard(Arc<LogQueue>);

impl LogQueue {
    /// A queue whose lines a thread of its own writes to `out`.
    pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<(LogWriter, LogGuard)> {
        let queue = Arc::new(Self::default());
        let thread = std::thread::Builder::new().name("log".to_owned());
        let own = Arc::clone(&queue);
        thread.spawn(move || own.run(out))?;
        Ok((LogWriter(Arc::clone(&queue)), LogGuard(queue)))
    }

    fn lock(&self) -> MutexGuard<'_, WaitingLines> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut out: impl Write) {
        let mut batch = Vec::new();
        let mut reported = DROPPED.get();
        loop {
            let idle = |waiting: &mut WaitingLines| waiting.lines.is_empty() && !waiting.closed;
            let waiting = self.changed.wait_while(self.lock(), idle);
            let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
            if waiting.lines.is_empty() {
                waiting.finished = true;
                self.changed.notify_all();
                return;
            }
            mem::swap(&mut batch, &mut waiting.lines);
            drop(waiting);
            let lost = write(&mut out, &batch);
            DROPPED.inc_by(lost);
            batch.clear();
            // Only once lines are written again: the report is a line, too.
            let dropped = DROPPED.get();
            if lost == 0 && dropped > reported {
                warn!(lines = dropped - reported, "log lines were dropped");
                reported = dropped;
            }
        }
    }
}

/// Writes these lines as far as that goes; how many are not, or not whole.
fn write(out: &mut impl Write, mut lines: &[u8]) -> u64 {
    while !lines.is_empty() {
        match out.write(lines) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => break,
            Ok(written) => lines = lines.get(written..).unwrap_or_default(),
        }
    }
    let ends = lines.split(|byte| *byte == b'\n').skip(1).count();
    u64::try_from(ends).unwrap_or(u64::MAX)
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.closed = true;
        self.0.changed.notify_all();
        let unfinished = |waiting: &mut WaitingLines| !waiting.finished;
        let ended = (self.0.changed).wait_timeout_while(waiting, LOG_FLUSH_LIMIT, unfinished);
        drop(ended);
    }
}

/// Where log lines are put. It takes them all, and never fails.
#[derive(Debug)]
pub(super) struct LogWriter(Arc<LogQueue>);

impl<'w> MakeWriter<'w> for LogWriter {
    type Writer = &'w LogQueue;

    fn make_writer(&'w self) -> &'w LogQueue {
        &self.0
    }
}

impl Write for &LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let length = line.len();
        let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line));
        // A line stays one line whatever is in it, and no terminal acts on it.
        let line = on_one_line(&text);
        let mut waiting = self.lock();
        if waiting.closed || waiting.lines.len() + line.len() >= LOG_QUEUE_BYTES {
            DROPPED.inc();
        } else {
            waiting.lines.extend_from_slice(line.as_bytes());
            waiting.lines.push(b'\n');
            self.changed.notify_all();
        }
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
