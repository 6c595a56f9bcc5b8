//! Secrets: none in clear where users are, none that can be guessed, none twice.

use std::collections::BTreeMap;

use super::{Find, Finding, Rule, Subject};
use crate::diagnostic::{Code, Severity, SourceLocation};
use crate::policy::EcPolicy;
use crate::policy::layers::LayerName;
use crate::policy::provenance::{FieldOrigin, Origin};
use crate::policy::setting::full_key;
use crate::policy::types::partner::SECRET_FIELDS;
use crate::policy::types::secret::is_like;
use crate::policy::types::strength::{SHORTEST_SECRET, strong, usable};
use crate::policy::types::{Partner, PartnerToken, Secret, SecretFault, SecretUse};

pub(super) const RULES: [Rule; 8] = [
    Rule {
        code: Code::SecretInClear,
        severity: Severity::Error,
        reason: "a secret in clear in a deployable profile",
        protects: "every id: anyone who has the passphrase can make ids that look like yours, anyone who has a token can write as the partner",
        example: "deploy = true\n[ec]\nec_store = \"graph\"\npartner_store = \"partners\"\npassphrase = \"6f1ed002ab5595859014ebf0951522d96f1ed002ab559585\"\n",
        consequence: "everyone who can read the repository, its copies and its build logs has the secret, and a new one means new ids for all users",
        fix: "refer to it, as `{ secret_store = \"STORE\", key = \"KEY\" }` or `{ env = \"NAME\" }`; for a partner's token write `api_token_sha256`",
        find: Find::By(secret_in_clear),
    },
    Rule {
        code: Code::PlaceholderSecret,
        severity: Severity::Error,
        reason: "a placeholder for a secret in a deployable profile",
        protects: "ids from an attacker who tries well-known keys",
        example: "deploy = true\n[ec]\nec_store = \"graph\"\npartner_store = \"partners\"\npassphrase = \"change me\"\n",
        consequence: "ids are made with a key that is in every tutorial: anyone can forge them, and withdraw or write for any user",
        fix: "generate one with `openssl rand -hex 32`, keep it in a secret store, and refer to it",
        find: Find::By(placeholder_secret),
    },
    Rule {
        code: Code::ShortSecret,
        severity: Severity::Error,
        reason: "a secret short enough to be guessed in a deployable profile",
        protects: "every id: anyone with an id and the address it was made from can try keys offline, without limit",
        example: "deploy = true\n[ec]\nec_store = \"graph\"\npartner_store = \"partners\"\npassphrase = \"tr0ub4dor&3\"\n",
        consequence: "the key is found by trying, and with it the id of everyone whose address is known",
        fix: "generate one of 32 characters or more, as with `openssl rand -hex 32`, and refer to it",
        find: Find::By(short_secret),
    },
    Rule {
        code: Code::SharedDomain,
        severity: Severity::Error,
        reason: "two partners of one domain in one file",
        protects: "every partner: the layers of a policy are merged by `source_domain`, and bidders use it to see which partner an id is from",
        example: "[[ec.partners]]\nid = \"one\"\nsource_domain = \"partner.example\"\n[[ec.partners]]\nid = \"two\"\nsource_domain = \"partner.example\"\n",
        consequence: "no higher layer can say which of them it overrides, and a user has two uids of one source",
        fix: "keep one of them, or give each its own `source_domain`",
        find: Find::Elsewhere,
    },
    Rule {
        code: Code::SharedToken,
        severity: Severity::Error,
        reason: "one token for two partners, or for a partner and the operators",
        protects: "promise 6, own namespace: the service identifies partners and operators by their tokens",
        example: "[[ec.partners]]\nsource_domain = \"one.example\"\napi_token = { env = \"TOKEN\" }\n[[ec.partners]]\nsource_domain = \"two.example\"\napi_token = { env = \"TOKEN\" }\n",
        consequence: "one of them writes the other's uids, and reads them, on every request; a partner with the admin token may read and erase every record",
        fix: "give each its own token",
        find: Find::By(shared_token),
    },
    Rule {
        code: Code::MissingSecret,
        severity: Severity::Error,
        reason: "a reference to a secret that is not there",
        protects: "the start of the service: without a passphrase there are no ids, and without a token no partner",
        example: "[ec]\npassphrase = { env = \"A_VARIABLE_THAT_IS_NOT_SET\" }\n",
        consequence: "`ec serve` does not start, or keeps the previous policy on a reload; the edge answers `503`",
        fix: "set the variable, or write the key into the secret store; `ec check --resolve-secrets` checks it",
        find: Find::Elsewhere,
    },
    Rule {
        code: Code::UnusableSecret,
        severity: Severity::Error,
        reason: "a secret that cannot work, whatever its strength",
        protects: "operators and partners: no request can carry a token with a line end in it",
        example: "[ec]\nadmin_token = \"two words\"\n",
        consequence: "no request can have the token, so its owner is shut out",
        fix: "generate one with `openssl rand -hex 32`; one line end after it is ignored",
        find: Find::By(unusable_secret),
    },
    Rule {
        code: Code::PartnerWithoutToken,
        severity: Severity::Error,
        reason: "an enabled partner without a token",
        protects: "the partner, who expects access",
        example: "[[ec.partners]]\nsource_domain = \"partner.example\"\n",
        consequence: "every request of the partner is `401 invalid_token`, also if the store has a partner of that name",
        fix: "give it `api_token_sha256`, or write `enabled = false`",
        find: Find::By(partner_without_token),
    },
];

