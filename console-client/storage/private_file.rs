//! Files of one's own, kept between runs: under the state directory, and nobody else's to read.
//!
//! Room: paths and files. What stands in them is decided elsewhere.

use std::ffi::OsString;
use std::fs;
use std::fs::TryLockError;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;
use std::time::Instant;

/// How long to wait for a turn. Whoever has it writes one small file; only where they are stopped in
/// the middle of that does anybody wait so long.
const TURN_WAIT: Duration = Duration::from_secs(5);

/// How often to ask whether it is our turn.
const TURN_EVERY: Duration = Duration::from_millis(2);

/// Where files about `server` are kept: under the user's state directory (XDG Base Directory
/// Specification). `None` in a place without one.
pub(crate) fn directory(server: &str, env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || set("HOME").map(|home| home.join(".local/state"));
    let state = set("XDG_STATE_HOME").or_else(home)?;
    Some(state.join("talk").join(file_name(server)))
}

/// `text` as a file's name: everything that might mean something to a file system is written `%XX`,
/// and so is `+`, which parts a name from what else stands in the name of a file.
pub(crate) fn file_name(text: &str) -> String {
    let mut name = String::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => name.push(byte.into()),
            b'.' if at > 0 => name.push('.'),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    name
}

/// Opens a file that was not there, for its owner alone.
///
/// # Errors
/// The system's; `AlreadyExists` too.
pub(crate) fn create(path: &Path) -> io::Result<fs::File> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_directory(directory)?;
    }
    let mut options = fs::OpenOptions::new();
    options.read(true).append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A turn to read and write anew what others write too, until it is dropped. `None` after waiting in
/// vain, and where the system locks no directory: what others do in that very moment may be lost.
pub(crate) fn turn(directory: &Path) -> Option<fs::File> {
    make_directory(directory).ok()?;
    let file = fs::File::open(directory).ok()?;
    let deadline = Instant::now() + TURN_WAIT;
    loop {
        match file.try_lock() {
            Ok(()) => return Some(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(TURN_EVERY),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return None,
        }
    }
}

/// Writes a file that only its owner may read, whole or not at all.
///
/// # Errors
/// The system's. Nothing is left behind then.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!("+{}", std::process::id())); // in no name's file name: see `file_name`
    let draft = PathBuf::from(draft);
    _ = fs::remove_file(&draft); // left behind by a process of our number that was killed
    let written = create(&draft).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)
    });
    if written.is_err() {
        _ = fs::remove_file(&draft);
    }
    written
}

fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_out_of_the_directory_nor_pass_for_another_file() {
        assert_eq!(file_name("../x y:é"), "%2E.%2Fx%20y%3A%C3%A9");
        assert_eq!(file_name(".."), "%2E.");
        assert_eq!(file_name("bob+1"), "bob%2B1");
    }

    #[test]
    fn without_a_state_directory_there_is_no_place() {
        assert_eq!(directory("server:1", |_| None), None);
        let relative = |name: &str| (name == "XDG_STATE_HOME").then(|| OsString::from("here"));
        assert_eq!(directory("server:1", relative), None, "the specification wants it absolute");
    }
}
