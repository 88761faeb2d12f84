//! Every size, count and wait in one place, each with its unit and its reason.
//!
//! Room: constants. A limit that a user can change has a flag of the same name, and its value here
//! is the default.

use std::time::Duration;

// ---- An HTTP head ------------------------------------------------------------------------------

/// Bytes of a request line. Longer ones are answered 414 (RFC 9112 §3 asks for at least 8,000).
pub const REQUEST_LINE: usize = 8_192;

/// Bytes of one header line. Longer ones are answered 431.
pub const HEADER_LINE: usize = 8_192;

/// Header lines of one head. Browsers send about 20.
pub const HEADERS: usize = 100;

/// Bytes of a whole head, request line and blank line included: all that is ever read of one.
pub const HEAD: usize = 16 * 1024;

/// Empty lines forgiven before a request line (RFC 9112 §2.2 asks for "at least one").
pub const LEADING_EMPTY_LINES: usize = 2;

/// Time to send a whole request head, counted from accept, however many reads it takes.
pub const HEAD_WAIT: Duration = Duration::from_secs(10);

/// Answers a client passes over because they only announce another (100, 103); a server has no
/// reason to send more than one or two.
pub const INTERIM_HEADS: usize = 8;

/// Bytes a refused peer may still send before the socket closes, so that it can read the refusal.
pub const LINGER_BYTES: usize = 1024 * 1024;

/// Time a refused peer has to read the refusal (RFC 9112 §9.6: half-close, drain, close).
pub const LINGER_WAIT: Duration = Duration::from_secs(1);

// ---- WebSocket messages ------------------------------------------------------------------------

/// Bytes of one WebSocket message. The longest request, a post of [`TEXT`] bytes with every byte
/// escaped as `\u00XX`, fits twice.
pub const MESSAGE: usize = 64 * 1024;

/// Frames of one message: far more than any browser makes, few enough to bound the work.
pub const FRAGMENTS: usize = 1_024;

/// Time to finish a message once its first byte has come.
pub const MESSAGE_WAIT: Duration = Duration::from_secs(30);

/// Bytes of unfinished messages, of all clients together: a thousand of the longest. Whoever sends the
/// byte that is one too many gets 1013.
pub const PARTIAL_MESSAGES: usize = 64 * 1024 * 1024;

/// Time for the first message, `hello`, counted from the 101.
pub const HELLO_WAIT: Duration = Duration::from_secs(10);

/// A client not heard for this long is pinged.
pub const PING_EVERY: Duration = Duration::from_secs(20);

/// A pinged client not heard for this long is closed with 4408.
pub const PONG_WAIT: Duration = Duration::from_secs(20);

/// Time between our Close frame and closing the socket for a peer that does not answer it.
pub const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// Random bytes fetched at a time for the masks of a client's frames: 256 masks a system call.
pub const MASK_BLOCK: usize = 1_024;

// ---- JSON --------------------------------------------------------------------------------------

/// Depth of nested arrays and objects. The protocol needs three.
pub const JSON_DEPTH: usize = 16;

/// Members of one object. The protocol's largest has twelve.
pub const JSON_MEMBERS: usize = 64;

// ---- NameRegistry, rooms, texts -----------------------------------------------------------------------

/// Characters of a user's name.
pub const NAME_CHARS: usize = 24;

/// Bytes (which are characters) of a room's name.
pub const ROOM_NAME: usize = 32;

/// Bytes of a posted text (`--max-text`).
pub const TEXT: usize = 4_096;

/// Bytes of a room's topic: it stands in one line above the room.
pub const TOPIC: usize = 256;

/// Bytes of why somebody is away: it stands beside a name.
pub const AWAY: usize = 256;

/// Bytes (which are characters) of a `cid`.
pub const CID: usize = 64;

/// The largest `--max-text`: with every byte escaped it still fits in one message.
pub const TEXT_MAX: usize = 10_000;

// ---- The protocol ------------------------------------------------------------------------------

/// Records of one `history` answer when the request names no `limit`, and of a first join.
pub const HISTORY_PAGE: usize = 100;

/// Bytes of the words of a `search`.
pub const SEARCH_WORDS: usize = 256;

/// Records looked at for one `search`: what one question may cost. The client asks on from there.
pub const SEARCH_SPAN: usize = 500;

