//! Which signals of consent count, and how much a string must keep of its specification.

use super::consent::{GIVEN, LEFT, kept, out_of_reach, place};
use super::consent_signal::{ConsentSignal, Consents};
use super::impact::{Impact, Known};
use super::pair::Pair;
use super::{Records, scenarios};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::ConsentCookies;
use edge_cookie::policy::types::{CookieNames, Locality, Seconds};
use edge_cookie_service::consent::Signal;

pub(super) const IMPACTS: [Known; 9] = [
    ("consent.us_without_signal", us_without_signal),
    ("consent.gpc_in_opt_in", gpc_in_opt_in),
    ("consent.tcf_max_age", tcf_max_age),
    ("consent.clock_skew", clock_skew),
    ("consent.tcf_validity", tcf_validity),
    ("consent.max_signal_bytes", max_signal_bytes),
    ("consent.cookies.tcf", tcf_cookies),
    ("consent.cookies.gpp", gpp_cookies),
    ("consent.cookies.us_privacy", us_privacy_cookies),
];

/// The texts about a change, by what it causes.
struct Words {
    /// More is kept of some users than before.
    looser: String,
    /// How to keep it from that.
    fix: &'static str,
    /// Less is kept of some.
    stricter: String,
    /// Nothing changes for any of the lists' places.
    same: &'static str,
}

/// The effect of a change on users with these signals, in each place where a law applies.
fn of_users(pair: &Pair<'_>, users: &[(Locality, ConsentSignal)], words: Words) -> Impact {
    let kept = |(place, signal): &(Locality, ConsentSignal)| {
        [pair.deployed, pair.candidate].map(|policy| kept(policy, Some(place), signal, None))
    };
    let shown = |(place, signal): &(Locality, ConsentSignal)| {
        scenarios::comes(signal.clone(), Some(place.clone()))
    };
    let find = |which: fn(u8, u8) -> bool| {
        users.iter().find(|user| {
            let [deployed, candidate] = kept(user);
            which(deployed, candidate)
        })
    };
    if let Some(user) = find(|deployed, candidate| candidate > deployed) {
        return Impact::never(Records::None, words.looser, words.fix, shown(user))
            .mixed("whether the signal counts depends on the machine that a page meets");
    }
    match find(|deployed, candidate| (deployed, candidate) == (GIVEN, LEFT)) {
        Some(user) => out_of_reach(&words.stricter, &format!("`{}`", user.0), shown(user)),
        None if find(|deployed, candidate| candidate < deployed).is_some() => {
            Impact::safe(Records::None, words.stricter)
        }
        None => Impact::safe(Records::None, words.same),
    }
}

/// A place of the lists of both policies, or else the shipped one: where opt-in law applies, and where opt-out law does.
fn opt_in_place(pair: &Pair<'_>) -> Locality {
    let listed = pair.candidate.consent.gdpr_countries.iter();
    let mut both = listed.filter(|place| pair.deployed.consent.gdpr_countries.contains(place));
    both.next().cloned().unwrap_or_else(|| place("DE", None))
}

fn us_state(pair: &Pair<'_>) -> Locality {
    let listed = pair.candidate.consent.us_states.iter();
    let deployed = &pair.deployed.consent.us_states;
    let mut both = listed.filter(|state| deployed.get(&state.code).is_some());
    let code = both.next().map_or("CA", |state| state.code.as_str());
    place("US", Some(code))
}

fn us_without_signal(pair: &Pair<'_>) -> Impact {
    let words = Words {
        looser: "users in US states with a law who say nothing gain a grant: they get an id before they are given notice, until they opt out"
            .to_owned(),
        fix: "keep `consent.us_without_signal = \"not_granted\"`",
        stricter: "users in US states with a law who say nothing lose their grant: they get no id any more; what is kept of them stays until it expires"
            .to_owned(),
        same: "no state is in `consent.us_states`: nothing changes",
    };
    of_users(pair, &[(us_state(pair), ConsentSignal::Nothing)], words)
}

fn gpc_in_opt_in(pair: &Pair<'_>) -> Impact {
    let consents = Consents {
        gpc: true,
        ..Consents::default()
    };
    let words = Words {
        looser: "where opt-in law applies, users who consent by TCF and have Global Privacy Control on gain a grant: their consent outweighs it"
            .to_owned(),
        fix: "keep `consent.gpc_in_opt_in = \"refusal\"`",
        stricter: "where opt-in law applies, users with Global Privacy Control on are withdrawn at their next page though they consent by TCF"
            .to_owned(),
        same: "opt-in law applies nowhere: nothing changes",
    };
    of_users(
        pair,
        &[(opt_in_place(pair), ConsentSignal::Consents(consents))],
        words,
    )
}

/// Users who consent in such a way, in both kinds of places where a consent by TCF grants.
fn consenting(pair: &Pair<'_>, consents: Consents) -> [(Locality, ConsentSignal); 2] {
    [opt_in_place(pair), us_state(pair)].map(|place| (place, ConsentSignal::Consents(consents)))
}

