//! Commands that change a room's log: post, edit, delete, topic, direct messages; and typing.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Session;
use super::queries::unreadable;
use crate::chat::protocol::{ErrorMessage, JoinTarget, Record, RecordKind, ServerMessage};
use crate::chat::{Author, Cid, ErrorCode, Operation, Outcome, RoomName, UserName};
use crate::json;
use crate::limits;
use crate::server::clients::disconnect::Disconnect;
use crate::server::room::{Room, history};
use crate::server::state::private_rooms::Reason;

/// The text of the error while the disk is full, or nearly.
const DISK_FULL: &str = "the server's disk is nearly full: it stores no new messages now; you can still \
                         read, and delete your own";

impl Session {
    /// Submits an operation to a room that the client is in.
    pub(super) fn submit(
        &mut self,
        name: &RoomName,
        cid: Cid,
        operation: Operation,
    ) -> Result<(), Disconnect> {
        match self.joined_room(name) {
            Ok(room) if self.is_current(&room) => self.submit_to(&room, cid, operation),
            Ok(room) => {
                self.leave_room(&room);
                let passed = "this room is not yours any more, join it again";
                self.reject(ErrorMessage::new(ErrorCode::NotJoined, passed).about_cid(cid))
            }
            Err(error) => self.reject(error.about_cid(cid)),
        }
    }

    /// Submits a post to the private room of the client and `to`.
    pub(super) fn submit_direct(
        &mut self,
        to: &UserName,
        cid: Cid,
        operation: Operation,
    ) -> Result<(), Disconnect> {
        match self.open(&JoinTarget::Peer(to.clone()), None) {
            Ok(room) => self.submit_to(&room, cid, operation),
            Err(error) => self.reject(error.about_cid(cid).about_peer(to.clone())),
        }
    }

    fn submit_to(
        &mut self,
        room: &Arc<Room>,
        cid: Cid,
        operation: Operation,
    ) -> Result<(), Disconnect> {
        let (now, bytes) = (Instant::now(), operation.text_bytes() as u64);
        let quota = &self.shared.quotas.posted_bytes;
        let checked =
            self.posts.check(now).and_then(|()| quota.take(self.client.address, bytes, now));
        if let Err(wait) = checked {
            return self.reject_rate_limited(cid, wait);
        }
        let (loaded, wait) = self.load_cids(room);
        match loaded {
            Ok(()) => self.submit_checked(room, cid, operation)?,
            Err(_) => self.reject(unreadable().about_cid(cid))?,
        }
        self.pause(wait)
    }

    /// Reads the room's cids if they are in the log only, as in a room that was idle: up to 10,000 records.
    /// That is a question of the client. Returns also how long it should wait after its submission.
    fn load_cids(&self, room: &Room) -> (io::Result<()>, Duration) {
        if room.has_cids() {
            return (Ok(()), Duration::ZERO);
        }
        let question = self.shared.quotas.questions.begin(self.client.address);
        let loaded = room.load_cids();
        (loaded, question.end(0))
    }

    /// Submits an operation that the rates allow.
    fn submit_checked(
        &mut self,
        room: &Arc<Room>,
        cid: Cid,
        operation: Operation,
    ) -> Result<(), Disconnect> {
        let author = self.client.author();
        let refusal = self.storage_refusal(&operation);
        if refusal.is_some() || !matches!(operation, Operation::Post { .. }) {
            let Ok(earlier) = room.find(&author, &cid, &operation) else {
                return self.reject(unreadable().about_cid(cid));
            };
            if earlier.is_none() {
                if let Some(why) = refusal {
                    return self.reject(ErrorMessage::new(ErrorCode::Storage, why).about_cid(cid));
                }
                if let Some(answered) = self.answer_without_storing(room, &author, &cid, &operation)
                {
                    return answered;
                }
            }
        }
        let reply = if let Operation::Post { reply, .. } = &operation { *reply } else { None };
        // Before the record is stored: else a kill in between would leave a message in a room that is not theirs.
        let is_new_member = room.name.is_private()
            && matches!(operation, Operation::Post { .. })
            && self.become_member(room, Reason::Own);
        let head_before = room.name.is_private().then(|| room.head());
        let at = self.shared.rooms.clock.unix_ms();
        let Ok((outcome, round)) = room.submit(&author, cid.clone(), operation, at) else {
            return self.reject(unreadable().about_cid(cid));
        };
        self.shared.broadcaster.run_round(round);
        if let Some(head) = head_before
            && !matches!(outcome, Outcome::NoSuchTarget | Outcome::CidsUnknown)
        {
            // After the submission: clients that are connected by now are found here, and later ones find the
            // message in the log.
            self.shared.private_rooms.invite_both(room, head);
            self.accept_invitations();
        }
        if is_new_member {
            self.tell_new_member(room); // once the other devices are in the room
        }
        match outcome {
            Outcome::Accepted => {
                if self.posted != Some(author.owner) {
                    self.shared.names.set_posted(author.owner);
                    self.posted = Some(author.owner);
                }
                Ok(())
            }
            Outcome::InFlight => {
                self.shared.metrics.messages.duplicates.count();
                Ok(()) // the broadcast of the record will be the answer
            }
            Outcome::AlreadyStored(seq) => {
                self.shared.metrics.messages.duplicates.count();
                if let Some(json) = history::read_record(room, seq).map(|entry| entry.json) {
                    self.send_json(
                        &under_name(&json, &author.user).unwrap_or_else(|| json.to_string()),
                    );
                }
                Ok(())
            }
            Outcome::CidConflict => {
                let message = "this cid was used for another message, which stays as it is";
                self.reject(ErrorMessage::new(ErrorCode::CidConflict, message).about_cid(cid))
            }
            Outcome::CidsUnknown => self.reject(unreadable().about_cid(cid)),
            Outcome::NoSuchTarget => {
                let seq = reply.unwrap_or_default();
                let message = format!("there is no message #{seq} in this room");
                self.reject(ErrorMessage::new(ErrorCode::NoSuchRecord, message).about_cid(cid))
            }
        }
    }

