//! Heads as bytes, valid and invalid, whole and cut anywhere.
#![expect(clippy::arithmetic_side_effects, reason = "a sum that overflows fails its test")]

use super::{Authority, Body, Error, Head, Limits, Method, Parser, Request, Status, Version};
use crate::limits;

/// Parses a head in parts; the number counts its bytes from the first part on.
pub(super) fn fed<'b, H: Head>(
    parts: impl IntoIterator<Item = &'b [u8]>,
) -> Result<Option<(H, usize)>, Error> {
    let mut parser = Parser::new();
    let mut before = 0;
    for part in parts {
        if let Some((head, used)) = parser.feed(part)? {
            return Ok(Some((head, before + used)));
        }
        before += part.len();
    }
    Ok(None)
}

/// Parses a request whole, cut in two at every byte (a long one at a thousand places), and byte by
/// byte; all must give the same.
fn parse(bytes: impl AsRef<[u8]>) -> Result<Option<(Request, usize)>, Error> {
    let bytes = bytes.as_ref();
    let parsed = fed([bytes]);
    assert_eq!(fed(bytes.chunks(1)), parsed, "byte by byte: {}", shown(bytes));
    for cut in (0..bytes.len()).step_by(bytes.len() / 1_000 + 1) {
        let parts = [&bytes[..cut], &bytes[cut..]];
        assert_eq!(fed(parts), parsed, "cut at byte {cut}: {}", shown(bytes));
    }
    parsed
}

fn accepted(bytes: impl AsRef<[u8]>) -> Request {
    let bytes = bytes.as_ref();
    let parsed = parse(bytes).unwrap_or_else(|error| panic!("{error}: {}", shown(bytes)));
    parsed.expect("a whole head").0
}

fn refused(bytes: impl AsRef<[u8]>) -> Error {
    let bytes = bytes.as_ref();
    parse(bytes).expect_err(&shown(bytes))
}

fn shown(bytes: &[u8]) -> String {
    bytes[..bytes.len().min(200)].escape_ascii().to_string()
}

/// A request for `/` with these lines after its `Host`.
fn with(lines: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n\r\n")
}

/// The request with this first line.
fn first(line: &str) -> String {
    format!("{line}\r\nHost: localhost\r\n\r\n")
}

#[test]
fn a_request_is_read_into_its_parts() {
    let request = accepted(
        "GET /r/lobby?x=%41&y HTTP/1.1\r\nHost: Box:8080\r\nAccept: text/html\r\naccept:\t*/*\r\n\
         X-Empty:\r\n\r\n",
    );
    assert_eq!((request.method, request.version), (Method::Get, Version::Http11));
    assert_eq!(request.target.path, "/r/lobby");
    assert_eq!(request.target.query.as_deref(), Some("x=%41&y"));
    assert_eq!(request.authority, "box:8080".parse().ok());
    assert_eq!(request.headers.values("ACCEPT").collect::<Vec<_>>(), ["text/html", "*/*"]);
    assert_eq!(request.headers.single("X-Empty"), Ok(Some("")));
    assert_eq!(request.body, Body::None);
}

#[test]
fn every_prefix_of_a_request_asks_for_more() {
    let head = with("Accept: */*");
    for cut in 0..head.len() {
        assert_eq!(parse(&head[..cut]), Ok(None), "cut at byte {cut}");
    }
}

#[test]
fn bytes_after_a_head_are_not_consumed() {
    let head = with("Sec_WebSocket_Version: 777");
    let pipelined = format!("{head}GET /metrics HTTP/1.1\r\n\r\n");
    assert_eq!(parse(pipelined).unwrap().unwrap().1, head.len());
}

