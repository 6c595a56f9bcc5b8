//! Parses a workload from TOML.

use std::path::Path;

use super::{
    Audience, ChoiceChanges, ForgedRequests, Lag, Region, StoreProfile, Workload, WorkloadPartner,
};
use crate::diurnal_profile::{DAY, DiurnalProfile, HOURS};
use crate::fields::TableFields;
use crate::log_rules::LogRules;
use crate::result::Prices;
use crate::rng::Probability;
use edge_cookie::clock::{Moment, Timestamp};
use edge_cookie::config::{Source, Sources, document};
use edge_cookie::diagnostic::{Diagnostic, Severity};
use edge_cookie::record::{KvGeo, PartnerId};

/// A parsed workload file.
#[derive(Debug)]
pub struct ParsedWorkload {
    /// The workload, if the file has no errors.
    pub workload: Option<Workload>,
    /// All problems.
    pub findings: Vec<Diagnostic>,
    /// The text, to show the lines of a finding.
    pub sources: Sources,
}

/// The tolerance of a sum of shares: people write `0.33`.
const SLACK: f64 = 0.011;

/// The greatest sum of shares, with a tolerance for floating point.
const WHOLE: f64 = 1.0 + 1e-9;

/// Defaults of a workload: the time between pages, the size and interval of batches, the length of a uid.
const PAGE_EVERY: u64 = 45_000;
const BATCH: u64 = 500;
const SENDS: u64 = 300_000;
const UID_BYTES: u64 = 36;
const REPEATS_MOST: f64 = 1e6;
/// The limits of a workload: higher than any publisher needs, and low enough that no sum overflows.
const MAX_VISITORS: u64 = 1_000_000_000;
const MAX_EDGES: u64 = 1_000_000;
const MAX_BATCH: u64 = 1_000_000;
const MAX_UID_BYTES: u64 = 65_536;
const MAX_WRITES: u64 = 1_000_000;
const MAX_FORGED: u64 = 1_000_000_000;
const MAX_PRICE: f64 = 1e9;

/// The most days of a workload or a log: ten years. Figures are kept for each day.
pub(crate) const MAX_DAYS: u64 = 3_660;

const MIDNIGHT: &str = "T00:00:00Z";

impl Workload {
    /// Parses a workload. `name` is the name of its file.
    #[must_use]
    pub fn read(name: &str, text: &str) -> ParsedWorkload {
        let mut findings = Vec::new();
        let source = Source::new(name, text);
        let document = document(&source, text, &mut findings);
        let mut fields = TableFields::new(&document, "a workload", &mut findings);
        let short = Path::new(name).file_stem().map_or_else(
            || name.to_owned(),
            |stem| stem.to_string_lossy().into_owned(),
        );
        let workload = workload(&mut fields, short);
        fields.finish();
        findings.sort_by_key(|finding| finding.places.first().map_or(0, |place| place.span.start));
        let mut sources = Sources::default();
        sources.add(source);
        let well = findings
            .iter()
            .all(|finding| finding.severity < Severity::Error);
        ParsedWorkload {
            workload: Some(workload).filter(|_| well),
            findings,
            sources,
        }
    }
}

fn workload(fields: &mut TableFields<'_, '_>, name: String) -> Workload {
    let description = fields.text("description").map(str::to_owned);
    let starts = starts(fields);
    let log = fields.table("log", "a log", LogRules::read);
    if log.is_none() {
        fields.need("visitors");
        fields.need("days");
    }
    let visitors = fields.count("visitors", 1..=MAX_VISITORS).unwrap_or(1);
    let days = fields.count("days", 1..=MAX_DAYS).unwrap_or(1);
    let edges = fields.count("edges", 1..=MAX_EDGES).unwrap_or(1);
    let page_every = fields.length("page_every").unwrap_or(PAGE_EVERY);
    let weights = fields.counts("hours", HOURS).unwrap_or_default();
    let audiences = fields.tables("audience", "an audience", audience);
    whole(
        fields,
        "audience",
        audiences.iter().map(|audience| audience.share),
    );
    let regions = fields.tables("regions", "a region", region);
    whole(fields, "regions", regions.iter().map(|region| region.share));
    Workload {
        name,
        description,
        starts,
        days,
        visitors,
        edges,
        page_every,
        diurnal_profile: DiurnalProfile::new(&weights),
        audiences,
        regions,
        changes: fields
            .table("changes", "`changes`", changes)
            .unwrap_or_default(),
        partners: fields
            .tables("partners", "a partner", partner)
            .into_iter()
            .flatten()
            .collect(),
        store: fields.table("store", "a store", store).unwrap_or_default(),
        forged: fields
            .table("forged", "`forged`", forged)
            .unwrap_or_default(),
        prices: fields
            .table("prices", "`prices`", prices)
            .unwrap_or_default(),
        log,
    }
}

