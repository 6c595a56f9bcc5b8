//! Errors that users of the crates can match on: enums that may grow, and no text in the place of an error type.

use crate::support::sources::{all, code_of};

/// Whether a public enum is of errors, by its name.
fn is_error_enum(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("pub enum ") else {
        return false;
    };
    let name = rest.split([' ', '<']).next().unwrap();
    ["Error", "Fault", "Problem"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// The enums of errors that a user's `match` would cover whole, so that a new error breaks it.
fn closed_error_enums(code: &str) -> Vec<&str> {
    let lines: Vec<&str> = code.lines().collect();
    let is_closed = |at: &usize| {
        let attributes = lines[..*at].iter().rev();
        let mut attributes = attributes.take_while(|line| line.starts_with("#["));
        !attributes.any(|line| line.contains("non_exhaustive"))
    };
    (0..lines.len())
        .filter(|at| is_error_enum(lines[*at]))
        .filter(is_closed)
        .map(|at| lines[at])
        .collect()
}

/// The public functions that fail with a text.
fn functions_with_text_errors(code: &str) -> Vec<String> {
    let functions = code
        .match_indices("pub fn ")
        .chain(code.match_indices("pub async fn "));
    functions
        .map(|(at, _)| code[at..].split(['{', ';']).next().unwrap())
        .map(|signature| signature.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|signature| {
            let results = signature.split("Result<").skip(1);
            results
                .into_iter()
                .any(|result| result.contains(", String>"))
        })
        .collect()
}

#[test]
fn enums_of_errors_may_grow_and_no_text_is_an_error() {
    let mut wrong = Vec::new();
    for path in all() {
        let code = code_of(&std::fs::read_to_string(&path).unwrap());
        let found = closed_error_enums(&code).into_iter().map(str::to_owned);
        let found = found.chain(functions_with_text_errors(&code));
        wrong.extend(found.map(|what| format!("{}: {what}", path.display())));
    }
    assert!(
        wrong.is_empty(),
        "mark the enums `#[non_exhaustive]`, and give the functions an error type: {wrong:#?}"
    );
}

#[test]
fn both_faults_are_found() {
    let code = "#[derive(Debug)]\npub enum ReadError {\n}\n#[non_exhaustive]\npub enum WriteError {\n}\npub enum Word {\n}\n";
    assert_eq!(closed_error_enums(code), ["pub enum ReadError {"]);
    let code = "pub fn a() -> Result<u8,\n    String> {}\npub fn b() -> Result<String, ReadError> {}\npub fn c(f: impl Fn() -> Result<(), String>);";
    assert_eq!(functions_with_text_errors(code).len(), 2);
}
