//! `[ec.sync]`: what partners may write, and how much at once.

use crate::policy::setting::{choices, settings};
use crate::policy::types::{Seconds, Sentinels};

choices! {
    /// What a partner sync for an unknown id does.
    OnMissingSync {
        /// It creates a minimal entry.
        CreateMinimal = "create_minimal",
        /// It is refused.
        Reject = "reject",
    }
}

choices! {
    /// What the same uid again does.
    Unchanged {
        /// It is written again.
        Rewrite = "rewrite",
        /// It writes nothing.
        Skip = "skip",
        /// It is written again once `sync.refresh_after` has passed.
        Refresh = "refresh",
    }
}

choices! {
    /// Which of two syncs of one partner wins.
    SyncOrder {
        /// The last to come.
        Arrival = "arrival",
        /// The one with the later timestamp.
        Timestamp = "timestamp",
    }
}

choices! {
    /// What partners learn about a refusal.
    SyncReasons {
        /// Whether the user withdrew or is unknown.
        Detailed = "detailed",
        /// One word for both.
        Opaque = "opaque",
    }
}

settings! {
    /// What partners may write, and how much at once.
    Sync in "sync." {
        /// A partner sync for an unknown id: `create_minimal` entry, or `reject`.
        ///
        /// `create_minimal` recreates a user who withdrew as soon as the tombstone has gone and any
        /// partner syncs again.
        on_missing: OnMissingSync = OnMissingSync::CreateMinimal;
        /// The same uid again: `rewrite`, `skip`, or `refresh` (rewrite once `sync.refresh_after` has
        /// passed).
        unchanged: Unchanged = Unchanged::Rewrite;
        /// Debounce window of `refresh`.
        refresh_after: Seconds = Seconds::from_days(30);
        /// A sync whose own timestamp is older than this is refused as stale; `none` accepts any.
        max_age: Option<Seconds> = None;
        /// A sync whose own timestamp is later than now by more than this is refused
        /// (`invalid_timestamp`); up to it, a time in the future is taken as now.
        ///
        /// It is for clocks that run ahead. A timestamp in milliseconds is thousands of years ahead: taken as now, it
        /// would pass `sync.max_age` and `sync.order` however old the sync is. A stored time that is as far in the
        /// future counts as missing.
        max_future: Seconds = Seconds::new(300), from Seconds::new(0), to Seconds::from_days(1);
        /// Placeholder uids, such as a macro that a partner did not fill in: refused as invalid,
        /// and where one is stored, not given out.
        ///
        /// Compared with the whole uid, in any case and without blanks around it; `*` matches any text. One of
        /// them would join all users that it is sent for. A blank uid is refused whatever is listed.
        sentinels: Sentinels = Sentinels::known(
            "$* [*] {*} <*id> %*% @*@ ##*## #{*} #PMUID #PM_USER_ID __*id__ %s \
             %24* %25*%25 %3C*id%3E %40*%40 %5B*%5D %7B*%7D \
             BUYERUID NTV_USER_ID SspCookieUserId xxEMODO_IDxx 33XUSERID33X \
             0 -1 null (null) nil undefined NaN none n/a unknown true false optout opt-out opt_out \
             00000000-0000-0000-0000-000000000000 00000000000000000000000000000000 0000000000000000",
        );
        /// `arrival`: the last to come wins; `timestamp`: a sync older than the stored uid's `synced` is
        /// refused as stale.
        order: SyncOrder = SyncOrder::Arrival;
        /// Mappings in one batch request.
        max_batch: u32 = 1_000, from 1, to 1_000_000;
        /// Largest batch request, in bytes.
        max_body_bytes: u32 = 2_097_152, from 1_024, to 1_073_741_824;
        /// Store calls of one batch at the same time.
        concurrency: u32 = 16, from 1, to 1_024;
        /// `detailed` distinguishes `consent_withdrawn` from `ec_id_not_found`; `opaque` says
        /// `ineligible` for both.
        reasons: SyncReasons = SyncReasons::Detailed;
        /// Batch requests a partner may make per `sync.rate_window`.
        rate_limit: u32 = 60, from 1, to 1_000_000;
        /// Sliding window (the edge's limiter knows 1 s, 10 s and 60 s).
        rate_window: Seconds = Seconds::new(60), shown "60s", from Seconds::new(1), to Seconds::from_days(1);
        /// Wrong tokens that one address may send to partners' routes within a minute, and as many to operators'; further
        /// ones are refused with `429` before the store is read.
        ///
        /// An IPv6 network of 64 bits counts as one address. A token that is known to be right always passes: the admin's, a
        /// declared partner's, and a stored partner's who came lately. Each location of the edge counts for itself.
        invalid_token_limit: u32 = 60, from 1, to 1_000_000;
    }
}
