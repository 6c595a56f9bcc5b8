//! Delivery: withdrawals in the outbox are written as soon as the store accepts them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tracing::info;

use super::Outbox;
use crate::Server;

/// Withdrawals under way at once: few beside the calls that pages have under way.
const AT_ONCE: usize = 16;

/// The pause after so many, so that a store that has just come back is not filled with old withdrawals alone.
const PAUSE: Duration = Duration::from_millis(10);

/// How long a store that accepted no withdrawal is left alone, doubled each time up to [`LONGEST_BACKOFF`].
const BACKOFF: Duration = Duration::from_millis(100);

/// How long a store that is back may go unnoticed.
const LONGEST_BACKOFF: Duration = Duration::from_secs(2);

/// Delivers what `outbox` holds, for as long as the server runs.
pub(crate) async fn deliver(server: Arc<Server>, outbox: Arc<Outbox>) {
    let mut backoff = BACKOFF;
    let mut first = 0;
    loop {
        outbox.filled().await;
        // One that was kept just now is most often being written: its request's own work goes on.
        tokio::time::sleep(backoff).await;
        if pass(&server, &outbox, first).await {
            (backoff, first) = (BACKOFF, 0);
        } else {
            backoff = backoff.saturating_add(backoff).min(LONGEST_BACKOFF);
            // Others come first next time: some may fail where others do not.
            first += AT_ONCE;
        }
    }
}

/// Goes through what is kept, until the store takes none of so many; whether it took all.
async fn pass(server: &Server, outbox: &Outbox, first: usize) -> bool {
    let mut kept = outbox.kept();
    let first = first.checked_rem(kept.len()).unwrap_or_default();
    kept.rotate_left(first);
    let mut delivered = 0;
    for some in kept.chunks(AT_ONCE) {
        let service = server.serving();
        let work = some.iter().map(|withdrawal| {
            let service = Arc::clone(&service);
            async move { service.deliver(&withdrawal.id, withdrawal.at).await }
        });
        let taken = join_all(work).await.into_iter().filter(|taken| *taken);
        let taken = taken.count();
        if taken == 0 {
            break;
        }
        delivered += taken;
        tokio::time::sleep(PAUSE).await;
    }
    if delivered > 0 {
        let left = outbox.state().withdrawals;
        info!(
            delivered,
            left, "withdrawals were delivered from the outbox"
        );
    }
    delivered == kept.len()
}
