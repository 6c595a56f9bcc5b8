//! Makes a believable day of one publisher's traffic, as an event stream for `ec apply`.
//!
//! `cargo run --example visits > examples/visits.jsonl` makes the shipped one: the same seed gives the same
//! bytes. `-- SEED` makes another day, `-- SEED DAYS` several, of which the last is the same Monday.

use std::io::{self, BufWriter, ErrorKind, Write};

use edge_cookie::clock::Timestamp;
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The seed of the shipped `visits.jsonl`.
pub const SEED: u64 = 20_260_302;

/// Monday, 2 March 2026, 00:00 UTC.
const MONDAY: u64 = 1_772_409_600;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// People who give consent on a day.
const VISITORS: u64 = 420;
/// Ids that partners still know from before the graph began.
const STRANGERS: u64 = 40;
/// Ids that are made up.
const FORGED: u64 = 6;

/// How many first visits begin in each hour, relative to the others: a trough at night, peaks at breakfast and dinner.
const SHAPE: [u64; 24] = [
    5, 3, 2, 1, 2, 4, 10, 19, 22, 16, 12, 11, 14, 13, 10, 9, 11, 15, 21, 26, 25, 19, 12, 8,
];

/// Where visitors are: Europe mostly, and a few states of the US.
const PLACES: [&str; 20] = [
    "DE", "DE", "DE", "FR", "FR", "FR", "IT", "IT", "ES", "ES", "NL", "AT", "PL", "SE", "IE", "GB",
    "US-CA", "US-CA", "US-VA", "US-TX",
];

/// Partners, and what their uids look like: `?` is a letter or digit, `#` a hex digit.
const PARTNERS: [(&str, &str); 5] = [
    ("liveramp.com", "Xi??????????????????????????????????????"),
    ("id5-sync.com", "ID5*????????????????????????????????"),
    ("criteo.com", "k-??????????????????????????"),
    ("thetradedesk.com", "########-####-4###-9###-############"),
    ("uidapi.com", "A4AAAA????????????????????????????????"),
];

/// A TCF v2 string made on this Monday: its version, both dates, the consent manager, then purposes and vendors.
const TCF: &str = "CQgcD4AQgcD4AAGABCENCUFgAP_gAEPgAAqI??????????????.YAAAAAAAAAAA";
/// GPP strings: the national section of the US, and a header round a TCF string.
const GPP_US: &str = "DBABLA~BV?qAAAAAgA.QA";
const GPP_EU: &str = "DBABMA~";

/// `SplitMix64`: the same numbers on every machine.
struct Rng(SplitMix64);

impl Rng {
    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.0.next_u64() % (most - least + 1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.between(1, 100) <= percent
    }

    fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        let last = from.len().saturating_sub(1) as u64;
        let index = usize::try_from(self.between(0, last)).unwrap_or_default();
        from.get(index).copied().unwrap_or_default()
    }

    /// `pattern` with its `?` and `#` filled in.
    fn fill(&mut self, pattern: &str) -> String {
        const CHARACTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let character = |place| match place {
            '?' => self.pick(CHARACTERS).into(),
            '#' => self.pick(b"0123456789abcdef").into(),
            other => other,
        };
        pattern.chars().map(character).collect()
    }
}

/// The person behind an EC id, and what partners call them.
struct Visitor {
    ec_id: String,
    place: &'static str,
    uids: Vec<(&'static str, String)>,
}

impl Visitor {
    /// A visitor behind `address`; those of one household share the hash and differ in the suffix.
    fn new(rng: &mut Rng, address: &str) -> Self {
        Self {
            ec_id: base16ct::lower::encode_string(&Sha256::digest(address)) + &rng.fill(".??????"),
            place: rng.pick(&PLACES),
            uids: PARTNERS
                .map(|(partner, uid)| (partner, rng.fill(uid)))
                .into(),
        }
    }

