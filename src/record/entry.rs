//! The body of a record: [`KvEntry`] and its parts.

use super::consent::{ConsentStrings, KvConsent};
use super::object::{longest_string, object};
use super::{Kept, PartnerId, PartnerIds, Unreadable, tolerant};
use crate::clock::Timestamp;

/// The schema version that this writes, and the only one it reads.
const SCHEMA_VERSION: u64 = 1;

/// The version recorded for a writer that states none.
const NO_VERSION: u64 = 0;

/// Means a country that is not known (a user-assigned code of ISO 3166-1).
const UNKNOWN_COUNTRY: &str = "ZZ";

object! {
    /// A coarse place.
    ///
    /// ```
    /// use edge_cookie::record::KvGeo;
    ///
    /// assert_eq!(&*KvGeo::default().country, "ZZ");
    /// let geo = KvGeo::known("us", Some("CA")).unwrap();
    /// assert_eq!((&*geo.country, geo.region.as_deref()), ("US", Some("CA")));
    /// assert_eq!(KvGeo::known("USA", None), None);
    /// ```
    KvGeo {
        /// The country's ISO 3166-1 alpha-2 code; `ZZ` where unknown.
        country: Box<str> = or(UNKNOWN_COUNTRY.into()),
        /// The region within the country.
        region: Option<Box<str>> = optional,
    }
}

object! {
    /// The body of a record.
    ///
    /// ```
    /// use edge_cookie::clock::Timestamp;
    /// use edge_cookie::record::{ConsentStrings, KvEntry, KvGeo};
    ///
    /// let now = Timestamp::from_unix(1_772_409_600);
    /// let entry = KvEntry::new(ConsentStrings::default(), KvGeo::default(), now);
    /// assert_eq!(KvEntry::from_body(&entry.to_body()), Ok(entry));
    /// assert!(KvEntry::tombstone(now).is_tombstone());
    /// ```
    KvEntry {
        /// The schema version; a record without one, or with 0, is of the first.
        v: u64 = or(SCHEMA_VERSION),
        /// When this life of the record began.
        created: Timestamp = required,
        /// When the user was last seen; others may leave it out.
        last_seen: Option<Timestamp> = optional,
        /// What the user has consented to.
        consent: KvConsent = required,
        /// Where the user is.
        geo: KvGeo = or(KvGeo::default()),
        /// The partners' uids.
        ids: PartnerIds = or(PartnerIds::default()),
    }
}

/// The place of a user whose place is not known.
impl Default for KvGeo {
    fn default() -> Self {
        Self {
            country: UNKNOWN_COUNTRY.into(),
            region: None,
            kept: Kept::default(),
        }
    }
}

impl KvGeo {
    /// The place with this country, where it is a code of two letters.
    #[must_use]
    pub fn known(country: &str, region: Option<&str>) -> Option<Self> {
        let letters = country.len() == UNKNOWN_COUNTRY.len()
            && country.bytes().all(|byte| byte.is_ascii_alphabetic());
        letters.then(|| Self {
            country: country.to_ascii_uppercase().into(),
            region: region.map(Into::into),
            kept: Kept::default(),
        })
    }
}

impl KvEntry {
    /// The entry of a user who has just consented.
    #[must_use]
    pub fn new(consent: ConsentStrings, geo: KvGeo, now: Timestamp) -> Self {
        Self {
            v: SCHEMA_VERSION,
            created: now,
            last_seen: Some(now),
            consent: KvConsent::new(consent, true, now),
            geo,
            ids: PartnerIds::default(),
            kept: Kept::default(),
        }
    }

    /// The entry that a partner's sync leaves for a user never seen before.
    #[must_use]
    pub fn minimal(now: Timestamp) -> Self {
        Self::new(ConsentStrings::default(), KvGeo::default(), now)
    }

