//! The US sections of GPP as data: one row a section, in the order of its core's fields.
//!
//! Source of each row: the section's technical specification in the IAB Tech Lab's Global Privacy Platform (`Sections/US-National`
//! 2.0 of October 2024, `Sections/US-States/XX`), and its registry of section ids.

/// A US section of GPP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// Its number in the registry.
    pub id: u16,
    /// Its name in the client-side API.
    pub name: &'static str,
    /// The state whose law it is about, as in ISO 3166-2 after `US-`; none for the national one.
    pub state: Option<&'static str>,
    /// Its newest version. Every older one is read as well.
    pub newest: u64,
    /// The fields of its core after the version.
    pub(super) core: &'static [CoreField],
    /// What follows the core.
    pub(super) second: Second,
}

/// A field of a US section, for documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionField {
    /// Its name in the specification.
    pub name: &'static str,
    /// How many values it has.
    pub count: usize,
    /// What its values decide; none where nothing is read out of them.
    pub decides: Option<&'static str>,
}

/// Every US section that is decoded, the national one first.
pub fn us_sections() -> impl Iterator<Item = &'static Section> {
    std::iter::once(&NATIONAL).chain(STATES)
}

impl Section {
    /// The fields of its core after the version, in their order.
    pub fn fields(&self) -> impl Iterator<Item = SectionField> {
        self.core.iter().map(|field| SectionField {
            name: field.name(),
            count: field.count(),
            decides: field.decides(),
        })
    }

    /// Whether Global Privacy Control is a part of it.
    #[must_use]
    pub fn has_gpc(&self) -> bool {
        matches!(self.second, Second::Gpc | Second::GpcAfterHeader)
    }
}

/// A field of a core, two bits a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CoreField {
    /// Whether the user was notified: 0 does not apply, 1 yes, 2 no.
    Notice(Topic, &'static str),
    /// What the user says: 0 does not apply, 1 they opt out, 2 they do not.
    OptOut(Topic),
    /// Kinds of sensitive data. An identity is none.
    Sensitive(usize),
    /// Ages of known children: 0 does not apply, 1 no consent, 2 consent.
    Child(usize),
    /// Consent to uses that were not announced. An identity's use is.
    Personal(&'static str),
    /// Whether the Multi-State Privacy Agreement covers it: 1 yes, 2 no.
    Covered,
    /// Whether its opt-out option mode is on: 0 does not apply, 1 yes, 2 no.
    OptOutMode,
    /// Whether its service provider mode is on: 0 does not apply, 1 yes, 2 no.
    ProviderMode,
    /// Its mode: 0 does not apply, 1 opt-out option, 2 service provider.
    Mode,
}

/// What a notice or an opt-out is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// That data is processed or shared at all.
    Processing,
    /// The sale of data.
    Sale,
    /// Sharing data for advertising across sites (California, and nationally).
    Sharing,
    /// Targeted advertising.
    Targeted,
    /// The use of sensitive data.
    Sensitive,
    /// Limits to the use of sensitive data.
    SensitiveLimit,
}

/// What may follow a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Second {
    /// Nothing that is specified.
    Nothing,
    /// Global Privacy Control: its type, two bits, and whether it is on.
    Gpc,
    /// The same; the section may begin with a header of its own.
    GpcAfterHeader,
    /// Consent to kinds of sensitive data; the section may begin with a header of its own.
    SensitiveAfterHeader,
}

use CoreField::{
    Child, Covered, Mode, Notice, OptOut, OptOutMode, Personal, ProviderMode, Sensitive as Kinds,
};
use Topic::{Processing, Sale, Sensitive, SensitiveLimit, Sharing, Targeted};

const SHARED: CoreField = Notice(Processing, "SharingNotice");
const PROCESSED: CoreField = Notice(Processing, "ProcessingNotice");
const SALE: CoreField = Notice(Sale, "SaleOptOutNotice");
const SHARING: CoreField = Notice(Sharing, "SharingOptOutNotice");
const TARGETED: CoreField = Notice(Targeted, "TargetedAdvertisingOptOutNotice");
const SENSITIVE: CoreField = Notice(Sensitive, "SensitiveDataProcessingOptOutNotice");
const SENSITIVE_IOWA: CoreField = Notice(Sensitive, "SensitiveDataOptOutNotice");
const LIMIT: CoreField = Notice(SensitiveLimit, "SensitiveDataLimitUseNotice");
const PERSONAL: CoreField = Personal("PersonalDataConsents");
const ADDITIONAL: CoreField = Personal("AdditionalDataProcessingConsent");

