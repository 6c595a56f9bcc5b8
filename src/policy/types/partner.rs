//! Partners declared in the policy itself, as `[[ec.partners]]`.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic};
use crate::policy::digest::is_sha256;
use crate::policy::node::{Node, NodeValue};
use crate::policy::publisher::Domain;
use crate::policy::setting::{SettingValue, Shape, full_key, wrong_type};
use crate::policy::types::choice::nearest;
use crate::policy::types::partner_field::{
    PartnerFieldError, parse_partner_name, parse_source_domain,
};
use crate::policy::types::pull::{DEFAULT_PULL_RATE_LIMIT, DEFAULT_PULL_TTL, PULL_FIELDS};
use crate::policy::types::{PartnerPull, Secret};
use crate::policy::value::Value;
use crate::record::PartnerId;

/// A partner's API token, or what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartnerToken {
    /// The token, in clear or by reference.
    Token(Secret),
    /// The SHA-256 of the token, in 64 lower-case hex digits.
    Sha256(String),
}

/// A declared partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// The name under which the partner's uid stands in a record; the source domain where left out.
    pub id: PartnerId,
    /// The name people know the partner by, as [`parse_partner_name`] has it; the id where left out.
    pub name: String,
    /// The domain that the partner's ids are announced under in `OpenRTB`, as [`parse_source_domain`] has it.
    pub source_domain: String,
    /// The `OpenRTB` agent type of the partner's ids.
    pub openrtb_atype: Option<u32>,
    /// What the partner authenticates with; none shuts the partner out of the API.
    pub token: Option<PartnerToken>,
    /// Batch requests within `sync.rate_window`; `sync.rate_limit` where left out.
    pub rate_limit: Option<u32>,
    /// Whether the partner may use the API.
    pub enabled: bool,
    /// Whether the partner's ids may go into bid requests. Kept for the auction's context, a feature to come.
    pub bidstream: bool,
    /// How the partner is asked for its uids. Kept for pull sync, a feature to come.
    pub pull: Option<PartnerPull>,
}

/// The declared partners, each id once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Partners(Vec<Partner>);

impl Partners {
    /// The partners in the order declared.
    pub fn iter(&self) -> impl Iterator<Item = &Partner> {
        self.0.iter()
    }
}

const FIELDS: [&str; 10] = [
    "id",
    "name",
    "source_domain",
    "openrtb_atype",
    "api_token",
    "api_token_sha256",
    "rate_limit",
    "enabled",
    "bidstream",
    "pull",
];

/// The fields of one partner, read with every problem reported at its own place.
struct Fields<'n, 'f> {
    node: &'n Node,
    key: String,
    findings: &'f mut Vec<Diagnostic>,
}

impl Fields<'_, '_> {
    fn refuse(&mut self, node: &Node, message: String, help: &str) {
        self.findings.push(
            Diagnostic::error(Code::BadPartner, message)
                .about(full_key(&self.key))
                .at(node.place.clone())
                .with_help(help),
        );
    }

