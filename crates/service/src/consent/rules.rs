//! The rules of consent as data: one row a rule, with what it decides, its source and the day from which it applies.
//!
//! Where several rules say something of one request, the first kind of these decides: a refusal, what keeps anything from being
//! granted, a grant. What nothing grants is not granted.

use super::Verdict;

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleRow {
    /// The rule.
    pub rule: ConsentRule,
    /// Its name, as records, logs and explanations have it.
    pub name: &'static str,
    /// What it decides.
    pub verdict: Verdict,
    /// Where it applies.
    pub place: &'static str,
    /// What the signals say.
    pub says: &'static str,
    /// The law, the specification's section, or the setting that it follows from.
    pub source: &'static str,
    /// The day from which it applies, `YYYY-MM-DD`; none where it is this product's own caution.
    pub since: Option<&'static str>,
}

macro_rules! rules {
    ($( $rule:ident $name:literal $verdict:ident $place:literal $says:literal $source:literal $($since:literal)?; )*) => {
        /// A rule of consent.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ConsentRule {
            $(
                #[doc = $says]
                $rule,
            )*
        }

        /// Every rule.
        pub const RULES: &[RuleRow] = &[$(
            RuleRow {
                rule: ConsentRule::$rule,
                name: $name,
                verdict: Verdict::$verdict,
                place: $place,
                says: $says,
                source: $source,
                since: rules!(@since $($since)?),
            },
        )*];

        impl ConsentRule {
            /// Its name, as records, logs and explanations have it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$rule => $name, )* }
            }

            /// What it decides.
            #[must_use]
            pub const fn verdict(self) -> Verdict {
                match self { $( Self::$rule => Verdict::$verdict, )* }
            }
        }
    };
    (@since $since:literal) => { Some($since) };
    (@since) => { None };
}

