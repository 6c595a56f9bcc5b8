//! What the policy costs: `cargo bench` runs each operation under the policy and with constants.
//!
//! First it checks that both make the same calls of the store with the same bytes. Then read the two times of one
//! operation against each other, within one run; times of different runs say nothing on a shared machine. Resetting the
//! record is not in the times. `scripts/instructions.sh` counts instructions instead, which repeat.

#[path = "constants.rs"]
mod constants;
#[path = "pairs.rs"]
mod pairs;
#[path = "recorder.rs"]
mod recorder;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use edge_cookie::clock::SystemClock;
use edge_cookie::store::MemoryStore;
use pairs::{Fixture, pairs};

fn operations(criterion: &mut Criterion) {
    recorder::check();
    let fixture = Fixture::new(MemoryStore::new(SystemClock), SystemClock);
    for (name, before, policy, constants) in pairs() {
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
