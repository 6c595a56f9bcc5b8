//! HTTP messages, read as strictly as the standard allows (RFC 9112), apart from the code under test.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};

pub fn find(text: &[u8], sought: &[u8]) -> Option<usize> {
    text.windows(sought.len())
        .position(|window| window == sought)
}

pub fn count(text: &[u8], sought: &[u8]) -> usize {
    let windows = text.windows(sought.len());
    windows.filter(|window| *window == sought).count()
}

/// The head's first line and fields; the names in lower case.
struct Head<'m> {
    line: &'m [u8],
    fields: Vec<(String, &'m [u8])>,
}

/// How a body is framed.
enum Body {
    /// In chunks.
    Chunked,
    Length(usize),
    /// No header says: a request has none then, and an answer's goes on until the connection closes.
    Unsaid,
}

impl<'m> Head<'m> {
    /// Reads a head that ends with an empty line; panics where it is not what a sender may write.
    fn read(head: &'m [u8]) -> Self {
        let head = head.strip_suffix(b"\r\n\r\n").expect("a whole head");
        let mut lines = Vec::new();
        let mut rest = head;
        while let Some(at) = find(rest, b"\r\n") {
            lines.push(&rest[..at]);
            rest = &rest[at + 2..];
        }
        lines.push(rest);
        let stray = |line: &&[u8]| line.iter().any(|byte| b"\r\n\0".contains(byte));
        assert!(!lines.iter().any(stray), "a line within a line");
        let fields = lines[1..].iter().map(|line| {
            let colon = find(line, b":").expect("a field has a colon");
            let name = str::from_utf8(&line[..colon]).expect("a name is text");
            let plain =
                |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            assert!(
                !name.is_empty() && name.bytes().all(plain),
                "`{name}` is no name"
            );
            (name.to_ascii_lowercase(), line[colon + 1..].trim_ascii())
        });
        Self {
            line: lines[0],
            fields: fields.collect(),
        }
    }

    fn values(&self, name: &str) -> Vec<&'m [u8]> {
        let named = self.fields.iter().filter(|(own, _)| own == name);
        named.map(|(_, value)| *value).collect()
    }

    fn body(&self) -> Body {
        let (lengths, codings) = (
            self.values("content-length"),
            self.values("transfer-encoding"),
        );
        assert!(lengths.len() + codings.len() <= 1, "a body is framed once");
        if let [coding] = codings[..] {
            assert!(coding.eq_ignore_ascii_case(b"chunked"), "no other coding");
            return Body::Chunked;
        }
        let [length] = lengths[..] else {
            return Body::Unsaid;
        };
        assert!(length.iter().all(u8::is_ascii_digit), "a length is digits");
        let length = str::from_utf8(length).expect("digits are text");
        Body::Length(length.parse().expect("a length is a number"))
    }
}

/// The bytes of one request, up to the end of its body; less where the connection ends before, none where it is
/// closed unused.
pub fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut byte = [0];
    let mut next = |request: &mut Vec<u8>| {
        let read = stream.read(&mut byte).is_ok_and(|read| read > 0);
        if read {
            request.push(byte[0]);
        }
        read
    };
    while !request.ends_with(b"\r\n\r\n") {
        if !next(&mut request) {
            return Vec::new();
        }
    }
    let head = request.len();
    match Head::read(&request).body() {
        Body::Unsaid => {}
        Body::Length(length) => while request.len() < head + length && next(&mut request) {},
        Body::Chunked => while chunks(&request[head..]).is_none() && next(&mut request) {},
    }
    request
}

/// What follows a chunked body, where it is whole. The service writes no trailers and no extensions.
fn chunks(mut body: &[u8]) -> Option<&[u8]> {
    loop {
        let at = find(body, b"\r\n")?;
        let size = str::from_utf8(&body[..at]).expect("a size is text");
        let size = usize::from_str_radix(size, 16).expect("a size is a number");
        body = &body[at + 2..];
        let end = body.get(size..)?;
        if end.len() < 2 {
            return None;
        }
        body = end
            .strip_prefix(b"\r\n")
            .expect("a chunk ends with its line");
        if size == 0 {
            return Some(body);
        }
    }
}

/// Headers that stay on the client's side.
const OF_THE_CONNECTION: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "te",
    "trailer",
    "upgrade",
    "proxy-authenticate",
];

/// Panics where a request to the origin is not what the client asked for, or says what only the service may.
pub fn check_request(request: &[u8], sent: &[u8], origin: SocketAddr) {
    let end = find(request, b"\r\n\r\n").expect("a head ends") + 4;
    let head = Head::read(&request[..end]);
    let parts: Vec<&[u8]> = head.line.split(|byte| *byte == b' ').collect();
    let [_, target, b"HTTP/1.1"] = parts[..] else {
        panic!(
            "{:?} is no request line",
            String::from_utf8_lossy(head.line)
        );
    };
    // An address without a path means its root, whatever its query.
    let written = if target.starts_with(b"/?") {
        &target[1..]
    } else {
        target
    };
    assert!(
        target == b"/" || find(sent, written).is_some(),
        "{:?} was not asked for",
        String::from_utf8_lossy(target)
    );
    assert_eq!(head.values("host"), [origin.to_string().as_bytes()]);
    assert!(head.values("x-forwarded-host").len() <= 1);
    assert_eq!(
        head.values("x-forwarded-for").last(),
        Some(&&b"127.0.0.1"[..])
    );
    if let Some(last) = head.values("forwarded").last() {
        assert_eq!(*last, b"for=127.0.0.1");
    }
    for name in OF_THE_CONNECTION {
        assert!(head.values(name).is_empty(), "{name}");
    }
}

/// What follows an answer; none where there is no whole one. Panics where its head is not what a server may write.
pub fn read_answer(answers: &[u8]) -> Option<&[u8]> {
    let end = find(answers, b"\r\n\r\n")? + 4;
    let (head, body) = answers.split_at(end);
    let head = Head::read(head);
    let status = head.line.get(9..12).expect("a status line");
    assert!(head.line.starts_with(b"HTTP/1."), "an answer follows");
    assert_eq!(
        head.values("x-request-id").len().min(1),
        head.values("x-request-id").len()
    );
    if status.starts_with(b"1") {
        // `Expect: 100-continue` is answered before the answer: it is none of its own.
        assert_eq!(status, b"100", "nothing else was asked for");
        return read_answer(body);
    }
    match head.body() {
        _ if status == b"204" || status == b"304" => Some(body),
        Body::Length(length) => body.get(length..),
        Body::Chunked => chunks(body),
        // Until the connection closes.
        Body::Unsaid => None,
    }
}
