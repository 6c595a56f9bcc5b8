//! A rollout: a second policy, tried on a share of the users.
//!
//! Which policy an identity is under follows from its EC id alone, so that it is the same at every edge and stays the
//! same; a greater share keeps everybody that a smaller one had.
//!
//! ```
//! use edge_cookie::policy::resolve::resolve;
//! use edge_cookie::policy::rollout::{Rollout, Share};
//! use edge_cookie::record::EcId;
//!
//! let user: EcId = format!("{}.Ab3xY9", "0f".repeat(32)).parse()?;
//! let rollout = |share: &str| Rollout::new("canary", resolve(&[]), Share::parse(share).unwrap());
//! assert!(rollout("100").takes(&user) && !rollout("0").takes(&user));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use sha2::{Digest, Sha256};

use crate::policy::resolve::Resolved;
use crate::record::EcId;

/// A share of the users, in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u64);

/// Hundredths of a percent in the whole.
const WHOLE: u64 = 10_000;
const HUNDREDTHS: u64 = 100;
const DECIMALS: usize = 2;

impl Share {
    /// Reads a percentage from `0` to `100`, with up to two decimals; none where it is not one.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        let (percent, decimals) = written.split_once('.').unwrap_or((written, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if percent.is_empty() || !digits(percent) || !digits(decimals) || decimals.len() > DECIMALS
        {
            return None;
        }
        let percent: u64 = percent.parse().ok()?;
        let hundredths: u64 = format!("{decimals:0<DECIMALS$}").parse().ok()?;
        let share = percent.checked_mul(HUNDREDTHS)?.checked_add(hundredths)?;
        (share <= WHOLE).then_some(Self(share))
    }
}

/// As a percentage, without its sign: `5`, `0.25`.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (percent, hundredths) = (self.0 / HUNDREDTHS, self.0 % HUNDREDTHS);
        if hundredths == 0 {
            return write!(f, "{percent}");
        }
        let decimals = format!("{hundredths:0DECIMALS$}");
        write!(f, "{percent}.{}", decimals.trim_end_matches('0'))
    }
}

/// A policy that is tried on a share of the users.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Rollout {
    /// The profile it is of. It is the key of the hash that chooses users, so that another candidate has others.
    pub profile: String,
    /// The policy.
    pub resolved: Resolved,
    /// How many users are under it.
    pub share: Share,
    /// The hash after its key.
    keyed: Sha256,
}

impl Rollout {
    /// The rollout of `profile`'s policy to `share` of the users.
    #[must_use]
    pub fn new(profile: &str, resolved: Resolved, share: Share) -> Self {
        let mut keyed = Sha256::new();
        keyed.update(profile);
        // No name holds it, so that no name and id run into each other.
        keyed.update([0]);
        Self {
            profile: profile.to_owned(),
            resolved,
            share,
            keyed,
        }
    }

    /// Whether the user of this id is under the candidate.
    #[must_use]
    pub fn takes(&self, id: &EcId) -> bool {
        let hash = self.keyed.clone().chain_update(id.as_str()).finalize();
        let first = hash.first_chunk().copied().unwrap_or_default();
        u64::from_be_bytes(first) % WHOLE < self.share.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::resolve::resolve;

    #[test]
    fn shares_are_percentages() {
        for (written, shown) in [
            ("5", Some("5")),
            ("0", Some("0")),
            ("100", Some("100")),
            ("100.00", Some("100")),
            ("0.25", Some("0.25")),
            ("0.5", Some("0.5")),
            ("12.05", Some("12.05")),
            ("100.01", None),
            ("101", None),
            ("-1", None),
            ("+1", None),
            ("5%", None),
            ("0.123", None),
            (".5", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            let read = Share::parse(written).map(|share| share.to_string());
            assert_eq!(read.as_deref(), shown, "{written}");
        }
    }

    fn users() -> impl Iterator<Item = EcId> {
        (0..20_000_u32).map(|number| format!("{number:064x}.Ab3xY9").parse().unwrap())
    }

    fn rollout(profile: &str, share: &str) -> Rollout {
        Rollout::new(profile, resolve(&[]), Share::parse(share).unwrap())
    }

    #[test]
    fn a_greater_share_keeps_everybody_that_a_smaller_one_had() {
        let shares =
            ["0", "0.01", "1", "5", "50", "99.99", "100"].map(|share| rollout("canary", share));
        for user in users() {
            let taken: Vec<bool> = shares.iter().map(|rollout| rollout.takes(&user)).collect();
            assert!(taken.is_sorted(), "{user}: {taken:?}");
        }
    }

    #[test]
    fn a_share_takes_as_many_as_it_says_and_another_candidate_takes_others() {
        let (canary, other) = (rollout("canary", "5"), rollout("other", "5"));
        let all = users().count();
        let taken = users().filter(|user| canary.takes(user)).count();
        let both = users()
            .filter(|user| canary.takes(user) && other.takes(user))
            .count();
        // Five of a hundred are 1,000 of 20,000; the standard deviation is 31, of both 7 about 50.
        assert_eq!(all, 20_000);
        assert!((850..1_150).contains(&taken), "{taken}");
        assert!(both < 100, "{both}");
    }
}
