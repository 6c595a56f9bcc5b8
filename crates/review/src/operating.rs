//! How the machines run: retries, limits of time, logs, and what is the platform's.

use super::impact::{Impact, Known};
use super::pair::Pair;
use super::{Records, scenarios};
use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{IdentifyOn, Jitter, OnFailedWithdrawal, OnRateLimited};

pub(super) const IMPACTS: [Known; 37] = [
    ("cas.max_retries", retries),
    ("cas.backoff", waits),
    ("cas.max_backoff", waits),
    ("cas.jitter", jitter),
    ("cas.on_rate_limited", on_rate_limited),
    ("cas.deadline", deadline),
    ("organic.budget", budget),
    ("organic.identify", identify),
    ("organic.identify_frames", identify_frames),
    ("organic.ts_prefixes", ts_prefixes),
    ("organic.origin_connect_timeout", origin_limit),
    ("organic.origin_head_timeout", origin_limit),
    ("organic.origin_progress_timeout", origin_limit),
    ("store.call_timeout", call_timeout),
    ("identify.cors_max_age", cors_max_age),
    ("log.id_chars", id_chars),
    ("local.commit_writes", commit_writes),
    ("local.sweep_per_write", sweep_per_write),
    ("local.cache_mib", cache_mib),
    ("local.recent_records", recent_records),
    ("local.store_calls", store_calls),
    ("local.outbox_withdrawals", outbox_withdrawals),
    ("local.trusted_proxies", trusted_proxies),
    ("local.max_connections", max_connections),
    ("local.request_timeout", request_timeout),
    ("local.min_bytes_per_second", min_bytes_per_second),
    ("local.max_header_bytes", max_header_bytes),
    ("local.shutdown_grace", shutdown_grace),
    ("redis.password", password),
    ("redis.connections", connections),
    ("redis.connect_timeout", connecting),
    ("redis.backoff", connecting),
    ("redis.max_backoff", connecting),
    ("redis.min_replicas_to_write", min_replicas_to_write),
    ("edge.config_store", bundle_place),
    ("edge.bundle_key", bundle_place),
    ("edge.rate_counter", rate_counter),
];

/// Whether a write that is refused is tried again at all.
fn tries_again(policy: &EcPolicy) -> bool {
    policy.cas.max_retries > 0 && !policy.cas.deadline.duration().is_zero()
}

/// Whether the candidate loses a withdrawal to one refused write, where the deployed policy does not.
fn loses_withdrawals(pair: &Pair<'_>) -> bool {
    tries_again(pair.deployed)
        && !tries_again(pair.candidate)
        && pair.candidate.cookie.on_failed_withdrawal == OnFailedWithdrawal::Expire
}

fn lost(fix: &str) -> Impact {
    Impact::never(
        Records::None,
        "a withdrawal that meets a single refused write is lost: nothing tries again, the cookie goes all the same (`cookie.on_failed_withdrawal` is `expire`), and the record stays live",
        fix,
        scenarios::failed_withdrawal(1),
    )
}

fn retries(pair: &Pair<'_>) -> Impact {
    if loses_withdrawals(pair) {
        return lost(
            "keep `cas.max_retries` at 1 or more, or set `cookie.on_failed_withdrawal = \"auto\"`",
        );
    }
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.cas.max_retries);
    let why = if to < from {
        "an operation gives up earlier where many write one record: syncs and withdrawals that meet so many others fail with `retries_exhausted`, and are to be made again"
    } else {
        "an operation holds out longer where many write one record, for more writes"
    };
    Impact::safe(Records::None, why)
}

fn deadline(pair: &Pair<'_>) -> Impact {
    if loses_withdrawals(pair) {
        return lost(
            "keep `cas.deadline` above `0ms`, or set `cookie.on_failed_withdrawal = \"auto\"`",
        );
    }
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.cas.deadline);
    let why = if to < from {
        "an operation on a slow or busy store gives up earlier: what fails so is to be made again"
    } else {
        "an operation on a slow or busy store is tried for longer"
    };
    Impact::safe(Records::None, why)
}

fn waits(pair: &Pair<'_>) -> Impact {
    let to = &pair.candidate.cas;
    Impact::safe(
        Records::None,
        format!(
            "the first wait before a retry is {}, the longest {}; what is written is the same",
            to.backoff.min(to.max_backoff),
            to.max_backoff
        ),
    )
}

fn jitter(pair: &Pair<'_>) -> Impact {
    Impact::safe(
        Records::None,
        match pair.candidate.cas.jitter {
            Jitter::Full => {
                "writers that met each other wait for different times, and so meet less often again"
            }
            Jitter::None => {
                "writers that met each other wait equally long, and may well meet again: more of them give up on a busy record"
            }
        },
    )
}

fn on_rate_limited(pair: &Pair<'_>) -> Impact {
    Impact::safe(
        Records::None,
        match pair.candidate.cas.on_rate_limited {
            OnRateLimited::Retry => {
                "a write that the store is too busy for is tried again, within `cas.max_retries`"
            }
            OnRateLimited::Fail => {
                "a sync or a visit that the store is too busy for fails at once, and is to be made again; withdrawals are tried again all the same"
            }
        },
    )
}

fn budget(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.organic.budget);
    let why = if to.duration().is_zero() {
        "no page waits for an identity: only what is there at once comes along; a withdrawal goes on all the same"
    } else if to < from {
        "pages are answered sooner where the store is slow, and more of them without an identity; a withdrawal goes on all the same"
    } else {
        "pages wait longer for a slow store, and fewer of them go without an identity"
    };
    Impact::safe(Records::None, why)
}

