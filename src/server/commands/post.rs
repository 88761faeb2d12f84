//! What a client does to a room's log, and what it lets the others know beside.
//!
//! Room: one session. Whether an edit or a delete may be done is judged here, by the record it is about.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Session, about_cid, refused};
use crate::chat::protocol::{Kind, Record, Refused, ServerMessage};
use crate::chat::{Author, Cid, ErrorCode, Operation, Outcome, RoomName, UserName};
use crate::json;
use crate::limits;
use crate::server::clients::disconnect::Disconnect;
use crate::server::room::Room;
use crate::server::room::history;
use crate::time::unix_ms;

impl Session {
    /// Does something to the log of a room it is in.
    pub(crate) fn act(
        &mut self,
        name: &RoomName,
        cid: Cid,
        operation: Operation,
    ) -> Result<(), Disconnect> {
        match self.room(name) {
            Ok(room) if self.shared.is_current(&room, &self.client) => {
                self.act_in(&room, cid, operation)
            }
            Ok(room) => {
                self.part(&room);
                let passed = "somebody else has that name now, join the room anew";
                self.refuse(about_cid(refused(ErrorCode::NotJoined, passed), cid))
            }
            Err(refused) => self.refuse(about_cid(refused, cid)),
        }
    }

    /// Says a line in the private room it shares with `to`.
    pub(crate) fn direct(
        &mut self,
        to: &UserName,
        cid: Cid,
        operation: Operation,
    ) -> Result<(), Disconnect> {
        let Some(name) = RoomName::of_two(&self.client.identity().user, to) else {
            let sentence = "a private room is for two";
            return self.refuse(about_cid(refused(ErrorCode::BadName, sentence), cid));
        };
        match self.open(&name) {
            Ok(room) => self.act_in(&room, cid, operation),
            Err(refused) => self.refuse(about_cid(refused, cid)),
        }
    }

    fn act_in(
        &mut self,
        room: &Arc<Room>,
        cid: Cid,
        operation: Operation,
    ) -> Result<(), Disconnect> {
        if let Err(wait) = self.posts.check(Instant::now()) {
            return self.put_off(cid, wait);
        }
        let author = self.client.author();
        // What was done once is answered with what came of it, whatever has become of its target.
        if let Some(target) = operation.target()
            && room.find(&author, &cid, &operation).is_none()
            && let Err(refused) = may(&author, room, &operation, target)
        {
            return self.refuse(about_cid(refused, cid));
        }
        let before = room.name.is_private().then(|| room.head());
        let (told, load) = room.say(&author, cid.clone(), operation, unix_ms());
        self.shared.carry(load);
        if let Some(head) = before
            && told != Outcome::NoSuchTarget
        {
            // After it was said: who says hello before this is found here, who does later finds the line.
            self.shared.gather(room, head);
            self.settle_in();
        }
        match told {
            Outcome::Accepted => {
                if self.posted.as_ref() != Some(&author.user) {
                    self.shared.posted(&author.user);
                    self.posted = Some(author.user);
                }
                Ok(())
            }
            Outcome::InFlight => {
                self.shared.metrics.duplicates.count();
                Ok(()) // the record itself is the answer, and on its way
            }
            Outcome::AlreadyStored(seq) => {
                self.shared.metrics.duplicates.count();
                if let Some(json) = history::record(room, seq).map(|entry| entry.json) {
                    self.shared.tell_json(&self.client, &json);
                }
                Ok(())
            }
            Outcome::CidConflict => {
                let sentence = "this cid was used for another text, which stays";
                self.refuse(about_cid(refused(ErrorCode::CidConflict, sentence), cid))
            }
            Outcome::NoSuchTarget => {
                let sentence = "no record has the seq that this line answers";
                self.refuse(about_cid(refused(ErrorCode::NoSuchRecord, sentence), cid))
            }
        }
    }

    fn put_off(&mut self, cid: Cid, wait: Duration) -> Result<(), Disconnect> {
        self.nuisance()?;
        let retry_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        self.tell(&ServerMessage::Error {
            code: ErrorCode::RateLimited,
            message: String::from("too many lines at once, the same line may be sent again soon"),
            cid: Some(cid),
            room: None,
            retry_ms: Some(retry_ms),
        });
        Ok(())
    }

    /// Notes how far its name has read a room.
    pub(crate) fn mark(&self, name: &RoomName, seq: u64) -> Result<(), Refused> {
        self.shared.mark(&self.client, &*self.room(name)?, seq);
        Ok(())
    }

    pub(crate) fn typing(&mut self, name: &RoomName) -> Result<(), Refused> {
        let room = self.room(name)?;
        let now = Instant::now();
        self.typed.retain(|(_, at)| now - *at < limits::TYPING_EVERY);
        if self.typed.iter().all(|(typed, _)| typed != name) {
            self.typed.push((name.clone(), now));
            self.shared.carry(room.typing(&self.client.author()));
        }
        Ok(())
    }
}

/// Whether `author` may do this to the record `target`: edit or delete a post of their own that is
/// still there.
fn may(author: &Author, room: &Room, operation: &Operation, target: u64) -> Result<(), Refused> {
    let missing = || refused(ErrorCode::NoSuchRecord, "no post has this seq, or it is deleted");
    let entry = history::record(room, target).ok_or_else(missing)?;
    let value = json::parse(&entry.json).ok();
    let record = value.and_then(|value| Record::from_json(&value).ok().flatten());
    let is_edit = matches!(operation, Operation::Edit { .. });
    match record.map(|record| record.kind) {
        Some(Kind::Operation(Operation::Post { .. })) => {}
        Some(Kind::Erased { edit_of: None }) if !is_edit => {} // to delete twice does no harm
        Some(
            Kind::Operation(
                Operation::Edit { .. } | Operation::Delete { .. } | Operation::Topic { .. },
            )
            | Kind::Erased { .. },
        )
        | None => return Err(missing()),
    }
    if entry.owner == author.owner {
        return Ok(());
    }
    Err(refused(ErrorCode::Forbidden, "only its author may edit or delete a line"))
}