    /// From one to `most` uids, whichever come up.
    fn some_uids(&self, rng: &mut Rng, most: u64) -> Vec<(&'static str, String)> {
        let count = usize::try_from(rng.between(1, most)).unwrap_or_default();
        let first = rng.pick(&[0, 1, 2, 3, 4]);
        let round = self.uids.iter().cycle().skip(first);
        round.take(count).cloned().collect()
    }
}

/// A day under way: what has been drawn so far, in any order.
struct Day {
    midnight: u64,
    rng: Rng,
    events: Vec<(u64, Value)>,
}

impl Day {
    /// Adds an event; fields that are null were not given.
    fn add(&mut self, at: u64, op: &str, visitor: &Visitor, fields: Value) {
        let time = Timestamp::from_unix(at).to_string();
        let mut event = json!({ "at": time, "op": op, "ec_id": visitor.ec_id });
        if let (Value::Object(event), Value::Object(fields)) = (&mut event, fields) {
            event.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        self.events.push((at, event));
    }

    /// Adds an event that has nothing but its operation.
    fn plain(&mut self, at: u64, op: &str, visitor: &Visitor) {
        self.add(at, op, visitor, Value::Null);
    }

    /// A second of the day, drawn after its shape.
    fn arrival(&mut self) -> u64 {
        let mut left = self.rng.between(1, SHAPE.iter().sum());
        let mut hour = self.midnight;
        for weight in SHAPE {
            if left <= weight {
                break;
            }
            left -= weight;
            hour += HOUR;
        }
        hour + self.rng.between(0, HOUR - 1)
    }

    /// A visitor's whole day: consent, pages, syncs, perhaps more visits, perhaps a change of mind.
    fn visitor(&mut self, mut visitor: Visitor) {
        let mut now = self.arrival();
        let is_new = self.rng.chance(25);
        self.consent(
            now,
            if is_new { "create" } else { "create_or_revive" },
            &visitor,
        );
        if self.rng.chance(40) {
            self.server_sync(now, &visitor);
        }
        now = self.visit(now, &visitor);
        while self.rng.chance(35) {
            now += self.rng.between(HOUR, 6 * HOUR);
            self.change_uids(&mut visitor);
            if self.rng.chance(10) {
                self.consent(now, "create_or_revive", &visitor);
            }
            now = self.visit(now, &visitor);
        }
        match self.rng.between(1, 100) {
            1..=9 => self.withdrawal(now, &visitor),
            10..=11 => self.erasure(now, &visitor),
            12..=14 => self.question(now, &visitor),
            _ => {}
        }
    }

    fn consent(&mut self, at: u64, op: &str, visitor: &Visitor) {
        let fields = if let Some((country, region)) = visitor.place.split_once('-') {
            let geo = json!({ "country": country, "region": region });
            json!({ "consent": { "gpp": self.rng.fill(GPP_US) }, "geo": geo })
        } else {
            let tcf = self.rng.fill(TCF);
            let mut consent = json!({ "tcf": tcf });
            if self.rng.chance(25) {
                consent = json!({ "tcf": tcf, "gpp": format!("{GPP_EU}{tcf}") });
            }
            json!({ "consent": consent, "geo": { "country": visitor.place } })
        };
        self.add(at, op, visitor, fields);
    }

    /// Pages in a row, with partners' pixels on some; gives back when the last was seen.
    fn visit(&mut self, came: u64, visitor: &Visitor) -> u64 {
        let mut now = came;
        for _ in 0..self.rng.between(1, 5) {
            if self.rng.chance(35) {
                self.pixels(now, visitor);
            }
            now += self.rng.between(5, 4 * MINUTE);
            // A beacon that waited in a sleeping tab reports when the page was seen, not when it got through.
            let waited = self.rng.between(MINUTE, 20 * MINUTE);
            let seen = self.rng.chance(4).then(|| now - waited);
            let fields = json!({ "timestamp": seen });
            self.add(now, "update_last_seen", visitor, fields);
        }
        now
    }

    /// Pixels on a page sync one partner each; some fire before their script knows the uid.
    fn pixels(&mut self, page: u64, visitor: &Visitor) {
        for (partner, uid) in visitor.some_uids(&mut self.rng, 3) {
            let at = page + self.rng.between(1, 9);
            let uid = if self.rng.chance(1) { "" } else { &uid };
            self.sync(at, visitor, partner, uid, None);
        }
    }

    fn sync(&mut self, at: u64, visitor: &Visitor, partner: &str, uid: &str, made: Option<u64>) {
        let id = json!({ "partner_id": partner, "uid": uid, "timestamp": made });
        self.add(at, "upsert_partner_id", visitor, id);
    }

    /// An identity vendor's server sends what it gathered: minutes old, hours, or days where a queue was stuck.
    fn server_sync(&mut self, came: u64, visitor: &Visitor) {
        let at = came + self.rng.between(10 * MINUTE, 5 * HOUR);
        let (least, most) = match self.rng.between(1, 10) {
            1 => (25 * HOUR, 5 * DAY),
            2..=4 => (HOUR, 20 * HOUR),
            _ => (1, 10 * MINUTE),
        };
        let mut ids = Vec::new();
        for (partner, uid) in visitor.some_uids(&mut self.rng, 5) {
            let made = at - self.rng.between(least, most);
            ids.push(json!({ "partner_id": partner, "uid": uid, "timestamp": made }));
        }
        // The vendor's server counts seconds, and so do its lines; `at` keeps its place.
        let fields = json!({ "at": at, "ids": ids });
        self.add(at, "upsert_partner_ids", visitor, fields);
    }

    /// A browser that has cleared its cookies is someone else to a partner.
    fn change_uids(&mut self, visitor: &mut Visitor) {
        for ((_, uid), (_, pattern)) in visitor.uids.iter_mut().zip(PARTNERS) {
            if self.rng.chance(6) {
                *uid = self.rng.fill(pattern);
            }
        }
    }

    /// Consent withdrawn, perhaps in two tabs; partners do not know yet; half think better of it.
    fn withdrawal(&mut self, last_page: u64, visitor: &Visitor) {
        let at = last_page + self.rng.between(5, MINUTE);
        self.plain(at, "write_withdrawal_tombstone", visitor);
        if self.rng.chance(35) {
            let again = at + self.rng.between(2, 10 * MINUTE);
            self.plain(again, "write_withdrawal_tombstone", visitor);
        }
        if self.rng.chance(50) {
            let other_tab = at + self.rng.between(1, 5 * MINUTE);
            self.plain(other_tab, "update_last_seen", visitor);
        }
        self.late_syncs(at, visitor);
        if self.rng.chance(50) {
            let back = at + self.rng.between(HOUR, 4 * HOUR);
            self.consent(back, "create_or_revive", visitor);
            self.visit(back, visitor);
        }
    }

    /// Syncs that were on their way, or that a partner sends because it does not know yet.
    fn late_syncs(&mut self, gone: u64, visitor: &Visitor) {
        for (partner, uid) in visitor.some_uids(&mut self.rng, 3) {
            let at = gone + self.rng.between(10, 50 * MINUTE);
            let made = gone - self.rng.between(1, 3 * HOUR);
            let made = self.rng.chance(60).then_some(made);
            self.sync(at, visitor, partner, &uid, made);
        }
    }

    /// The support desk looks up a visitor who asked to be erased, erases, and looks again.
    fn erasure(&mut self, last_page: u64, visitor: &Visitor) {
        let at = last_page + self.rng.between(10 * MINUTE, HOUR);
        self.plain(at, "get", visitor);
        self.plain(at + MINUTE, "delete", visitor);
        self.late_syncs(at + MINUTE, visitor);
        self.plain(at + HOUR, "get", visitor);
    }

    /// The support desk answers what is known of a visitor.
    fn question(&mut self, last_page: u64, visitor: &Visitor) {
        let at = last_page + self.rng.between(10 * MINUTE, 2 * HOUR);
        self.plain(at, "get_metadata", visitor);
        self.plain(at + 20, "get", visitor);
    }

    /// Partners sync an id that the graph does not know; some of these people do come by.
    fn stranger(&mut self, visitor: &Visitor) {
        let came = self.arrival();
        if self.rng.chance(50) {
            self.server_sync(came, visitor);
        } else {
            self.pixels(came, visitor);
        }
        if self.rng.chance(30) {
            self.visit(came + HOUR, visitor);
        }
    }

    /// Someone tries what a made-up id can do.
    fn forged(&mut self, at: u64, visitor: &Visitor) {
        self.plain(at, "update_last_seen", visitor);
        self.plain(at + 2, "write_withdrawal_tombstone", visitor);
        self.sync(at + 3, visitor, "criteo.com", "k-guess", None);
    }

    fn draw(&mut self) {
        let mut address = String::new();
        for number in 0..VISITORS {
            // Every twentieth shares the address of the one before.
            if number % 20 != 1 {
                address = self.rng.fill("2001:db8:####:####::1");
            }
            let visitor = Visitor::new(&mut self.rng, &address);
            self.visitor(visitor);
        }
        for _ in 0..STRANGERS {
            let visitor = self.elsewhere();
            self.stranger(&visitor);
        }
        for number in 0..FORGED {
            let visitor = self.elsewhere();
            self.forged(self.midnight + 3 * HOUR + 7 * number, &visitor);
        }
    }

    fn elsewhere(&mut self) -> Visitor {
        let address = self.rng.fill("2001:db8:####:####::2");
        Visitor::new(&mut self.rng, &address)
    }

    /// Writes the day in the order of its times; what would have come after midnight is cut off.
    fn write(mut self, out: &mut impl Write) -> io::Result<()> {
        self.events.sort_by_key(|(at, _)| *at);
        let end = self.midnight + DAY;
        for (_, event) in self.events.iter().filter(|(at, _)| *at < end) {
            writeln!(out, "{event}")?;
        }
        Ok(())
    }
}

/// Writes the events of `days` days in a row, each with visitors of its own, up to the Monday that ships.
///
/// # Errors
///
/// Where `out` cannot be written.
pub fn write_days(seed: u64, days: u64, out: &mut impl Write) -> io::Result<()> {
    for before in (0..days).rev() {
        let mut day = Day {
            midnight: MONDAY.saturating_sub(before * DAY),
            rng: Rng(SplitMix64::seed_from_u64(seed.wrapping_add(before))),
            events: Vec::new(),
        };
        day.draw();
        day.write(out)?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse().ok());
    let seed = numbers.next().flatten().unwrap_or(SEED);
    let days = numbers.next().flatten().unwrap_or(1);
    let mut out = BufWriter::new(io::stdout().lock());
    match write_days(seed, days, &mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
