//! What the tests start and talk to: programs, servers, browsers and disks.

pub mod chromium;
pub mod disk;
pub mod fault_proxy;
pub mod port;
pub mod redis;
pub mod running;
pub mod service;
pub mod simulated;
pub mod site;
pub mod strings;
pub mod tcf;
