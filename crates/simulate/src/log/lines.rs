//! Reads a log line by line, plain or compressed with gzip or Zstandard.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The first bytes of compressed files.
const COMPRESSED: [(&[u8], Compression); 7] = [
    // RFC 1952, section 2.3.1.
    (b"\x1f\x8b", Compression::Gzip),
    // RFC 8878, section 3.1.1.
    (b"\x28\xb5\x2f\xfd", Compression::Zstd),
    (b"\xfd7zX", Compression::Other("xz", "xz -dc")),
    (b"BZh", Compression::Other("bzip2", "bzip2 -dc")),
    (b"\x04\x22\x4d\x18", Compression::Other("lz4", "lz4 -dc")),
    (b"PK\x03\x04", Compression::Other("zip", "unzip -p")),
    (b"\x1f\x9d", Compression::Other("compress", "gzip -dc")),
];

/// The magic number of a skippable Zstandard frame after its first byte, `0x50` to `0x5f` (RFC 8878, section 3.1.2).
const SKIPPABLE: &[u8] = b"\x2a\x4d\x18";

/// The number of bytes that identify the compression.
const MAGIC_BYTES: usize = 4;

/// The longest line that is kept, in bytes: longer than any server's limit on a request, and short enough that a file without
/// line breaks does not fill the memory.
const LONGEST_LINE: u64 = 1 << 20;

#[derive(Debug, Clone, Copy)]
enum Compression {
    None,
    Gzip,
    Zstd,
    /// Not supported: its name, and the command that decompresses it.
    Other(&'static str, &'static str),
}

/// The lines of a log.
pub(super) struct LogLines {
    source: Box<dyn BufRead>,
    compression: Compression,
}

impl LogLines {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut first = Vec::with_capacity(MAGIC_BYTES);
        file.by_ref()
            .take(MAGIC_BYTES as u64)
            .read_to_end(&mut first)?;
        let compression = compression(&first);
        let whole = BufReader::new(Cursor::new(first).chain(file));
        let source: Box<dyn BufRead> = match compression {
            Compression::None => Box::new(whole),
            Compression::Gzip => Box::new(BufReader::new(MultiGzDecoder::new(whole))),
            Compression::Zstd => Box::new(BufReader::new(ZstdFrames {
                decoder: FrameDecoder::new(),
                source: whole,
            })),
            Compression::Other(name, command) => {
                return Err(io::Error::other(format!(
                    "it is compressed with {name}, and only gzip and Zstandard are supported: decompress it with `{command}`"
                )));
            }
        };
        Ok(Self {
            source,
            compression,
        })
    }

    /// Reads the next line into `line`, up to the longest length. `None` at the end.
    pub(super) fn next(&mut self, line: &mut Vec<u8>) -> io::Result<Option<LineLength>> {
        line.clear();
        let read = self.part(line)?;
        if read == 0 {
            return Ok(None);
        }
        let whole = |part: &[u8]| part.len() as u64 <= LONGEST_LINE || part.ends_with(b"\n");
        if whole(line) {
            return Ok(Some(LineLength::Whole));
        }
        let mut rest = Vec::new();
        while self.part(&mut rest)? > 0 && !rest.ends_with(b"\n") {
            rest.clear();
        }
        Ok(Some(LineLength::TooLong))
    }

    fn part(&mut self, line: &mut Vec<u8>) -> io::Result<usize> {
        let part = self.source.by_ref().take(LONGEST_LINE + 1);
        let mut part = part;
        part.read_until(b'\n', line).map_err(|error| {
            let by = match self.compression {
                Compression::Gzip => "gzip",
                Compression::Zstd => "Zstandard",
                Compression::None | Compression::Other(..) => return error,
            };
            io::Error::other(format!(
                "it is compressed with {by}, and damaged or truncated: {error}"
            ))
        })
    }
}

/// Whether a line was read completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineLength {
    Whole,
    TooLong,
}

fn compression(first: &[u8]) -> Compression {
    let skippable = first.split_first();
    if skippable.is_some_and(|(first, rest)| first & 0xf0 == 0x50 && rest == SKIPPABLE) {
        return Compression::Zstd;
    }
    let mut known = COMPRESSED.into_iter();
    let found = known.find(|(magic, _)| first.starts_with(magic));
    found.map_or(Compression::None, |(_, compression)| compression)
}

/// Reads all frames of a file: `zstd` and `cat` write several.
struct ZstdFrames<R> {
    decoder: FrameDecoder,
    source: R,
}

impl<R: BufRead> ZstdFrames<R> {
    /// Moves to the next frame. Returns whether there is one.
    fn advance(&mut self) -> io::Result<bool> {
        let (stated, counted) = (
            self.decoder.get_checksum_from_data(),
            self.decoder.get_calculated_checksum(),
        );
        if stated.is_some() && stated != counted {
            return Err(io::Error::other("its checksum does not match its content"));
        }
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = self.source.by_ref().take(u64::from(length));
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 {
            if !self.decoder.is_finished() {
                let blocks = BlockDecodingStrategy::UptoBlocks(1);
                let decoded = self.decoder.decode_blocks(&mut self.source, blocks);
                decoded.map_err(io::Error::other)?;
            } else if !self.advance()? {
                return Ok(0);
            }
        }
        self.decoder.read(to)
    }
}
