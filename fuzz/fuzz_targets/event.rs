//! The event stream: a line is an event, or refused at its place.
#![no_main]

use edge_cookie::event::Event;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &str| {
    // Lines are separated before they are parsed.
    let line = line.lines().next().unwrap_or_default();
    match Event::parse(line) {
        Ok(event) => assert!(!event.action.as_str().is_empty()),
        Err(problem) => {
            let columns = line.chars().count() + 1;
            assert!(
                (1..=columns).contains(&problem.column),
                "{}: {problem}",
                problem.column
            );
        }
    }
});
