//! What each case does.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::Failure;
use super::trial::{Time, Trial, describe, write};
use crate::store::{Generation, Insert, PROBE_KEYS, Precondition, Removed, StoreError, Stored};

const MILLISECOND: Duration = Duration::from_millis(1);

/// How often [`generations`] leads each of its keys through every past.
const ROUNDS: usize = 11;

/// What happened to a key before the call under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    Absent,
    Present,
    Overwritten,
    Expired,
    Deleted,
}

impl Past {
    const ALL: [Self; 5] = [
        Self::Absent,
        Self::Present,
        Self::Overwritten,
        Self::Expired,
        Self::Deleted,
    ];

    /// Whether a record is there afterwards.
    const fn leaves_record(self) -> bool {
        matches!(self, Self::Present | Self::Overwritten)
    }

    /// Gives `key` this past. The generation is the first that a reader could have seen; none where no time passes and
    /// the past needs it.
    fn apply(self, trial: &Trial<'_>, key: &str) -> Result<Option<Generation>, Failure> {
        let seen = match self {
            Self::Absent => trial.put("another", "another")?,
            Self::Present => trial.put(key, "old")?,
            Self::Overwritten => {
                let seen = trial.put(key, "older")?;
                trial.put(key, "old")?;
                seen
            }
            Self::Expired => {
                let Some(time) = &trial.time else {
                    return Ok(None);
                };
                trial.insert(key, passing(time, "old", Precondition::None))?;
                let seen = trial.written(key)?.generation;
                time.expire();
                seen
            }
            Self::Deleted => {
                let seen = trial.put(key, "old")?;
                trial.delete(key)?;
                seen
            }
        };
        Ok(Some(seen))
    }
}

/// As [`write`], for the time to live of the suite.
fn passing(time: &Time<'_>, body: &str, precondition: Precondition) -> Insert {
    Insert {
        ttl: Some(time.ttl),
        ..write(body, precondition)
    }
}

pub(super) fn bytes(trial: &Trial<'_>) -> Result<(), Failure> {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let large = all.repeat(64);
    let cases: [(&[u8], &[u8]); 6] = [
        (&[], &[]),
        (&[], b"{}"),
        (b"{}", &[]),
        (&[0], &[0]),
        (&all, &all),
        (&all, &large),
    ];
    for (case, (metadata, body)) in cases.into_iter().enumerate() {
        let key = format!("bytes/{case}");
        let insert = Insert {
            body: body.to_vec(),
            metadata: metadata.to_vec(),
            ttl: None,
            precondition: Precondition::Add,
        };
        trial.insert(&key, insert)?;
        let found = trial.written(&key)?;
        let expected = Stored {
            body: body.to_vec(),
            metadata: metadata.to_vec(),
            generation: found.generation,
        };
        let step = format!("lookup of `{key}`");
        trial.same(&step, Some(&expected), Some(&found))?;
        let again = trial.lookup(&key)?;
        let step = format!("second lookup of `{key}`");
        trial.same(&step, Some(&expected), again.as_ref())?;
    }
    Ok(())
}

pub(super) fn preconditions(trial: &Trial<'_>) -> Result<(), Failure> {
    for past in Past::ALL {
        for name in ["None", "Add", "Generation"] {
            let key = format!("precondition/{past:?}/{name}");
            let Some(seen) = past.apply(trial, &key)? else {
                continue;
            };
            let (precondition, holds) = match name {
                "None" => (Precondition::None, true),
                "Add" => (Precondition::Add, !past.leaves_record()),
                _ => (Precondition::Generation(seen), past == Past::Present),
            };
            let before = trial.lookup(&key)?;
            let answer = trial.store.insert(&key, write("new", precondition));
            let step = format!("insert with precondition {name} where the record is {past:?}");
            let expected = if holds {
                Ok(())
            } else {
                Err(StoreError::PreconditionFailed)
            };
            trial.equal(&step, &expected, &answer)?;
            let after = trial.lookup(&key)?;
            if holds {
                let new = write("new", precondition);
                let kept = after
                    .as_ref()
                    .is_some_and(|after| after.body == new.body && after.generation != seen);
                if !kept {
                    let step = format!("lookup after {step}");
                    let expected = format!("body `new` and a generation other than {seen}");
                    return Err(trial.failure(&step, expected, describe(after.as_ref())));
                }
            } else {
                let step = format!("lookup after refused {step}");
                trial.same(&step, before.as_ref(), after.as_ref())?;
            }
        }
    }
    Ok(())
}