    fn refuse_unknown(&mut self, known: &[&'static str]) {
        let node = self.node;
        for (name, _) in node.members() {
            if known.contains(&name.name.as_str()) {
                continue;
            }
            let help = match nearest(&name.name, known.iter().copied()) {
                Some(field) => format!("did you mean `{field}`?"),
                None => format!("a partner has `{}`", known.join("`, `")),
            };
            self.findings.push(
                Diagnostic::error(
                    Code::UnknownKey,
                    format!("unknown key `{}` of a partner", name.name),
                )
                .about(full_key(&format!("{}.{}", self.key, name.name)))
                .at(name.place.clone())
                .with_help(help),
            );
        }
    }

    fn typed<T: SettingValue>(&mut self, field: &str) -> Option<T> {
        let node = self.node.member(field)?;
        T::read(node, &format!("{}.{field}", self.key), self.findings)
    }

    fn text(&mut self, field: &str) -> Option<String> {
        let node = self.node.member(field)?;
        match node.as_text().map(str::trim) {
            Some(text) if !text.is_empty() => return Some(text.to_owned()),
            Some(_) => self.refuse(
                node,
                format!("`{field}` of a partner is blank"),
                "name it, or leave the line out",
            ),
            None => {
                let key = format!("{}.{field}", self.key);
                self.findings
                    .push(wrong_type(node, &key, "a string").with_help("write it in quotes"));
            }
        }
        None
    }

    /// A text that has to be of a form.
    fn parsed(
        &mut self,
        field: &str,
        parse: fn(&str) -> Result<String, PartnerFieldError>,
    ) -> Option<String> {
        let text = self.text(field)?;
        match (parse(&text), self.node.member(field)) {
            (Ok(parsed), _) => Some(parsed),
            (Err(error), node) => {
                let help = match &error {
                    PartnerFieldError::NotCanonical { written, .. } => format!(
                        "where users have uids under `{written}`, keep that as the partner's `id`"
                    ),
                    PartnerFieldError::LongName(_) | PartnerFieldError::UnprintableName(_) => {
                        "the name is for people: no uid depends on it".to_owned()
                    }
                    _ => "write the domain that the partner's ids are announced under".to_owned(),
                };
                self.refuse(node.unwrap_or(self.node), error.to_string(), &help);
                None
            }
        }
    }

    fn token(&mut self) -> Option<PartnerToken> {
        let (clear, hashed) = (
            self.node.member("api_token"),
            self.node.member("api_token_sha256"),
        );
        if let (Some(_), Some(second)) = (clear, hashed) {
            self.refuse(
                second,
                "a partner has both `api_token` and `api_token_sha256`".to_owned(),
                "keep one of them: the hash is enough",
            );
        }
        if let Some(hash) = self.text("api_token_sha256") {
            if is_sha256(&hash) {
                return Some(PartnerToken::Sha256(hash));
            }
            self.refuse(
                hashed.unwrap_or(self.node),
                "`api_token_sha256` is not a SHA-256".to_owned(),
                "write 64 lower-case hex digits, as `sha256sum` prints them",
            );
        }
        self.typed::<Secret>("api_token").map(PartnerToken::Token)
    }

    fn id(&mut self, source_domain: Option<&str>) -> Option<PartnerId> {
        let (node, written) = match self.node.member("id") {
            Some(node) => (node, self.text("id")?),
            None => (
                self.node.member("source_domain")?,
                source_domain?.to_owned(),
            ),
        };
        PartnerId::parse(&written)
            .map_err(|problem| {
                self.refuse(
                    node,
                    problem.to_string(),
                    "use the partner's domain, as `liveramp.com`",
                );
            })
            .ok()
    }

    /// The `pull` table; none where there is none, or it is wrong.
    fn pull(&mut self) -> Option<PartnerPull> {
        let node = self.node.member("pull")?;
        let key = format!("{}.pull", self.key);
        if !matches!(node.value, NodeValue::Table(_)) {
            let finding = wrong_type(node, &key, "a table");
            let help =
                "write `pull = { url = \"…\", hosts = [\"…\"], token = { env = \"NAME\" } }`";
            self.findings.push(finding.with_help(help));
            return None;
        }
        let mut fields = Fields {
            node,
            key,
            findings: self.findings,
        };
        fields.refuse_unknown(&PULL_FIELDS);
        let pull = PartnerPull {
            enabled: fields.typed("enabled").unwrap_or(true),
            url: fields.text("url"),
            hosts: fields.hosts(),
            ttl: fields.typed("ttl").unwrap_or(DEFAULT_PULL_TTL),
            token: fields.typed("token"),
            rate_limit: fields
                .typed("rate_limit")
                .unwrap_or(DEFAULT_PULL_RATE_LIMIT),
        };
        if let Some((member, message, help)) = pull.fault() {
            let place = node.member(member).unwrap_or(node);
            fields.refuse(place, message, help);
            return None;
        }
        Some(pull)
    }

    /// The hosts of a `pull` table.
    fn hosts(&mut self) -> Vec<Domain> {
        let Some(node) = self.node.member("hosts") else {
            return Vec::new();
        };
        let NodeValue::List(items) = &node.value else {
            let finding = wrong_type(node, &format!("{}.hosts", self.key), "a list of hosts");
            self.findings
                .push(finding.with_help("write each in quotes, as `[\"pull.partner.example\"]`"));
            return Vec::new();
        };
        let mut hosts = Vec::with_capacity(items.len());
        for item in items {
            match item.as_text().and_then(Domain::parse) {
                Some(host) => hosts.push(host),
                None => self.refuse(
                    item,
                    "`pull.hosts` has an entry that is not a host".to_owned(),
                    "write the host alone, as `pull.partner.example`",
                ),
            }
        }
        hosts
    }

    fn partner(mut self) -> Option<Partner> {
        self.refuse_unknown(&FIELDS);
        let (node, before) = (self.node, self.findings.len());
        if node.member("source_domain").is_none() {
            self.refuse(
                node,
                "a partner has no `source_domain`".to_owned(),
                "add the domain its ids are announced under, as `source_domain = \"liveramp.com\"`",
            );
        }
        let source_domain = self.parsed("source_domain", parse_source_domain);
        let id = self.id(source_domain.as_deref());
        let name = self.parsed("name", parse_partner_name);
        let openrtb_atype = self.typed("openrtb_atype");
        let token = self.token();
        let rate_limit = self.typed("rate_limit");
        let enabled = self.typed("enabled");
        let bidstream = self.typed("bidstream");
        let pull = self.pull();
        if self.findings.len() > before {
            return None;
        }
        let id = id?;
        Some(Partner {
            name: name.unwrap_or_else(|| id.to_string()),
            id,
            source_domain: source_domain?,
            openrtb_atype,
            token,
            rate_limit,
            enabled: enabled.unwrap_or(true),
            bidstream: bidstream.unwrap_or(false),
            pull,
        })
    }
}

impl SettingValue for Partners {
    const SHAPE: Shape = Shape::Partners;

