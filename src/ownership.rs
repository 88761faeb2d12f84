//! Files and directories that belong to the user who runs the program: directories that others may write to
//! are refused, and links are not followed.
//!
//! A user who may write to a directory may put a link there, and a program that follows it overwrites the
//! file it points to with the rights of its user.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// `O_NOFOLLOW` (open(2)), which the standard library does not name: the values of Linux by architecture
/// (`fcntl.h` of each; `asm-generic` where there is none), of macOS, and of the BSDs. 0: unknown.
const NO_FOLLOW: i32 = if cfg!(target_os = "linux") {
    if cfg!(any(
        target_arch = "aarch64",
        target_arch = "arm",
        target_arch = "powerpc",
        target_arch = "powerpc64",
        target_arch = "m68k"
    )) {
        0o100_000
    } else {
        0o400_000
    }
} else if cfg!(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly"
)) {
    0x100
} else {
    0
};

/// Opens a file that is not a link.
///
/// # Errors
/// It is one, or the file cannot be opened.
pub fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = options.custom_flags(NO_FOLLOW).open(path).map_err(|error| {
        let is_a_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
        if is_a_link { is_link(path) } else { error }
    })?;
    if NO_FOLLOW == 0 {
        let (opened, named) = (file.metadata()?, fs::symlink_metadata(path)?);
        if (opened.dev(), opened.ino()) != (named.dev(), named.ino()) {
            return Err(is_link(path));
        }
    }
    Ok(file)
}

/// Opens a file that is not a link for reading.
///
/// # Errors
/// As [`open`].
pub fn open_for_reading(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().read(true))
}

/// Opens a file that is not a link for reading, and for writing at its end.
///
/// # Errors
/// As [`open`].
pub fn open_for_appending(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().read(true).append(true))
}

fn is_link(path: &Path) -> io::Error {
    io::Error::other(format!("{} is a link, and links are not followed here", path.display()))
}

/// Creates a file that only its owner may read, in the place of one with this name.
///
/// # Errors
/// It cannot be created, or another process has just done so.
pub fn create_anew(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    create_new(path)
}

/// Creates a file that only its owner may read.
///
/// # Errors
/// It exists, or cannot be created.
pub fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(path)
}

/// Reads a file of at most `max` bytes, whatever it is: a device like `/dev/zero` never ends.
///
/// # Errors
/// It is longer, or cannot be read.
pub fn read_short(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(io::Error::other(format!("it has more than {max} bytes")));
    }
    Ok(bytes)
}

/// Reads a text of at most `max` bytes.
///
/// # Errors
/// As [`read_short`], or it is not UTF-8.
pub fn read_short_text(path: &Path, max: u64) -> io::Result<String> {
    let text = String::from_utf8(read_short(path, max)?);
    text.map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Who else may write to a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Foreign {
    /// Its owner is another user: the ids of that user and of ours.
    Owner(u32, u32),
    /// Its group, or all users: its mode.
    Mode(u32),
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Foreign::Owner(theirs, ours) => {
                write!(f, "belongs to user {theirs}, not to user {ours} who runs this")
            }
            Foreign::Mode(mode) => write!(f, "may be written by other users (mode {mode:o})"),
        }
    }
}

/// The id of the user of this process: the owner of the file `probe`, which is created for a moment. The
/// standard library has no `getuid`.
///
/// # Errors
/// The file cannot be created.
pub fn own_user(probe: &Path) -> io::Result<u32> {
    let file = create_anew(probe)?;
    let found = file.metadata();
    fs::remove_file(probe)?;
    Ok(found?.uid())
}

/// Checks that a directory belongs to the user `ours`, and that no other user may write to it.
///
/// # Errors
/// It is not so: what is wrong, and what to do. Or it cannot be looked at.
pub fn check_directory(dir: &Path, ours: u32) -> io::Result<()> {
    let found = fs::metadata(dir)?;
    let (theirs, mode) = (found.uid(), found.mode() & 0o7777);
    let shown = dir.display();
    let (foreign, cure) = if theirs != ours {
        let cure = format!("chown -R {ours} {shown}, or run this as user {theirs}");
        (Foreign::Owner(theirs, ours), cure)
    } else if mode & 0o022 != 0 {
        (Foreign::Mode(mode), format!("chmod go-w {shown}"))
    } else {
        return Ok(());
    };
    let what = format!("{shown} {foreign}, so they could replace its files: {cure}");
    Err(io::Error::new(ErrorKind::PermissionDenied, what))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_link_is_not_followed_and_its_target_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("decoy"), dir.path().join("link"));
        fs::write(&target, "untouched").unwrap();
        symlink(&target, &link).unwrap();
        for options in [OpenOptions::new().read(true), OpenOptions::new().append(true)] {
            let error = open(&link, options).unwrap_err();
            assert!(error.to_string().contains("is a link"), "{error}");
            assert!(open(&target, options).is_ok());
        }
        create_anew(&link).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_file());
        assert_eq!(fs::read_to_string(&target).unwrap(), "untouched");
    }

    #[test]
    fn a_directory_that_others_may_write_to_is_refused_with_the_cure() {
        let dir = tempfile::tempdir().unwrap();
        let (path, probe) = (dir.path(), dir.path().join("probe"));
        for (mode, is_fine) in
            [(0o700, true), (0o755, true), (0o775, false), (0o757, false), (0o1777, false)]
        {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            let checked = check_directory(path, own_user(&probe).unwrap());
            assert_eq!(checked.is_ok(), is_fine, "{mode:o}: {checked:?}");
            let error = checked.err().map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(error.contains(&format!("chmod go-w {}", path.display())), !is_fine);
            assert!(!probe.exists());
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
        let owner = fs::metadata(path).unwrap().uid();
        let error = check_directory(path, owner + 1).unwrap_err().to_string();
        assert!(error.contains(&format!("belongs to user {owner}, not to user")), "{error}");
    }

    #[test]
    fn a_file_that_never_ends_is_not_read_to_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("text");
        fs::write(&path, "four").unwrap();
        assert_eq!(read_short_text(&path, 4).unwrap(), "four");
        assert!(read_short_text(&path, 3).unwrap_err().to_string().contains("more than 3 bytes"));
        assert!(read_short(Path::new("/dev/zero"), 1_000).is_err());
        fs::write(&path, b"\xff").unwrap();
        assert_eq!(read_short_text(&path, 4).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
