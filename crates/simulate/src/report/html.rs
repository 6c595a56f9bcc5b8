//! The parts of the page: text with code, tables and figures. Text that is put into them is escaped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, Render, html};
use sha2::{Digest, Sha256};

/// The policy of a page with this one style sheet: no script, no network, no form, no other style
/// (Content Security Policy, level 3).
pub(super) fn content_security_policy(style: &str) -> String {
    let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

/// A key, a value or a name, as code.
pub(super) fn code(word: &str) -> Markup {
    html! { code { (word) } }
}

/// A key that may be wrapped between its parts.
pub(super) fn breakable_code(word: &str) -> Markup {
    const ENDS: [char; 2] = ['.', '_'];
    html! {
        code {
            @for part in word.split_inclusive(ENDS) {
                (part)
                @if part.ends_with(ENDS) { wbr; }
            }
        }
    }
}

/// Text in which the words in backticks are code.
pub(super) fn prose(words: &str) -> Markup {
    html! {
        @for (index, part) in words.split('`').enumerate() {
            @if index.is_multiple_of(2) { (part) } @else { (code(part)) }
        }
    }
}

/// A cell of a table.
pub(super) enum Cell {
    /// The header of the row.
    Head(Markup),
    /// Words.
    Words(Markup),
    /// A number, aligned to the right.
    Number(String),
}

impl Cell {
    pub(super) fn head(words: &str) -> Self {
        Self::Head(words.render())
    }

    pub(super) fn words(words: &str) -> Self {
        Self::Words(words.render())
    }

    pub(super) fn number(number: &str) -> Self {
        Self::Number(number.to_owned())
    }
}

impl Render for Cell {
    fn render(&self) -> Markup {
        html! {
            @match self {
                Self::Head(words) => th scope="row" { (words) },
                Self::Words(words) => td { (words) },
                Self::Number(number) => td class="number" { (number) },
            }
        }
    }
}

/// A table. The title of a column is aligned as the cells of the first row.
pub(super) fn table(titles: &[&str], rows: &[Vec<Cell>]) -> Markup {
    let class = |column: usize| match rows.first()?.get(column)? {
        Cell::Number(_) => Some("number"),
        _ => None,
    };
    html! {
        div class="scroll" {
            table {
                thead {
                    tr {
                        @for (column, title) in titles.iter().enumerate() {
                            th scope="col" class=[class(column)] { (title) }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr { @for cell in row { (cell) } }
                    }
                }
            }
        }
    }
}

/// A chart with its table in a collapsed section below it.
pub(super) fn figure(
    title: &str,
    note: &str,
    legend: &Markup,
    svg: &Markup,
    table: &Markup,
) -> Markup {
    html! {
        figure {
            figcaption { b { (prose(title)) } " " span { (prose(note)) } }
            (legend)
            (svg)
            details { summary { "The numbers" } (table) }
        }
    }
}

/// Charts side by side, where the page is wide enough.
pub(super) fn charts(charts: &Markup) -> Markup {
    html! { div class="charts" { (charts) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_never_becomes_markup() {
        let nasty = "<script>\"a\" & 'b'</script>";
        let safe = "&lt;script&gt;&quot;a&quot; &amp; 'b'&lt;/script&gt;";
        assert_eq!(code(nasty).into_string(), format!("<code>{safe}</code>"));
        assert_eq!(
            prose("a `<b>` <i>").into_string(),
            "a <code>&lt;b&gt;</code> &lt;i&gt;"
        );
    }
}
