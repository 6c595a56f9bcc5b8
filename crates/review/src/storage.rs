//! Where the graph and the partners are kept, and the secrets.

use super::impact::{Impact, Known};
use super::pair::Pair;
use super::{DataKind, Records, scenarios};
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::policy::types::{Partner, PartnerPull, Partners};

pub(super) const IMPACTS: [Known; 10] = [
    ("ec_store", ec_store),
    ("partner_store", partner_store),
    ("passphrase", passphrase),
    (IPV6_FORM, ipv6_form),
    ("admin_token", admin_token),
    ("admin.basic.username", admin_basic),
    ("admin.basic.password", admin_basic),
    ("partners", partners),
    ("local.data_dir", data_dir),
    ("local.store", store),
];

/// The graph is another one, and what was kept is left behind.
fn left_behind(pair: &Pair<'_>, why: &str, fix: &str) -> Impact {
    Impact::never(Records::All, why, fix, scenarios::left_behind(pair))
        .losing(DataKind::Users, "every user who has a record")
        .losing(DataKind::Tombstones, "every user who has withdrawn")
        .losing(DataKind::PartnerIds, "every user whom a partner has synced")
}

fn ec_store(pair: &Pair<'_>) -> Impact {
    left_behind(
        pair,
        "the graph starts empty: every user loses their partner ids and gets a new id at the next visit. What was kept stays behind in the old store, its withdrawals with it: nothing reads it any more, and no withdrawal or erasure reaches it",
        "copy the old store into the new one with the time each record has left, switch, and then empty the old one; or keep the store",
    )
    .effective("at once, for every user: no record comes along")
    .mixed("one user has two records: a withdrawal at one machine leaves the other's record live")
}

fn data_dir(pair: &Pair<'_>) -> Impact {
    if !pair.moves() {
        return Impact::safe(
            Records::None,
            "it changes nothing while `local.store` says where the records are",
        );
    }
    left_behind(
        pair,
        "the native server's graph starts empty in the new folder: every user loses their partner ids, and withdrawals stay behind in the old one. The edge does not read this setting",
        "stop the server and move the folder's contents to the new one before it starts under the candidate",
    )
    .effective("when the native server starts, for every user: no record comes along")
    .mixed("one user has two records: a withdrawal at one server leaves the other's record live")
}

fn store(pair: &Pair<'_>) -> Impact {
    left_behind(
        pair,
        "the native server's graph starts empty in the new place: every user loses their partner ids, and withdrawals stay behind in the old one. The edge does not read this setting",
        "copy the records to the new place with the time each has left, while no server runs; or keep the place",
    )
    .effective("when the native server starts, for every user: no record comes along")
    .mixed("one user has two records: a withdrawal at one server leaves the other's record live")
}

fn partner_store(_: &Pair<'_>) -> Impact {
    Impact::never(
        Records::None,
        "partners that are kept in the old store are not known in the new one: each is refused with `401` until its record is there, and what it syncs meanwhile is lost. A token that was replaced or shut out in the old store may still be good in the new one. Partners declared in the policy are not touched",
        "load the new store with the old one's partners before the switch, as `ec partner` lists them; or declare them",
        scenarios::stored_partner(),
    )
    .losing(
        DataKind::PartnerIds,
        "every user whom a partner has synced that is kept in the old store: its uids stay in the records, and no one can ask for them",
    )
    .effective("at once: no partner's record comes along")
    .mixed("a partner gets in or not by the machine it meets")
}

