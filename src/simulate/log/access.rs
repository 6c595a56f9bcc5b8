//! The Common and the Combined Log Format, and the Combined one behind the name of a virtual host.

use super::time::time;
use super::{BadLine, Request};
use crate::clock::Moment;
use crate::service::parse_address;

/// Parses a line, `ADDRESS IDENT USER [TIME] "REQUEST" STATUS BYTES`, then perhaps `"REFERER" "AGENT"`; before all of it
/// perhaps `HOST:PORT`, as `vhost_combined` has it.
pub(super) fn request(line: &str) -> Result<Request<'_>, BadLine> {
    let found = Found::in_line(line);
    let before = found.as_ref().map_or(line, |found| found.before);
    let mut head = Rest {
        line: before,
        at: 0,
    };
    let first = head.word("the address")?;
    if first.ends_with(',') {
        return Err(BadLine {
            at: 0,
            message: format!("`{first}` is one of several addresses: log the client's alone"),
        });
    }
    let address = if is_virtual_host(first, head.next()) {
        head.word("the address")?
    } else {
        first
    };
    head.word("the ident")?;
    // What else is before the time belongs to the user's name, which may hold blanks.
    head.word("the user")?;
    let Some(found) = found else {
        return Err(no_time(line, &mut head));
    };
    let mut rest = Rest {
        line,
        at: found.ends,
    };
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
        at: found.time,
        address,
        agent,
        method,
        path,
        status: number,
    })
}

/// Whether a line begins with the host that was asked, and not with the client's address: an address follows it, or it
/// has a port that no client's name has.
fn is_virtual_host(first: &str, second: &str) -> bool {
    // An address without a port is a client's, whatever follows it.
    let bare = first.parse::<std::net::IpAddr>().is_ok();
    let named = parse_address(first).is_none();
    let port = first.rsplit_once(':').map(|(_, port)| port);
    let has_port = port.is_some_and(|port| port.parse::<u16>().is_ok());
    !bare && (parse_address(second).is_some() || (named && has_port))
}

/// The time of a line.
struct Found<'l> {
    time: Moment,
    /// What is before it.
    before: &'l str,
    /// Where it ends.
    ends: usize,
}

impl<'l> Found<'l> {
    /// The first part in brackets that is a time: others are in users' names, or round IPv6 addresses.
    fn in_line(line: &'l str) -> Option<Self> {
        line.match_indices(OPENS).find_map(|(at, _)| {
            let (before, after) = line.split_at_checked(at)?;
            let (inside, _) = after.get(OPENS.len()..)?.split_once(']')?;
            // A number alone could be part of a name.
            let time = inside.contains(':').then(|| time(inside).ok())??;
            let ends = at + OPENS.len() + inside.len() + 1;
            Some(Self { time, before, ends })
        })
    }
}

/// What begins a part in brackets.
const OPENS: &str = " [";

/// Says why there is no time in a line: the last part in brackets before the request is none, or there is no such part.
fn no_time(line: &str, head: &mut Rest<'_>) -> BadLine {
    let before_request = line.split(" \"").next().unwrap_or_default();
    let inside = before_request.rsplit_once(OPENS).map(|(_, inside)| inside);
    if let Some((inside, _)) = inside.and_then(|inside| inside.split_once(']')) {
        return BadLine {
            at: offset(line, inside),
            message: time(inside).err().unwrap_or_default(),
        };
    }
    head.left();
    head.missing("the time in brackets")
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

    /// The next word, which stays.
    fn next(&mut self) -> &'l str {
        self.left().split(' ').next().unwrap_or_default()
    }

    fn word(&mut self, what: &str) -> Result<&'l str, BadLine> {
        let word = self.next();
        if word.is_empty() {
            return Err(self.missing(what));
        }
        self.at += word.len();
        Ok(word)
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