/// What a rule finds wrong with a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weakness {
    Fault(SecretFault),
    /// Only that it is written in clear.
    Clear,
}

fn weakness(literal: &str) -> Weakness {
    strong(literal).map_or_else(Weakness::Fault, |()| Weakness::Clear)
}

/// A field of a partner, where a layer states it.
fn stated<'s>(subject: &Subject<'s>, index: usize, field: &str) -> Option<&'s FieldOrigin> {
    subject.resolved.partner_origin(index)?.field(field)
}

/// A partner's field as it was written, and its key; the partner where it has no such field.
fn partner_field(
    subject: &Subject<'_>,
    index: usize,
    field: &str,
) -> (String, Option<SourceLocation>) {
    let key = format!("partners[{index}]");
    if let Some(stated) = stated(subject, index, field) {
        let key = full_key(&format!("{key}.{field}"));
        return (key, stated.origin.place.clone());
    }
    let partner = subject.resolved.partner_origin(index);
    let table = partner.and_then(|partner| partner.tables.last());
    (full_key(&key), table.and_then(|table| table.place.clone()))
}

/// The field of these that a partner has, or else the partner: its key is the shortest.
fn written_field(
    subject: &Subject<'_>,
    index: usize,
    fields: &[&str],
) -> (String, Option<SourceLocation>) {
    let written = (fields.iter()).map(|field| partner_field(subject, index, field));
    written.max_by_key(|(key, _)| key.len()).unwrap_or_default()
}

/// Every secret in clear of a deployable profile that is weak in this way, as a finding.
fn weak(subject: &Subject<'_>, sort: Weakness, problem: &str, help: &str) -> Vec<Finding> {
    let Some(deploy) = subject.deployed else {
        return Vec::new();
    };
    let is_weak = |secret: Option<&Secret>| matches!(secret, Some(Secret::Literal(literal)) if weakness(literal) == sort);
    // What comes from the environment is in no file.
    let counts = |origin: Option<&Origin>| {
        let of_environment = |origin: &Origin| origin.layer == LayerName::Environment;
        sort != Weakness::Clear || !origin.is_some_and(of_environment)
    };
    let stores = &subject.policy().root;
    let basic = &subject.policy().admin_basic;
    let mut found = Vec::new();
    for (key, secret) in [
        ("passphrase", &stores.passphrase),
        ("admin_token", &stores.admin_token),
        ("admin.basic.password", &basic.password),
        ("redis.password", &subject.policy().redis.password),
    ] {
        let origin = subject.resolved.value(key).map(|value| &value.origin);
        if is_weak(secret.as_ref()) && counts(origin) {
            found.push(Finding::new(&[key], format!("`{key}` {problem}"), help).at(deploy.clone()));
        }
    }
    for (index, partner) in stores.partners.iter().enumerate() {
        let api_token = match &partner.token {
            Some(PartnerToken::Token(token)) => Some(token),
            _ => None,
        };
        let pull_token = partner.pull.as_ref().and_then(|pull| pull.token.as_ref());
        for (field, token) in [("api_token", api_token), ("pull.token", pull_token)] {
            let origin = stated(subject, index, field).map(|stated| &stated.origin);
            if is_weak(token) && counts(origin) {
                let (key, place) = partner_field(subject, index, field);
                let message = format!("`{field}` of the partner `{}` {problem}", partner.id);
                found.push(
                    Finding::new(&[], message, help)
                        .about(key)
                        .at(place)
                        .at(deploy.clone()),
                );
            }
        }
    }
    found
}

