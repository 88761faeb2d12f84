//! The integration tests, a module per behaviour, over the built binaries and real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::disallowed_methods,
    reason = "to panic is how a test fails, and its threads end with it"
)]

mod support; // a running server, and peers that talk to it

mod tidy; // the house keeps its own rules

mod manual; // completions and man pages know every flag
mod start; // what the server says to whoever starts it
mod given; // a socket that somebody else has opened
mod handshake; // HTTP, right and wrong
mod frames; // RFC 6455 at the server, byte by byte
mod talking; // the protocol's messages
mod acts; // edits, deletes, topics
mod answers; // lines that answer lines
mod private; // rooms of two
mod marks; // how far somebody has read
mod names; // whose name is whose
mod away; // who is away
mod joining; // history, resume, and the seam to live
mod searching; // looking for what was said
mod slow; // those who do not read
mod clock; // deadlines and silence
mod killed; // killed again and again: each line stored once
mod durable; // restarts, damage, full disks
mod cramped; // where the system gives too little
mod found; // files that something else has been at
mod looking; // verify and export
mod doors; // who may come in
mod limits; // how much they may ask
mod metrics; // what is counted of it
mod hostile_http; // requests that are wrong, doubtful or meant to hurt
mod hostile_crowds; // many who are slow, greedy, or never finish
mod hostile_machine; // a machine that gives too little
mod hostile_words; // names, rooms, numbers and texts that pretend
mod prototype; // each fault of the prototype this began with

mod properties; // what holds for any input
mod differential; // beside other implementations
mod wire_vectors; // the protocol's messages, read and refused
mod session_vectors; // the client's machine, step by step
mod session_model; // the same, cut anywhere
mod client; // the client's half, against a server that follows a script
mod resuming; // who comes back
mod bot; // the example of the library, against a server that restarts
mod promise; // all of it through a bad line, and a server that is killed
mod lan; // a console on another computer

mod terminal; // a terminal with the built console on it
mod console; // the console: typing, drawing, leaving
mod console_kinds; // terminals of all kinds and widths
mod console_flood; // typing while lines pour in
mod console_stopped; // ^Z and fg
mod console_typing; // what was typed before, and long pastes
mod console_looking; // looking back
mod console_loading; // beyond what it keeps
mod console_ended; // however it ends
mod console_away; // who is away, at a terminal
mod console_wishes; // what one wants to hear: comings, the bell, whom to ignore
mod console_acts; // edits, deletes, topics, private rooms, what is unread
mod console_reading; // what it tells its server of what was read
mod console_hostile; // what strangers write never commands a terminal
mod console_piped; // the console between pipes
mod console_scripts; // one line said, or records read
mod console_check; // the line to a server, told in words
mod console_outbox; // what it has not sent outlives it