#[test]
fn known_methods_are_read_and_others_are_refused_with_a_reason() {
    for (name, method) in [
        ("GET", Method::Get),
        ("HEAD", Method::Head),
        ("POST", Method::Post),
        ("PUT", Method::Put),
        ("DELETE", Method::Delete),
        ("OPTIONS", Method::Options),
        ("TRACE", Method::Trace),
        ("PATCH", Method::Patch),
    ] {
        assert_eq!(accepted(first(&format!("{name} /ws HTTP/1.1"))).method, method);
    }
    let connect = accepted(first("CONNECT example.com:80 HTTP/1.1"));
    assert_eq!((connect.method, connect.target.path.as_str()), (Method::Connect, ""));
    assert_eq!(accepted(first("OPTIONS * HTTP/1.1")).target.path, "*");

    for (line, error, status) in [
        ("get /ws HTTP/1.1", Error::MethodCase, Status::METHOD_NOT_ALLOWED),
        ("BREW /ws HTTP/1.1", Error::UnknownMethod, Status::NOT_IMPLEMENTED),
        ("G(T /ws HTTP/1.1", Error::RequestLine, Status::BAD_REQUEST),
        ("CONNECT /ws HTTP/1.1", Error::Target, Status::BAD_REQUEST),
    ] {
        assert_eq!(refused(first(line)), error, "{line}");
        assert_eq!(error.status(), status, "{line}");
    }
}

#[test]
fn only_http_1_0_and_1_1_are_accepted() {
    assert_eq!(accepted("GET / HTTP/1.0\r\n\r\n").version, Version::Http10);
    let other = |major, minor| Error::Version { major, minor };
    for (line, error) in [
        ("GET /", Error::RequestLine), // HTTP/0.9
        ("GET / ", Error::RequestLine),
        ("GET / HTTP/1.2", other(1, 2)),
        ("GET / HTTP/2.0", other(2, 0)),
        ("GET / HTTP/9.9", other(9, 9)),
        ("GET / HTTP/0.9", other(0, 9)),
        ("PRI * HTTP/2.0", other(2, 0)),
        ("GET / HTTP/01.1", Error::RequestLine),
        ("GET / HTTP/1.10", Error::RequestLine),
        ("GET / HTTP/2", Error::RequestLine),
        ("GET / HTTP/1,1", Error::RequestLine),
        ("GET / http/1.1", Error::RequestLine),
        ("GET / HTTP/1.1 ", Error::RequestLine),
        ("GET / HTTP/+.1", Error::RequestLine),
    ] {
        assert_eq!(refused(first(line)), error, "{line:?}");
    }
    assert_eq!(other(2, 0).status(), Status::VERSION_NOT_SUPPORTED);
}

#[test]
fn another_protocol_is_refused_at_its_first_byte() {
    for first in [0x16, 0x00, 0x80, 0xff, b'\t', 0x1b, 0x7f] {
        assert_eq!(parse([first]), Err(Error::NotHttp { first }));
    }
    assert_eq!(parse(b"GET\0"), Err(Error::Byte { byte: 0 }));
    assert_eq!(parse(b"SSH-2.0-x\r\n"), Err(Error::RequestLine));
    let tls = Error::NotHttp { first: 0x16 };
    assert!(tls.to_string().starts_with("this is TLS"));
    assert_eq!(tls.status(), Status::BAD_REQUEST);
}

#[test]
fn http_1_1_names_one_host_and_nothing_else_in_it() {
    let head = |lines: &str| format!("GET / HTTP/1.1\r\n{lines}\r\n");
    assert_eq!(refused(head("")), Error::HostMissing);
    let twice = Error::Repeated { name: "Host" };
    assert_eq!(refused(head("Host: a\r\nHost: b\r\n")), twice);
    assert_eq!(refused(head("Host: a\r\nhOST: a\r\n")), twice);
    for host in ["", "a@b", "a/b", "a b", "a,b", "http://a", "a:b", "[::1", "\u{e9}"] {
        assert_eq!(refused(head(&format!("Host: {host}\r\n"))), Error::Host, "{host:?}");
    }
    assert_eq!(twice.status(), Status::BAD_REQUEST);
    assert_eq!(Error::Host.status(), Status::BAD_REQUEST);
    assert_eq!(Error::HostMissing.status(), Status::BAD_REQUEST);
}

