//! A stored record: what can be read is written back as the same record, unknown fields and all.
#![no_main]

use edge_cookie::record::{KvEntry, KvMetadata};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(entry) = KvEntry::from_body(bytes) {
        let again = KvEntry::from_body(&entry.to_body()).expect("what was written is read");
        assert_eq!(again, entry);
    }
    if let Ok(metadata) = KvMetadata::from_bytes(bytes) {
        let again = KvMetadata::from_bytes(&metadata.to_bytes()).expect("what was written is read");
        assert_eq!(again, metadata);
    }
});