#[rustfmt::skip]
rules! {
    // Refusals.
    TcfRefusal "refusal.tcf_purpose_1" Withdrawn "everywhere"
        "a TCF string without consent to purpose 1, which was asked for"
        "Directive 2002/58/EC, Art. 5(3); Regulation (EU) 2016/679, Art. 7(3); TCF policies, purpose 1" "2018-05-25";
    CanadaRefusal "refusal.canada_purpose_1" Withdrawn "everywhere, whatever `consent.honour_refusals` says"
        "a TCF Canada section with neither express nor implied consent to purpose 1"
        "SC 2000, c. 5 (PIPEDA), Sch. 1, cl. 4.3.8; CQLR c. P-39.1, s. 8" "2004-01-01";
    SaleOptOut "refusal.us_sale" Withdrawn "everywhere"
        "an opt-out of the sale of data, in any US section of GPP or in a US Privacy string"
        "Cal. Civ. Code § 1798.120(a), and each state's act; GPP US sections, `SaleOptOut` = 1; US Privacy String v1, third character `Y`" "2020-01-01";
    SharingOptOut "refusal.us_sharing" Withdrawn "everywhere"
        "an opt-out of sharing data for advertising across sites, in any US section of GPP"
        "Cal. Civ. Code § 1798.120(a), as amended by the CPRA; GPP US sections, `SharingOptOut` = 1" "2023-01-01";
    TargetedOptOut "refusal.us_targeted_advertising" Withdrawn "everywhere"
        "an opt-out of targeted advertising, in any US section of GPP"
        "Va. Code § 59.1-577(A)(5), and each state's act; GPP US sections, `TargetedAdvertisingOptOut` = 1" "2023-01-01";
    Gpc "refusal.gpc" Withdrawn "everywhere; where opt-in law applies and a valid consent is given, by `consent.gpc_in_opt_in`"
        "Global Privacy Control is on: `Sec-GPC: 1`, or the GPC subsection of a US section of GPP"
        "Cal. Civ. Code § 1798.135(e); Cal. Code Regs. tit. 11, § 7025; 4 Colo. Code Regs. 904-3, Rule 5; W3C Global Privacy Control, section 3" "2023-01-01";
    // What keeps anything from being granted.
    Undecodable "block.undecodable" NotGranted "everywhere"
        "a signal, or a part of one, that cannot be decoded: it may be a refusal"
        "caution";
    TooManyValues "block.too_many_values" NotGranted "everywhere"
        "more values of signals than are read: one of them may be a refusal"
        "caution";
    UnknownUsSection "block.unknown_us_section" NotGranted "everywhere"
        "a US section of GPP that this version has no row for: it may be a refusal"
        "caution";
    NoticeNotGiven "block.notice_not_given" NotGranted "everywhere"
        "a notice that was not given, or `did not opt out` beside a notice that was not given"
        "Cal. Civ. Code §§ 1798.100(a) and 1798.135(a); GPP US sections, `…Notice` = 2, or 0 or 2 beside `…OptOut` = 2; US Privacy String v1, second character `N`" "2020-01-01";
    KnownChild "block.known_child" NotGranted "everywhere"
        "a known child without consent"
        "15 USC § 6502 (COPPA); Cal. Civ. Code § 1798.120(c); GPP US sections, `KnownChildSensitiveDataConsents` = 1" "2020-01-01";
    ServiceProvider "block.service_provider" NotGranted "everywhere"
        "the publisher acts as a service provider: nothing is kept for others"
        "Cal. Civ. Code § 1798.140(ag); GPP US sections, `MspaServiceProviderMode` = 1 or `MspaMode` = 2" "2023-01-01";
    // Consents that do not count.
    TcfTooOld "tcf.too_old" NotGranted "everywhere"
        "a TCF string that was updated longer ago than `consent.tcf_max_age`"
        "TCF v2 formats, Created and LastUpdated: users are reminded at least every 13 months" "2022-01-05";
    TcfFromTheFuture "tcf.from_the_future" NotGranted "everywhere"
        "a TCF string whose time is ahead of the clock by more than `consent.clock_skew`"
        "TCF v2 formats, Created and LastUpdated" "2020-08-15";
    TcfTimes "tcf.times" NotGranted "everywhere, under `consent.tcf_validity = \"strict\"`"
        "a TCF string that was updated before it was created"
        "TCF v2 formats, Created and LastUpdated" "2020-08-15";
    TcfNoCmp "tcf.no_cmp" NotGranted "everywhere, under `consent.tcf_validity = \"strict\"`"
        "a TCF string without the id of a CMP: 0, or the 1 of tests"
        "TCF v2 formats, CmpId" "2020-08-15";
    TcfPolicyVersion "tcf.policy_version" NotGranted "everywhere, under `consent.tcf_validity = \"strict\"`"
        "a TCF string of an older policy version than the day of its creation asks for: 4 from 20 November 2023, 5 from 1 March 2026"
        "TCF v2 formats, TcfPolicyVersion; IAB Europe, transition to TCF 2.2; for 5, which no text of the IAB dates: TCF 2.3 is built on it" "2023-11-20";
    TcfGlobalScope "tcf.global_scope" NotGranted "everywhere, under `consent.tcf_validity = \"strict\"`"
        "a TCF string that is not specific to the service"
        "TCF v2 formats, IsServiceSpecific: with 0 it is invalid" "2021-09-21";
    TcfNoDisclosedVendors "tcf.no_disclosed_vendors" NotGranted "everywhere, under `consent.tcf_validity = \"strict\"`"
        "a TCF string created after 28 February 2026 without a segment of disclosed vendors"
        "TCF 2.3, DisclosedVendors" "2026-03-01";
    // Grants.
    TcfConsent "grant.tcf_purpose_1" Granted "where opt-in or opt-out law applies"
        "a valid TCF string with consent to purpose 1"
        "Regulation (EU) 2016/679, Art. 6(1)(a) and 7; TCF policies, purpose 1" "2018-05-25";
    CanadaConsent "grant.canada_purpose_1" Granted "regions of Canada where opt-in law applies"
        "a TCF Canada section with express consent to purpose 1"
        "CQLR c. P-39.1, ss. 8.1, 12 and 14 (Law 25); IAB Canada TCF, purpose 1" "2023-09-22";
    NotOptedOut "grant.us_not_opted_out" Granted "US states with a law"
        "notice was given and the user does not opt out: in the section of their own state, the national one, or a US Privacy string"
        "each state's act: processing is lawful until the user opts out; GPP US sections, `SaleOptOut` = 2; US Privacy String v1, `YN`" "2020-01-01";
    UsNoSignal "grant.us_no_signal" Granted "US states with a law, under `consent.us_without_signal = \"grant\"`"
        "no signal at all"
        "each state's act: processing is lawful until the user opts out" "2020-01-01";
    NoLaw "grant.no_law" Granted "places in none of the lists"
        "nothing that refuses"
        "`consent.gdpr_countries`, `consent.opt_in_regions`, `consent.us_states`";
    // Nothing that grants.
    NoConsent "none.no_consent" NotGranted "where opt-in law applies"
        "no valid consent to purpose 1"
        "Directive 2002/58/EC, Art. 5(3); CQLR c. P-39.1, s. 8.1" "2018-05-25";
    UsNotSaid "none.us_not_said" NotGranted "US states with a law"
        "nothing that says that the user was given notice and does not opt out"
        "caution: `consent.us_without_signal`";
    UnknownPlace "none.unknown_place" NotGranted "where the place is not known"
        "nothing that refuses"
        "caution: any law may apply";
}

impl ConsentRule {
    /// The rule's row.
    #[must_use]
    pub fn row(self) -> Option<&'static RuleRow> {
        RULES.iter().find(|row| row.rule == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_say_what_their_rule_decides() {
        for (at, row) in RULES.iter().enumerate() {
            assert_eq!(row.rule.row().map(|row| row.name), Some(row.name));
            assert!(
                RULES
                    .iter()
                    .skip(at + 1)
                    .all(|other| other.name != row.name)
            );
            let kind = row.name.split('.').next().unwrap();
            let verdict = match kind {
                "refusal" => Verdict::Withdrawn,
                "grant" => Verdict::Granted,
                _ => Verdict::NotGranted,
            };
            assert_eq!(row.verdict, verdict, "{}", row.name);
            assert!(!row.source.is_empty());
        }
    }
}
