//! Structured logs, on standard error. No token, secret or whole id is ever given to them.

use std::io;
use std::panic;
use std::sync::Once;

use tracing::{debug, error, info, warn};
use tracing_subscriber::EnvFilter;

use super::log_queue::{LogGuard, LogQueue};
use edge_cookie::policy::EcPolicy;
use edge_cookie_service::ServiceEvent;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged where `EC_LOG` does not say.
const DEFAULT_FILTER: &str = "info";

/// Starts the log, which a thread of its own writes; `filter` is what `EC_LOG` says, as `debug` or `edge_cookie=trace`.
///
/// What a panic says goes to the log as well, and not straight to standard error, which may take nothing.
///
/// # Errors
///
/// Where no thread can be started.
pub fn start_log(format: LogFormat, filter: Option<&str>) -> io::Result<LogGuard> {
    let filter = EnvFilter::new(filter.unwrap_or(DEFAULT_FILTER));
    let (writer, guard) = LogQueue::start(io::stderr())?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_target(false);
    // A log that is there already serves as well.
    let _ = match format {
        LogFormat::Text => log.with_ansi(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    panic::set_hook(Box::new(|panic| error!(%panic, "a task panicked")));
    Ok(guard)
}

/// Warns where consent can never be granted, since no place is known.
pub fn warn_of_no_place(policy: &EcPolicy) {
    if policy.local.geo.is_none() {
        warn!(
            "no visitor can get an id: the native server has no geo source, and `local.geo` is `none`; set `ec.local.geo`, or `--geo`, to the place your visitors are in"
        );
    }
}

/// Writes an event of the service to the log.
pub(super) fn write(event: &ServiceEvent<'_>) {
    match event {
        ServiceEvent::Operation {
            name, id, finished, ..
        } => {
            let tally = finished.tally;
            let outcome = match &finished.result {
                Ok(done) => done.outcome.as_str(),
                Err(error) => {
                    warn!(operation = name, %id, error = error.as_str(), "an operation failed");
                    return;
                }
            };
            debug!(
                operation = name,
                %id,
                outcome,
                reads = tally.reads,
                writes = tally.writes,
                retries = tally.retries,
                "an operation ended"
            );
        }
        // Counted; a batch of a thousand is no thousand lines.
        ServiceEvent::PartnerOutcome { .. } => {}
        ServiceEvent::FailedWithdrawal { id, why } => {
            error!(%id, why, "a withdrawal was not written");
        }
        ServiceEvent::KeptWithdrawal { id } => {
            warn!(%id, "a withdrawal is kept in the outbox until the store takes it");
        }
        ServiceEvent::BudgetSpent => {
            warn!("a page went on without an identity: `organic.budget` was spent");
        }
        ServiceEvent::Unclaimed { removed: true } => {
            debug!("a client left before its new id was on its way: the record is removed");
        }
        ServiceEvent::Unclaimed { removed: false } => {
            warn!("a record whose id no browser has could not be removed");
        }
        ServiceEvent::SharedCookie => {
            static REPORT: Once = Once::new();
            REPORT.call_once(|| {
                warn!(
                    "the origin sets a cookie of its own on a page that shared caches may keep: a cache hands one visitor's cookie to the next; send `Cache-Control: private` with it (reported once)"
                );
            });
        }
        ServiceEvent::Undecodable(undecodable) => info!(
            signal = undecodable.signal.name(),
            section = undecodable.section,
            fault = %undecodable.fault,
            "a consent signal could not be decoded"
        ),
        ServiceEvent::ConsentRejected(why) => {
            debug!(reason = why.name(), "a consent by TCF did not count");
        }
        ServiceEvent::TokenNotTried => {
            debug!("a token was not looked up: its sender has sent too many wrong ones");
        }
        ServiceEvent::PartnerUnknown { why } => warn!(why, "a partner could not be looked up"),
    }
}
