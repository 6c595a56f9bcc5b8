//! An explanation in plain lines, with the source of everything that it says.

use std::io::Write;

use edge_cookie::printable::on_one_line;
use edge_cookie_service::consent::Verdict;
use edge_cookie_service::consent::explain::{
    ExplainedLaw, ExplainedPart, ExplainedSignal, Explanation, MatchedRule, Meaning,
};

/// The column in which what a line says begins, after its label.
const LABEL: usize = 9;

/// The width of the names of fields.
const NAME: usize = 36;

/// How far the fields of a signal and of a section are indented.
const OF_SIGNAL: usize = 4;
const OF_SECTION: usize = 6;

type WriteResult = std::io::Result<()>;

pub(super) fn write(explanation: &Explanation, out: &mut impl Write) -> WriteResult {
    writeln!(out, "{}", headline(explanation.verdict))?;
    let deciding = explanation
        .rules
        .iter()
        .find(|rule| rule.effect == "decides");
    if let Some(rule) = deciding {
        label("rule", rule.rule, out)?;
        source(rule, out)?;
    }
    writeln!(out)?;
    let place = explanation.place.as_deref().unwrap_or("not known");
    label("place", place, out)?;
    law(&explanation.law, out)?;
    label("at", &explanation.at.to_string(), out)?;
    if let Some(policy) = &explanation.policy {
        let profile = on_one_line(&policy.profile);
        let policy = format!("profile {profile}, {}", policy.digest);
        label("policy", &policy, out)?;
    }
    for setting in &explanation.settings {
        label("", &format!("{} = {}", setting.key, setting.value), out)?;
    }
    writeln!(out, "\nsignals")?;
    if explanation.signals.is_empty() {
        writeln!(out, "  none")?;
    }
    for (number, signal) in explanation.signals.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        write_signal(signal, out)?;
    }
    rules(explanation, out)
}

const fn headline(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Granted => "granted: an identity may be kept",
        Verdict::NotGranted => "not granted: nothing new is kept, and what is kept stays",
        Verdict::Withdrawn => "withdrawn: what is kept must go",
    }
}

fn label(label: &str, text: &str, out: &mut impl Write) -> WriteResult {
    writeln!(out, "  {label:LABEL$}{text}")
}

fn source(rule: &MatchedRule, out: &mut impl Write) -> WriteResult {
    label("says", rule.says, out)?;
    label("where", rule.place, out)?;
    label("source", rule.source, out)?;
    match rule.since {
        Some(since) => label("since", since, out),
        None => Ok(()),
    }
}

fn law(law: &ExplainedLaw, out: &mut impl Write) -> WriteResult {
    let name = law.name.map(|name| format!("{name} ({})", law.kind));
    label("law", name.as_deref().unwrap_or(law.kind), out)?;
    label("asks for", law.asks, out)?;
    if let Some(source) = law.source {
        label("source", source, out)?;
    }
    if let Some(since) = &law.since {
        label("since", since, out)?;
    }
    if let Some(setting) = law.setting {
        label("listed", &format!("in `{setting}`"), out)?;
    }
    match &law.note {
        Some(note) => label("note", note, out),
        None => Ok(()),
    }
}

fn write_signal(signal: &ExplainedSignal, out: &mut impl Write) -> WriteResult {
    writeln!(out, "  {}: {}", on_one_line(&signal.source), signal.kind)?;
    writeln!(out, "    {}", on_one_line(&signal.value))?;
    for part in &signal.parts {
        let Some(section) = part.section else {
            write_part(part, OF_SIGNAL, out)?;
            continue;
        };
        let name = part.name.map(|name| format!(", {name}"));
        writeln!(out, "    section {section}{}", name.unwrap_or_default())?;
        write_part(part, OF_SECTION, out)?;
    }
    Ok(())
}

fn write_part(part: &ExplainedPart, indent: usize, out: &mut impl Write) -> WriteResult {
    for field in &part.fields {
        let means = field.means.as_ref().map(|means| format!("  {means}"));
        let means = means.unwrap_or_default();
        writeln!(
            out,
            "{:indent$}{:NAME$}{}{means}",
            "", field.name, field.value
        )?;
    }
    if part.more_fields > 0 {
        writeln!(out, "{:indent$}{} more fields", "", part.more_fields)?;
    }
    for fault in &part.faults {
        writeln!(
            out,
            "{:indent$}cannot be decoded at character {}: {}",
            "", fault.character, fault.why
        )?;
    }
    for meaning in &part.says {
        writeln!(out, "{:indent$}=> {}", "", in_words(meaning))?;
    }
    Ok(())
}

fn in_words(meaning: &Meaning) -> String {
    let words = match meaning.what {
        "refuses" => "the user refuses",
        "consents" => "the user consents",
        "consents_by_implication" => "consent is implied, which is not express consent",
        "did_not_opt_out" => "the user was given notice and does not opt out",
        "was_not_asked" => "the user was not asked for consent to purpose 1",
        _ => "nothing can be granted",
    };
    match meaning.rule {
        Some(rule) if meaning.what == "consents" && !rule.starts_with("grant.") => {
            format!("{words}, which does not count ({rule})")
        }
        Some(rule) => format!("{words} ({rule})"),
        None if meaning.what == "did_not_opt_out" => {
            format!("{words}, which counts in that state alone")
        }
        None => words.to_owned(),
    }
}

fn rules(explanation: &Explanation, out: &mut impl Write) -> WriteResult {
    writeln!(out, "\nrules, in the order in which they decide")?;
    for rule in &explanation.rules {
        let effect = match rule.effect {
            "decides" => "decides",
            "outranked" => "another rule comes first",
            _ => "does not count at this place",
        };
        writeln!(out, "  {} ({}): {effect}", rule.rule, rule.verdict.as_str())?;
        if !rule.by.is_empty() {
            writeln!(out, "    said by {}", on_one_line(&rule.by.join("; ")))?;
        }
        writeln!(out, "    {}", rule.says)?;
        let since = rule.since.map(|since| format!(", since {since}"));
        writeln!(
            out,
            "    source: {}{}",
            rule.source,
            since.unwrap_or_default()
        )?;
    }
    Ok(())
}
