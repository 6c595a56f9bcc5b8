//! Turns that are drawn.

use proptest::collection::vec;
use proptest::prelude::*;

use super::act::{Act, Ours, Theirs};
use super::theirs::SAMPLES;
use super::world::Turn;

/// The number of a policy, whether lookups may be stale, and turns.
pub fn case() -> impl Strategy<Value = (usize, bool, Vec<Turn>)> {
    (any::<usize>(), any::<bool>(), vec(turn(), 2..14))
}

/// Mostly an operation alone; else one of the other comes between its store calls.
fn turn() -> impl Strategy<Value = Turn> {
    let between = prop_oneof![
        2 => Just(Vec::new()),
        1 => vec((0_u8..4, act(0_u64..4)), 1..4),
    ];
    (act(pass()), between).prop_map(|(act, between)| Turn { act, between })
}

/// Between two store calls of one operation only seconds pass.
fn act(pass: impl Strategy<Value = u64>) -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => pass.prop_map(Act::Pass),
        5 => ours().prop_map(Act::Ours),
        5 => theirs().prop_map(Act::Theirs),
    ]
}

/// From seconds to more than a year, since both keep records for one.
fn pass() -> impl Strategy<Value = u64> {
    const HOUR: u64 = 3_600;
    const DAY: u64 = 24 * HOUR;
    prop_oneof![
        0_u64..4,
        4 * 60..20 * 60_u64,
        HOUR..60 * HOUR,
        23 * HOUR..25 * HOUR,
        20 * DAY..40 * DAY,
        300 * DAY..400 * DAY,
    ]
}

fn ago() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(0_u64), 1 => 0_u64..5, 1 => 0_u64..30 * 3_600]
}

fn ours() -> impl Strategy<Value = Ours> {
    prop_oneof![
        1 => Just(Ours::Create),
        4 => Just(Ours::CreateOrRevive),
        1 => Just(Ours::CreateForNewId),
        4 => (0_usize..3, 0_u8..3, ago())
            .prop_map(|(partner, uid, ago)| Ours::Sync { partner, uid, ago }),
        2 => (1_usize..4, 0_u8..3).prop_map(|(partners, uid)| Ours::SyncMany { partners, uid }),
        4 => ago().prop_map(|ago| Ours::Touch { ago }),
        3 => Just(Ours::Withdraw),
        2 => ago().prop_map(|ago| Ours::Deliver { ago }),
        1 => Just(Ours::Delete),
        1 => Just(Ours::Get),
    ]
}

fn theirs() -> impl Strategy<Value = Theirs> {
    prop_oneof![
        4 => (0..SAMPLES).prop_map(Theirs::Consent),
        5 => (1_usize..4, 0_u8..3).prop_map(|(partners, uid)| Theirs::Put { partners, uid }),
        2 => Just(Theirs::CountCluster),
        3 => Just(Theirs::Withdraw),
        1 => Just(Theirs::Delete),
        3 => any::<bool>().prop_map(|newer| Theirs::OtherVersion { newer }),
    ]
}