/// Records of one `history` answer at most.
pub const HISTORY_PAGE_MAX: usize = 200;

/// Rooms of one server: each costs memory, and later a directory.
pub const ROOMS: usize = 1_000;

/// Private rooms of one server: more than public ones, as each pair of people may have one.
pub const PRIVATE_ROOMS: usize = 10_000;

/// Rooms of one client.
pub const ROOMS_PER_CLIENT: usize = 50;

/// Private rooms that others may bring one connection into: as many as it may join by itself.
pub const INVITATIONS: usize = ROOMS_PER_CLIENT;

/// Posts of one client at once (`--burst`).
pub const BURST: u32 = 20;

/// Posts of one client per second (`--rate`).
pub const RATE: u32 = 5;

/// Control, empty and refused messages of one client per second; beyond it 4429.
pub const CONTROL_RATE: usize = 20;

/// A client that goes on posting while it is refused is closed with 4429 after this long.
pub const FLOOD_GRACE: Duration = Duration::from_secs(10);

/// Members of a room up to which it is intimate: it has a list of members, a presence for each
/// coming and going, and typing. Beyond, these would cost the square of the crowd.
pub const SMALL_ROOM: usize = 100;

/// In a crowd, the one `presence` with the new count is sent at most this often.
pub const CROWD_PRESENCE_EVERY: Duration = Duration::from_secs(5);

/// One client's `typing` is relayed to a room at most this often.
pub const TYPING_EVERY: Duration = Duration::from_secs(3);

/// A dropped name is held this long for its owner, whether or not it ever posted.
pub const HOLD_AFTER_DROP: Duration = Duration::from_secs(60);

/// A name that has posted is held this long after its last use (`--hold-names`).
pub const HOLD_NAMES: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Newest records of a room among which a repeated `cid` is recognised.
pub const CID_WINDOW: usize = 10_000;

// ---- The log -----------------------------------------------------------------------------------

/// Bytes of a log's file after which the next is begun: what retention drops at a time, and what is
/// written again after a failed sync.
pub const LOG_FILE: u64 = 8 * 1024 * 1024;

/// Bytes of one line of a log. The longest record, a text of [`TEXT_MAX`] bytes with every byte
/// escaped as `\n` is, takes a third.
pub const LOG_LINE: usize = 64 * 1024;

/// Bytes of a log between two marks of its index: what is read at most to find a record.
pub const LOG_INDEX_EVERY: u64 = 32 * 1024;

/// Bytes read from a log's file at a time.
pub const LOG_CHUNK: usize = 64 * 1024;

/// Bytes that an interrupted write may leave behind at most. More is damage: no batch is as long.
pub const LOG_TORN_BYTES: u64 = 64 * 1024 * 1024;

/// Newest records of a room that are kept in memory, so that whoever was away for a moment costs no
/// reading from disk.
pub const LOG_NEWEST: usize = 256;

/// Bytes of these records' JSON.
pub const LOG_NEWEST_BYTES: usize = 128 * 1024;

/// Descriptors that logs keep open between two batches, for the busiest rooms: the others open their
/// file for each.
pub const LOG_OPEN_FILES: usize = 16;

/// How often logs are tended: what is written with `--sync interval` is forced to disk within twice
/// this time.
pub const MAINTENANCE_EVERY: Duration = Duration::from_millis(100);

/// Deleted texts are erased from a room's files this often at most: each time costs writing a file of
/// up to [`LOG_FILE`] bytes anew. They are served to nobody in between.
pub const ERASE_EVERY: Duration = Duration::from_secs(5);

/// A log whose last file is in doubt is verified again this often.
pub const VERIFY_EVERY: Duration = Duration::from_secs(5);

/// Bytes of the file of names, and of that of read markers, after which it is written anew, if that
/// makes it much smaller.
pub const JOURNAL: u64 = 256 * 1024;

// ---- Connections -------------------------------------------------------------------------------

/// Connections of one address (IPv4, or IPv6 /64) at once (`--max-per-address`).
pub const PER_ADDRESS: usize = 64;

/// New WebSockets of one address in a minute, for a `--max-per-address` of [`PER_ADDRESS`]; another
/// value scales it.
pub const NEW_PER_ADDRESS: usize = 120;

/// Connections that are told at the same time why they are refused; more are just dropped.
pub const REFUSALS: usize = 16;