    /// What stays of a user who has withdrawn: the time of it, and nothing else.
    #[must_use]
    pub fn tombstone(now: Timestamp) -> Self {
        Self {
            consent: KvConsent::new(ConsentStrings::default(), false, now),
            ..Self::minimal(now)
        }
    }

    /// Turns this tombstone back into a live entry by fresh consent; unknown fields stay.
    pub fn revive(&mut self, consent: ConsentStrings, geo: KvGeo, now: Timestamp) {
        self.v = SCHEMA_VERSION;
        self.created = now;
        self.see(now);
        self.consent.renew(consent, now);
        self.geo.country = geo.country;
        self.geo.region = geo.region;
        self.geo.kept.drop_all(&["region"]);
        self.geo.kept.replace_with(geo.kept);
        self.ids = PartnerIds::default();
    }

    /// Notes when the user was last seen.
    pub fn see(&mut self, at: Timestamp) {
        self.last_seen = Some(at);
        self.kept.drop_all(&["last_seen"]);
    }

    /// Puts a partner's uid into this entry; gives back what stood in its place.
    pub fn sync(
        &mut self,
        partner: &PartnerId,
        uid: &str,
        synced: Timestamp,
    ) -> Option<super::KvPartnerId> {
        self.ids.put(partner, uid, synced)
    }

    /// Whether this remembers a withdrawal.
    #[must_use]
    pub const fn is_tombstone(&self) -> bool {
        !self.consent.ok
    }

    /// Reads a body.
    ///
    /// # Errors
    ///
    /// Where it is not JSON, not of a record's shape, or of another schema version.
    pub fn from_body(body: &[u8]) -> Result<Self, Unreadable> {
        // Checked once as a whole, strings need no check each.
        let body = str::from_utf8(body).map_err(|error| Unreadable::NotJson(error.to_string()))?;
        match serde_json::from_str::<Self>(body) {
            Ok(entry) if entry.v == SCHEMA_VERSION => Ok(entry),
            read => Self::of_other_writers(body, read),
        }
    }

    /// The second way to read a body, which the first has refused or found to state no version that it knows.
    #[cold]
    #[inline(never)]
    fn of_other_writers(
        body: &str,
        read: Result<Self, serde_json::Error>,
    ) -> Result<Self, Unreadable> {
        let mut entry = read
            .or_else(|error| tolerant::object(body, error))
            .map_err(|error| Unreadable::body(body, SCHEMA_VERSION, &error))?;
        match entry.v {
            SCHEMA_VERSION => {}
            NO_VERSION => entry.v = SCHEMA_VERSION,
            other => return Err(Unreadable::WrongVersion(other)),
        }
        Ok(entry)
    }

    /// The body as stored.
    #[must_use]
    pub fn to_body(&self) -> Vec<u8> {
        // Strings, numbers and raw JSON always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Whether the body takes at most `limit` bytes.
    #[must_use]
    pub fn body_fits(&self, limit: usize) -> bool {
        self.longest_body() <= limit || self.to_body().len() <= limit
    }

    /// Bytes that the body is sure to leave of `limit`, found without serialising; it may leave more.
    pub(crate) fn room_within(&self, limit: usize) -> usize {
        limit.saturating_sub(self.longest_body())
    }

    /// A bound on the size of a body that only [`new`](Self::new) would make.
    pub(crate) fn longest_new(consent: &ConsentStrings, geo: &KvGeo) -> usize {
        Self::longest_frame(geo) + consent.longest_json()
    }

    /// A bound on the body's size that costs no serialising.
    fn longest_body(&self) -> usize {
        Self::longest_frame(&self.geo)
            + self.kept.longest_json()
            + self.consent.longest_json()
            + self.ids.longest_json()
    }

    /// What a body takes at most, but for consent strings, partner ids and what is kept.
    fn longest_frame(geo: &KvGeo) -> usize {
        const FRAME: usize = concat!(
            r#"{"v":1,"created":18446744073709551615,"last_seen":18446744073709551615,"#,
            r#""consent":{"tcf":,"gpp":,"us_privacy":,"gpc":false,"rule":,"more":[],"#,
            r#""ok":false,"updated":18446744073709551615,},"#,
            r#""geo":{"country":,"region":,},"ids":{},}"#
        )
        .len();
        let region = geo.region.as_deref().map_or(0, longest_string);
        FRAME + longest_string(&geo.country) + region + geo.kept.longest_json()
    }
}

#[cfg(test)]
mod tests {
    use super::super::KvSignal;
    use super::*;

