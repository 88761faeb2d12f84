//! A person's submissions that are not stored yet, on disk, so that no end of the console loses
//! them.
//!
//! A submission is written before it is sent or shown, and removed when it is stored or dropped.
//! Each console has files of its own, locked while it lives; the next console of the same name takes
//! over the files of those that have ended. If two consoles sent the same submission, the server
//! would store it once: it knows the cid.
//!
//! Depends on `storage/private_file.rs` and the client's submissions; never on the chat or the view.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use talk::chat::Cid;
use talk::chat::Rejection;
use talk::chat::UserName;
use talk::client::Submission;

use super::outbox::entry::OutboxEntry;
use super::outbox::file::HeldSubmission;
use super::outbox::file::OutboxFile;
use super::private_file;

mod entry; // a line of a file
mod adopt; // what ended consoles left
mod file; // one file and its lock

pub(crate) use adopt::Adopted;

/// The unsent submissions of one name on one server.
#[derive(Debug)]
pub(crate) struct OutboxStore {
    /// `None`: nothing is saved.
    directory: Option<PathBuf>,
    user: UserName,
    /// A name that was requested: submissions may be stored under it before we learn that it is
    /// ours.
    requested: Option<UserName>,
    /// In order: new submissions go into the last.
    files: Vec<OutboxFile>,
    /// The number of the next file.
    next: u64,
}

/// How often to create a new file again, if another console took it while we created it.
const TRIES: usize = 3;

/// The end of the names of an outbox's files.
const ENDING: &str = ".lines";

impl OutboxStore {
    /// An empty store. `next`, in Unix milliseconds, orders its files after those of consoles that
    /// started before.
    fn new(directory: Option<PathBuf>, user: UserName, next: u64) -> OutboxStore {
        OutboxStore { directory, user, requested: None, files: Vec::new(), next }
    }

    /// Saves a submission, until it is removed. One that had failed becomes the newest. `durably`
    /// fsyncs it.
    ///
    /// # Errors
    /// A sentence: the file cannot be written.
    pub(crate) fn save(&mut self, submission: &Submission, durably: bool) -> Result<(), String> {
        let before = self.find(&submission.cid);
        let is_saved = before.is_some_and(|(file, at)| {
            self.files.get(file).and_then(|f| f.held.get(at)).is_some_and(|h| !h.has_failed)
        });
        if is_saved || self.directory.is_none() {
            return Ok(());
        }
        self.append(submission, durably).map_err(|error| self.write_error(&error))?;
        before.map_or(Ok(()), |place| self.remove_at(place, Some(&submission.cid)))
    }

    /// Saves why a submission was refused.
    ///
    /// # Errors
    /// A sentence: the file cannot be written.
    pub(crate) fn set_failed(&mut self, cid: &Cid, rejection: Rejection) -> Result<(), String> {
        let Some((file, at)) = self.find(cid) else { return Ok(()) };
        let Some(file) = self.files.get_mut(file) else { return Ok(()) };
        let Some(held) = file.held.get_mut(at).filter(|held| !held.has_failed) else {
            return Ok(());
        };
        held.has_failed = true;
        let written = file.append(&OutboxEntry::Failed(cid.clone(), rejection).write());
        written.map_err(|error| self.write_error(&error))
    }

    /// Removes a submission that is stored or dropped.
    ///
    /// # Errors
    /// A sentence: the file cannot be written.
    pub(crate) fn remove(&mut self, cid: &Cid) -> Result<(), String> {
        while let Some(place) = self.find(cid) {
            self.remove_at(place, None)?;
        }
        Ok(())
    }

    /// Saves that another name is about to be requested: from now on submissions may be stored under
    /// it, and a cid belongs to the name it was sent under.
    ///
    /// # Errors
    /// A sentence: a file cannot be written.
    pub(crate) fn request_name(&mut self, user: &UserName) -> Result<(), String> {
        if user.is_same_claim(&self.user) && self.requested.is_none() {
            return Ok(());
        }
        self.requested = Some(user.clone());
        self.append_name(user)
    }

    /// Saves that the server refused the requested name.
    ///
    /// # Errors
    /// A sentence: a file cannot be written.
    pub(crate) fn cancel_name(&mut self) -> Result<(), String> {
        let was_requested = self.requested.take().is_some();
        if was_requested { self.append_name(&self.user.clone()) } else { Ok(()) }
    }

