//! What must hold of each write to the store that both share.

use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{Expiry, Renewal, UnknownAge};
use edge_cookie::record::{KvEntry, KvMetadata};
use serde_json::Value;

use super::act::{Act, Ours};
use super::shape::{METADATA, known, read};
use super::theirs::is_live;

pub const NOTHING_LOST: &str = "nothing of theirs is lost";
pub const NOT_UNDONE: &str = "no withdrawal is undone";
pub const REMEMBERED: &str = "a withdrawal is remembered as long as promised";
pub const READABLE: &str = "each reads what the other writes";
pub const LISTED: &str = "what their rewrite drops is listed";
pub const SAFE: &str = "what ours makes again is safe";

/// What their rewrite drops of a record of ours: docs/migrating.md has the same list.
pub const DROPPED: [&str; 8] = [
    "last_seen",
    "consent.us_privacy",
    "consent.gpc",
    "consent.rule",
    "consent.more",
    "ids.*.synced",
    "metadata: t",
    "metadata: p",
];

/// A record as JSON: its body, and its metadata.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub body: Value,
    pub metadata: Value,
}

impl Seen {
    pub fn of(body: &[u8], metadata: &[u8]) -> Self {
        let parse = |bytes| serde_json::from_slice(bytes).unwrap_or(Value::Null);
        Self {
            body: parse(body),
            metadata: parse(metadata),
        }
    }

    fn is_live(&self) -> bool {
        is_live(&self.body)
    }
}

/// A write that happened.
#[derive(Debug)]
pub struct Change<'w> {
    pub act: &'w Act,
    /// When the operation began, in Unix seconds.
    pub start: u64,
    pub policy: &'w EcPolicy,
    pub before: Option<Seen>,
    pub after: Seen,
    /// The bytes of `after`.
    pub bytes: (&'w [u8], &'w [u8]),
    /// Whether a withdrawal is remembered.
    pub withdrawn: bool,
}

/// A promise that is broken, and how.
pub type Broken = (&'static str, String);

/// What a change breaks.
pub fn broken(change: &Change<'_>) -> Vec<Broken> {
    let mut broken = readable(change);
    let revives = change.after.is_live() && !change.act.is_consent();
    if change.withdrawn && revives {
        broken.push((NOT_UNDONE, String::new()));
    }
    let Some(before) = &change.before else {
        return broken;
    };
    let (was_live, is_live) = (before.is_live(), change.after.is_live());
    match change.act {
        Act::Theirs(_) if was_live && is_live => {
            let lost = lost(before, &change.after);
            let unlisted = lost.into_iter().filter(|path| !may_be_dropped(path));
            broken.extend(unlisted.map(|path| (LISTED, path)));
        }
        Act::Ours(ours) if was_live && is_live && !is_over(change, before) => {
            broken.extend(kept(before, &change.after, &ours.partners()));
            broken.extend(safe(change, ours, before));
        }
        // A tombstone that is written again with the time that it has left.
        Act::Ours(_) if !was_live && !is_live && updated(before) == updated(&change.after) => {
            broken.extend(kept(before, &change.after, &[]));
        }
        _ => {}
    }
    if !is_live {
        let left = ["/ids", "/consent/tcf", "/consent/gpp", "/consent/rule"];
        let holds = |path: &&str| {
            let left = change.after.body.pointer(path);
            left.is_some_and(|left| left.as_object().is_none_or(|ids| !ids.is_empty()))
        };
        let held = left.iter().find(|path| holds(path));
        broken.extend(held.map(|path| (SAFE, format!("a tombstone has {path}"))));
    }
    broken
}

/// Each program reads the record, and takes it for what the other does.
fn readable(change: &Change<'_>) -> Vec<Broken> {
    let (body, metadata) = change.bytes;
    let mut broken = Vec::new();
    let live = change.after.is_live();
    match read(body) {
        Ok(entry) if is_live(&entry) == live => {}
        other => broken.push((READABLE, format!("theirs: {other:?}"))),
    }
    match known(metadata, METADATA) {
        Ok(metadata) if metadata["ok"] == live => {}
        other => broken.push((READABLE, format!("their metadata: {other:?}"))),
    }
    match (KvEntry::from_body(body), KvMetadata::from_bytes(metadata)) {
        (Ok(entry), Ok(_)) if entry.is_tombstone() != live => {}
        other => broken.push((READABLE, format!("ours: {other:?}"))),
    }
    broken
}

/// Fields that ours sets itself.
const OURS: [&str; 6] = [
    "last_seen",
    "metadata: ok",
    "metadata: country",
    "metadata: v",
    "metadata: t",
    "metadata: p",
];

/// What ours changed or moved of a record that it only brought up to date, but for the uids that came.
fn kept(before: &Seen, after: &Seen, partners: &[String]) -> Vec<Broken> {
    let came = |path: &str| {
        let mine = |partner: &String| {
            let of = |field| path == format!("ids.{partner}.{field}");
            of("uid") || of("synced")
        };
        OURS.contains(&path) || partners.iter().any(mine)
    };
    let mut broken = Vec::new();
    walk(before, &mut |path, value| match at(after, path) {
        _ if came(path) => {}
        Some(other) if other.is_object() && value.is_object() => {
            let order = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            let (old, mut new) = (order(value), order(other));
            new.retain(|name| old.contains(name));
            if new != old && new.len() == old.len() {
                broken.push((NOTHING_LOST, format!("the order in `{path}`: {new:?}")));
            }
        }
        Some(other) if other == value => {}
        other => broken.push((NOTHING_LOST, format!("`{path}`: {value} is {other:?}"))),
    });
    broken
}

/// Ours makes nothing newer than it is, but for what the operation itself says.
fn safe(change: &Change<'_>, ours: &Ours, before: &Seen) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut expect = |what: &str, found: Option<&Value>, expected: Option<&Value>| {
        if found != expected {
            broken.push((SAFE, format!("{what}: {found:?}, not {expected:?}")));
        }
    };
    let after = &change.after;
    expect(
        "consent",
        Some(&after.body["consent"]),
        Some(&before.body["consent"]),
    );
    expect(
        "created",
        Some(&after.body["created"]),
        Some(&before.body["created"]),
    );
    let counted_from = match (ours, change.policy.entry.renewal) {
        (_, Renewal::FromCreation) => before.body["created"].clone(),
        (Ours::Touch { .. }, _) => change.start.into(),
        // One that began later may have written first.
        (_, Renewal::OnWrite) => stated(before)
            .map_or(change.start, |t| t.max(change.start))
            .into(),
        (_, Renewal::OnVisit) => counted_from(change, before).into(),
    };
    expect("t", after.metadata.get("t"), Some(&counted_from));
    let mark = Value::from(change.policy.digest.mark());
    expect("p", after.metadata.get("p"), Some(&mark));
    match ours {
        Ours::Touch { ago } => {
            let seen = Value::from(change.start - ago);
            expect("last_seen", after.body.get("last_seen"), Some(&seen));
        }
        _ => expect(
            "last_seen",
            after.body.get("last_seen"),
            before.body.get("last_seen"),
        ),
    }
    broken
}

