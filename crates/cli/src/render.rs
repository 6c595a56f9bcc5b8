//! How findings and errors are shown to people.

use std::borrow::Cow;
use std::io::{IsTerminal, Write, stderr};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use edge_cookie::config::Sources;
use edge_cookie::diagnostic::{Diagnostic, MAX_FINDINGS, Omitted, Severity, SourceLocation};
use edge_cookie::policy::resolve::Resolved;
use edge_cookie::printable::{on_lines, on_one_line};
use edge_cookie::rules;

use crate::CliError;

/// Prints why a command could not run.
pub(crate) fn error(stop: &CliError) {
    problem(&stop.to_string());
}

/// Prints a problem that shows no lines.
pub(crate) fn problem(message: &str) {
    let title = Level::ERROR.primary_title(shown(message));
    print(&renderer().render(&[annotate_snippets::Group::with_title(title)]));
}

/// Prints a warning.
pub(crate) fn warning(message: &str) {
    let title = Level::WARNING.primary_title(shown(message));
    print(&renderer().render(&[annotate_snippets::Group::with_title(title)]));
}

/// Says what may surprise, and is no problem.
pub(crate) fn note(message: &str) {
    let title = Level::NOTE.primary_title(shown(message));
    print(&renderer().render(&[annotate_snippets::Group::with_title(title)]));
}

/// Prints the first findings, each with the lines it is about, and how many more there are, `omitted` ones included.
pub(crate) fn findings<'f>(
    findings: impl IntoIterator<Item = &'f Diagnostic>,
    omitted: Omitted,
    sources: &Sources,
) {
    let mut findings = findings.into_iter();
    for finding in findings.by_ref().take(MAX_FINDINGS) {
        print(&format!(
            "{}\n",
            renderer().render(&[report(finding, sources)])
        ));
    }
    let more = findings.count() + omitted.all();
    if more > 0 {
        note(&format!("{more} more findings are not shown"));
    }
}

/// Prints the findings that concern a command which does not check.
pub(crate) fn findings_in_passing(resolved: &Resolved, sources: &Sources) {
    let concern = |finding: &&Diagnostic| rules::concerns_every_command(finding);
    let omitted = resolved.omitted;
    self::findings(resolved.findings.iter().filter(concern), omitted, sources);
}

/// Prints on standard error; where that takes nothing, no command fails for it.
pub(crate) fn line(text: &str) {
    let _ = writeln!(stderr(), "{text}");
}

/// Prints what was rendered: only its own colours act on the terminal, for what is rendered has no escape character.
fn print(rendered: &str) {
    line(&on_lines(rendered, Some(ESCAPE).filter(|_| !is_plain())));
}

/// What begins a colour.
const ESCAPE: char = '\u{1b}';

/// A text as it may be rendered.
fn shown(text: &str) -> Cow<'_, str> {
    on_lines(text, None)
}

fn is_plain() -> bool {
    !stderr().is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn renderer() -> Renderer {
    if is_plain() {
        Renderer::plain()
    } else {
        Renderer::styled()
    }
}

fn report<'r>(finding: &'r Diagnostic, sources: &'r Sources) -> annotate_snippets::Group<'r> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level
        .primary_title(shown(&finding.message))
        .id(finding.code.as_str())
        .elements(snippets(&finding.places, sources));
    if finding.places.is_empty() && finding.key.is_some() {
        group = group.element(Level::NOTE.message("not set: this is the default"));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(shown(help)));
    }
    group
}

/// A snippet for each source that takes part, the main place first.
fn snippets<'r>(
    places: &'r [SourceLocation],
    sources: &'r Sources,
) -> Vec<Snippet<'r, annotate_snippets::Annotation<'r>>> {
    let mut files: Vec<&str> = Vec::new();
    for place in places {
        if !files.contains(&&*place.file) {
            files.push(&place.file);
        }
    }
    let snippet = |file: &'r str| {
        let source = sources.get(file)?;
        let annotations = places
            .iter()
            .enumerate()
            .filter(|(_, place)| &*place.file == file)
            .map(|(index, place)| {
                let kind = if index == 0 {
                    AnnotationKind::Primary
                } else {
                    AnnotationKind::Context
                };
                kind.span(place.span.clone())
            });
        Some(
            Snippet::source(source.text())
                .path(on_one_line(source.name()))
                .annotations(annotations),
        )
    };
    files.into_iter().filter_map(snippet).collect()
}
