//! The built console, most of it on a pseudo-terminal.

mod interactive; // typing, drawing, leaving
mod terminals; // widths, colours, terminals without a screen
mod resize; // in tmux, narrower and wider
mod editing; // the input line: recall, long pastes
mod completion; // Tab
mod flood; // typing while messages pour in
mod long_posts; // a post of many lines is folded
mod scrollback; // scrolling back, and loading older messages
mod password; // the prompt for the server's password, input before the welcome
mod key; // the key of a name: asked for, from a file, from stdin, and kept to itself
mod suspend; // ^Z and fg
mod exit; // every way to end
mod away; // away messages
mod preferences; // joins and leaves, the bell, ignored users
mod actions; // edits, deletes, topics, private rooms, unread counts
mod memberships; // the rooms of the person, on all devices
mod members; // who of them is here, and who is not
mod read_markers; // what it reports as read
mod outbox; // unsent messages outlive it
mod without_terminal; // pipes, scripts, --check
mod one_key; // a name that another device changes
