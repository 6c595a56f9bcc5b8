//! The impact of a change of each setting.

use super::impact::{Impact, Known};
use super::pair::Pair;
use super::{
    PlanVerdict, Records, consent, cookie, entry, operating, signals, storage, sync,
    unused_settings, withdrawals,
};

const GROUPS: [&[Known]; 9] = [
    &storage::IMPACTS,
    &entry::IMPACTS,
    &withdrawals::IMPACTS,
    &sync::IMPACTS,
    &cookie::IMPACTS,
    &consent::IMPACTS,
    &signals::IMPACTS,
    &operating::IMPACTS,
    &unused_settings::IMPACTS,
];

fn all() -> impl Iterator<Item = &'static Known> {
    GROUPS.into_iter().flatten()
}

/// The impact of a change of the setting with this key.
pub(super) fn of(key: &str, pair: &Pair<'_>) -> Impact {
    let known = all().find(|(known, _)| *known == key);
    known.map_or_else(unknown, |(_, impact)| impact(pair))
}

/// A change of which nothing is known is not called safe.
fn unknown() -> Impact {
    Impact {
        verdict: PlanVerdict::Unsafe,
        fix: Some("change it by itself, where no real user is, and see".to_owned()),
        ..Impact::safe(
            Records::All,
            "nothing is known of what this change does to users",
        )
    }
}

#[cfg(test)]
pub(super) fn is_known(key: &str) -> bool {
    all().filter(|(known, _)| *known == key).count() == 1
}

#[cfg(test)]
pub(super) fn count() -> usize {
    all().count()
}
