//! The names in a record: what is one, and what is refused.

use edge_cookie::record::{EcId, Generation, PartnerId};

#[test]
fn an_ec_id_is_64_hex_digits_a_dot_and_six_letters_or_digits() {
    let hash = "0f".repeat(32);
    for suffix in ["Ab3xY9", "000000", "zzzzzz", "AZaz09"] {
        let written = format!("{hash}.{suffix}");
        let id: EcId = written.parse().unwrap();
        assert_eq!((id.as_str(), id.to_string()), (&*written, written.clone()));
        assert_eq!(format!("{id:?}"), format!("EcId({written})"));
    }
    for refused in [
        String::new(),
        hash.clone(),
        format!("{hash}.Ab3xY"),
        format!("{hash}.Ab3xY99"),
        format!("{hash}-Ab3xY9"),
        format!("{hash}.Ab3x_9"),
        format!("{hash}.Ab3é9"),
        format!("{}.Ab3xY9", "0F".repeat(32)),
        format!("{}.Ab3xY9", "0g".repeat(32)),
        format!("{}g.Ab3xY9", &hash[1..]),
        format!("{}.Ab3xY9", &hash[1..]),
        format!("{hash}0.Ab3xY9"),
        format!(" {}.Ab3xY9", &hash[1..]),
    ] {
        assert!(refused.parse::<EcId>().is_err(), "{refused}");
    }
}

#[test]
fn a_partner_id_is_of_the_characters_of_a_domain() {
    let longest = "a".repeat(253);
    for written in ["a", "liveramp.com", "UID_2-x.0", &longest] {
        let id = PartnerId::parse(written).unwrap();
        assert_eq!((id.as_str(), id.to_string()), (written, written.to_owned()));
    }
    let too_long = "a".repeat(254);
    for refused in ["", "live ramp", "a/b", "é.com", "a\n", &too_long] {
        let error = PartnerId::parse(refused).unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{refused}` is not a partner id")));
    }
}

#[test]
fn a_generation_is_shown_in_sixteen_hex_digits_and_returned_as_it_came() {
    for (marker, shown) in [(0, "0000000000000000"), (0xab, "00000000000000ab")] {
        let generation = Generation::from_platform(marker);
        assert_eq!(generation.to_string(), shown);
        assert_eq!(generation.to_platform(), marker);
    }
}
