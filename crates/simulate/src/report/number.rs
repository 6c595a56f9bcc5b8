//! Formats numbers for people: three digits and a unit, with a non-breaking space.
//!
//! ```
//! use edge_cookie_simulate::report::number::{change, count, duration};
//!
//! assert_eq!(count(1_234_567.0), "1.23\u{a0}M");
//! assert_eq!(duration(5_400.0), "90\u{a0}min");
//! assert_eq!(change(200.0, 150.0), "−25\u{a0}%");
//! ```

use jiff::civil::Date;

/// The space between a number and its unit.
pub const SPACE: char = '\u{a0}';

/// A number without a unit.
#[must_use]
pub fn count(number: f64) -> String {
    scaled(
        number,
        &[(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")],
        1e3,
    )
}

/// A number of bytes, in powers of ten.
#[must_use]
pub fn bytes(number: f64) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    for (least, unit) in units {
        if number >= least {
            return format!("{}{SPACE}{unit}", digits(number / least));
        }
    }
    format!("{}{SPACE}B", digits(number))
}

/// A duration in seconds, in the unit that fits.
#[must_use]
pub fn duration(seconds: f64) -> String {
    duration_in(seconds, unit(seconds))
}

/// A unit of time: its seconds, and its name.
pub(super) type TimeUnit = (f64, &'static str);

/// A duration in a given unit.
pub(super) fn duration_in(seconds: f64, (unit, name): TimeUnit) -> String {
    format!("{}{SPACE}{name}", digits(seconds / unit))
}

/// The unit that fits a duration.
pub(super) fn unit(seconds: f64) -> TimeUnit {
    const MINUTE: f64 = 60.0;
    const HOUR: f64 = 60.0 * MINUTE;
    const DAY: f64 = 24.0 * HOUR;
    match seconds {
        few if few < 2.0 * MINUTE => (1.0, "s"),
        few if few < 2.0 * HOUR => (MINUTE, "min"),
        few if few <= 3.0 * DAY => (HOUR, "h"),
        _ => (DAY, "days"),
    }
}

/// An amount of money.
#[must_use]
pub fn money(amount: f64, currency: &str) -> String {
    format!("{}{SPACE}{currency}", self::amount(amount))
}

/// An amount of money without its currency.
pub(super) fn amount(amount: f64) -> String {
    if amount == 0.0 || (0.1..100.0).contains(&amount) {
        format!("{amount:.2}")
    } else if amount < 0.1 {
        // Two significant digits, however small it is.
        let places = (-amount.log10()).ceil() + 1.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "small and positive"
        )]
        let places = places.clamp(2.0, 8.0) as usize;
        format!("{amount:.places$}")
    } else {
        grouped(&format!("{amount:.0}"))
    }
}

/// The difference of the second number from the first.
#[must_use]
pub fn change(from: f64, to: f64) -> String {
    #[expect(clippy::float_cmp, reason = "only identical figures are the same")]
    if from == to {
        return "same".to_owned();
    }
    if from == 0.0 {
        return "from none".to_owned();
    }
    let percent = (to - from) / from * 100.0;
    let sign = if percent < 0.0 { '−' } else { '+' };
    let size = percent.abs();
    if size >= 1_000.0 {
        return format!("×{SPACE}{}", digits(to / from));
    }
    if size < 0.05 {
        return format!("{sign}{SPACE}under{SPACE}0.1{SPACE}%").replacen(SPACE, "", 1);
    }
    format!("{sign}{}{SPACE}%", share(size))
}

/// A share of a whole, in percent.
#[must_use]
pub fn percent(part: f64, whole: f64) -> String {
    if whole == 0.0 {
        return format!("0{SPACE}%");
    }
    format!("{}{SPACE}%", share(part / whole * 100.0))
}

/// A whole number in full, with thousands separators.
#[must_use]
pub fn exact(number: u64) -> String {
    grouped(&number.to_string())
}

