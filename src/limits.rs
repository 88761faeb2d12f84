//! Every size, count and wait, each with its unit and its reason.
//!
//! A limit that a user can change has a flag of the same name; its value here is the default.

use std::time::Duration;

// ---- An HTTP head ------------------------------------------------------------------------------

/// Bytes of a request line. Longer ones are answered 414 (RFC 9112 §3 asks for at least 8,000).
pub const REQUEST_LINE: usize = 8_192;

/// Bytes of one header line. Longer ones are answered 431.
pub const HEADER_LINE: usize = 8_192;

/// Header lines of one head. Browsers send about 20.
pub const HEADERS: usize = 100;

/// Bytes of a whole head, request line and blank line included. No more is read.
pub const HEAD: usize = 16 * 1024;

/// Empty lines ignored before a request line (RFC 9112 §2.2 asks for "at least one").
pub const LEADING_EMPTY_LINES: usize = 2;

/// Time to send a whole request head, counted from accept, however many reads it takes.
pub const HEAD_WAIT: Duration = Duration::from_secs(10);

/// Interim responses (100, 103) that a client skips; a server has no reason to send more than one
/// or two.
pub const INTERIM_HEADS: usize = 8;

/// Bytes that a refused peer may still send before the socket closes, so that it can read the
/// refusal.
pub const LINGER_BYTES: usize = 1024 * 1024;

/// Time a refused peer has to read the refusal (RFC 9112 §9.6: half-close, drain, close).
pub const LINGER_WAIT: Duration = Duration::from_secs(1);

// ---- WebSocket messages ------------------------------------------------------------------------

/// Bytes of one WebSocket message. The longest request, a post of [`TEXT`] bytes with every byte
/// escaped as `\u00XX`, fits twice.
pub const MESSAGE: usize = 64 * 1024;

/// Frames of one fragmented message: far more than any browser sends, few enough to bound the work.
pub const FRAGMENTS: usize = 1_024;

/// Time to finish a message once its first byte has come.
pub const MESSAGE_WAIT: Duration = Duration::from_secs(30);

/// Bytes of partial messages of all clients together: a thousand of the longest. The client whose
/// byte exceeds it is closed with 1013.
pub const PARTIAL_MESSAGES: usize = 64 * 1024 * 1024;

/// Time for the first message, `hello`, counted from the 101.
pub const HELLO_WAIT: Duration = Duration::from_secs(10);

/// Heartbeat: a client that sent nothing for this long is pinged.
pub const PING_EVERY: Duration = Duration::from_secs(20);

/// Heartbeat: a pinged client that sent nothing for this long is closed with 4408.
pub const PONG_WAIT: Duration = Duration::from_secs(20);

/// Time between our Close frame and closing the socket for a peer that does not answer it.
pub const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// Random bytes read at a time for the masks of a client's frames: 256 masks per system call.
pub const MASK_BLOCK: usize = 1_024;

// ---- JSON --------------------------------------------------------------------------------------

/// Depth of nested arrays and objects. The protocol needs three.
pub const JSON_DEPTH: usize = 16;

/// Members of one object. The protocol's largest has twelve.
pub const JSON_MEMBERS: usize = 64;

// ---- Names, rooms, texts -----------------------------------------------------------------------

/// Characters of a user's name.
pub const NAME_CHARS: usize = 24;

/// Bytes (which are characters) of a room's name.
pub const ROOM_NAME: usize = 32;

/// Bytes of a posted text (`--max-text`).
pub const TEXT: usize = 4_096;

/// Bytes of a room's topic: the page and the console show it in one line.
pub const TOPIC: usize = 256;

/// Bytes of an away message: it is shown next to a name.
pub const AWAY: usize = 256;

/// Bytes (which are characters) of a `cid`.
pub const CID: usize = 64;

/// The largest `--max-text`: with every byte escaped it still fits in one message.
pub const TEXT_MAX: usize = 10_000;

// ---- The protocol ------------------------------------------------------------------------------

/// Records of one `history` answer when the request names no `limit`, and of a first join.
pub const HISTORY_PAGE: usize = 100;

/// Bytes of the words of one `search`.
pub const SEARCH_WORDS: usize = 256;

/// Records examined for one `search`, which bounds the cost of one request. The client continues
/// from there.
pub const SEARCH_SPAN: usize = 500;

/// Records of one `history` answer at most.
pub const HISTORY_PAGE_MAX: usize = 200;

/// Public rooms of one server: each costs memory, and a directory once it has a record.
pub const ROOMS: usize = 1_000;

/// Private rooms of one server: more than public ones, as every two users may have one.
pub const PRIVATE_ROOMS: usize = 10_000;

