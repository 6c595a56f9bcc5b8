//! Settings that a layer sets and that the rest of the policy leaves without effect.

use super::{Find, Finding, Rule, Subject};
use crate::diagnostic::{Code, Severity};
use crate::policy::EcPolicy;
use crate::policy::layers::LayerName;
use crate::policy::settings::{Jitter, Renewal, Unchanged};
use crate::policy::types::EdgeWindow;

pub(super) const RULES: [Rule; 3] = [
    Rule {
        code: Code::WaitNeverGrows,
        severity: Severity::Warning,
        reason: "a longest wait below the first wait cuts every wait",
        protects: "the waits between retries: they double from `cas.backoff` up to `cas.max_backoff`, so that writers in conflict move apart",
        example: "[ec.cas]\nbackoff = \"50ms\"\nmax_backoff = \"10ms\"\n",
        consequence: "every wait is cut to `cas.max_backoff`; if that is `0ms`, a conflicting write is tried again at once, and conflicts with the same writer again",
        fix: "raise `cas.max_backoff` above `cas.backoff`",
        find: Find::By(wait_never_grows),
    },
    Rule {
        code: Code::NoEffect,
        severity: Severity::Warning,
        reason: "a setting that another one leaves without effect",
        protects: "readers of the policy: what it says is what it does",
        example: "[ec.sync]\nunchanged = \"skip\"\nrefresh_after = \"7d\"\n",
        consequence: "nothing happens to users; the author relies on a value that has no effect",
        fix: "set the other setting as well, or remove the line",
        find: Find::By(no_effect),
    },
    Rule {
        code: Code::NoSuchWindow,
        severity: Severity::Warning,
        reason: "the edge's rate limiter knows windows of 1 s, 10 s and 60 s only",
        protects: "partners' rate limit, which must be the same natively and at the edge",
        example: "[ec.sync]\nrate_window = \"30s\"\n",
        consequence: "at the edge the next longer window is used, so a partner is refused sooner than the policy says",
        fix: "write `1s`, `10s` or `60s`, and `sync.rate_limit` for that",
        find: Find::By(no_such_window),
    },
];

/// A setting that does nothing under some value of another.
struct Idle {
    key: &'static str,
    because_of: &'static str,
    when: fn(&EcPolicy) -> bool,
    help: &'static str,
}

const IDLE: [Idle; 4] = [
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
    Idle {
        key: "import.unknown_age",
        because_of: "entry.renewal",
        when: |policy| policy.entry.renewal == Renewal::FromCreation,
        help: "remove `import.unknown_age`: retention counts from `created`, which every record has",
    },
];

fn no_effect(subject: &Subject<'_>) -> Vec<Finding> {
    let written = |key: &str| {
        subject
            .resolved
            .value(key)
            .is_some_and(|value| value.origin.layer != LayerName::Default)
    };
    IDLE.iter()
        .filter(|idle| written(idle.key) && (idle.when)(subject.policy()))
        .map(|idle| {
            let message = format!(
                "`{}` has no effect while `{}` is {}",
                idle.key,
                idle.because_of,
                subject.value(idle.because_of)
            );
            Finding::new(&[idle.key, idle.because_of], message, idle.help)
        })
        .collect()
}

fn wait_never_grows(subject: &Subject<'_>) -> Vec<Finding> {
    let cas = &subject.policy().cas;
    if cas.max_backoff >= cas.backoff {
        return Vec::new();
    }
    let message = format!(
        "`cas.max_backoff` ({}) cuts the first wait of `cas.backoff` ({}): every wait is at most {}",
        subject.value("cas.max_backoff"),
        subject.value("cas.backoff"),
        cas.max_backoff
    );
    let help = format!("raise `cas.max_backoff` above {}, as `200ms`", cas.backoff);
    vec![Finding::new(
        &["cas.max_backoff", "cas.backoff"],
        message,
        help,
    )]
}

fn no_such_window(subject: &Subject<'_>) -> Vec<Finding> {
    let Err(counted) = EdgeWindow::of(subject.policy().sync.rate_window) else {
        return Vec::new();
    };
    let message = format!(
        "the edge's rate limiter has no window of {}, and uses {} instead",
        subject.value("sync.rate_window"),
        counted.length()
    );
    let help = "write `1s`, `10s` or `60s`, and `sync.rate_limit` for that";
    vec![Finding::new(&["sync.rate_window"], message, help)]
}