fn identify(pair: &Pair<'_>) -> Impact {
    Impact::safe(
        Records::None,
        match pair.candidate.organic.identify {
            IdentifyOn::Navigations => {
                "new ids are made for page views only: fonts, pictures, scripts, prefetches and robots get none; who has an id keeps it"
            }
            IdentifyOn::All => {
                "every request of a visitor without an id makes one, a robot's and a prefetch's too: more records, many of them of no user"
            }
        },
    )
}

fn identify_frames(pair: &Pair<'_>) -> Impact {
    Impact::safe(
        Records::None,
        if pair.candidate.organic.identify_frames {
            "a page in a frame may get a new id, too; who has an id keeps it"
        } else {
            "a page in a frame gets no new id; who has an id keeps it"
        },
    )
}

fn ts_prefixes(_: &Pair<'_>) -> Impact {
    Impact::safe(
        Records::None,
        "other paths below `/_ts/` reach the origin, without `Authorization`; all others are answered with 404 by the service",
    )
}

fn origin_limit(_: &Pair<'_>) -> Impact {
    Impact::safe(
        Records::None,
        "an origin that is slow is waited for for another time: a page that it has not begun by then is a 504, one that it has begun breaks off",
    )
}

fn call_timeout(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.store.call_timeout);
    let why = if to < from {
        "a slow store is given up on earlier; a write whose answer did not come may have happened, and is looked for before it is made again"
    } else {
        "a slow store is waited for longer"
    };
    Impact::safe(Records::None, why)
}

fn cors_max_age(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.identify.cors_max_age);
    Impact::safe(
        Records::None,
        format!(
            "browsers ask again after {to} whether a page may identify; an earlier answer holds for up to {from}"
        ),
    )
}

fn id_chars(pair: &Pair<'_>) -> Impact {
    let [from, to] = [pair.deployed, pair.candidate].map(|policy| policy.log.id_chars);
    let why = if to > from {
        format!(
            "log lines show {to} characters of an id: more of a user in every place that keeps logs, for as long as it keeps them"
        )
    } else {
        format!("log lines show {to} characters of an id; those written before show {from}")
    };
    Impact::safe(Records::None, why)
}

/// What the native server, or its store, takes up when it starts.
fn native(what: &str) -> Impact {
    Impact::safe(
        Records::None,
        format!("{what}, from the next start of the native server on; the edge does not read it"),
    )
    .mixed("each server has its own")
}

fn commit_writes(_: &Pair<'_>) -> Impact {
    native("as many writes share a commit to disk; what was acknowledged is on disk either way")
}

fn sweep_per_write(pair: &Pair<'_>) -> Impact {
    native(if pair.candidate.local.sweep_per_write == 0 {
        "the bytes of expired records stay on disk, though nothing reads them"
    } else {
        "the bytes of expired records go from the disk at another pace"
    })
}

fn outbox_withdrawals(pair: &Pair<'_>) -> Impact {
    native(if pair.candidate.local.outbox_withdrawals == 0 {
        "withdrawals that the store does not take are kept nowhere; those in the outbox are still delivered"
    } else {
        "another number of withdrawals that the store does not take is kept until it does"
    })
}

fn cache_mib(_: &Pair<'_>) -> Impact {
    native("the embedded store keeps another amount of pages in memory")
}

fn recent_records(_: &Pair<'_>) -> Impact {
    native("the embedded store caches another number of records, and answers the same")
}

fn password(_: &Pair<'_>) -> Impact {
    native(
        "the server that holds a shared store is asked with another password: one that it refuses leaves every page without an identity",
    )
}

fn connections(_: &Pair<'_>) -> Impact {
    native("calls of a shared store go over another number of connections")
}

fn connecting(_: &Pair<'_>) -> Impact {
    native(
        "a connection to a shared store that is lost is made again at another pace; calls fail meanwhile, and pages go on without an identity",
    )
}

fn min_replicas_to_write(_: &Pair<'_>) -> Impact {
    native(
        "another number is held against the configuration of the server that holds a shared store, which alone decides what a fail-over loses",
    )
}

fn store_calls(_: &Pair<'_>) -> Impact {
    native("another number of store calls is under way at once, and further ones wait")
}

fn trusted_proxies(_: &Pair<'_>) -> Impact {
    native(
        "new ids are made from the address that these proxies report (`X-Forwarded-For`), and no one else's; a proxy that is left out becomes the address of all its users, and one that is trusted wrongly can name any. Ids in cookies stay as they are",
    )
}

fn max_connections(_: &Pair<'_>) -> Impact {
    native("another number of connections is served at once, and further ones wait")
}

fn request_timeout(_: &Pair<'_>) -> Impact {
    native("a client that makes no progress is hung up on after another time")
}

fn min_bytes_per_second(_: &Pair<'_>) -> Impact {
    native("a client that sends or reads slowly is hung up on at another rate")
}

fn max_header_bytes(_: &Pair<'_>) -> Impact {
    native("a request with a longer head is refused; long consent cookies count")
}

fn shutdown_grace(_: &Pair<'_>) -> Impact {
    native("requests under way have another time limit when the server stops")
}

fn bundle_place(_: &Pair<'_>) -> Impact {
    Impact::safe(
        Records::None,
        "the edge looks for a bundle that replaces its own in another place, from the next deploy on: what was put in the old place no longer counts, and what is in the new one is effective instead of the candidate. Check what that place holds first; the native server does not read it",
    )
    .mixed("machines may be under two bundles: compare them by `ec plan` as well")
}

fn rate_counter(_: &Pair<'_>) -> Impact {
    Impact::safe(
        Records::None,
        "the edge counts partners' requests from zero, so that a partner may once make up to twice as many in `sync.rate_window`; the native server does not read it",
    )
}
