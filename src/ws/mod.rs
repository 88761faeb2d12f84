//! RFC 6455: a sans-I/O codec from bytes to events and back.
//!
//! Depends on slices, vectors, enums and `limits`; never on sockets, threads, the clock,
//! randomness, files or `chat`.
//!
//! ```
//! use talk::ws::{Decoder, Encoder, Event, Limits, Role};
//!
//! let mut wire = Vec::new();
//! Encoder::client(|| [1, 2, 3, 4]).text("hello", &mut wire); // in practice the mask is random
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
mod mask; // masking: XOR of a client's payloads
mod utf8; // text that arrives in pieces
mod buffer; // bytes not decoded yet
mod close; // the payload of a Close frame
mod close_code; // its code: why a connection ends
mod error; // how a peer breaks the rules

pub use close::Close;
pub use close_code::CloseCode;
pub use decoder::{Decoder, Event, Limits};
pub use encoder::{Encoder, push_text_frame};
pub use error::{Error, Violation};
pub use frame::Role;
