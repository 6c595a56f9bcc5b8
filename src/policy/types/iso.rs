//! Codes of countries and of US states, as data.

/// Every officially assigned country code (ISO 3166-1 alpha-2, as of 2026-11).
const COUNTRIES: &str = "\
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP \
KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT \
MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ \
UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// States, the district and the territories, by the part of ISO 3166-2 after `US-`.
const US_STATES: &str = "\
AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI \
SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR UM VI";

/// Codes that people write for a country that has another: exceptional reservations, EU usage (the Interinstitutional
/// Style Guide, annex A5), former codes and codes of languages.
const MEANT: [(&str, &str); 16] = [
    ("UK", "GB"),
    ("EL", "GR"),
    ("EN", "GB"),
    ("SP", "ES"),
    ("SW", "SE"),
    ("DA", "DK"),
    ("JA", "JP"),
    ("KO", "KR"),
    ("ZH", "CN"),
    ("CS", "CZ"),
    ("YU", "RS"),
    ("AN", "CW"),
    ("TP", "TL"),
    ("ZR", "CD"),
    ("FX", "FR"),
    ("SU", "RU"),
];

/// The country whose states have laws of their own.
pub(super) const US: &str = "US";

fn listed(list: &str, code: &str) -> bool {
    list.split(' ').any(|listed| listed == code)
}

/// Whether this is a country's code.
pub(super) fn is_country(code: &str) -> bool {
    listed(COUNTRIES, code)
}

/// Whether this is the code of a state of the US.
pub(super) fn is_us_state(code: &str) -> bool {
    listed(US_STATES, code)
}

/// The country that was probably meant by this code, which is not a country's.
pub(super) fn country_meant(code: &str) -> Option<&'static str> {
    let mut known = MEANT.iter();
    known
        .find(|(written, _)| *written == code)
        .map(|(_, meant)| *meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_whole() {
        // ISO 3166-1 has 249 codes; the US has 50 states, a district and six areas with codes of their own.
        assert_eq!(COUNTRIES.split(' ').count(), 249);
        assert_eq!(US_STATES.split(' ').count(), 57);
        for (code, country) in [
            ("GB", true),
            ("UK", false),
            ("XK", false),
            ("AX", true),
            ("D", false),
        ] {
            assert_eq!(is_country(code), country, "{code}");
        }
        for (code, state) in [("CA", true), ("DC", true), ("ZZ", false)] {
            assert_eq!(is_us_state(code), state, "{code}");
        }
        assert_eq!(
            (country_meant("EL"), country_meant("XX")),
            (Some("GR"), None)
        );
        assert!(
            MEANT
                .iter()
                .all(|(written, meant)| !is_country(written) && is_country(meant))
        );
    }
}
