//! RFC 6455, from bytes to events and back.
//!
//! Room: slices, vectors and enums. Never a socket, a thread, a clock, randomness, a log line, or a
//! word of chat.
//!
//! ```
//! use talk::ws::{Decoder, Encoder, Event, Limits, Role};
//!
//! let mut wire = Vec::new();
//! Encoder::client(|| [1, 2, 3, 4]).text("hello", &mut wire); // in life the mask is random
//!
//! let mut decoder = Decoder::new(Role::Server, Limits { message: 65_536, fragments: 1_024 });
//! decoder.feed(&wire);
//! assert_eq!(decoder.next_event(), Ok(Some(Event::Text("hello".to_owned()))));
//! assert_eq!(decoder.next_event(), Ok(None)); // feed me more
//! ```
#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

mod decoder; // bytes → events
mod encoder; // messages → bytes
mod frame; // a frame's header
mod mask; // the client's XOR
mod utf8; // text that arrives in pieces
mod buffer; // bytes not decoded yet
mod close; // what a Close frame says
mod close_code; // the numbers in it: why a connection ends
mod error; // how a peer can break the rules

pub use close::Close;
pub use close_code::CloseCode;
pub use decoder::{Decoder, Event, Limits};
pub use encoder::{Encoder, push_text_frame};
pub use error::{Error, Violation};
pub use frame::Role;
