//! One decoder: the first byte says which (TCF, US Privacy, or a section of GPP by its number), the others are its characters, so
//! that nearly all that is tried is in the format's alphabet.
#![no_main]

mod consent_case;

use edge_cookie_service::consent::Signal;
use libfuzzer_sys::fuzz_target;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const LETTERS: &[u8; 8] = b"1YN-yn2\xc3";

/// Numbers of sections that are tried, some beyond the registry.
const SECTIONS: u8 = 40;

fuzz_target!(|bytes: &[u8]| {
    let Some((decoder, bytes)) = bytes.split_first() else {
        return;
    };
    let text: String = bytes.iter().map(|byte| character(*byte)).collect();
    match decoder % SECTIONS {
        0 => consent_case::check(&[(Signal::Tcf, &text)], false),
        1 => {
            let letters = bytes
                .iter()
                .map(|byte| char::from(LETTERS[usize::from(byte % 8)]));
            let text: String = letters.collect();
            consent_case::check(&[(Signal::UsPrivacy, &text)], false);
        }
        section => {
            let text = format!("{}~{text}", header(section));
            consent_case::check(&[(Signal::Gpp, &text)], false);
        }
    }
});

/// A character of base64, or one that divides segments and sections, or none of any format.
fn character(byte: u8) -> char {
    match byte {
        0xf8.. => '.',
        0xf7 => '~',
        0xf6 => '!',
        _ => char::from(ALPHABET[usize::from(byte % 64)]),
    }
}

/// The header of a GPP string with one section: type, version, one number in Fibonacci coding.
fn header(section: u8) -> String {
    let mut steps = vec![1_u32, 2];
    while steps[steps.len() - 1] <= u32::from(section) {
        steps.push(steps[steps.len() - 1] + steps[steps.len() - 2]);
    }
    let mut left = u32::from(section);
    let mut code: Vec<bool> = (steps.iter().rev())
        .map(|step| {
            let taken = *step <= left;
            left -= if taken { *step } else { 0 };
            taken
        })
        .skip_while(|taken| !taken)
        .collect();
    code.reverse();
    code.push(true);
    let fixed = [(3, 6), (1, 6), (1, 12), (0, 1)];
    let fixed = fixed.into_iter().flat_map(|(value, width): (u32, u32)| {
        (0..width).rev().map(move |bit| value >> bit & 1 == 1)
    });
    let bits: Vec<bool> = fixed.chain(code).collect();
    let sextets = bits.chunks(6);
    let value = |bits: &[bool]| {
        (0..6).fold(0, |value, bit| {
            value << 1 | usize::from(bits.get(bit) == Some(&true))
        })
    };
    sextets
        .map(|bits| char::from(ALPHABET[value(bits)]))
        .collect()
}
