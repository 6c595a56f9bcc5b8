//! The entries of the lists of places, each with its law.

use std::io::Write;

use edge_cookie::clock::{Clock, SystemClock};
use edge_cookie::policy::settings::Consent;
use edge_cookie::policy::types::{ListChange, ListedLaw};
use serde::Serialize;

/// An entry with its law, and whether that applies now.
#[derive(Debug, Serialize)]
pub(crate) struct LawEntry {
    #[serde(flatten)]
    law: ListedLaw,
    applies: bool,
}

/// The entries of a list of places, where the setting is one.
pub(crate) fn entries(consent: &Consent, key: &str) -> Option<Vec<LawEntry>> {
    let rows = match key {
        "consent.gdpr_countries" => consent.gdpr_countries.rows(),
        "consent.opt_in_regions" => consent.opt_in_regions.rows(),
        "consent.us_states" => consent.us_states.rows(),
        _ => return None,
    };
    let now = SystemClock.now().to_string();
    let entry = |law: ListedLaw| {
        // Days and times of RFC 3339 are in the order of their texts.
        let begun = law.since.as_ref().is_none_or(|since| *since <= now);
        let applies = begun && law.change != ListChange::Removed;
        LawEntry { law, applies }
    };
    Some(rows.into_iter().map(entry).collect())
}

/// Writes the entries as a table.
pub(crate) fn write(entries: &[LawEntry], out: &mut impl Write) -> std::io::Result<()> {
    for LawEntry { law, applies } in entries {
        let since = law.since.as_deref().unwrap_or("always");
        let change = match law.change {
            ListChange::Shipped => "",
            change => change.as_str(),
        };
        let coming = match law.change {
            ListChange::Removed => "",
            _ if *applies => "",
            _ => "not yet effective",
        };
        let name = law.name.unwrap_or("no row in the shipped table");
        let source = law.source.map(|source| format!(" ({source})"));
        writeln!(
            out,
            "{:6}{since:12}{change:9}{coming:19}{name}{}",
            law.place,
            source.unwrap_or_default()
        )?;
    }
    Ok(())
}