fn passphrase(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| &policy.root.passphrase);
    match (from, to) {
        (None, _) => Impact::safe(
            Records::New,
            "without a passphrase nothing was served, so no id was made that could change",
        ),
        (_, None) => Impact::never(
            Records::None,
            "the candidate has no passphrase, and so cannot serve: no page gets an identity, no withdrawal is taken, no partner can sync",
            "give the candidate the passphrase that is deployed",
            scenarios::not_served(),
        )
        .losing(DataKind::Users, "every user: no page, withdrawal or partner is served"),
        _ => Impact::never(
            Records::New,
            "every id that is made from now on is another: the same address gives another hash. A visitor who brings the cookie keeps the id in it; everyone else starts again, and what was kept under the hash of their address is no longer found by it, nor erased",
            "keep the passphrase; to change it, erase by the old hash as well for as long as `entry.ttl` of the deployed policy",
            scenarios::other_hash(),
        )
        .losing(
            DataKind::Users,
            "users who come without their cookie, and those whom an operator finds by the hash of their address",
        )
        .effective("at once, for every id that is made from now on")
        .mixed("one address gets ids of two hashes, by the machine that it meets"),
    }
}

/// The users whose ids follow from how an IPv6 network is written.
const IPV6_USERS: &str = "IPv6 visitors who come without their cookie, and those whom an operator finds by the hash of their network";

const IPV6_FORM: &str = "id.ipv6_form";

/// Which users get new ids by a deployed profile alone: where it changes how IPv6 networks are hashed from what the layers
/// below it, or the default, have. Whether another policy is deployed now, only a plan knows.
#[must_use]
pub fn new_ids(resolved: &Resolved) -> Option<String> {
    let form = resolved.value(IPV6_FORM).filter(|_| resolved.deployed)?;
    let before = form
        .overrides
        .iter()
        .find(|before| before.value != form.value)?;
    Some(format!(
        "`{IPV6_FORM}` is {} here, and {} in what it overrides ({}). Where it takes the place of that, new ids are for {IPV6_USERS}; `ec plan` compares it with what is deployed",
        form.value, before.value, before.origin
    ))
}

fn ipv6_form(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.id.ipv6_form.as_str());
    Impact::never(
        Records::New,
        format!(
            "every id that is made for an IPv6 visitor from now on is another: the same network, written as `{to}` and not as `{from}`, gives another hash. IPv4 visitors keep theirs. A visitor who brings the cookie keeps the id in it; every other IPv6 visitor starts again, and what was kept under the hash of their network is no longer found by it, nor erased"
        ),
        format!(
            "keep `id.ipv6_form = \"{from}\"`; to change it, erase by the old hash as well for as long as `entry.ttl` of the deployed policy"
        ),
        scenarios::other_hash(),
    )
    .losing(DataKind::Users, IPV6_USERS)
    .effective("at once, for every id that is made for an IPv6 visitor from now on")
    .mixed("one IPv6 network gets ids of two hashes, by the machine that it meets")
}

fn admin_token(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| &policy.root.admin_token);
    let why = match (from, to) {
        (None, _) => "operators may come in by the token from now on",
        (_, None) => {
            "the token is refused: without `admin.basic` the admin routes are gone, and answer with `404`"
        }
        _ => "the old token is refused: whatever uses it needs the new one",
    };
    Impact::safe(Records::None, why)
        .mixed("old and new token are each good on the machines that know them")
}

fn admin_basic(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| {
        let basic = &policy.admin_basic;
        basic.username.is_some() && basic.password.is_some()
    });
    let why = match (from, to) {
        (false, false) => "no one comes in by it, before or after: a user name needs its password",
        (false, true) => "operators may come in by user name and password from now on",
        (true, false) => {
            "the user name and password are refused: what uses them needs `admin_token`"
        }
        (true, true) => {
            "the old user name and password are refused: what uses them needs the new ones"
        }
    };
    Impact::safe(Records::None, why)
        .mixed("old and new credentials are each good on the machines that know them")
}

/// How a partner's uids are announced.
fn announced(partner: &Partner) -> (&str, &str, Option<u32>) {
    (&partner.name, &partner.source_domain, partner.openrtb_atype)
}

