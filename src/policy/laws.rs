//! Where which law applies, as data: the shipped lists of `[ec.consent]`, each row with its source and the day from which the
//! law applies.
//!
//! ```
//! use edge_cookie::policy::laws::{OPT_IN, US_STATES};
//!
//! let virginia = US_STATES.iter().find(|law| law.state == "VA").unwrap();
//! assert_eq!((virginia.since, virginia.statute), ("2023-01-01", "Va. Code §§ 59.1-575 to 59.1-585"));
//! assert!(OPT_IN.iter().any(|law| law.place == "DE"));
//! ```

/// A place where an identity needs consent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptInLaw {
    /// The place: an ISO 3166-1 alpha-2 code, or one of ISO 3166-2.
    pub place: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The law, and where it says so.
    pub source: &'static str,
    /// The day from which it asks for consent, `YYYY-MM-DD`.
    pub since: &'static str,
}

/// A US state whose law lets users opt out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateLaw {
    /// The state, as in ISO 3166-2 after `US-`.
    pub state: &'static str,
    /// Its act.
    pub act: &'static str,
    /// Where the act is codified, or its bill where it is not yet.
    pub statute: &'static str,
    /// The day from which it applies, `YYYY-MM-DD`.
    pub since: &'static str,
    /// The day from which it wants signals as Global Privacy Control honoured; none where it does not ask for that.
    pub gpc: Option<&'static str>,
}

const fn opt_in(
    place: &'static str,
    name: &'static str,
    source: &'static str,
    since: &'static str,
) -> OptInLaw {
    OptInLaw {
        place,
        name,
        source,
        since,
    }
}

/// Storing on a user's device needs consent (ePrivacy Directive), of the quality that the GDPR asks for since it applies.
const EU: &str = "Directive 2002/58/EC, Art. 5(3); Regulation (EU) 2016/679, Art. 4(11) and 7";
const EEA: &str =
    "EEA Joint Committee Decision No 154/2018 (GDPR); Directive 2002/58/EC, Art. 5(3)";
const GB: &str = "SI 2003/2426 (PECR), reg. 6; UK GDPR, Art. 4(11) and 7";
/// Outermost regions: Union law applies there, though ISO 3166-1 gives each a code of its own.
const OUTERMOST: &str = "TFEU, Art. 349 and 355(1); as France";
const ALAND: &str = "TFEU, Art. 355(4); Act of Accession 1994, Protocol 2; as Finland";
const LAW_25: &str = "CQLR c. P-39.1, ss. 8.1, 12 and 14 (Law 25)";

/// The day from which the GDPR applies (Art. 99(2)), and the one on which it did in the EEA.
const GDPR: &str = "2018-05-25";
const GDPR_IN_EEA: &str = "2018-07-20";

/// Where opt-in law applies by default.
pub const OPT_IN: &[OptInLaw] = &[
    opt_in("AT", "Austria", EU, GDPR),
    opt_in("BE", "Belgium", EU, GDPR),
    opt_in("BG", "Bulgaria", EU, GDPR),
    opt_in("CY", "Cyprus", EU, GDPR),
    opt_in("CZ", "Czechia", EU, GDPR),
    opt_in("DE", "Germany", EU, GDPR),
    opt_in("DK", "Denmark", EU, GDPR),
    opt_in("EE", "Estonia", EU, GDPR),
    opt_in("ES", "Spain", EU, GDPR),
    opt_in("FI", "Finland", EU, GDPR),
    opt_in("FR", "France", EU, GDPR),
    opt_in("GB", "United Kingdom", GB, GDPR),
    opt_in("GR", "Greece", EU, GDPR),
    opt_in("HR", "Croatia", EU, GDPR),
    opt_in("HU", "Hungary", EU, GDPR),
    opt_in("IE", "Ireland", EU, GDPR),
    opt_in("IS", "Iceland", EEA, GDPR_IN_EEA),
    opt_in("IT", "Italy", EU, GDPR),
    opt_in("LI", "Liechtenstein", EEA, GDPR_IN_EEA),
    opt_in("LT", "Lithuania", EU, GDPR),
    opt_in("LU", "Luxembourg", EU, GDPR),
    opt_in("LV", "Latvia", EU, GDPR),
    opt_in("MT", "Malta", EU, GDPR),
    opt_in("NL", "Netherlands", EU, GDPR),
    opt_in("NO", "Norway", EEA, GDPR_IN_EEA),
    opt_in("PL", "Poland", EU, GDPR),
    opt_in("PT", "Portugal", EU, GDPR),
    opt_in("RO", "Romania", EU, GDPR),
    opt_in("SE", "Sweden", EU, GDPR),
    opt_in("SI", "Slovenia", EU, GDPR),
    opt_in("SK", "Slovakia", EU, GDPR),
    opt_in("AX", "Åland Islands", ALAND, GDPR),
    opt_in("GF", "French Guiana", OUTERMOST, GDPR),
    opt_in("GP", "Guadeloupe", OUTERMOST, GDPR),
    opt_in("MF", "Saint Martin", OUTERMOST, GDPR),
    opt_in("MQ", "Martinique", OUTERMOST, GDPR),
    opt_in("RE", "Réunion", OUTERMOST, GDPR),
    opt_in("YT", "Mayotte", OUTERMOST, GDPR),
];

