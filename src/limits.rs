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

/// Bytes of partial messages of all clients together, beyond the first [`PARTIAL_FREE`] of each: a
/// thousand of the longest. When they are used up, the client with the longest is closed with 1013.
pub const PARTIAL_MESSAGES: usize = 64 * 1024 * 1024;

/// Bytes of a partial message that are free: a post of [`TEXT`] bytes fits, unless most of it is
/// escaped. 1,000 connections have 8 MiB of them at most.
pub const PARTIAL_FREE: usize = 8 * 1024;

/// An address may have one of so many parts of [`PARTIAL_MESSAGES`]: 4 MiB, 64 of the longest messages.
pub const PARTIAL_SHARES: u64 = 16;

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

/// Values in one text, at any depth. The protocol's longest list is that of rooms, with five values
/// for each: enough for 13,000 rooms. Two bytes of text can be a value, which takes 32 bytes of memory
/// and more.
pub const JSON_VALUES: usize = 65_536;

/// Members of one object. The protocol's largest has twelve.
pub const JSON_MEMBERS: usize = 64;

// ---- Names, rooms, texts -----------------------------------------------------------------------

/// Characters of a user's name.
pub const NAME_CHARS: usize = 24;

/// Names of which a room knows who posted last, to mark the first post of another owner: as many as a server
/// holds at most ([`NAMES`]). Beyond that, the names that were not posted under for longest are forgotten,
/// but never one of the last half as many. They take 4 MB then.
pub const AUTHORS: usize = NAMES;

/// Spellings of names, other than in lower case, that a room knows at once. A cache: one that is missing
/// takes 0.2 µs longer.
pub const AUTHOR_SPELLINGS: usize = 10_000;

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

/// Edits of one post. No one corrects a text a hundred times; without a bound, the edits of one post push all
/// posts out of the newest page.
pub const EDITS_PER_POST: usize = 100;

/// Records that a newest page reaches back at most, so that it has [`HISTORY_PAGE`] posts: these posts with all
/// their edits, and as many changes of other posts.
pub const NEWEST_SPAN: u64 = 2 * HISTORY_PAGE as u64 * (EDITS_PER_POST as u64 + 1);

/// Once this many records have come since the newest [`HISTORY_PAGE`] posts, older posts are not edited any
/// more: so the edits of many old posts cannot push the newest posts out of [`NEWEST_SPAN`] either.
pub const EDITS_OF_OLD_POSTS: u64 = NEWEST_SPAN / 2;

/// Topics that one client may set at once: the burst of their rate limit.
pub const TOPIC_BURST: u32 = 3;

/// Time between two topics of one client, once its burst is used up. A person sets one in a day; each is a
/// record, and a program could fill the newest page with them.
pub const TOPIC_EVERY: Duration = Duration::from_secs(10);

/// Bytes of the words of one `search`.
pub const SEARCH_WORDS: usize = 256;

/// Records examined for one `search`, which bounds the cost of one request. The client continues
/// from there.
pub const SEARCH_SPAN: usize = 500;

/// A search counts as so many messages: it examines five times as many records as a page has.
pub const SEARCH_WEIGHT: usize = 5;

/// Records that a client gets at its hello of each private room in which it has never written: so
/// strangers cannot make it wait.
pub const UNANSWERED_PAGE: u64 = 10;

/// Bytes of a newest page, about: all of [`NEWEST_SPAN`] if the texts are short, and a thousand of the
/// longest. A newcomer at 10 Mbit/s waits 7 s for it, at worst.
pub const NEWEST_BYTES: u64 = 8 * 1024 * 1024;

/// Records of one `history` answer at most.
pub const HISTORY_PAGE_MAX: usize = 200;

/// Public rooms of one server: each costs memory, and a directory once it has a record.
pub const ROOMS: usize = 1_000;

/// Private rooms of one server: more than public ones, as every two users may have one.
pub const PRIVATE_ROOMS: usize = 10_000;

/// Public rooms of one client; and as many private ones, so that those who write to it take no place
/// of the rooms that it joins itself.
pub const ROOMS_PER_CLIENT: usize = 50;

/// The part of a client's places in private rooms that is left to those that others have begun: a fifth. The person
/// is a member of as many as the other places: so neither pushes out the other.
pub const INVITED_SHARE: usize = 5;

/// Changes of memberships that wait in memory while their file cannot be written: some 100 bytes each, so 1 MiB. More
/// are dropped; then the whole file is written, once it can be.
pub const UNSTORED_MEMBERSHIPS: usize = 10_000;

/// Records up to which a room counts as little used: once the server has as many rooms as it may,
/// such a room is given back if no one is in it and its newest record is older than [`ROOM_IDLE`].
pub const ROOM_FEW_RECORDS: u64 = 10;

