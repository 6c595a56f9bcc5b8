//! Settings that are kept for features to come.

use super::Records;
use super::impact::{Impact, Known};
use super::pair::Pair;

pub(super) const IMPACTS: [Known; 3] = [
    ("pull.concurrency", kept),
    ("cluster.max_trusted", kept),
    ("cluster.recheck", kept),
];

fn kept(_: &Pair<'_>) -> Impact {
    Impact::safe(
        Records::None,
        "it is kept for a feature to come: this version does nothing by it",
    )
}
