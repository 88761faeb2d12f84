//! What a request asks for: a WebSocket, a file, or how the server is.
//!
//! Room: a request in, a response out. The response of a WebSocket is its 101.

use std::time::Instant;

use super::static_files;
use crate::handshake::{self, Source};
use crate::http::{Method, Request, Response, Status};
use crate::server::metrics;
use crate::server::state::shared::Shared;

/// The answer to the `request` that came from `source`; a 101 is the beginning, any other the end.
pub(crate) fn route(shared: &Shared, source: Source, request: &Request) -> Response {
    let policy = &shared.config.policy;
    if let Err(refusal) = policy.hosts.check(request) {
        return refusal.into();
    }
    match request.target.path.as_str() {
        "/ws" if request.target.query.is_some() => {
            // What stands in an address stands in histories and in the logs of proxies.
            Response::error(Status::BAD_REQUEST, "/ws takes no query: secrets are said in hello")
        }
        "/ws" => {
            let accepted = handshake::accept(request, policy).map_err(Response::from);
            accepted.map_or_else(
                |refused| refused,
                |response| match shared.admission.count_websocket(source.address, Instant::now()) {
                    Ok(()) => response,
                    Err(full) => full.into(),
                },
            )
        }
        "/healthz" | "/livez" => health(request, None),
        "/readyz" if shared.is_stopping() => health(request, Some("the server is stopping")),
        "/readyz" => {
            // What exactly is in the way is the operator's to know, and in the log.
            let write_error = shared.write_error().map(|_| "something cannot be stored now");
            health(request, write_error)
        }
        "/metrics" => metrics_page(shared, source, request),
        _ => static_files::find(request).unwrap_or_else(|| {
            Response::error(Status::NOT_FOUND, "there is nothing at this address")
        }),
    }
}

/// The counts, for whoever asks from this computer and not through a proxy.
fn metrics_page(shared: &Shared, source: Source, request: &Request) -> Response {
    if !source.address.to_canonical().is_loopback() || source.forwarded {
        return Response::error(
            Status::FORBIDDEN,
            "this is told to the server's own computer only",
        );
    }
    if !matches!(request.method, Method::Get | Method::Head) {
        return only_to_be_read();
    }
    let page = metrics::page(shared);
    let response = Response::with_body(Status::OK, crate::metrics::CONTENT_TYPE, page.into_bytes());
    response.header("Cache-Control", "no-store")
}

fn only_to_be_read() -> Response {
    let refused = Response::error(Status::METHOD_NOT_ALLOWED, "this can only be read");
    refused.header("Allow", "GET, HEAD")
}

fn health(request: &Request, write_error: Option<&str>) -> Response {
    if !matches!(request.method, Method::Get | Method::Head) {
        return only_to_be_read();
    }
    if let Some(write_error) = write_error {
        return Response::error(Status::UNAVAILABLE, write_error);
    }
    let response = Response::with_body(Status::OK, "text/plain; charset=utf-8", b"ok\n");
    response.header("Cache-Control", "no-store")
}