/// How old the newest record of a room is that may be given back. People are away for a holiday.
pub const ROOM_IDLE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The part of all rooms that the clients of one address may have created while the server runs: a
/// tenth.
pub const ROOM_SHARES: usize = 10;

/// New public rooms of one address at once. A person opens a few in a day.
pub const NEW_ROOMS: usize = 20;

/// New private rooms of one address at once: each writes to many more people than it opens rooms for.
pub const NEW_PRIVATE_ROOMS: usize = 50;

/// New names of one address at once, for a `--max-per-address` of [`PER_ADDRESS`]: one for each
/// connection. A larger value scales it.
pub const NEW_NAMES: usize = PER_ADDRESS;

/// The time in which new rooms and new names come back.
pub const CREATION_FILL: Duration = Duration::from_secs(60 * 60);

/// Names held at a time: a claim costs some 300 bytes of memory and 100 on disk.
pub const NAMES: usize = 100_000;

/// The part of all names that the clients of one address may hold, connected or not, of those claimed
/// while the server runs: a hundredth, that is 1,000, and [`NEW_NAMES`] at least.
pub const NAME_SHARES: usize = 100;

/// Once as many names are held as may be, this part of them is given back at once: to find the least
/// used takes a look at each.
pub const NAMES_GIVEN_BACK: usize = 256;

/// Names of one owner: the current one, and former ones that no one else gets. Enough to try one and go back;
/// few enough that nobody keeps names from others. With one more, the name that was used least is given back.
pub const NAMES_PER_OWNER: usize = 5;

/// Lapsed claims of names are removed at most this often.
pub const SWEEP_NAMES_EVERY: Duration = Duration::from_secs(10);

/// Posts that one client may send at once: the burst of its rate limit (`--burst`).
pub const BURST: u32 = 20;

/// Posts of one client per second: its rate limit (`--rate`).
pub const RATE: u32 = 5;

/// Control, empty and rejected messages of one client per second; beyond it, it is slowed.
pub const CONTROL_RATE: usize = 20;

/// A client that keeps sending over a rate limit is closed with 4429 after this long.
pub const FLOOD_GRACE: Duration = Duration::from_secs(10);

/// Changes of its name and away message that one client may make at once: each is broadcast to its rooms.
pub const PROFILE_BURST: u32 = 5;

/// Then one in this time.
pub const PROFILE_EVERY: Duration = Duration::from_secs(10);

/// Members up to which a room is small: only then it has a list of members, a `presence` for each
/// join and leave, and `typing`. In a large room these would cost the square of its members.
pub const SMALL_ROOM: usize = 100;

/// Names of one page of a list of members when the request names no `limit`: a screenful or two.
pub const MEMBERS_PAGE: usize = 100;

/// Names of one page of a list of members at most. With the longest names and away messages that is 200 KiB, as much as
/// a page of history.
pub const MEMBERS_PAGE_MAX: usize = 500;

/// Members of each state that a client asks for to complete the beginning of a name: more do not fit a row.
pub const CLIENT_FOUND_MEMBERS: usize = 20;

/// In a large room, a `presence` with the new count is broadcast at most this often.
pub const CROWD_PRESENCE_EVERY: Duration = Duration::from_secs(5);

/// One client's `typing` is broadcast to a room at most this often.
pub const TYPING_EVERY: Duration = Duration::from_secs(3);

/// A name is held for its owner this long after its last connection, even if it never posted.
pub const HOLD_AFTER_DROP: Duration = Duration::from_secs(60);

/// A name is held this long after its last use (`--hold-names`), once its owner has posted: longer than a
/// long holiday or a long illness.
pub const HOLD_NAMES: Duration = Duration::from_secs(90 * 24 * 60 * 60);

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

/// Bytes of logs (index, edits and deletes, authors, newest records) and cids that all rooms together keep in
/// memory (`--limit room-memory`): 60 busy rooms of 10,000 records and more, and the indexes of
/// 10,000 idle ones. What is released is read from the logs again when it is needed.
pub const ROOM_MEMORY: usize = 16 * 1024 * 1024;

/// Time after which a log that could not be loaded is tried again, when it is needed: a load may read a whole
/// room, and clients may ask for it many times a second. It doubles with each failure.
pub const LOAD_RETRY: Duration = Duration::from_secs(1);

/// The longest of these times: so long a room stays closed after its files are back.
pub const LOAD_RETRY_MAX: Duration = Duration::from_secs(30);

/// Public rooms, and private ones, whose last file a start looks at: so that a version too old for them
/// does not start, and a clock that is wrong by days is noticed. Each costs two short reads.
pub const START_PEEKS: usize = 1_000;