pub(super) fn refused_writes(trial: &Trial<'_>) -> Result<(), Failure> {
    let Some(time) = &trial.time else {
        return Ok(());
    };
    let key = "refused/expiry";
    trial.insert(key, passing(time, "old", Precondition::Add))?;
    let before = trial.lookup(key)?;
    let answer = trial.store.insert(key, write("new", Precondition::Add));
    let refused = Err(StoreError::PreconditionFailed);
    trial.equal(
        "insert with precondition Add where a record is",
        &refused,
        &answer,
    )?;
    let after = trial.lookup(key)?;
    trial.same(
        "lookup after a refused insert",
        before.as_ref(),
        after.as_ref(),
    )?;
    time.expire();
    let after = trial.lookup(key)?;
    let step = "lookup after a refused insert without time to live, when the record has expired";
    trial.same(step, None, after.as_ref())
}

pub(super) fn time_to_live(trial: &Trial<'_>) -> Result<(), Failure> {
    let Some(time) = &trial.time else {
        return Ok(());
    };
    let (ttl, tolerance) = (time.ttl(), time.tolerance);
    let cases = [
        ("0", Duration::ZERO, true),
        (
            "early",
            ttl.saturating_sub(tolerance).saturating_sub(MILLISECOND),
            true,
        ),
        ("end", ttl + tolerance, false),
        ("late", ttl + tolerance + MILLISECOND, false),
    ];
    for (name, after, kept) in cases {
        let key = format!("ttl/{name}");
        trial.insert(&key, passing(time, "body", Precondition::Add))?;
        time.clock.wait(after);
        let when = format!("`{key}` {after:?} after a write for {ttl:?}");
        let found = trial.lookup(&key)?.is_some();
        trial.equal(&format!("lookup finds {when}"), &kept, &found)?;
        let found = trial.exists(&key)?;
        trial.equal(&format!("exists finds {when}"), &kept, &found)?;
        let found = !trial.list(&key, None, 1)?.is_empty();
        trial.equal(&format!("list shows {when}"), &kept, &found)?;
        let found = trial.delete(&key)? != Removed::Nothing;
        trial.equal(&format!("delete removes {when}"), &kept, &found)?;
    }
    Ok(())
}

pub(super) fn renewed_time_to_live(trial: &Trial<'_>) -> Result<(), Failure> {
    let Some(time) = &trial.time else {
        return Ok(());
    };
    let key = "again";
    let early = time
        .ttl()
        .saturating_sub(time.tolerance)
        .saturating_sub(MILLISECOND);
    for _ in 0..2 {
        trial.insert(key, passing(time, "body", Precondition::None))?;
        time.clock.wait(early);
    }
    let found = trial.exists(key)?;
    let step = format!("exists finds `{key}`, written again before it expired");
    trial.equal(&step, &true, &found)?;
    trial.insert(key, write("kept", Precondition::None))?;
    if time.tolerance.is_zero() {
        time.clock.wait(time.ttl() * 1_000);
    } else {
        time.expire();
    }
    let found = trial.exists(key)?;
    let step = format!("exists finds `{key}`, overwritten without time to live");
    trial.equal(&step, &true, &found)
}

