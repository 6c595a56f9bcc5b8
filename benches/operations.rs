//! What the policy costs: `cargo bench` runs each operation under the policy and beside it with constants.
//!
//! Compare the two times of one operation in one run; times of different runs say nothing on a shared machine.
//! `scripts/instructions.sh` counts instructions instead, which repeat.

#[path = "constants.rs"]
mod constants;
#[path = "pairs.rs"]
mod pairs;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use pairs::{Fixture, PAIRS};

fn operations(criterion: &mut Criterion) {
    let fixture = Fixture::new();
    for pair in &PAIRS {
        assert!(fixture.agree(pair), "the two ways of `{}` differ", pair.0);
        let (name, before, policy, constants) = *pair;
        let mut group = criterion.benchmark_group(name);
        for (way, run) in [("policy", policy), ("constants", constants)] {
            group.bench_function(way, |bencher| {
                bencher.iter_batched(
                    || fixture.prepare(before),
                    |()| run(&fixture),
                    BatchSize::PerIteration,
                );
            });
        }
        group.finish();
    }
}

criterion_group!(benches, operations);
criterion_main!(benches);