/// Retention looks at every log in each of so many passes of maintenance, which is once a minute: a
/// record may stay so much longer. A log that is written is looked at in each pass.
pub const RETENTION_PASSES: usize = 600;

/// File descriptors that logs keep open between batches, for the busiest rooms: the other logs open
/// their file for each batch.
pub const LOG_OPEN_FILES: usize = 16;

/// How often the maintenance of logs runs: with `--sync interval` a write is fsynced within twice
/// this time.
pub const MAINTENANCE_EVERY: Duration = Duration::from_millis(100);

/// How often the eraser thread looks for deleted texts that are still on the disk. They are not served
/// meanwhile.
pub const ERASE_EVERY: Duration = Duration::from_secs(1);

/// Bytes per second that erasure writes, for all rooms together: each deleted text rewrites a file of up to
/// [`LOG_FILE`] bytes, and this is what one person who deletes without end can cost the disk.
pub const ERASE_BYTES_PER_SECOND: u64 = 1024 * 1024;

/// Bytes that erasure may write at once after a rest: two whole files, so that single deletes do not wait.
pub const ERASE_BURST: u64 = 2 * LOG_FILE;

/// Bytes that each erasure counts besides those of its file: about what its fsyncs cost a disk.
pub const ERASE_FILE_COST: usize = 64 * 1024;

/// Bytes that erasure writes and fsyncs at a time: 13 ms of a disk that takes 20 MB/s, so that the fsyncs of other
/// logs hardly wait.
pub const ERASE_CHUNK: usize = 256 * 1024;

/// An erasure that failed is tried again after this time.
pub const ERASE_RETRY: Duration = Duration::from_secs(60);

/// A log whose last segment is uncertain is verified again at most this often.
pub const VERIFY_EVERY: Duration = Duration::from_secs(5);

/// Bytes of a journal (names, read markers, memberships) after which it is compacted, if that makes it much
/// smaller.
pub const JOURNAL: u64 = 256 * 1024;

// ---- Files that a flag or a variable names ------------------------------------------------------

/// Bytes of a short text: a password, a key, the message of the day. Half of what a client accepts as
/// one ([`CLIENT_TEXT`]). `/dev/zero` would never end.
pub const TEXT_FILE: u64 = 32 * 1024;

/// Bytes of a file of preferences or of a time zone. The largest zones have 4 KB; a person's list of
/// muted rooms may be long.
pub const LARGE_TEXT_FILE: u64 = 1024 * 1024;

// ---- The disk ----------------------------------------------------------------------------------

/// Free bytes of the file system below which posts are refused (`--min-free`), unless
/// [`DISK_RESERVE_SHARE`] of it is less: room for deletes, names and read markers, for erasure,
/// which writes a segment again, and for the other programs of the machine.
pub const DISK_RESERVE: u64 = 1024 * 1024 * 1024;

/// The same as a share of the file system: one part in this many.
pub const DISK_RESERVE_SHARE: u64 = 10;

/// Posts that were refused for lack of space are accepted again once this share of the limit is
/// free as well, one part in this many: refusals must not alternate with every message.
pub const DISK_MARGIN_SHARE: u64 = 32;

/// How often `df` is asked for the free space. What the server itself writes in between is counted,
/// so only other programs can make the disk full faster.
pub const DISK_LOOK_EVERY: Duration = Duration::from_secs(10);

/// How often the answer of `df` is looked for, and the log says that space is short.
pub const DISK_CHECK_EVERY: Duration = Duration::from_millis(500);

/// Time for `df` to answer. On a file system that hangs (NFS) it may never do.
pub const DF_WAIT: Duration = Duration::from_secs(5);

/// How long an answer of `df` counts, for six looks without another: after that the free space is unknown, as it is
/// where there is no `df`, and a write that fails refuses a post.
pub const DISK_ANSWER_VALID: Duration = Duration::from_secs(60);

/// How often the files of all rooms are listed to correct the count of their bytes: other programs
/// may have removed or added some.
pub const DATA_COUNT_EVERY: Duration = Duration::from_secs(60 * 60);

/// What a file or a directory takes on the disk beyond its bytes: one block of most file systems.
pub const FILE_OVERHEAD: u64 = 4_096;

// ---- The clock ---------------------------------------------------------------------------------

/// A step of the wall clock that is followed at once: NTP steps by seconds, and dates in a room
/// stand still for at most this long after a step back.
pub const CLOCK_STEP: Duration = Duration::from_secs(60);

/// A wall clock that has jumped further is believed for the dates of records once it has stayed
/// there for this long: who sets a clock wrong by hand has seen it by then.
pub const CLOCK_STAYS: Duration = Duration::from_secs(10 * 60);