const fn national(core: &'static [CoreField]) -> Section {
    Section {
        id: 7,
        name: "usnat",
        state: None,
        newest: 2,
        core,
        second: Second::Gpc,
    }
}

const fn of(
    id: u16,
    name: &'static str,
    state: &'static str,
    core: &'static [CoreField],
    second: Second,
) -> Section {
    Section {
        id,
        name,
        state: Some(state),
        newest: 1,
        core,
        second,
    }
}

/// The section of the whole nation.
pub(super) const NATIONAL: Section = national(&[
    SHARED,
    SALE,
    SHARING,
    TARGETED,
    SENSITIVE,
    LIMIT,
    OptOut(Sale),
    OptOut(Sharing),
    OptOut(Targeted),
    Kinds(16),
    Child(3),
    PERSONAL,
    Covered,
    OptOutMode,
    ProviderMode,
]);

/// The national section as its first version had it, before 2024: fewer kinds of sensitive data and ages.
pub(super) const NATIONAL_AT_FIRST: Section = national(&[
    SHARED,
    SALE,
    SHARING,
    TARGETED,
    SENSITIVE,
    LIMIT,
    OptOut(Sale),
    OptOut(Sharing),
    OptOut(Targeted),
    Kinds(12),
    Child(2),
    PERSONAL,
    Covered,
    OptOutMode,
    ProviderMode,
]);

/// The version of that first layout, and the bits of a core of the next one. `@iabgpp/cmpapi` 3.1.5 to 3.1.9 wrote the next layout
/// with the first version's number; a first core that is filled up to whole bytes of base64 is as long.
pub(super) const NATIONAL_FIRST_VERSION: u64 = 1;
pub(super) const NATIONAL_BITS: usize = 70;

macro_rules! rows {
    ($($id:literal $name:literal $state:literal [$($field:expr),+ $(,)?] $second:ident;)+) => {
        &[$(of($id, $name, $state, &[$($field),+], Second::$second)),+]
    };
}

/// The sections of states.
#[rustfmt::skip]
pub(super) const STATES: &[Section] = rows! {
    8 "usca" "CA" [SALE, SHARING, LIMIT, OptOut(Sale), OptOut(Sharing), Kinds(9), Child(2), PERSONAL, Covered, OptOutMode, ProviderMode] Gpc;
    9 "usva" "VA" [SHARED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Kinds(8), Child(1), Covered, OptOutMode, ProviderMode] Nothing;
    10 "usco" "CO" [SHARED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Kinds(7), Child(1), Covered, OptOutMode, ProviderMode] Gpc;
    11 "usut" "UT" [SHARED, SALE, TARGETED, SENSITIVE, OptOut(Sale), OptOut(Targeted), Kinds(8), Child(1), Covered, OptOutMode, ProviderMode] Nothing;
    12 "usct" "CT" [SHARED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Kinds(8), Child(3), Covered, OptOutMode, ProviderMode] Gpc;
    13 "usfl" "FL" [PROCESSED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Kinds(8), Child(3), ADDITIONAL, Covered, OptOutMode, ProviderMode] Nothing;
    14 "usmt" "MT" [SHARED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Kinds(8), Child(3), ADDITIONAL, Covered, OptOutMode, ProviderMode] Gpc;
    15 "usor" "OR" [PROCESSED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Kinds(11), Child(3), ADDITIONAL, Covered, OptOutMode, ProviderMode] Gpc;
    16 "ustx" "TX" [PROCESSED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Kinds(8), Child(1), ADDITIONAL, Covered, OptOutMode, ProviderMode] Gpc;
    17 "usde" "DE" [PROCESSED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Kinds(9), Child(5), ADDITIONAL, Covered, OptOutMode, ProviderMode] Gpc;
    18 "usia" "IA" [PROCESSED, SALE, TARGETED, SENSITIVE_IOWA, OptOut(Sale), OptOut(Targeted), Kinds(8), Child(1), Covered, OptOutMode, ProviderMode] Gpc;
    19 "usne" "NE" [PROCESSED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Kinds(8), Child(1), ADDITIONAL, Covered, OptOutMode, ProviderMode] Gpc;
    20 "usnh" "NH" [PROCESSED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Kinds(8), Child(3), ADDITIONAL, Covered, OptOutMode, ProviderMode] Gpc;
    21 "usnj" "NJ" [PROCESSED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Kinds(10), Child(5), ADDITIONAL, Covered, OptOutMode, ProviderMode] Gpc;
    22 "ustn" "TN" [PROCESSED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Kinds(8), Child(1), ADDITIONAL, Covered, OptOutMode, ProviderMode] Gpc;
    23 "usmn" "MN" [PROCESSED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Kinds(8), Child(1), ADDITIONAL, Covered, OptOutMode, ProviderMode] Gpc;
    24 "usmd" "MD" [Covered, Mode, PROCESSED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), ADDITIONAL] GpcAfterHeader;
    25 "usin" "IN" [Covered, Mode, PROCESSED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Child(1), ADDITIONAL] SensitiveAfterHeader;
    26 "usky" "KY" [Covered, Mode, PROCESSED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Child(1), ADDITIONAL] SensitiveAfterHeader;
    27 "usri" "RI" [Covered, Mode, PROCESSED, SALE, TARGETED, OptOut(Sale), OptOut(Targeted), Child(1), ADDITIONAL] SensitiveAfterHeader;
};

