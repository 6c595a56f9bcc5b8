//! The tables of `docs/consent.md` are the code's own: its rules, laws, signals and sections.
use std::collections::BTreeMap;

use super::page::{self, code, table};
use edge_cookie::policy::known_settings;
use edge_cookie::policy::laws::{AS_OF, OPT_IN, OPT_IN_REGIONS, US_STATES};
use edge_cookie::policy::value::Value;
use edge_cookie_service::consent::{RULES, Section, us_sections};

/// The page in the repository.
const PATH: &str = concat!(env!("REPOSITORY"), "/docs/consent.md");

fn rules() -> String {
    let rows = RULES.iter().map(|row| {
        vec![
            code(row.name),
            row.verdict.as_str().replace('_', " "),
            row.place.to_owned(),
            row.says.to_owned(),
            row.source.to_owned(),
            row.since.unwrap_or_default().to_owned(),
        ]
    });
    table(
        &[
            "rule",
            "decides",
            "where",
            "what the signals say",
            "source",
            "since",
        ],
        rows,
    )
}

/// Places with one law in one row, in the order of the table.
fn opt_in() -> String {
    let mut rows: Vec<(&str, &str, Vec<String>)> = Vec::new();
    for law in OPT_IN.iter().chain(OPT_IN_REGIONS) {
        let place = format!("{} ({})", law.name, law.place);
        let same = |row: &&mut (&str, &str, Vec<String>)| (row.0, row.1) == (law.source, law.since);
        match rows.iter_mut().find(same) {
            Some(row) => row.2.push(place),
            None => rows.push((law.source, law.since, vec![place])),
        }
    }
    let rows = rows.into_iter().map(|(source, since, places)| {
        vec![places.join(", "), source.to_owned(), since.to_owned()]
    });
    table(&["places", "source", "since"], rows)
}

fn us_states() -> String {
    let rows = |coming: bool| {
        let laws = US_STATES
            .iter()
            .filter(move |law| (law.since > AS_OF) == coming);
        laws.map(|law| {
            vec![
                law.state.to_owned(),
                law.act.to_owned(),
                law.statute.to_owned(),
                law.since.to_owned(),
                law.gpc.unwrap_or_default().to_owned(),
            ]
        })
    };
    let titles = ["state", "act", "source", "since", "universal opt-out since"];
    format!(
        "Effective on {AS_OF}:\n\n{}\nComing:\n\n{}",
        table(&titles, rows(false)),
        table(&titles, rows(true))
    )
}

fn signals() -> String {
    let cookies = |key: &str| {
        let mut settings = known_settings().iter();
        let setting = settings.find(|setting| setting.key == key).unwrap();
        let Value::List(names) = &setting.default else {
            panic!("{key}");
        };
        let names = names
            .iter()
            .map(|name| code(name.to_string().trim_matches('"')));
        names.collect::<Vec<_>>().join(", ")
    };
    let cookie = |signal: &str, key: &str, specification: &str| {
        vec![
            signal.to_owned(),
            format!("cookies {}", cookies(key)),
            code(&format!("ec.{key}")),
            specification.to_owned(),
        ]
    };
    let rows = [
        cookie(
            "TCF",
            "consent.cookies.tcf",
            "IAB Europe and IAB Tech Lab, TCF v2: Consent string and vendor list formats",
        ),
        cookie(
            "GPP",
            "consent.cookies.gpp",
            "IAB Tech Lab, Global Privacy Platform: Consent String Specification, and the sections' own",
        ),
        cookie(
            "US Privacy",
            "consent.cookies.us_privacy",
            "IAB Tech Lab, US Privacy String, version 1",
        ),
        vec![
            "Global Privacy Control".to_owned(),
            "header `Sec-GPC`".to_owned(),
            String::new(),
            "W3C, Global Privacy Control".to_owned(),
        ],
    ];
    table(
        &["signal", "where it is read", "setting", "specification"],
        rows,
    )
}

fn sections() -> String {
    let rows = us_sections().map(|section| {
        let versions = match section.newest {
            1 => "1".to_owned(),
            newest => format!("1 to {newest}"),
        };
        let fields = section.fields().filter(|field| field.decides.is_some());
        let fields = fields.map(|field| match field.count {
            1 => code(field.name),
            count => format!("{} ({count})", code(field.name)),
        });
        vec![
            section.id.to_string(),
            code(section.name),
            section.state.unwrap_or("the nation").to_owned(),
            versions,
            fields.collect::<Vec<_>>().join(", "),
            if section.has_gpc() { "yes" } else { "no" }.to_owned(),
        ]
    });
    table(
        &[
            "id",
            "name",
            "state",
            "versions",
            "fields that decide",
            "GPC",
        ],
        rows,
    )
}

fn fields() -> String {
    let fields = us_sections().flat_map(Section::fields);
    let decides = |decides: Option<&str>| decides.unwrap_or("nothing").to_owned();
    let fields: BTreeMap<&str, String> = fields
        .map(|field| (field.name, decides(field.decides)))
        .collect();
    let rows = fields
        .into_iter()
        .map(|(name, decides)| vec![code(name), decides]);
    table(&["field", "what its values decide"], rows)
}

#[test]
fn the_tables_are_the_codes_own() {
    let parts = [
        ("rules", rules()),
        ("opt-in", opt_in()),
        ("us-states", us_states()),
        ("signals", signals()),
        ("us-sections", sections()),
        ("us-fields", fields()),
    ];
    page::check("docs/consent.md", &parts);
}

/// What the page says in words must hold of the tables.
#[test]
fn what_is_said_beside_the_tables_holds() {
    let page = std::fs::read_to_string(PATH).unwrap();
    for (state, said) in [
        ("AL", "Alabama"),
        ("LA", "Louisiana"),
        ("OK", "Oklahoma"),
        ("VT", "Vermont"),
    ] {
        assert!(page.contains(said));
        assert!(US_STATES.iter().any(|law| law.state == state));
    }
    // Every state with an act has a section, but for those that the page names.
    for law in US_STATES {
        let has_section = us_sections().any(|section| section.state == Some(law.state));
        let named = ["AL", "LA", "OK", "VT"].contains(&law.state);
        assert_ne!(has_section, named, "{}", law.state);
    }
    assert!(us_sections().all(|section| {
        section
            .state
            .is_none_or(|state| US_STATES.iter().any(|law| law.state == state))
    }));
    assert!(page.contains(&format!(
        "Up to {} different values",
        edge_cookie_service::consent::MAX_SIGNALS
    )));
}