/// A step of the wall clock that retention, which counts in days, does not care about.
pub const CLOCK_STEP_OF_RETENTION: Duration = Duration::from_secs(60 * 60);

/// Retention trusts a wall clock that has jumped further once it has been steady for this long:
/// what it drops does not come back.
pub const CLOCK_IS_RIGHT: Duration = Duration::from_secs(24 * 60 * 60);

/// Retention drops nothing so soon after a start: time to see a wrong clock, and to stop.
pub const RETENTION_BEGINS: Duration = Duration::from_secs(60 * 60);

/// How far the wall clock may be beyond the newest record of all rooms at a start; further, and
/// retention waits for [`CLOCK_IS_RIGHT`]. A chat in which nothing is said for so long may wait.
pub const CLOCK_AHEAD: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A record so far beyond the clock has a wrong date. Retention goes by the time of its file then.
pub const RECORD_AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

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

/// Bytes of texts that one address may post at once: a thousand of the longest.
pub const POSTED_BYTES: usize = 4 * 1024 * 1024;

/// The time in which these bytes come back: 64 KiB a second, three times what one client needs that
/// posts the longest texts at its full rate. A day of it is 5.7 GB.
pub const POSTED_BYTES_FILL: Duration = Duration::from_secs(64);

/// Bytes of answers (history, joins, searches, lists) that one address may get at once.
pub const ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// Time that the server spends on answers for one address at once: some 150 of the dearest searches.
pub const QUESTION_TIME: Duration = Duration::from_secs(1);

/// The time in which these bytes and this time come back: 8 MiB a second, and a quarter of a core. An
/// address that uses more waits, at most so long for one answer.
pub const QUESTION_FILL: Duration = Duration::from_secs(4);

/// A client that waits for its share is looked at this often: whether its connection has closed.
pub const PAUSE_STEP: Duration = Duration::from_millis(100);

/// Time that a question waits while as many are answered as may be at once. Then it is answered all the
/// same: one answer takes milliseconds, so this only comes up when the disk hangs.
pub const QUESTION_WAIT: Duration = Duration::from_secs(20);

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

/// How many threads run the rounds that sessions leave. A round waits for its fsync, 10 ms on a slow disk:
/// rooms that one client or a thousand keep busy wait beside each other, and share the disk's commits. A
/// waiting thread takes about 16 KiB.
pub const BROADCASTERS: usize = 16;

/// How many rooms are maintained at once; an fsync takes 10 ms on a slow disk.
pub const MAINTAINED_AT_ONCE: usize = 16;

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

/// The longest wait that a server's `Retry-After` can ask a client for: that of our own server is at most a
/// minute.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// Time for a TCP connection and for the server's answer to the upgrade, each.
pub const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// A server pings every [`PING_EVERY`]; a client that got nothing for this long closes the
/// connection.
pub const SERVER_SILENCE: Duration = Duration::from_secs(50);

/// Messages in a client's send queue; with more, the connection counts as stalled.
pub const CLIENT_QUEUE: usize = 256;

/// Bytes of one WebSocket message a client accepts. The longest is the list of 1,000 rooms, each with
/// a topic of [`TOPIC`] bytes that are all escaped: 2 MiB. A `history` has 256 KiB.
pub const CLIENT_MESSAGE: usize = 4 * 1024 * 1024;

/// Bytes of a text, a server's greeting or the sentence of an error that a client accepts: no client
/// can post a longer text, as its message would exceed [`MESSAGE`].
pub const CLIENT_TEXT: usize = MESSAGE;

/// Bytes of a name, a topic, an away message or the id of a log that a client accepts: more than any of
/// them has, [`AWAY`] bytes at most.
pub const CLIENT_NAME: usize = 1_024;

/// Private rooms that a client lets a server add to those its person joined: twice as many as a server
/// may add ([`ROOMS_PER_CLIENT`]).
pub const CLIENT_INVITATIONS: usize = 2 * ROOMS_PER_CLIENT;

/// Rooms of the person that a client joins because the server lists them: as many as a server has ([`ROOMS`]).
pub const CLIENT_MEMBERSHIPS: usize = ROOMS;

/// Events that a client's caller has not taken yet. With more, the client stops reading until it has:
/// the server sees a slow reader.
pub const CLIENT_EVENTS: usize = 256;

/// Bytes of these events, by an estimate of what their messages take in memory.
pub const CLIENT_EVENT_BYTES: usize = 2 * 1024 * 1024;

/// Lines piped into the console that may wait for the server; while so many do, it reads no more of its input. One is
/// in flight at a time, so two would keep the connection busy; the rest let `tail -f` survive a server that restarts.
pub const PIPED_LINES: usize = 256;
