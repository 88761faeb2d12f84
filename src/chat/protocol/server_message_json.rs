//! A server's messages to and from JSON.

use super::client_message::JoinTarget;
use super::fields::{Fields, must_be};
use super::members_json::{
    check_length, push_away, push_name_range, push_names, read_away, read_away_text,
    read_members_list, read_names,
};
use super::record::{Record, RecordId, push_record_id, read_record_id};
use super::server_message::{
    ErrorMessage, Joined, Limits, ListedRoom, MembersList, PresenceChange, RoomInfo, ServerMessage,
    Welcome,
};
use crate::chat::error_code::{ErrorCode, Rejection};
use crate::chat::room_name::RoomName;
use crate::chat::text::AwayMessage;
use crate::chat::user_name::UserName;
use crate::json;
use crate::json::{Object, Value};
use crate::limits;

impl ServerMessage {
    /// The message as JSON.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut object = Object::new();
        match self {
            ServerMessage::Welcome(welcome) => push_welcome(&mut object, welcome),
            ServerMessage::Joined(joined) => push_joined(&mut object, joined),
            ServerMessage::Record(record) => return record.encode(),
            ServerMessage::History { room, records, first } => {
                object.string("type", "history").string("room", room.as_str());
                object.array("records", records.iter().map(Record::encode)).number("first", *first);
            }
            ServerMessage::Found { room, text, records, before, first } => {
                object.string("type", "found").string("room", room.as_str()).string("text", text);
                object.array("records", records.iter().map(Record::encode));
                object.number("before", *before).number("first", *first);
            }
            ServerMessage::Presence { room, change, away, member, count } => {
                object.string("type", "presence").string("room", room.as_str());
                if let Some((user, change)) = change {
                    object.string("user", user.as_str()).string("state", change.as_str());
                }
                if let Some(away) = away {
                    object.string("away", away.as_str());
                }
                if *member {
                    object.boolean("member", true);
                }
                object.number("count", *count);
            }
            ServerMessage::Away { room, user, away } => {
                object.string("type", if away.is_some() { "away" } else { "back" });
                object.string("room", room.as_str()).string("user", user.as_str());
                if let Some(away) = away {
                    object.string("text", away.as_str());
                }
            }
            ServerMessage::Renamed { user, to, token } => {
                object.string("type", "renamed").string("user", user.as_str());
                object.string("to", to.as_str());
                if let Some(token) = token {
                    object.string("token", &token.reveal());
                }
            }
            ServerMessage::Members { room, members, away, list } => {
                object.string("type", "members").string("room", room.as_str());
                if let Some(list) = list {
                    object.string("state", list.state.as_str());
                    push_name_range(&mut object, &list.range);
                }
                push_names(&mut object, "members", members);
                push_away(&mut object, away);
                if let Some(MembersList { here, absent, more, .. }) = list {
                    object.number("here", *here).number("absent", *absent);
                    if *more {
                        object.boolean("more", true);
                    }
                }
            }
            ServerMessage::Rooms { rooms } => {
                object.string("type", "rooms").array("rooms", rooms.iter().map(room_info));
            }
            ServerMessage::Left { room } => {
                object.string("type", "left").string("room", room.as_str());
            }
            ServerMessage::Typing { room, user } => {
                object.string("type", "typing").string("room", room.as_str());
                object.string("user", user.as_str());
            }
            ServerMessage::Membership { room, peer, change, muted } => {
                object.string("type", "membership").string("room", room.as_str());
                push_peer(&mut object, peer.as_ref());
                object.string("state", change.as_str());
                if *muted {
                    object.boolean("muted", true);
                }
            }
            ServerMessage::Marked { room, seq } => {
                object.string("type", "marked").string("room", room.as_str());
                object.number("seq", *seq);
            }
            ServerMessage::Error(error) => push_error(&mut object, error),
            ServerMessage::Other(value) => return value.to_string(),
        }
        object.end()
    }

    /// Reads one message of a server. A `type` this version does not know is [`ServerMessage::Other`].
    ///
    /// # Errors
    /// Text that is not a message of this protocol, in any version: the client must not trust this
    /// connection.
    pub fn parse(text: &str) -> Result<ServerMessage, Rejection> {
        let value = json::parse(text).map_err(|error| {
            Rejection::new(ErrorCode::BadJson, format!("not strict JSON: {error}"))
        })?;
        let message = read(&value)?;
        if message.is_some() {
            check_lengths(&value, "")?;
        }
        Ok(message.unwrap_or(ServerMessage::Other(value)))
    }

    /// The room, seq and id of a record whose type this version does not know. The client counts it:
    /// else the record after it would seem to follow a missing one.
    #[must_use]
    pub fn unknown_record(value: &Value) -> Option<(RoomName, u64, RecordId)> {
        let fields = Fields::of(value).ok()?;
        let room = fields.value("room").ok()?;
        let seq = fields.number("seq").ok()?;
        fields.string("user").ok()?;
        Some((room, seq, RecordId::from_json(value).ok()?))
    }
}

