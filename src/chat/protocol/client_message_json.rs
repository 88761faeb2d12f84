//! A client's messages to and from JSON.

use super::client_message::{
    Agent, ClientMessage, HistoryRange, Join, JoinTarget, MembersQuery, Since,
};
use super::fields::{Fields, WHOLE_NUMBER, must_be, number};
use super::members_json::{push_name_range, read_member_state, read_name_range};
use super::operation_json::read_kind;
use super::record::{push_record_id, read_record_id};
use super::server_message::ErrorMessage;
use crate::chat::error_code::{ErrorCode, Rejection};
use crate::chat::operation::Operation;
use crate::chat::room_name::RoomName;
use crate::chat::secrets::{Password, Token};
use crate::chat::text::{AwayMessage, Text};
use crate::json;
use crate::json::{Object, Value};
use crate::limits;

impl ClientMessage {
    /// Reads one message of a client whose texts may have `max_text` bytes, within `limits` on its JSON.
    ///
    /// # Errors
    /// The `error` to answer, for text that is not a message of this protocol.
    pub fn parse(
        text: &str,
        max_text: usize,
        limits: json::Limits,
    ) -> Result<ClientMessage, ErrorMessage> {
        let value = json::parse_within(text, limits).map_err(|error| {
            ErrorMessage::new(ErrorCode::BadJson, format!("not strict JSON: {error}"))
        })?;
        read(&value, max_text).map_err(|rejection| {
            let is_join = value.get("type").and_then(Value::as_str) == Some("join");
            let cid = if is_join { None } else { field_of(&value, "cid") }; // there it is of another message
            let room = if cid.is_none() { field_of(&value, "room") } else { None };
            let peer = if is_join && room.is_none() { field_of(&value, "peer") } else { None };
            ErrorMessage { cid, room, peer, ..rejection.into() }
        })
    }

    /// Only the operation of a stored submission, whatever its room is called.
    #[must_use]
    pub fn parse_operation(value: &Value, max_text: usize) -> Option<Operation> {
        let fields = Fields::of(value).ok()?;
        Operation::read(fields.string("type").ok()?, fields, max_text).ok()?
    }

    /// The message as JSON.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut object = Object::new();
        match self {
            ClientMessage::Hello { user, token, password, agent, presence, rooms, join } => {
                object.string("type", "hello").string("user", user.as_str());
                push_token(&mut object, token.as_ref());
                if let Some(password) = password {
                    object.string("password", password.reveal());
                }
                if let Some(agent) = agent {
                    object.string("agent", agent.as_str());
                }
                if !presence {
                    object.boolean("presence", false);
                }
                if *rooms {
                    object.boolean("rooms", true);
                }
                if !join.is_empty() {
                    object.array("join", join.iter().map(|join| push_join(Object::new(), join)));
                }
            }
            ClientMessage::Join(join) => {
                object.string("type", "join");
                return push_join(object, join);
            }
            ClientMessage::Leave { room } => push_room(&mut object, "leave", room),
            ClientMessage::Submit { room, cid, operation } => {
                push_room(&mut object, operation.name(), room);
                object.string("cid", cid.as_str());
                return finish(object, |out| operation.push_fields(out));
            }
            ClientMessage::Direct { to, cid, text, me, reply } => {
                object.string("type", "direct").string("to", to.as_str());
                object.string("cid", cid.as_str()).string("text", text.as_str());
                if *me {
                    object.string("kind", "me");
                }
                if let Some(seq) = reply {
                    object.number("reply", *seq);
                }
            }
            ClientMessage::History { room, range, limit, edits } => {
                push_room(&mut object, "history", room);
                match range {
                    HistoryRange::Before(seq) => object.number("before", *seq),
                    HistoryRange::After(seq) => object.number("after", *seq),
                    HistoryRange::At(time) => object.number("at", *time),
                };
                object.number("limit", *limit as u64);
                if *edits {
                    object.boolean("edits", true);
                }
            }
            ClientMessage::Search { room, text, before } => {
                push_room(&mut object, "search", room);
                object.string("text", text);
                if let Some(seq) = before {
                    object.number("before", *seq);
                }
            }
            ClientMessage::Who { room, query } => {
                push_room(&mut object, "who", room);
                if let Some(MembersQuery { state, range, limit }) = query {
                    object.string("state", state.as_str());
                    push_name_range(&mut object, range);
                    object.number("limit", *limit as u64);
                }
            }
            ClientMessage::Rooms => {
                object.string("type", "rooms");
            }
            ClientMessage::Nick { user, token } => {
                object.string("type", "nick").string("user", user.as_str());
                push_token(&mut object, token.as_ref());
            }
            ClientMessage::Away(Some(away)) => {
                object.string("type", "away").string("text", away.as_str());
            }
            ClientMessage::Away(None) => {
                object.string("type", "back");
            }
            ClientMessage::Typing { room } => push_room(&mut object, "typing", room),
            ClientMessage::Mute { room, muted } => {
                push_room(&mut object, "mute", room);
                object.boolean("muted", *muted);
            }
            ClientMessage::Mark { room, seq } => {
                push_room(&mut object, "mark", room);
                object.number("seq", *seq);
            }
        }
        object.end()
    }
}

