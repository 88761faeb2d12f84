//! Takes over what consoles of the same name left when they ended.
//!
//! The files of a console that still runs are locked, and left alone.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use talk::chat::ErrorCode;
use talk::chat::Rejection;
use talk::chat::UserName;
use talk::client::SavedSubmission;

use super::ENDING;
use super::OutboxStore;
use super::entry::FileContent;
use super::entry::OutboxEntry;
use super::file::OutboxFile;
use super::prefix;

/// What a start finds.
#[derive(Debug)]
pub(crate) struct Adopted {
    pub(crate) outbox: OutboxStore,
    /// The submissions, oldest first.
    pub(crate) saved: Vec<SavedSubmission>,
    /// A sentence for each file that could not be read.
    pub(crate) problems: Vec<String>,
}

impl Adopted {
    /// Opens the outbox of `user` in `directory`, and takes over the files there; without a
    /// directory, an outbox that saves nothing. `now` is in Unix milliseconds.
    pub(crate) fn load(directory: Option<PathBuf>, user: UserName, now: u64) -> Adopted {
        let outbox = OutboxStore::new(directory, user, now);
        let mut adopted = Adopted { outbox, saved: Vec::new(), problems: Vec::new() };
        let paths = adopted.paths().unwrap_or_else(|problem| {
            adopted.problems.push(problem);
            Vec::new()
        });
        for (number, path) in paths {
            let outbox = &mut adopted.outbox;
            outbox.next = outbox.next.max(number.saturating_add(1));
            if let Err(error) = adopted.adopt(&path) {
                let path = path.display();
                adopted.problems.push(format!("cannot read unsent messages in {path}: {error}"));
            }
        }
        adopted
    }

    /// The files of this name's consoles, oldest first, each with its number.
    fn paths(&self) -> Result<Vec<(u64, PathBuf)>, String> {
        let Some(directory) = &self.outbox.directory else { return Ok(Vec::new()) };
        let prefix = prefix(&self.outbox.user);
        let list = || -> io::Result<Vec<(u64, PathBuf)>> {
            let mut paths = Vec::new();
            for entry in fs::read_dir(directory)? {
                let name = entry?.file_name();
                let Some(name) = name.to_str() else { continue };
                let Some(rest) = name.strip_prefix(&prefix) else { continue };
                let Some(rest) = rest.strip_suffix(ENDING) else { continue };
                let number = rest.split('-').next().and_then(|number| number.parse().ok());
                paths.push((number.unwrap_or(0), directory.join(name)));
            }
            paths.sort();
            Ok(paths)
        };
        match list() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            listed => listed.map_err(|error| {
                format!("cannot look for unsent messages in {}: {error}", directory.display())
            }),
        }
    }

    /// Takes over a file, if its console has ended.
    fn adopt(&mut self, path: &Path) -> io::Result<()> {
        let Some(mut file) = OutboxFile::adopt(path.to_owned())? else { return Ok(()) };
        let mut content = file.read()?;
        let mut doubts = String::new();
        let user = self.outbox.user.clone();
        if let Some(name) = content.name.take_if(|name| !name.is_same_claim(&user)) {
            for saved in content.saved.iter_mut().filter(|saved| saved.rejection.is_none()) {
                let rejection = in_doubt(&name);
                let cid = saved.submission.cid.clone();
                doubts += &OutboxEntry::Failed(cid, rejection.clone()).write();
                saved.rejection = Some(rejection);
            }
            doubts += &OutboxEntry::Name(user).write(); // later submissions are not in doubt
        }
        if content.is_damaged {
            return self.set_aside(file, content);
        }
        if content.saved.is_empty() {
            return file.remove();
        }
        if !doubts.is_empty() {
            file.append(&doubts)?;
            file.held.iter_mut().for_each(|held| held.has_failed = true);
        }
        for held in &file.held {
            // A submission that was moved from file to file is in both: the later one counts.
            self.saved.retain(|saved| saved.submission.cid != held.cid);
            _ = self.outbox.remove(&held.cid); // if this fails, both are removed in the end
        }
        self.saved.extend(content.saved);
        self.outbox.files.push(file);
        Ok(())
    }

    /// Renames a damaged file, and moves its readable submissions into a new one.
    fn set_aside(&mut self, mut file: OutboxFile, content: FileContent) -> io::Result<()> {
        let count = content.saved.len();
        for SavedSubmission { submission, rejection } in content.saved {
            self.saved.retain(|saved| saved.submission.cid != submission.cid);
            _ = self.outbox.remove(&submission.cid); // as above
            self.outbox.append(&submission, false)?;
            if let Some(rejection) = &rejection {
                // If this fails, the submission is sent once more.
                _ = self.outbox.set_failed(&submission.cid, rejection.clone());
            }
            self.saved.push(SavedSubmission { submission, rejection });
        }
        let mut renamed = file.path.clone().into_os_string();
        renamed.push(".damaged");
        file.rename(PathBuf::from(&renamed))?;
        let renamed = Path::new(&renamed).display();
        self.problems.push(format!(
            "a file of unsent messages is damaged and was renamed to {renamed}; \
             {count} unsent messages were read from it"
        ));
        Ok(())
    }
}

/// The reason for a submission that may be stored under another name: the person has to decide.
fn in_doubt(name: &UserName) -> Rejection {
    let message = format!("it may have been stored already, under the name {name}");
    Rejection::new(ErrorCode::Other, message)
}
