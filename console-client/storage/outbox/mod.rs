//! The lines a person said that are not stored yet, kept so that no end of the console loses them.
//!
//! Room: files. A line is written down before it is sent or shown, and struck out when it is stored
//! or dropped. Each console has files of its own, locked while it lives; whoever starts next under
//! the same name takes over those of the dead. The same line in two hands would do no harm: its
//! cid is known.

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

mod entry; // what stands in a file
mod adopt; // what consoles that are gone have left
mod file; // one file and its lock

pub(crate) use adopt::Adopted;

/// The unsent lines of one name on one server.
#[derive(Debug)]
pub(crate) struct OutboxStore {
    /// `None`: nothing is kept.
    directory: Option<PathBuf>,
    user: UserName,
    /// A name that was asked for, under which lines may go out before we hear of it.
    wanted: Option<UserName>,
    /// In order: the newest takes what is said.
    files: Vec<OutboxFile>,
    /// The number of the next file.
    next: u64,
}

/// How often a new file is tried again that somebody took from us as we made it.
const TRIES: usize = 3;

/// What the names of an outbox's files end with.
const ENDING: &str = ".lines";

impl OutboxStore {
    /// An outbox with nothing in it yet. `next`, in Unix milliseconds, gives its files their place
    /// behind those of consoles that started before.
    fn new(directory: Option<PathBuf>, user: UserName, next: u64) -> OutboxStore {
        OutboxStore { directory, user, wanted: None, files: Vec::new(), next }
    }

    /// Keeps a line, from before it is said until it is settled. One that had failed is kept anew,
    /// as the newest. `durably` waits for the disk.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn hold(&mut self, line: &Submission, durably: bool) -> Result<(), String> {
        let before = self.find(&line.cid);
        let waits = before.is_some_and(|(file, at)| {
            self.files.get(file).and_then(|s| s.held.get(at)).is_some_and(|h| !h.has_failed)
        });
        if waits || self.directory.is_none() {
            return Ok(());
        }
        self.write(line, durably).map_err(|error| self.cannot_keep(&error))?;
        before.map_or(Ok(()), |place| self.strike(place, Some(&line.cid)))
    }

    /// Notes why a line was refused.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn fail(&mut self, cid: &Cid, rejection: Rejection) -> Result<(), String> {
        let Some((file, at)) = self.find(cid) else { return Ok(()) };
        let Some(file) = self.files.get_mut(file) else { return Ok(()) };
        let Some(held) = file.held.get_mut(at).filter(|held| !held.has_failed) else {
            return Ok(());
        };
        held.has_failed = true;
        let written = file.append(&OutboxEntry::Failed(cid.clone(), rejection).write());
        written.map_err(|error| self.cannot_keep(&error))
    }

    /// Strikes out a line that is stored or dropped.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn settle(&mut self, cid: &Cid) -> Result<(), String> {
        while let Some(place) = self.find(cid) {
            self.strike(place, None)?;
        }
        Ok(())
    }

    /// Another name is asked for, before it is: from now on lines may go out under it, and a cid
    /// belongs to the name it was sent under.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(crate) fn want(&mut self, user: &UserName) -> Result<(), String> {
        if user.is_same_claim(&self.user) && self.wanted.is_none() {
            return Ok(());
        }
        self.wanted = Some(user.clone());
        self.mark(user)
    }

    /// The name asked for was refused.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(crate) fn want_no_more(&mut self) -> Result<(), String> {
        let is_wanted = self.wanted.take().is_some();
        if is_wanted { self.mark(&self.user.clone()) } else { Ok(()) }
    }

    /// The server calls us so: what is kept belongs to that name.
    ///
    /// # Errors
    /// A file cannot be renamed. What it holds is then found under the old name, in doubt.
    pub(crate) fn belong_to(&mut self, user: &UserName) -> Result<(), String> {
        if self.wanted.as_ref().is_some_and(|wanted| wanted.is_same_claim(user)) {
            self.wanted = None;
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
        renamed.map_err(|error| self.cannot_keep(&error))
    }

    /// Whether a line is kept.
    pub(crate) fn holds(&self, cid: &Cid) -> bool {
        self.find(cid).is_some()
    }

    // ---- Files ---------------------------------------------------------------------------------

    /// The file, and the place in it, that holds a line.
    fn find(&self, cid: &Cid) -> Option<(usize, usize)> {
        self.files.iter().enumerate().find_map(|(file, OutboxFile { held, .. })| {
            held.iter().position(|held| held.cid == *cid).map(|at| (file, at))
        })
    }

    fn write(&mut self, line: &Submission, durably: bool) -> io::Result<()> {
        let mut entries = String::new();
        let wanted = self.wanted.clone();
        let file = self.newest()?;
        if file.is_empty() {
            entries.extend(wanted.map(|wanted| OutboxEntry::Name(wanted).write()));
        }
        entries.push_str(&OutboxEntry::Line(line.clone()).write());
        file.append(&entries)?;
        file.held.push(HeldSubmission { cid: line.cid.clone(), has_failed: false });
        if durably { file.sync() } else { Ok(()) }
    }

    /// Takes a line out of its file; `again` if the same file has it once more, further down.
    fn strike(&mut self, (at, held): (usize, usize), again: Option<&Cid>) -> Result<(), String> {
        let Some(file) = self.files.get_mut(at) else { return Ok(()) };
        let HeldSubmission { cid, .. } = file.held.remove(held);
        if again.is_some_and(|again| file.held.iter().any(|held| held.cid == *again)) {
            return Ok(());
        }
        let struck = if file.held.is_empty() {
            file.clear()
        } else {
            file.append(&OutboxEntry::Settled(cid).write())
        };
        struck.map_err(|error| self.cannot_keep(&error))?;
        self.tidy();
        Ok(())
    }

    /// Says in every file which name its lines may go out under.
    fn mark(&mut self, user: &UserName) -> Result<(), String> {
        let entry = OutboxEntry::Name(user.clone()).write();
        let mut used = self.files.iter_mut().filter(|file| !file.is_empty());
        let marked = used.try_for_each(|file| file.append(&entry));
        marked.map_err(|error| self.cannot_keep(&error))
    }

    /// Removes the files with nothing in them, but for the newest.
    fn tidy(&mut self) {
        let last = self.files.len().saturating_sub(1);
        let mut at = 0;
        self.files.retain_mut(|file| {
            let stays = at == last || !file.is_empty();
            at += 1;
            stays || file.remove().is_err()
        });
    }

    /// The file that takes new lines.
    fn newest(&mut self) -> io::Result<&mut OutboxFile> {
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

    fn cannot_keep(&self, error: &io::Error) -> String {
        let directory = self.directory.as_deref().unwrap_or(Path::new(""));
        format!(
            "cannot keep unsent lines in {}: {error} (they are sent, but do not survive a crash)",
            directory.display()
        )
    }
}

impl Drop for OutboxStore {
    /// What holds nothing leaves nothing.
    fn drop(&mut self) {
        for file in self.files.iter_mut().filter(|file| file.held.is_empty()) {
            _ = file.remove(); // an empty file that stays is removed by the next start
        }
    }
}

/// What the files of a name begin with. No other name's file begins so: `+` stands in none.
fn prefix(user: &UserName) -> String {
    private_file::file_name(&user.key()) + "+"
}

#[cfg(test)]
mod tests;
