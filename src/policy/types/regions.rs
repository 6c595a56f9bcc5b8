//! Lists of places where a law applies: written whole, or as changes to the shipped list.

use super::client::Locality;
use super::day::Day;
use super::iso;
use super::name::read_text;
use crate::clock::Timestamp;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::laws;
use crate::policy::node::{Node, NodeValue};
use crate::policy::setting::{SettingValue, Shape, TextKind, full_key, wrong_type};
use crate::policy::value::Value;

/// Places: countries, and regions of countries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Places(Vec<Locality>);

/// US states with a law, each from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UsStates(Vec<UsState>);

/// A US state in a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UsState {
    /// The state, as in ISO 3166-2 after `US-`.
    pub code: String,
    /// The day that the list names for it.
    date: Option<Day>,
    /// When its law begins to apply, 00:00 UTC: the day that the list names, else the shipped table's, else since ever.
    pub starts: Timestamp,
}

impl Places {
    fn shipped(rows: &[laws::OptInLaw]) -> Self {
        let known = |law: &laws::OptInLaw| Locality::parse(law.place);
        Self(rows.iter().filter_map(known).collect())
    }

    fn cover(&self, country: &str, region: Option<&str>) -> bool {
        self.0.iter().any(|listed| {
            let same_region = match (listed.region.as_deref(), region) {
                (None, _) | (Some(_), None) => true,
                (Some(listed), Some(region)) => listed == region,
            };
            listed.country == country && same_region
        })
    }
}

/// Declares a list of places, with what is shipped and which codes it takes.
macro_rules! place_lists {
    ($( $(#[doc = $doc:literal])* $name:ident: $rows:expr, $form:expr, $sort:literal, $pattern:literal, $help:literal; )*) => { $(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(Places);

        impl $name {
            /// The list that is shipped.
            pub(in crate::policy) fn shipped() -> Self {
                Self(Places::shipped($rows))
            }

            /// Whether a place is covered. A region that is not known may be any: it is covered where one of its country is.
            #[must_use]
            pub fn cover(&self, country: &str, region: Option<&str>) -> bool {
                self.0.cover(country, region)
            }

            /// Whether a place is covered.
            #[must_use]
            pub fn contains(&self, place: &Locality) -> bool {
                self.cover(&place.country, place.region.as_deref())
            }

            /// The places, in the order listed.
            pub fn iter(&self) -> impl Iterator<Item = &Locality> {
                self.0.0.iter()
            }
        }

        impl SettingValue for $name {
            const SHAPE: Shape = Shape::Amendable(TextKind {
                words: $sort,
                pattern: $pattern,
            });

            fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
                let form = EntryShape { sort: $sort, help: $help, takes: $form };
                let read = |item: &Node, findings: &mut Vec<Diagnostic>| form.read(item, key, findings);
                read_list(node, key, &Self::shipped().0.0, &form, read, findings).map(|list| Self(Places(list)))
            }

            fn show(&self) -> Value {
                shown(&self.0.0)
            }
        }
    )* };
}

place_lists! {
    /// Places where opt-in law applies: countries, territories, and regions of countries.
    OptInPlaces: laws::OPT_IN, |_: &Locality| true, "places", "^[A-Z]{2}(-[A-Z0-9]{1,3})?$", "write upper-case codes, as `[\"DE\", \"CH\"]`";
    /// Regions where opt-in law applies, though it does not in their whole country.
    OptInRegions: laws::OPT_IN_REGIONS, |place: &Locality| place.region.is_some(), "regions", "^[A-Z]{2}-[A-Z0-9]{1,3}$", "write codes of regions, as `[\"CA-QC\"]`";
}

impl UsStates {
    /// The states that are shipped.
    pub(in crate::policy) fn shipped() -> Self {
        let of = |law: &laws::StateLaw| UsState::new(law.state.to_owned(), None);
        Self(laws::US_STATES.iter().map(of).collect())
    }

    /// Whether a state's law applies at a time.
    #[must_use]
    pub fn cover(&self, code: &str, now: Timestamp) -> bool {
        self.0
            .iter()
            .any(|listed| listed.code == code && listed.starts <= now)
    }