/// What the metadata says of the second from which retention counts.
fn stated(record: &Seen) -> Option<u64> {
    record.metadata.get("t")?.as_u64()
}

/// The second from which the retention of a record counts that a visit does not renew.
fn counted_from(change: &Change<'_>, record: &Seen) -> u64 {
    if let Some(stated) = stated(record) {
        return stated;
    }
    let seen = record.body.get("last_seen").is_some();
    if !seen && change.policy.import.unknown_age == UnknownAge::Now {
        return change.start;
    }
    let times = ["/created", "/last_seen", "/consent/updated"];
    let times = times
        .iter()
        .filter_map(|path| record.body.pointer(path)?.as_u64());
    times
        .filter(|time| *time <= change.start)
        .max()
        .unwrap_or(change.start)
}

/// Whether ours is past keeping a live record.
fn is_over(change: &Change<'_>, record: &Seen) -> bool {
    let entry = &change.policy.entry;
    let from = match entry.renewal {
        Renewal::FromCreation => record.body["created"].as_u64().unwrap(),
        _ => counted_from(change, record),
    };
    entry.expiry == Expiry::Engine && change.start > from + entry.ttl.seconds()
}

/// What is in `before` and not in `after`, partners as `*`.
pub fn lost(before: &Seen, after: &Seen) -> Vec<String> {
    let mut lost = Vec::new();
    walk(before, &mut |path, _| {
        if at(after, path).is_none() {
            lost.push(general(path));
        }
    });
    lost.sort_unstable();
    lost.dedup();
    lost
}

/// Whether the documents say so, or a version of theirs before or after today's wrote it.
fn may_be_dropped(path: &str) -> bool {
    let other_version = path.contains("next")
        || path == "network.cluster_checked"
        || path.starts_with("pub_properties.seen_domains.");
    // Where no partner has synced, `ids` is empty; theirs leaves that out.
    DROPPED.contains(&path) || path == "ids" || other_version
}

/// A path without the partner's name.
fn general(path: &str) -> String {
    match path.strip_prefix("ids.") {
        // A partner's domain has dots, and no field of ours has one.
        Some(id) => match id.rsplit_once(".example.") {
            Some((_, field)) => format!("ids.*.{field}"),
            None => "ids.*".to_owned(),
        },
        None => path.to_owned(),
    }
}

fn updated(record: &Seen) -> Option<&Value> {
    record.body.pointer("/consent/updated")
}

/// Shows each value of a record with its path.
fn walk(record: &Seen, show: &mut dyn FnMut(&str, &Value)) {
    fn below(prefix: &str, value: &Value, show: &mut dyn FnMut(&str, &Value)) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let path = format!("{prefix}{name}");
            show(&path, value);
            below(&format!("{path}."), value, show);
        }
    }
    show("", &record.body);
    below("", &record.body, show);
    show("metadata: ", &record.metadata);
    below("metadata: ", &record.metadata, show);
}

/// The value under a path that [`walk`] showed.
fn at<'r>(record: &'r Seen, path: &str) -> Option<&'r Value> {
    let mut found = None;
    walk_to(record, path, &mut found);
    found
}

fn walk_to<'r>(record: &'r Seen, path: &str, found: &mut Option<&'r Value>) {
    fn below<'r>(value: &'r Value, path: &str, found: &mut Option<&'r Value>) {
        if path.is_empty() {
            *found = Some(value);
            return;
        }
        for (name, value) in value.as_object().into_iter().flatten() {
            let rest = path.strip_prefix(name.as_str());
            match rest.map(|rest| (rest, rest.strip_prefix('.'))) {
                Some(("", _)) => *found = Some(value),
                Some((_, Some(rest))) => below(value, rest, found),
                _ => {}
            }
        }
    }
    match path.strip_prefix("metadata: ") {
        Some(path) => below(&record.metadata, path, found),
        None => below(&record.body, path, found),
    }
}
