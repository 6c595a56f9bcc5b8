//! A bundle: one whose seal is whole is read or refused, and what is read shows and resolves.
#![no_main]

use edge_cookie::policy::bundle::Bundled;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

fuzz_target!(|text: &str| {
    let _ = Bundled::read(text);
    // Sealed, so that what is inside is looked at.
    if serde_json::from_str::<serde_json::Value>(text).is_err() {
        return;
    }
    let sum: String = Sha256::digest(text.trim())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let sealed = format!("{{\"checksum\":\"{sum}\",\"bundle\":{}}}", text.trim());
    if let Ok(bundled) = Bundled::read(&sealed) {
        let report = bundled.report();
        assert!(
            serde_json::from_str::<serde_json::Value>(&report).is_ok(),
            "{report}"
        );
        assert_eq!(bundled.traced().policy, bundled.resolved.policy);
        assert_eq!(
            bundled.traced_candidate().is_some(),
            bundled.rollout.is_some()
        );
    }
});
