//! From when retention counts where a record does not state its age.

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::Operation;
use edge_cookie::policy::settings::{OnMissingSync, Renewal, UnknownAge};
use serde_json::json;

use super::support::{Bench, DAY, HOUR, NOON, policy};
use super::table::{BODY, METADATA, with};
use super::{error, json_of, stored};

/// The record of a user who consented so many days ago.
fn of_age(days: u64) -> String {
    BODY.replace("1772449200", &(NOON - days * DAY).to_string())
}

#[test]
fn retention_of_a_record_of_unknown_age_counts_from_where_the_policy_says() {
    use Renewal::{FromCreation, OnVisit, OnWrite};
    use UnknownAge::{Created, Now, Reject};
    const SEEN: &str = r#""last_seen":1,"consent":"#;
    // Days since consent, what is known besides, and whether it is absent, refused or live.
    for (age, renewal, days, known, state) in [
        (Created, OnWrite, 365, "", "written"),
        (Created, OnWrite, 366, "", "not_found"),
        (Created, OnVisit, 366, "", "not_found"),
        (Now, OnWrite, 366, "", "written"),
        (Now, OnVisit, 3_000, "", "written"),
        (Now, FromCreation, 366, "", "not_found"),
        (Now, FromCreation, 364, "", "written"),
        (Reject, OnWrite, 1, "", "unreadable_entry"),
        (Reject, OnVisit, 366, "", "unreadable_entry"),
        (Reject, FromCreation, 1, "", "written"),
        (Reject, FromCreation, 366, "", "not_found"),
        // One that states its age is not concerned.
        (Now, OnWrite, 366, SEEN, "not_found"),
        (Reject, OnWrite, 1, SEEN, "written"),
        (Now, OnWrite, 366, r#","t":1"#, "not_found"),
        (Reject, OnWrite, 1, r#","t":1772449200"#, "written"),
    ] {
        let bench = Bench::new(policy(|policy| {
            policy.import.unknown_age = age;
            policy.entry.renewal = renewal;
            policy.sync.on_missing = OnMissingSync::Reject;
        }));
        let (body, metadata) = match known {
            "" => (of_age(days), METADATA.to_owned()),
            SEEN => (
                with(&of_age(days), &[(r#""consent":"#, SEEN)]),
                METADATA.to_owned(),
            ),
            t => (of_age(days), with(METADATA, &[("}", &format!("{t}}}"))])),
        };
        bench.put_raw(&body, &metadata, None);
        let of = format!("{age:?} {renewal:?} {days} {known}");
        assert_eq!(bench.sync("a.com", "U", NOON), state, "{of}");
        if state == "written" && renewal != FromCreation && known.is_empty() {
            // From now on it states its age.
            let from = if renewal == OnVisit && age == Created {
                NOON - days * DAY
            } else {
                NOON
            };
            let t = json_of(&stored(&bench).1)["t"].clone();
            assert_eq!(t, json!(from), "{of}");
        }
    }
}

#[test]
fn a_refused_record_is_left_as_it_is_and_can_be_withdrawn_and_erased() {
    let refused = || {
        let bench = Bench::new(policy(|policy| {
            policy.import.unknown_age = UnknownAge::Reject;
        }));
        bench.put_raw(BODY, METADATA, None);
        bench
    };
    let bench = refused();
    let why = error(&bench);
    assert!(
        why.contains("neither `t` nor `last_seen`") && why.contains("`import.unknown_age`"),
        "{why}"
    );
    for word in [
        bench.touch(NOON),
        bench.sync("a.com", "U", NOON),
        bench.create_or_revive(),
    ] {
        assert_eq!(word, "unreadable_entry");
    }
    assert_eq!(bench.create(), "already_exists");
    let before = (BODY.to_owned(), METADATA.to_owned());
    assert_eq!(stored(&bench), before);
    assert_eq!(bench.withdraw(), "withdrawn");
    assert_eq!(refused().delete(), "deleted");
    // A withdrawal from before its consent does not undo it, and a later one does.
    let deliver = |bench: &Bench, at: u64| {
        let at = Timestamp::from_unix(at);
        bench.word(Operation::DeliverWithdrawal { at })
    };
    let bench = refused();
    assert_eq!(deliver(&bench, NOON - 2 * HOUR), "superseded");
    assert_eq!(stored(&bench), before);
    assert_eq!(deliver(&bench, NOON - 60), "withdrawn");
}
