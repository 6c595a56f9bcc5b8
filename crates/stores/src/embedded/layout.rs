//! The layout of a record in the file: checksum, generation, expiry and metadata before the body.
//!
//! The checksum covers the key, too, so that damage shows wherever it is, and a record that a damaged page
//! led to is not taken for another's.

use edge_cookie::clock::Moment;
use edge_cookie::record::Generation;
use edge_cookie::store::{Insert, Stored};

/// The version of this layout: a file with another is refused, never guessed at.
pub(super) const VERSION: u64 = 2;

/// Means no expiry.
const NEVER: u64 = u64::MAX;

/// A record as it lies in the file, borrowed from a page of it.
pub(super) struct RecordSlot<'p> {
    generation: u64,
    expires: u64,
    metadata: &'p [u8],
    body: &'p [u8],
}

impl<'p> RecordSlot<'p> {
    /// Reads the slot of `key`; none where the bytes are not what was written under it.
    pub(super) fn read(key: &str, bytes: &'p [u8]) -> Option<Self> {
        let (checksum, covered) = bytes.split_first_chunk()?;
        if u32::from_le_bytes(*checksum) != checksum_of(key, &[covered]) {
            return None;
        }
        let (generation, rest) = covered.split_first_chunk()?;
        let (expires, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (metadata, body) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        Some(Self {
            generation: u64::from_le_bytes(*generation),
            expires: u64::from_le_bytes(*expires),
            metadata,
            body,
        })
    }

    pub(super) const fn generation(&self) -> Generation {
        Generation::from_platform(self.generation)
    }

    /// The millisecond in which its time is over.
    pub(super) const fn expires(&self) -> u64 {
        self.expires
    }

    pub(super) const fn is_kept(&self, now: Moment) -> bool {
        now.unix_millis() < self.expires
    }

    pub(super) fn to_stored(&self) -> Stored {
        Stored {
            body: self.body.to_vec(),
            metadata: self.metadata.to_vec(),
            generation: self.generation(),
        }
    }
}

/// The bytes of a slot of `key`; none where the metadata is longer than a slot can say.
pub(super) fn write(
    key: &str,
    insert: &Insert,
    generation: Generation,
    now: Moment,
) -> Option<Vec<u8>> {
    let length = u32::try_from(insert.metadata.len()).ok()?.to_le_bytes();
    let expires = insert.expires(now).map_or(NEVER, Moment::unix_millis);
    let expires = expires.to_le_bytes();
    let generation = generation.to_platform().to_le_bytes();
    let parts = [
        &generation[..],
        &expires,
        &length,
        &insert.metadata,
        &insert.body,
    ];
    let checksum = checksum_of(key, &parts).to_le_bytes();
    let [generation, expires, length, metadata, body] = parts;
    Some([&checksum[..], generation, expires, length, metadata, body].concat())
}

fn checksum_of(key: &str, parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key.as_bytes());
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}
