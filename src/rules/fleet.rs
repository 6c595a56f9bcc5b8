//! What must hold between the profiles of a fleet; looked at where all of them are.

use super::{Find, Finding, Rule, Subject};
use crate::diagnostic::{Code, Place, Severity};
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

/// A setting that withdrawals rest on, and when a policy is weaker in it than another.
struct Strength {
    key: &'static str,
    weaker: fn(&EcPolicy, &EcPolicy) -> bool,
    so: &'static str,
}

const STRENGTHS: [Strength; 13] = [
    Strength {
        key: "tombstone.ttl",
        weaker: |own, other| own.tombstone.ttl < other.tombstone.ttl,
        so: "withdrawals are forgotten sooner",
    },
    Strength {
        key: "sync.on_missing",
        weaker: |own, other| creates(own) && !creates(other),
        so: "a partner sync can bring back a user who withdrew",
    },
    Strength {
        key: "sync.max_age",
        weaker: |own, other| {
            let age = |policy: &EcPolicy| policy.sync.max_age.map_or(u64::MAX, Seconds::seconds);
            creates(own) && age(own) > age(other)
        },
        so: "later syncs can bring back a user who withdrew",
    },
    Strength {
        key: "delete.mode",
        weaker: |own, other| {
            own.delete.mode == DeleteMode::Hard && other.delete.mode == DeleteMode::Tombstone
        },
        so: "a sync under way can write an erased user back",
    },
    Strength {
        key: "cookie.on_failed_withdrawal",
        weaker: |own, other| {
            own.cookie.on_failed_withdrawal == OnFailedWithdrawal::Expire
                && other.cookie.on_failed_withdrawal != OnFailedWithdrawal::Expire
        },
        so: "a withdrawal that failed is not tried again",
    },
    Strength {
        key: "consent.honour_refusals",
        weaker: |own, other| {
            own.consent.honour_refusals == HonourRefusals::ByPlace
                && other.consent.honour_refusals == HonourRefusals::Everywhere
        },
        so: "refusals count in fewer places",
    },
    Strength {
        key: "consent.gdpr_countries",
        weaker: |own, other| {
            let mut countries = other.consent.gdpr_countries.iter();
            countries.any(|country| !own.consent.gdpr_countries.contains(country))
        },
        so: "consent is asked for in fewer countries",
    },
    Strength {
        key: "consent.us_states",
        weaker: |own, other| {
            let mut states = other.consent.us_states.iter();
            states.any(|state| {
                let listed = own.consent.us_states.get(&state.code);
                listed.is_none_or(|listed| listed.starts > state.starts)
            })
        },
        so: "opting out counts in fewer states, or later",
    },
    Strength {
        key: "consent.opt_in_regions",
        weaker: |own, other| {
            let mut regions = other.consent.opt_in_regions.iter();
            let own = &own.consent;
            regions.any(|region| {
                !own.opt_in_regions.contains(region) && !own.gdpr_countries.contains(region)
            })
        },
        so: "consent is asked for in fewer regions",
    },
    Strength {
        key: "consent.us_without_signal",
        weaker: |own, other| {
            own.consent.us_without_signal == UsWithoutSignal::Grant
                && other.consent.us_without_signal == UsWithoutSignal::NotGranted
        },
        so: "users in US states get an id before they are given notice",
    },
    Strength {
        key: "consent.gpc_in_opt_in",
        weaker: |own, other| {
            own.consent.gpc_in_opt_in == GpcInOptIn::Ignore
                && other.consent.gpc_in_opt_in == GpcInOptIn::Refusal
        },
        so: "Global Privacy Control no longer outweighs a consent",
    },
    Strength {
        key: "consent.tcf_max_age",
        weaker: |own, other| {
            let longest = |policy: &EcPolicy| {
                policy
                    .consent
                    .tcf_max_age
                    .map_or(u64::MAX, Seconds::seconds)
            };
            longest(own) > longest(other)
        },
        so: "a consent counts for longer",
    },
    Strength {
        key: "consent.tcf_validity",
        weaker: |own, other| {
            own.consent.tcf_validity == TcfValidity::Lenient
                && other.consent.tcf_validity == TcfValidity::Strict
        },
        so: "consents count that the framework calls invalid",
    },
];

fn creates(policy: &EcPolicy) -> bool {
    policy.sync.on_missing == OnMissingSync::CreateMinimal
}

fn weaker_than_ancestor(subject: &Subject<'_>) -> Vec<Finding> {
    if subject.deployed.is_none() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for strength in &STRENGTHS {
        let weaker = |ancestor: &&Ancestor<'_>| {
            (strength.weaker)(subject.policy(), &ancestor.resolved.policy)
        };
        let Some(ancestor) = subject.ancestors.iter().find(weaker) else {
            continue;
        };
        let theirs = ancestor.resolved.value(strength.key);
        let place: Option<Place> = theirs.and_then(|value| value.origin.place.clone());
        let shown = theirs.map_or_else(String::new, |value| value.value.to_string());
        let message = format!(
            "{} on `{}` than on `{}`, which it inherits from: `{}` is {}, there it is `{}`",
            strength.so,
            subject.profile,
            ancestor.profile,
            strength.key,
            subject.value(strength.key),
            shown.trim_matches('"'),
        );
        let help = "remove the line that weakens it, or allow it with the reason why";
        found.push(Finding::new(&[strength.key], message, help).at(place));
    }
    found
}
