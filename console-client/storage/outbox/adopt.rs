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
use super::Outbox;
use super::entry::Content;
use super::entry::Entry;
use super::file::Sheet;
use super::prefix;

/// What a start finds.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) outbox: Outbox,
    /// The lines, oldest first.
    pub(crate) kept: Vec<SavedSubmission>,
    /// What could not be read, a sentence each.
    pub(crate) troubles: Vec<String>,
}

impl Found {
    /// Looks into `directory` for what was left under the name `user`, and opens its outbox; without
    /// a directory, one that keeps nothing. `now` is in Unix milliseconds.
    pub(crate) fn look(directory: Option<PathBuf>, user: UserName, now: u64) -> Found {
        let outbox = Outbox::new(directory, user, now);
        let mut found = Found { outbox, kept: Vec::new(), troubles: Vec::new() };
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

    /// Takes over the sheet of a console that is gone, if it is.
    fn adopt(&mut self, path: &Path) -> io::Result<()> {
        let Some(mut sheet) = Sheet::take(path.to_owned())? else { return Ok(()) };
        let mut content = sheet.read()?;
        let mut doubts = String::new();
        let user = self.outbox.user.clone();
        if let Some(name) = content.name.take_if(|name| !name.is_same_claim(&user)) {
            for kept in content.kept.iter_mut().filter(|kept| kept.rejection.is_none()) {
                let rejection = doubt(&name);
                doubts += &Entry::Failed(kept.submission.cid.clone(), rejection.clone()).write();
                kept.rejection = Some(rejection);
            }
            doubts += &Entry::Name(user).write(); // what comes after is in no doubt
        }
        if content.is_damaged {
            return self.set_aside(sheet, content);
        }
        if content.kept.is_empty() {
            return sheet.remove();
        }
        if !doubts.is_empty() {
            sheet.append(&doubts)?;
            sheet.held.iter_mut().for_each(|held| held.has_failed = true);
        }
        for held in &sheet.held {
            // Moved from file to file, it stands in both: the later counts.
            self.kept.retain(|kept| kept.submission.cid != held.cid);
            _ = self.outbox.settle(&held.cid); // or else it is struck out of both in the end
        }
        self.kept.extend(content.kept);
        self.outbox.sheets.push(sheet);
        Ok(())
    }

    /// Moves a damaged sheet out of the way, and its readable lines into a new one.
    fn set_aside(&mut self, mut sheet: Sheet, content: Content) -> io::Result<()> {
        let count = content.kept.len();
        for SavedSubmission { submission, rejection } in content.kept {
            self.kept.retain(|kept| kept.submission.cid != submission.cid);
            _ = self.outbox.settle(&submission.cid); // as above
            self.outbox.write(&submission, false)?;
            if let Some(rejection) = &rejection {
                // or else it is sent once more
                _ = self.outbox.fail(&submission.cid, rejection.clone());
            }
            self.kept.push(SavedSubmission { submission, rejection });
        }
        let mut aside = sheet.path.clone().into_os_string();
        aside.push(".damaged");
        sheet.rename(PathBuf::from(&aside))?;
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
