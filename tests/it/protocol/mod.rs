//! The protocol's messages, between the built server and a client that is not ours.

mod messages; // hello, join, post, presence, typing
mod edits; // edits, deletes, topics
mod replies; // messages that reply to messages
mod private_rooms; // rooms of two
mod rooms_of_one_name; // several private rooms of earlier versions
mod memberships; // the rooms of a person, on all devices
mod members; // who of them is here, and who is not
mod private_memberships; // the private rooms of a person
mod read_markers; // how far a user has read
mod names; // who owns a name
mod one_key; // a person under several names, on several devices
mod away; // away messages
mod presence; // clients that the others do not see
mod catch_up; // history, resume, and the change to live
mod history; // around a time, and with later edits
mod reconnect; // clients that come back
mod search; // searching the history
mod vectors; // tests/vectors/wire
