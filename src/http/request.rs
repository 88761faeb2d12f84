//! The head of a request, which a server reads (RFC 9112 §3).

use super::authority::Authority;
use super::error::Error;
use super::headers::{Headers, is_token};
use super::parser::Head;
use crate::limits;

/// The head of a request. It fulfils all that RFC 9112 requires of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The target.
    pub target: Target,
    /// The version.
    pub version: Version,
    /// All header lines.
    pub headers: Headers,
    /// The host of the request: the target's if it names one (RFC 9112 §3.2.2), else `Host`. Only
    /// HTTP/1.0 may have none.
    pub authority: Option<Authority>,
    /// The body that follows the head.
    pub body: Body,
}

/// A method of RFC 9110 §9 or RFC 5789.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`: as GET, answered without the body.
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
    /// `CONNECT`
    Connect,
    /// `OPTIONS`
    Options,
    /// `TRACE`
    Trace,
    /// `PATCH`
    Patch,
}

/// The target of a request. Nothing is percent-decoded: a path is compared as it was sent, so there
/// is one way to write each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Begins with `/`; but `*` for `OPTIONS *`, and empty for `CONNECT`.
    pub path: String,
    /// What follows the first `?`.
    pub query: Option<String>,
}

/// A supported version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
}

/// How the body is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// No body.
    None,
    /// This many bytes, from `Content-Length`; may be 0.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

impl Head for Request {
    type FirstLine = (Method, Target, Version, Option<Authority>);

    const LEADING_EMPTY_LINES: usize = limits::LEADING_EMPTY_LINES;
    const ASCII_FIRST_LINE: bool = true;

    fn first_line(line: &[u8]) -> Result<Self::FirstLine, Error> {
        let line = str::from_utf8(line).map_err(|_| Error::RequestLine)?;
        let mut words = line.split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Error::RequestLine);
        };
        // The version first: without it the rest cannot be interpreted (`PRI * HTTP/2.0`).
        let version = Version::parse(version).ok_or(Error::RequestLine)??;
        let method = Method::parse(method)?;
        let (target, authority) = Target::parse(method, target)?;
        Ok((method, target, version, authority))
    }

    fn from_parts(
        (method, target, version, named): Self::FirstLine,
        headers: Headers,
    ) -> Result<Request, Error> {
        let host = match headers.single("Host")? {
            Some(host) => Some(host.parse()?),
            None if version == Version::Http11 => return Err(Error::HostMissing), // §3.2
            None => None,
        };
        let body = Body::of(version, &headers)?;
        let bodiless = match method {
            Method::Get | Method::Head | Method::Trace | Method::Connect => true,
            Method::Post | Method::Put | Method::Delete | Method::Options | Method::Patch => false,
        };
        if bodiless && !matches!(body, Body::None | Body::Length(0)) {
            // RFC 9110 §9.3.1: a server may reject it, as a possible smuggling attack.
            return Err(Error::UnexpectedBody);
        }
        Ok(Request { method, target, version, headers, authority: named.or(host), body })
    }
}

impl Method {
    const ALL: [(Method, &'static str); 9] = [
        (Method::Get, "GET"),
        (Method::Head, "HEAD"),
        (Method::Post, "POST"),
        (Method::Put, "PUT"),
        (Method::Delete, "DELETE"),
        (Method::Connect, "CONNECT"),
        (Method::Options, "OPTIONS"),
        (Method::Trace, "TRACE"),
        (Method::Patch, "PATCH"),
    ];

    fn parse(word: &str) -> Result<Method, Error> {
        match Method::ALL.iter().find(|(_, name)| name.eq_ignore_ascii_case(word)) {
            Some((method, name)) if *name == word => Ok(*method),
            Some(_) => Err(Error::MethodCase), // RFC 9110 §9.1: case-sensitive
            None if is_token(word) => Err(Error::UnknownMethod),
            None => Err(Error::RequestLine),
        }
    }
}

impl Target {
    /// Browsers send `|`, `[`, `^` and the like unescaped. No code decodes a path or maps it to a
    /// file, so all visible ASCII is allowed; but a fragment is never sent (§3.2).
    fn parse(method: Method, word: &str) -> Result<(Target, Option<Authority>), Error> {
        if word.contains('#') {
            return Err(Error::Target);
        }
        if method == Method::Connect {
            let authority = word.parse().map_err(|_| Error::Target)?;
            return Ok((Target { path: String::new(), query: None }, Some(authority)));
        }
        if word.starts_with('/') || (method == Method::Options && word == "*") {
            return Ok((Target::split(word), None));
        }
        let (scheme, rest) = word.split_once("://").ok_or(Error::Target)?;
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Err(Error::Target);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let mut target = Target::split(path);
        if target.path.is_empty() {
            target.path.push('/'); // RFC 9110 §4.2.3
        }
        Ok((target, Some(authority.parse()?)))
    }

    fn split(word: &str) -> Target {
        match word.split_once('?') {
            Some((path, query)) => {
                Target { path: String::from(path), query: Some(String::from(query)) }
            }
            None => Target { path: String::from(word), query: None },
        }
    }
}

impl Version {
    /// `None` for text that is not a version; an error for an unsupported one.
    pub(super) fn parse(word: &str) -> Option<Result<Version, Error>> {
        let [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] = word.as_bytes() else {
            return None;
        };
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'));
        match (digit(major)?, digit(minor)?) {
            (1, 0) => Some(Ok(Version::Http10)),
            (1, 1) => Some(Ok(Version::Http11)),
            (major, minor) => Some(Err(Error::Version { major, minor })),
        }
    }
}

impl Body {
    /// How the body is delimited (RFC 9112 §6.3). An error where two readers could disagree.
    fn of(version: Version, headers: &Headers) -> Result<Body, Error> {
        let length = match headers.single("Content-Length")? {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse::<u64>().map_err(|_| Error::ContentLength)?)
            }
            Some(_) => return Err(Error::ContentLength), // signs, lists, hexadecimal
            None => None,
        };
        if headers.values("Transfer-Encoding").next().is_none() {
            return Ok(length.map_or(Body::None, Body::Length));
        }
        let mut codings = headers.list("Transfer-Encoding");
        match (length, version, codings.next(), codings.next()) {
            // §6.1: a request with both must be rejected; one in HTTP/1.0 has faulty framing.
            (Some(_), ..) | (_, Version::Http10, ..) | (_, _, None, _) => {
                Err(Error::TransferEncoding)
            }
            (None, Version::Http11, Some(coding), None)
                if coding.eq_ignore_ascii_case("chunked") =>
            {
                Ok(Body::Chunked)
            }
            (None, Version::Http11, Some(coding), Some(_))
                if coding.eq_ignore_ascii_case("chunked") =>
            {
                Err(Error::TransferEncoding) // §6.1: chunked is the last coding, and only once
            }
            (None, Version::Http11, Some(_), _) => Err(Error::UnknownTransferEncoding),
        }
    }
}
