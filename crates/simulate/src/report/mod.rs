//! Renders a simulation as an HTML page, and the key figures and numbers that the terminal shares with it.
//!
//! The page is self-contained: no network, no script, charts as SVG, each with its table. Rendering is pure: the same result
//! and the same date give the same page.
//!
//! ```
//! use edge_cookie::clock::Timestamp;
//! use edge_cookie::policy::resolve::resolve;
//! use edge_cookie_simulate::report::{key_figures, page};
//! use edge_cookie_simulate::workload::Workload;
//! use edge_cookie_simulate::{SimulatedPolicy, Simulator};
//!
//! let text = "visitors = 10\ndays = 2\n[[audience]]\nshare = 1.0\n[[regions]]\ncountry = \"BR\"\nshare = 1.0\n";
//! let workload = Workload::read("small.toml", text).workload.unwrap();
//! let defaults = resolve(&[]);
//! let result = Simulator::new(&workload).compare(&[SimulatedPolicy { profile: "development", resolved: &defaults }]);
//! assert_eq!(key_figures(&result)[0].label, "reads a day");
//! assert!(page(&result, Timestamp::from_unix(1_772_409_600)).starts_with("<!DOCTYPE html>"));
//! ```

mod chart;
mod html;
mod key_figures;
pub mod number;
mod section;
mod sentence;

pub use key_figures::{KeyFigure, key_figures};
pub use sentence::sentence;

use self::chart::palette;
use super::result::SimulationResult;
use edge_cookie::clock::Timestamp;
use maud::{DOCTYPE, PreEscaped, html};

const STYLE: &str = include_str!("page.css");

/// Renders the page. `made` is its date.
#[must_use]
pub fn page(simulation: &SimulationResult, made: Timestamp) -> String {
    let names: Vec<&str> = simulation
        .profiles
        .iter()
        .map(|policy| policy.profile.as_str())
        .collect();
    let title = match names.as_slice() {
        [from, to] => format!(
            "From {from} to {to}: what changes on {}",
            simulation.workload.name
        ),
        _ => format!(
            "What {} costs and keeps on {}",
            names.join(", "),
            simulation.workload.name
        ),
    };
    let style = format!("\n{}{STYLE}", palette::css());
    let made = made.to_string();
    let made = number::date(made.split('T').next().unwrap_or_default());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(html::content_security_policy(&style));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(&style)) }
            }
            body { main { (section::all(simulation, &title, &made)) } }
        }
    }
    .into_string()
}
