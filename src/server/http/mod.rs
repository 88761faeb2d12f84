//! What the server serves over plain HTTP.
//!
//! Depends on `state` and everything below it; never on `commands` or `connection`.

pub(crate) mod routes; // a request to its response
mod static_files; // the files of the web page
mod metrics_page; // /metrics