#[test]
fn an_absolute_target_is_accepted_and_overrules_host() {
    let asked = |target: &str| {
        let request = accepted(first(&format!("GET {target} HTTP/1.1")));
        (request.target.path, request.target.query, request.authority)
    };
    let authority = |text: &str| text.parse::<Authority>().ok();
    assert_eq!(
        asked("http://Box:8080/ws?a?b"),
        (String::from("/ws"), Some(String::from("a?b")), authority("box:8080"))
    );
    assert_eq!(asked("HTTPS://[::1]"), (String::from("/"), None, authority("[::1]")));
    assert_eq!(
        asked("http://box?q"),
        (String::from("/"), Some(String::from("q")), authority("box"))
    );
    assert_eq!(refused("GET http://box/ HTTP/1.1\r\n\r\n"), Error::HostMissing);
    assert_eq!(refused(first("GET http://a@b/ HTTP/1.1")), Error::Host);
    assert_eq!(refused(first("GET http:/// HTTP/1.1")), Error::Host);
}

#[test]
fn a_target_is_a_path_and_never_decoded() {
    for path in ["/", "//ws", "/ws/", "/%77s", "/..%2f", "/a%00.js", "/c:/x", "/../x", "/|[^"] {
        assert_eq!(accepted(first(&format!("GET {path} HTTP/1.1"))).target.path, path);
    }
    for target in ["", "*", "/ws#x", "ws", "ws://a/ws", "javascript:x", "a:80", "?", "#", "://"] {
        assert_eq!(refused(first(&format!("GET {target} HTTP/1.1"))), Error::Target, "{target}");
    }
    for target in ["/w s", " /"] {
        assert_eq!(refused(first(&format!("GET {target} HTTP/1.1"))), Error::RequestLine);
    }
    assert_eq!(refused(b"GET /\x80 HTTP/1.1\r\n"), Error::Byte { byte: 0x80 });
    assert_eq!(refused(b"GET /\tws HTTP/1.1\r\n"), Error::Byte { byte: b'\t' });
}

