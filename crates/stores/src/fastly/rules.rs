//! What the platform accepts and should not, and what its errors mean.

use edge_cookie::platform_facts::fastly::{MAX_KEY_BYTES, MAX_METADATA_BYTES};
use edge_cookie::store::{Insert, StoreError};

/// What a platform's call ended in, where it did not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlatformError {
    /// The precondition does not hold: another generation, or an add of what is there.
    Precondition,
    /// Throttled: an insert says so in one way, every other call in another.
    Throttled,
    /// The record is too large.
    TooLarge,
    /// The request makes no sense to the platform.
    BadRequest,
    /// Something else; the call may have been done.
    Unexpected,
}

/// Whether a call changes what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallKind {
    Read,
    Write,
}

/// The error of a call of the store `name` that ended in `error`.
pub(super) fn store_error(error: PlatformError, kind: CallKind, name: &str) -> StoreError {
    match (error, kind) {
        (PlatformError::Precondition, _) => StoreError::PreconditionFailed,
        (PlatformError::Throttled, _) => StoreError::RateLimited,
        (PlatformError::TooLarge, _) => StoreError::TooLarge(format!("`{name}` refused its size")),
        (PlatformError::BadRequest, _) => {
            StoreError::Unavailable(format!("`{name}` does not take such a request"))
        }
        (PlatformError::Unexpected, CallKind::Read) => {
            StoreError::Unavailable(format!("`{name}` failed unexpectedly"))
        }
        (PlatformError::Unexpected, CallKind::Write) => {
            StoreError::AnswerLost(format!("`{name}` failed unexpectedly"))
        }
    }
}

/// The error of every call of a store that does not exist: the platform reports that in two ways.
pub(super) fn missing(name: &str) -> StoreError {
    StoreError::Unavailable(format!(
        "there is no KV store `{name}`: create it and link it to the service"
    ))
}

/// Refuses what the platform would take, and not give back.
pub(super) fn check(key: &str, insert: &Insert) -> Result<(), StoreError> {
    check_key(key)?;
    let length = insert.metadata.len();
    if length > MAX_METADATA_BYTES as usize {
        return Err(StoreError::TooLarge(format!(
            "its metadata has {length} bytes, and with more than {MAX_METADATA_BYTES} it could not be read"
        )));
    }
    // A time to live is cut to whole seconds of 32 bits there: `Ttl` holds no others.
    Ok(())
}

/// Refuses keys that the platform does not take.
pub(super) fn check_key(key: &str) -> Result<(), StoreError> {
    let refused = |character: char| "#;?^|\r\n".contains(character);
    let well_formed = (1..=MAX_KEY_BYTES).contains(&key.len())
        && !key.contains(refused)
        && !key.contains("./")
        && key != "."
        && key != "..";
    well_formed
        .then_some(())
        .ok_or_else(|| StoreError::Unavailable("the store takes no such key".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge_cookie::policy::types::Ttl;
    use edge_cookie::store::Precondition;

    fn insert(metadata: usize) -> Insert {
        Insert {
            body: Vec::new(),
            metadata: vec![b'x'; metadata],
            ttl: None,
            precondition: Precondition::None,
        }
    }

    #[test]
    fn metadata_that_no_one_could_read_is_refused() {
        assert_eq!(check("key", &insert(2_000)), Ok(()));
        let refused = check("key", &insert(2_001));
        assert!(
            matches!(refused, Err(StoreError::TooLarge(_))),
            "{refused:?}"
        );
    }

    #[test]
    fn times_to_live_are_whole_seconds_that_fit() {
        for seconds in [0, 1, u64::from(u32::MAX), u64::MAX] {
            let kept = Ttl::from_seconds_clamped(seconds).seconds();
            assert!(
                (1..=u64::from(u32::MAX)).contains(&kept),
                "{seconds}: {kept}"
            );
        }
    }

    #[test]
    fn keys_are_those_that_the_platform_takes() {
        let longest = "k".repeat(1_024);
        for (key, taken) in [
            ("partner/a.com", true),
            (longest.as_str(), true),
            ("", false),
            (&format!("{longest}k"), false),
            ("a#b", false),
            ("a;b", false),
            ("a?b", false),
            ("a^b", false),
            ("a|b", false),
            ("a\nb", false),
            ("../a", false),
            ("a/./b", false),
            ("..", false),
        ] {
            assert_eq!(check_key(key).is_ok(), taken, "{key}");
        }
    }

    #[test]
    fn every_trouble_has_its_error() {
        use StoreError::{AnswerLost, PreconditionFailed, RateLimited, TooLarge, Unavailable};
        type Is = fn(&StoreError) -> bool;
        let cases: [(PlatformError, Is, Is); 5] = [
            (
                PlatformError::Precondition,
                |e| *e == PreconditionFailed,
                |e| *e == PreconditionFailed,
            ),
            (
                PlatformError::Throttled,
                |e| *e == RateLimited,
                |e| *e == RateLimited,
            ),
            (
                PlatformError::TooLarge,
                |e| matches!(e, TooLarge(_)),
                |e| matches!(e, TooLarge(_)),
            ),
            (
                PlatformError::BadRequest,
                |e| matches!(e, Unavailable(_)),
                |e| matches!(e, Unavailable(_)),
            ),
            // Only of a write is it not known whether it was done.
            (
                PlatformError::Unexpected,
                |e| matches!(e, Unavailable(_)),
                |e| matches!(e, AnswerLost(_)),
            ),
        ];
        for (error, read, write) in cases {
            assert!(read(&store_error(error, CallKind::Read, "s")), "{error:?}");
            assert!(
                write(&store_error(error, CallKind::Write, "s")),
                "{error:?}"
            );
        }
        assert!(missing("lost").to_string().contains("`lost`"));
    }
}
