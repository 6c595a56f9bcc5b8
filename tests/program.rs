//! The tests of everything around the library: the command, the server, the service, the stores and the documents.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "a failed test should stop, and tables of cases are long"
)]

mod harness;
mod support;

mod adversary;
mod blackbox;
mod browser;
mod check_formats;
mod cli;
mod consent;
mod consent_command;
mod consent_explain;
mod consent_places;
mod consent_strings;
mod diff;
mod documents;
mod edge;
mod edit;
mod failover;
mod linearizable;
mod memory;
mod metrics;
mod migrate;
mod moving;
mod near_misses;
mod new_ids;
mod openapi;
mod origin;
mod outbox;
mod pages;
mod parity;
mod partner_layers;
mod partner_model;
mod plan;
mod plan_losses;
mod plan_promises;
mod readme;
mod report;
mod review;
mod rollout;
mod rules;
mod secrets;
mod serve;
mod serve_redis;
mod service;
mod setting_effects;
mod simulate_emit;
mod simulate_log;
mod simulate_promises;
mod simulate_seeds;
mod simulate_sweep;
mod simulate_totals;
mod simulate_tuning;
mod store_conformance;
mod store_conformance_faults;
mod store_crash;
mod store_damage;
mod store_recent;
mod store_redis;
mod store_threads;
mod tools;
mod trusted_server_records;