/// Regions where opt-in law applies by default though it does not in their whole country.
pub const OPT_IN_REGIONS: &[OptInLaw] = &[opt_in("CA-QC", "Quebec", LAW_25, "2023-09-22")];

const fn state(
    state: &'static str,
    act: &'static str,
    statute: &'static str,
    since: &'static str,
    gpc: Option<&'static str>,
) -> StateLaw {
    StateLaw {
        state,
        act,
        statute,
        since,
        gpc,
    }
}

/// The day as of which the table was last checked, `YYYY-MM-DD`: laws that are signed by then and apply later have their row, as far
/// as sources up to July 2026 show them.
pub const AS_OF: &str = "2026-11-28";

/// US states with a comprehensive privacy law. Those that apply from a later day count from then on.
#[rustfmt::skip]
pub const US_STATES: &[StateLaw] = &[
    state("AL", "Alabama Personal Data Protection Act", "Ala. Act No. 2026-552 (HB 351)", "2027-05-01", None),
    state("CA", "California Consumer Privacy Act", "Cal. Civ. Code §§ 1798.100 to 1798.199.100", "2020-01-01", Some("2023-01-01")),
    state("CO", "Colorado Privacy Act", "Colo. Rev. Stat. §§ 6-1-1301 to 6-1-1313", "2023-07-01", Some("2024-07-01")),
    state("CT", "Connecticut Data Privacy Act", "Conn. Gen. Stat. §§ 42-515 to 42-526", "2023-07-01", Some("2025-01-01")),
    state("DE", "Delaware Personal Data Privacy Act", "Del. Code tit. 6, ch. 12D", "2025-01-01", Some("2026-01-01")),
    state("FL", "Florida Digital Bill of Rights", "Fla. Stat. §§ 501.701 to 501.722", "2024-07-01", None),
    state("IA", "Iowa Consumer Data Protection Act", "Iowa Code ch. 715D", "2025-01-01", None),
    state("IN", "Indiana Consumer Data Protection Act", "Ind. Code art. 24-15", "2026-01-01", None),
    state("KY", "Kentucky Consumer Data Protection Act", "Ky. Rev. Stat. §§ 367.3611 to 367.3629", "2026-01-01", None),
    state("LA", "Louisiana Data Privacy Act", "La. Act No. 502 of 2026 (SB 386)", "2027-01-01", Some("2027-01-01")),
    state("MD", "Maryland Online Data Privacy Act", "Md. Code, Com. Law §§ 14-4701 to 14-4714", "2025-10-01", Some("2025-10-01")),
    state("MN", "Minnesota Consumer Data Privacy Act", "Minn. Stat. §§ 325M.10 to 325M.21", "2025-07-31", Some("2025-07-31")),
    state("MT", "Montana Consumer Data Privacy Act", "Mont. Code §§ 30-14-2801 to 30-14-2817", "2024-10-01", Some("2025-01-01")),
    state("NE", "Nebraska Data Privacy Act", "Neb. Rev. Stat. §§ 87-1101 to 87-1130", "2025-01-01", Some("2025-01-01")),
    state("NH", "New Hampshire Data Privacy Act", "N.H. Rev. Stat. ch. 507-H", "2025-01-01", Some("2025-01-01")),
    state("NJ", "New Jersey Data Privacy Act", "N.J. Stat. § 56:8-166.4 and following", "2025-01-15", Some("2025-07-15")),
    state("OK", "Oklahoma Consumer Data Privacy Act", "Okla. SB 546 (2026)", "2027-01-01", None),
    state("OR", "Oregon Consumer Privacy Act", "Or. Rev. Stat. §§ 646A.570 to 646A.589", "2024-07-01", Some("2026-01-01")),
    state("RI", "Rhode Island Data Transparency and Privacy Protection Act", "R.I. Gen. Laws ch. 6-48.1", "2026-01-01", None),
    state("TN", "Tennessee Information Protection Act", "Tenn. Code §§ 47-18-3301 to 47-18-3315", "2025-07-01", None),
    state("TX", "Texas Data Privacy and Security Act", "Tex. Bus. & Com. Code ch. 541", "2024-07-01", Some("2025-01-01")),
    state("UT", "Utah Consumer Privacy Act", "Utah Code § 13-61-101 and following", "2023-12-31", None),
    state("VA", "Virginia Consumer Data Protection Act", "Va. Code §§ 59.1-575 to 59.1-585", "2023-01-01", None),
    state("VT", "Vermont Data Privacy and Online Surveillance Act", "Vt. Act No. 145 of 2026 (S.71)", "2028-01-01", Some("2028-01-01")),
];
