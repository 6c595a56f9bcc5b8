//! Each operation by its name, as a program that embeds the graph calls it.

use std::fmt::Display;

use edge_cookie::engine::{Operation, OperationError, PartnerSync};
use edge_cookie::graph::KvIdentityGraph;
use edge_cookie::store::SyncAdapter;
use pollster::block_on;

use super::support::{Bench, user};

fn end(result: Result<impl Display, OperationError>) -> String {
    match result {
        Ok(outcome) => outcome.to_string(),
        Err(error) => error.as_str().to_owned(),
    }
}

fn found<R>(result: Result<Option<R>, OperationError>) -> String {
    end(result.map(|record| {
        if record.is_some() {
            "found"
        } else {
            "not_found"
        }
    }))
}

/// The outcome that all ids have; several different ones have no name here.
fn shared(outcomes: Result<Vec<impl Display>, OperationError>) -> Option<String> {
    let mut names = match outcomes {
        Ok(outcomes) => outcomes.iter().map(ToString::to_string).collect(),
        Err(error) => vec![error.as_str().to_owned()],
    };
    names.dedup();
    (names.len() == 1).then(|| names.remove(0))
}

macro_rules! run {
    ($ec:expr, $operation:expr, $end:ident) => {{
        let (ec, id) = ($ec, user());
        Some(match $operation {
            Operation::Get => found($end(ec.get(&id))),
            Operation::GetMetadata => found($end(ec.get_metadata(&id))),
            Operation::Create { consent, geo } => end($end(ec.create(&id, consent, geo))),
            Operation::CreateOrRevive { consent, geo } => {
                end($end(ec.create_or_revive(&id, consent, geo)))
            }
            Operation::UpdateLastSeen { timestamp } => {
                end($end(ec.update_last_seen(&id, timestamp)))
            }
            Operation::UpsertPartnerId(sync) => end($end(ec.upsert_partner_id(&id, sync))),
            Operation::UpsertPartnerIds(syncs) => {
                return many(syncs, $end(ec.upsert_partner_ids(&id, syncs)));
            }
            Operation::WriteWithdrawalTombstone => end($end(ec.write_withdrawal_tombstone(&id))),
            Operation::Delete => end($end(ec.delete(&id))),
            Operation::CreateForNewId { .. } | Operation::DeliverWithdrawal { .. } => return None,
        })
    }};
}

fn many(
    syncs: &[PartnerSync],
    outcomes: Result<Vec<impl Display>, OperationError>,
) -> Option<String> {
    if let Ok(outcomes) = &outcomes {
        assert_eq!(outcomes.len(), syncs.len());
    }
    shared(outcomes)
}

const fn at_once<T>(ended: T) -> T {
    ended
}

/// How the operation ends on a store that blocks; nothing for one that has no name of its own.
pub fn blocking(bench: &Bench, operation: Operation<'_>) -> Option<String> {
    run!(bench.graph.under(&bench.policy), operation, at_once)
}

/// How it ends on a store that is awaited.
pub fn awaited(bench: &Bench, operation: Operation<'_>) -> Option<String> {
    let graph = KvIdentityGraph::new(SyncAdapter(bench.graph.store()), SyncAdapter(bench.clock));
    run!(graph.under_async(&bench.policy), operation, block_on)
}
