//! US Privacy and the US sections of GPP: whether a user opts out of the sale of their data.

use std::ops::RangeInclusive;

use iab_gpp::sections::us_common::OptOut;
use iab_gpp::sections::uspv1::{Flag, UspV1};
use iab_gpp::sections::{
    usca, usco, usct, usde, usfl, usia, usmn, usmt, usnat, usne, usnh, usnj, usor, ustn, ustx,
    usut, usva,
};

/// What a user says of the sale of their data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// They opt out.
    OptedOut,
    /// They say that they do not.
    NotOptedOut,
    /// They were not asked, or it does not apply.
    Nothing,
}

/// Characters of a US Privacy string.
const US_PRIVACY_CHARACTERS: usize = 4;

/// Reads a US Privacy string; none where it cannot be decoded.
pub(super) fn us_privacy(text: &str) -> Option<Choice> {
    if text.len() != US_PRIVACY_CHARACTERS {
        return None;
    }
    let decoded: UspV1 = text.parse().ok()?;
    Some(match decoded.opt_out_sale {
        Flag::Yes => Choice::OptedOut,
        Flag::No => Choice::NotOptedOut,
        Flag::NotApplicable => Choice::Nothing,
    })
}

/// An opt-out of the sale, or GPC told inside the section, is an opt-out. One of sharing or of targeted
/// advertising alone is not, but neither does it say that there is none.
fn choice(sale: &OptOut, others: &[&OptOut], gpc: Option<bool>) -> Choice {
    match sale {
        _ if gpc == Some(true) => Choice::OptedOut,
        OptOut::OptedOut => Choice::OptedOut,
        OptOut::DidNotOptOut if !others.contains(&&OptOut::OptedOut) => Choice::NotOptedOut,
        _ => Choice::Nothing,
    }
}

/// Reads the section of one state.
macro_rules! states {
    ($( $id:literal $state:literal $module:ident :: $section:ident . $other:ident $(, $gpc:ident)? ; )*) => {
        /// What a GPP section of this number says, and the state it is of; none where it cannot be decoded.
        pub(super) fn of_state(id: u16, text: &str) -> Option<(Choice, &'static str)> {
            match id {
                $( $id => {
                    let section: $module::$section = text.parse().ok()?;
                    let gpc = [$(section.$gpc)?].first().copied().flatten();
                    let core = &section.core;
                    Some((choice(&core.sale_opt_out, &[&core.$other], gpc), $state))
                } )*
                _ => None,
            }
        }
    };
}

/// The numbers of the states' sections (GPP registry).
pub(super) const STATES: RangeInclusive<u16> = 8..=23;

states! {
    8 "CA" usca::UsCa.sharing_opt_out, gpc;
    9 "VA" usva::UsVa.targeted_advertising_opt_out;
    10 "CO" usco::UsCo.targeted_advertising_opt_out, gpc;
    11 "UT" usut::UsUt.targeted_advertising_opt_out;
    12 "CT" usct::UsCt.targeted_advertising_opt_out, gpc;
    13 "FL" usfl::UsFl.targeted_advertising_opt_out;
    14 "MT" usmt::UsMt.targeted_advertising_opt_out, gpc;
    15 "OR" usor::UsOr.targeted_advertising_opt_out, gpc;
    16 "TX" ustx::UsTx.targeted_advertising_opt_out, gpc;
    17 "DE" usde::UsDe.targeted_advertising_opt_out, gpc;
    18 "IA" usia::UsIa.targeted_advertising_opt_out, gpc;
    19 "NE" usne::UsNe.targeted_advertising_opt_out, gpc;
    20 "NH" usnh::UsNh.targeted_advertising_opt_out, gpc;
    21 "NJ" usnj::UsNj.targeted_advertising_opt_out, gpc;
    22 "TN" ustn::UsTn.targeted_advertising_opt_out, gpc;
    23 "MN" usmn::UsMn.targeted_advertising_opt_out, gpc;
}

/// Reads the national section; none where it cannot be decoded.
pub(super) fn national(text: &str) -> Option<Choice> {
    let section: usnat::UsNat = text.parse().ok()?;
    let (sale, sharing, targeted) = match &section.core {
        usnat::Core::V1(core) => (
            &core.sale_opt_out,
            &core.sharing_opt_out,
            &core.targeted_advertising_opt_out,
        ),
        usnat::Core::V2(core) => (
            &core.sale_opt_out,
            &core.sharing_opt_out,
            &core.targeted_advertising_opt_out,
        ),
        _ => return None,
    };
    Some(choice(sale, &[sharing, targeted], section.gpc))
}
