//! `ec migrate`: a publisher of the trusted-server brings the configuration, in each layout that it has had.

use crate::harness::running;
use crate::harness::site;

mod files;
mod generated;
mod ids;
mod page;
mod plans;
mod report;
mod secrets;
mod serves;
mod support;
mod values;
