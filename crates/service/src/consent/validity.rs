//! Whether a consent by TCF counts: its age, and what its specification asks of a string. A refusal always counts.

use super::rules::ConsentRule;
use super::tcf::Core;
use edge_cookie::clock::Timestamp;
use edge_cookie::policy::settings::{Consent, TcfValidity};

/// The least id of a CMP that is registered: 0 is none, and 1 that of tests.
const FIRST_CMP: u64 = 2;

/// 20 November 2023, from which on TCF 2.2 is asked for, with its policy version 4 (IAB Europe).
const TCF_2_2: Timestamp = Timestamp::from_unix(1_700_438_400);
const POLICY_OF_TCF_2_2: u64 = 4;

/// 1 March 2026, from which on TCF 2.3 is asked for: disclosed vendors, built on policy version 5 (IAB Europe).
const TCF_2_3: Timestamp = Timestamp::from_unix(1_772_323_200);
const POLICY_OF_TCF_2_3: u64 = 5;

/// Why the consent of this string does not count; none where it does.
pub(super) fn rejection(core: &Core, rules: &Consent, now: Timestamp) -> Option<ConsentRule> {
    let latest = now.plus_seconds(rules.clock_skew.seconds());
    if core.created.max(core.updated) > latest {
        return Some(ConsentRule::TcfFromTheFuture);
    }
    let age = now.seconds_since(core.updated);
    if rules.tcf_max_age.is_some_and(|most| age > most.seconds()) {
        return Some(ConsentRule::TcfTooOld);
    }
    if rules.tcf_validity == TcfValidity::Lenient {
        return None;
    }
    let policy = match core.created {
        created if created >= TCF_2_3 => POLICY_OF_TCF_2_3,
        created if created >= TCF_2_2 => POLICY_OF_TCF_2_2,
        _ => 0,
    };
    let faults = [
        (core.updated < core.created, ConsentRule::TcfTimes),
        (core.cmp_id < FIRST_CMP, ConsentRule::TcfNoCmp),
        (core.policy_version < policy, ConsentRule::TcfPolicyVersion),
        (!core.service_specific, ConsentRule::TcfGlobalScope),
        (
            core.created >= TCF_2_3 && !core.discloses_vendors,
            ConsentRule::TcfNoDisclosedVendors,
        ),
    ];
    let fault = faults.into_iter().find(|(found, _)| *found);
    fault.map(|(_, rule)| rule)
}