/// Pauses of the accept loop after an error: no descriptor, no thread. It doubles up to the second.
pub const ACCEPT_PAUSE: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// How often the pulse looks after pings, silent peers and crowds.
pub const HEARTBEAT_EVERY: Duration = Duration::from_millis(500);

/// Wait before a wrong password is answered: guessing takes time.
pub const WRONG_PASSWORD_WAIT: Duration = Duration::from_secs(1);

/// Wrong passwords of one address in a minute: a person mistypes a few, a program tries thousands.
pub const WRONG_PASSWORDS: usize = 5;

/// Bytes of the records of one `history` answer; a page may hold fewer records than asked for.
pub const HISTORY_PAGE_BYTES: usize = 256 * 1024;

/// Bytes a client that is behind may have waiting; beyond it is closed with 4413.
pub const BACKLOG: usize = 1024 * 1024;

/// A client that is behind and takes nothing for this long is dropped.
pub const STALL_WAIT: Duration = Duration::from_secs(10);

/// The first pause before a full socket is tried again; it doubles while nothing moves.
pub const RETRY_WRITE_MIN: Duration = Duration::from_millis(1);

/// The longest pause before a full socket is tried again: a thousand stuck ones then cost little.
pub const RETRY_WRITE_MAX: Duration = Duration::from_millis(50);

/// Stack of a thread that hears a connection up to its hello, in bytes of address space. It is so much
/// larger than [`SESSION_STACK`] that the C library, which keeps the stacks of threads that have ended,
/// does not give one, with all the pages that a greeting has touched, to a session.
pub const HELLO_STACK: usize = 2 * 1024 * 1024;

/// Stack of a session thread, in bytes of address space; only touched pages cost memory. Debug
/// builds have large frames.
pub const SESSION_STACK: usize = 256 * 1024;

/// Bytes read from a socket at a time: a chat message nearly always fits. They lie on the stack of a
/// thread that waits, one for each connection: 4 KiB here would cost each of them a page more.
pub const CHUNK: usize = 1024;

/// Bytes read at a time from whoever has filled a [`CHUNK`].
pub const LARGE_CHUNK: usize = 16 * 1024;

/// Lines waiting for the logger; more are dropped and counted.
pub const LOG_QUEUE: usize = 1_024;

/// Lines of one event that are written in a second; more are counted. What strangers can cause without
/// end must fill no disk.
pub const LOG_LINES: u64 = 10;

/// Bytes of one value in a log line.
pub const LOG_VALUE: usize = 120;

/// The longest time in which a write to one receiver counts as work: it takes no longer, unless it is
/// interrupted.
pub const PACING_WRITE: Duration = Duration::from_micros(10);

/// The carrier rests so many times as long as it wrote to receivers. Twice: of three parts of a busy
/// room's time one goes into writing, and lines of all three share it.
pub const PACING_FACTOR: u32 = 2;

/// But never longer than this: a line waits for one rest and two rounds at most.
pub const PACING_MAX: Duration = Duration::from_millis(3);

/// It does not rest at all where that would be shorter than this: few share a write then, and the
/// system's timers are late by half of it (timer slack, prctl(2)).
pub const PACING_MIN: Duration = Duration::from_micros(100);

/// Lines that do not come in the time in which they would have: then no more will come now.
pub const PACING_SILENCE: u32 = 8;

/// Bytes of history sent to a joining client at a time.
pub const REPLAY_BYTES: usize = 64 * 1024;

// ---- The client's side -------------------------------------------------------------------------

/// First wait before connecting again; it doubles up to [`RECONNECT_MAX`].
pub const RECONNECT_MIN: Duration = Duration::from_millis(500);

/// Longest wait before connecting again.
pub const RECONNECT_MAX: Duration = Duration::from_secs(30);

/// Time for a TCP connection and for the server's answer to the upgrade, each.
pub const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// A server that pings every [`PING_EVERY`] and is not heard for this long is gone.
pub const SERVER_SILENCE: Duration = Duration::from_secs(50);

/// Messages a client has waiting to go out; more mean that the connection takes nothing any more.
pub const CLIENT_QUEUE: usize = 256;

/// Bytes of one WebSocket message a client accepts: a `history` of the longest records.
pub const CLIENT_MESSAGE: usize = 16 * 1024 * 1024;
