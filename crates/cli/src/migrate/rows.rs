//! What becomes of each key of the IAB Tech Lab's trusted-server's configuration, in every layout that it has had: a table.

/// How a value is written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueForm {
    /// A text, as it is.
    Text,
    /// A whole number.
    Whole,
    /// Seconds, as a length of time.
    Seconds,
    /// Days, as a length of time.
    Days,
    /// A list of texts.
    List,
}

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Becomes {
    /// It is read here as it is.
    Same,
    /// It is read here under another key.
    To(&'static str, ValueForm),
    /// It is kept under this key for a feature that this version does not have; what else there is to say.
    Later(&'static str, ValueForm, &'static str),
    /// It is read here in another table of the file, under this key.
    Moved(&'static str),
    /// A secret: a reference under this key takes its place.
    Secret(&'static str),
    /// Nothing sets it here. Where it has this value, what happens here is alike.
    Fixed {
        value: &'static str,
        theirs: &'static str,
        here: &'static str,
    },
    /// It means something else here.
    Other {
        theirs: &'static str,
        here: &'static str,
    },
    /// It has no counterpart here, and why.
    Ignored(&'static str),
}

/// One row: a key, or all keys below one where it ends in `.*`.
pub(super) type MappingRow = (&'static str, Becomes);

use Becomes::{Fixed, Ignored, Later, Moved, Other, Same, Secret, To};

const COOKIE_DOMAIN: Becomes = Other {
    theirs: "the domain of its other cookies (before April 2026 of the id's as well)",
    here: "read as `publisher.domain` where that is missing; the EC cookie is set for `publisher.domain`",
};
const ORIGIN_HOST: Becomes = Ignored(
    "the origin is asked by the name in `publisher.origin_url`; `X-Forwarded-Host` names the host that the client asked for",
);
const ANOTHER_PART: &str = "another part of the trusted-server, which this program is not: the table stays as it is, and is not read";
const ADS: &str = "auctions and ads are another part of the trusted-server: the table stays as it is, and is not read";
const GPC_STRING: &str = "a field of the US Privacy string that it makes for partners where a browser sends only Global Privacy Control";
const NO_GPC_STRING: &str = "no such string is made; Global Privacy Control counts by itself";

/// Every key of theirs. The first row that fits counts.
pub(super) const ROWS: &[MappingRow] = &[
    // The table of the publisher until July 2025.
    ("server.domain", Moved("publisher.domain")),
    ("server.cookie_domain", COOKIE_DOMAIN),
    ("publisher.domain", Same),
    ("publisher.cookie_domain", COOKIE_DOMAIN),
    ("publisher.origin_url", Same),
    (
        "publisher.origin_backend",
        Ignored("the origin is found by `publisher.origin_url` alone"),
    ),
    ("publisher.origin_host_header_override", ORIGIN_HOST),
    ("publisher.origin_host_header", ORIGIN_HOST),
    (
        "publisher.proxy_secret",
        Ignored(
            "it signs the addresses of the first-party proxy, which is another part of the trusted-server",
        ),
    ),
    (
        "publisher.max_buffered_body_bytes",
        Ignored("pages are passed on as they come, and never held"),
    ),
    ("publisher.*", Ignored(ANOTHER_PART)),
    ("ec.passphrase", Secret("passphrase")),
    ("ec.ec_store", Same),
    // Of spring 2026, when it kept its partners in a store.
    ("ec.partner_store", Same),
    // Of its branches of August 2026, in which ids are made by providers.
    (
        "ec.provider",
        Fixed {
            value: "hmac",
            theirs: "the provider that makes ids, here of something else than the address",
            here: "an id is always made from the address, by HMAC with the passphrase",
        },
    ),
    ("ec.providers.hmac.passphrase", Secret("passphrase")),
    (
        "ec.providers.*",
        Ignored("no other provider of ids is read: an id is made from the address alone"),
    ),
    (
        "ec.pull_sync_concurrency",
        Later("pull.concurrency", ValueForm::Whole, "pull sync"),
    ),
    (
        "ec.cluster_trust_threshold",
        Later("cluster.max_trusted", ValueForm::Whole, "cluster sizes"),
    ),
    (
        "ec.cluster_recheck_secs",
        Later(
            "cluster.recheck",
            ValueForm::Seconds,
            "cluster sizes; the trusted-server still takes the key and no longer uses it",
        ),
    ),
    ("edge_cookie.secret_key", Secret("passphrase")),
    ("synthetic.secret_key", Secret("passphrase")),
    (
        "synthetic.template",
        Other {
            theirs: "the headers that an id is made from",
            here: "an id is made from the address alone, so that every user gets a new one",
        },
    ),
    (
        "synthetic.counter_store",
        Ignored(
            "it counted synthetic ids; records are kept in `ec.ec_store`, and none comes along",
        ),
    ),
    (
        "synthetic.opid_store",
        Ignored(
            "it held the publisher's ids by synthetic id; records are kept in `ec.ec_store`, and none comes along",
        ),
    ),
    (
        "consent.mode",
        Fixed {
            value: "interpreter",
            theirs: "consent strings are passed on and not decoded",
            here: "consent strings are always decoded",
        },
    ),
    (
        "consent.max_consent_age_days",
        To("consent.tcf_max_age", ValueForm::Days),
    ),
    (
        "consent.gdpr.applies_in",
        To("consent.gdpr_countries", ValueForm::List),
    ),
    (
        "consent.us_states.privacy_states",
        To("consent.us_states", ValueForm::List),
    ),
    (
        "consent.us_privacy_defaults.notice_given",
        Other {
            theirs: GPC_STRING,
            here: NO_GPC_STRING,
        },
    ),
    (
        "consent.us_privacy_defaults.lspa_covered",
        Other {
            theirs: GPC_STRING,
            here: NO_GPC_STRING,
        },
    ),
    (
        "consent.us_privacy_defaults.gpc_implies_optout",
        Fixed {
            value: "true",
            theirs: "no US Privacy string is made of Global Privacy Control alone",
            here: "Global Privacy Control is always an opt-out where opt-out law applies",
        },
    ),
    (
        "consent.conflict_resolution.mode",
        Fixed {
            value: "restrictive",
            theirs: "of two consent strings that disagree the newer one counts, or the one that grants",
            here: "a refusal in any string counts",
        },
    ),
    (
        "consent.conflict_resolution.freshness_threshold_days",
        Ignored("no string outweighs another by its age: a refusal in any of them counts"),
    ),
    // Some of its example files have the key one table too deep.
    (
        "consent.conflict_resolution.consent_store",
        Ignored(
            "a record keeps the consent strings of its user; there is no store of its own for them",
        ),
    ),
    (
        "consent.consent_store",
        Ignored(
            "a record keeps the consent strings of its user; there is no store of its own for them",
        ),
    ),
    (
        "handlers.*",
        Other {
            theirs: "paths behind a user name and a password",
            here: "not read: operators come in by `ec.admin.basic`, which takes a user name and a password, or by the bearer token `ec.admin_token`; the origin protects its own paths",
        },
    ),
    (
        "response_headers.*",
        Ignored("this program adds no headers of yours to answers: let the origin send them"),
    ),
    (
        "trusted_client_ip.*",
        Other {
            theirs: "a header that carries the client's address where a secret comes along",
            here: "not read: name the proxies in front in `ec.local.trusted_proxies`, and keep all others away from the server",
        },
    ),
    (
        "geo.default_country",
        Other {
            theirs: "the place of a visitor whose place the platform does not know",
            here: "not read: such a visitor gets no id; `ec.local.geo` is the place of every visitor of `ec serve`",
        },
    ),
    (
        "geo.*",
        Ignored("the place of a visitor is the platform's, or `ec.local.geo`"),
    ),
    ("request_signing.*", Ignored(ANOTHER_PART)),
    ("server.*", Ignored(ANOTHER_PART)),
    ("device.*", Ignored(ANOTHER_PART)),
    ("secrets.*", Ignored(ANOTHER_PART)),
    ("backends.*", Ignored(ANOTHER_PART)),
    ("providers.*", Ignored(ANOTHER_PART)),
    ("script_overrides.*", Ignored(ANOTHER_PART)),
    ("integrations.*", Ignored(ANOTHER_PART)),
    ("proxy.*", Ignored(ANOTHER_PART)),
    ("rewrite.*", Ignored(ANOTHER_PART)),
    ("cache.*", Ignored(ANOTHER_PART)),
    ("image_optimizer.*", Ignored(ANOTHER_PART)),
    ("tinybird.*", Ignored(ANOTHER_PART)),
    ("debug.*", Ignored(ANOTHER_PART)),
    ("tester_cookie.*", Ignored(ANOTHER_PART)),
    ("experimental.*", Ignored(ANOTHER_PART)),
    ("auction.*", Ignored(ADS)),
    ("creative_opportunities.*", Ignored(ADS)),
    ("prebid.*", Ignored(ADS)),
    ("ad_server.*", Ignored(ADS)),
    ("gam.*", Ignored(ADS)),
    ("partners.*", Ignored(ADS)),
    // The members of a partner: what becomes of them is in `partners.rs`, which reads them together.
    // Of spring 2026: the key of the partner's uids in a record, as here.
    ("ec.partners.id", Same),
    ("ec.partners.name", Same),
    ("ec.partners.source_domain", Same),
    ("ec.partners.openrtb_atype", Same),
    ("ec.partners.api_token", Secret("partners.api_token_sha256")),
    (
        "ec.partners.bidstream_enabled",
        Later(
            "partners.bidstream",
            ValueForm::Text,
            "the auction's context",
        ),
    ),
    (
        "ec.partners.batch_rate_limit",
        To("partners.rate_limit", ValueForm::Whole),
    ),
    (
        "ec.partners.pull_sync_enabled",
        Later("partners.pull.enabled", ValueForm::Text, "pull sync"),
    ),
    (
        "ec.partners.pull_sync_url",
        Later("partners.pull.url", ValueForm::Text, "pull sync"),
    ),
    (
        "ec.partners.pull_sync_allowed_domains",
        Later("partners.pull.hosts", ValueForm::List, "pull sync"),
    ),
    (
        "ec.partners.pull_sync_ttl_sec",
        Later(
            "partners.pull.ttl",
            ValueForm::Seconds,
            "pull sync; the trusted-server still takes the key and no longer uses it",
        ),
    ),
    (
        "ec.partners.pull_sync_rate_limit",
        Later("partners.pull.rate_limit", ValueForm::Whole, "pull sync"),
    ),
    ("ec.partners.ts_pull_token", Secret("partners.pull.token")),
];

/// What becomes of a key, written without the numbers of lists.
pub(super) fn of(key: &str) -> Option<Becomes> {
    let fits = |row: &str| match row.strip_suffix(".*") {
        Some(table) => {
            let below = key.strip_prefix(table);
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        }
        None => row == key,
    };
    let row = ROWS.iter().find(|(row, _)| fits(row));
    row.map(|(_, becomes)| *becomes)
}

/// Keys below `ec` and `consent` that only the trusted-server has: a file with one of them is its.
pub(super) fn is_theirs_alone(key: &str) -> bool {
    let own_table = ["ec.", "edge_cookie.", "synthetic.", "consent."];
    own_table.iter().any(|table| key.starts_with(table))
        && matches!(of(key), Some(becomes) if becomes != Same)
        && !["ec.passphrase", "ec.partners.api_token"].contains(&key)
}
