//! Reading declared partners: each field by itself in each layer, then each partner as the layers make it together.

use std::collections::BTreeMap;

use super::fields::{FIELDS, PULL, PULL_FIELDS, TOKEN, TOKEN_HASH, names};
use super::pull::{DEFAULT_PULL_RATE_LIMIT, DEFAULT_PULL_TTL, PartnerPull};
use super::{Partner, PartnerFieldError, PartnerToken, parse_partner_name, parse_source_domain};
use crate::diagnostic::{Code, Diagnostic, SourceLocation};
use crate::policy::digest::is_sha256;
use crate::policy::node::{Node, NodeValue};
use crate::policy::publisher::Domain;
use crate::policy::setting::{SettingValue, full_key, wrong_type};
use crate::policy::types::Secret;
use crate::policy::types::choice::nearest;
use crate::record::PartnerId;

const AS_TABLES: &str = "write each partner under `[[ec.partners]]`";

/// Checks what one layer states: each entry by itself, and that no two are about one partner. Gives the source domain of
/// each entry, none of one that is refused; nothing where it is no list.
pub(super) fn check_layer(
    node: &Node,
    key: &str,
    findings: &mut Vec<Diagnostic>,
) -> Option<Vec<Option<String>>> {
    let NodeValue::List(items) = &node.value else {
        findings.push(wrong_type(node, key, "a list of tables").with_help(AS_TABLES));
        return None;
    };
    let mut seen: BTreeMap<String, &Node> = BTreeMap::new();
    let mut domains = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let key = format!("{key}[{index}]");
        if !matches!(item.value, NodeValue::Table(_)) {
            findings.push(wrong_type(item, &key, "a table").with_help(AS_TABLES));
            domains.push(None);
            continue;
        }
        let mut fields = Fields::new(item, key.clone(), findings);
        fields.refuse_unknown(&names(&FIELDS));
        let domain = fields.stated().map(|stated| stated.source_domain);
        let first = domain.as_ref().and_then(|domain| seen.get(domain));
        if let (Some(domain), Some(first)) = (&domain, first) {
            let finding = Diagnostic::error(
                Code::SharedDomain,
                format!("the partner `{domain}` is declared twice"),
            );
            findings.push(
                finding
                    .about(full_key(&key))
                    .at(domain_place(item))
                    .at(domain_place(first))
                    .with_help("keep one of them: a partner is known by its `source_domain`"),
            );
            domains.push(None);
            continue;
        }
        if let Some(domain) = &domain {
            seen.insert(domain.clone(), item);
        }
        domains.push(domain);
    }
    Some(domains)
}

/// Reads partners that layers make together. An entry that is no table was refused in its layer.
pub(super) fn partners(
    node: &Node,
    key: &str,
    findings: &mut Vec<Diagnostic>,
) -> Option<Vec<Partner>> {
    let NodeValue::List(items) = &node.value else {
        return None;
    };
    let mut partners = Vec::with_capacity(items.len());
    let mut seen: BTreeMap<PartnerId, &Node> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        if !matches!(item.value, NodeValue::Table(_)) {
            continue;
        }
        let key = format!("{key}[{index}]");
        let Some(partner) = Fields::new(item, key.clone(), findings).partner() else {
            continue;
        };
        let Some(first) = seen.insert(partner.id.clone(), item) else {
            partners.push(partner);
            continue;
        };
        let place = |item: &Node| match item.member("id") {
            Some(id) => id.place.clone(),
            None => domain_place(item),
        };
        findings.push(
            Diagnostic::error(
                Code::BadPartner,
                format!("partner `{}` is declared twice", partner.id),
            )
            .about(full_key(&key))
            .at(place(item))
            .at(place(first))
            .with_help("remove one, or give it another `id`"),
        );
    }
    (partners.len() == items.len()).then_some(partners)
}

fn domain_place(item: &Node) -> SourceLocation {
    let domain = item.member("source_domain").unwrap_or(item);
    domain.place.clone()
}

/// What a layer, or all of them together, state of a partner.
struct StatedPartner {
    id: Option<PartnerId>,
    name: Option<String>,
    source_domain: String,
    openrtb_atype: Option<u32>,
    gvl_id: Option<u16>,
    token: Option<PartnerToken>,
    rate_limit: Option<u32>,
    enabled: Option<bool>,
    bidstream: Option<bool>,
    pull: Option<PartnerPull>,
}

/// The fields of one partner, read with every problem reported at its own place.
struct Fields<'n, 'f> {
    node: &'n Node,
    key: String,
    findings: &'f mut Vec<Diagnostic>,
}

impl<'n, 'f> Fields<'n, 'f> {
    const fn new(node: &'n Node, key: String, findings: &'f mut Vec<Diagnostic>) -> Self {
        Self {
            node,
            key,
            findings,
        }
    }

    fn refuse(&mut self, node: &Node, message: String, help: &str) {
        self.refuse_at(&[node], message, help);
    }

