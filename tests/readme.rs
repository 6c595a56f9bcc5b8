//! What the README and the pages of `docs/` show runs: their `console` blocks, and the lines about the service.

use crate::harness::running;

use std::process::Command;

use running::{Running, serve_the_repository};

#[test]
fn what_the_documents_show_is_what_happens() {
    // The pages' commands name files of the repository.
    std::env::set_current_dir(env!("REPOSITORY")).unwrap();
    trycmd::TestCases::new()
        .case("README.md")
        .case("docs/*.md")
        .case("tests/cmd/*.md");
}

const SERVICE: &str = "<!-- service: run by tests/readme.rs -->\n```sh\n";

/// The lines that readers paste are run by a shell, one for one, against a server of the test's own.
#[test]
fn the_lines_about_the_service_work_as_pasted() {
    let root = env!("REPOSITORY");
    let page = std::fs::read_to_string(format!("{root}/docs/serving.md")).unwrap();
    let (_, rest) = page.split_once(SERVICE).unwrap();
    let (lines, _) = rest.split_once("```\n<!-- end of service -->").unwrap();
    let mut server = Running::start(&mut serve_the_repository());
    let script = format!(
        "set -euo pipefail\n{}",
        lines.replace("http://127.0.0.1:7676", &server.url())
    );
    let output = Command::new("bash").arg("-c").arg(script).output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    for said in [
        r#"{"accepted":1,"rejected":0,"errors":[]}"#,
        r#""uid":"abc123""#,
        "Max-Age=0",
        r#""state":"tombstone""#,
        r#""key":"ec.tombstone.ttl""#,
        r#""status":"ok""#,
    ] {
        assert!(out.contains(said), "{said} is not in {out}");
    }
}
