//! Wishes kept from run to run: one file for each server, its owner's alone.
//!
//! Room: one file. What is wished stands in `wishes`.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::preferences::Wished;
use super::preferences::Wishes;
use super::private_file;

/// The file, or none: in a place without a state directory, and where nobody is there to wish.
#[derive(Debug)]
pub(crate) struct Wishlist {
    path: Option<PathBuf>,
}

/// In no name's file name: see [`private_file::file_name`].
const FILE: &str = "+wishes";

impl Wishlist {
    pub(crate) fn new(directory: Option<PathBuf>) -> Wishlist {
        Wishlist { path: directory.map(|directory| directory.join(FILE)) }
    }

    /// What was wished in earlier runs.
    ///
    /// # Errors
    /// A sentence: the file cannot be read.
    pub(crate) fn load(&self) -> Result<Wishes, String> {
        let Some(path) = &self.path else { return Ok(Wishes::default()) };
        match fs::read_to_string(path) {
            Ok(text) => Ok(Wishes::read(&text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Wishes::default()),
            Err(error) => {
                let path = path.display();
                Err(format!(
                    "cannot read what you wished before in {path}: {error} (try to mend it)"
                ))
            }
        }
    }

    /// Keeps one more wish, beside what other consoles have wished meanwhile.
    ///
    /// # Errors
    /// A sentence: the file cannot be read or written, and is as it was.
    pub(crate) fn keep(&self, wished: &Wished) -> Result<(), String> {
        let Some(path) = &self.path else { return Ok(()) };
        let _turn = path.parent().and_then(private_file::turn);
        let mut wishes = self.load()?;
        wishes.set(wished);
        private_file::write(path, &wishes.write()).map_err(|error| {
            format!("cannot keep that for the next time in {}: {error}", path.display())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::preferences::Bell;
    use super::*;
    use std::thread;

    #[test]
    fn two_consoles_keep_each_others_wishes_and_a_file_that_is_no_text_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("server").join(FILE);
        let [one, other] = [0; 2].map(|_| Wishlist::new(path.parent().map(PathBuf::from)));
        assert_eq!(one.load(), Ok(Wishes::default()));
        one.keep(&Wished::Bell(Bell::Off)).unwrap();
        other.keep(&Wished::Ignored("eve".parse().unwrap(), true)).unwrap();
        assert_eq!(one.load().unwrap().write(), "bell off\nignore eve\n");
        fs::write(&path, b"bell off\n\xff\n").unwrap();
        assert!(one.load().unwrap_err().contains("cannot read what you wished before in /"));
        assert!(one.keep(&Wished::Quiet(true)).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"bell off\n\xff\n");
    }

    #[test]
    #[cfg(unix)]
    fn consoles_that_keep_wishes_at_the_same_moment_lose_none() {
        let dir = tempfile::tempdir().unwrap();
        let keep_some = |who: &str| {
            let wishlist = Wishlist::new(Some(dir.path().to_owned()));
            for n in 0..20 {
                let user = format!("{who}{n}").parse().unwrap();
                wishlist.keep(&Wished::Ignored(user, true)).unwrap();
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| keep_some("ann"));
            scope.spawn(|| keep_some("bob"));
        });
        let wishlist = Wishlist::new(Some(dir.path().to_owned()));
        assert_eq!(wishlist.load().unwrap().ignored().len(), 40);
    }

    #[test]
    fn without_a_place_nothing_is_kept() {
        let nowhere = Wishlist::new(None);
        nowhere.keep(&Wished::Quiet(true)).unwrap();
        assert_eq!(nowhere.load(), Ok(Wishes::default()));
    }
}
