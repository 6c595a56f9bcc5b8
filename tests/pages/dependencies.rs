//! `docs/dependencies.md`: each dependency of `Cargo.toml` has its reason.

use std::collections::BTreeSet;

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/{path}", env!("REPOSITORY"))).unwrap()
}

/// The names in a manifest's tables of dependencies, those of targets included.
fn dependencies(table: &toml::Table) -> BTreeSet<String> {
    let own = table.iter().flat_map(|(key, value)| {
        let value = value.as_table().cloned().unwrap_or_default();
        match &**key {
            "workspace" => (value
                .get("dependencies")
                .unwrap()
                .as_table()
                .unwrap()
                .keys())
            .filter(|name| !name.starts_with("edge-cookie"))
            .cloned()
            .collect(),
            "target" => value
                .values()
                .flat_map(|target| dependencies(target.as_table().unwrap()))
                .collect(),
            _ => Vec::new(),
        }
    });
    own.collect()
}

#[test]
fn each_dependency_has_a_reason() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let page = read("docs/dependencies.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let named = rows.flat_map(|row| {
        let crates = row.split('|').nth(1).unwrap();
        crates
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    assert_eq!(named.collect::<BTreeSet<_>>(), dependencies(&manifest));
}
