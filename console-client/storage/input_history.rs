//! Earlier input, saved between runs: one file for each server, which only its owner may read.
//!
//! A line break within an entry is written `\n`, a backslash `\\`.

use std::fs;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use talk::ownership;

use super::private_file;

/// The file; without a path it saves nothing, because there is no state directory.
#[derive(Debug)]
pub(crate) struct InputHistory {
    path: Option<PathBuf>,
}

/// Entries kept to be recalled.
pub(crate) const MAX_ENTRIES: usize = 500;

/// No name's file is called so: see [`private_file::file_name`].
const FILE: &str = "+history";

/// Bytes read of the file, from its end. A longer file is cut to the entries that are read.
const READ_MAX: u64 = 256 * 1024;

/// Longer input, in bytes, is recalled while the console runs, but not saved.
const ENTRY_MAX: usize = 4096;

impl InputHistory {
    pub(crate) fn new(directory: Option<PathBuf>) -> InputHistory {
        InputHistory { path: directory.map(|directory| directory.join(FILE)) }
    }

    /// The entries, oldest first. Bytes that are no text are skipped, so that a file that was damaged,
    /// or cut short by a kill, still gives the rest.
    pub(crate) fn load(&self) -> Vec<String> {
        let Some(path) = &self.path else { return Vec::new() };
        let Ok((bytes, length)) = read_end(path) else { return Vec::new() };
        let read = |row: &[u8]| unescaped(std::str::from_utf8(row).ok()?);
        let rows = bytes.split(|byte| *byte == b'\n').filter(|row| !row.is_empty());
        let mut lines: Vec<String> = rows.filter_map(read).collect();
        lines.drain(..lines.len().saturating_sub(MAX_ENTRIES));
        if length > READ_MAX {
            let text: String = lines.iter().map(|line| escaped(line) + "\n").collect();
            _ = private_file::write(path, &text); // a file that cannot be written stays long
        }
        lines
    }

    /// Saves one more entry.
    ///
    /// # Errors
    /// A sentence: the file cannot be written.
    pub(crate) fn save(&self, line: &str) -> Result<(), String> {
        let Some(path) = &self.path else { return Ok(()) };
        if line.len() > ENTRY_MAX {
            return Ok(());
        }
        let written = open(path).and_then(|mut file| {
            // One write, so that consoles side by side do not mix their entries. A row that a kill
            // cut short is ended first, so that it damages no other.
            let row = format!("{}\n", escaped(line));
            let is_torn = !ends_row(&mut file)?;
            file.write_all(if is_torn { format!("\n{row}") } else { row }.as_bytes())
        });
        written.map_err(|error| {
            format!("cannot save your input history in {}: {error}", path.display())
        })
    }
}

/// Opens the file to append to it, and makes it readable for its owner only. A link is not followed, and a
/// file of another user is left alone.
fn open(path: &Path) -> io::Result<fs::File> {
    match private_file::create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        created => return created,
    }
    let file = ownership::open_for_appending(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        use std::os::unix::fs::PermissionsExt;
        let found = file.metadata()?;
        let directory = path.parent().map(fs::metadata).transpose()?;
        if !found.is_file() || directory.is_some_and(|directory| directory.uid() != found.uid()) {
            return Err(io::Error::other("it is not your own file; move it away"));
        }
        if found.permissions().mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(file)
}

fn ends_row(file: &mut fs::File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// The last bytes of the file, from the first whole row on, and its length.
fn read_end(path: &Path) -> io::Result<(Vec<u8>, u64)> {
    let mut file = ownership::open_for_reading(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(READ_MAX)))?;
    let mut bytes = Vec::new();
    file.take(READ_MAX).read_to_end(&mut bytes)?;
    if length > READ_MAX {
        let cut = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        bytes.drain(..cut);
    }
    Ok((bytes, length))
}

fn escaped(line: &str) -> String {
    line.replace('\\', "\\\\").replace('\n', "\\n")
}