/// Checks the length of each string of a message of a known type. `key` is the field of `value`.
///
/// A client keeps names, topics and away messages for as long as it runs, some thousands of them: a
/// server must not fill its memory with a few that are very long.
fn check_lengths(value: &Value, key: &str) -> Result<(), Rejection> {
    match value {
        Value::Object(members) => {
            members.iter().try_for_each(|(key, value)| check_lengths(value, key))
        }
        Value::Array(items) => items.iter().try_for_each(|item| check_lengths(item, key)),
        Value::String(text) => {
            let max = match key {
                "text" | "motd" | "message" => limits::CLIENT_TEXT,
                "user" | "to" | "peer" | "asked" | "log" | "name" | "room" | "topic" | "server"
                | "cid" | "away" | "members" | "absent_members" | "former" => limits::CLIENT_NAME,
                _ => usize::MAX, // of a later version; it is not kept
            };
            check_length(key, text, max)
        }
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) => Ok(()),
    }
}

/// The message in `value`; `None` where its type is unknown.
fn read(value: &Value) -> Result<Option<ServerMessage>, Rejection> {
    let fields = Fields::of(value)?;
    Ok(Some(match fields.string("type")? {
        "welcome" => ServerMessage::Welcome(read_welcome(fields)?),
        "joined" => ServerMessage::Joined(read_joined(fields)?),
        "history" => ServerMessage::History {
            room: fields.value("room")?,
            records: read_records(fields.list("records")?)?,
            first: fields.number("first")?,
        },
        "found" => ServerMessage::Found {
            room: fields.value("room")?,
            text: fields.string("text")?.to_owned(),
            records: read_records(fields.list("records")?)?,
            before: fields.number("before")?,
            first: fields.number("first")?,
        },
        "presence" => ServerMessage::Presence {
            room: fields.value("room")?,
            change: read_change(fields)?,
            away: fields.optional_string("away")?.map(AwayMessage::from_trusted),
            member: fields.flag("member")?,
            count: fields.number("count")?,
        },
        "away" => ServerMessage::Away {
            room: fields.value("room")?,
            user: UserName::from_trusted(fields.string("user")?),
            away: Some(
                read_away_text(fields, "text")?.unwrap_or_else(|| AwayMessage::from_trusted("")),
            ),
        },
        "back" => ServerMessage::Away {
            room: fields.value("room")?,
            user: UserName::from_trusted(fields.string("user")?),
            away: None,
        },
        "renamed" => ServerMessage::Renamed {
            user: UserName::from_trusted(fields.string("user")?),
            to: UserName::from_trusted(fields.string("to")?),
            token: fields.optional_value("token")?,
        },
        "members" => ServerMessage::Members {
            room: fields.value("room")?,
            members: read_names(fields.list("members")?, "members")?,
            away: read_away(fields)?,
            list: read_members_list(fields)?,
        },
        "rooms" => ServerMessage::Rooms {
            rooms: fields.list("rooms")?.iter().map(read_room_info).collect::<Result<_, _>>()?,
        },
        "left" => ServerMessage::Left { room: fields.value("room")? },
        "typing" => ServerMessage::Typing {
            room: fields.value("room")?,
            user: UserName::from_trusted(fields.string("user")?),
        },
        "membership" => ServerMessage::Membership {
            room: fields.value("room")?,
            peer: read_peer(fields)?,
            change: read_state(fields)?,
            muted: fields.flag("muted")?,
        },
        "marked" => {
            ServerMessage::Marked { room: fields.value("room")?, seq: fields.number("seq")? }
        }
        "error" => ServerMessage::Error(ErrorMessage {
            code: ErrorCode::from_wire(fields.string("code")?),
            message: fields.string("message")?.to_owned().into(),
            cid: fields.optional_value("cid")?,
            room: fields.optional_value("room")?,
            peer: read_peer(fields)?,
            retry_ms: fields.optional_number("retry_ms")?,
        }),
        _ => return Ok(Record::from_json(value)?.map(ServerMessage::Record)),
    }))
}