fn read(value: &Value, max_text: usize) -> Result<ClientMessage, Rejection> {
    let fields = Fields::of(value)?;
    Ok(match fields.string("type")? {
        "hello" => ClientMessage::Hello {
            user: fields.value("user")?,
            token: fields.optional_value("token")?,
            password: fields.optional_string("password")?.map(Password::new),
            agent: fields.optional_string("agent")?.map(Agent::from_wire),
            presence: fields.optional_flag("presence")?.unwrap_or(true),
            rooms: fields.flag("rooms")?,
            join: read_joins(fields)?,
        },
        "join" => ClientMessage::Join(read_join(fields)?),
        "leave" => ClientMessage::Leave { room: fields.value("room")? },
        "direct" => ClientMessage::Direct {
            to: fields.value("to")?,
            cid: fields.value("cid")?,
            text: Text::parse(fields.string("text")?, max_text)?,
            me: read_kind(fields)?,
            reply: fields.optional_number("reply")?,
        },
        "history" => read_history(fields)?,
        "search" => ClientMessage::Search {
            room: fields.value("room")?,
            text: read_search_text(fields)?,
            before: fields.optional_number("before")?,
        },
        "who" => {
            ClientMessage::Who { room: fields.value("room")?, query: read_members_query(fields)? }
        }
        "rooms" => ClientMessage::Rooms,
        "nick" => ClientMessage::Nick {
            user: fields.value("user")?,
            token: fields.optional_value("token")?,
        },
        "away" => ClientMessage::Away(Some(AwayMessage::parse(
            fields.optional_string("text")?.unwrap_or_default(),
        )?)),
        "back" => ClientMessage::Away(None),
        "typing" => ClientMessage::Typing { room: fields.value("room")? },
        "mute" => {
            let muted = fields.optional_flag("muted")?.ok_or(must_be("muted", "true or false"))?;
            ClientMessage::Mute { room: fields.value("room")?, muted }
        }
        "mark" => ClientMessage::Mark { room: fields.value("room")?, seq: fields.number("seq")? },
        name => match Operation::read(name, fields, max_text)? {
            Some(operation) => ClientMessage::Submit {
                room: fields.value("room")?,
                cid: fields.value("cid")?,
                operation,
            },
            None => {
                return Err(Rejection::new(ErrorCode::UnknownType, "no message has this `type`"));
            }
        },
    })
}

fn read_joins(fields: Fields<'_>) -> Result<Vec<Join>, Rejection> {
    let joins = fields.optional_list("join")?.unwrap_or_default();
    joins.iter().map(|join| read_join(Fields::of(join)?)).collect()
}

fn read_join(fields: Fields<'_>) -> Result<Join, Rejection> {
    let since = match fields.raw("since") {
        None => Since::Newest,
        Some(value) if value.as_str() == Some("now") => Since::Now,
        Some(value) => Since::After(
            number(value).ok_or(must_be("since", "\"now\" or a whole number from 0 to 2^53-1"))?,
        ),
    };
    let log = fields.optional_string("log")?.map(str::to_owned);
    let target = match (fields.raw("room"), fields.optional_value("peer")?) {
        (None, Some(user)) => JoinTarget::Peer(user),
        (Some(_), Some(_)) => return Err(must_be("peer", "absent where `room` is given")),
        (_, None) => JoinTarget::Room(fields.value("room")?),
    };
    let (record, resume) = (read_record_id(fields)?, fields.flag("resume")?);
    Ok(Join { target, since, log, record, resume })
}

