//! The layout of the outbox's file: one withdrawal per slot, all slots of one size.
//!
//! A slot is empty where it is all zeros, as reserved; anything else that is not a whole record is damaged.

use edge_cookie::clock::Timestamp;
use edge_cookie::record::EcId;

/// A withdrawal that is kept until the store has taken it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptWithdrawal {
    /// Whose.
    pub id: EcId,
    /// When the user withdrew.
    pub at: Timestamp,
}

/// What a slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutboxSlot {
    /// Nothing.
    Empty,
    /// A withdrawal.
    Kept(KeptWithdrawal),
    /// Bytes that are no record.
    Damaged,
}

/// The size of a slot in bytes. A sector of a disk, which is written whole or not at all, holds a whole number of them.
pub(super) const SLOT_BYTES: usize = 128;

/// What every record begins with: the format and its version.
const MAGIC: &[u8; 4] = b"ECW1";

/// The size of the checksum at the end of a slot, in bytes.
const CHECKSUM_BYTES: usize = size_of::<u32>();

/// The bytes of an empty slot.
pub(super) const EMPTY: [u8; SLOT_BYTES] = [0; SLOT_BYTES];

/// The slot that holds a withdrawal: the format, the time, the id, zeros, and the CRC-32 of all that.
pub(super) fn encode(withdrawal: &KeptWithdrawal) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SLOT_BYTES);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&withdrawal.at.unix().to_le_bytes());
    bytes.extend_from_slice(withdrawal.id.as_str().as_bytes());
    bytes.resize(SLOT_BYTES - CHECKSUM_BYTES, 0);
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// What `bytes` hold.
pub(super) fn decode(bytes: &[u8]) -> OutboxSlot {
    if bytes == EMPTY {
        return OutboxSlot::Empty;
    }
    read(bytes).map_or(OutboxSlot::Damaged, OutboxSlot::Kept)
}

fn read(bytes: &[u8]) -> Option<KeptWithdrawal> {
    let (covered, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
    if bytes.len() != SLOT_BYTES || u32::from_le_bytes(*checksum) != crc32fast::hash(covered) {
        return None;
    }
    let (time, rest) = covered.strip_prefix(MAGIC)?.split_first_chunk()?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    Some(KeptWithdrawal {
        id: str::from_utf8(rest.get(..end)?).ok()?.parse().ok()?,
        at: Timestamp::from_unix(u64::from_le_bytes(*time)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back_and_no_damaged_byte_goes_unnoticed() {
        let id = format!("{}.Ab3xY9", "0f".repeat(32)).parse().unwrap();
        let at = Timestamp::from_unix(1_772_409_600);
        let kept = KeptWithdrawal { id, at };
        let bytes = encode(&kept);
        assert_eq!(bytes.len(), SLOT_BYTES);
        assert_eq!(decode(&bytes), OutboxSlot::Kept(kept));
        assert_eq!(decode(&EMPTY), OutboxSlot::Empty);
        for place in 0..SLOT_BYTES {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[place] ^= 1 << bit;
                assert_eq!(
                    decode(&damaged),
                    OutboxSlot::Damaged,
                    "byte {place}, bit {bit}"
                );
            }
        }
        for torn in [0, 1, SLOT_BYTES - 1] {
            assert_eq!(decode(&bytes[..torn]), OutboxSlot::Damaged);
        }
        let mut half = bytes;
        half[SLOT_BYTES / 2..].fill(0);
        assert_eq!(decode(&half), OutboxSlot::Damaged);
    }
}
