//! Markdown for a pull request: tables, and text that is shown in them unchanged.

use std::io::Write;

/// As code, in a cell of a table.
pub(crate) fn code(text: &str) -> String {
    let text = text.replace('|', "\\|").replace(['\n', '\r'], " ");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

/// As text, in a cell of a table: only what is in backticks is markup.
pub(crate) fn text(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '|' | '*' | '<' | '>' | '[' | ']' | '\\' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '\n' | '\r' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The head of a table, after an empty line.
pub(crate) fn table(titles: &[&str], out: &mut impl Write) -> std::io::Result<()> {
    let rule = vec!["---"; titles.len()].join(" | ");
    writeln!(out, "\n| {} |\n| {rule} |", titles.join(" | "))
}

/// A row of a table.
pub(crate) fn row(cells: &[String], out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "| {} |", cells.join(" | "))
}
