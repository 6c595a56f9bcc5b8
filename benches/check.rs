//! How long `ec check` takes: for one profile, and for a fleet of 1,000 that inherit from one.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use edge_cookie::config::{Loaded, PolicyFiles, PolicySources};

const FLEET: usize = 1_000;

const PRODUCTION: &str = include_str!("../policies/production.toml");

/// A fleet whose first profile is production, and whose others inherit from it.
fn fleet(folder: &Path, size: usize) -> PolicySources {
    let policies = folder.join("policies");
    let config = folder.join("trusted-server.toml");
    let written = fs::create_dir_all(&policies)
        .and_then(|()| fs::write(&config, "[ec]\n"))
        .and_then(|()| fs::write(policies.join("production.toml"), PRODUCTION))
        .and_then(|()| {
            (1..size).try_for_each(|number| {
                let profile = format!(
                    "inherits = \"production\"\ndeploy = true\n[ec]\nec_store = \"graph_{number}\"\n\
                     partner_store = \"partners_{number}\"\npassphrase = {{ env = \"PASSPHRASE\" }}\n\
                     [ec.local]\ngeo = \"US-CA\"\n"
                );
                fs::write(policies.join(format!("site-{number}.toml")), profile)
            })
        });
    assert!(written.is_ok(), "{written:?}");
    PolicySources {
        config,
        policies,
        ..PolicySources::default()
    }
}

fn all(written: &PolicySources) -> Vec<Loaded> {
    let checked = PolicyFiles::open(written.clone()).and_then(|mut files| files.load_all());
    checked.unwrap_or_default()
}

fn check(criterion: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("edge-cookie-check-{}", std::process::id()));
    for (name, size) in [("one profile", 1), ("1,000 profiles", FLEET)] {
        let written = fleet(&folder.join(size.to_string()), size);
        let checked = all(&written);
        assert_eq!(checked.len(), size);
        assert!(
            checked
                .iter()
                .all(|loaded| loaded.resolved.findings.is_empty())
        );
        criterion.bench_function(name, |bencher| bencher.iter(|| black_box(all(&written))));
    }
    // What is left of it does no harm.
    let _ = fs::remove_dir_all(&folder);
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = check
}
criterion_main!(benches);