fn read_welcome(fields: Fields<'_>) -> Result<Welcome, Rejection> {
    let limits = Fields::of(fields.raw("limits").unwrap_or(&Value::Null))?;
    Ok(Welcome {
        user: UserName::from_trusted(fields.string("user")?),
        former: match fields.optional_list("former")? {
            Some(former) => read_names(former, "former")?,
            None => Vec::new(),
        },
        token: fields.value("token")?,
        server: fields.string("server")?.to_owned(),
        limits: Limits {
            text: limits.number("text")?,
            rate: limits.number("rate")?,
            burst: limits.number("burst")?,
            page: limits.number("page")?,
        },
        motd: fields.optional_string("motd")?.map(str::to_owned),
        away: fields.optional_string("away")?.map(AwayMessage::from_trusted),
        rooms: fields
            .optional_list("rooms")?
            .map(|rooms| rooms.iter().map(read_listed_room).collect())
            .transpose()?,
    })
}

fn push_welcome(object: &mut Object, welcome: &Welcome) {
    let Limits { text, rate, burst, page } = welcome.limits;
    let mut limits = Object::new();
    limits.number("text", text).number("rate", rate).number("burst", burst).number("page", page);
    object.string("type", "welcome").string("user", welcome.user.as_str());
    object.string("token", &welcome.token.reveal()).string("server", &welcome.server);
    object.raw("limits", &limits.end());
    if !welcome.former.is_empty() {
        push_names(object, "former", &welcome.former);
    }
    if let Some(motd) = &welcome.motd {
        object.string("motd", motd);
    }
    if let Some(away) = &welcome.away {
        object.string("away", away.as_str());
    }
    if let Some(rooms) = &welcome.rooms {
        object.array("rooms", rooms.iter().map(listed_room));
    }
}

fn read_joined(fields: Fields<'_>) -> Result<Joined, Rejection> {
    Ok(Joined {
        room: fields.value("room")?,
        peer: read_peer(fields)?,
        asked: fields.optional_string("asked")?.map(read_asked).transpose()?,
        log: fields.string("log")?.to_owned(),
        first: fields.number("first")?,
        head: fields.number("head")?,
        since: fields.number("since")?,
        record: read_record_id(fields)?,
        reset: fields.flag("reset")?,
        damaged: fields.flag("damaged")?,
        topic: fields.optional_string("topic")?.map(str::to_owned),
        marked: fields.optional_number("marked")?,
        count: fields.number("count")?,
        members: fields
            .optional_list("members")?
            .map(|members| read_names(members, "members"))
            .transpose()?,
        away: read_away(fields)?,
        absent: fields.optional_number("absent")?,
        absent_members: fields
            .optional_list("absent_members")?
            .map(|members| read_names(members, "absent_members"))
            .transpose()?,
    })
}

/// A name that is none is left out: it is shown where no text of a stranger is expected.
fn read_peer(fields: Fields<'_>) -> Result<Option<UserName>, Rejection> {
    Ok(fields.optional_string("peer")?.and_then(|peer| peer.parse().ok()))
}

/// A name is of a person, or begins with `@`: then it is one that earlier versions gave a private room.
fn read_asked(text: &str) -> Result<JoinTarget, Rejection> {
    if text.starts_with('@') {
        return text.parse().map(JoinTarget::Room);
    }
    text.parse().map(JoinTarget::Peer)
}

fn push_joined(object: &mut Object, joined: &Joined) {
    object.string("type", "joined").string("room", joined.room.as_str());
    push_peer(object, joined.peer.as_ref());
    match &joined.asked {
        Some(JoinTarget::Room(room)) => {
            object.string("asked", room.as_str());
        }
        Some(JoinTarget::Peer(user)) => {
            object.string("asked", user.as_str());
        }
        None => {}
    }
    object.string("log", &joined.log).number("first", joined.first).number("head", joined.head);
    object.number("since", joined.since);
    push_record_id(object, joined.record.as_ref());
    object.boolean("reset", joined.reset);
    if joined.damaged {
        object.boolean("damaged", true);
    }
    if let Some(topic) = &joined.topic {
        object.string("topic", topic);
    }
    if let Some(marked) = joined.marked {
        object.number("marked", marked);
    }
    object.number("count", joined.count);
    if let Some(members) = &joined.members {
        push_names(object, "members", members);
    }
    push_away(object, &joined.away);
    if let Some(absent) = joined.absent {
        object.number("absent", absent);
    }
    if let Some(members) = &joined.absent_members {
        push_names(object, "absent_members", members);
    }
}