    /// Refuses what these nodes say together, the one it is about first.
    fn refuse_at(&mut self, nodes: &[&Node], message: String, help: &str) {
        let mut finding = Diagnostic::error(Code::BadPartner, message).about(full_key(&self.key));
        for node in nodes {
            finding = finding.at(node.place.clone());
        }
        self.findings.push(finding.with_help(help));
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
        let (clear, hashed) = (self.node.member(TOKEN), self.node.member(TOKEN_HASH));
        if let (Some(_), Some(second)) = (clear, hashed) {
            self.refuse(
                second,
                "a partner has both `api_token` and `api_token_sha256`".to_owned(),
                "keep one of them: the hash is enough",
            );
        }
        if let Some(hash) = self.text(TOKEN_HASH) {
            if is_sha256(&hash) {
                return Some(PartnerToken::Sha256(hash));
            }
            self.refuse(
                hashed.unwrap_or(self.node),
                "`api_token_sha256` is not a SHA-256".to_owned(),
                "write 64 lower-case hex digits, as `sha256sum` prints them",
            );
        }
        self.typed::<Secret>(TOKEN).map(PartnerToken::Token)
    }

    fn parse_id(&mut self, node: &Node, written: &str) -> Option<PartnerId> {
        PartnerId::parse(written)
            .map_err(|problem| {
                self.refuse(
                    node,
                    problem.to_string(),
                    "use the partner's domain, as `liveramp.com`",
                );
            })
            .ok()
    }

    fn gvl_id(&mut self) -> Option<u16> {
        let id: u32 = self.typed("gvl_id")?;
        let vendor = u16::try_from(id).ok().filter(|id| *id > 0);
        if let (None, Some(node)) = (vendor, self.node.member("gvl_id")) {
            self.refuse(
                node,
                format!("`gvl_id` of a partner is {id}"),
                "write its number in the Global Vendor List, from 1 to 65,535, or leave the line out",
            );
        }
        vendor
    }

    /// The `pull` table; none where there is none, or it is wrong.
    fn pull(&mut self) -> Option<PartnerPull> {
        let node = self.node.member(PULL)?;
        let key = self.pull_key();
        if !matches!(node.value, NodeValue::Table(_)) {
            let finding = wrong_type(node, &key, "a table");
            let help =
                "write `pull = { url = \"…\", hosts = [\"…\"], token = { env = \"NAME\" } }`";
            self.findings.push(finding.with_help(help));
            return None;
        }
        let mut fields = Fields::new(node, key, self.findings);
        fields.refuse_unknown(&names(&PULL_FIELDS));
        Some(PartnerPull {
            enabled: fields.typed("enabled").unwrap_or(true),
            url: fields.text("url"),
            hosts: fields.hosts(),
            ttl: fields.typed("ttl").unwrap_or(DEFAULT_PULL_TTL),
            token: fields.typed("token"),
            rate_limit: fields
                .typed("rate_limit")
                .unwrap_or(DEFAULT_PULL_RATE_LIMIT),
        })
    }

    fn pull_key(&self) -> String {
        format!("{}.{PULL}", self.key)
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

    /// Each field by itself; none where one is refused, or there is no source domain.
    fn stated(&mut self) -> Option<StatedPartner> {
        let (node, before) = (self.node, self.findings.len());
        if node.member("source_domain").is_none() {
            self.refuse(
                node,
                "a partner has no `source_domain`".to_owned(),
                "add the domain its ids are announced under, as `source_domain = \"liveramp.com\"`: every layer names a partner by it",
            );
        }
        let source_domain = self.parsed("source_domain", parse_source_domain);
        let id = match node.member("id") {
            Some(id) => self
                .text("id")
                .and_then(|written| self.parse_id(id, &written)),
            None => None,
        };
        let stated = StatedPartner {
            id,
            name: self.parsed("name", parse_partner_name),
            openrtb_atype: self.typed("openrtb_atype"),
            gvl_id: self.gvl_id(),
            token: self.token(),
            rate_limit: self.typed("rate_limit"),
            enabled: self.typed("enabled"),
            bidstream: self.typed("bidstream"),
            pull: self.pull(),
            source_domain: source_domain?,
        };
        (self.findings.len() == before).then_some(stated)
    }

    /// The whole partner, with the defaults of what no layer states.
    fn partner(mut self) -> Option<Partner> {
        let stated = self.stated()?;
        let id = if let Some(id) = stated.id {
            id
        } else {
            let node = self.node.member("source_domain").unwrap_or(self.node);
            self.parse_id(node, &stated.source_domain)?
        };
        if let Some(fault) = stated.pull.as_ref().and_then(PartnerPull::fault) {
            let pull = self.node.member(PULL).unwrap_or(self.node);
            let members = fault.members.iter().filter_map(|name| pull.member(name));
            let mut nodes: Vec<&Node> = members.collect();
            if nodes.is_empty() {
                nodes.push(pull);
            }
            self.key = self.pull_key();
            self.refuse_at(&nodes, fault.message, fault.help);
            return None;
        }
        Some(Partner {
            name: stated.name.unwrap_or_else(|| id.to_string()),
            id,
            source_domain: stated.source_domain,
            openrtb_atype: stated.openrtb_atype,
            gvl_id: stated.gvl_id,
            token: stated.token,
            rate_limit: stated.rate_limit,
            enabled: stated.enabled.unwrap_or(true),
            bidstream: stated.bidstream.unwrap_or(false),
            pull: stated.pull,
        })
    }
}
