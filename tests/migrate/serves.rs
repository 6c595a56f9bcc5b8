//! The results serve.

use std::process::Command;

use super::page::block;
use super::running::Running;
use super::site::ec;
use super::support::*;

#[test]
fn it_serves_with_the_secrets_that_were_in_the_file() {
    for config in LAYOUTS {
        let (site, _) = migrated(config);
        let mut serve = Command::new("sh");
        serve
            .current_dir(site.path())
            .args([
                "-c",
                &block("serve").replace(
                    "ec serve",
                    "exec \"$0\" serve --store memory --addr 127.0.0.1:0",
                ),
            ])
            .arg(ec())
            .env_remove("EC_PROFILE");
        let mut running = Running::start(&mut serve);
        let url = running.url();
        let health = fetched(&format!("{url}/_ts/health"));
        assert!(health.contains("\"ok\""), "{health}");
    }
}

fn fetched(url: &str) -> String {
    let ran = Command::new("curl")
        .args(["-s", "--max-time", "60", url])
        .output()
        .unwrap();
    out(&ran)
}
