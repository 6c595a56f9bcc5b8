//! The Common and the Combined Log Format, also with a virtual host in front.

use super::time::time;
use super::{BadLine, LogRequest};
use edge_cookie::clock::Moment;
use edge_cookie_service::parse_address;

/// Parses a line, `ADDRESS IDENT USER [TIME] "REQUEST" STATUS BYTES`, optionally followed by `"REFERER" "AGENT"` and
/// preceded by `HOST:PORT`, as in `vhost_combined`.
pub(super) fn request(line: &str) -> Result<LogRequest<'_>, BadLine> {
    let found = LineTime::in_line(line);
    let before = found.as_ref().map_or(line, |found| found.before);
    let mut head = LineScanner {
        line: before,
        at: 0,
    };
    let first = head.word("the address")?;
    if first.ends_with(',') {
        return Err(BadLine {
            at: 0,
            message: format!(
                "`{first}` is one of several addresses: log only the client's address"
            ),
        });
    }
    let address = if is_virtual_host(first, head.next()) {
        head.word("the address")?
    } else {
        first
    };
    head.word("the ident")?;
    // The rest before the time belongs to the user's name, which may contain spaces.
    head.word("the user")?;
    let Some(found) = found else {
        return Err(no_time(line, &mut head));
    };
    let mut rest = LineScanner {
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
    Ok(LogRequest {
        at: found.time,
        address,
        agent,
        method,
        path,
        status: number,
    })
}

/// Whether a line begins with the requested host instead of the client's address: an address follows it, or it has a port,
/// which no client name has.
fn is_virtual_host(first: &str, second: &str) -> bool {
    // An address without a port is the client's, whatever follows it.
    let bare = first.parse::<std::net::IpAddr>().is_ok();
    let named = parse_address(first).is_none();
    let port = first.rsplit_once(':').map(|(_, port)| port);
    let has_port = port.is_some_and(|port| port.parse::<u16>().is_ok());
    !bare && (parse_address(second).is_some() || (named && has_port))
}

/// The time of a line.
struct LineTime<'l> {
    time: Moment,
    /// The part before it.
    before: &'l str,
    /// Where it ends.
    ends: usize,
}

impl<'l> LineTime<'l> {
    /// Finds the first part in brackets that is a time: others are in users' names or around IPv6 addresses.
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

/// The start of a part in brackets.
const OPENS: &str = " [";

/// The error for a line without a time: the last part in brackets before the request is not a time, or is missing.
fn no_time(line: &str, head: &mut LineScanner<'_>) -> BadLine {
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

/// Scans the rest of a line.
struct LineScanner<'l> {
    line: &'l str,
    at: usize,
}

impl<'l> LineScanner<'l> {
    fn left(&mut self) -> &'l str {
        let left = self.line.get(self.at..).unwrap_or_default();
        let trimmed = left.trim_start_matches(' ');
        self.at += left.len() - trimmed.len();
        trimmed
    }

    /// The next word, without consuming it.
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

    /// A part between delimiters; a delimiter inside it is escaped with a backslash.
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
            message: format!("{what} is missing here"),
        }
    }
}