fn seconds(length: u64) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn tcf_max_age(pair: &Pair<'_>) -> Impact {
    let longest = |policy: &EcPolicy| policy.consent.tcf_max_age.map(Seconds::seconds);
    let ages = [pair.deployed, pair.candidate].map(longest);
    let shorter = ages.into_iter().flatten().min().unwrap_or_default();
    let consents = Consents {
        age: seconds(shorter).saturating_add(1),
        ..Consents::default()
    };
    let words = Words {
        looser: "consents by TCF that were too old count again: users who gave one gain a grant"
            .to_owned(),
        fix: "keep the shorter `consent.tcf_max_age`",
        stricter: "users whose consent by TCF is older lose their grant until the banner asks them again; refusals count whatever their age"
            .to_owned(),
        same: "no consent by TCF is of an age that only one of both takes",
    };
    of_users(pair, &consenting(pair, consents), words)
}

fn clock_skew(pair: &Pair<'_>) -> Impact {
    let skews = [pair.deployed, pair.candidate].map(|policy| policy.consent.clock_skew.seconds());
    let smaller = skews.into_iter().min().unwrap_or_default();
    let consents = Consents {
        age: seconds(smaller).saturating_add(1).saturating_neg(),
        ..Consents::default()
    };
    let words = Words {
        looser: "consents by TCF whose time is further ahead of the clock count: users who gave one gain a grant"
            .to_owned(),
        fix: "keep the smaller `consent.clock_skew`",
        stricter: "users whose consent by TCF has a time that is further ahead of the clock lose their grant until it is reached"
            .to_owned(),
        same: "no consent by TCF has a time that only one of both takes",
    };
    of_users(pair, &consenting(pair, consents), words)
}

fn tcf_validity(pair: &Pair<'_>) -> Impact {
    let consents = Consents {
        valid: false,
        ..Consents::default()
    };
    let words = Words {
        looser: "consents by TCF that the framework calls invalid count: users who gave one gain a grant"
            .to_owned(),
        fix: "keep `consent.tcf_validity = \"strict\"`, and see by `ec_consent_rejected_total` what it costs",
        stricter: "users whose consent by TCF the framework calls invalid lose their grant until the banner asks them again"
            .to_owned(),
        same: "a consent by TCF grants nowhere: nothing changes",
    };
    of_users(pair, &consenting(pair, consents), words)
}

fn max_signal_bytes(pair: &Pair<'_>) -> Impact {
    let bounds = [pair.deployed, pair.candidate].map(|policy| policy.consent.max_signal_bytes);
    let smaller = bounds.into_iter().min().unwrap_or_default();
    let consents = Consents {
        length: usize::try_from(smaller)
            .unwrap_or(usize::MAX)
            .saturating_add(1),
        ..Consents::default()
    };
    let words = Words {
        looser: "longer signals are read whole: users who consent by one gain a grant".to_owned(),
        fix: "keep the smaller `consent.max_signal_bytes`",
        stricter:
            "users whose signal is longer lose their grant: what is not read may be a refusal"
                .to_owned(),
        same: "no signal is of a length that only one of both reads",
    };
    of_users(pair, &consenting(pair, consents), words)
}

fn tcf_cookies(pair: &Pair<'_>) -> Impact {
    cookies(
        pair,
        Signal::Tcf,
        |cookies| &cookies.tcf,
        &opt_in_place(pair),
    )
}

fn gpp_cookies(pair: &Pair<'_>) -> Impact {
    cookies(pair, Signal::Gpp, |cookies| &cookies.gpp, &us_state(pair))
}

fn us_privacy_cookies(pair: &Pair<'_>) -> Impact {
    cookies(
        pair,
        Signal::UsPrivacy,
        |cookies| &cookies.us_privacy,
        &us_state(pair),
    )
}

fn cookies(
    pair: &Pair<'_>,
    signal: Signal,
    of: fn(&ConsentCookies) -> &CookieNames,
    place: &Locality,
) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| of(&policy.consent_cookies));
    let names = |list: &CookieNames, other: &CookieNames| -> Vec<String> {
        let missing = list.iter().filter(|name| !other.contains(name));
        missing.map(str::to_owned).collect()
    };
    let [removed, added] = [names(from, to), names(to, from)];
    let users: Vec<(Locality, ConsentSignal)> = (removed.iter().chain(&added))
        .flat_map(|name| [true, false].map(|refuses| (name, refuses)))
        .map(|(name, refuses)| {
            let name = name.clone();
            let signal = ConsentSignal::InCookie {
                name,
                signal,
                refuses,
            };
            (place.clone(), signal)
        })
        .collect();
    let quoted = |names: &[String]| format!("`{}`", names.join("`, `"));
    let words = Words {
        looser: if removed.is_empty() {
            format!(
                "what {} says counts: users who consent by it gain a grant, and those who refuse by it are withdrawn",
                quoted(&added)
            )
        } else {
            format!(
                "what {} says no longer counts: users who refuse by it are not withdrawn, and those who consent by it lose their grant",
                quoted(&removed)
            )
        },
        fix: "keep every name that a banner of yours sets, and add one only where a banner sets it",
        stricter: format!(
            "what {} says counts: users who refuse by it are withdrawn at their next page",
            quoted(&added)
        ),
        same: "the same names, in another order",
    };
    of_users(pair, &users, words)
}
