//! HTML with escaped text, and tables.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Escapes text for HTML elements and attributes.
pub(super) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The policy of a page with this one style sheet: no script, no network, no form, no other style
/// (Content Security Policy, level 3).
pub(super) fn content_security_policy(style: &str) -> String {
    let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

/// A key, a value or a name, as code.
pub(super) fn code(word: &str) -> String {
    format!("<code>{}</code>", text(word))
}

/// A key that may be wrapped between its parts.
pub(super) fn breakable_code(word: &str) -> String {
    code(word).replace('.', ".<wbr>").replace('_', "_<wbr>")
}

/// Text in which the words in backticks are code.
pub(super) fn prose(words: &str) -> String {
    let mut html = String::new();
    for (index, part) in words.split('`').enumerate() {
        if index.is_multiple_of(2) {
            html.push_str(&text(part));
        } else {
            html.push_str(&code(part));
        }
    }
    html
}

/// A cell of a table, as HTML.
pub(super) enum Cell {
    /// The header of the row.
    Head(String),
    /// Words.
    Words(String),
    /// A number, aligned to the right.
    Number(String),
}

impl Cell {
    pub(super) fn head(words: &str) -> Self {
        Self::Head(text(words))
    }

    pub(super) fn words(words: &str) -> Self {
        Self::Words(text(words))
    }

    pub(super) fn number(number: &str) -> Self {
        Self::Number(text(number))
    }
}

/// A table. The title of a column is aligned as the cells of the first row.
pub(super) fn table(titles: &[&str], rows: &[Vec<Cell>]) -> String {
    let mut html = String::from("<div class=\"scroll\"><table>\n<thead><tr>");
    for (column, title) in titles.iter().enumerate() {
        let number = rows
            .first()
            .and_then(|row| row.get(column))
            .is_some_and(|cell| matches!(cell, Cell::Number(_)));
        let class = if number { " class=\"number\"" } else { "" };
        push(
            &mut html,
            format_args!("<th scope=\"col\"{class}>{}</th>", text(title)),
        );
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for cell in row {
            let (open, inside, close) = match cell {
                Cell::Head(words) => ("<th scope=\"row\">", words, "</th>"),
                Cell::Words(words) => ("<td>", words, "</td>"),
                Cell::Number(number) => ("<td class=\"number\">", number, "</td>"),
            };
            html.extend([open, inside, close]);
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// A chart with its table in a collapsed section below it.
pub(super) fn figure(title: &str, note: &str, legend: &str, svg: &str, table: &str) -> String {
    format!(
        "<figure>\n<figcaption><b>{}</b> <span>{}</span></figcaption>\n{legend}{svg}\
         <details><summary>The numbers</summary>\n{table}</details>\n</figure>\n",
        prose(title),
        prose(note)
    )
}

/// Appends; a string takes everything.
fn push(html: &mut String, words: std::fmt::Arguments<'_>) {
    let taken = html.write_fmt(words);
    debug_assert!(taken.is_ok(), "a string takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_never_becomes_markup() {
        let nasty = "<script>\"a\" & 'b'</script>";
        let safe = "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;";
        assert_eq!(text(nasty), safe);
        assert_eq!(code(nasty), format!("<code>{safe}</code>"));
        assert_eq!(prose("a `<b>` <i>"), "a <code>&lt;b&gt;</code> &lt;i&gt;");
    }
}
