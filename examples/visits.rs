//! Makes the shipped event stream: a day of one publisher's traffic, the same for the same seed.
//!
//! `cargo run --example visits > examples/visits.jsonl`; with `-- SEED DAYS` another one, of several days of
//! which the last is the same Monday.

use std::io::{self, BufWriter, ErrorKind, Write};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The seed of the committed `visits.jsonl`.
pub const SEED: u64 = 20_260_302;

/// Monday, 2 March 2026, 00:00 UTC.
const MIDNIGHT: u64 = 1_772_409_600;
const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

const VISITORS: u64 = 600;

/// Visits of each hour of the day: few at night, most in the morning and the evening.
const DAILY_SHAPE: [u64; 24] = [
    3, 2, 1, 1, 1, 2, 6, 11, 14, 12, 9, 8, 10, 9, 7, 7, 8, 10, 13, 15, 16, 13, 8, 5,
];

const PLACES: [(&str, Option<&str>); 10] = [
    ("DE", None),
    ("DE", None),
    ("FR", None),
    ("FR", None),
    ("ES", None),
    ("NL", None),
    ("GB", None),
    ("US", Some("CA")),
    ("US", Some("TX")),
    ("CH", None),
];

/// Partners, how their uids begin, and of a hundred visitors how many they know.
const PARTNERS: [(&str, &str, u64); 5] = [
    ("liveramp.com", "XY1000", 70),
    ("id5-sync.com", "ID5*", 60),
    ("criteo.com", "k-", 50),
    ("thetradedesk.com", "ttd-", 40),
    ("uidapi.com", "A4A", 20),
];

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn text(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let letter = |_| {
            let index = usize::try_from(self.below(LETTERS.len() as u64)).unwrap_or_default();
            LETTERS.get(index).copied().map_or('A', char::from)
        };
        (0..length).map(letter).collect()
    }
}

/// A visitor: who it is, where, and what partners call it.
struct Visitor {
    ec_id: String,
    place: (&'static str, Option<&'static str>),
    uids: Vec<(&'static str, String)>,
}

impl Visitor {
    fn new(random: &mut Random) -> Self {
        let address = format!("198.51.{}.{}", random.below(256), random.below(256));
        let index = usize::try_from(random.below(PLACES.len() as u64)).unwrap_or_default();
        let mut uids = Vec::new();
        for (partner, begins, percent) in PARTNERS {
            if random.chance(percent) {
                uids.push((partner, format!("{begins}{}", random.text(24))));
            }
        }
        Self {
            ec_id: ec_id(&address, random),
            place: PLACES.get(index).copied().unwrap_or(("ZZ", None)),
            uids,
        }
    }

    /// Consent as the browser gives it: TCF in Europe, GPP in the United States.
    fn consent(&self, random: &mut Random) -> Value {
        match self.place.0 {
            "US" => json!({ "gpp": format!("DBABLA~BVQqAAAAA{}", random.text(6)) }),
            _ => json!({ "tcf": format!("CQ{}AcABBENBCFgAAAAAAAAAA", random.text(12)) }),
        }
    }

