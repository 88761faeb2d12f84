//! What consoles of one name that are gone have left, taken over by the next that starts.
//!
//! Room: files. What a living console keeps is locked, and left alone.

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
    /// The lines, oldest first.
    pub(crate) kept: Vec<SavedSubmission>,
    /// What could not be read, a sentence each.
    pub(crate) troubles: Vec<String>,
}

impl Adopted {
    /// Looks into `directory` for what was left under the name `user`, and opens its outbox; without
    /// a directory, one that keeps nothing. `now` is in Unix milliseconds.
    pub(crate) fn load(directory: Option<PathBuf>, user: UserName, now: u64) -> Adopted {
        let outbox = OutboxStore::new(directory, user, now);
        let mut found = Adopted { outbox, kept: Vec::new(), troubles: Vec::new() };
        let paths = found.paths().unwrap_or_else(|trouble| {
            found.troubles.push(trouble);
            Vec::new()
        });
        for (number, path) in paths {
            let outbox = &mut found.outbox;
            outbox.next = outbox.next.max(number.saturating_add(1));
            if let Err(error) = found.adopt(&path) {
                let path = path.display();
                found.troubles.push(format!("cannot take over the lines kept in {path}: {error}"));
            }
        }
        found
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
                format!("cannot look for unsent lines in {}: {error}", directory.display())
            }),
        }
    }

    /// Takes over the file of a console that is gone, if it is.
    fn adopt(&mut self, path: &Path) -> io::Result<()> {
        let Some(mut file) = OutboxFile::take(path.to_owned())? else { return Ok(()) };
        let mut content = file.read()?;
        let mut doubts = String::new();
        let user = self.outbox.user.clone();
        if let Some(name) = content.name.take_if(|name| !name.is_same_claim(&user)) {
            for kept in content.kept.iter_mut().filter(|kept| kept.rejection.is_none()) {
                let rejection = doubt(&name);
                doubts += &OutboxEntry::Failed(kept.line.cid.clone(), rejection.clone()).write();
                kept.rejection = Some(rejection);
            }
            doubts += &OutboxEntry::Name(user).write(); // what comes after is in no doubt
        }
        if content.is_damaged {
            return self.set_aside(file, content);
        }
        if content.kept.is_empty() {
            return file.remove();
        }
        if !doubts.is_empty() {
            file.append(&doubts)?;
            file.held.iter_mut().for_each(|held| held.has_failed = true);
        }
        for held in &file.held {
            // Moved from file to file, it stands in both: the later counts.
            self.kept.retain(|kept| kept.line.cid != held.cid);
            _ = self.outbox.settle(&held.cid); // or else it is struck out of both in the end
        }
        self.kept.extend(content.kept);
        self.outbox.files.push(file);
        Ok(())
    }

    /// Moves a damaged file out of the direction, and its readable lines into a new one.
    fn set_aside(&mut self, mut file: OutboxFile, content: FileContent) -> io::Result<()> {
        let count = content.kept.len();
        for SavedSubmission { line, rejection } in content.kept {
            self.kept.retain(|kept| kept.line.cid != line.cid);
            _ = self.outbox.settle(&line.cid); // as above
            self.outbox.write(&line, false)?;
            if let Some(rejection) = &rejection {
                _ = self.outbox.fail(&line.cid, rejection.clone()); // or else it is sent once more
            }
            self.kept.push(SavedSubmission { line, rejection });
        }
        let mut aside = file.path.clone().into_os_string();
        aside.push(".damaged");
        file.rename(PathBuf::from(&aside))?;
        let aside = Path::new(&aside).display();
        self.troubles.push(format!(
            "damaged, or none of ours, and now kept aside: {aside} (unsent lines read from it: {count})"
        ));
        Ok(())
    }
}

/// Why a line waits for a word that may have gone out under another name.
fn doubt(name: &UserName) -> Rejection {
    let message = format!("it may have been stored already, under the name {name}");
    Rejection::new(ErrorCode::Other, message)
}