    /// The states whose law applies only after the day of the shipped table, in the order of their days.
    #[must_use]
    pub fn coming(&self) -> Vec<&UsState> {
        let today = laws::AS_OF.parse().map(Day::midnight).unwrap_or_default();
        let mut coming: Vec<&UsState> =
            self.iter().filter(|listed| listed.starts > today).collect();
        coming.sort_by_key(|listed| listed.starts);
        coming
    }

    /// The state's entry, whether its law applies already or not.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&UsState> {
        self.0.iter().find(|listed| listed.code == code)
    }

    /// The states, in the order listed.
    pub fn iter(&self) -> impl Iterator<Item = &UsState> {
        self.0.iter()
    }
}

impl UsState {
    fn new(code: String, date: Option<Day>) -> Self {
        let shipped = || laws::US_STATES.iter().find(|law| law.state == code);
        let starts = date.or_else(|| shipped()?.since.parse().ok());
        Self {
            code,
            date,
            starts: starts.map(Day::midnight).unwrap_or_default(),
        }
    }

    /// The day on which its law begins to apply, `YYYY-MM-DD`; none where it always does.
    #[must_use]
    pub fn since(&self) -> Option<String> {
        let starts = (self.starts > Timestamp::default()).then(|| self.starts.to_string())?;
        starts.split_once('T').map(|(day, _)| day.to_owned())
    }
}

/// An entry of such a list.
trait ListEntry: Clone {
    /// Whether both are about the same place.
    fn is_about(&self, other: &Self) -> bool;
    /// As it is written.
    fn written(&self) -> String;
}

/// How a list is written.
struct EntryShape<T> {
    sort: &'static str,
    help: &'static str,
    takes: fn(&T) -> bool,
}

/// What a table changes of the shipped list.
const ADD: &str = "add";
const REMOVE: &str = "remove";

/// Reads every entry of a list, each with where it is written.
fn read_entries<'n, T>(
    node: &'n Node,
    key: &str,
    form: &EntryShape<T>,
    read: impl Fn(&Node, &mut Vec<Diagnostic>) -> Option<T>,
    findings: &mut Vec<Diagnostic>,
) -> Option<Vec<(T, &'n Node)>> {
    let NodeValue::List(items) = &node.value else {
        let expected = format!(
            "a list of {}, or `{{ add = [..], remove = [..] }}`",
            form.sort
        );
        findings.push(wrong_type(node, key, &expected).with_help(form.help));
        return None;
    };
    let entries: Vec<Option<(T, &Node)>> = items
        .iter()
        .map(|item| Some((read(item, findings)?, item)))
        .collect();
    entries.into_iter().collect()
}

/// Reads a list, or a table of what is added to the shipped one and removed from it.
fn read_list<T: ListEntry>(
    node: &Node,
    key: &str,
    shipped: &[T],
    form: &EntryShape<T>,
    read: impl Fn(&Node, &mut Vec<Diagnostic>) -> Option<T>,
    findings: &mut Vec<Diagnostic>,
) -> Option<Vec<T>> {
    let NodeValue::Table(members) = &node.value else {
        let entries = read_entries(node, key, form, read, findings)?;
        return Some(entries.into_iter().map(|(entry, _)| entry).collect());
    };
    let mut list = shipped.to_vec();
    let mut whole = true;
    for (name, changes) in members {
        let changed = match name.name.as_str() {
            ADD | REMOVE => read_entries(changes, key, form, &read, findings),
            other => {
                let message = format!("`{key}.{other}` is no change of a list");
                let unknown = Diagnostic::error(Code::UnknownKey, message)
                    .about(full_key(key))
                    .at(name.place.clone())
                    .with_help("write `add = [..]` and `remove = [..]`, or a whole list");
                findings.push(unknown);
                None
            }
        };
        let Some(changed) = changed else {
            whole = false;
            continue;
        };
        for (entry, item) in changed {
            let listed = list.iter().any(|other| other.is_about(&entry));
            if name.name == REMOVE && !listed {
                let message = format!(
                    "`{}` is not in the shipped list of `{key}`, so that it cannot be removed",
                    entry.written()
                );
                let missing = Diagnostic::error(Code::BadValue, message)
                    .about(full_key(key))
                    .at(item.place.clone())
                    .with_help("leave it out here");
                findings.push(missing);
                whole = false;
            }
            list.retain(|other| !other.is_about(&entry));
            if name.name == ADD {
                list.push(entry);
            }
        }
    }
    whole.then_some(list)
}

