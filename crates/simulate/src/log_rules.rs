//! How a workload wants its log to be read.

use super::fields::TableFields;

/// The default: half an hour, as in web analytics.
pub(crate) const VISIT_GAP: u64 = 1_800_000;

const ASSETS: [&str; 20] = [
    "css", "js", "mjs", "map", "json", "xml", "txt", "png", "jpg", "jpeg", "gif", "svg", "webp",
    "avif", "ico", "woff", "woff2", "ttf", "mp4", "pdf",
];

/// The format of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VisitLogFormat {
    /// The Combined Log Format, the Common one, which has no user agent, or the Combined one after the requested host. Each
    /// line is recognized separately.
    #[default]
    Access,
    /// One JSON object per line.
    Json,
}

impl VisitLogFormat {
    /// The names of the formats.
    pub const WORDS: [&'static str; 4] = ["combined", "common", "vhost_combined", "json"];

    /// The format that `word` names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "combined" | "common" | "vhost_combined" => Some(Self::Access),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// The options for reading a log.
#[derive(Debug, Clone)]
pub struct LogRules {
    pub(crate) file: Option<String>,
    pub(crate) format: VisitLogFormat,
    pub(crate) mapping: FieldMapping,
    /// More substrings of robots' user agents, in lower case.
    pub(crate) robots: Vec<String>,
    /// The extensions of paths that are not pages.
    pub(crate) assets: Vec<String>,
    /// The time without a page view after which a new visit begins.
    pub(crate) visit_gap: u64,
}

/// The options if the workload has none.
impl Default for LogRules {
    fn default() -> Self {
        Self {
            file: None,
            format: VisitLogFormat::default(),
            mapping: FieldMapping::default(),
            robots: Vec::new(),
            assets: ASSETS.map(str::to_owned).to_vec(),
            visit_gap: VISIT_GAP,
        }
    }
}

impl LogRules {
    pub(crate) fn read(fields: &mut TableFields<'_, '_>) -> Self {
        let file = fields.text("file").map(str::to_owned);
        let word = fields.text("format");
        let format = word.map(VisitLogFormat::parse);
        if format == Some(None)
            && let (Some(node), Some(word)) = (fields.member("format"), word)
        {
            let help = format!("write `{}`", VisitLogFormat::WORDS.join("`, `"));
            fields.refuse(
                node,
                "format",
                format!("unknown log format `{word}`"),
                &help,
            );
        }
        // Agents are compared in lower case.
        let lower = |words: Vec<String>| words.iter().map(|word| word.to_lowercase()).collect();
        let otherwise = Self::default();
        Self {
            file,
            format: format.flatten().unwrap_or_default(),
            mapping: fields
                .table("fields", "`fields`", FieldMapping::read)
                .unwrap_or_default(),
            robots: fields.texts("robots").map(lower).unwrap_or_default(),
            assets: fields.texts("assets").unwrap_or(otherwise.assets),
            visit_gap: fields.length("visit_gap").unwrap_or(otherwise.visit_gap),
        }
    }
}

/// The name of each field; dots separate the names of nested objects.
#[derive(Debug, Clone)]
pub(crate) struct FieldMapping {
    pub(crate) at: String,
    pub(crate) address: String,
    pub(crate) agent: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: String,
}

/// The default names.
impl Default for FieldMapping {
    fn default() -> Self {
        Self {
            at: "at".to_owned(),
            address: "address".to_owned(),
            agent: "agent".to_owned(),
            method: "method".to_owned(),
            path: "path".to_owned(),
            status: "status".to_owned(),
        }
    }
}

impl FieldMapping {
    fn read(fields: &mut TableFields<'_, '_>) -> Self {
        let mut name = |known: &'static str| fields.text(known).unwrap_or(known).to_owned();
        Self {
            at: name("at"),
            address: name("address"),
            agent: name("agent"),
            method: name("method"),
            path: name("path"),
            status: name("status"),
        }
    }
}
