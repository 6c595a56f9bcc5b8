//! The result for people.

use std::io::{self, Write};

use edge_cookie::simulate::result::{Outcomes, Simulation};

pub(super) fn write(out: &mut impl Write, told: &Simulation) -> io::Result<()> {
    let workload = &told.workload;
    writeln!(
        out,
        "{}: {} visitors, {} days from {}, seed {}",
        workload.name, workload.visitors, workload.days, workload.starts, workload.seed
    )?;
    if let Some(log) = &told.log {
        writeln!(
            out,
            "{}: {} of {} lines used; left out {} broken, {} of robots, {} by status, {} that are no pages",
            log.file, log.used, log.lines, log.broken, log.robots, log.status, log.not_pages
        )?;
    }
    for profile in &told.profiles {
        writeln!(out)?;
        policy(out, profile)?;
    }
    let Some(sweep) = &told.sweep else {
        return Ok(());
    };
    writeln!(out, "\n{}", sweep.key)?;
    for point in &sweep.points {
        let mark = if point.current { '*' } else { ' ' };
        writeln!(
            out,
            "{mark} {:<10} {:>14.1} writes a day {:>12.4} a day {:>12.1} s behind",
            point.value, point.writes_a_day, point.price_a_day, point.last_seen_lag_seconds
        )?;
    }
    Ok(())
}

fn policy(out: &mut impl Write, told: &Outcomes) -> io::Result<()> {
    writeln!(out, "{}, policy {}", told.profile, told.digest)?;
    for row in &told.operations {
        writeln!(
            out,
            "  {:<28}{:<20}{:>12}{:>12}{:>12}",
            row.operation, row.outcome, row.count, row.reads, row.writes
        )?;
    }
    let (totals, met) = (&told.totals, &told.contention);
    writeln!(
        out,
        "  store      {} reads, {} writes",
        totals.reads, totals.writes
    )?;
    writeln!(
        out,
        "  meetings   {} conflicts, {} retries, {} rate-limited, {} gave up",
        met.conflicts, met.retries, met.rate_limited, met.exhausted
    )?;
    writeln!(
        out,
        "  price      {:.2} {} ({:.4} a day), as of {}",
        told.price.total, told.price.currency, told.price.a_day, told.price.as_of
    )?;
    if let Some(day) = told.over_time.last() {
        writeln!(
            out,
            "  at the end {} live, {} tombstones, {} bytes",
            day.live, day.tombstones, day.stored_bytes
        )?;
    }
    writeln!(
        out,
        "  lost       {} entries expired, {} cookies expired",
        told.lost.entry_expired, told.lost.cookie_expired
    )?;
    for promise in told.broken() {
        writeln!(
            out,
            "  promise {} is broken {} times of {}: {}",
            promise.number, promise.broken, promise.watched, promise.promise
        )?;
    }
    Ok(())
}