/// Rooms of one client.
pub const ROOMS_PER_CLIENT: usize = 50;

/// Private rooms that other users may invite one connection to: as many as it may join by itself.
pub const INVITATIONS: usize = ROOMS_PER_CLIENT;

/// Posts that one client may send at once: the burst of its rate limit (`--burst`).
pub const BURST: u32 = 20;

/// Posts of one client per second: its rate limit (`--rate`).
pub const RATE: u32 = 5;

/// Control, empty and rejected messages of one client per second; beyond it, it is slowed.
pub const CONTROL_RATE: usize = 20;

/// A client that keeps sending over a rate limit is closed with 4429 after this long.
pub const FLOOD_GRACE: Duration = Duration::from_secs(10);

/// Members up to which a room is small: only then it has a list of members, a `presence` for each
/// join and leave, and `typing`. In a large room these would cost the square of its members.
pub const SMALL_ROOM: usize = 100;

/// In a large room, a `presence` with the new count is broadcast at most this often.
pub const CROWD_PRESENCE_EVERY: Duration = Duration::from_secs(5);

/// One client's `typing` is broadcast to a room at most this often.
pub const TYPING_EVERY: Duration = Duration::from_secs(3);

/// A name is held for its owner this long after its last connection, even if it never posted.
pub const HOLD_AFTER_DROP: Duration = Duration::from_secs(60);

/// A name that has posted is held this long after its last connection (`--hold-names`).
pub const HOLD_NAMES: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Newest records of a room among which a repeated `cid` is recognized: so far back a submission is
/// idempotent.
pub const CID_WINDOW: usize = 10_000;

// ---- The log -----------------------------------------------------------------------------------

/// Bytes of a log's segment after which the next is begun: what retention drops at a time, and what
/// is copied after a failed fsync.
pub const LOG_FILE: u64 = 8 * 1024 * 1024;

/// Bytes of one line of a log. The longest record, a text of [`TEXT_MAX`] bytes with every byte
/// escaped as `\n` is, takes a third.
pub const LOG_LINE: usize = 64 * 1024;

/// Bytes of a log between two entries of its index: what is read at most to find a record.
pub const LOG_INDEX_EVERY: u64 = 32 * 1024;

/// Bytes read from a segment at a time.
pub const LOG_CHUNK: usize = 64 * 1024;

/// Bytes of a torn tail at most: no batch is longer, so more is corruption.
pub const LOG_TORN_BYTES: u64 = 64 * 1024 * 1024;

/// Newest records of a room kept in memory, so that a client that was offline for a moment costs no
/// read from disk.
pub const LOG_NEWEST: usize = 256;

/// Bytes of their JSON.
pub const LOG_NEWEST_BYTES: usize = 128 * 1024;

/// Bytes of logs (index, edits and deletes, newest records) and cids that all rooms together keep in
/// memory (`--limit room-memory`): 60 busy rooms of 10,000 records and more, and the indexes of
/// 10,000 idle ones. What is released is read from the logs again when it is needed.
pub const ROOM_MEMORY: usize = 16 * 1024 * 1024;

/// Public rooms whose last file a start looks at, so that a version too old for them does not start.
/// Each costs two short reads; the others are found when they are loaded.
pub const START_PEEKS: usize = 16;

/// Retention looks at every log in each of so many passes of maintenance, which is once a minute: a
/// record may stay so much longer. A log that is written is looked at in each pass.
pub const RETENTION_PASSES: usize = 600;

/// File descriptors that logs keep open between batches, for the busiest rooms: the other logs open
/// their file for each batch.
pub const LOG_OPEN_FILES: usize = 16;

/// How often the maintenance of logs runs: with `--sync interval` a write is fsynced within twice
/// this time.
pub const MAINTENANCE_EVERY: Duration = Duration::from_millis(100);

/// Deleted texts are erased from a room's segments at most this often: each time rewrites a file of
/// up to [`LOG_FILE`] bytes. They are not served meanwhile.
pub const ERASE_EVERY: Duration = Duration::from_secs(5);

/// A log whose last segment is uncertain is verified again at most this often.
pub const VERIFY_EVERY: Duration = Duration::from_secs(5);

/// Bytes of a journal (names, read markers) after which it is compacted, if that makes it much
/// smaller.
pub const JOURNAL: u64 = 256 * 1024;

// ---- Connections -------------------------------------------------------------------------------

/// Connections of one address (IPv4, or IPv6 /64) at once (`--max-per-address`).
pub const PER_ADDRESS: usize = 64;

/// New WebSockets of one address per minute, for a `--max-per-address` of [`PER_ADDRESS`]; another
/// value scales it.
pub const NEW_PER_ADDRESS: usize = 120;