const REFER: &str = "refer to it: `{ secret_store = \"STORE\", key = \"KEY\" }` or `{ env = \"NAME\" }`; of a partner's token `api_token_sha256` is enough";

fn secret_in_clear(subject: &Subject<'_>) -> Vec<Finding> {
    let problem = "is in clear in a profile that is deployed: everyone who reads the file has it";
    weak(subject, Weakness::Clear, problem, REFER)
}

fn placeholder_secret(subject: &Subject<'_>) -> Vec<Finding> {
    let problem =
        "is a placeholder in a profile that is deployed: anyone can forge ids or write for users";
    let help = "make one with `openssl rand -hex 32`, keep it in a secret store, and refer to it";
    weak(
        subject,
        Weakness::Fault(SecretFault::Placeholder),
        problem,
        help,
    )
}

fn short_secret(subject: &Subject<'_>) -> Vec<Finding> {
    let problem = format!(
        "has fewer than {SHORTEST_SECRET} characters in a profile that is deployed: it is found by trying"
    );
    let help = "make one with `openssl rand -hex 32`, keep it in a secret store, and refer to it";
    weak(subject, Weakness::Fault(SecretFault::Short), &problem, help)
}

fn unusable_secret(subject: &Subject<'_>) -> Vec<Finding> {
    let help = "make one with `openssl rand -hex 32`";
    let fault = |secret: Option<&Secret>, used_as| match secret {
        // One mistake, one finding: a placeholder of a deployed profile is found as such.
        Some(Secret::Literal(literal))
            if subject.deployed.is_none() || weakness(literal) == Weakness::Clear =>
        {
            usable(literal, used_as).err()
        }
        _ => None,
    };
    let policy = subject.policy();
    let mut found = Vec::new();
    for (key, secret, used_as) in [
        ("passphrase", &policy.root.passphrase, SecretUse::Key),
        ("admin_token", &policy.root.admin_token, SecretUse::Token),
        (
            "admin.basic.password",
            &policy.admin_basic.password,
            SecretUse::Password,
        ),
        ("redis.password", &policy.redis.password, SecretUse::Key),
    ] {
        if let Some(fault) = fault(secret.as_ref(), used_as) {
            found.push(Finding::new(&[key], format!("`{key}` {fault}"), help));
        }
    }
    found.extend(half_of_basic(policy));
    for (index, partner) in policy.root.partners.iter().enumerate() {
        let token = match &partner.token {
            Some(PartnerToken::Token(token)) => Some(token),
            _ => None,
        };
        if let Some(fault) = fault(token, SecretUse::Token) {
            let (key, place) = partner_field(subject, index, "api_token");
            let message = format!("`api_token` of the partner `{}` {fault}", partner.id);
            found.push(Finding::new(&[], message, help).about(key).at(place));
        }
    }
    found
}

/// A user name without a password, or a password without a user name: no one comes in with one alone.
fn half_of_basic(policy: &EcPolicy) -> Option<Finding> {
    let basic = &policy.admin_basic;
    let (key, missing) = match (&basic.username, &basic.password) {
        (Some(_), None) => ("admin.basic.username", "admin.basic.password"),
        (None, Some(_)) => ("admin.basic.password", "admin.basic.username"),
        _ => return None,
    };
    let message = format!("`{key}` lets no one in: `{missing}` is missing");
    let help = "write both, as `basic = { username = \"ops\", password = { env = \"NAME\" } }` under `[ec.admin]`";
    Some(Finding::new(&[key], message, help))
}

