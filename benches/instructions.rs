//! Counts the instructions of each operation under the policy, and of the same with its numbers as constants, by gungraun
//! where valgrind is found; and those of a decision on consent. `scripts/instructions.sh` runs it and shows the ratios.
//!
//! What is counted is a thousandth of many operations in a row, each on the same record put back, so that the allocator is
//! as it is in a program that has run for a while. Putting the record back is not counted.
#![allow(missing_docs, reason = "gungraun's macros make public items")]

#[path = "constants.rs"]
mod constants;
#[path = "decisions.rs"]
mod decisions;
#[path = "pairs.rs"]
mod pairs;

use edge_cookie::clock::SystemClock;
use edge_cookie::store::MemoryStore;
use gungraun::{
    Callgrind, EntryPoint, EventKind, LibraryBenchmarkConfig, library_benchmark,
    library_benchmark_group, main,
};
use pairs::{Before, Fixture, Pair, Way, pairs};

type Clock = SystemClock;
type Store = MemoryStore<Clock>;

/// How many operations are counted together.
const TIMES: usize = 1_000;

/// An operation in one way, and what it needs.
struct Ready {
    fixture: Fixture<Store, Clock>,
    before: Before,
    way: Way<Store, Clock>,
}

impl Ready {
    fn new(number: usize, way_of: fn(&Pair<Store, Clock>) -> Way<Store, Clock>) -> Option<Self> {
        let pair = pairs().into_iter().nth(number)?;
        Some(Self {
            fixture: Fixture::new(MemoryStore::new(SystemClock), SystemClock),
            before: pair.1,
            way: way_of(&pair),
        })
    }

    fn run(&self) {
        for _ in 0..TIMES {
            self.fixture.prepare(self.before);
            counted(self.way, &self.fixture);
        }
    }
}

/// Counting begins and ends with this.
#[inline(never)]
fn counted(way: Way<Store, Clock>, fixture: &Fixture<Store, Clock>) {
    way(fixture);
    std::hint::black_box(());
}

fn policy_of(number: usize) -> Option<Ready> {
    Ready::new(number, |pair| pair.2)
}

fn constants_of(number: usize) -> Option<Ready> {
    Ready::new(number, |pair| pair.3)
}

#[library_benchmark(setup = constants_of)]
#[bench::get(0)]
#[bench::get_metadata(1)]
#[bench::create(2)]
#[bench::create_or_revive(3)]
#[bench::upsert_partner_id(4)]
#[bench::upsert_known_partner_id(5)]
#[bench::upsert_partner_ids(6)]
#[bench::update_last_seen(7)]
#[bench::update_last_seen_debounced(8)]
#[bench::write_withdrawal_tombstone(9)]
#[bench::delete(10)]
fn with_constants(ready: Option<Ready>) -> Option<Ready> {
    ready.inspect(Ready::run)
}

#[library_benchmark(setup = policy_of)]
#[bench::get(0)]
#[bench::get_metadata(1)]
#[bench::create(2)]
#[bench::create_or_revive(3)]
#[bench::upsert_partner_id(4)]
#[bench::upsert_known_partner_id(5)]
#[bench::upsert_partner_ids(6)]
#[bench::update_last_seen(7)]
#[bench::update_last_seen_debounced(8)]
#[bench::write_withdrawal_tombstone(9)]
#[bench::delete(10)]
fn under_policy(ready: Option<Ready>) -> Option<Ready> {
    ready.inspect(Ready::run)
}

/// The same, of a decision.
#[inline(never)]
fn counted_decision(request: &decisions::Request) {
    request.decide();
    std::hint::black_box(());
}

#[library_benchmark(setup = decisions::request)]
#[bench::consent_without_signals("none")]
#[bench::consent_in_the_eu("eu")]
#[bench::consent_in_the_us("us")]
fn decide(request: decisions::Request) -> decisions::Request {
    (0..TIMES).for_each(|_| counted_decision(&request));
    request
}

library_benchmark_group!(name = decisions_on_consent, benchmarks = decide);

library_benchmark_group!(
    name = operations,
    compare_by_id = true,
    benchmarks = [with_constants, under_policy]
);

/// Without gungraun's runner there is nothing to count with, which is no failure of `cargo bench`.
fn main() {
    let by_runner = || {
        std::env::args()
            .skip(1)
            .any(|argument| argument != "--bench")
    };
    if std::env::var_os("GUNGRAUN_RUNNER").is_none() && !by_runner() {
        println!("instructions are counted by scripts/instructions.sh");
        return;
    }
    main!(
        config = LibraryBenchmarkConfig::default().tool(
            Callgrind::with_args(["--cache-sim=no"])
                .entry_point(EntryPoint::Custom("instructions::counted*".to_owned()))
                .format([EventKind::Ir])
        ),
        library_benchmark_groups = [operations, decisions_on_consent]
    );
    main();
}
