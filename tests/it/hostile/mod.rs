//! Hostile clients, hostile text, scarce resources and broken networks.

mod http; // requests that are wrong, ambiguous or malicious
mod shares; // what all share: rooms, private rooms, names
mod memberships; // rooms of one person without end
mod load; // many slow, greedy or unfinished connections
mod clocks; // a clock that jumps, or is wrong at a start
mod disk_full; // posts are refused before the disk is full
mod own_files; // files of other users, links, files changed under the server
mod low_resources; // few descriptors, refused system calls, no disk, stopped processes
mod text; // names, rooms, numbers and texts that pretend to be others
mod console; // remote text never controls a terminal
mod cable_cut; // a console on another computer, and the cable between
mod questions; // searches, pages, renames and texts of one address
mod console_memory; // a console under a server that sends without end, or a reader that has stopped