    /// Renames the files to the name that the server has given us.
    ///
    /// # Errors
    /// A sentence: a file cannot be renamed. Its submissions are then found under the old name, in
    /// doubt.
    pub(crate) fn set_name(&mut self, user: &UserName) -> Result<(), String> {
        if self.requested.as_ref().is_some_and(|requested| requested.is_same_claim(user)) {
            self.requested = None;
        }
        if user.is_same_claim(&self.user) {
            return Ok(());
        }
        self.user = user.clone();
        let mut renamed = Ok(());
        for at in 0..self.files.len() {
            let path = self.new_path();
            if let (Some(file), Some(path)) = (self.files.get_mut(at), path)
                && let Err(error) = file.rename(path)
            {
                renamed = Err(error);
            }
        }
        renamed.map_err(|error| self.write_error(&error))
    }

    /// Whether a submission is saved.
    pub(crate) fn contains(&self, cid: &Cid) -> bool {
        self.find(cid).is_some()
    }

    // ---- Files ---------------------------------------------------------------------------------

    /// The file that holds a submission, and its place there.
    fn find(&self, cid: &Cid) -> Option<(usize, usize)> {
        self.files.iter().enumerate().find_map(|(file, OutboxFile { held, .. })| {
            held.iter().position(|held| held.cid == *cid).map(|at| (file, at))
        })
    }

    fn append(&mut self, submission: &Submission, durably: bool) -> io::Result<()> {
        let mut entries = String::new();
        let requested = self.requested.clone();
        let file = self.newest_file()?;
        if file.is_empty() {
            entries.extend(requested.map(|requested| OutboxEntry::Name(requested).write()));
        }
        entries.push_str(&OutboxEntry::Pending(submission.clone()).write());
        file.append(&entries)?;
        file.held.push(HeldSubmission { cid: submission.cid.clone(), has_failed: false });
        if durably { file.sync() } else { Ok(()) }
    }

    /// Removes a submission from its file; `again` if the same file holds it once more, further
    /// down.
    fn remove_at(&mut self, (at, held): (usize, usize), again: Option<&Cid>) -> Result<(), String> {
        let Some(file) = self.files.get_mut(at) else { return Ok(()) };
        let HeldSubmission { cid, .. } = file.held.remove(held);
        if again.is_some_and(|again| file.held.iter().any(|held| held.cid == *again)) {
            return Ok(());
        }
        let written = if file.held.is_empty() {
            file.clear()
        } else {
            file.append(&OutboxEntry::Removed(cid).write())
        };
        written.map_err(|error| self.write_error(&error))?;
        self.remove_empty_files();
        Ok(())
    }

    /// Writes into every file under which name its submissions may be stored.
    fn append_name(&mut self, user: &UserName) -> Result<(), String> {
        let entry = OutboxEntry::Name(user.clone()).write();
        let mut used = self.files.iter_mut().filter(|file| !file.is_empty());
        let written = used.try_for_each(|file| file.append(&entry));
        written.map_err(|error| self.write_error(&error))
    }

    /// Removes the empty files, except the newest.
    fn remove_empty_files(&mut self) {
        let last = self.files.len().saturating_sub(1);
        let mut at = 0;
        self.files.retain_mut(|file| {
            let stays = at == last || !file.is_empty();
            at += 1;
            stays || file.remove().is_err()
        });
    }

    /// The file for new submissions.
    fn newest_file(&mut self) -> io::Result<&mut OutboxFile> {
        for _ in 0..TRIES {
            if self.files.last().is_some_and(|file| !file.is_full()) {
                break;
            }
            let path = self.new_path().ok_or(io::ErrorKind::NotFound)?;
            self.files.extend(OutboxFile::create(&path)?);
        }
        self.files.last_mut().ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }

    fn new_path(&mut self) -> Option<PathBuf> {
        let (number, me) = (self.next, std::process::id());
        self.next = self.next.saturating_add(1);
        let name = format!("{}{number:013}-{me}{ENDING}", prefix(&self.user));
        Some(self.directory.as_ref()?.join(name))
    }

    fn write_error(&self, error: &io::Error) -> String {
        let directory = self.directory.as_deref().unwrap_or(Path::new(""));
        format!(
            "cannot save unsent messages in {}: {error} (they are sent, but a crash would lose them)",
            directory.display()
        )
    }
}

impl Drop for OutboxStore {
    /// Removes the files that hold nothing.
    fn drop(&mut self) {
        for file in self.files.iter_mut().filter(|file| file.held.is_empty()) {
            _ = file.remove(); // the next start removes an empty file that stays
        }
    }
}

/// The start of the names of a user's files. No file of another name starts so: `file_name` writes
/// `+` as an escape.
fn prefix(user: &UserName) -> String {
    private_file::file_name(&user.key()) + "+"
}

#[cfg(test)]
mod tests;