#[test]
fn a_header_line_is_a_token_a_colon_and_a_value_or_nothing() {
    for (lines, error) in [
        ("X : a", Error::HeaderLine),
        ("X\t: a", Error::HeaderLine),
        ("X", Error::HeaderLine),
        (": a", Error::HeaderLine),
        ("X[]: a", Error::HeaderLine),
        ("X Y: a", Error::HeaderLine),
        ("\u{c9}: a", Error::HeaderLine),
        ("X: a\r\n b", Error::Folded),
        ("X: a\r\n\tb: c", Error::Folded),
        ("X: a\nY: b", Error::LineEnd),
        ("X: a\rY: b", Error::LineEnd),
        ("X: a\r\r\nY: b", Error::LineEnd),
        ("X: a\0b", Error::Byte { byte: 0 }),
        ("X: a\u{7}b", Error::Byte { byte: 7 }),
        ("X: a\u{7f}b", Error::Byte { byte: 0x7f }),
        ("X\0: a", Error::Byte { byte: 0 }),
    ] {
        assert_eq!(refused(with(lines)), error, "{lines:?}");
        assert_eq!(error.status(), Status::BAD_REQUEST);
    }
    assert_eq!(refused("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), Error::Folded);
    assert_eq!(refused(" GET / HTTP/1.1\r\n\r\n"), Error::RequestLine);
    assert_eq!(refused("GET / HTTP/1.1\nHost: a\n\n"), Error::LineEnd);
    let request = accepted([with("X: a").as_bytes(), b""].concat());
    assert_eq!(request.headers.single("X"), Ok(Some("a")));
    let obs_text = b"GET / HTTP/1.1\r\nHost: a\r\nX: \x80\xff\t \r\n\r\n";
    assert_eq!(accepted(obs_text).headers.single("X"), Ok(Some("\u{80}\u{ff}")));
}

#[test]
fn a_get_has_no_body() {
    for (lines, error) in [
        ("Content-Length: 5", Error::UnexpectedBody),
        ("Content-Length: 18446744073709551615", Error::UnexpectedBody),
        ("Content-Length: -1", Error::ContentLength),
        ("Content-Length: +5", Error::ContentLength),
        ("Content-Length: +0", Error::ContentLength),
        ("Content-Length:", Error::ContentLength),
        ("Content-Length: 5, 6", Error::ContentLength),
        ("Content-Length: 0, 0", Error::ContentLength),
        ("Content-Length: 0x5", Error::ContentLength),
        ("Content-Length: 18446744073709551616", Error::ContentLength),
        ("Content-Length: 5\r\nContent-Length: 6", Error::Repeated { name: "Content-Length" }),
        ("Content-Length: 0\r\ncontent-length: 0", Error::Repeated { name: "Content-Length" }),
        ("Transfer-Encoding: chunked", Error::UnexpectedBody),
        ("Transfer-Encoding: CHUNKED", Error::UnexpectedBody),
        ("Transfer-Encoding: xchunked", Error::UnknownTransferEncoding),
        ("Transfer-Encoding: identity", Error::UnknownTransferEncoding),
        ("Transfer-Encoding: gzip, chunked", Error::UnknownTransferEncoding),
        ("Transfer-Encoding: chunked, chunked", Error::TransferEncoding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: x", Error::TransferEncoding),
        ("Transfer-Encoding:", Error::TransferEncoding),
        ("Transfer-Encoding : chunked", Error::HeaderLine),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", Error::TransferEncoding),
        ("Transfer-Encoding: chunked\r\nContent-Length: 0", Error::TransferEncoding),
    ] {
        assert_eq!(refused(with(lines)), error, "{lines:?}");
        let expected = if error == Error::UnknownTransferEncoding { 501 } else { 400 };
        assert_eq!(error.status().code(), expected, "{lines:?}");
    }
    assert_eq!(accepted(with("Content-Length: 0")).body, Body::Length(0));
    let old = "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(refused(old), Error::TransferEncoding);
}

#[test]
fn a_post_declares_the_length_of_its_body() {
    let post = |lines: &str| accepted(with(lines).replacen("GET", "POST", 1)).body;
    assert_eq!(post("X: a"), Body::None);
    assert_eq!(post("Content-Length: 018"), Body::Length(18));
    assert_eq!(post("Transfer-Encoding: Chunked"), Body::Chunked);
}

const FIRST_LINE: Error = Error::FirstLineTooLong { limit: limits::REQUEST_LINE };
const HEADER_LINE: Error = Error::HeaderLineTooLong { limit: limits::HEADER_LINE };
const HEADERS: Error = Error::TooManyHeaders { limit: limits::HEADERS };
const HEAD: Error = Error::HeadTooLong { limit: limits::HEAD };

#[test]
fn a_head_has_limits_and_each_its_status() {
    let line = |length: usize| {
        let filler = length - "GET / HTTP/1.1".len();
        first(&format!("GET /{} HTTP/1.1", "x".repeat(filler)))
    };
    assert_eq!(accepted(line(8_192)).target.path.len(), 8_192 - 13);
    assert_eq!(refused(line(8_193)), FIRST_LINE);
    assert_eq!(refused("x".repeat(8_193)), FIRST_LINE);
    assert_eq!(FIRST_LINE.status().code(), 414);

    accepted(with(&format!("X: {}", "y".repeat(8_189))));
    assert_eq!(refused(with(&format!("X: {}", "y".repeat(8_190)))), HEADER_LINE);
    let endless = with(&format!("X: {}", "y".repeat(20_000_000)));
    assert_eq!(fed::<Request>([endless.as_bytes()]), Err(HEADER_LINE));

    let lines = |count| vec!["X: y"; count].join("\r\n");
    accepted(with(&lines(99)));
    assert_eq!(refused(with(&lines(100))), HEADERS);
    assert_eq!(refused(with(&lines(2_000))), HEADERS);

    let exactly = |length: usize| {
        let max = with(&format!("A: {0}\r\nB: {0}\r\nC: ", "y".repeat(6_000)));
        max.replace("C: ", &format!("C: {}", "z".repeat(length - max.len())))
    };
    assert_eq!(exactly(limits::HEAD).len(), 16 * 1024);
    accepted(exactly(limits::HEAD));
    assert_eq!(refused(exactly(limits::HEAD + 1)), HEAD);
    for error in [HEADER_LINE, HEADERS, HEAD] {
        assert_eq!(error.status().code(), 431);
    }
}

#[test]
fn other_limits_apply_and_their_errors_name_the_number() {
    let limits = Limits { first_line: 20, header_line: 30, headers: 2, head: 66 };
    let fed = |text: &str| Parser::<Request>::within(limits).feed(text.as_bytes());
    let right = "GET / HTTP/1.1\r\nHost: localhost\r\nA: b\r\n\r\n";
    assert!(matches!(fed(right), Ok(Some(_))));
    let long = right.replace("GET /", "GET /longer1");
    assert_eq!(fed(&long), Err(Error::FirstLineTooLong { limit: 20 }));
    let wide = right.replace("A: b", &format!("A: {}", "b".repeat(28)));
    assert_eq!(fed(&wide), Err(Error::HeaderLineTooLong { limit: 30 }));
    let many = right.replace("A: b", "A: b\r\nC: d");
    assert_eq!(fed(&many).unwrap_err().to_string(), "more than 2 header lines");
    let much =
        right.replace("A: b", "A: bbbbbbbbbbbbbbbbbbbbbbbbb").replace("Host: ", "Host:      ");
    assert_eq!(fed(&much), Err(Error::HeadTooLong { limit: 66 }));
}

#[test]
fn a_parser_knows_how_many_bytes_a_head_may_still_have() {
    let mut parser = Parser::<Request>::new();
    assert!(parser.is_untouched());
    for fed in 0..1_000 {
        assert_eq!(parser.remaining(), limits::HEAD - fed);
        assert_eq!(parser.feed(b"G"), Ok(None));
        assert!(!parser.is_untouched());
    }
}

#[test]
fn a_head_request_is_recognized_by_its_method_even_if_the_rest_is_invalid() {
    let asks = |bytes: &str| {
        let mut parser = Parser::<Request>::new();
        parser.feed(bytes.as_bytes()).ok();
        parser.asks_for_head()
    };
    for bytes in [
        "HEAD ",
        "\r\nHEAD ",
        "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "HEAD /#x HTTP/1.1\r\n",
        "HEAD / HTTP/2.0\r\n",
        "HEAD / HTTP/1.1\r\nContent-Length: 5\r\nHost: localhost\r\n\r\n",
        "HEAD / HTTP/1.1\r\nX: \0",
    ] {
        assert!(asks(bytes), "{bytes:?}");
    }
    for bytes in [
        "HEAD",
        "head / HTTP/1.1\r\n",
        "GET HEAD HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHEAD : x\r\n",
        "GET / HTTP/1.1\r\nHEAD x",
    ] {
        assert!(!asks(bytes), "{bytes:?}");
    }
}

#[test]
fn one_or_two_empty_lines_before_a_request_are_ignored() {
    let head = with("X: y");
    for count in [1, 2] {
        accepted(format!("{}{head}", "\r\n".repeat(count)));
    }
    for count in [3, 1_000] {
        let error = refused(format!("{}{head}", "\r\n".repeat(count)));
        assert_eq!((error, error.status()), (Error::EmptyLines, Status::BAD_REQUEST));
    }
    assert_eq!(refused(format!("\n{head}")), Error::LineEnd);
}

#[test]
fn no_error_repeats_what_was_sent() {
    for bytes in [
        first("<script>alert(1)</script> / HTTP/1.1"),
        first("GET <script> HTTP/1.1"),
        with("<script>: x"),
        with("Content-Length: <script>"),
        "GET / HTTP/1.1\r\nHost: <script>\r\n\r\n".into(),
    ] {
        assert!(!refused(bytes).to_string().contains("script"));
    }
}