/// Refused connections that get an answer at the same time; more are closed without one.
pub const REFUSALS: usize = 16;

/// Backoff of the accept loop after an error (no descriptor, no thread): it doubles up to one
/// second.
pub const ACCEPT_PAUSE: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// How often the heartbeat thread looks for pings that are due, silent clients and pending
/// presence.
pub const HEARTBEAT_EVERY: Duration = Duration::from_millis(500);

/// Wait before a wrong password is answered: it slows guessing.
pub const WRONG_PASSWORD_WAIT: Duration = Duration::from_secs(1);

/// Wrong passwords of one address in a minute: a person mistypes a few, a program tries thousands.
pub const WRONG_PASSWORDS: usize = 5;

/// Bytes of the records of one `history` answer; a page may hold fewer records than asked for.
pub const HISTORY_PAGE_BYTES: usize = 256 * 1024;

/// Bytes of a client's backlog (backpressure); beyond it, the client is closed with 4413 and
/// resumes from the log.
pub const BACKLOG: usize = 1024 * 1024;

/// A client whose socket accepts no byte of its backlog for this long is dropped.
pub const STALL_WAIT: Duration = Duration::from_secs(10);

/// Backoff of writes to a full socket: the first pause. It doubles while no byte is written.
pub const RETRY_WRITE_MIN: Duration = Duration::from_millis(1);

/// Backoff of writes to a full socket: the longest pause. A thousand stalled clients then cost
/// little.
pub const RETRY_WRITE_MAX: Duration = Duration::from_millis(50);

/// Stack of a thread that reads a connection up to its `hello`, in bytes of address space. It is so
/// much larger than [`SESSION_STACK`] that the C library, which reuses the stacks of ended threads,
/// does not give one, with all the pages that a hello has touched, to a session.
pub const HELLO_STACK: usize = 2 * 1024 * 1024;

/// Stack of a session thread, in bytes of address space; only touched pages cost memory. Debug
/// builds have large frames.
pub const SESSION_STACK: usize = 256 * 1024;

/// Bytes read from a socket at a time: a chat message nearly always fits. The buffer is on the
/// stack of each waiting thread: with 4 KiB here, each connection would cost a page more.
pub const CHUNK: usize = 1024;

/// Bytes read at a time from a peer that has just filled a [`CHUNK`].
pub const LARGE_CHUNK: usize = 16 * 1024;

/// Lines in the logger's queue; more are dropped and counted.
pub const LOG_QUEUE: usize = 1_024;

/// Lines of one log event written per second; more are only counted. Remote peers can cause events
/// without end, and these must not fill the disk.
pub const LOG_LINES: u64 = 10;

/// Bytes of one value in a log line.
pub const LOG_VALUE: usize = 120;

/// The longest time that a write to one receiver counts for: a write takes no longer, unless the
/// thread was interrupted.
pub const PACING_WRITE: Duration = Duration::from_micros(10);

/// Pacing: after a round, the broadcaster pauses this many times as long as the round's writes
/// took. With 2, a busy room spends a third of its time writing, and the records of all three
/// thirds share a write.
pub const PACING_FACTOR: u32 = 2;

/// Pacing: the longest pause. A record waits for one pause and two rounds at most.
pub const PACING_MAX: Duration = Duration::from_millis(3);

/// Pacing: a shorter pause is skipped. Few records share a write then, and the system's timers are
/// late by half of it (timer slack, prctl(2)).
pub const PACING_MIN: Duration = Duration::from_micros(100);

/// Pacing: the pause ends after a silence of this many average gaps between records: then no more
/// will come now.
pub const PACING_SILENCE: u32 = 8;

/// Bytes of history sent at a time to a client that joins.
pub const REPLAY_BYTES: usize = 64 * 1024;

// ---- The client's side -------------------------------------------------------------------------

/// Reconnect backoff of a client: the first wait. It doubles up to [`RECONNECT_MAX`], with jitter.
pub const RECONNECT_MIN: Duration = Duration::from_millis(500);

/// Reconnect backoff of a client: the longest wait.
pub const RECONNECT_MAX: Duration = Duration::from_secs(30);

/// Time for a TCP connection and for the server's answer to the upgrade, each.
pub const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// A server pings every [`PING_EVERY`]; a client that got nothing for this long closes the
/// connection.
pub const SERVER_SILENCE: Duration = Duration::from_secs(50);

/// Messages in a client's send queue; with more, the connection counts as stalled.
pub const CLIENT_QUEUE: usize = 256;

/// Bytes of one WebSocket message a client accepts: a `history` of the longest records.
pub const CLIENT_MESSAGE: usize = 16 * 1024 * 1024;
