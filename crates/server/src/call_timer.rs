//! How long the calls of a store take.

use std::time::Instant;

use prometheus_client::metrics::histogram::Histogram;

/// How long one kind of call takes.
#[derive(Debug, Clone)]
pub struct CallTimer(Histogram);

/// A call under way, which is timed until this is dropped: one that no one waits for any longer counts as long as it was
/// waited for.
#[derive(Debug)]
pub struct TimedCall<'h> {
    histogram: &'h Histogram,
    start: Instant,
}

impl CallTimer {
    /// One that enters its calls there.
    pub(super) const fn new(histogram: Histogram) -> Self {
        Self(histogram)
    }

    /// A call begins.
    #[must_use]
    pub fn start(&self) -> TimedCall<'_> {
        TimedCall {
            histogram: &self.0,
            start: Instant::now(),
        }
    }
}

impl Drop for TimedCall<'_> {
    fn drop(&mut self) {
        self.histogram.observe(self.start.elapsed().as_secs_f64());
    }
}

/// How long each call of one store takes.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "each is named after its call")]
pub struct CallTimers {
    pub lookup: CallTimer,
    pub exists: CallTimer,
    pub insert: CallTimer,
    pub delete: CallTimer,
    pub list: CallTimer,
}