    /// Why this operation is not stored now, if so. Deletes may use the reserve of the disk: they make room.
    /// A repeat of a stored message takes none.
    fn storage_refusal(&self, operation: &Operation) -> Option<&'static str> {
        let rooms = &self.shared.rooms;
        if rooms.is_lock_lost() {
            return Some("the server cannot store messages now, try again later");
        }
        let is_delete = matches!(operation, Operation::Delete { .. });
        let is_refused = !is_delete && rooms.disk_space.is_full();
        is_refused.then_some(DISK_FULL)
    }

    /// Answers a topic, an edit or a delete that is not stored: one that is refused, and a delete of what is deleted.
    /// A repeat gets the outcome of the first submission, even if its target has changed since.
    fn answer_without_storing(
        &mut self,
        room: &Room,
        author: &Author,
        cid: &Cid,
        operation: &Operation,
    ) -> Option<Result<(), Disconnect>> {
        let Some(target) = operation.target() else {
            let wait = self.topics.check(Instant::now()).err()?;
            return Some(self.reject_rate_limited(cid.clone(), wait));
        };
        let edits = self.shared.config.limits.rooms.edits_per_post;
        if let Err(error) = check_target(author, room, operation, target, edits) {
            return Some(self.reject(error.about_cid(cid.clone())));
        }
        let stored = stored_delete(room, target)?;
        self.shared.metrics.messages.duplicates.count();
        let answer = Record { user: author.user.clone(), cid: cid.clone(), ..stored };
        self.send_json(&answer.encode());
        Some(Ok(()))
    }

    /// The rate limit: the same message may be sent again after `wait`.
    fn reject_rate_limited(&mut self, cid: Cid, wait: Duration) -> Result<(), Disconnect> {
        self.check_flood()?;
        let message = "too many messages at once, send it again in a moment";
        let error = ErrorMessage::new(ErrorCode::RateLimited, message).about_cid(cid);
        self.send(&ServerMessage::Error(error.retry_after(wait)));
        Ok(())
    }

    pub(super) fn send_typing(&mut self, name: &RoomName) -> Result<(), ErrorMessage> {
        let room = self.joined_room(name)?;
        if !self.client.has_presence {
            return Ok(()); // the others do not know that it is there
        }
        let now = Instant::now();
        self.typed.retain(|(_, at)| now - *at < limits::TYPING_EVERY);
        if self.typed.iter().all(|(typed, _)| typed != name) {
            self.typed.push((name.clone(), now));
            self.shared.broadcaster.run_round(room.push_typing(&self.client.author()));
        }
        Ok(())
    }
}

/// The JSON of a record under another name, if it has another one: an author who has changed their name
/// knows the record as their own by its name and its cid. Whose the other name was, says nothing of this one.
fn under_name(json: &str, user: &UserName) -> Option<String> {
    let record = Record::from_json(&json::parse(json).ok()?).ok()??;
    let is_other = record.user != *user;
    is_other.then(|| Record { user: user.clone(), new_owner: false, ..record }.encode())
}

/// The record that has deleted `target`, if one has: a second delete is answered with it, under its own cid, and
/// not stored. It changes nothing, and without end it would fill the log.
fn stored_delete(room: &Room, target: u64) -> Option<Record> {
    let entry = history::read_record(room, room.log.delete_of(target)?)?;
    Record::from_json(&json::parse(&entry.json).ok()?).ok()?
}

/// Whether `author` may edit or delete the record `target`: it must be a post of their own, and not deleted. A
/// post has at most `edits` edits.
fn check_target(
    author: &Author,
    room: &Room,
    operation: &Operation,
    target: u64,
    edits: usize,
) -> Result<(), ErrorMessage> {
    let missing = || {
        let message = format!("there is no message #{target} in this room, or it is deleted");
        ErrorMessage::new(ErrorCode::NoSuchRecord, message)
    };
    let entry = history::read_record(room, target).ok_or_else(missing)?;
    let value = json::parse(&entry.json).ok();
    let record = value.and_then(|value| Record::from_json(&value).ok().flatten());
    let is_edit = matches!(operation, Operation::Edit { .. });
    match record.map(|record| record.kind) {
        Some(RecordKind::Operation(Operation::Post { .. })) => {}
        Some(RecordKind::Erased { edit_of: None }) if !is_edit => {} // a second delete does no harm
        Some(
            RecordKind::Operation(
                Operation::Edit { .. } | Operation::Delete { .. } | Operation::Topic { .. },
            )
            | RecordKind::Erased { .. },
        )
        | None => return Err(missing()),
    }
    let forbidden = |message| Err(ErrorMessage::new(ErrorCode::Forbidden, message));
    if entry.owner != author.owner {
        return forbidden("you can only edit or delete your own messages");
    }
    // Edits that are not stored yet are not counted: a few more may pass.
    if is_edit && room.log.edit_count(target) >= edits {
        return forbidden("this message was edited too often, you can still delete it");
    }
    let page = room.log.newest_page();
    if is_edit && target <= page && room.head().saturating_sub(page) >= limits::EDITS_OF_OLD_POSTS {
        return forbidden("the room has too many changes, older messages cannot be edited now");
    }
    Ok(())
}