    #[test]
    fn the_bound_on_a_body_is_never_below_its_size() {
        let text = "\u{1}\"\\é\n".repeat(20);
        let mut entry = KvEntry::new(
            ConsentStrings {
                tcf: Some(text.as_str().into()),
                gpp: Some("".into()),
                us_privacy: Some(text.as_str().into()),
                gpc: true,
                rule: Some(text.clone().into()),
                more: vec![KvSignal::new(&text, &text), KvSignal::new("", "")],
            },
            KvGeo::known("de", Some(&text)).unwrap(),
            Timestamp::from_unix(u64::MAX),
        );
        for partner in ["a", "b.com"] {
            let partner = PartnerId::parse(partner).unwrap();
            entry.sync(&partner, &text, Timestamp::from_unix(u64::MAX));
            let size = entry.to_body().len();
            assert!(entry.longest_body() >= size);
            assert!(entry.body_fits(size));
            assert!(!entry.body_fits(size - 1));
        }
    }

    #[test]
    fn the_bound_on_a_consented_body_counts_each_text() {
        let text = "\u{1}".repeat(500);
        let strings = |tcf: &str, gpp: &str| ConsentStrings {
            tcf: Some(tcf.into()),
            gpp: Some(gpp.into()),
            ..ConsentStrings::default()
        };
        let us_privacy = ConsentStrings {
            us_privacy: Some(text.as_str().into()),
            ..ConsentStrings::default()
        };
        let rule = ConsentStrings {
            gpc: true,
            rule: Some(text.clone().into()),
            ..ConsentStrings::default()
        };
        let more = ConsentStrings {
            more: (0..50).map(|_| KvSignal::new(&text, &text)).collect(),
            ..ConsentStrings::default()
        };
        let mut kept = KvGeo::known("de", None).unwrap();
        let unknown = serde_json::from_str(&format!(
            r#"{{"country":"DE","LONG":"{}"}}"#,
            "x".repeat(3_000)
        ));
        kept.kept = unknown.map(|geo: KvGeo| geo.kept).unwrap();
        for (consent, geo) in [
            (ConsentStrings::default(), KvGeo::default()),
            (strings(&text, ""), KvGeo::default()),
            (strings("", &text), KvGeo::default()),
            (us_privacy, KvGeo::default()),
            (rule, KvGeo::default()),
            (more, KvGeo::default()),
            (strings("", ""), KvGeo::known("de", Some(&text)).unwrap()),
            (strings("", ""), kept),
        ] {
            let longest = KvEntry::longest_new(&consent, &geo);
            let entry = KvEntry::new(consent, geo, Timestamp::from_unix(u64::MAX));
            assert!(longest >= entry.to_body().len(), "{entry:?}");
            assert_eq!(longest, entry.longest_body());
        }
    }

