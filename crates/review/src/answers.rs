//! The answer to a change of each setting.

use super::answer::{Answer, Known};
use super::pair::Pair;
use super::{
    Records, Verdict, consent, cookie, entry, later, places, running, signals, sync, withdrawals,
};

const GROUPS: [&[Known]; 9] = [
    &places::ANSWERS,
    &entry::ANSWERS,
    &withdrawals::ANSWERS,
    &sync::ANSWERS,
    &cookie::ANSWERS,
    &consent::ANSWERS,
    &signals::ANSWERS,
    &running::ANSWERS,
    &later::ANSWERS,
];

fn all() -> impl Iterator<Item = &'static Known> {
    GROUPS.into_iter().flatten()
}

/// The answer to a change of the setting with this key.
pub(super) fn to(key: &str, pair: &Pair<'_>) -> Answer {
    let known = all().find(|(known, _)| *known == key);
    known.map_or_else(unknown, |(_, answer)| answer(pair))
}

/// What nothing is known of is not called safe.
fn unknown() -> Answer {
    Answer {
        verdict: Verdict::Unsafe,
        way_out: Some("change it by itself, where no real user is, and see".to_owned()),
        ..Answer::safe(
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
