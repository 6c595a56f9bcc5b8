//! Data flows one way: no module of the library imports from a higher one, and no crate has an import cycle. Between crates
//! Cargo itself refuses cycles.
//!
//! What counts is each path that begins with `crate`, `self` or `super` in the sources, but for comments, strings and unit
//! tests. A module and those inside it count as one: a parent may define what its children share.

use crate::support::sources::{code_of, rust_files};

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The modules of the library, each of which may import from those before it.
const ORDER: [&str; 16] = [
    "platform_facts",
    "clock",
    "printable",
    "redact",
    "diagnostic",
    "private_files",
    "promise",
    "record",
    "policy",
    "rules",
    "config",
    "engine",
    "store",
    "graph",
    "event",
    "",
];

/// A module by its path below its crate.
type Module = Vec<String>;

/// Which modules a module imports from, each with a file that does.
type Imports = BTreeMap<Module, BTreeMap<Module, PathBuf>>;

fn module_of(file: &Path, sources: &Path) -> Module {
    let below = file.strip_prefix(sources).unwrap().with_extension("");
    let mut module: Module = below
        .iter()
        .map(|name| name.to_str().unwrap().to_owned())
        .collect();
    if matches!(
        module.last().map(String::as_str),
        Some("mod" | "lib" | "main")
    ) {
        module.pop();
    }
    module
}

/// Every path of a `use` tree below `base`.
fn expand(base: &Module, tree: &str, paths: &mut BTreeSet<Module>) {
    let tree = tree.trim_start();
    if let Some(inside) = tree.strip_prefix('{') {
        let mut depth = 0_usize;
        let mut start = 0;
        for (at, letter) in inside.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' if depth == 0 => {
                    expand(base, &inside[start..at], paths);
                    start = at + 1;
                }
                '}' => {
                    expand(base, &inside[start..at], paths);
                    return;
                }
                _ => {}
            }
        }
        return;
    }
    let end = tree
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(tree.len());
    let (name, rest) = tree.split_at(end);
    let mut path = base.clone();
    if !name.is_empty() && name != "self" {
        path.push(name.to_owned());
    }
    match rest.strip_prefix("::") {
        Some(rest) => expand(&path, rest, paths),
        None => drop(paths.insert(path)),
    }
}

/// What the code of `module` names by `crate::`, `self::` and `super::`.
fn paths_in(code: &str, module: &Module) -> BTreeSet<Module> {
    let mut paths = BTreeSet::new();
    for (keyword, base) in [
        ("crate::", Module::new()),
        ("self::", module.clone()),
        (
            "super::",
            module
                .split_last()
                .map_or_else(Module::new, |(_, parent)| parent.to_vec()),
        ),
    ] {
        for (at, _) in code.match_indices(keyword) {
            // Not the end of another name, nor `$crate` of a macro, which means where the macro is used, nor `super::super`,
            // whose first `super` is followed here.
            let before = code[..at].chars().next_back();
            if before.is_some_and(|letter| letter.is_alphanumeric() || "_:$".contains(letter)) {
                continue;
            }
            let (mut base, mut rest) = (base.clone(), &code[at + keyword.len()..]);
            while let Some(further) = rest.strip_prefix("super::") {
                base.pop();
                rest = further;
            }
            expand(&base, rest, &mut paths);
        }
    }
    paths
}

/// The imports between the modules of a crate, each module named by at most `depth` names.
fn imports(sources: &Path, depth: usize) -> Imports {
    let files = rust_files(sources);
    let modules: BTreeSet<Module> = files.iter().map(|file| module_of(file, sources)).collect();
    let mut imports = Imports::new();
    for file in &files {
        let module = module_of(file, sources);
        let code = code_of(&std::fs::read_to_string(file).unwrap());
        for mut path in paths_in(&code, &module) {
            while !modules.contains(&path) {
                path.pop();
            }
            let [from, to] = [&module, &path].map(|module| {
                let kept = module.len().min(depth);
                module[..kept].to_vec()
            });
            if !from.starts_with(&to) && !to.starts_with(&from) {
                let to_file = imports.entry(from).or_default();
                to_file.entry(to).or_insert_with(|| file.clone());
            }
        }
    }
    imports
}

/// The modules that `from` reaches by imports.
fn reached(imports: &Imports, from: &Module) -> BTreeSet<Module> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from.clone()];
    while let Some(module) = next.pop() {
        for to in imports.get(&module).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(to.clone()) {
                next.push(to.clone());
            }
        }
    }
    reached
}

/// Each import that is part of a cycle.
fn cycles(imports: &Imports) -> Vec<String> {
    let mut found = Vec::new();
    for (from, all) in imports {
        for (to, file) in all {
            if reached(imports, to).contains(from) {
                let [from, to] = [from, to].map(|module| module.join("::"));
                found.push(format!("`{from}` imports from `{to}` ({})", file.display()));
            }
        }
    }
    found
}

fn crates() -> Vec<PathBuf> {
    let root = Path::new(env!("REPOSITORY"));
    let mut crates = vec![root.join("src")];
    for entry in std::fs::read_dir(root.join("crates")).unwrap() {
        crates.push(entry.unwrap().path().join("src"));
    }
    crates
}

#[test]
fn no_module_imports_from_a_higher_one() {
    let level = |module: &Module| {
        let name = module.first().map_or("", String::as_str);
        let level = ORDER.iter().position(|known| *known == name);
        level.unwrap_or_else(|| panic!("`src/{name}` is not in `ORDER`: give it a place there"))
    };
    let mut imported = 0;
    for (from, all) in imports(&crates()[0], 1) {
        for (to, file) in all {
            imported += 1;
            assert!(
                level(&to) < level(&from),
                "`{}` imports from the higher `{}`: {}",
                from.join("::"),
                to.join("::"),
                file.display()
            );
        }
    }
    assert!(imported > ORDER.len(), "only {imported} imports were found");
}

#[test]
fn no_crate_has_an_import_cycle() {
    for sources in crates() {
        let cycles = cycles(&imports(&sources, 2));
        assert!(cycles.is_empty(), "{}", cycles.join("\n"));
    }
}

#[test]
fn imports_are_found_in_trees_and_a_cycle_is_noticed() {
    let module = |path: &str| -> Module { path.split("::").map(str::to_owned).collect() };
    let code = code_of(
        "use crate::a::{self, B, c::{D, E}};\n// use crate::not;\nlet text = \"crate::no\";\n\
         fn f() { super::g::h(); $crate::macro_only(); super::super::top(); }\n#[cfg(test)]\nmod tests { use crate::t; }",
    );
    let paths = paths_in(&code, &module("x::y"));
    let expected = ["a", "a::B", "a::c::D", "a::c::E", "x::g::h", "top"];
    assert_eq!(paths, expected.into_iter().map(module).collect());

    let import =
        |from: &str, to: &str| (module(from), BTreeMap::from([(module(to), PathBuf::new())]));
    let line = Imports::from([import("a", "b"), import("b", "c")]);
    assert!(cycles(&line).is_empty());
    let cycle = Imports::from([import("a", "b"), import("b", "c"), import("c", "a")]);
    assert_eq!(cycles(&cycle).len(), 3);
}
