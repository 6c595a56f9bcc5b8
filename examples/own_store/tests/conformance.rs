use std::sync::Arc;

use edge_cookie::clock::ManualClock;
use edge_cookie::store::conformance::{self, ConformanceError, Failure};
use own_store::MapStore;

#[test]
fn the_store_conforms() -> Result<(), ConformanceError> {
    let clock = Arc::new(ManualClock::default());
    let store = MapStore::new(Arc::clone(&clock));
    conformance::check(&store, &clock)
}

#[test]
fn the_store_loses_no_update() -> Result<(), Failure> {
    let store = MapStore::new(Arc::new(ManualClock::default()));
    conformance::check_threads(&store)
}