/// Formats a date such as `2026-03-02`; another text stays as it is.
#[must_use]
pub fn date(iso: &str) -> String {
    let read: Option<Date> = iso.parse().ok();
    read.map_or_else(
        || iso.to_owned(),
        |date| date.strftime("%-d %B %Y").to_string(),
    )
}

/// A date without the year, for an axis.
pub(super) fn short_date(iso: &str) -> String {
    let read: Option<Date> = iso.parse().ok();
    read.map_or_else(
        || iso.to_owned(),
        |date| date.strftime("%-d %b").to_string(),
    )
}

/// A count as a floating-point number.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts are far below 2^53, and three digits are shown"
)]
pub(super) const fn float(count: u64) -> f64 {
    count as f64
}

fn scaled(number: f64, units: &[(f64, &str)], kilo: f64) -> String {
    for (least, unit) in units {
        if number >= *least {
            let divisor = if *unit == "k" { kilo } else { *least };
            return format!("{}{SPACE}{unit}", digits(number / divisor));
        }
    }
    if number >= kilo {
        grouped(&format!("{number:.0}"))
    } else {
        digits(number)
    }
}

/// Three significant digits, without trailing zeros.
fn digits(number: f64) -> String {
    let places = match number.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    trimmed(&format!("{number:.places$}"))
}

/// A share with two significant digits.
fn share(percent: f64) -> String {
    let places = usize::from(percent < 9.95);
    trimmed(&format!("{percent:.places$}"))
}

fn trimmed(shown: &str) -> String {
    if shown.contains('.') {
        shown.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        shown.to_owned()
    }
}

fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replaces the non-breaking spaces.
    fn plain(shown: &str) -> String {
        shown.replace(SPACE, " ")
    }

    #[test]
    fn numbers_have_three_digits_and_a_unit() {
        for (number, shown) in [
            (0.0, "0"),
            (0.5, "0.5"),
            (12.34, "12.3"),
            (999.0, "999"),
            (1_234.0, "1,234"),
            (12_345.0, "12.3 k"),
            (1_200_000.0, "1.2 M"),
            (3.4e9, "3.4 G"),
        ] {
            assert_eq!(plain(&count(number)), shown);
        }
        for (number, shown) in [(0.0, "0 B"), (512.0, "512 B"), (2_340_000.0, "2.34 MB")] {
            assert_eq!(plain(&bytes(number)), shown);
        }
        assert_eq!(exact(1_234_567), "1,234,567");
    }

    #[test]
    fn durations_have_the_unit_that_fits() {
        for (seconds, shown) in [
            (0.0, "0 s"),
            (90.0, "90 s"),
            (300.0, "5 min"),
            (86_400.0, "24 h"),
            (365.0 * 86_400.0, "365 days"),
        ] {
            assert_eq!(plain(&duration(seconds)), shown);
        }
        assert_eq!(date("2026-03-02"), "2 March 2026");
        assert_eq!(short_date("2026-03-02"), "2 Mar");
        assert_eq!(date("soon"), "soon");
    }

    #[test]
    fn small_amounts_keep_two_digits() {
        for (amount, shown) in [
            (0.0, "0.00 USD"),
            (1.5, "1.50 USD"),
            (0.012_34, "0.012 USD"),
            (0.000_123, "0.00012 USD"),
            (12_345.6, "12,346 USD"),
        ] {
            assert_eq!(plain(&money(amount, "USD")), shown);
        }
    }

    #[test]
    fn differences_have_a_sign() {
        for (from, to, shown) in [
            (4.0, 4.0, "same"),
            (0.0, 4.0, "from none"),
            (200.0, 150.0, "−25 %"),
            (100.0, 103.4, "+3.4 %"),
            (100.0, 100.01, "+under 0.1 %"),
            (1.0, 30.0, "× 30"),
            (5.0, 0.0, "−100 %"),
        ] {
            assert_eq!(plain(&change(from, to)), shown);
        }
        assert_eq!(plain(&percent(1.0, 8.0)), "12 %");
        assert_eq!(plain(&percent(1.0, 0.0)), "0 %");
    }
}
