//! `docs/metrics.md`: every metric, from the server's registry, and the alerts to set.

use std::collections::BTreeSet;
use std::process::Command;

use edge_cookie_server::{MetricInfo, Metrics};

use super::alerts::{ALERTS, Alert};
use super::page::{self, capitalised, code, table};

/// More of a metric than its help says: the values of its labels, and what to make of it.
const DETAILS: &[(&str, &str)] = &[
    (
        "ec_requests_total",
        "`route` is a path of the service (`/_ts/api/v1/identify`), or `organic` for a page",
    ),
    (
        "ec_operations_total",
        "`operation` is one of the operations on a record, `outcome` how it ended, as `ec apply --output jsonl` names it",
    ),
    (
        "ec_store_call_seconds",
        "`store` is `ec_store` or `partner_store`, `call` is `lookup`, `exists`, `insert`, `delete` or `list`. Failed calls and the wait for `local.store_calls` are included",
    ),
    (
        "ec_partner_outcomes_total",
        "batch sync: mappings, `accepted` or the reason why not; a batch that is refused as a whole counts once. Identify: requests, `found`, `not_found`, `no_ec_id`, `consent_denied` or why the store failed. The first 100 partners that the policy declares are counted by name; all others, those in the store among them, as `other`",
    ),
    (
        "ec_consent_undecodable_total",
        "such a signal grants nothing, and what it refuses before the fault counts. `section` is the number in the registry of GPP, `none` for a whole signal, `other` beyond the registry. The first 16 of a request are counted, and logged with the position",
    ),
    (
        "ec_consent_rejected_total",
        "TCF strings with consent to purpose 1 are meant; `reason` is the rule (`tcf.too_old`, `tcf.policy_version`, …). This is what `consent.tcf_max_age`, `consent.clock_skew` and `consent.tcf_validity` cost. Each request with such a string counts once",
    ),
    (
        "ec_troubles_total",
        "`kind` is `budget_spent` (a page went on without an identity), `id_not_delivered` (the client left before its new id was sent, and the record was removed), `record_of_nobody` (likewise, and the record could not be removed), `shared_cookie` (the origin sets a cookie on an answer that caches may keep), `too_many_invalid_tokens` (a token was refused before the store was read), `partner_lookup_failed`",
    ),
    (
        "ec_failed_withdrawals_total",
        "those that the outbox then kept are included: `ec_outbox_taken_total` counts them",
    ),
    ("ec_build_info", "the value is 1"),
    (
        "ec_policy",
        "the value is 1; `digest` is the mark that records carry",
    ),
    (
        "ec_candidate_policy",
        "as `ec_policy`; absent without a rollout",
    ),
];

#[test]
fn the_page_of_metrics_is_the_codes_own() {
    let metrics = Metrics::default();
    page::check(
        "docs/metrics.md",
        &[("metrics", overview(metrics.known())), ("alerts", alerts())],
    );
    let path = concat!(env!("REPOSITORY"), "/deploy/alerts.yaml");
    let before = std::fs::read_to_string(path).unwrap_or_default();
    page::compare("deploy/alerts.yaml", &before, &rule_file());
}

#[test]
fn details_and_alerts_are_about_metrics_and_labels_that_exist() {
    let metrics = Metrics::default();
    for (name, _) in DETAILS {
        assert!(
            metrics.known().iter().any(|known| known.name == *name),
            "{name}"
        );
    }
    for alert in ALERTS {
        let mut used = 0;
        for selector in selectors(alert.expr) {
            let (name, labels) = selector.split_once('{').unwrap_or((&selector, ""));
            let name = name.trim_end_matches("_bucket");
            let known = metrics.known().iter().find(|known| known.name == name);
            let known = known.unwrap_or_else(|| panic!("{}: `{name}`", alert.name));
            for label in labels
                .split(',')
                .filter_map(|part| part.split(['=', '!']).next())
            {
                let exists = label.is_empty() || known.labels.contains(&label);
                assert!(exists, "{}: `{label}` of `{name}`", alert.name);
            }
            used += 1;
        }
        assert!(used > 0, "{}", alert.name);
    }
    let names: BTreeSet<&str> = ALERTS.iter().map(|alert| alert.name).collect();
    assert_eq!(names.len(), ALERTS.len());
}

/// The metrics of an expression, each with what is between its braces.
fn selectors(expr: &str) -> Vec<String> {
    let starts = expr.match_indices("ec_").map(|(at, _)| at);
    let starts = starts.filter(|at| {
        let before = expr.get(..*at).unwrap_or_default().chars().last();
        before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_')
    });
    let selector = |at: usize| {
        let rest = expr.get(at..).unwrap_or_default();
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let name: String = rest.chars().take_while(|letter| is_name(*letter)).collect();
        match rest
            .strip_prefix(&*name)
            .and_then(|rest| rest.strip_prefix('{'))
        {
            Some(labels) => format!("{name}{{{}", labels.split('}').next().unwrap()),
            None => name,
        }
    };
    starts.map(selector).collect()
}

/// Debian's `prometheus` has the parser of rule files.
#[test]
fn prometheus_reads_the_alerts() {
    let path = concat!(env!("REPOSITORY"), "/deploy/alerts.yaml");
    let Ok(checked) = Command::new("promtool")
        .args(["check", "rules", path])
        .output()
    else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "there is no `promtool`, which CI must have"
        );
        eprintln!("LEFT OUT: there is no `promtool`: install it, as Debian's `prometheus`");
        return;
    };
    assert!(checked.status.success(), "{checked:?}");
}

fn overview(known: &[MetricInfo]) -> String {
    let rows = known.iter().map(|metric| {
        let labels: Vec<String> = metric.labels.iter().map(|label| code(label)).collect();
        let more = DETAILS.iter().find(|(name, _)| *name == metric.name);
        let more = more.map_or_else(String::new, |(_, more)| format!(". {}", capitalised(more)));
        vec![
            code(&metric.name),
            metric.kind.clone(),
            labels.join(", "),
            format!("{}{more}", metric.help),
        ]
    });
    table(&["metric", "type", "labels", "what it counts"], rows)
}

fn alerts() -> String {
    let alert = |alert: &Alert| {
        format!(
            "\n### `{}`\n\n```promql\n{}\n```\n\n- **For**: {}, **severity**: {}\n- **Means**: {}\n- **Do**: {}\n",
            alert.name, alert.expr, alert.wait, alert.severity, alert.summary, alert.action
        )
    };
    ALERTS.iter().map(alert).collect::<String>() + "\n"
}

/// The alerts as a rule file of Prometheus; JSON's strings are YAML's.
fn rule_file() -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let rule = |alert: &Alert| {
        format!(
            "      - alert: {}\n        expr: {}\n        for: {}\n        labels:\n          severity: {}\n        annotations:\n          summary: {}\n          action: {}\n",
            alert.name,
            quoted(alert.expr),
            alert.wait,
            alert.severity,
            quoted(alert.summary),
            quoted(alert.action)
        )
    };
    let rules: String = ALERTS.iter().map(rule).collect();
    format!(
        "# Alerts on the metrics of `ec serve`, explained in docs/metrics.md. Generated: edit tests/pages/alerts.rs, then run\n# `UPDATE_DOCS=1 cargo test --test program pages::`.\ngroups:\n  - name: edge-cookie\n    rules:\n{rules}"
    )
}
