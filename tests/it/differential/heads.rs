//! Heads, beside `httparse`.

use httparse::Status as Theirs;
use talk::http::{Error, Head, Headers, Method, Parser, Request, ResponseHead, Version};
use talk::limits;

use super::{Difference, INPUTS, explained, shown_by_its_example};
use crate::properties::generators::hold;

/// Why we refuse a request that httparse accepts: it parses the form of a head and leaves its meaning to
/// its caller.
pub(super) const REQUESTS: &[Difference] = &[
    ("line end", b"GET / HTTP/1.1\nHost: a\r\n\r\n"),
    ("empty lines", b"\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("method unknown", b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("method in small letters", b"get / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("target beyond ASCII", b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("target of another form", b"GET a HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("host", b"GET / HTTP/1.1\r\n\r\n"),
    ("repeated", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"),
    ("content length", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n"),
    ("transfer coding unknown", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"),
    (
        "transfer coding misplaced",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    ("body unexpected", b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"),
    ("judged at the line's end", b"GET / HTTP/1.1\r\nX Y"),
];

/// The same of a response.
pub(super) const RESPONSES: &[Difference] = &[
    ("line end of a response", b"HTTP/1.1 200 OK\n\n"),
    ("empty line before a response", b"\r\nHTTP/1.1 200 OK\r\n\r\n"),
    ("status below 100", b"HTTP/1.1 099 x\r\n\r\n"),
    ("response judged at the line's end", b"HTTP/1.1 2x"),
];

#[test]
fn a_request_is_read_as_httparse_reads_it_or_the_table_says_why_not() {
    shown_by_its_example(REQUESTS, request);
    hold("heads", INPUTS, Vec::new(), |input| explained(REQUESTS, input, request(input)));
}

#[test]
fn a_response_is_read_as_httparse_reads_it_or_the_table_says_why_not() {
    shown_by_its_example(RESPONSES, response);
    hold("heads", INPUTS, Vec::new(), |input| explained(RESPONSES, input, response(input)));
}

/// The difference about a request, if there is one.
fn request(input: &[u8]) -> Option<&'static str> {
    let mut lines = [httparse::EMPTY_HEADER; limits::HEADERS];
    let mut read = httparse::Request::new(&mut lines);
    let theirs = read.parse(input);
    match (fed::<Request>(input), theirs) {
        (Ok(Some((ours, used))), Ok(Theirs::Complete(theirs))) => {
            assert_eq!(used, theirs, "where it ends");
            assert_eq!(ours.version == Version::Http11, read.version == Some(1));
            assert!(
                read.method
                    .is_some_and(|method| format!("{:?}", ours.method).to_uppercase() == method)
            );
            assert_eq!(headers(&ours.headers), others(read.headers));
            let query = ours.target.query.map(|query| format!("?{query}")).unwrap_or_default();
            let target = ours.target.path + &query;
            let path = read.path.unwrap_or_default();
            assert!(path.ends_with(&target) || path.ends_with(&query), "{path} is not {target}");
            assert!(!path.starts_with('/') || path == target, "{path} is not {target}");
            assert!(ours.method != Method::Connect || target.is_empty());
            None
        }
        (Ok(None), Ok(Theirs::Partial)) | (Err(_), Err(_)) => None,
        (Ok(None), Err(_)) => Some(refused_later::<Request>(input, "judged at the line's end")),
        (Err(error), Ok(_)) => Some(refused(error, input)),
        (Ok(Some(_)), Err(_) | Ok(Theirs::Partial)) => Some("we accept what they do not"),
        (Ok(None), Ok(Theirs::Complete(_))) => Some("we want more than they do"),
    }
}

/// Why we refuse a request, from a second look at the input.
fn refused(error: Error, input: &[u8]) -> &'static str {
    let empty = 2 * input.chunks(2).take_while(|two| two == b"\r\n").count();
    let end = input[empty..].windows(4).position(|four| four == b"\r\n\r\n");
    let head = &input[empty..end.map_or(input.len(), |at| empty + at)];
    let has = |text: &str| {
        let lower = head.to_ascii_lowercase();
        lower.windows(text.len()).any(|window| window == text.as_bytes())
    };
    let first = input.split(|byte| *byte == b'\r').find(|line| line.len() > 1).unwrap_or_default();
    let word = first.trim_ascii().split(|byte| *byte == b' ').next().unwrap_or_default();
    let (name, is_so) = match error {
        Error::LineEnd => ("line end", has_bare_end(input)),
        Error::EmptyLines => ("empty lines", input.starts_with(b"\r\n\r\n\r\n")),
        Error::UnknownMethod => ("method unknown", word != b"GET" && word != b"POST"),
        Error::MethodCase => ("method in small letters", word.iter().any(u8::is_ascii_lowercase)),
        Error::Byte { byte } => ("target beyond ASCII", byte >= 0x80 && first.contains(&byte)),
        Error::Target => (
            "target of another form",
            !first.windows(2).any(|two| two == b" /")
                || first.contains(&b'#')
                || word == b"CONNECT",
        ),
        Error::HostMissing => ("host", !has("\r\nhost:")),
        Error::Host => ("host", has("\r\nhost:") || has("://")),
        Error::Repeated { name: "Host" } => ("host", has("\r\nhost:")),
        Error::Repeated { name: "Content-Length" } => ("repeated", has("\r\ncontent-length:")),
        Error::ContentLength => ("content length", has("\r\ncontent-length:")),
        Error::UnknownTransferEncoding => {
            ("transfer coding unknown", has("\r\ntransfer-encoding:"))
        }
        Error::TransferEncoding => ("transfer coding misplaced", has("\r\ntransfer-encoding:")),
        Error::UnexpectedBody => {
            ("body unexpected", has("content-length:") || has("transfer-encoding:"))
        }
        _ => ("another error", false),
    };
    assert!(is_so, "{error:?}, but {}", input.escape_ascii());
    name
}

/// The difference about a response, if there is one.
fn response(input: &[u8]) -> Option<&'static str> {
    let mut lines = [httparse::EMPTY_HEADER; limits::HEADERS];
    let mut read = httparse::Response::new(&mut lines);
    let theirs = read.parse(input);
    match (fed::<ResponseHead>(input), theirs) {
        (Ok(Some((ours, used))), Ok(Theirs::Complete(theirs))) => {
            assert_eq!(used, theirs, "where it ends");
            assert_eq!(ours.version == Version::Http11, read.version == Some(1));
            assert_eq!(Some(ours.status.code()), read.code);
            assert_eq!(headers(&ours.headers), others(read.headers));
            None
        }
        (Ok(None), Ok(Theirs::Partial)) | (Err(_), Err(_)) => None,
        (Ok(None), Err(_)) => {
            Some(refused_later::<ResponseHead>(input, "response judged at the line's end"))
        }
        (Err(Error::LineEnd), Ok(_)) if has_bare_end(input) => Some("line end of a response"),
        (Err(Error::EmptyLines), Ok(_)) if input.starts_with(b"\r\n") => {
            Some("empty line before a response")
        }
        (Err(Error::StatusLine), Ok(_)) if input.get(9) == Some(&b'0') => Some("status below 100"),
        (Err(_), Ok(_)) => Some("we refuse what they do not"),
        (Ok(Some(_)), Err(_) | Ok(Theirs::Partial)) => Some("we accept what they do not"),
        (Ok(None), Ok(Theirs::Complete(_))) => Some("we want more than they do"),
    }
}

/// httparse refuses a line at its first bad byte, we at its end: returns `kind` if that is the case here.
fn refused_later<H: Head>(input: &[u8], kind: &'static str) -> &'static str {
    let end: &[u8] = if input.ends_with(b"\r") { b"\n" } else { b"\r\n" };
    let ended = fed::<H>(&[input, end].concat());
    if ended.is_err() { kind } else { "they refuse what we do not" }
}

fn fed<H: Head>(input: &[u8]) -> Result<Option<(H, usize)>, Error> {
    Parser::<H>::new().feed(input)
}

/// Whether there is a line feed without a carriage return, or the other way round.
fn has_bare_end(input: &[u8]) -> bool {
    let feed = input
        .iter()
        .enumerate()
        .any(|(at, byte)| *byte == b'\n' && (at == 0 || input.get(at - 1) != Some(&b'\r')));
    feed || input.windows(2).any(|two| two[0] == b'\r' && two[1] != b'\n')
}

fn headers(ours: &Headers) -> Vec<(String, String)> {
    ours.iter().map(|(name, value)| (String::from(name), String::from(value))).collect()
}

fn others(theirs: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    let latin_1 = |value: &[u8]| value.iter().map(|byte| char::from(*byte)).collect();
    theirs.iter().map(|header| (String::from(header.name), latin_1(header.value))).collect()
}
