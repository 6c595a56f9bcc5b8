//! The result for people: it fits one screen.

use std::io::{self, Write};

use edge_cookie::simulate::report::number::{SPACE, count, duration, exact, money};
use edge_cookie::simulate::report::{lines, sentence};
use edge_cookie::simulate::result::{Figure, LogUse, Simulation, Sweep};

/// How wide a screen is taken to be.
const SCREEN: usize = 80;
/// The columns: what it is about, what it is, and a value.
const GROUP: usize = 8;
const LABEL: usize = 31;
const VALUE: usize = 13;
/// The value of a sweep's setting, which has four figures beside it.
const SWEPT: usize = 22;

pub(super) fn write(out: &mut impl Write, told: &Simulation) -> io::Result<()> {
    let workload = &told.workload;
    writeln!(
        out,
        "{}: {} visitors, {} {} from {}, seed {}",
        workload.name,
        exact(workload.visitors),
        exact(workload.days),
        if workload.days == 1 { "day" } else { "days" },
        workload.starts,
        workload.seed
    )?;
    if let Some(log) = &told.log {
        used(out, log)?;
    }
    match &told.sweep {
        Some(sweep) => swept(out, told, sweep)?,
        None => glance(out, told)?,
    }
    for profile in &told.profiles {
        for promise in profile.broken() {
            writeln!(
                out,
                "{}: promise {} broken {} times of {}: {}",
                profile.profile,
                promise.number,
                exact(promise.broken),
                exact(promise.watched),
                promise.promise
            )?;
        }
    }
    writeln!(out)?;
    wrapped(out, &sentence(told))
}

fn used(out: &mut impl Write, log: &LogUse) -> io::Result<()> {
    writeln!(
        out,
        "{}: {} of {} lines used; left out: {} broken, {} of robots, {} by status, {} no pages",
        log.file,
        exact(log.used),
        exact(log.lines),
        exact(log.broken),
        exact(log.robots),
        exact(log.status),
        exact(log.not_pages)
    )
}

fn glance(out: &mut impl Write, told: &Simulation) -> io::Result<()> {
    write!(out, "{:GROUP$}{:LABEL$}", "", "")?;
    for profile in &told.profiles {
        write!(out, "{:>VALUE$}", fitting(&profile.profile))?;
    }
    writeln!(out)?;
    let mut last = "";
    for line in lines(told) {
        let group = if line.group == last { "" } else { line.group };
        last = line.group;
        write!(out, "{group:GROUP$}{:LABEL$}", line.label)?;
        for shown in line.shown.iter().chain(&line.difference) {
            write!(out, "{:>VALUE$}", plain(shown))?;
        }
        writeln!(out)?;
    }
    chance(out, told)
}

/// How far the writes differ from seed to seed, where there are several.
fn chance(out: &mut impl Write, told: &Simulation) -> io::Result<()> {
    let ranges = told.profiles.iter().filter_map(|profile| {
        let mut spread = profile.spread.iter();
        let writes = spread.find(|spread| spread.figure == Figure::WritesADay)?;
        let (least, most) = (count(writes.least), count(writes.most));
        Some(plain(&format!("{} {least} to {most}", profile.profile)))
    });
    let ranges: Vec<String> = ranges.collect();
    if ranges.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "{} seeds: writes a day {}",
        told.workload.seeds,
        ranges.join(", ")
    )
}

fn swept(out: &mut impl Write, told: &Simulation, sweep: &Sweep) -> io::Result<()> {
    writeln!(
        out,
        "{} under {}; * is in force\n",
        sweep.key, sweep.profile
    )?;
    let titles = ["price a day", "writes a day", "visits' lag", "ids' age"];
    write!(out, "  {:SWEPT$}", "value")?;
    for title in titles {
        write!(out, "{title:>VALUE$}")?;
    }
    writeln!(out)?;
    let prices = &told.workload.prices;
    for point in &sweep.points {
        let price = if prices.are_set() {
            money(point.price_a_day, &prices.currency)
        } else {
            "–".to_owned()
        };
        let mark = if point.current { '*' } else { ' ' };
        write!(out, "{mark} {:SWEPT$}", point.value)?;
        for shown in [
            price,
            count(point.writes_a_day),
            duration(point.last_seen_lag_seconds),
            duration(point.uid_age_seconds),
        ] {
            write!(out, "{:>VALUE$}", plain(&shown))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// A name that leaves room for a space before it: its end, which tells more than its beginning.
fn fitting(name: &str) -> String {
    let length = name.chars().count();
    if length < VALUE {
        return name.to_owned();
    }
    let end: String = name.chars().skip(length + 2 - VALUE).collect();
    format!("…{end}")
}

/// With spaces that a terminal's search finds.
fn plain(shown: &str) -> String {
    shown.replace(SPACE, " ")
}

/// Words, broken into lines where one would be too long.
fn wrapped(out: &mut impl Write, words: &str) -> io::Result<()> {
    let mut width = 0;
    for word in words.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > SCREEN {
            writeln!(out)?;
            width = 0;
        } else if width > 0 {
            write!(out, " ")?;
            width += 1;
        }
        write!(out, "{}", plain(word))?;
        width += length;
    }
    writeln!(out)
}
