//! The metadata of a record: what is known of it without its body.

use super::object::{longest_string, object};
use super::unreadable::plain;
use super::{Kept, KvEntry, Unreadable, tolerant};
use crate::clock::Timestamp;

object! {
    /// The metadata of a record. Others may leave out any of it.
    ///
    /// ```
    /// use edge_cookie::clock::Timestamp;
    /// use edge_cookie::record::{KvEntry, KvMetadata};
    ///
    /// let now = Timestamp::from_unix(1_772_409_600);
    /// let metadata = KvMetadata::from_entry(&KvEntry::tombstone(now), now, "0f0f0f0f");
    /// assert_eq!(KvMetadata::from_bytes(&metadata.to_bytes()), Ok(metadata.clone()));
    /// assert_eq!(metadata.ok, Some(false));
    /// ```
    KvMetadata {
        /// Whether the entry is live.
        ok: Option<bool> = optional,
        /// The country, `ZZ` where unknown.
        country: Option<Box<str>> = optional,
        /// The schema version.
        v: Option<u64> = optional,
        /// The second from which retention counts.
        t: Option<Timestamp> = optional,
        /// The first digits of the digest of the policy that last wrote the record.
        p: Option<Box<str>> = optional,
    }
}

impl KvMetadata {
    /// The metadata of `entry`, whose retention counts from `retained_from`, written under the policy with
    /// this `mark`.
    #[must_use]
    pub fn from_entry(entry: &KvEntry, retained_from: Timestamp, mark: &str) -> Self {
        Self::default().rewritten(entry, retained_from, mark)
    }

    /// This metadata brought up to date for a rewrite of its record; unknown fields stay.
    #[must_use]
    pub fn rewritten(mut self, entry: &KvEntry, retained_from: Timestamp, mark: &str) -> Self {
        self.kept.drop_all(&["ok", "country", "v", "t", "p"]);
        Self {
            ok: Some(entry.consent.ok),
            country: Some(entry.geo.country.clone()),
            v: Some(entry.v),
            t: Some(retained_from),
            p: Some(mark.into()),
            kept: self.kept,
        }
    }

    /// Reads metadata; a record without any has that of a record whose writer left everything out.
    ///
    /// # Errors
    ///
    /// Where it is not JSON or not of this shape: it is kept rather than overwritten.
    pub fn from_bytes(metadata: &[u8]) -> Result<Self, Unreadable> {
        if metadata.is_empty() {
            return Ok(Self::default());
        }
        let metadata =
            str::from_utf8(metadata).map_err(|error| Unreadable::Metadata(error.to_string()))?;
        match serde_json::from_str(metadata) {
            Ok(read) => Ok(read),
            Err(error) => tolerant::object(metadata, error)
                .map_err(|error| Unreadable::Metadata(plain(&error))),
        }
    }

    /// The metadata as stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings, numbers and raw JSON always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Whether the metadata takes at most `limit` bytes.
    #[must_use]
    pub fn fits(&self, limit: usize) -> bool {
        self.longest_bytes() <= limit || self.to_bytes().len() <= limit
    }

    /// A bound on the size of the metadata of an entry with this country.
    pub(crate) fn longest_of(country: &str, mark: &str) -> usize {
        Self::FRAME + longest_string(country) + longest_string(mark)
    }

    /// What every metadata takes at most, but for its texts.
    const FRAME: usize =
        r#"{"ok":false,"country":,"v":18446744073709551615,"t":18446744073709551615,"p":,}"#.len();

    /// A bound on the size that costs no serialising.
    fn longest_bytes(&self) -> usize {
        let texts: usize = [&self.country, &self.p]
            .into_iter()
            .flatten()
            .map(|text| longest_string(text))
            .sum();
        Self::FRAME + texts + self.kept.longest_json()
    }
}

/// Metadata whose writer left everything out.
impl Default for KvMetadata {
    fn default() -> Self {
        Self {
            ok: None,
            country: None,
            v: None,
            t: None,
            p: None,
            kept: Kept::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_what_is_stored() {
        // The bound is far above the size where every character might have been escaped.
        for mark in ["", "0f0f0f0f", &"x".repeat(500), &"\u{1}".repeat(500)] {
            let entry = KvEntry::minimal(Timestamp::from_unix(u64::MAX));
            let metadata = KvMetadata::from_entry(&entry, Timestamp::from_unix(u64::MAX), mark);
            let size = metadata.to_bytes().len();
            assert!(metadata.longest_bytes() >= size);
            assert_eq!(
                KvMetadata::longest_of(&entry.geo.country, mark),
                metadata.longest_bytes()
            );
            assert!(metadata.fits(size));
            assert!(!metadata.fits(size - 1));
        }
    }
}