pub(super) fn deletions(trial: &Trial<'_>) -> Result<(), Failure> {
    for past in Past::ALL {
        let key = format!("delete/{past:?}");
        if past.apply(trial, &key)?.is_none() {
            continue;
        }
        let there = trial.lookup(&key)?;
        let found = there.is_some();
        let step = format!("lookup finds a record that is {past:?}");
        trial.equal(&step, &past.leaves_record(), &found)?;
        let step = format!("delete of a record that is {past:?}");
        match (trial.delete(&key)?, &there) {
            // A store that does not know what it removed says so.
            (Removed::Nothing, None) | (Removed::Record(None), Some(_)) => {}
            (Removed::Record(Some(removed)), Some(there)) => {
                trial.same(&step, Some(there), Some(&removed))?;
            }
            (Removed::Record(removed), None) => {
                let answered = format!("that it removed {}", describe(removed.as_ref()));
                return Err(trial.failure(&step, "Nothing".into(), answered));
            }
            (Removed::Nothing, Some(there)) => {
                let expected = format!("that it removed {}", describe(Some(there)));
                return Err(trial.failure(&step, expected, "Nothing".into()));
            }
        }
        let after = trial.lookup(&key)?;
        trial.same(&format!("lookup after {step}"), None, after.as_ref())?;
        let found = trial.exists(&key)?;
        trial.equal(&format!("exists after {step}"), &false, &found)?;
        let again = trial.delete(&key)?;
        trial.equal(&format!("second {step}"), &Removed::Nothing, &again)?;
    }
    Ok(())
}

pub(super) fn listings(trial: &Trial<'_>) -> Result<(), Failure> {
    for key in ["list/b", "list/a", "list/c", "list/ab", "lisz", "lis"] {
        trial.put(key, "body")?;
    }
    for probe in ["0", "1"] {
        trial.put(&format!("{PROBE_KEYS}{probe}"), "body")?;
    }
    if let Some(time) = &trial.time {
        trial.insert("list/aa", passing(time, "body", Precondition::Add))?;
        time.expire();
    }
    let cases: [(&str, Option<&str>, usize, &[&str]); 15] = [
        ("list/", None, 9, &["list/a", "list/ab", "list/b", "list/c"]),
        ("list/", None, 2, &["list/a", "list/ab"]),
        ("list/", None, 0, &[]),
        ("list/", Some("list/a"), 9, &["list/ab", "list/b", "list/c"]),
        ("list/", Some("list/a"), 1, &["list/ab"]),
        ("list/", Some("list/aa"), 1, &["list/ab"]),
        ("list/", Some("list/c"), 9, &[]),
        ("list/", Some("a"), 1, &["list/a"]),
        ("list/", Some("lisz"), 9, &[]),
        ("list/a", None, 9, &["list/a", "list/ab"]),
        ("list/b", Some("list/a"), 9, &["list/b"]),
        ("none", None, 9, &[]),
        (PROBE_KEYS, None, 9, &[]),
        ("h", None, 9, &[]),
        // Probes take no place in a page.
        ("", Some("h"), 1, &["lis"]),
    ];
    for (prefix, after, limit, listed) in cases {
        let keys = trial.list(prefix, after, limit)?;
        let step = format!("list of `{prefix}` after {after:?}, at most {limit}");
        trial.equal(
            &step,
            &listed,
            &&*keys.iter().map(String::as_str).collect::<Vec<_>>(),
        )?;
    }
    Ok(())
}

pub(super) fn generations(trial: &Trial<'_>) -> Result<(), Failure> {
    let mut seen: HashMap<&str, HashSet<Generation>> = HashMap::new();
    for round in 0..ROUNDS {
        for key in ["generation/0", "generation/1", "generation/2"] {
            // In real time, expiry takes seconds: one a key must do.
            let waits = round == 0
                || trial
                    .time
                    .as_ref()
                    .is_some_and(|time| time.tolerance.is_zero());
            let pasts = [
                Past::Present,
                Past::Overwritten,
                Past::Expired,
                Past::Deleted,
            ];
            for past in pasts
                .into_iter()
                .filter(|past| waits || *past != Past::Expired)
            {
                let Some(generation) = past.apply(trial, key)? else {
                    continue;
                };
                if !seen.entry(key).or_default().insert(generation) {
                    let step = format!("generation of a write of `{key}` that was {past:?}");
                    let expected = "one that the key never had".into();
                    let answered = format!("{generation} again");
                    return Err(trial.failure(&step, expected, answered));
                }
            }
        }
    }
    Ok(())
}
