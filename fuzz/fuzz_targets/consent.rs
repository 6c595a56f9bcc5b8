//! Whole requests: a line a value, `t` for TCF, `g` for GPP, `u` for US Privacy; any other line is Global Privacy Control.
#![no_main]

mod consent_case;

use edge_cookie_service::consent::Signal;
use libfuzzer_sys::fuzz_target;

/// More than are read.
const MOST: usize = 20;

fuzz_target!(|text: &str| {
    let mut gpc = false;
    let mut values = Vec::new();
    for line in text.lines().take(MOST) {
        let signal = match line.as_bytes().first() {
            Some(b't') => Signal::Tcf,
            Some(b'g') => Signal::Gpp,
            Some(b'u') => Signal::UsPrivacy,
            _ => {
                gpc = true;
                continue;
            }
        };
        values.push((signal, line[1..].trim_start()));
    }
    consent_case::check(&values, gpc);
});
