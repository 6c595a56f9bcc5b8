//! Where in a file a partner is declared.

use edge_cookie::diagnostic::Place;
use edge_cookie::record::PartnerId;
use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
struct File {
    ec: Ec,
}

#[derive(Deserialize)]
struct Ec {
    partners: Vec<Spanned<Partner>>,
}

#[derive(Deserialize)]
struct Partner {
    id: Option<String>,
    source_domain: Option<String>,
}

/// The place of one partner's table in the text of a file, where `all` is that of the whole list.
///
/// None where the list is not in a file, but in a variable or on the command line.
pub(crate) fn place(text: &str, all: &Place, id: &PartnerId) -> Option<Place> {
    let file: File = toml::from_str(text).ok()?;
    let declared = file.ec.partners.iter().find(|partner| {
        let partner = partner.get_ref();
        let named = partner.id.as_ref().or(partner.source_domain.as_ref());
        named.is_some_and(|name| name.trim() == id.as_str())
    })?;
    let span = declared.span();
    let before = text.get(..span.start)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next()?.chars().count() + 1;
    Some(Place {
        file: all.file.clone(),
        line: u32::try_from(line).ok()?,
        column: u32::try_from(column).ok()?,
        span,
    })
}
