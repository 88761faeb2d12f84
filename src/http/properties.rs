//! For any bytes: nothing panics, cuts change nothing, and `httparse` agrees.

use proptest::prelude::*;

use super::tests::fed;
use super::{Headers, Request, ResponseHead, Version};
use crate::limits;

/// Bytes that are often almost a head.
fn almost_heads(first_lines: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "Host: a",
        "X",
        ": ",
        ":",
        " ",
        "\t",
        "b",
        ",",
        "\r\n",
        "\r",
        "\n",
        "\0",
        "Content-Length: 0",
        "Transfer-Encoding: chunked",
        "Upgrade: websocket",
        "y: z\r\n",
    ];
    let piece = prop_oneof![
        8 => prop::sample::select(pieces.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    let lines = prop::collection::vec(prop::collection::vec(piece, 0..5), 0..5);
    (prop::sample::select(first_lines), lines).prop_map(|(first_line, lines)| {
        let mut bytes = format!("{first_line}\r\nHost: localhost\r\n").into_bytes();
        for line in lines {
            bytes.extend(line.concat());
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"\r\nrest");
        bytes
    })
}

/// The headers of `httparse`, in our form.
fn httparse_headers(headers: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    let latin_1 = |value: &[u8]| value.iter().map(|byte| char::from(*byte)).collect();
    headers.iter().map(|header| (String::from(header.name), latin_1(header.value))).collect()
}

fn our_headers(headers: &Headers) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (String::from(name), String::from(value))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), cut: u8) {
        let cut = usize::from(cut).min(bytes.len());
        let whole = fed::<Request>([bytes.as_slice()]);
        prop_assert_eq!(fed([&bytes[..cut], &bytes[cut..]]), whole);
        let whole = fed::<ResponseHead>([bytes.as_slice()]);
        prop_assert_eq!(fed([&bytes[..cut], &bytes[cut..]]), whole);
    }

    #[test]
    fn a_request_we_accept_httparse_parses_the_same(
        bytes in almost_heads(&["GET / HTTP/1.1", "POST /a?b HTTP/1.1", "GET http://a/ HTTP/1.0"]),
        cut: u8,
    ) {
        let cut = usize::from(cut).min(bytes.len());
        let whole = fed::<Request>([bytes.as_slice()]);
        prop_assert_eq!(fed([&bytes[..cut], &bytes[cut..]]), whole.clone());
        if let Ok(Some((request, used))) = whole {
            let mut headers = [httparse::EMPTY_HEADER; limits::HEADERS];
            let mut other = httparse::Request::new(&mut headers);
            prop_assert_eq!(other.parse(&bytes), Ok(httparse::Status::Complete(used)));
            prop_assert_eq!(other.version == Some(1), request.version == Version::Http11);
            prop_assert_eq!(our_headers(&request.headers), httparse_headers(other.headers));
        }
    }

    #[test]
    fn a_response_we_accept_httparse_parses_the_same(
        bytes in almost_heads(&["HTTP/1.1 101 Switching Protocols", "HTTP/1.0 404 ", "HTTP/1.1 200"]),
    ) {
        if let Ok(Some((head, used))) = fed::<ResponseHead>([bytes.as_slice()]) {
            let mut headers = [httparse::EMPTY_HEADER; limits::HEADERS];
            let mut other = httparse::Response::new(&mut headers);
            prop_assert_eq!(other.parse(&bytes), Ok(httparse::Status::Complete(used)));
            prop_assert_eq!(other.code, Some(head.status.code()));
            prop_assert_eq!(our_headers(&head.headers), httparse_headers(other.headers));
        }
    }

    #[test]
    fn a_target_we_accept_httparse_leaves_as_it_is(target in "/[ -~]{0,12}") {
        let head = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        if let Ok(Some((request, _))) = fed::<Request>([head.as_bytes()]) {
            let mut headers = [httparse::EMPTY_HEADER; 4];
            let mut other = httparse::Request::new(&mut headers);
            prop_assert!(other.parse(head.as_bytes()).unwrap().is_complete());
            prop_assert_eq!(other.path, Some(target.as_str()));
            let query = request.target.query.map(|query| format!("?{query}")).unwrap_or_default();
            prop_assert_eq!(request.target.path + &query, target);
        }
    }
}