fn partner_without_token(subject: &Subject<'_>) -> Vec<Finding> {
    let partners = subject.policy().root.partners.iter().enumerate();
    // One mistake, one finding: a token under a misspelled key is found as an unknown key.
    let misspelled = |index: usize| {
        let partner = subject.resolved.partner_origin(index).into_iter();
        let mut fields = partner.flat_map(|partner| &partner.fields);
        fields.any(|field| SECRET_FIELDS.iter().any(|key| is_like(&field.field, key)))
    };
    let without = partners.filter(|(index, partner)| {
        partner.enabled && partner.token.is_none() && !misspelled(*index)
    });
    without
        .map(|(index, partner)| {
            let index = &index;
            let (key, place) = partner_field(subject, *index, "source_domain");
            let message = format!(
                "the partner `{}` is enabled and has no token: each of its requests would be refused",
                partner.id
            );
            let help = "add `api_token_sha256`, as `printf %s TOKEN | sha256sum` prints it, or `enabled = false`";
            // Another layer may have switched it on.
            let switch = stated(subject, *index, "enabled");
            let switch = switch.and_then(|enabled| enabled.origin.place.clone());
            Finding::new(&[], message, help)
                .about(key)
                .at(place)
                .at(switch)
        })
        .collect()
}

/// Finds partners that have the same of something: their names joined, and where each says it, in one of `fields`.
fn alike<K: Ord>(
    subject: &Subject<'_>,
    fields: &[&str],
    of: impl Fn(&Partner) -> Option<K>,
    describe: impl Fn(&str) -> (String, &'static str),
) -> Vec<Finding> {
    let mut by: BTreeMap<K, Vec<(usize, &Partner)>> = BTreeMap::new();
    for (index, partner) in subject.policy().root.partners.iter().enumerate() {
        if let Some(key) = of(partner) {
            by.entry(key).or_default().push((index, partner));
        }
    }
    let shared = by.into_values().filter(|partners| partners.len() > 1);
    let mut found = Vec::new();
    for partners in shared {
        let names: Vec<String> = partners
            .iter()
            .map(|(_, partner)| format!("`{}`", partner.id))
            .collect();
        let (message, help) = describe(&names.join(" and "));
        let mut finding = Finding::new(&[], message, help);
        // The last to come is the one to fix.
        for (index, _) in partners.iter().rev() {
            let (key, place) = written_field(subject, *index, fields);
            finding = finding.about_first(key).at(place);
        }
        found.push(finding);
    }
    found
}

fn shared_token(subject: &Subject<'_>) -> Vec<Finding> {
    // A literal and its hash are one token.
    let token = |partner: &Partner| match partner.token.as_ref()? {
        PartnerToken::Sha256(hash) => Some(format!("\"sha256:{hash}\"")),
        PartnerToken::Token(secret) => Some(secret.digested().to_string()),
    };
    let fields = ["api_token", "api_token_sha256"];
    let mut found = alike(subject, &fields, token, |names| {
        (
            format!("one partner would write as another: {names} have the same token"),
            "give each its own token, as `ec partner rotate` makes them",
        )
    });
    let policy = subject.policy();
    for (setting, secret) in [
        ("admin_token", &policy.root.admin_token),
        ("admin.basic.password", &policy.admin_basic.password),
    ] {
        let Some(secret) = secret.as_ref().map(|secret| secret.digested().to_string()) else {
            continue;
        };
        for (index, partner) in policy.root.partners.iter().enumerate() {
            if token(partner).as_ref() == Some(&secret) {
                let (key, place) = written_field(subject, index, &fields);
                let message = format!(
                    "a partner could do what only operators may: the token of `{}` is the `{setting}`",
                    partner.id
                );
                let help = "give each its own token: make one with `openssl rand -hex 32`";
                let finding = Finding::new(&[], message, help).about(key).at(place);
                found.push(finding.at(subject.place(setting)));
            }
        }
    }
    found
}
