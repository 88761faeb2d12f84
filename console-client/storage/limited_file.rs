//! Reads files whole, up to a size: a path may lead to a file that never ends, such as `/dev/zero`.

use std::fs;
use std::io;
use std::io::ErrorKind;
use std::io::Read;
use std::path::Path;

/// The bytes of a file that has at most `max` of them.
///
/// # Errors
/// Those of the system, and `FileTooLarge`.
pub(crate) fn read(path: &Path, max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take((max as u64).saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > max {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("larger than {max} bytes")));
    }
    Ok(bytes)
}

/// The text of a file that has at most `max` bytes.
///
/// # Errors
/// As [`read`], and `InvalidData` where it is not UTF-8.
pub(crate) fn read_text(path: &Path, max: usize) -> io::Result<String> {
    let text = String::from_utf8(read(path, max)?);
    text.map_err(|_| io::Error::new(ErrorKind::InvalidData, "not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "1234").unwrap();
        assert_eq!(read_text(&path, 4).unwrap(), "1234");
        assert_eq!(read_text(&path, 3).unwrap_err().to_string(), "larger than 3 bytes");
        fs::write(&path, b"\xff").unwrap();
        assert_eq!(read_text(&path, 4).unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(read(&dir.path().join("none"), 4).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_never_ends_is_refused() {
        let error = read(Path::new("/dev/zero"), 100).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    }
}
