//! What a policy says of clients: where they are taken to be, and whose word on them is believed.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::iso;
use super::name::read_text;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::node::{Node, NodeValue};
use crate::policy::setting::{SettingValue, Shape, TextKind, full_key, wrong_type};
use crate::policy::value::Value;

/// A coarse place: a country, and where it has any that matter, a state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Locality {
    /// The country's ISO 3166-1 alpha-2 code.
    pub country: String,
    /// The region's own part of its ISO 3166-2 code.
    pub region: Option<String>,
}

/// A text that is not the code of a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{written}` is not a place: {help}")]
pub struct LocalityError {
    written: String,
    help: String,
}

/// What codes of countries and regions have (ISO 3166-1 alpha-2, ISO 3166-2).
const COUNTRY_LETTERS: usize = 2;
const MAX_REGION: usize = 3;

impl Locality {
    /// Reads a place, as `DE` or `US-CA`, in upper case.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        let (country, region) = match written.split_once('-') {
            Some((country, region)) => (country, Some(region)),
            None => (written, None),
        };
        let code = |code: &str, most: usize, allowed: fn(&u8) -> bool| {
            (1..=most).contains(&code.len()) && code.as_bytes().iter().all(allowed)
        };
        let upper = |byte: &u8| byte.is_ascii_uppercase();
        let upper_or_digit = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let well_formed = country.len() == COUNTRY_LETTERS
            && code(country, COUNTRY_LETTERS, upper)
            && region.is_none_or(|region| code(region, MAX_REGION, upper_or_digit));
        well_formed.then(|| Self {
            country: country.to_owned(),
            region: region.map(str::to_owned),
        })
    }

    /// Reads the code of a place that there is.
    ///
    /// # Errors
    ///
    /// [`LocalityError`], which says what to write.
    pub fn read_code(written: &str) -> Result<Self, LocalityError> {
        let wrong = |help: String| LocalityError {
            written: written.to_owned(),
            help,
        };
        let upper = written.to_ascii_uppercase();
        match (Self::parse(written), Self::parse(&upper)) {
            (Some(place), _) => match place.amiss() {
                Some(help) => Err(wrong(help)),
                None => Ok(place),
            },
            (None, Some(_)) => Err(wrong(format!("write `{upper}`"))),
            (None, None) => Err(wrong(
                "write a country, as `DE`, or a state, as `US-CA`".to_owned(),
            )),
        }
    }

    /// What to write instead, where there is no such country or state of the US.
    pub(super) fn amiss(&self) -> Option<String> {
        if !iso::is_country(&self.country) {
            let meant = iso::country_meant(&self.country);
            return Some(match meant {
                Some(meant) => format!("write `{meant}`"),
                None => "see ISO 3166 for the codes there are".to_owned(),
            });
        }
        let of_the_us = (self.region.as_deref()).filter(|_| self.country == iso::US);
        let unknown = of_the_us.filter(|state| !iso::is_us_state(state))?;
        Some(format!(
            "write the code of a US state for `{unknown}`, as `US-CA`"
        ))
    }
}

/// As it is written: `DE`, `US-CA`.
impl fmt::Display for Locality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.country)?;
        match &self.region {
            Some(region) => write!(f, "-{region}"),
            None => Ok(()),
        }
    }
}

/// What takes a place away that a lower layer gave.
const NONE: &str = "none";

impl SettingValue for Option<Locality> {
    const SHAPE: Shape = Shape::Text(TextKind {
        words: "a place",
        pattern: "^([A-Z]{2}(-[A-Z0-9]{1,3})?|none)$",
    });

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let rule = |text: &str| text == NONE || Locality::parse(text).is_some();
        let help = "write a country, as `DE`, or a country and its state, as `US-CA`";
        let text = read_text(node, key, "a place", rule, help, findings)?;
        let place = Locality::parse(&text);
        let Some(help) = place.as_ref().and_then(Locality::amiss) else {
            return Some(place);
        };
        findings.push(
            Diagnostic::error(
                Code::BadValue,
                format!("there is no place `{text}` (in `{key}`)"),
            )
            .about(full_key(key))
            .at(node.place.clone())
            .with_help(help),
        );
        None
    }

    fn show(&self) -> Value {
        match self {
            None => Value::from(NONE),
            Some(place) => Value::Text(place.to_string()),
        }
    }
}

/// Networks of proxies whose word on a client's address is believed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Whether `address` is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// A network, or a single address.
fn network(text: &str) -> Option<IpNet> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| address()).ok()
}

impl SettingValue for Proxies {
    const SHAPE: Shape = Shape::TextList(TextKind {
        words: "addresses or networks",
        pattern: "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$",
    });

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let help = "write addresses or networks, as `[\"127.0.0.1\", \"10.0.0.0/8\"]`";
        let NodeValue::List(items) = &node.value else {
            findings.push(wrong_type(node, key, "a list of addresses").with_help(help));
            return None;
        };
        let rule = |text: &str| network(text).is_some();
        let networks: Vec<Option<IpNet>> = items
            .iter()
            .map(|item| {
                let read = read_text(item, key, "an address or network", rule, help, findings);
                read.and_then(|text| network(&text))
            })
            .collect();
        networks.into_iter().collect::<Option<Vec<_>>>().map(Self)
    }

    fn show(&self) -> Value {
        let shown = |network: &IpNet| {
            if network.prefix_len() == network.max_prefix_len() {
                Value::Text(network.addr().to_string())
            } else {
                Value::Text(network.to_string())
            }
        };
        Value::List(self.0.iter().map(shown).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_countries_and_their_states() {
        for (written, place) in [
            ("DE", Some(("DE", None))),
            ("US-CA", Some(("US", Some("CA")))),
            ("GB-ENG", Some(("GB", Some("ENG")))),
            ("FR-75", Some(("FR", Some("75")))),
            ("de", None),
            ("DEU", None),
            ("US-", None),
            ("US-CALI", None),
            ("US-CA-1", None),
            ("", None),
        ] {
            let read = Locality::parse(written);
            let read = read
                .as_ref()
                .map(|place| (place.country.as_str(), place.region.as_deref()));
            assert_eq!(read, place, "{written}");
        }
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let proxies = Proxies(
            ["10.0.0.0/8", "::1"]
                .into_iter()
                .filter_map(network)
                .collect(),
        );
        for (address, trusted) in [
            ("10.1.2.3", true),
            ("11.1.2.3", false),
            ("::1", true),
            ("::2", false),
        ] {
            assert_eq!(
                proxies.contains(address.parse().unwrap()),
                trusted,
                "{address}"
            );
        }
        assert_eq!(proxies.show().to_string(), r#"["10.0.0.0/8", "::1"]"#);
    }
}
