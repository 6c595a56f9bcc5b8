//! What must hold between the profiles of a fleet; looked at where all of them are.

use super::{Find, Finding, Rule, Subject};
use crate::diagnostic::{Code, Severity, SourceLocation};
use crate::policy::EcPolicy;
use crate::policy::resolve::Resolved;
use crate::policy::settings::{
    DeleteMode, GpcInOptIn, HonourRefusals, OnFailedWithdrawal, OnMissingSync, TcfValidity,
    UsWithoutSignal,
};
use crate::policy::types::Seconds;

pub(super) const RULES: [Rule; 1] = [Rule {
    code: Code::WeakerThanAncestor,
    severity: Severity::Warning,
    reason: "a deployable profile is weaker on withdrawal than its ancestor",
    protects: "users of the profile that inherits: its ancestor was hardened for all of them",
    example: "# file: policies/base.toml\n[ec.tombstone]\nttl = \"48h\"\n# file: policies/sample.toml\ninherits = \"base\"\ndeploy = true\n[ec]\nec_store = \"graph\"\npartner_store = \"partners\"\n[ec.tombstone]\nttl = \"24h\"\n",
    consequence: "a user's withdrawal is forgotten sooner, or counts for less, in this deployment than in its ancestor's",
    fix: "remove the line that weakens it, or give the reason in an allowance",
    find: Find::By(weaker_than_ancestor),
}];

/// A profile that another inherits from.
#[derive(Debug, Clone, Copy)]
pub struct Ancestor<'a> {
    /// Its name.
    pub profile: &'a str,
    /// Its policy.
    pub resolved: &'a Resolved,
}

/// A setting that protects withdrawals, and when a policy is weaker in it than an ancestor.
struct Safeguard {
    key: &'static str,
    weaker: Weaker,
    /// What follows for users.
    effect: &'static str,
}

/// How to see that one policy is weaker than another.
enum Weaker {
    /// This holds for it, and not for the other.
    If(fn(&EcPolicy) -> bool),
    /// This holds for it, compared with the other.
    Than(fn(&EcPolicy, &EcPolicy) -> bool),
}

impl Weaker {
    fn holds(&self, own: &EcPolicy, other: &EcPolicy) -> bool {
        match self {
            Self::If(lenient) => lenient(own) && !lenient(other),
            Self::Than(weaker) => weaker(own, other),
        }
    }
}

const SAFEGUARDS: [Safeguard; 13] = [
    Safeguard {
        key: "tombstone.ttl",
        weaker: Weaker::Than(|own, other| own.tombstone.ttl < other.tombstone.ttl),
        effect: "withdrawals are forgotten sooner",
    },
    Safeguard {
        key: "sync.on_missing",
        weaker: Weaker::If(creates),
        effect: "a partner sync can bring back a user who withdrew",
    },
    Safeguard {
        key: "sync.max_age",
        weaker: Weaker::Than(|own, other| creates(own) && oldest_sync(own) > oldest_sync(other)),
        effect: "later syncs can bring back a user who withdrew",
    },
    Safeguard {
        key: "delete.mode",
        weaker: Weaker::If(|policy| policy.delete.mode == DeleteMode::Hard),
        effect: "a sync under way can write an erased user back",
    },
    Safeguard {
        key: "cookie.on_failed_withdrawal",
        weaker: Weaker::If(|policy| {
            policy.cookie.on_failed_withdrawal == OnFailedWithdrawal::Expire
        }),
        effect: "a withdrawal that failed is not tried again",
    },
    Safeguard {
        key: "consent.honour_refusals",
        weaker: Weaker::If(|policy| policy.consent.honour_refusals == HonourRefusals::ByPlace),
        effect: "refusals count in fewer places",
    },
    Safeguard {
        key: "consent.gdpr_countries",
        weaker: Weaker::Than(leaves_out_countries),
        effect: "consent is asked for in fewer countries",
    },
    Safeguard {
        key: "consent.us_states",
        weaker: Weaker::Than(leaves_out_states),
        effect: "opting out counts in fewer states, or later",
    },
    Safeguard {
        key: "consent.opt_in_regions",
        weaker: Weaker::Than(leaves_out_regions),
        effect: "consent is asked for in fewer regions",
    },
    Safeguard {
        key: "consent.us_without_signal",
        weaker: Weaker::If(|policy| policy.consent.us_without_signal == UsWithoutSignal::Grant),
        effect: "users in US states get an id before they are given notice",
    },
    Safeguard {
        key: "consent.gpc_in_opt_in",
        weaker: Weaker::If(|policy| policy.consent.gpc_in_opt_in == GpcInOptIn::Ignore),
        effect: "Global Privacy Control no longer outweighs a consent",
    },
    Safeguard {
        key: "consent.tcf_max_age",
        weaker: Weaker::Than(|own, other| oldest_consent(own) > oldest_consent(other)),
        effect: "a consent counts for longer",
    },
    Safeguard {
        key: "consent.tcf_validity",
        weaker: Weaker::If(|policy| policy.consent.tcf_validity == TcfValidity::Lenient),
        effect: "consents count that the framework calls invalid",
    },
];

/// Seconds; the greatest number where any age is accepted.
fn seconds_or_unlimited(age: Option<Seconds>) -> u64 {
    age.map_or(u64::MAX, Seconds::seconds)
}

fn oldest_sync(policy: &EcPolicy) -> u64 {
    seconds_or_unlimited(policy.sync.max_age)
}

fn oldest_consent(policy: &EcPolicy) -> u64 {
    seconds_or_unlimited(policy.consent.tcf_max_age)
}

fn leaves_out_countries(own: &EcPolicy, other: &EcPolicy) -> bool {
    let mut countries = other.consent.gdpr_countries.iter();
    countries.any(|country| !own.consent.gdpr_countries.contains(country))
}

fn leaves_out_states(own: &EcPolicy, other: &EcPolicy) -> bool {
    let mut states = other.consent.us_states.iter();
    states.any(|state| {
        let listed = own.consent.us_states.get(&state.code);
        listed.is_none_or(|listed| listed.starts > state.starts)
    })
}

fn leaves_out_regions(own: &EcPolicy, other: &EcPolicy) -> bool {
    let mut regions = other.consent.opt_in_regions.iter();
    let own = &own.consent;
    regions
        .any(|region| !own.opt_in_regions.contains(region) && !own.gdpr_countries.contains(region))
}

fn creates(policy: &EcPolicy) -> bool {
    policy.sync.on_missing == OnMissingSync::CreateMinimal
}

fn weaker_than_ancestor(subject: &Subject<'_>) -> Vec<Finding> {
    if subject.deployed.is_none() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for safeguard in &SAFEGUARDS {
        let weaker = |ancestor: &&Ancestor<'_>| {
            (safeguard.weaker).holds(subject.policy(), &ancestor.resolved.policy)
        };
        let Some(ancestor) = subject.ancestors.iter().find(weaker) else {
            continue;
        };
        let theirs = ancestor.resolved.value(safeguard.key);
        let place: Option<SourceLocation> = theirs.and_then(|value| value.origin.place.clone());
        let shown = theirs.map_or_else(String::new, |value| value.value.to_string());
        let message = format!(
            "{} on `{}` than on `{}`, which it inherits from: `{}` is {}, there it is `{}`",
            safeguard.effect,
            subject.profile,
            ancestor.profile,
            safeguard.key,
            subject.value(safeguard.key),
            shown.trim_matches('"'),
        );
        let help = "remove the line that weakens it, or allow it with the reason why";
        found.push(Finding::new(&[safeguard.key], message, help).at(place));
    }
    found
}
