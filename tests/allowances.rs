//! Allowances: what each silences or lowers, for whom it holds, and what is no allowance.

use crate::support::publisher;

use edge_cookie::diagnostic::{Code, Diagnostic, Severity};
use publisher::{Publisher, messages};

fn findings(files: &[(&str, &str)], profile: &str) -> Vec<Diagnostic> {
    let publisher = Publisher {
        files,
        ..Publisher::default()
    };
    publisher.findings(profile)
}

/// What is found of a profile of this text.
fn of_profile(text: &str) -> Vec<Diagnostic> {
    findings(&[("policies/sample.toml", text)], "sample")
}

/// How much each finding of a code weighs.
fn weights(findings: &[Diagnostic], code: Code) -> Vec<Severity> {
    findings
        .iter()
        .filter(|finding| finding.code == code)
        .map(|finding| finding.severity)
        .collect()
}

/// An allowance of a code, with a reason.
fn allowance(code: Code, severity: &str) -> String {
    format!("[[ec.allow]]\ncode = \"{code}\"\nreason = \"no user is real\"\n{severity}\n")
}

#[test]
fn an_allowance_silences_and_one_with_a_severity_lowers_an_error() {
    // A warning: what is deleted leaves nothing. An error: one store for users and partners.
    let policy = "[ec]\ndelete.mode = \"hard\"\nec_store = \"graph\"\npartner_store = \"graph\"\n";
    let (warning, error) = (Code::HardDelete, Code::OneStoreForBoth);
    let lowers = "severity = \"warning\"";
    let cases: [(Code, &str, &[Severity], bool); 4] = [
        (warning, "", &[], false),
        (error, "", &[], false),
        (error, lowers, &[Severity::Warning], false),
        // There is nothing to lower of a warning.
        (warning, lowers, &[Severity::Warning], true),
    ];
    assert_eq!(weights(&of_profile(policy), warning), [Severity::Warning]);
    assert_eq!(weights(&of_profile(policy), error), [Severity::Error]);
    for (code, severity, expected, idle) in cases {
        let found = of_profile(&format!("{policy}{}", allowance(code, severity)));
        assert_eq!(weights(&found, code), expected, "{code} {severity}");
        let idles = weights(&found, Code::IdleAllowance).len();
        assert_eq!(idles, usize::from(idle), "{code} {severity}");
        assert_eq!(weights(&found, Code::BadAllowance), [], "{code} {severity}");
    }
}

#[test]
fn an_allowance_of_the_configuration_holds_where_no_profile_is() {
    let text = format!(
        "[ec]\ndelete.mode = \"hard\"\n{}",
        allowance(Code::HardDelete, "")
    );
    let config = [("trusted-server.toml", text.as_str())];
    let found = findings(&config, "development");
    assert_eq!(weights(&found, Code::HardDelete), []);
    assert_eq!(weights(&found, Code::BadAllowance), []);

    // It does not apply to a profile, and is refused where it is written.
    let with_profile = [config[0], ("policies/sample.toml", "[ec]\n")];
    let found = findings(&with_profile, "sample");
    assert_eq!(weights(&found, Code::HardDelete), [Severity::Warning]);
    let mut refused = found.iter();
    let refused = refused.find(|finding| finding.code == Code::BadAllowance);
    let place = refused.unwrap().places.first().unwrap();
    assert_eq!((place.line, place.column), (3, 1));
}

#[test]
fn what_reads_the_files_guardrails_and_allowances_cannot_be_allowed() {
    for code in Code::ALL {
        let found = of_profile(&allowance(*code, ""));
        let mut families = ["EC00", "EC06", "EC08"].iter();
        // What is found by looking secrets up or by merging layers is no matter of opinion, either.
        let fixed = families.any(|family| code.as_str().starts_with(family))
            || [Code::MissingSecret, Code::SharedDomain].contains(code);
        assert_eq!(
            weights(&found, Code::BadAllowance).len(),
            usize::from(fixed),
            "{code}"
        );
    }
    // The organisation's decision has priority.
    let config = "[ec.guardrails]\n\"entry.ttl\" = { max = \"395d\" }\n";
    let profile = format!(
        "[ec]\nentry.ttl = \"400d\"\n{}",
        allowance(Code::BeyondGuardrail, "")
    );
    let files = [
        ("trusted-server.toml", config),
        ("policies/sample.toml", &profile),
    ];
    let found = findings(&files, "sample");
    assert_eq!(weights(&found, Code::BeyondGuardrail), [Severity::Error]);
    assert_eq!(
        messages(&found, Code::BadAllowance),
        ["`EC0601` cannot be allowed: a value beyond a guardrail"]
    );
}

#[test]
fn an_allowance_that_cannot_be_used_says_why() {
    let severity = "the `severity` of an allowance can only be `warning`";
    let cases = [
        ("code = \"EC0205\"\nreason = \"a test needs it\"", None),
        ("code = \"ec0205\"\nreason = \"a test needs it\"", None),
        (
            "code = \"EC0402\"\nreason = \"a test needs it\"\nseverity = \"warning\"",
            None,
        ),
        (
            "code = \"EC0402\"\nreason = \"a test needs it\"\nseverity = \"error\"",
            Some(severity),
        ),
        (
            "code = \"EC0402\"\nreason = \"a test needs it\"\nseverity = 5",
            Some(severity),
        ),
        (
            "code = \"EC0205\"",
            Some("the allowance of `EC0205` gives no reason that a reviewer could weigh"),
        ),
        (
            "code = \"EC0205\"\nreason = \" \"",
            Some("the allowance of `EC0205` gives no reason that a reviewer could weigh"),
        ),
        (
            "code = \"EC9999\"\nreason = \"a test needs it\"",
            Some("`EC9999` is no rule's code: the allowance would silence nothing"),
        ),
        (
            "code = \"EC0205\"\nreason = \"a test needs it\"\nuntil = \"2027\"",
            Some("an allowance has no `until`"),
        ),
    ];
    for (fields, expected) in cases {
        let found = of_profile(&format!("[[ec.allow]]\n{fields}\n"));
        assert_eq!(
            messages(&found, Code::BadAllowance),
            expected.as_slice(),
            "{fields}"
        );
        // One that cannot be used silences nothing.
        if expected.is_some() {
            assert_eq!(
                weights(&found, Code::HardDelete),
                [Severity::Warning],
                "{fields}"
            );
        }
    }
    let found = of_profile("[ec]\nallow = 5\n");
    assert_eq!(
        messages(&found, Code::BadAllowance),
        ["`ec.allow` is a list of tables"]
    );
}