/// `None` if no entry is written like this.
fn unescaped(row: &str) -> Option<String> {
    let mut line = String::new();
    let mut chars = row.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                'n' => line.push('\n'),
                '\\' => line.push('\\'),
                _ => return None,
            },
            c if c.is_control() && c != '\t' => return None,
            c => line.push(c),
        }
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file_in(home: &tempfile::TempDir) -> (InputHistory, PathBuf) {
        let directory = home.path().join("server");
        (InputHistory::new(Some(directory.clone())), directory.join(FILE))
    }

    #[test]
    fn input_is_found_again_and_only_its_owner_may_read_it() {
        let home = tempfile::tempdir().unwrap();
        let (history, path) = file_in(&home);
        assert!(history.load().is_empty());
        for line in ["one", "two\nlines \\n", "日本\t!"] {
            history.save(line).unwrap();
        }
        assert_eq!(history.load(), ["one", "two\nlines \\n", "日本\t!"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(), 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            history.save("three").unwrap();
            assert_eq!(mode(), 0o600);
        }
    }

    #[test]
    fn a_link_is_not_followed_and_what_it_points_to_stays_as_it_is() {
        use std::os::unix::fs::PermissionsExt;
        use std::os::unix::fs::symlink;
        let home = tempfile::tempdir().unwrap();
        let (history, path) = file_in(&home);
        let decoy = home.path().join("decoy");
        fs::write(&decoy, "of another program\n").unwrap();
        fs::set_permissions(&decoy, fs::Permissions::from_mode(0o644)).unwrap();
        history.save("one").unwrap();
        fs::remove_file(&path).unwrap();
        symlink(&decoy, &path).unwrap();
        assert!(history.save("two").unwrap_err().contains("is a link"));
        assert!(history.load().is_empty());
        assert_eq!(fs::read_to_string(&decoy).unwrap(), "of another program\n");
        assert_eq!(fs::metadata(&decoy).unwrap().permissions().mode() & 0o777, 0o644);
    }

    #[test]
    fn damage_costs_the_rows_it_is_in() {
        let home = tempfile::tempdir().unwrap();
        let (history, path) = file_in(&home);
        history.save("one").unwrap();
        let damage = b"\xff\xfe\ntwo\nesc\x1b[2J\nbad\\x\n\0\0\0\n\ntorn\\";
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(damage).unwrap();
        assert_eq!(history.load(), ["one", "two"]);
        history.save("three").unwrap();
        assert_eq!(history.load(), ["one", "two", "three"]);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(history.load().is_empty());
        assert!(history.save("x").unwrap_err().contains("cannot save"));
    }

    #[test]
    fn the_file_does_not_grow_for_ever() {
        let home = tempfile::tempdir().unwrap();
        let (history, path) = file_in(&home);
        history.save("first").unwrap();
        let row = "x".repeat(1000) + "\n";
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(row.repeat(400).as_bytes()).unwrap();
        history.save("last").unwrap();
        let lines = history.load();
        assert_eq!(lines.last().map(String::as_str), Some("last"));
        assert!(lines.len() < 300 && lines.iter().all(|line| line == "last" || line.len() == 1000));
        assert!(fs::metadata(&path).unwrap().len() <= READ_MAX);
        history.save(&"y".repeat(ENTRY_MAX + 1)).unwrap();
        assert_eq!(history.load(), lines);
    }

    #[test]
    fn without_a_directory_nothing_is_saved() {
        let history = InputHistory::new(None);
        history.save("x").unwrap();
        assert!(history.load().is_empty());
    }

    proptest! {
        #[test]
        fn an_entry_comes_back_as_it_was(line in "[a-zn\\\\\n日\t]{0,20}") {
            prop_assert!(!escaped(&line).contains('\n'));
            prop_assert_eq!(unescaped(&escaped(&line)), Some(line));
        }
    }
}
