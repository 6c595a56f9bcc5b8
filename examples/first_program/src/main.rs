use std::sync::Arc;

use edge_cookie::clock::SystemClock;
use edge_cookie::graph::{KvIdentityGraph, WithdrawalOutcome};
use edge_cookie::policy::EcPolicy;
use edge_cookie::record::{ConsentStrings, EcId, KvGeo};
use edge_cookie::store::MemoryStore;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let id: EcId = format!("{}.Ab3xY9", "0f".repeat(32)).parse()?;

    let policy = EcPolicy::from_toml_str(
        "[ec]\nec_store = \"a\"\npartner_store = \"b\"\n[ec.tombstone]\nttl = \"48h\"\n",
    )?;
    let graph = KvIdentityGraph::new(Arc::new(MemoryStore::new(SystemClock)), SystemClock);
    let ec = graph.under(&policy);
    ec.create(&id, &ConsentStrings::default(), &KvGeo::default())?;

    assert!(ec.get(&id)?.is_some_and(|record| record.entry.consent.ok));
    assert_eq!(
        ec.write_withdrawal_tombstone(&id)?,
        WithdrawalOutcome::Withdrawn
    );
    assert!(
        ec.get(&id)?
            .is_some_and(|record| record.entry.is_tombstone())
    );
    Ok(())
}