/// The numbers that the registry keeps for the US: of those without a row nothing is known, so that they may refuse.
pub(super) const FIRST: u16 = 7;

/// The row of a section; none where it is not a US section that is known.
pub(super) fn section(id: u16) -> Option<&'static Section> {
    if id == NATIONAL.id {
        return Some(&NATIONAL);
    }
    STATES.iter().find(|section| section.id == id)
}

impl CoreField {
    /// Its name in the specification.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Notice(_, name) | Personal(name) => name,
            OptOut(Sale) => "SaleOptOut",
            OptOut(Sharing) => "SharingOptOut",
            OptOut(_) => "TargetedAdvertisingOptOut",
            Kinds(_) => "SensitiveDataProcessing",
            Child(_) => "KnownChildSensitiveDataConsents",
            Covered => "MspaCoveredTransaction",
            OptOutMode => "MspaOptOutOptionMode",
            ProviderMode => "MspaServiceProviderMode",
            Mode => "MspaMode",
        }
    }

    /// What its values mean, from 0 on.
    pub(super) const fn meanings(self) -> &'static [&'static str] {
        match self {
            Notice(..) => &["not applicable", "given", "not given"],
            OptOut(_) => &["not applicable", "opted out", "did not opt out"],
            // What is opted out of in one state takes consent in another.
            Kinds(_) => &[
                "not applicable",
                "no consent, or opted out",
                "consent, or did not opt out",
            ],
            Child(_) | Personal(_) => &["not applicable", "no consent", "consent"],
            Covered | OptOutMode | ProviderMode => &["not applicable", "yes", "no"],
            Mode => &["not applicable", "opt-out option", "service provider"],
        }
    }

    /// What its values decide; none where nothing is read out of them.
    const fn decides(self) -> Option<&'static str> {
        Some(match self {
            OptOut(Sale) => "1 refuses; 2 says that the user does not opt out",
            OptOut(_) => "1 refuses",
            Notice(Sale | Sharing | Targeted, _) => {
                "2 blocks; so does 0 beside an opt-out field of 2"
            }
            Notice(..) | Mode => "2 blocks",
            Child(_) | ProviderMode => "1 blocks",
            Kinds(_) | Personal(_) | Covered | OptOutMode => return None,
        })
    }

    /// How many values it has.
    pub(super) const fn count(self) -> usize {
        match self {
            Kinds(count) | Child(count) => count,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_the_registrys_in_its_order() {
        let ids: Vec<u16> = STATES.iter().map(|section| section.id).collect();
        assert_eq!(ids, (8..=27).collect::<Vec<_>>());
        for section in STATES {
            let state = section.state.unwrap().to_lowercase();
            assert_eq!(section.name, format!("us{state}"));
            // Each opt-out has its notice.
            for field in section.core {
                if let OptOut(about) = field {
                    let has_notice =
                        |field: &CoreField| matches!(field, Notice(of, _) if of == about);
                    assert!(
                        section.core.iter().any(has_notice),
                        "{} {field:?}",
                        section.name
                    );
                }
            }
        }
    }
}
