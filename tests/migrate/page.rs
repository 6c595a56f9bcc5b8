//! The commands of docs/migrating.md, as readers paste them.

use std::path::Path;
use std::process::Command;

use super::site::{Site, ec};
use super::support::*;

/// A block of the page about moving, as readers paste it.
pub fn block(name: &str) -> String {
    let page = include_str!("../../docs/migrating.md");
    let begin = format!("<!-- {name}: run by tests/migrate.rs -->\n```sh\n");
    let (_, rest) = page.split_once(&begin).unwrap();
    let (lines, _) = rest.split_once("```\n").unwrap();
    lines.to_owned()
}

#[test]
fn the_lines_of_the_page_about_moving_work_as_pasted() {
    let site = Site::new(EC);
    let folder = Path::new(&ec()).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap();
    let mut places = vec![folder];
    places.extend(std::env::split_paths(&path));
    let run = |lines: &str| {
        let ran = Command::new("bash")
            .current_dir(site.path())
            .args(["-euo", "pipefail", "-c", lines])
            .env("PATH", std::env::join_paths(&places).unwrap())
            .env_remove("EC_PROFILE")
            .output()
            .unwrap();
        assert!(ran.status.success(), "{lines}\n{}", printed(&ran));
        out(&ran)
    };
    let moved = run(&block("move"));
    assert!(moved.contains("wrote trusted-server.toml"), "{moved}");
    assert!(moved.contains("production: no errors"), "{moved}");
    let plan = run(&block("plan"));
    // The records, the cookie and the ids are the same before and after.
    for key in [
        "ec_store",
        "passphrase",
        "cookie.name",
        "cookie.max_age",
        "id.",
    ] {
        assert!(!plan.lines().any(|line| line.starts_with(key)), "{plan}");
    }
    assert!(plan.contains("entry.renewal"), "{plan}");
    site.write("trusted-server.before.toml", EC);
    let moved = run(&block("move-plan"));
    assert!(moved.contains("ids: users keep their ids"), "{moved}");
    assert!(moved.contains("entry.renewal"), "{moved}");
    assert!(block("serve").contains("ec serve --geo US-CA"));
}
