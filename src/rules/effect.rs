//! Settings that somebody wrote and that the rest of the policy leaves without effect.

use crate::diagnostic::{Code, Diagnostic};
use crate::policy::EcPolicy;
use crate::policy::layers::LayerName;
use crate::policy::resolve::Resolved;
use crate::policy::settings::{Jitter, Unchanged};
use crate::policy::types::EdgeWindow;

/// A setting that does nothing under some value of another.
struct Idle {
    key: &'static str,
    because_of: &'static str,
    when: fn(&EcPolicy) -> bool,
    help: &'static str,
}

const IDLE: [Idle; 3] = [
    Idle {
        key: "sync.refresh_after",
        because_of: "sync.unchanged",
        when: |policy| policy.sync.unchanged != Unchanged::Refresh,
        help: "set `sync.unchanged = \"refresh\"`, or remove `sync.refresh_after`",
    },
    Idle {
        key: "cas.max_backoff",
        because_of: "cas.backoff",
        when: |policy| {
            policy.cas.backoff.duration().is_zero() && !policy.cas.max_backoff.duration().is_zero()
        },
        help: "set `cas.backoff` to the first wait, as `20ms`",
    },
    Idle {
        key: "cas.jitter",
        because_of: "cas.backoff",
        when: |policy| policy.cas.backoff.duration().is_zero() && policy.cas.jitter == Jitter::None,
        help: "set `cas.backoff` to the first wait, as `20ms`",
    },
];

pub(super) fn check(resolved: &Resolved) -> Vec<Diagnostic> {
    let idle = IDLE.iter().filter_map(|rule| idle(resolved, rule));
    idle.chain(wait_never_grows(resolved))
        .chain(no_such_window(resolved))
        .collect()
}

fn idle(resolved: &Resolved, rule: &Idle) -> Option<Diagnostic> {
    let value = resolved.value(rule.key)?;
    let cause = resolved.value(rule.because_of)?;
    if value.origin.layer == LayerName::Default || !(rule.when)(&resolved.policy) {
        return None;
    }
    let message = format!(
        "`{}` has no effect while `{}` is {}",
        rule.key,
        rule.because_of,
        quoted(&cause.value)
    );
    Some(
        Diagnostic::warning(Code::NoEffect, message)
            .about(format!("ec.{}", rule.key))
            .at(value.origin.place.clone())
            .at(cause.origin.place.clone())
            .with_help(rule.help),
    )
}

fn wait_never_grows(resolved: &Resolved) -> Option<Diagnostic> {
    let cas = &resolved.policy.cas;
    let (first, greatest) = (
        resolved.value("cas.backoff")?,
        resolved.value("cas.max_backoff")?,
    );
    if cas.max_backoff >= cas.backoff {
        return None;
    }
    let message = format!(
        "`cas.max_backoff` ({}) cuts the first wait of `cas.backoff` ({}): every wait is at most {}",
        quoted(&greatest.value),
        quoted(&first.value),
        cas.max_backoff
    );
    let places = [&greatest.origin.place, &first.origin.place];
    let mut finding = Diagnostic::warning(Code::WaitNeverGrows, message)
        .about("ec.cas.max_backoff")
        .with_help(format!(
            "raise `cas.max_backoff` above {}, as `200ms`",
            cas.backoff
        ));
    for place in places {
        finding = finding.at(place.clone());
    }
    Some(finding)
}

fn no_such_window(resolved: &Resolved) -> Option<Diagnostic> {
    let length = resolved.policy.sync.rate_window;
    let counted = EdgeWindow::of(length).err()?;
    let value = resolved.value("sync.rate_window")?;
    let message = format!(
        "the edge's rate limiter has no window of {}: there {} count",
        quoted(&value.value),
        counted.length()
    );
    Some(
        Diagnostic::warning(Code::NoSuchWindow, message)
            .about("ec.sync.rate_window")
            .at(value.origin.place.clone())
            .with_help("write `1s`, `10s` or `60s`, and `sync.rate_limit` for that"),
    )
}

fn quoted(value: &crate::policy::value::Value) -> String {
    format!("`{}`", value.to_string().trim_matches('"'))
}
