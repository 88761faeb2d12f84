//! Who is connected.

pub(crate) mod admission; // who may come in
pub(crate) mod slow_clients; // those who are behind
pub(crate) mod poll; // everybody who is connected
pub(crate) mod memory_budget; // how much of their messages is here
pub(crate) mod client; // one connection that has said hello
pub(crate) mod disconnect; // why it ends