fn read_history(fields: Fields<'_>) -> Result<ClientMessage, Rejection> {
    let [before, after, at] = ["before", "after", "at"].map(|key| fields.optional_number(key));
    let range = match (before?, after?, at?) {
        (Some(before), None, None) => HistoryRange::Before(before),
        (None, Some(after), None) => HistoryRange::After(after),
        (None, None, Some(at)) => HistoryRange::At(at),
        (None, None, None) => {
            return Err(must_be("before", &format!("{WHOLE_NUMBER}, or `after` or `at` given")));
        }
        _ => {
            let rule = "the only one of `before`, `after` and `at`, or absent";
            return Err(must_be("before", rule));
        }
    };
    let limit = read_limit(fields, limits::HISTORY_PAGE, limits::HISTORY_PAGE_MAX)?;
    let edits = fields.flag("edits")?;
    Ok(ClientMessage::History { room: fields.value("room")?, range, limit, edits })
}

/// The `limit` of a page: 1 to `max`; without one, `default`.
fn read_limit(fields: Fields<'_>, default: usize, max: usize) -> Result<usize, Rejection> {
    let Some(limit) = fields.optional_number("limit")? else { return Ok(default) };
    let limit = usize::try_from(limit).ok().filter(|limit| (1..=max).contains(limit));
    limit.ok_or(must_be("limit", &format!("a whole number from 1 to {max}")))
}

/// Without a `state` it is the question of earlier versions, which has no other field.
fn read_members_query(fields: Fields<'_>) -> Result<Option<MembersQuery>, Rejection> {
    if fields.raw("state").is_none() {
        return Ok(None);
    }
    Ok(Some(MembersQuery {
        state: read_member_state(fields)?,
        range: read_name_range(fields)?,
        limit: read_limit(fields, limits::MEMBERS_PAGE, limits::MEMBERS_PAGE_MAX)?,
    }))
}

fn read_search_text(fields: Fields<'_>) -> Result<String, Rejection> {
    let text = fields.string("text")?;
    match text.len() {
        0 => {
            Err(Rejection::new(ErrorCode::BadText, "`text` is empty: give the words to search for"))
        }
        1..=limits::SEARCH_WORDS => Ok(text.to_owned()),
        _ => {
            let limit = limits::SEARCH_WORDS;
            Err(Rejection::new(ErrorCode::TooLong, format!("`text` has more than {limit} bytes")))
        }
    }
}

/// The object with the fields that `push` appends, each with a comma in front.
fn finish(mut object: Object, push: impl FnOnce(&mut String)) -> String {
    let mut json = object.end();
    json.pop();
    push(&mut json);
    json.push('}');
    json
}

/// The field `key` of a rejected message, if it is valid.
fn field_of<T: std::str::FromStr>(value: &Value, key: &str) -> Option<T> {
    value.get(key)?.as_str()?.parse().ok()
}

fn push_room(object: &mut Object, kind: &str, room: &RoomName) {
    object.string("type", kind).string("room", room.as_str());
}

fn push_token(object: &mut Object, token: Option<&Token>) {
    if let Some(token) = token {
        object.string("token", &token.reveal());
    }
}

/// Adds the fields of a join to `object` and ends it.
fn push_join(mut object: Object, join: &Join) -> String {
    match &join.target {
        JoinTarget::Room(room) => object.string("room", room.as_str()),
        JoinTarget::Peer(user) => object.string("peer", user.as_str()),
    };
    match join.since {
        Since::Newest => {}
        Since::Now => {
            object.string("since", "now");
        }
        Since::After(seq) => {
            object.number("since", seq);
        }
    }
    if let Some(log) = &join.log {
        object.string("log", log);
    }
    push_record_id(&mut object, join.record.as_ref());
    if join.resume {
        object.boolean("resume", true);
    }
    object.end()
}