fn push_peer(object: &mut Object, peer: Option<&UserName>) {
    if let Some(peer) = peer {
        object.string("peer", peer.as_str());
    }
}

fn push_error(object: &mut Object, error: &ErrorMessage) {
    object.string("type", "error").string("code", error.code.as_str());
    object.string("message", &error.message);
    if let Some(cid) = &error.cid {
        object.string("cid", cid.as_str());
    }
    if let Some(room) = &error.room {
        object.string("room", room.as_str());
    }
    push_peer(object, error.peer.as_ref());
    if let Some(retry_ms) = error.retry_ms {
        object.number("retry_ms", retry_ms);
    }
}

/// The records of a page. Those of a type this version does not know are left out.
fn read_records(items: &[Value]) -> Result<Vec<Record>, Rejection> {
    items.iter().filter_map(|item| Record::from_json(item).transpose()).collect()
}

fn read_change(fields: Fields<'_>) -> Result<Option<(UserName, PresenceChange)>, Rejection> {
    let Some(user) = fields.optional_string("user")? else { return Ok(None) };
    Ok(Some((UserName::from_trusted(user), read_state(fields)?)))
}

fn read_state(fields: Fields<'_>) -> Result<PresenceChange, Rejection> {
    match fields.string("state")? {
        "joined" => Ok(PresenceChange::Joined),
        "left" => Ok(PresenceChange::Left),
        _ => Err(must_be("state", "\"joined\" or \"left\"")),
    }
}

fn read_listed_room(item: &Value) -> Result<ListedRoom, Rejection> {
    let fields = Fields::of(item)?;
    Ok(ListedRoom {
        room: fields.value("room")?,
        peer: read_peer(fields)?,
        is_muted: fields.flag("muted")?,
    })
}

fn listed_room(one: &ListedRoom) -> String {
    let mut object = Object::new();
    object.string("room", one.room.as_str());
    push_peer(&mut object, one.peer.as_ref());
    if one.is_muted {
        object.boolean("muted", true);
    }
    object.end()
}

fn read_room_info(item: &Value) -> Result<RoomInfo, Rejection> {
    let fields = Fields::of(item)?;
    Ok(RoomInfo {
        name: fields.value("name")?,
        peer: read_peer(fields)?,
        head: fields.number("head")?,
        members: fields.number("members")?,
        topic: fields.optional_string("topic")?.map(str::to_owned),
    })
}

fn room_info(room: &RoomInfo) -> String {
    let mut object = Object::new();
    object.string("name", room.name.as_str());
    push_peer(&mut object, room.peer.as_ref());
    object.number("head", room.head);
    object.number("members", room.members);
    if let Some(topic) = &room.topic {
        object.string("topic", topic);
    }
    object.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(message: &str) -> Result<ServerMessage, Rejection> {
        ServerMessage::parse(message)
    }

    #[test]
    fn a_server_cannot_send_names_texts_or_lists_without_end() {
        let error = |length: usize| {
            let text = "x".repeat(length);
            format!(r#"{{"type":"error","code":"forbidden","message":"{text}"}}"#)
        };
        assert!(parse(&error(limits::CLIENT_TEXT)).is_ok());
        assert!(parse(&error(limits::CLIENT_TEXT + 1)).is_err());
        let long = "x".repeat(limits::CLIENT_NAME + 1);
        let around = [
            r#"{"type":"typing","room":"a","user":"…"}"#,
            r#"{"type":"renamed","user":"a","to":"…"}"#,
            r#"{"type":"away","room":"a","user":"a","text":"…"}"#,
            r#"{"type":"members","room":"a","members":["a","…"]}"#,
            r#"{"type":"members","room":"a","members":[],"away":[{"user":"a","text":"…"}]}"#,
            r#"{"type":"rooms","rooms":[{"name":"a","head":1,"members":1,"topic":"…"}]}"#,
            r#"{"type":"post","room":"a","seq":1,"at":1,"user":"…","cid":"c","text":"a"}"#,
        ];
        for message in around {
            assert!(parse(&message.replace('…', "ok")).is_ok(), "{message}");
            let said = parse(&message.replace('…', &long)).unwrap_err().to_string();
            assert!(said.contains("1025 bytes"), "{message}: {said}");
        }
        let other = r#"{"type":"new","user":"…"}"#.replace('…', &long);
        assert!(matches!(parse(&other), Ok(ServerMessage::Other(_))), "of a later version");
    }
}
