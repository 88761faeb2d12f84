//! The built server from outside: its start, HTTP, frames, limits, metrics and log.

mod startup; // flags, output, exit codes
mod socket_activation; // a listening socket opened by another process
mod handshake; // HTTP requests, valid and invalid
mod frames; // RFC 6455, byte by byte
mod timeouts; // deadlines, pings, idle connections
mod slow_clients; // clients that do not read
mod admission; // passwords, connection slots, addresses
mod wrong_passwords; // what is logged of them, and fail2ban
mod limits; // limits that an operator has changed
mod logging; // what the server logs, and what it never logs
mod metrics; // the metrics page
