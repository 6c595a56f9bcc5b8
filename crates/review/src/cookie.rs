//! The cookie that carries the id, and what becomes of it when a withdrawal fails.

use super::impact::{Impact, Known};
use super::pair::Pair;
use super::{DataKind, Records, scenarios};
use edge_cookie::policy::settings::{CookieRenewal, OnFailedWithdrawal, SameSite};

pub(super) const IMPACTS: [Known; 6] = [
    ("cookie.name", name),
    ("cookie.max_age", max_age),
    ("cookie.same_site", same_site),
    ("cookie.http_only", http_only),
    ("cookie.renewal", renewal),
    ("cookie.on_failed_withdrawal", on_failed_withdrawal),
];

/// What becomes of a record whose id no browser sends any more.
const OUT_OF_REACH: &str = "their old record stays live until it expires, partners go on syncing it, and no withdrawal reaches it: what the user says goes to the new one";

fn name(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| &policy.cookie.name);
    Impact::never(
        Records::All,
        format!(
            "`{from}` is no longer read: every returning user counts as a new one and gets a new id in `{to}`; {OUT_OF_REACH}"
        ),
        "keep the name; to change it, erase the graph with it, so that no record is left that no one can withdraw",
        scenarios::old_cookie(),
    )
    .losing(DataKind::Users, format!("every user whose browser holds `{from}`"))
    .losing(DataKind::PartnerIds, "those of them whom a partner has synced")
    .effective("at once, for every cookie that a browser holds")
    .mixed("a user goes back and forth between two ids, by the machine that a page meets; a withdrawal reaches one of them")
}

fn max_age(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.cookie.max_age);
    let ttl = pair.candidate.entry.ttl;
    if to.seconds() == 0 {
        return Impact::never(
            Records::NewCookies,
            format!(
                "browsers drop the cookie as it comes: every page makes a new user; {OUT_OF_REACH}"
            ),
            "give the cookie as long as `entry.ttl`",
            scenarios::new_cookie(false),
        )
        .losing(DataKind::Users, "every user who gets an id from now on");
    }
    let why = if to < from {
        let beyond = if to.seconds() < ttl.seconds() {
            format!(
                ". The record of one whose cookie is gone stays for up to {ttl}, out of their reach"
            )
        } else {
            String::new()
        };
        let why = format!(
            "users are taken for new ones {to} after the cookie was set{beyond}. Cookies that browsers have already stay for up to {from}"
        );
        return Impact::never(
            Records::NewCookies,
            why,
            format!("keep `cookie.max_age` at {from} or more"),
            scenarios::cookie_gone(pair),
        )
        .losing(
            DataKind::Users,
            format!(
                "users whose cookie was set more than {to} ago: their record is out of their reach"
            ),
        );
    } else {
        format!(
            "browsers keep the cookie for {to}; those that have one keep it for the {from} that it was set for, unless it is set again"
        )
    };
    Impact::safe(Records::NewCookies, why)
}

fn same_site(pair: &Pair<'_>) -> Impact {
    match pair.candidate.cookie.same_site {
        SameSite::Strict => Impact::never(
            Records::NewCookies,
            format!(
                "the browser leaves the cookie out when a user comes by a link on another site: they are taken for a new one, and the new id replaces the old cookie; {OUT_OF_REACH}"
            ),
            "keep `cookie.same_site = \"Lax\"`",
            scenarios::new_cookie(true),
        )
        .losing(DataKind::Users, "users who come by a link on another site"),
        SameSite::Lax => Impact::safe(
            Records::NewCookies,
            "the cookie comes along when a user follows a link from another site, and not with requests that other sites make",
        ),
        SameSite::None => Impact::safe(
            Records::NewCookies,
            "the cookie comes along with every request to the publisher, those that other sites make included: the id is known there too",
        ),
    }
}

fn http_only(pair: &Pair<'_>) -> Impact {
    Impact::safe(
        Records::NewCookies,
        if pair.candidate.cookie.http_only {
            "page scripts can no longer read the id: those that do find nothing"
        } else {
            "every script on a page can read the id and take it elsewhere, advertisers' scripts included"
        },
    )
}

fn renewal(pair: &Pair<'_>) -> Impact {
    let max_age = pair.candidate.cookie.max_age;
    if pair.candidate.cookie.renewal == CookieRenewal::OnTouch {
        return Impact::safe(
            Records::NewCookies,
            format!(
                "a user who keeps coming keeps the cookie: each visit that is written down sets it for another {max_age}"
            ),
        );
    }
    let why = format!(
        "a user is taken for a new one {max_age} after the cookie was last set, however often they come"
    );
    // When a visit would have set the cookie again, and both the cookie and the record are still there.
    let policy = pair.deployed;
    let back = policy.last_seen.debounce.seconds().max(1);
    if back
        >= policy
            .cookie
            .max_age
            .seconds()
            .min(policy.entry.ttl.seconds())
    {
        return Impact::safe(Records::NewCookies, why);
    }
    Impact::never(
        Records::NewCookies,
        why,
        "keep `cookie.renewal = \"on_touch\"`",
        scenarios::cookie_not_renewed(pair, back),
    )
    .losing(
        DataKind::Users,
        format!("users who keep coming for more than {max_age}"),
    )
}

fn on_failed_withdrawal(pair: &Pair<'_>) -> Impact {
    let why = match pair.candidate.cookie.on_failed_withdrawal {
        OnFailedWithdrawal::Expire => None,
        OnFailedWithdrawal::Keep => Some(
            "a withdrawal that the store did not take keeps the cookie, so that the user's next page tries again",
        ),
        OnFailedWithdrawal::Auto => Some(
            "a withdrawal that the store did not take is delivered from the outbox, or keeps the cookie where it is not in one, so that the user's next page tries again",
        ),
    };
    if let Some(why) = why {
        return Impact::safe(Records::None, why);
    }
    Impact::never(
        Records::None,
        "a withdrawal that the store did not take is lost: the cookie goes all the same, nothing tries again, and the record stays live and in use by partners until it expires",
        "set `cookie.on_failed_withdrawal = \"auto\"`",
        scenarios::failed_withdrawal(u32::MAX),
    )
}