    fn read(node: &Node, key: &str, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let NodeValue::List(items) = &node.value else {
            findings.push(
                wrong_type(node, key, "a list of tables")
                    .with_help("write each partner under `[[ec.partners]]`"),
            );
            return None;
        };
        let mut partners = Vec::with_capacity(items.len());
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            let key = format!("{key}[{index}]");
            if !matches!(item.value, NodeValue::Table(_)) {
                findings.push(
                    wrong_type(item, &key, "a table")
                        .with_help("write each partner under `[[ec.partners]]`"),
                );
                continue;
            }
            let fields = Fields {
                node: item,
                key: key.clone(),
                findings,
            };
            let Some(partner) = fields.partner() else {
                continue;
            };
            if seen.insert(partner.id.clone()) {
                partners.push(partner);
                continue;
            }
            findings.push(
                Diagnostic::error(
                    Code::BadPartner,
                    format!("partner `{}` is declared twice", partner.id),
                )
                .about(full_key(&key))
                .at(item.member("id").unwrap_or(item).place.clone())
                .with_help("remove one, or give it another `id`"),
            );
        }
        (partners.len() == items.len()).then_some(Self(partners))
    }

    fn show(&self) -> Value {
        self.listed(Secret::show)
    }

    fn digested(&self) -> Value {
        self.listed(Secret::digested)
    }

    fn in_clear(&self) -> Value {
        self.listed(Secret::in_clear)
    }
}

/// The fields of a partner that are secrets.
pub(crate) const SECRET_FIELDS: [&str; 1] = ["api_token"];

impl Partners {
    fn listed(&self, secret: fn(&Secret) -> Value) -> Value {
        Value::List(
            self.0
                .iter()
                .map(|partner| partner.listed(secret))
                .collect(),
        )
    }
}

impl Partner {
    fn listed(&self, secret: fn(&Secret) -> Value) -> Value {
        let mut members = vec![
            ("id", Value::from(self.id.as_str())),
            ("name", Value::from(self.name.as_str())),
            ("source_domain", Value::from(self.source_domain.as_str())),
        ];
        if let Some(atype) = self.openrtb_atype {
            members.push(("openrtb_atype", atype.show()));
        }
        match &self.token {
            Some(PartnerToken::Token(token)) => members.push(("api_token", secret(token))),
            Some(PartnerToken::Sha256(hash)) => {
                members.push(("api_token_sha256", Value::from(hash.as_str())));
            }
            None => {}
        }
        if let Some(limit) = self.rate_limit {
            members.push(("rate_limit", limit.show()));
        }
        members.push(("enabled", Value::Boolean(self.enabled)));
        // What no one writes leaves a policy's digest as it was.
        if self.bidstream {
            members.push(("bidstream", Value::Boolean(true)));
        }
        if let Some(pull) = &self.pull {
            members.push(("pull", pull.listed(secret)));
        }
        Value::Table(members)
    }
}