/// Checks that shares sum up to 1.
fn whole(fields: &mut TableFields<'_, '_>, name: &'static str, shares: impl Iterator<Item = f64>) {
    let mut shares = shares.peekable();
    if shares.peek().is_none() {
        fields.need(name);
        return;
    }
    let sum: f64 = shares.sum();
    if (sum - 1.0).abs() > SLACK
        && let Some(node) = fields.member(name)
    {
        let message = format!("the shares of `{name}` sum up to {sum:.2}");
        fields.refuse(node, name, message, "change them so that their sum is 1");
    }
}

fn starts(fields: &mut TableFields<'_, '_>) -> Timestamp {
    let Some(text) = fields.text("starts") else {
        return Timestamp::default();
    };
    if let Ok(moment) = format!("{text}{MIDNIGHT}").parse::<Moment>() {
        return moment.timestamp();
    }
    if let Some(node) = fields.member("starts") {
        fields.refuse(
            node,
            "starts",
            format!("`{text}` is not a day"),
            "write it as `\"2026-03-02\"`",
        );
    }
    Timestamp::default()
}

fn audience(fields: &mut TableFields<'_, '_>) -> Audience {
    fields.need("share");
    fields.text("name");
    Audience {
        share: fields.share("share").unwrap_or_default(),
        every: positive_duration(fields, "every"),
        pages: fields
            .number("pages", 1.0, REPEATS_MOST, "a visit has at least one page")
            .unwrap_or(1.0),
        leaves: Probability::from_fraction(fields.share("leaves").unwrap_or_default()),
        new: Probability::from_fraction(fields.share("new").unwrap_or_default()),
    }
}

fn region(fields: &mut TableFields<'_, '_>) -> Region {
    for name in ["country", "share"] {
        fields.need(name);
    }
    let country = fields.text("country").unwrap_or("ZZ");
    let state = fields.text("region");
    let geo = KvGeo::known(country, state);
    if geo.is_none()
        && let Some(node) = fields.member("country")
    {
        fields.refuse(
            node,
            "country",
            format!("`{country}` is not a country"),
            "write its two letters, as `\"DE\"`",
        );
    }
    let share = fields.share("share").unwrap_or_default();
    let consents = fields.share("consents").unwrap_or_default();
    let refuses = fields.share("refuses").unwrap_or_default();
    if consents + refuses > WHOLE
        && let Some(node) = fields.member("refuses")
    {
        let message = format!(
            "`consents` and `refuses` sum up to {:.2}",
            consents + refuses
        );
        fields.refuse(
            node,
            "refuses",
            message,
            "change them so that their sum is at most 1: the rest makes no choice",
        );
    }
    Region {
        share,
        geo: geo.unwrap_or_default(),
        consents,
        refuses,
    }
}

fn changes(fields: &mut TableFields<'_, '_>) -> ChoiceChanges {
    let mut share = |name| Probability::from_fraction(fields.share(name).unwrap_or_default());
    ChoiceChanges {
        withdraws: share("withdraws"),
        repeats: share("repeats"),
        reconsents: share("reconsents"),
    }
}

