//! Alerts on a server's metrics: `docs/metrics.md` explains them, `deploy/alerts.yaml` has them for Prometheus.

/// An alert worth setting.
pub struct Alert {
    pub name: &'static str,
    /// The condition, in `PromQL`.
    pub expr: &'static str,
    /// How long it must hold.
    pub wait: &'static str,
    /// `critical` asks for someone now, `warning` for someone on the next working day.
    pub severity: &'static str,
    /// What is wrong.
    pub summary: &'static str,
    /// What to do.
    pub action: &'static str,
}

const CRITICAL: &str = "critical";
const WARNING: &str = "warning";

pub const ALERTS: &[Alert] = &[
    Alert {
        name: "EcNoServer",
        expr: "absent(ec_build_info)",
        wait: "5m",
        severity: CRITICAL,
        summary: "no server's metrics can be read",
        action: "check that `ec serve` runs with `--metrics-addr`, and that Prometheus reaches it",
    },
    Alert {
        name: "EcOutboxRefuses",
        expr: "increase(ec_outbox_refused_total[15m]) > 0",
        wait: "0m",
        severity: CRITICAL,
        summary: "the outbox is full: withdrawals are neither stored nor kept, and cookies stay until the browser's next request",
        action: "bring the store back, or raise `local.outbox_withdrawals` and restart",
    },
    Alert {
        name: "EcOutboxFills",
        expr: "ec_outbox_withdrawals / ec_outbox_bound > 0.5",
        wait: "5m",
        severity: WARNING,
        summary: "withdrawals wait for a store, and the outbox is half full",
        action: "run `ec status`: it names the store that fails and why",
    },
    Alert {
        name: "EcWithdrawalWaits",
        expr: "time() - (ec_outbox_oldest_timestamp_seconds > 0) > 900",
        wait: "5m",
        severity: CRITICAL,
        summary: "a withdrawal has waited for over 15 minutes",
        action: "run `ec status`: it names the store that fails and why",
    },
    Alert {
        name: "EcOutboxDamaged",
        expr: "ec_outbox_damaged > 0",
        wait: "0m",
        severity: CRITICAL,
        summary: "records in the outbox cannot be read",
        action: "check the disk; the log names the file",
    },
    Alert {
        name: "EcWithdrawalsFail",
        expr: "increase(ec_failed_withdrawals_total[15m]) > 0",
        wait: "15m",
        severity: WARNING,
        summary: "withdrawals fail in the store and depend on the outbox",
        action: "look at the store's own metrics and at `ec_store_call_seconds`",
    },
    Alert {
        name: "EcOperationsFail",
        expr: "sum(rate(ec_operations_total{outcome=~\"kv_unavailable|retries_exhausted|rate_limited\"}[5m])) / sum(rate(ec_operations_total[5m])) > 0.01",
        wait: "10m",
        severity: CRITICAL,
        summary: "more than 1 % of the operations on records fail",
        action: "`kv_unavailable`: bring the store back; `retries_exhausted` and `rate_limited`: look for one record that many requests write",
    },
    Alert {
        name: "EcStoreSlow",
        expr: "histogram_quantile(0.99, sum by (le, store) (rate(ec_store_call_seconds_bucket[5m]))) > 0.1",
        wait: "10m",
        severity: WARNING,
        summary: "1 % of the store's calls take longer than the default `organic.budget`: pages go on without an identity",
        action: "look at the store's load, at its disk, and at `local.store_calls`",
    },
    Alert {
        name: "EcPagesWithoutIdentity",
        expr: "sum(rate(ec_troubles_total{kind=\"budget_spent\"}[5m])) / sum(rate(ec_requests_total{route=\"organic\"}[5m])) > 0.01",
        wait: "10m",
        severity: WARNING,
        summary: "more than 1 % of the pages are served without an identity, since `organic.budget` is spent",
        action: "see `EcStoreSlow`",
    },
    Alert {
        name: "EcServiceErrors",
        expr: "sum by (route) (rate(ec_requests_total{route!~\"organic|/_ts/health\",status=~\"5..\"}[5m])) / sum by (route) (rate(ec_requests_total{route!~\"organic|/_ts/health\"}[5m])) > 0.05",
        wait: "10m",
        severity: WARNING,
        summary: "more than 5 % of a route's answers are server errors (a page's may be the origin's own)",
        action: "read the log: each failed request has a line with the reason",
    },
    Alert {
        name: "EcPolicyNotReloaded",
        expr: "increase(ec_policy_reload_failures_total[10m]) > 0",
        wait: "0m",
        severity: WARNING,
        summary: "a changed policy cannot be used; the previous one stays active",
        action: "run `ec status`, fix what it names, and send `SIGHUP` again",
    },
    Alert {
        name: "EcPoliciesDiffer",
        expr: "count(count by (digest) (ec_build_info)) > 1",
        wait: "30m",
        severity: WARNING,
        summary: "servers have run different policies for half an hour",
        action: "compare the `digest` of `ec_build_info`, and reload those that were left behind",
    },
    Alert {
        name: "EcPartnerRefused",
        expr: "sum by (partner) (rate(ec_partner_outcomes_total{route=\"/_ts/api/v1/batch-sync\",outcome!=\"accepted\"}[30m])) / sum by (partner) (rate(ec_partner_outcomes_total{route=\"/_ts/api/v1/batch-sync\"}[30m])) > 0.5",
        wait: "1h",
        severity: WARNING,
        summary: "more than half of what a partner syncs is refused",
        action: "look at the `outcome` label, and inform the partner",
    },
    Alert {
        name: "EcConsentUndecodable",
        expr: "sum by (signal) (rate(ec_consent_undecodable_total[1h])) / scalar(sum(rate(ec_requests_total{route=\"organic\"}[1h]))) > 0.01",
        wait: "1h",
        severity: WARNING,
        summary: "consent signals cannot be decoded, so users who agreed get no id",
        action: "give a value from the log to `ec consent explain`, and check the consent platform's configuration",
    },
    Alert {
        name: "EcLogDropped",
        expr: "increase(ec_log_dropped_total[15m]) > 0",
        wait: "0m",
        severity: WARNING,
        summary: "log lines are dropped: what reads them is too slow, or the disk is full",
        action: "check what reads standard error",
    },
];
