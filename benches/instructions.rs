//! Runs one operation many times in one way, for counting its instructions: see `scripts/instructions.sh`.

#[path = "constants.rs"]
mod constants;
#[path = "pairs.rs"]
mod pairs;

use edge_cookie::clock::SystemClock;
use edge_cookie::store::MemoryStore;
use pairs::{Fixture, pairs};

/// Arguments: the operation's number, `policy`, `constants` or `nothing`, and how often. Without any it lists the names.
fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let [number, way, times] = arguments.as_slice() else {
        for (name, ..) in pairs::<MemoryStore<SystemClock>, SystemClock>() {
            println!("{name}");
        }
        return;
    };
    let fixture = Fixture::new(MemoryStore::new(SystemClock), SystemClock);
    let (Some((_, before, policy, constants)), Ok(times)) = (
        number
            .parse()
            .ok()
            .and_then(|number: usize| pairs().into_iter().nth(number)),
        times.parse::<u32>(),
    ) else {
        return;
    };
    for _ in 0..times {
        fixture.prepare(before);
        match way.as_str() {
            "policy" => policy(&fixture),
            "constants" => constants(&fixture),
            _ => {}
        }
    }
}
