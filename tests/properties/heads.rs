//! HTTP heads: any bytes as a request and as a response.

use std::fmt::{Debug, Write};

use talk::http::{
    Error, Head, Headers, Method, Parser, Request, Response, ResponseHead, Version, is_token,
    is_value,
};
use talk::limits;

/// However bytes are cut, the parser reads the same. An accepted head contains nothing that a head must
/// not contain, and is read the same when it is written again. A refused head is answered with a response
/// that our own client reads, and that repeats no byte of it.
pub(crate) fn any_bytes(bytes: &[u8]) {
    let request = cut_anyhow::<Request>(bytes);
    if let Err(error) = request
        && bytes.len().is_multiple_of(16)
    // there are few responses, and they are long
    {
        answered(error);
    }
    if let Ok(Some((request, used))) = request {
        assert!(used <= bytes.len().min(limits::HEAD));
        fit(&request.headers);
        let target =
            request.target.query.iter().fold(request.target.path.clone(), |path, query| {
                assert!(!path.contains('?'), "the first ? parts path and query");
                path + "?" + query
            });
        assert!(target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'), "{target:?}");
        let again = written(&request, &target);
        let line = again.iter().position(|byte| *byte == b'\n');
        if line < Some(limits::REQUEST_LINE) && again.len() <= limits::HEAD {
            assert_eq!(fed::<Request>([again.as_slice()]), Ok(Some((request, again.len()))));
        }
    }
    if let Ok(Some((head, _))) = cut_anyhow::<ResponseHead>(bytes) {
        fit(&head.headers);
        assert!((100..=999).contains(&head.status.code()));
    }
}

/// The result of parsing `bytes`, cut or not.
fn cut_anyhow<H: Head + Debug + PartialEq>(bytes: &[u8]) -> Result<Option<(H, usize)>, Error> {
    let whole = fed::<H>([bytes]);
    let cut = [1, 7, bytes.len().div_ceil(2).max(1)][bytes.len() % 3];
    assert_eq!(fed::<H>(bytes.chunks(cut)), whole, "every {cut} bytes");
    whole
}

/// The response to a bad request is visible ASCII, and can be parsed.
fn answered(error: Error) {
    let wire = Response::from(error).to_bytes();
    assert!(wire.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b' '..=b'~')), "{error:?}");
    let read = fed::<ResponseHead>([wire.as_slice()]);
    let Ok(Some((head, used))) = read else { panic!("{error:?} is answered by {read:?}") };
    assert_eq!(head.status, error.status());
    assert!(head.status.code() >= 400);
    let length = (wire.len() - used).to_string();
    assert_eq!(head.headers.single("Content-Length"), Ok(Some(length.as_str())));
}

fn fed<'b, H: Head>(
    pieces: impl IntoIterator<Item = &'b [u8]>,
) -> Result<Option<(H, usize)>, Error> {
    let (mut parser, mut taken) = (Parser::<H>::new(), 0);
    for piece in pieces {
        if let Some((head, used)) = parser.feed(piece)? {
            return Ok(Some((head, taken + used)));
        }
        taken += piece.len();
        assert_eq!(parser.remaining(), limits::HEAD - taken);
    }
    Ok(None)
}

fn fit(headers: &Headers) {
    assert!(headers.iter().count() <= limits::HEADERS);
    for (name, value) in headers.iter() {
        assert!(is_token(name), "{name:?}");
        // A byte from 0x80 on is opaque, and some of them are control characters of ISO-8859-1.
        let visible: String = value.chars().filter(char::is_ascii).collect();
        assert!(visible.chars().all(|c| c == '\t' || !c.is_control()), "{value:?}");
        assert!(is_value(visible.trim_matches([' ', '\t'])), "{value:?}");
        assert_eq!(value.trim_matches([' ', '\t']), value);
    }
}

/// The same head, written again.
fn written(request: &Request, target: &str) -> Vec<u8> {
    let method = match request.method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
    };
    let version = match request.version {
        Version::Http10 => "HTTP/1.0",
        Version::Http11 => "HTTP/1.1",
    };
    let mut head = format!("{method} ");
    match &request.authority {
        Some(authority) if request.method == Method::Connect => write!(head, "{authority}"),
        Some(authority) if target.starts_with('/') => write!(head, "http://{authority}{target}"),
        Some(_) | None => head.write_str(target),
    }
    .expect("a String takes all");
    write!(head, " {version}\r\n").expect("a String takes all");
    for (name, value) in request.headers.iter() {
        write!(head, "{name}: {value}\r\n").expect("a String takes all");
    }
    head.push_str("\r\n");
    head.chars().map(|c| u8::try_from(u32::from(c)).expect("ISO-8859-1")).collect()
}
