//! The client library: its state machine, and the whole over TCP.

mod session_vectors; // tests/vectors/session
mod session_model; // the state machine against a model of the server
mod connection; // against a server that follows a script
mod hostile_server; // servers that break the rules
mod real_server; // many clients, and the built server
mod example_bot; // the example program, over a restart of the server
