//! Ids: what is taken for one is what was written.
#![no_main]

use edge_cookie::record::{EcId, PartnerId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(id) = text.parse::<EcId>() {
        assert_eq!(id.as_str(), text);
        let (hash, tail) = text.split_once('.').expect("every id has a dot");
        assert_eq!((hash.len(), tail.len()), (64, 6));
        assert!(
            hash.bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        );
        assert!(tail.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
    if let Ok(partner) = PartnerId::parse(text) {
        let again = PartnerId::parse(partner.as_str()).expect("a partner's id is one");
        assert_eq!(again, partner);
    }
});
