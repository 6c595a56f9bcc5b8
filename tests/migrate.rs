//! `ec migrate`: a publisher of the trusted-server brings the configuration, in each layout that it has had.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test should stop"
)]

#[path = "support/running.rs"]
mod running;
#[path = "support/site.rs"]
mod site;

#[path = "migrate/files.rs"]
mod files;
#[path = "migrate/generated.rs"]
mod generated;
#[path = "migrate/ids.rs"]
mod ids;
#[path = "migrate/page.rs"]
mod page;
#[path = "migrate/plans.rs"]
mod plans;
#[path = "migrate/report.rs"]
mod report;
#[path = "migrate/secrets.rs"]
mod secrets;
#[path = "migrate/serves.rs"]
mod serves;
#[path = "migrate/support.rs"]
mod support;
#[path = "migrate/values.rs"]
mod values;
