//! Stores: two graphs in one would share users and withdrawals.

use std::collections::{BTreeMap, BTreeSet};

use super::{Find, Finding, Rule, Subject};
use crate::diagnostic::{Code, Severity, SourceLocation};

pub(super) const RULES: [Rule; 4] = [
    Rule {
        code: Code::SharedStore,
        severity: Severity::Error,
        reason: "two deployable profiles use one store",
        protects: "users of one deployment from the policy of another",
        example: "# file: policies/production.toml\ndeploy = true\n[ec]\nec_store = \"graph\"\npartner_store = \"partners\"\n# file: policies/staging.toml\ndeploy = true\n[ec]\nec_store = \"graph\"\npartner_store = \"partners_staging\"\n",
        consequence: "a test on staging changes, prolongs and erases production's users, and staging's shorter tombstones forget production's withdrawals",
        fix: "give each its own store, or, to share on purpose, write `shares_stores_with = \"NAME\"` in one of them",
        find: Find::By(shared_store),
    },
    Rule {
        code: Code::OneStoreForBoth,
        severity: Severity::Error,
        reason: "the graph and the partners use the same store",
        protects: "partners' tokens and users' records from being mixed up in listings, counts and erasures",
        example: "[ec]\nec_store = \"graph\"\npartner_store = \"graph\"\n",
        consequence: "a partner's record is among the users' records, is listed and counted as one, and is deleted when the graph is emptied",
        fix: "name two stores",
        find: Find::By(one_store_for_both),
    },
    Rule {
        code: Code::UndeclaredStore,
        severity: Severity::Warning,
        reason: "the policy uses a store that `fastly.toml` does not declare",
        protects: "you from deploying a service whose store does not exist",
        example: "# file: fastly.toml\n[setup.kv_stores.graph]\n# file: policies/sample.toml\n[ec]\nec_store = \"grahp\"\npartner_store = \"graph_partners\"\n",
        consequence: "the service starts, finds no such store, and answers every page without an identity and every partner with `503`",
        fix: "declare it, as `[setup.kv_stores.NAME]`, or correct the name",
        find: Find::By(undeclared_store),
    },
    Rule {
        code: Code::SharesWithUndeployed,
        severity: Severity::Error,
        reason: "`shares_stores_with` names a profile that does not exist, or is not deployed",
        protects: "stores from being shared by a permission that has lost its reason",
        example: "deploy = true\nshares_stores_with = \"prodction\"\n[ec]\nec_store = \"graph\"\npartner_store = \"partners\"\n",
        consequence: "nothing is shared as intended; a later profile of that name would share users with this one unintentionally",
        fix: "name a profile that has `deploy = true`, or remove the line",
        find: Find::By(shares_with_undeployed),
    },
];

const STORES: [&str; 2] = ["ec_store", "partner_store"];

/// A profile that is meant to be deployed, and its stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// Its name.
    pub profile: String,
    /// The profile whose stores it means to share.
    pub shares_stores_with: Option<String>,
    /// The stores that it uses, and where each is named.
    pub stores: Vec<(String, Option<SourceLocation>)>,
}

/// The deployable profiles there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fleet {
    members: Vec<Deployed>,
    /// By store, the members that use it.
    users: BTreeMap<String, Vec<usize>>,
}

impl Fleet {
    /// No profiles.
    pub const EMPTY: Self = Self {
        members: Vec::new(),
        users: BTreeMap::new(),
    };

    /// These profiles.
    #[must_use]
    pub fn of(members: Vec<Deployed>) -> Self {
        let mut users: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, member) in members.iter().enumerate() {
            for (store, _) in &member.stores {
                users.entry(store.clone()).or_default().push(index);
            }
        }
        Self { members, users }
    }

    fn users_of(&self, store: &str) -> impl Iterator<Item = &Deployed> {
        let users = self.users.get(store).map(Vec::as_slice).unwrap_or_default();
        users.iter().filter_map(|index| self.members.get(*index))
    }

    fn has(&self, profile: &str) -> bool {
        self.members.iter().any(|member| member.profile == profile)
    }
}

/// The stores that the platform's manifest declares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Declared {
    /// The manifest's name, as the user knows it.
    pub file: String,
    /// The key-value stores in it.
    pub stores: BTreeSet<String>,
}

/// The effective name of a store.
fn store<'s>(subject: &Subject<'s>, key: &str) -> &'s str {
    let stores = &subject.policy().root;
    if key == "ec_store" {
        stores.ec_store.as_str()
    } else {
        stores.partner_store.as_str()
    }
}

fn shared_store(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(deploy) = subject.deployed else {
        return Vec::new();
    };
    let leave = subject.shares_stores_with.map(|(name, _)| name.as_str());
    let mut found = Vec::new();
    for key in STORES {
        let name = store(subject, key);
        for other in subject.fleet.users_of(name) {
            let allowed = other.profile == subject.profile
                || leave == Some(other.profile.as_str())
                || other.shares_stores_with.as_deref() == Some(subject.profile);
            if allowed {
                continue;
            }
            let theirs = other.stores.iter().find(|(store, _)| store == name);
            let message = format!(
                "`{}` and `{}` would share users and withdrawals: both are deployed, and use the store `{name}`",
                subject.profile, other.profile
            );
            let help = format!(
                "give each its own `{key}`, or say `shares_stores_with = \"{}\"` if the sharing is intended",
                other.profile
            );
            found.push(
                Finding::new(&[key], message, help)
                    .at(theirs.and_then(|(_, place)| place.clone()))
                    .at(deploy.clone()),
            );
            // One other profile is enough: each has its own finding.
            break;
        }
    }
    found
}

fn one_store_for_both(subject: &Subject<'_>) -> Vec<Finding> {
    let stores = &subject.policy().root;
    if stores.ec_store != stores.partner_store {
        return Vec::new();
    }
    vec![Finding::new(
        &["partner_store", "ec_store"],
        format!(
            "partners' records would stand among the users: `ec_store` and `partner_store` are both {}",
            subject.value("ec_store")
        ),
        "name two stores",
    )]
}

fn undeclared_store(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(declared) = subject.declared else {
        return Vec::new();
    };
    STORES
        .into_iter()
        .filter(|key| !declared.stores.contains(store(subject, key)))
        .map(|key| {
            let name = store(subject, key);
            Finding::new(
                &[key],
                format!(
                    "the service would find no store `{name}`: `{}` does not declare it",
                    declared.file
                ),
                format!("declare it there, as `[setup.kv_stores.{name}]`, or correct `{key}`"),
            )
        })
        .collect()
}

fn shares_with_undeployed(subject: &Subject<'_>) -> Vec<Finding> {
    let Some((name, place)) = subject.shares_stores_with else {
        return Vec::new();
    };
    let itself = name == subject.profile;
    if subject.fleet.has(name) && !itself {
        return Vec::new();
    }
    let why = if itself {
        "is the profile itself"
    } else {
        "is not a profile with `deploy = true`"
    };
    let finding = Finding::new(
        &[],
        format!("`shares_stores_with` names `{name}`, which {why}"),
        "name a profile that is deployed, or remove the line",
    );
    vec![finding.at(place.clone())]
}
