//! What a request asks for: a WebSocket, a file, or how the server is.
//!
//! Room: a request in, a response out. The response of a WebSocket is its 101.

use std::net::IpAddr;
use std::time::Instant;

use super::files;
use super::house::House;
use crate::handshake;
use crate::http::{Method, Request, Response, Status};

/// The answer to `request`; a 101 is the beginning, any other the end.
pub(super) fn route(house: &House, address: IpAddr, request: &Request) -> Response {
    let policy = &house.config.policy;
    if let Err(refusal) = policy.hosts.check(request) {
        return refusal.into();
    }
    match request.target.path.as_str() {
        "/ws" => {
            let accepted = handshake::accept(request, policy).map_err(Response::from);
            accepted.map_or_else(
                |refused| refused,
                |response| match house.door.upgrade(address, Instant::now()) {
                    Ok(()) => response,
                    Err(full) => full.into(),
                },
            )
        }
        "/healthz" | "/livez" => health(request, None),
        "/readyz" if house.is_stopping() => health(request, Some("the server is stopping")),
        "/readyz" => {
            // What exactly is in the way is the operator's to know, and in the log.
            let trouble = house.trouble().map(|_| "something cannot be stored now");
            health(request, trouble)
        }
        _ => files::find(request).unwrap_or_else(|| {
            Response::error(Status::NOT_FOUND, "there is nothing at this address")
        }),
    }
}

fn health(request: &Request, trouble: Option<&str>) -> Response {
    if !matches!(request.method, Method::Get | Method::Head) {
        let refused = Response::error(Status::METHOD_NOT_ALLOWED, "this can only be read");
        return refused.header("Allow", "GET, HEAD");
    }
    if let Some(trouble) = trouble {
        return Response::error(Status::UNAVAILABLE, trouble);
    }
    let response = Response::with_body(Status::OK, "text/plain; charset=utf-8", b"ok\n");
    response.header("Cache-Control", "no-store")
}
