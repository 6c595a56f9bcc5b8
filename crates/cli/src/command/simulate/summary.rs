//! Prints the result for people: it fits one screen.

use std::io::{self, Write};

use edge_cookie_simulate::report::number::{SPACE, count, duration, exact, money};
use edge_cookie_simulate::report::{key_figures, sentence};
use edge_cookie_simulate::result::{LogUsage, SimulationResult, SpreadFigure, Sweep};

/// The width of a screen.
const SCREEN: usize = 80;
/// The widths of the columns: group, label, and value.
const GROUP: usize = 8;
const LABEL: usize = 31;
const VALUE: usize = 13;
/// The width of the value of a sweep's setting, which has four figures next to it.
const SWEPT: usize = 22;

pub(super) fn write(out: &mut impl Write, result: &SimulationResult) -> io::Result<()> {
    let workload = &result.workload;
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
    if let Some(log) = &result.log {
        write_log_usage(out, log)?;
    }
    match &result.sweep {
        Some(sweep) => write_sweep(out, result, sweep)?,
        None => write_key_figures(out, result)?,
    }
    for profile in &result.profiles {
        for promise in profile.broken() {
            writeln!(
                out,
                "{}: promise {} broken in {} of {} checks: {}",
                profile.profile,
                promise.number,
                exact(promise.broken),
                exact(promise.watched),
                promise.promise
            )?;
        }
    }
    writeln!(out)?;
    write_wrapped(out, &sentence(result))
}

fn write_log_usage(out: &mut impl Write, log: &LogUsage) -> io::Result<()> {
    writeln!(
        out,
        "{}: {} of {} lines used; skipped: {} unreadable, {} of robots, {} by status, {} not pages",
        log.file,
        exact(log.used),
        exact(log.lines),
        exact(log.broken),
        exact(log.robots),
        exact(log.status),
        exact(log.not_pages)
    )
}

fn write_key_figures(out: &mut impl Write, result: &SimulationResult) -> io::Result<()> {
    write!(out, "{:GROUP$}{:LABEL$}", "", "")?;
    for profile in &result.profiles {
        write!(out, "{:>VALUE$}", truncated(&profile.profile))?;
    }
    writeln!(out)?;
    let mut last = "";
    for line in key_figures(result) {
        let group = if line.group == last { "" } else { line.group };
        last = line.group;
        write!(out, "{group:GROUP$}{:LABEL$}", line.label)?;
        for shown in line.shown.iter().chain(&line.difference) {
            write!(out, "{:>VALUE$}", plain(shown))?;
        }
        writeln!(out)?;
    }
    write_seed_spread(out, result)
}

/// The range of the writes over the seeds, if there are several.
fn write_seed_spread(out: &mut impl Write, result: &SimulationResult) -> io::Result<()> {
    let ranges = result.profiles.iter().filter_map(|profile| {
        let mut spread = profile.spread.iter();
        let writes = spread.find(|spread| spread.figure == SpreadFigure::WritesADay)?;
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
        result.workload.seeds,
        ranges.join(", ")
    )
}

fn write_sweep(out: &mut impl Write, result: &SimulationResult, sweep: &Sweep) -> io::Result<()> {
    writeln!(
        out,
        "{} under {}; * is the current value\n",
        sweep.key, sweep.profile
    )?;
    let titles = ["price a day", "writes a day", "last_seen lag", "ids' age"];
    write!(out, "  {:SWEPT$}", "value")?;
    for title in titles {
        write!(out, "{title:>VALUE$}")?;
    }
    writeln!(out)?;
    let prices = &result.workload.prices;
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

/// A name that fits its column with a space before it: the end of a long name is kept, because it differs more.
fn truncated(name: &str) -> String {
    let length = name.chars().count();
    if length < VALUE {
        return name.to_owned();
    }
    let end: String = name.chars().skip(length + 2 - VALUE).collect();
    format!("…{end}")
}

/// Replaces non-breaking spaces, so that a search in the terminal finds the text.
fn plain(shown: &str) -> String {
    shown.replace(SPACE, " ")
}

/// Wraps words into lines.
fn write_wrapped(out: &mut impl Write, words: &str) -> io::Result<()> {
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
