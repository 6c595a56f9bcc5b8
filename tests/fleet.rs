//! A deployed profile and the one it was made from: in what it is weaker on withdrawals.

use crate::support::publisher;

use edge_cookie::diagnostic::{Code, Diagnostic};
use publisher::Publisher;

const DEPLOYED: &str = "deploy = true\n";

/// The findings about a profile that is weaker than the one it inherits from.
fn weaker(ancestor: &str, deploy: &str, own: &str) -> Vec<Diagnostic> {
    let base = format!("[ec]\n{ancestor}\n");
    let stores = "[ec]\nec_store = \"graph\"\npartner_store = \"partners\"\n";
    let sample = format!("inherits = \"base\"\n{deploy}{stores}{own}\n");
    let files = [
        ("policies/base.toml", base.as_str()),
        ("policies/sample.toml", sample.as_str()),
    ];
    let publisher = Publisher {
        files: &files,
        ..Publisher::default()
    };
    let mut found = publisher.findings("sample");
    found.retain(|finding| finding.code == Code::WeakerThanAncestor);
    found
}

#[test]
fn a_deployed_profile_is_weaker_where_withdrawals_count_for_less_than_before() {
    // What the ancestor says, what the profile says, and the settings in which that is weaker.
    let cases: &[(&str, &str, &[&str])] = &[
        // Remembered for less long.
        (
            r#"tombstone.ttl = "48h""#,
            r#"tombstone.ttl = "47h""#,
            &["tombstone.ttl"],
        ),
        (r#"tombstone.ttl = "48h""#, r#"tombstone.ttl = "2d""#, &[]),
        (r#"tombstone.ttl = "48h""#, r#"tombstone.ttl = "49h""#, &[]),
        // Undone by a sync.
        (
            r#"sync.on_missing = "reject""#,
            r#"sync.on_missing = "create_minimal""#,
            &["sync.on_missing"],
        ),
        (
            r#"sync.on_missing = "reject""#,
            r#"sync.on_missing = "reject""#,
            &[],
        ),
        (
            r#"sync.on_missing = "create_minimal""#,
            r#"sync.on_missing = "create_minimal""#,
            &[],
        ),
        (
            r#"sync.on_missing = "create_minimal""#,
            r#"sync.on_missing = "reject""#,
            &[],
        ),
        // Undone by a later sync, where a sync can undo it.
        (
            r#"sync = { on_missing = "create_minimal", max_age = "24h" }"#,
            r#"sync.max_age = "25h""#,
            &["sync.max_age"],
        ),
        (
            r#"sync = { on_missing = "create_minimal", max_age = "24h" }"#,
            r#"sync.max_age = "none""#,
            &["sync.max_age"],
        ),
        (
            r#"sync = { on_missing = "create_minimal", max_age = "24h" }"#,
            r#"sync.max_age = "1d""#,
            &[],
        ),
        (
            r#"sync = { on_missing = "create_minimal", max_age = "24h" }"#,
            r#"sync.max_age = "23h""#,
            &[],
        ),
        (
            r#"sync = { on_missing = "create_minimal", max_age = "24h" }"#,
            r#"sync = { on_missing = "reject", max_age = "25h" }"#,
            &[],
        ),
        (
            r#"sync = { on_missing = "reject", max_age = "24h" }"#,
            r#"sync = { on_missing = "create_minimal", max_age = "none" }"#,
            &["sync.max_age", "sync.on_missing"],
        ),
        // An erased user written back.
        (
            r#"delete.mode = "tombstone""#,
            r#"delete.mode = "hard""#,
            &["delete.mode"],
        ),
        (r#"delete.mode = "hard""#, r#"delete.mode = "hard""#, &[]),
        (
            r#"delete.mode = "tombstone""#,
            r#"delete.mode = "tombstone""#,
            &[],
        ),
        (
            r#"delete.mode = "hard""#,
            r#"delete.mode = "tombstone""#,
            &[],
        ),
        // A failed withdrawal that is not tried again.
        (
            r#"cookie.on_failed_withdrawal = "keep""#,
            r#"cookie.on_failed_withdrawal = "expire""#,
            &["cookie.on_failed_withdrawal"],
        ),
        (
            r#"cookie.on_failed_withdrawal = "expire""#,
            r#"cookie.on_failed_withdrawal = "expire""#,
            &[],
        ),
        (
            r#"cookie.on_failed_withdrawal = "keep""#,
            r#"cookie.on_failed_withdrawal = "keep""#,
            &[],
        ),
        (
            r#"cookie.on_failed_withdrawal = "expire""#,
            r#"cookie.on_failed_withdrawal = "keep""#,
            &[],
        ),
        // Refusals that count in fewer places.
        (
            r#"consent.honour_refusals = "everywhere""#,
            r#"consent.honour_refusals = "by_place""#,
            &["consent.honour_refusals"],
        ),
        (
            r#"consent.honour_refusals = "by_place""#,
            r#"consent.honour_refusals = "by_place""#,
            &[],
        ),
        (
            r#"consent.honour_refusals = "everywhere""#,
            r#"consent.honour_refusals = "everywhere""#,
            &[],
        ),
        (
            r#"consent.honour_refusals = "by_place""#,
            r#"consent.honour_refusals = "everywhere""#,
            &[],
        ),
        // Laws that apply in fewer places.
        (
            r#"consent.gdpr_countries = ["DE", "FR"]"#,
            r#"consent.gdpr_countries = ["DE", "ES"]"#,
            &["consent.gdpr_countries"],
        ),
        (
            r#"consent.gdpr_countries = ["DE", "FR"]"#,
            r#"consent.gdpr_countries = ["FR", "ES", "DE"]"#,
            &[],
        ),
        (
            r#"consent.us_states = ["CA", "CO"]"#,
            r#"consent.us_states = ["CO"]"#,
            &["consent.us_states"],
        ),
        (
            r#"consent.us_states = ["CA"]"#,
            r#"consent.us_states = ["CA", "CO"]"#,
            &[],
        ),
    ];
    for (ancestor, own, expected) in cases {
        let found = weaker(ancestor, DEPLOYED, own);
        let mut about: Vec<&str> = found
            .iter()
            .map(|finding| finding.key.as_deref().unwrap())
            .collect();
        about.sort_unstable();
        let expected: Vec<String> = expected.iter().map(|key| format!("ec.{key}")).collect();
        assert_eq!(about, expected, "{ancestor}: {own}");
        // A profile that is not deployed has no users.
        assert_eq!(weaker(ancestor, "", own), [], "{ancestor}: {own}");
    }
}
