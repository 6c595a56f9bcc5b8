//! The formats of metrics: `OpenMetrics`, or Prometheus' older text format, which every client reads.

use prometheus_client::encoding::text::{encode, encode_registry};
use prometheus_client::registry::Registry;

/// A format of Prometheus'.
///
/// ```
/// use edge_cookie_server::Exposition;
///
/// let accept = ["application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5"];
/// assert_eq!(Exposition::accepted(accept), Exposition::OpenMetrics);
/// assert_eq!(Exposition::accepted(["*/*"]), Exposition::Text);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposition {
    /// `OpenMetrics` 1.0.
    OpenMetrics,
    /// The text format 0.0.4.
    Text,
}

/// A media type that is offered.
struct Offer {
    kind: &'static str,
    subtype: &'static str,
    version: &'static str,
}

const OPEN_METRICS: Offer = Offer {
    kind: "application",
    subtype: "openmetrics-text",
    version: "1.0.0",
};

const TEXT: Offer = Offer {
    kind: "text",
    subtype: "plain",
    version: "0.0.4",
};

/// How closely a range of an `Accept` header names an offer (RFC 9110, section 12.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Any,
    OfKind,
    Named,
    NamedWithVersion,
}

/// How much an offer is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Wanted {
    quality: f32,
    by_name: bool,
}

impl Exposition {
    /// The format for who sends these `Accept` headers: `OpenMetrics` where it is wanted more than text, or as much and
    /// by its name; else text, which is also for who says nothing, or accepts neither.
    #[must_use]
    pub fn accepted<'h>(accept: impl IntoIterator<Item = &'h str>) -> Self {
        let ranges: Vec<&str> = accept
            .into_iter()
            .flat_map(|header| header.split(','))
            .collect();
        let open_metrics = OPEN_METRICS.wanted(&ranges);
        let text = TEXT.wanted(&ranges);
        let more = open_metrics.quality > text.quality;
        let as_much = open_metrics.quality > 0.0 && open_metrics.quality >= text.quality;
        if more || (as_much && open_metrics.by_name) {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }

    /// The media type of what is written.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// Writes what was registered.
    pub(super) fn write(self, registry: &Registry) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        match self {
            Self::OpenMetrics => {
                let _ = encode(&mut text, registry);
                text
            }
            Self::Text => {
                let _ = encode_registry(&mut text, registry);
                without_open_metrics(&text)
            }
        }
    }
}

impl Offer {
    /// How much these ranges want this: as the closest of them says, and the one that says most of those as close.
    fn wanted(&self, ranges: &[&str]) -> Wanted {
        let mut closest = None;
        let mut quality = 0.0_f32;
        for (closeness, own) in ranges.iter().filter_map(|range| self.matched(range)) {
            if Some(closeness) > closest {
                (closest, quality) = (Some(closeness), own);
            } else if Some(closeness) == closest {
                quality = quality.max(own);
            }
        }
        Wanted {
            quality,
            by_name: closest >= Some(Closeness::Named),
        }
    }

    /// How closely a range names this, and how much it wants it; none where it names something else, or cannot be read.
    fn matched(&self, range: &str) -> Option<(Closeness, f32)> {
        let mut parts = range.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut quality = 1.0;
        let mut version = None;
        for parameter in parts {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim_matches('"');
            if name.eq_ignore_ascii_case("q") {
                let read: f32 = value.parse().ok()?;
                quality = Some(read).filter(|read| (0.0..=1.0).contains(read))?;
            } else if name.eq_ignore_ascii_case("version") {
                version = Some(value);
            }
        }
        let closeness = match (kind, subtype) {
            ("*", "*") => Closeness::Any,
            (kind, "*") if kind.eq_ignore_ascii_case(self.kind) => Closeness::OfKind,
            _ if !kind.eq_ignore_ascii_case(self.kind)
                || !subtype.eq_ignore_ascii_case(self.subtype) =>
            {
                return None;
            }
            _ => match version {
                None => Closeness::Named,
                Some(version) if version == self.version => Closeness::NamedWithVersion,
                Some(_) => return None,
            },
        };
        Some((closeness, quality))
    }
}

/// The text format of what was written as `OpenMetrics` without its end mark: there a counter is described under the name
/// of its samples, which ends in `_total`. Everything else that is counted here is written alike in both.
fn without_open_metrics(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut lines = written.lines().peekable();
    while let Some(line) = lines.next() {
        match described(line) {
            Some(("HELP", name, help)) => {
                let kind = lines.peek().and_then(|next| described(next));
                let counter = kind.is_some_and(|(_, _, kind)| kind == COUNTER);
                describe(&mut text, "HELP", name, counter, help);
            }
            Some(("TYPE", name, kind)) => {
                describe(&mut text, "TYPE", name, kind == COUNTER, kind);
            }
            _ => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

const COUNTER: &str = "counter";

/// The parts of a line that describes a metric.
fn described(line: &str) -> Option<(&str, &str, &str)> {
    let mut parts = line.strip_prefix("# ")?.splitn(3, ' ');
    Some((parts.next()?, parts.next()?, parts.next()?))
}

fn describe(text: &mut String, what: &str, name: &str, counter: bool, value: &str) {
    let total = if counter { "_total" } else { "" };
    for part in ["# ", what, " ", name, total, " ", value, "\n"] {
        text.push_str(part);
    }
}
