//! Reads event streams: a thread of its own reads and parses, so that the graph does not wait for it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use edge_cookie::event::{Event, EventError, without_byte_order_mark};

use crate::CliError;

/// Lines that are handed over together; a handful is sent at once where no more are waiting.
const LINES_TOGETHER: usize = 256;

/// Handfuls that may wait: they bound the memory, whatever the length of the stream.
const WAITING: usize = 64;

/// What is read at once from a file or a pipe.
const BUFFER_BYTES: usize = 1 << 16;

/// A longer line is refused, so that a stream without line ends cannot fill the memory. It leaves room for
/// `put_raw` of the largest body a store takes (25 MiB), escaped.
const MAX_LINE_BYTES: u64 = 1 << 28;

/// A line and what it says.
pub(super) struct InputLine {
    pub(super) file: Arc<str>,
    pub(super) number: u64,
    /// Bytes read up to the end of this line.
    pub(super) bytes: u64,
    pub(super) event: Result<Event, EventError>,
    /// The line itself, where its event may still be refused at a column.
    pub(super) text: String,
}

/// Where lines arrive.
pub(super) type Lines = Receiver<Vec<InputLine>>;

/// The files to read.
pub(super) struct Input {
    parts: Vec<InputFile>,
}

struct InputFile {
    name: Arc<str>,
    bytes: Option<u64>,
    reader: Box<dyn Read + Send>,
}

impl Input {
    /// Opens every file before anything runs.
    pub(super) fn open(files: &[String]) -> Result<Self, CliError> {
        let open = |name: &String| {
            let part = |bytes, reader| InputFile {
                name: name.as_str().into(),
                bytes,
                reader,
            };
            if name == "-" {
                return Ok(part(None, Box::new(stdin()) as Box<dyn Read + Send>));
            }
            let cannot =
                |error: std::io::Error| CliError::because(format!("cannot read `{name}`: {error}"));
            let file = File::open(name).map_err(cannot)?;
            let about = file.metadata().map_err(cannot)?;
            if about.is_dir() {
                return Err(CliError::because(format!(
                    "cannot read `{name}`: it is a folder"
                )));
            }
            Ok(part(about.is_file().then_some(about.len()), Box::new(file)))
        };
        let parts = files.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self { parts })
    }

    /// How much there is to read, where that is known.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    /// Starts reading.
    pub(super) fn read(self) -> Lines {
        let (sender, lines) = sync_channel(WAITING);
        std::thread::spawn(move || {
            let mut bytes = 0;
            for part in self.parts {
                // The receiver stopped at a line and is gone.
                if read_part(part, &mut bytes, &sender).is_none() {
                    return;
                }
            }
        });
        lines
    }
}

fn read_part(part: InputFile, bytes: &mut u64, sender: &SyncSender<Vec<InputLine>>) -> Option<()> {
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, part.reader);
    let mut together = Vec::with_capacity(LINES_TOGETHER);
    let mut raw = Vec::new();
    let mut number = 0;
    loop {
        raw.clear();
        number += 1;
        let read = (&mut reader)
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut raw);
        let ended = match &read {
            Ok(0) => true,
            Ok(read) => {
                *bytes += *read as u64;
                false
            }
            Err(_) => false,
        };
        if !ended && (read.is_err() || !raw.trim_ascii().is_empty()) {
            let text = match read {
                Ok(_) if number == 1 => text(without_byte_order_mark(&raw)),
                Ok(_) => text(&raw),
                Err(error) => Err(at_start(format!("cannot read on: {error}"))),
            };
            let fatal =
                matches!(&text, Err(problem) if problem.message.starts_with("cannot read on"));
            together.push(line(&part.name, number, *bytes, text));
            if fatal {
                return sender.send(together).ok();
            }
        }
        let waiting = reader.buffer().is_empty();
        if ended || together.len() >= LINES_TOGETHER || (waiting && !together.is_empty()) {
            sender
                .send(std::mem::replace(
                    &mut together,
                    Vec::with_capacity(LINES_TOGETHER),
                ))
                .ok()?;
        }
        if ended {
            return Some(());
        }
    }
}

fn line(file: &Arc<str>, number: u64, bytes: u64, text: Result<String, EventError>) -> InputLine {
    let (event, text) = match text {
        Ok(text) => (Event::parse(&text), text),
        Err(problem) => (Err(problem), String::new()),
    };
    InputLine {
        file: Arc::clone(file),
        number,
        bytes,
        event,
        text,
    }
}

fn text(raw: &[u8]) -> Result<String, EventError> {
    let line = raw.strip_suffix(b"\n").unwrap_or(raw);
    if line.len() == raw.len() && raw.len() as u64 == MAX_LINE_BYTES {
        return Err(at_start(format!(
            "the line is longer than {MAX_LINE_BYTES} bytes"
        )));
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match str::from_utf8(line) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let before = line.get(..error.valid_up_to()).unwrap_or_default();
            Err(EventError {
                column: String::from_utf8_lossy(before).chars().count() + 1,
                message: "not UTF-8: write the line in UTF-8".to_owned(),
            })
        }
    }
}

const fn at_start(message: String) -> EventError {
    EventError { column: 1, message }
}
