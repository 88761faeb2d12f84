//! Routes: from a request to its response. The response to a WebSocket request is its 101.

use std::time::Instant;

use super::{metrics_page, static_files};
use crate::handshake::{self, Source};
use crate::http::{Method, Request, Response, Status, Version};
use crate::metrics::CONTENT_TYPE;
use crate::server::state::shared::Shared;

/// The response to a `request` from `source`. After a 101 the connection is a WebSocket; after any other
/// it ends.
pub(crate) fn route(shared: &Shared, source: Source, request: &Request) -> Response {
    let policy = &shared.config.policy;
    if let Err(refusal) = policy.hosts.check(request) {
        return refusal.into();
    }
    match request.target.path.as_str() {
        "/ws" if request.target.query.is_some() => {
            // URLs end up in browser histories and in the logs of proxies.
            Response::error(Status::BAD_REQUEST, "/ws takes no query: send secrets in hello")
        }
        "/ws" => websocket(shared, source, request).unwrap_or_else(|refusal| refusal),
        "/healthz" | "/livez" => health(request, Ok("ok\n")),
        "/readyz" if shared.admission.is_stopping() => {
            health(request, Err("the server is shutting down"))
        }
        "/readyz" => {
            // The error itself may name paths, so it goes to the operator's log only.
            let failed =
                shared.write_error().map(|_| "the server cannot write to its data directory");
            let is_full = shared.rooms.disk_space.is_full();
            let full = is_full.then_some("the server's disk is nearly full: it stores no messages");
            let outdated = shared.rooms.disk_space.is_outdated();
            let ready = if outdated { SPACE_UNKNOWN } else { "ok\n" };
            health(request, failed.or(full).map_or(Ok(ready), Err))
        }
        "/metrics" => metrics(shared, source, request),
        _ => static_files::find(request)
            .unwrap_or_else(|| Response::error(Status::NOT_FOUND, "no page at this address")),
    }
}

/// The 101 for a WebSocket request, or a refusal.
fn websocket(shared: &Shared, source: Source, request: &Request) -> Result<Response, Response> {
    let (admission, now) = (&shared.admission, Instant::now());
    // First, also for a plain GET: a page does not see the answer to its WebSocket request, and asks again
    // with a GET why it was refused.
    admission.check_lockout(source.address, now)?;
    let response = handshake::accept(request, &shared.config.policy)?;
    admission.count_websocket(source.address, now)?;
    Ok(response)
}

/// The metrics page, for requests from this computer that did not come through a proxy.
///
/// A proxy on this computer may add no header and send a loopback `Host`: nginx does if it has only a `proxy_pass`.
/// But then it also speaks HTTP/1.0, and Prometheus does not.
fn metrics(shared: &Shared, source: Source, request: &Request) -> Response {
    let through_proxy = source.forwarded || request.version == Version::Http10;
    if !source.address.to_canonical().is_loopback() || through_proxy {
        return Response::error(
            Status::FORBIDDEN,
            "only the computer that the server runs on may read this",
        );
    }
    if !matches!(request.method, Method::Get | Method::Head) {
        return read_only();
    }
    let page = metrics_page::render(shared);
    let response = Response::with_body(Status::OK, CONTENT_TYPE, page.into_bytes());
    response.header("Cache-Control", "no-store")
}

fn read_only() -> Response {
    let refused = Response::error(Status::METHOD_NOT_ALLOWED, "only GET and HEAD work here");
    refused.header("Allow", "GET, HEAD")
}

/// Posts are stored, but not refused in time before the disk is full.
const SPACE_UNKNOWN: &str = "ok, but the free space of the disk is not known: df does not answer\n";

/// The response to a probe: what is right, or the problem.
fn health(request: &Request, found: Result<&'static str, &str>) -> Response {
    if !matches!(request.method, Method::Get | Method::Head) {
        return read_only();
    }
    match found {
        Ok(text) => Response::with_body(Status::OK, "text/plain; charset=utf-8", text.as_bytes())
            .header("Cache-Control", "no-store"),
        Err(problem) => Response::error(Status::UNAVAILABLE, problem),
    }
}