    fn geo(&self) -> Value {
        match self.place {
            (country, Some(region)) => json!({ "country": country, "region": region }),
            (country, None) => json!({ "country": country }),
        }
    }
}

/// What an EC id looks like: a hash of the address, and six random characters.
fn ec_id(address: &str, random: &mut Random) -> String {
    let hash: String = Sha256::digest(address.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{hash}.{}", random.text(6))
}

/// The events of a day, collected in any order.
struct DayOfEvents {
    midnight: u64,
    random: Random,
    events: Vec<(u64, Value)>,
}

impl DayOfEvents {
    fn add(&mut self, at: u64, op: &str, ec_id: &str, fields: Value) {
        let mut event = json!({ "op": op, "ec_id": ec_id });
        if let (Value::Object(event), Value::Object(fields)) = (&mut event, fields) {
            event.extend(fields);
        }
        self.events.push((at, event));
    }

    /// A second of the day, drawn after its shape.
    fn second(&mut self) -> u64 {
        let mut left = self.random.below(DAILY_SHAPE.iter().sum());
        let mut hour = 0;
        for visits in DAILY_SHAPE {
            if left < visits {
                break;
            }
            left -= visits;
            hour += 1;
        }
        self.midnight + hour * HOUR + self.random.below(HOUR)
    }

    /// A visitor's day: it comes, looks at pages, partners sync it, it may come again.
    fn visitor(&mut self, visitor: &Visitor) {
        let came = self.second();
        let consent = visitor.consent(&mut self.random);
        let op = if self.random.chance(95) {
            "create_or_revive"
        } else {
            "create"
        };
        self.add(
            came,
            op,
            &visitor.ec_id,
            json!({ "consent": consent, "geo": visitor.geo() }),
        );
        self.pages(visitor, came);
        self.syncs(visitor, came);
        if self.random.chance(30) {
            let again = came + HOUR + self.random.below(8 * HOUR);
            self.pages(visitor, again);
            if self.random.chance(50) {
                self.same_again(visitor, again);
            }
        }
        if self.random.chance(4) {
            self.withdrawal(visitor, came);
        }
    }

    /// Pages of a visit: each is a touch, most within the debounce.
    fn pages(&mut self, visitor: &Visitor, from: u64) {
        let mut at = from;
        for _ in 0..self.random.below(4) {
            at += 5 + self.random.below(400);
            self.add(at, "update_last_seen", &visitor.ec_id, json!({}));
        }
    }

    /// Partners sync a new visitor: one by one in the browser, or many at once from a server; some late.
    fn syncs(&mut self, visitor: &Visitor, from: u64) {
        let at = from + 2 + self.random.below(60);
        if visitor.uids.len() > 2 && self.random.chance(60) {
            let mut ids = Vec::new();
            for (partner, uid) in &visitor.uids {
                ids.push(json!({ "partner_id": partner, "uid": uid }));
            }
            self.add(
                at,
                "upsert_partner_ids",
                &visitor.ec_id,
                json!({ "ids": ids }),
            );
            return;
        }
        for (partner, uid) in &visitor.uids {
            let late = match self.random.below(20) {
                0 => HOUR + self.random.below(10 * HOUR),
                1 => DAY + self.random.below(6 * DAY),
                _ => 0,
            };
            let mut fields = json!({ "partner_id": partner, "uid": uid });
            if let (Value::Object(fields), true) = (&mut fields, late > 0) {
                fields.insert("timestamp".to_owned(), at.saturating_sub(late).into());
            }
            let synced = at + self.random.below(120);
            self.add(synced, "upsert_partner_id", &visitor.ec_id, fields);
        }
    }

    /// A partner syncs the uid it has synced before.
    fn same_again(&mut self, visitor: &Visitor, from: u64) {
        for (partner, uid) in &visitor.uids {
            let at = from + self.random.below(90);
            self.add(
                at,
                "upsert_partner_id",
                &visitor.ec_id,
                json!({ "partner_id": partner, "uid": uid }),
            );
        }
    }

    /// Consent withdrawn, perhaps twice; partners sync all the same; some consent again.
    fn withdrawal(&mut self, visitor: &Visitor, came: u64) {
        let at = came + 600 + self.random.below(2 * HOUR);
        self.add(at, "write_withdrawal_tombstone", &visitor.ec_id, json!({}));
        if self.random.chance(40) {
            self.add(
                at + 30,
                "write_withdrawal_tombstone",
                &visitor.ec_id,
                json!({}),
            );
        }
        self.same_again(visitor, at + 60);
        if self.random.chance(50) {
            let consent = visitor.consent(&mut self.random);
            let again = at + HOUR;
            self.add(
                again,
                "create_or_revive",
                &visitor.ec_id,
                json!({ "consent": consent, "geo": visitor.geo() }),
            );
            self.same_again(visitor, again + 10);
        }
    }

    /// An id that nobody was ever given.
    fn forged(&mut self) {
        let forged = ec_id("203.0.113.66", &mut self.random);
        let at = self.midnight + 11 * HOUR;
        self.add(at, "update_last_seen", &forged, json!({}));
        self.add(at + 5, "write_withdrawal_tombstone", &forged, json!({}));
        let guess = ec_id("203.0.113.67", &mut self.random);
        self.add(
            at + 9,
            "upsert_partner_id",
            &guess,
            json!({ "partner_id": "criteo.com", "uid": "k-guess" }),
        );
    }

    /// The support desk looks a visitor up, and erases one who asked for it.
    fn support(&mut self, visitors: &[Visitor]) {
        for (index, visitor) in visitors.iter().take(8).enumerate() {
            let at = self.midnight + DAY - HOUR + 60 * index as u64;
            self.add(at, "get_metadata", &visitor.ec_id, json!({}));
            self.add(at + 10, "get", &visitor.ec_id, json!({}));
            if index < 2 {
                self.add(at + 20, "delete", &visitor.ec_id, json!({}));
            }
        }
    }

    /// The events in the order of their times; every tenth writes its time as Unix seconds.
    fn write(mut self, out: &mut impl Write) -> io::Result<()> {
        self.events.sort_by_key(|(at, _)| *at);
        let inside = |at: &u64| (self.midnight..self.midnight + DAY).contains(at);
        for (index, (at, event)) in self.events.iter().filter(|(at, _)| inside(at)).enumerate() {
            let mut line = json!({ "at": at });
            if let Value::Object(line) = &mut line {
                if index % 10 != 9 {
                    let shown = edge_cookie::clock::Timestamp::from_unix(*at).to_string();
                    line.insert("at".to_owned(), shown.into());
                }
                line.extend(event.as_object().cloned().unwrap_or_default());
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    }
}

/// Writes the events of `days` days, the last of them the Monday that ships.
///
/// # Errors
///
/// Where `out` cannot be written.
pub fn write_days(seed: u64, days: u64, out: &mut impl Write) -> io::Result<()> {
    for before in (0..days).rev() {
        let mut day = DayOfEvents {
            midnight: MIDNIGHT.saturating_sub(before * DAY),
            random: Random(seed.wrapping_add(before)),
            events: Vec::new(),
        };
        let visitors: Vec<Visitor> = (0..VISITORS)
            .map(|_| Visitor::new(&mut day.random))
            .collect();
        for visitor in &visitors {
            day.visitor(visitor);
        }
        day.forged();
        day.support(&visitors);
        day.write(out)?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let mut numbers = std::env::args()
        .skip(1)
        .map(|word| word.parse::<u64>().ok());
    let seed = numbers.next().flatten().unwrap_or(SEED);
    let days = numbers.next().flatten().unwrap_or(1);
    let mut out = BufWriter::new(io::stdout().lock());
    match write_days(seed, days, &mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
