//! What is served over plain HTTP.

pub(crate) mod routes; // what a request asks for
pub(crate) mod static_files; // the page
