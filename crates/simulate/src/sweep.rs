//! The values of one setting that a sweep tries.

use super::result::SweepPoint;
use super::{SimulatedPolicy, Simulator};
use edge_cookie::policy::known_setting;
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::policy::setting::Shape;
use edge_cookie::policy::types::{Millis, parse_duration};
use edge_cookie::policy::value::Value;

/// A sweep, as in `--sweep KEY=A..B` or `--sweep KEY=ONE,OTHER`.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepValues {
    /// The full key.
    pub key: String,
    /// The unit of the amounts.
    pub unit: &'static str,
    /// The values, in rising order. They include the current value.
    pub values: Vec<SweepValue>,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepValue {
    /// The value, as written in a policy.
    pub value: String,
    /// The value as a number, for an axis.
    pub amount: f64,
    /// Whether it is the current value.
    pub current: bool,
}

/// Why a sweep is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// It does not have the form of a sweep.
    #[error(
        "`{0}` is not a sweep: write `KEY=A..B`, as `ec.last_seen.debounce=1m..1h`, or `KEY=ONE,OTHER`"
    )]
    Form(String),
    /// The setting does not exist.
    #[error("unknown setting `{0}`: `ec show` lists all settings")]
    UnknownKey(String),
    /// A bound is not a value of the setting.
    #[error("`{value}` is not a bound of a sweep of `{key}`: {why}")]
    Bound {
        /// The setting.
        key: String,
        /// The bound.
        value: String,
        /// The reason.
        why: String,
    },
    /// The setting is neither a duration nor a number.
    #[error(
        "`{0}` is neither a duration nor a number, so a range has no steps: list the values, as `{0}=ONE,OTHER`"
    )]
    NoSteps(String),
}

/// The number of steps from the least to the greatest value, at a constant ratio.
const STEPS: i32 = 8;
const LONG: u64 = 10_000;

impl SweepValues {
    /// Parses a sweep. `resolved` has the current value.
    ///
    /// # Errors
    ///
    /// If it is not a sweep of a known setting.
    pub fn parse(written: &str, resolved: &Resolved) -> Result<Self, SweepError> {
        let form = || SweepError::Form(written.to_owned());
        let (key, values) = written.split_once('=').ok_or_else(form)?;
        let own = key.strip_prefix("ec.").unwrap_or(key);
        let setting = known_setting(own).ok_or_else(|| SweepError::UnknownKey(key.to_owned()))?;
        let current_value = resolved
            .value(own)
            .map(|current_value| &current_value.value);
        let key = format!("ec.{own}");
        let Some((from, to)) = values.split_once("..") else {
            let words: Vec<&str> = values
                .split(',')
                .map(str::trim)
                .filter(|word| !word.is_empty())
                .collect();
            return if words.is_empty() {
                Err(form())
            } else {
                Ok(Self::words(key, &words, current_value))
            };
        };
        let bound = |value: &str| {
            amount(value, setting.shape).map_err(|why| SweepError::Bound {
                key: key.clone(),
                value: value.to_owned(),
                why,
            })
        };
        let unit = match setting.shape {
            Shape::Duration | Shape::OptionalDuration => "seconds",
            Shape::Integer => "number",
            _ => return Err(SweepError::NoSteps(key)),
        };
        let (from, to) = (bound(from)?, bound(to)?);
        let current = current_value.and_then(|value| amount(&plain(value), setting.shape).ok());
        Ok(Self {
            values: steps(from.min(to), from.max(to), current, setting.shape),
            key,
            unit,
        })
    }

    fn words(key: String, words: &[&str], current_value: Option<&Value>) -> Self {
        let current_value = current_value.map(plain);
        let mut all: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        all.extend(
            current_value
                .clone()
                .filter(|word| !words.contains(&word.as_str())),
        );
        let values = (0_u32..).zip(all);
        Self {
            key,
            unit: "choice",
            values: values
                .map(|(place, value)| SweepValue {
                    current: current_value.as_ref() == Some(&value),
                    amount: f64::from(place),
                    value,
                })
                .collect(),
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value in milliseconds, or as the number it is.
fn amount(value: &str, shape: Shape) -> Result<u64, String> {
    if shape == Shape::Integer {
        return value
            .parse()
            .map_err(|_| "it is not a whole number".to_owned());
    }
    match parse_duration(value) {
        Ok(length) => Ok(u64::try_from(length.as_millis()).unwrap_or(u64::MAX)),
        Err(error) => Err(error.to_string()),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "steps between two numbers, rounded"
)]
fn steps(from: u64, to: u64, current: Option<u64>, shape: Shape) -> Vec<SweepValue> {
    const MILLIS_PER_SECOND: u64 = 1_000;
    // A ratio needs a start above zero.
    let (first, last) = (from.max(1) as f64, to.max(1) as f64);
    let ratio = (last / first).powf(1.0 / f64::from(STEPS));
    let counts_seconds = shape != Shape::Integer && to >= LONG;
    let mut amounts: Vec<u64> = (1..STEPS)
        .map(|step| (first * ratio.powi(step)).round() as u64)
        .map(|amount| {
            if counts_seconds {
                amount
                    .div_ceil(MILLIS_PER_SECOND)
                    .saturating_mul(MILLIS_PER_SECOND)
            } else {
                amount
            }
        })
        .filter(|amount| (from..=to).contains(amount))
        .chain([from, to])
        .chain(current)
        .collect();
    amounts.sort_unstable();
    amounts.dedup();
    let show = |amount: u64| SweepValue {
        value: if shape == Shape::Integer {
            amount.to_string()
        } else {
            Millis::new(amount).to_string()
        },
        amount: if shape == Shape::Integer {
            amount as f64
        } else {
            amount as f64 / MILLIS_PER_SECOND as f64
        },
        current: current == Some(amount),
    };
    amounts.into_iter().map(show).collect()
}

impl Simulator<'_> {
    /// Simulates the point of a sweep at `value`, with the policy `side`.
    #[must_use]
    pub fn point(&self, value: &SweepValue, side: &SimulatedPolicy<'_>) -> SweepPoint {
        let outcomes = self.outcomes(side, self.seed);
        SweepPoint::from_result(value.value.clone(), value.amount, value.current, &outcomes)
    }
}