/// What is kept of a partner for features to come.
const fn kept_for_later(partner: &Partner) -> (Option<u16>, bool, Option<&PartnerPull>) {
    (partner.gvl_id, partner.bidstream, partner.pull.as_ref())
}

/// The same partner among others: known by its domain, and where it changes that, by its id.
fn counterpart<'p>(partners: &'p Partners, partner: &Partner) -> Option<&'p Partner> {
    let by_domain = |other: &&Partner| other.source_domain == partner.source_domain;
    let by_id = |other: &&Partner| other.id == partner.id;
    (partners.iter().find(by_domain)).or_else(|| partners.iter().find(by_id))
}

/// What effects for the declared partners, those with the same change together.
fn partner_changes(from: &Partners, to: &Partners) -> String {
    let named = |partners: &Partners, keep: &dyn Fn(&Partner) -> bool| {
        let kept = partners.iter().filter(|partner| keep(partner));
        let names: Vec<String> = kept.map(|partner| format!("`{}`", partner.id)).collect();
        names.join(", ")
    };
    let changed = |differs: fn(&Partner, &Partner) -> bool| {
        named(to, &|partner| {
            counterpart(from, partner).is_some_and(|before| differs(before, partner))
        })
    };
    let effects = [
        (
            named(to, &|partner| counterpart(from, partner).is_none()),
            "may come in from now on, and no longer with what `partner_store` keeps of it",
        ),
        (
            named(from, &|partner| counterpart(to, partner).is_none()),
            "is no longer declared, and is refused unless `partner_store` knows it; its uids stay in the records until they expire",
        ),
        (
            changed(|before, after| before.id != after.id),
            "keeps its uids under another `id` from now on: those that were synced stay in the records until they expire, and are no longer given out",
        ),
        (
            changed(|before, after| before.token != after.token),
            "is refused with its old token",
        ),
        (
            changed(|before, after| before.enabled && !after.enabled),
            "is shut out; its uids stay in the records until they expire",
        ),
        (
            changed(|before, after| !before.enabled && after.enabled),
            "is let in again",
        ),
        (
            changed(|before, after| before.rate_limit != after.rate_limit),
            "may make another number of requests",
        ),
        (
            changed(|before, after| announced(before) != announced(after)),
            "is announced otherwise with the uids that stand",
        ),
        (
            changed(|before, after| kept_for_later(before) != kept_for_later(after)),
            "has other settings for features to come: nothing effects now",
        ),
    ];
    let effects = effects.iter().filter(|(names, _)| !names.is_empty());
    let effects: Vec<String> = effects
        .map(|(names, what)| format!("{names} {what}"))
        .collect();
    if effects.is_empty() {
        "the same partners, in another order".to_owned()
    } else {
        effects.join("; ")
    }
}

/// The declared partners by what effects for them.
fn partners(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| &policy.root.partners);
    let why = partner_changes(from, to);
    let is_shut_out = |partner: &&Partner| {
        let still = |after: &Partner| after.enabled && after.id == partner.id;
        partner.enabled && !counterpart(to, partner).is_some_and(still)
    };
    let shut_out: Vec<&Partner> = from.iter().filter(is_shut_out).collect();
    let impact = match shut_out.first() {
        None => Impact::safe(Records::None, why),
        Some(first) => {
            let partners: Vec<String> = (shut_out.iter())
                .map(|partner| format!("`{}`", partner.id))
                .collect();
            let partners = partners.join(", ");
            Impact::never(
                Records::None,
                why,
                format!(
                    "keep {partners} declared and enabled under the same `id`, or put it into `partner_store` first; if it is to go for good, this is what goes with it"
                ),
                scenarios::declared_partner(&first.id),
            )
            .losing(
                DataKind::PartnerIds,
                format!("every user whom {partners} has synced: its uids stay in the records, and it can no longer ask for them"),
            )
        }
    };
    impact
        .mixed("a partner gets in or not by the machine it meets: give it a new token only once every machine knows that")
}