fn shown<T: ListEntry>(list: &[T]) -> Value {
    let written = |entry: &T| Value::Text(entry.written());
    Value::List(list.iter().map(written).collect())
}

impl EntryShape<Locality> {
    fn read(&self, node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Locality> {
        let place = |text: &str| Locality::parse(text).filter(self.takes);
        let upper = node.as_text().unwrap_or_default().to_ascii_uppercase();
        let right =
            place(&upper).map(|place| place.amiss().unwrap_or_else(|| format!("write `{upper}`")));
        let help = right.as_deref().unwrap_or(self.help);
        let sort = "the code of one";
        let text = read_text(
            node,
            key,
            sort,
            |text| place(text).is_some(),
            help,
            findings,
        )?;
        let place = place(&text)?;
        let Some(help) = place.amiss() else {
            return Some(place);
        };
        let message = format!("there is no place `{text}` (in `{key}`)");
        let unknown = Diagnostic::error(Code::BadValue, message)
            .about(full_key(key))
            .at(node.place.clone())
            .with_help(help);
        findings.push(unknown);
        None
    }
}

impl ListEntry for Locality {
    fn is_about(&self, other: &Self) -> bool {
        self == other
    }

    fn written(&self) -> String {
        self.to_string()
    }
}

impl UsState {
    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let written = node.as_text().unwrap_or_default();
        let (code, date) = match written.split_once('@') {
            Some((code, date)) => (code, Some(date)),
            None => (written, None),
        };
        // A code in lower case, or with its country before it, is one all the same.
        let upper = code.to_ascii_uppercase();
        let bare = upper.strip_prefix("US-").unwrap_or(&upper);
        let right = iso::is_us_state(bare).then(|| match date {
            Some(date) => format!("write `{bare}@{date}`"),
            None => format!("write `{bare}`"),
        });
        let help = right.as_deref().unwrap_or(
            "write upper-case codes, as `[\"CA\", \"CO\"]`, with the day from which the law applies as `\"OK@2027-01-01\"`",
        );
        let known = |_: &str| iso::is_us_state(code);
        read_text(node, key, "the code of a US state", known, help, findings)?;
        let Ok(date) = date.map(str::parse::<Day>).transpose() else {
            let message = format!("`{written}` names no day (in `{key}`)");
            let bad = Diagnostic::error(Code::BadValue, message)
                .about(full_key(key))
                .at(node.place.clone())
                .with_help(format!("write the day as `{code}@2027-01-01`"));
            findings.push(bad);
            return None;
        };
        Some(Self::new(code.to_owned(), date))
    }
}

impl ListEntry for UsState {
    fn is_about(&self, other: &Self) -> bool {
        self.code == other.code
    }

    fn written(&self) -> String {
        match self.date {
            Some(date) => format!("{}@{date}", self.code),
            None => self.code.clone(),
        }
    }
}

impl SettingValue for UsStates {
    const SHAPE: Shape = Shape::Amendable(TextKind {
        words: "US states",
        pattern: "^[A-Z]{2}(@[0-9]{4}-[0-9]{2}-[0-9]{2})?$",
    });

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let form = EntryShape {
            sort: "US states",
            help: "write upper-case codes, as `[\"CA\", \"CO\"]`",
            takes: |_| true,
        };
        let read = |item: &Node, findings: &mut Vec<Diagnostic>| UsState::read(item, key, findings);
        read_list(node, key, &Self::shipped().0, &form, read, findings).map(Self)
    }

    fn show(&self) -> Value {
        shown(&self.0)
    }
}
