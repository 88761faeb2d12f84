//! Files that only their owner may read, under the state directory.

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

use talk::ownership;

/// How long to wait for the lock. Its holder writes one small file, so only a holder that is stopped
/// in the middle of that makes others wait so long.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How often to try the lock.
const LOCK_RETRY: Duration = Duration::from_millis(2);

/// The directory of files about `server`, under the user's state directory (XDG Base Directory
/// Specification). `None` if there is none.
pub(crate) fn directory(server: &str, env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || set("HOME").map(|home| home.join(".local/state"));
    let state = set("XDG_STATE_HOME").or_else(home)?;
    Some(state.join("talk").join(file_name(server)))
}

/// `text` as a file name: every character that may mean something to a file system is written `%XX`,
/// and so is `+`, which separates a user's name from the rest of a file name.
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

/// Creates a file that only its owner may read.
///
/// # Errors
/// Those of the system, also `AlreadyExists`.
pub(crate) fn create(path: &Path) -> io::Result<fs::File> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_directory(directory)?;
    }
    ownership::create_new(path)
}

/// Checks that the directory, if it exists, belongs to the person, and that no other user may write to it.
///
/// # Errors
/// A sentence: what is wrong, and what to do.
pub(crate) fn check(directory: &Path) -> Result<(), String> {
    let probe = directory.join(format!("+probe-{}", std::process::id())); // no name's file is called so
    let Ok(ours) = ownership::own_user(&probe) else {
        return Ok(()); // it does not exist, or nothing can be written there
    };
    let checked = ownership::check_directory(directory, ours);
    checked.map_err(|error| format!("cannot keep your keys and messages: {error}"))
}

/// Locks the directory until the file returned is dropped: other consoles rewrite its files too.
/// `None` after [`LOCK_WAIT`], or if the system cannot lock a directory: then a change that another
/// console makes at that very moment may be lost.
pub(crate) fn lock(directory: &Path) -> Option<fs::File> {
    make_directory(directory).ok()?;
    let file = fs::File::open(directory).ok()?;
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        match file.try_lock() {
            Ok(()) => return Some(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(LOCK_RETRY),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return None,
        }
    }
}

/// Writes a file that only its owner may read, completely or not at all.
///
/// # Errors
/// Those of the system. No part of the file is left then.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!("+{}", std::process::id())); // no name's file is called so: see `file_name`
    let temporary = PathBuf::from(temporary);
    _ = fs::remove_file(&temporary); // left by a killed process that had our process id
    let written = create(&temporary).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    });
    if written.is_err() {
        _ = fs::remove_file(&temporary);
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
