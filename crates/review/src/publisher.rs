//! Whose pages they are: the domain that the cookie is set for, and where pages come from.

use super::impact::{Impact, Known};
use super::pair::Pair;
use super::{DataKind, Differs, Records, scenarios};
use edge_cookie::policy::publisher::{Domain, Publisher};
use edge_cookie::policy::value::Value;

pub(super) const IMPACTS: [Known; 2] = [("domain", domain), ("origin_url", origin_url)];

/// What differs between the publishers, and the impact of each difference.
pub(super) fn between(pair: &Pair<'_>) -> impl Iterator<Item = (Differs, Impact)> {
    let value = |key: &str, publisher: &Publisher| match key {
        "domain" => publisher.domain.as_ref().map(ToString::to_string),
        _ => publisher.origin_url.as_ref().map(ToString::to_string),
    };
    let differs = move |key: &str| {
        let [from, to] = pair.publishers.map(|publisher| value(key, publisher));
        let shown = |value: &Option<String>| match value {
            Some(text) => Value::from(text.as_str()),
            None => Value::Nothing,
        };
        let (old, new) = (shown(&from), shown(&to));
        (from != to).then(|| Differs {
            key: format!("publisher.{key}"),
            shown: (old.to_string(), new.to_string()),
            from: old,
            to: new,
        })
    };
    let known = IMPACTS.into_iter();
    known.filter_map(move |(key, impact)| Some((differs(key)?, impact(pair))))
}

const BY_HOST: &str = "a page sets the cookie for the domain of the machine that it meets; a browser that meets both can hold two ids";

fn domain(pair: &Pair<'_>) -> Impact {
    let [from, to] = pair.publishers.map(|publisher| publisher.domain.as_ref());
    let covers = |one: &Domain, other: &Domain| one.covers(other.as_str());
    let impact = match (from, to) {
        (Some(from), Some(to)) if covers(to, from) => Impact::safe(
            Records::NewCookies,
            format!(
                "cookies are set for `{to}` and every host below it, `{from}` among them: a browser that holds one for `{from}` goes on sending it there, and gets another on the other hosts"
            ),
        ),
        (Some(from), Some(to)) if covers(from, to) => Impact::never(
            Records::NewCookies,
            format!(
                "pages on hosts of `{from}` that are not below `{to}` lose their identity: browsers refuse a cookie for `{to}` from there, so that every page makes a new user, and what a page there asks for a user's uids is refused"
            ),
            format!("keep `{from}`, or serve only pages below `{to}`"),
            scenarios::another_domain(),
        )
        .losing(
            DataKind::Users,
            format!("users of pages on hosts of `{from}` that are not below `{to}`"),
        )
        .losing(
            DataKind::PartnerIds,
            "partner ids that pages on those hosts ask for",
        ),
        (Some(from), Some(to)) => Impact::never(
            Records::All,
            format!(
                "no browser sends the cookie that it holds for `{from}` to `{to}`: every returning user is taken for a new one; their old record stays live until it expires, partners go on syncing it, and no withdrawal reaches it"
            ),
            format!(
                "keep `{from}`; to move, let the pages of `{from}` go on under the deployed policy until its cookies are gone, or erase the graph with the change"
            ),
            scenarios::another_domain(),
        )
        .losing(
            DataKind::Users,
            format!("every user whose browser holds a cookie for `{from}`"),
        )
        .losing(DataKind::PartnerIds, "those of them whom a partner has synced".to_owned()),
        (Some(from), None) => Impact::never(
            Records::NewCookies,
            format!(
                "no page may ask for a user's uids any more, since no domain is the publisher's own; and a new cookie stays with the host that set it, so that a user of several hosts below `{from}` gets an id on each"
            ),
            format!("keep `{from}`"),
            scenarios::another_domain(),
        )
        .losing(DataKind::PartnerIds, "partner ids that pages ask for".to_owned()),
        (None, _) => Impact::safe(
            Records::NewCookies,
            "cookies are set for the domain and every host below it; those that browsers hold stay with the host that set them",
        ),
    };
    impact
        .effective(
            "at once, for every page; browsers keep the cookies that they hold as they were set",
        )
        .mixed(BY_HOST)
}

fn origin_url(pair: &Pair<'_>) -> Impact {
    let [_, to] = pair
        .publishers
        .map(|publisher| publisher.origin_url.as_ref());
    let why = match to {
        Some(to) => format!("pages come from `{to}`; no record and no cookie changes"),
        None => "no page is handed on any more: what is not a route of this service is answered with `404`; no record and no cookie changes".to_owned(),
    };
    Impact::safe(Records::None, why)
        .mixed("a page comes from the origin of the machine that it meets")
}
