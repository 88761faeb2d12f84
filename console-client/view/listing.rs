//! Lists that the person asks for: messages with their numbers, rooms, members, the topic.

use talk::chat::AwayMember;
use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::Record;
use talk::chat::protocol::RecordKind;
use talk::chat::protocol::RoomInfo;
use talk::time;

use super::display::rooms::RoomList;
use super::format;
use super::format::RecordStyle;
use super::member_questions::MemberQuestion;
use crate::room::Room;
use crate::text::line::Line;

/// Messages that `/reply` lists.
const REPLY_CHOICES: usize = 10;

/// Older records of a room, each with its number.
pub(super) fn history(
    name: &RoomName,
    room: Option<&Room>,
    records: &[Record],
    style: &RecordStyle<'_>,
) -> Vec<Line> {
    let label = format::room(name, room.and_then(|room| room.peer.as_ref()), style.me);
    if records.is_empty() {
        return vec![format::notice(&format!("no older messages in {label}"))];
    }
    let older = if records.len() == 1 { "older message" } else { "older messages" };
    let mut lines = vec![format::notice(&format!("{} {older} in {label}", records.len()))];
    lines.extend(numbered(room, records, style));
    lines.push(format::notice("end of older messages"));
    lines
}

/// What a search has found, oldest first. `is_complete`: nothing older is left to search.
pub(super) fn found(
    name: &RoomName,
    room: Option<&Room>,
    text: &str,
    records: &[Record],
    is_complete: bool,
    style: &RecordStyle<'_>,
) -> Vec<Line> {
    let label = format::room(name, room.and_then(|room| room.peer.as_ref()), style.me);
    let count = format::messages(records.len() as u64);
    let more = if is_complete { "" } else { "; there may be older ones" };
    let mut lines = vec![format::notice(&format!("{count} with {text:?} in {label}{more}"))];
    lines.extend(numbered(room, records, style));
    if !records.is_empty() {
        lines.push(format::notice("end of search results"));
    }
    lines
}

/// Records under their days, each with its number.
fn numbered(room: Option<&Room>, records: &[Record], style: &RecordStyle<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut last = None;
    for record in records.iter().filter(|record| style.shows(record)) {
        let day = time::day(style.clock.local(record.at));
        if last.replace(day) != Some(day) {
            lines.push(format::day(day));
        }
        if let RecordKind::Operation(Operation::Post { reply: Some(seq), .. }) = &record.kind {
            lines.push(format::reply_to(*seq, room.and_then(|room| room.posts.find(*seq))));
        }
        let line = format::numbered(record, &style.stamp(record), style.me);
        lines.push(line.folded(record.seq));
    }
    lines
}

/// Our messages in a room, with their numbers.
pub(crate) fn own_posts(room: &Room, me: &UserName) -> Vec<Line> {
    let rows = room.own_posts.iter().map(|(seq, text)| format::item(&format!("#{seq} {text}")));
    let rows: Vec<Line> = rows.collect();
    let what = if rows.is_empty() { "no recent messages of yours" } else { "your messages" };
    with_title(what, room, me, rows)
}

/// The newest messages of a room, with their numbers.
pub(crate) fn newest_posts(room: &Room, me: &UserName) -> Vec<Line> {
    let seqs = room.posts.newest(REPLY_CHOICES);
    let found = seqs.iter().filter_map(|seq| Some((*seq, room.posts.find(*seq)?)));
    let rows: Vec<Line> = found.map(|(seq, post)| format::reply_choice(seq, post)).collect();
    let what = if rows.is_empty() { "no recent messages" } else { "the newest messages" };
    with_title(what, room, me, rows)
}

fn with_title(what: &str, room: &Room, me: &UserName, rows: Vec<Line>) -> Vec<Line> {
    let label = format::room(&room.name, room.peer.as_ref(), me);
    let title = format!("{what} in {label}; /history shows numbers of older ones");
    std::iter::once(format::notice(&title)).chain(rows).collect()
}

/// The topic of a room.
pub(crate) fn topic(room: &Room, me: &UserName) -> Vec<Line> {
    let label = format::room(&room.name, room.peer.as_ref(), me);
    let text = match &room.topic {
        Some(topic) => format!("{label}: {topic}"),
        None => format!("{label} has no topic (/topic TEXT sets one)"),
    };
    vec![format::notice(&text)]
}

/// The rooms of the server; ours with their numbers, which Alt-1 to Alt-9 switch to.
pub(super) fn rooms(rooms: Vec<RoomInfo>, ours: &RoomList, me: &UserName) -> Vec<Line> {
    let row = |room: RoomInfo| {
        let mark = match ours.position(&room.name) {
            Some(at) => format!("[{}]", at + 1),
            None => String::new(),
        };
        let label = format!("{mark:4} {}", format::room(&room.name, room.peer.as_ref(), me));
        let topic = room.topic.map_or(String::new(), |topic| format!(" · {topic}"));
        let (people, messages) = (format::people(room.members), format::messages(room.head));
        format::item(&format!("{label} · {people} · {messages}{topic}"))
    };
    let title = "rooms; yours have a number: Alt-1 switches to [1]";
    std::iter::once(format::notice(title)).chain(rooms.into_iter().map(row)).collect()
}

/// The people in a room, of whom an earlier server tells only those who are here.
pub(super) fn whole_answer(
    label: &str,
    question: &MemberQuestion,
    members: &[UserName],
    away: &[AwayMember],
) -> Line {
    let fitting = members.iter().filter(|user| question.fits(user));
    let names: Vec<String> = fitting.map(|user| format::member(user, away)).collect();
    let people = format::people(names.len() as u64);
    let list = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    let which = which(question);
    format::notice(&format!("{people} in {label}{which}{list}"))
}

/// ` whose names begin with jo`, if only those are asked for.
fn which(question: &MemberQuestion) -> String {
    let prefix = question.prefix.as_ref();
    prefix.map_or(String::new(), |prefix| format!(" whose names begin with {prefix}"))
}

/// The members of a room: those who are here, and those who are not. A private room has no such list.
pub(super) fn answer(label: &str, question: &MemberQuestion) -> Vec<Line> {
    let mut lines = vec![format::notice(&format!("people in {label}{}", which(question)))];
    let here = question.here.iter().map(|page| ("Here", page.list.here, page));
    let absent = question.absent.iter().filter(|_| !question.room.is_private());
    let absent = absent.map(|page| ("Not here", page.list.absent, page));
    for (title, total, page) in here.chain(absent) {
        let listed = page.names.len() as u64;
        let count = match question.prefix {
            Some(_) if listed < total => {
                format!("{} of {}", format::grouped(listed), format::grouped(total))
            }
            Some(_) | None => format::grouped(total),
        };
        let names = page.names.iter().map(|user| format::member(user, &page.away));
        let names = names.collect::<Vec<String>>().join(", ");
        let row = format!("{title} ({count}): {names}");
        lines.push(format::item(row.trim_end_matches([':', ' '])).unfolded());
        if page.list.more {
            let more = match question.prefix {
                Some(_) => "and more: /who with a longer PREFIX".to_owned(),
                None => {
                    let more = format::grouped(total.saturating_sub(listed));
                    format!("and {more} more: /who PREFIX")
                }
            };
            lines.push(format::item(&more));
        }
    }
    lines
}
