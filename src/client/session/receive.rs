//! What the session's machine makes of a server's message.

use std::time::Duration;

use super::{Nick, Output, Session, Standing};
use crate::chat::protocol::{ClientMessage, ErrorMessage, Record, ServerMessage};
use crate::chat::{ErrorCode, RoomName, Token, UserName};
use crate::client::subscriptions::{Fit, Verdict};

/// The wait before a line comes again where a `rate_limited` names none.
const REST: Duration = Duration::from_secs(1);

/// The close code for a server that keeps records from us (RFC 6455 §7.4.1: a protocol error).
const DISTRUST: u16 = 1002;

impl Session {
    pub(super) fn hear(&mut self, reply: ServerMessage, out: &mut Vec<Output>) {
        match &reply {
            ServerMessage::Record(record) => return self.hear_record(record.clone(), out),
            ServerMessage::Error(_) => return self.hear_error(reply, out),
            ServerMessage::Welcome(welcome) => {
                self.link = Standing::Welcome;
                self.identity.user = welcome.user.clone();
                self.identity.token = Some(welcome.token.clone());
            }
            ServerMessage::Joined(joined) => match self.places.join(joined) {
                Fit::Unasked => return,
                Fit::GoesOn => {}
                Fit::Reset => self.reset(&joined.room, out),
                Fit::Gap { first } => out.push(Output::Gap { room: joined.room.clone(), first }),
            },
            ServerMessage::Renamed { user, to, token } => {
                self.hear_renamed(user, to, token.as_ref());
            }
            ServerMessage::Left { room } => {
                if !self.places.is_asked(room) {
                    self.places.forget(room); // a room asked for again is not the one that was left
                }
            }
            ServerMessage::Other(message) => {
                if let Some((room, seq)) = ServerMessage::unknown_record(message)
                    && !self.take_place(&room, seq, out)
                {
                    return;
                }
            }
            ServerMessage::History { .. }
            | ServerMessage::Found { .. }
            | ServerMessage::Presence { .. }
            | ServerMessage::Away { .. }
            | ServerMessage::Members { .. }
            | ServerMessage::Rooms { .. }
            | ServerMessage::Marked { .. }
            | ServerMessage::Typing { .. } => {}
        }
        out.push(Output::Notice(reply));
    }

    /// What was shown of a room is of another log, and so is what edits, deletes and answers meant.
    fn reset(&mut self, room: &RoomName, out: &mut Vec<Output>) {
        out.push(Output::Reset(room.clone()));
        out.extend(self.outbox.fail_strays(room).into_iter().map(|cid| Output::Failed {
            cid,
            code: ErrorCode::NoSuchRecord,
            message: String::from("the room has begun anew, and the line it was about is gone"),
        }));
    }

    /// A record of our own name and cid proves its line stored, whether or not it is shown. One
    /// beyond a hole comes again when the hole is filled, and settles its line then.
    fn hear_record(&mut self, record: Record, out: &mut Vec<Output>) {
        let is_ours = record.user.is_same_claim(&self.identity.user);
        let verdict = self.places.place(&record.room, record.seq);
        match verdict {
            Verdict::Next | Verdict::Repeat | Verdict::Elsewhere => {
                if is_ours && self.outbox.settle(&record.room, &record.cid) {
                    out.push(Output::Stored { cid: record.cid.clone(), seq: record.seq });
                }
                if verdict == Verdict::Next {
                    out.push(Output::Record(record));
                }
            }
            Verdict::Hole(_) | Verdict::HoleAsked | Verdict::HoleStays => refuse(verdict, out),
        }
    }

    /// Whether a record of an unknown type is the room's next.
    fn take_place(&mut self, room: &RoomName, seq: u64, out: &mut Vec<Output>) -> bool {
        let verdict = self.places.place(room, seq);
        let is_next = verdict == Verdict::Next;
        refuse(verdict, out);
        is_next
    }

    /// An error that names the line in flight settles it; any other is news. One that names a room
    /// asked for refuses the join; one that names nothing answers a nick, if one was asked.
    fn hear_error(&mut self, reply: ServerMessage, out: &mut Vec<Output>) {
        let ServerMessage::Error(ErrorMessage { code, message, cid, room, retry_ms }) = &reply
        else {
            return;
        };
        match cid {
            Some(cid) if self.outbox.is_in_flight(cid) => {
                if *code == ErrorCode::RateLimited {
                    self.outbox.rest();
                    out.push(Output::AgainIn(retry_ms.map_or(REST, Duration::from_millis)));
                } else {
                    self.outbox.fail();
                    let (cid, message) = (cid.clone(), message.to_string());
                    out.push(Output::Failed { cid, code: *code, message });
                }
                return;
            }
            Some(_) => {}
            None => match room {
                Some(room) if self.places.is_asked(room) => {
                    self.places.forget(room);
                }
                Some(_) => {}
                None => self.end_nick(),
            },
        }
        out.push(Output::Notice(reply));
    }

    fn hear_renamed(&mut self, user: &UserName, to: &UserName, token: Option<&Token>) {
        if token.is_none() && !user.is_same_claim(&self.identity.user) {
            return;
        }
        self.identity.user = to.clone();
        if token.is_some() || !user.is_same_claim(to) {
            self.identity.token = token.cloned(); // the old name's token does not hold the new name
        }
        self.end_nick();
    }

    /// The new name asked for is answered.
    fn end_nick(&mut self) {
        if let Nick::Asked { next, .. } = &mut self.nick {
            self.nick = next.take().map_or(Nick::Content, Nick::Wanted);
        }
    }
}

/// What is done about a hole.
fn refuse(verdict: Verdict, out: &mut Vec<Output>) {
    match verdict {
        Verdict::Hole(join) => out.push(Output::Send(ClientMessage::Join(join))),
        Verdict::HoleStays => out.push(Output::HangUp(DISTRUST)),
        Verdict::HoleAsked | Verdict::Next | Verdict::Repeat | Verdict::Elsewhere => {}
    }
}
