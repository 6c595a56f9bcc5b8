//! How a record lies in the file: generation, expiry and metadata before the body.

use crate::clock::Moment;
use crate::record::Generation;
use crate::store::{Insert, Stored};

/// The version of this layout: a file with another is refused, never guessed at.
pub(super) const VERSION: u64 = 1;

/// Stands for no expiry.
const NEVER: u64 = u64::MAX;

/// A record as it lies in the file, borrowed from a page of it.
pub(super) struct Slot<'p> {
    generation: u64,
    expires: u64,
    metadata: &'p [u8],
    body: &'p [u8],
}

impl<'p> Slot<'p> {
    /// Reads a slot; none where the bytes are not one.
    pub(super) fn read(bytes: &'p [u8]) -> Option<Self> {
        let (generation, rest) = bytes.split_first_chunk()?;
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

/// The bytes of a slot; none where the metadata is longer than a slot can say.
pub(super) fn write(insert: &Insert, generation: Generation, now: Moment) -> Option<Vec<u8>> {
    let length = u32::try_from(insert.metadata.len()).ok()?;
    let expires = insert.expires(now).map_or(NEVER, Moment::unix_millis);
    let generation = generation.to_platform().to_le_bytes();
    Some(
        [
            &generation[..],
            &expires.to_le_bytes(),
            &length.to_le_bytes(),
            &insert.metadata,
            &insert.body,
        ]
        .concat(),
    )
}