    #[test]
    fn the_bound_counts_each_part_of_a_body() {
        // The longest escape for each byte, or no escape.
        for long in ["\\u0001".repeat(300), "x".repeat(1_800)] {
            for body in [
                r#"{"v":1,"created":5,"consent":{"tcf":"LONG","ok":true,"updated":5},"geo":{"country":"DE"},"ids":{}}"#,
                r#"{"v":1,"created":5,"consent":{"gpp":"LONG","ok":true,"updated":5},"geo":{"country":"DE"},"ids":{}}"#,
                r#"{"v":1,"created":5,"consent":{"us_privacy":"LONG","ok":true,"updated":5},"geo":{"country":"DE"},"ids":{}}"#,
                r#"{"v":1,"created":5,"consent":{"rule":"LONG","ok":true,"updated":5},"geo":{"country":"DE"},"ids":{}}"#,
                r#"{"v":1,"created":5,"consent":{"more":[{"signal":"LONG","value":""}],"ok":true,"updated":5},"geo":{"country":"DE"},"ids":{}}"#,
                r#"{"v":1,"created":5,"consent":{"more":[{"signal":"","value":"LONG"}],"ok":true,"updated":5},"geo":{"country":"DE"},"ids":{}}"#,
                r#"{"v":1,"created":5,"consent":{"more":[{"signal":"","value":"","LONG":1}],"ok":true,"updated":5},"geo":{"country":"DE"},"ids":{}}"#,
                r#"{"v":1,"created":5,"consent":{"ok":true,"updated":5,"LONG":1},"geo":{"country":"DE"},"ids":{}}"#,
                r#"{"v":1,"created":5,"consent":{"ok":true,"updated":5},"geo":{"country":"LONG"},"ids":{}}"#,
                r#"{"v":1,"created":5,"consent":{"ok":true,"updated":5},"geo":{"country":"DE","region":"LONG"},"ids":{}}"#,
                r#"{"v":1,"created":5,"consent":{"ok":true,"updated":5},"geo":{"country":"DE","LONG":1},"ids":{}}"#,
                r#"{"v":1,"created":5,"consent":{"ok":true,"updated":5},"geo":{"country":"DE"},"ids":{"a":{"uid":"LONG"}}}"#,
                r#"{"v":1,"created":5,"consent":{"ok":true,"updated":5},"geo":{"country":"DE"},"ids":{"LONG":{"uid":"u"}}}"#,
                r#"{"v":1,"created":5,"consent":{"ok":true,"updated":5},"geo":{"country":"DE"},"ids":{"a":{"uid":"u","LONG":1}}}"#,
                r#"{"v":1,"created":5,"consent":{"ok":true,"updated":5},"geo":{"country":"DE"},"ids":{},"LONG":1}"#,
                r#"{"v":1,"created":5,"consent":{"ok":true,"updated":5},"geo":{"country":"DE"},"ids":{},"next":"LONG"}"#,
            ] {
                is_bounded(&body.replace("LONG", &long));
            }
        }
    }

    #[test]
    fn the_bound_counts_what_is_between_many_fields() {
        let names = (1..200).map(|length| "\\u0001".repeat(length));
        let fields: Vec<_> = names.map(|name| format!(r#","{name}":1"#)).collect();
        let fields = fields.concat();
        is_bounded(&format!(
            r#"{{"v":1,"created":5,"consent":{{"ok":true,"updated":5}},"geo":{{"country":"DE"}},"ids":{{}}{fields}}}"#
        ));
    }

    fn is_bounded(body: &str) {
        let entry = KvEntry::from_body(body.as_bytes()).unwrap();
        assert_eq!(entry.to_body().len(), body.len());
        assert!(entry.longest_body() >= body.len(), "{body}");
        assert_eq!(entry.room_within(body.len()), 0);
        let room = entry.room_within(1_000_000);
        assert!(room > 0 && entry.body_fits(1_000_000 - room), "{body}");
    }

    #[test]
    fn a_country_is_two_letters() {
        for (written, country) in [
            ("de", Some("DE")),
            ("DE", Some("DE")),
            ("D", None),
            ("DEU", None),
            ("D1", None),
            ("é", None),
        ] {
            let geo = KvGeo::known(written, None);
            assert_eq!(geo.as_ref().map(|geo| &*geo.country), country, "{written}");
        }
        assert_eq!(&*KvGeo::default().country, "ZZ");
    }
}