fn partner(fields: &mut TableFields<'_, '_>) -> Option<WorkloadPartner> {
    fields.need("id");
    let written = fields.text("id");
    let id = written.map(PartnerId::parse);
    if let Some(Err(why)) = &id
        && let Some(node) = fields.member("id")
    {
        fields.refuse(
            node,
            "id",
            why.to_string(),
            "write the id that is in records and events, usually a domain",
        );
    }
    let overlap = fields.share("overlap").unwrap_or(1.0);
    let per_visit = fields.share("per_visit").unwrap_or_default();
    let changes = Probability::from_fraction(fields.share("changes").unwrap_or_default());
    let batch = fields.count("batch", 1..=MAX_BATCH).unwrap_or(BATCH);
    let sends = positive_duration(fields, "sends").unwrap_or(SENDS);
    let every = positive_duration(fields, "every");
    let keeps = fields.length("keeps");
    if every.is_some() {
        fields.need("keeps");
    }
    let uid_bytes = fields
        .count("uid_bytes", 1..=MAX_UID_BYTES)
        .unwrap_or(UID_BYTES);
    let lag = fields.table("lag", "`lag`", lag).unwrap_or_default();
    Some(WorkloadPartner {
        id: id?.ok()?,
        overlap: Probability::from_fraction(overlap),
        overlap_fraction: overlap,
        per_visit: Probability::from_fraction(per_visit),
        per_visit_fraction: per_visit,
        changes,
        batch,
        sends,
        lag,
        every,
        keeps: keeps.unwrap_or_default(),
        ahead: fields.length("ahead").unwrap_or_default(),
        uid_bytes,
    })
}

fn lag(fields: &mut TableFields<'_, '_>) -> Lag {
    fields.need("median");
    let median = fields.length("median").unwrap_or_default();
    let p90 = fields.length("p90").unwrap_or(median);
    let p99 = fields.length("p99").unwrap_or(p90);
    let longest = fields.length("longest").unwrap_or(p99);
    for (name, shorter, longer) in [
        ("p90", median, p90),
        ("p99", p90, p99),
        ("longest", p99, longest),
    ] {
        if longer < shorter
            && let Some(node) = fields.member(name)
        {
            let message = format!("`{name}` is shorter than the value before it");
            fields.refuse(
                node,
                name,
                message,
                "write `median`, `p90`, `p99` and `longest` in rising order",
            );
        }
    }
    Lag {
        median,
        p90,
        p99,
        longest,
    }
}

fn store(fields: &mut TableFields<'_, '_>) -> StoreProfile {
    StoreProfile {
        latency: fields.length("latency").unwrap_or_default(),
        staleness: fields.length("staleness").unwrap_or_default(),
        writes_a_second: fields
            .count("writes_a_second", 0..=MAX_WRITES)
            .unwrap_or_default(),
    }
}

fn forged(fields: &mut TableFields<'_, '_>) -> ForgedRequests {
    fields.need("a_day");
    ForgedRequests {
        a_day: fields.count("a_day", 0..=MAX_FORGED).unwrap_or_default(),
        withdraws: Probability::from_fraction(fields.share("withdraws").unwrap_or_default()),
    }
}

fn prices(fields: &mut TableFields<'_, '_>) -> Prices {
    for name in ["as_of", "currency"] {
        fields.need(name);
    }
    let mut text = |name| fields.text(name).unwrap_or_default().to_owned();
    let (as_of, currency) = (text("as_of"), text("currency"));
    let mut price = |name| {
        fields
            .number(name, 0.0, MAX_PRICE, "a price is from zero to a billion")
            .unwrap_or_default()
    };
    Prices {
        as_of,
        currency,
        million_reads: price("million_reads"),
        million_writes: price("million_writes"),
        gigabyte_month: price("gigabyte_month"),
    }
}

fn positive_duration(fields: &mut TableFields<'_, '_>, name: &'static str) -> Option<u64> {
    let length = fields.length(name)?;
    if length == 0
        && let Some(node) = fields.member(name)
    {
        fields.refuse(
            node,
            name,
            format!("`{name}` must be longer than zero"),
            "write a duration, as `\"1d\"`",
        );
    }
    Some(length).filter(|length| *length > 0)
}

impl Workload {
    /// The duration of the workload in milliseconds.
    pub(crate) const fn length(&self) -> u64 {
        self.days.saturating_mul(DAY)
    }
}
