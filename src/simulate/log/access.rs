//! The Common and the Combined Log Format.

use jiff::fmt::strtime;

use super::{BadLine, Request};
use crate::clock::{Moment, is_usual};
use crate::service::parse_address;

/// Reads a line, `ADDRESS IDENT USER [TIME] "REQUEST" STATUS BYTES`, then perhaps `"REFERER" "AGENT"`; before the address
/// may be the virtual host, and the user's name may hold blanks.
pub(super) fn request(line: &str) -> Result<Request<'_>, BadLine> {
    let mut rest = Rest { line, at: 0 };
    let mut address = rest.word("the address")?;
    let after = rest.left();
    let second = after.split(' ').next().unwrap_or_default();
    if parse_address(address).is_none() && parse_address(second).is_some() {
        address = rest.word("the address")?;
    }
    rest.word("the ident")?;
    rest.user()?;
    let at = rest.between('[', ']', "the time in brackets")?;
    let moment = moment(at).ok_or_else(|| BadLine {
        at: offset(line, at),
        message: format!("`{at}` is not a time: it is written as `10/Oct/2025:13:55:36 +0000`"),
    })?;
    let asked = rest.between('"', '"', "the request in quotes")?;
    let mut words = asked.split(' ');
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let status = rest.word("the status")?;
    let number = status.parse().map_err(|_| BadLine {
        at: offset(line, status),
        message: format!("`{status}` is not a status"),
    })?;
    rest.word("the size")?;
    let agent = if rest.left().is_empty() {
        ""
    } else {
        rest.between('"', '"', "the referer in quotes")?;
        rest.between('"', '"', "the agent in quotes")?
    };
    Ok(Request {
        at: moment,
        address,
        agent,
        method,
        path,
        status: number,
    })
}

fn moment(written: &str) -> Option<Moment> {
    let time = strtime::parse("%d/%b/%Y:%H:%M:%S %z", written).ok()?;
    if !time.offset().is_none_or(is_usual) {
        return None;
    }
    let millis = time.to_timestamp().ok()?.as_millisecond();
    u64::try_from(millis).ok().map(Moment::from_unix_millis)
}

fn offset(line: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize)
}

/// What is left of a line.
struct Rest<'l> {
    line: &'l str,
    at: usize,
}

impl<'l> Rest<'l> {
    fn left(&mut self) -> &'l str {
        let left = self.line.get(self.at..).unwrap_or_default();
        let trimmed = left.trim_start_matches(' ');
        self.at += left.len() - trimmed.len();
        trimmed
    }

    fn word(&mut self, what: &str) -> Result<&'l str, BadLine> {
        let word = self.left().split(' ').next().unwrap_or_default();
        if word.is_empty() {
            return Err(self.missing(what));
        }
        self.at += word.len();
        Ok(word)
    }

    /// The user, up to the time: a name may hold blanks, and brackets.
    fn user(&mut self) -> Result<(), BadLine> {
        let left = self.left();
        let before_time = |(at, _): &(usize, &str)| {
            let time = left.get(at + " [".len()..).unwrap_or_default();
            time.starts_with(|first: char| first.is_ascii_digit())
        };
        let end = left.match_indices(" [").find(before_time);
        match end {
            Some((at, _)) => {
                self.at += at;
                Ok(())
            }
            None => self.word("the user").map(drop),
        }
    }

    /// A part between marks; a mark inside it stands after a backslash.
    fn between(&mut self, opens: char, closes: char, what: &str) -> Result<&'l str, BadLine> {
        let Some(inside) = self.left().strip_prefix(opens) else {
            return Err(self.missing(what));
        };
        let mut escaped = false;
        let end = inside.char_indices().find(|(_, character)| {
            let ends = *character == closes && !escaped;
            escaped = *character == '\\' && !escaped;
            ends
        });
        let Some((end, _)) = end else {
            return Err(self.missing(what));
        };
        self.at += opens.len_utf8() + end + closes.len_utf8();
        Ok(inside.get(..end).unwrap_or_default())
    }

    fn missing(&self, what: &str) -> BadLine {
        BadLine {
            at: self.at,
            message: format!("{what} should stand here"),
        }
    }
}
