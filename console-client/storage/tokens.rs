//! The keys of names, saved between runs: one small file for each name on each server.
//!
//! Anyone who has a key can use its name, so only the owner may read the file.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use talk::chat::Token;
use talk::chat::UserName;
use talk::limits;
use talk::ownership;

use super::private_file;

/// The keys of names on one server.
#[derive(Debug)]
pub(crate) struct TokenStore {
    directory: Option<PathBuf>,
    /// The file that the person chose for the name they start with.
    chosen: Option<(UserName, PathBuf)>,
    /// The names whose keys were saved in this run.
    saved: Vec<UserName>,
}

/// Names whose keys are saved in one run: a person changes their name a few times, and a server must not
/// fill the disk with one file for each name it makes up.
const NAMES_MAX: usize = 100;

impl TokenStore {
    /// The keys of names on `server`, under the user's state directory (XDG Base Directory
    /// Specification). Without one, only the key in `chosen` is saved.
    pub(crate) fn new(
        server: &str,
        chosen: Option<(UserName, PathBuf)>,
        env: impl Fn(&str) -> Option<OsString>,
    ) -> TokenStore {
        TokenStore { directory: private_file::directory(server, env), chosen, saved: Vec::new() }
    }

    /// The key of `user`, if one is saved.
    ///
    /// # Errors
    /// A sentence: the file cannot be read, or holds something else; or another user may write where it is.
    pub(crate) fn load(&self, user: &UserName) -> Result<Option<Token>, String> {
        self.check()?;
        let Some(path) = self.path(user) else { return Ok(None) };
        match read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => key_in(read, &path).map(Some),
        }
    }

    /// Checks that no other user may write where keys are saved.
    ///
    /// # Errors
    /// A sentence: another user may.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.directory.as_deref().map_or(Ok(()), private_file::check)
    }

    /// From now on keys are saved in the directory only, if the chosen file holds another key: it may be the only
    /// copy of that one.
    pub(crate) fn keep_chosen_file(&mut self) {
        self.chosen.take_if(|(_, path)| path.exists());
    }

    /// Saves the key of `user`, unless it is saved already.
    ///
    /// # Errors
    /// A sentence: the file cannot be written, or too many were.
    pub(crate) fn save(&mut self, user: &UserName, token: &Token) -> Result<(), String> {
        let Some(path) = self.path(user) else { return Ok(()) };
        if !self.saved.iter().any(|name| name.is_same_claim(user)) {
            if self.saved.len() >= NAMES_MAX {
                return Err(format!(
                    "the key for {user} is not saved: the server has sent {NAMES_MAX} others"
                ));
            }
            self.saved.push(user.clone());
        }
        if read(&path).is_ok_and(|saved| parse_key(&saved).as_ref() == Some(token)) {
            return Ok(());
        }
        let line = format!("{}\n", token.reveal());
        private_file::write(&path, &line).map_err(|error| {
            format!("cannot save the key for {user} in {}: {error}", path.display())
        })
    }

    /// Where the key of `user` is, or would be.
    pub(crate) fn path(&self, user: &UserName) -> Option<PathBuf> {
        match &self.chosen {
            Some((chosen, path)) if chosen.is_same_claim(user) => Some(path.clone()),
            _ => Some(self.directory.as_ref()?.join(private_file::file_name(&user.key()))),
        }
    }
}

/// What a key looks like, for a person who gave something else.
pub(crate) const KEY_SHAPE: &str = "a key is 32 characters: digits and letters from a to f";

/// The key that a person typed or that a file holds, with spaces and line ends around it, and capitals.
pub(crate) fn parse_key(text: &str) -> Option<Token> {
    text.trim().to_ascii_lowercase().parse().ok()
}

/// The key in a file that is read once: a pipe, such as the shell's `<(…)`. `None` if it is a file like others.
///
/// # Errors
/// A sentence, without what is in the file.
pub(crate) fn read_stream(path: &Path) -> Result<Option<Token>, String> {
    let is_stream = fs::metadata(path).is_ok_and(|found| !found.is_file());
    is_stream.then(|| key_in(read(path), path)).transpose()
}

/// The key that was read in `path`.
fn key_in(read: io::Result<String>, path: &Path) -> Result<Token, String> {
    let path = path.display();
    let text = read.map_err(|error| format!("cannot read the key in {path}: {error}"))?;
    parse_key(&text)
        .ok_or_else(|| format!("{path} contains no key ({KEY_SHAPE}): give another file"))
}

fn read(path: &Path) -> io::Result<String> {
    ownership::read_short_text(path, limits::TEXT_FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "00112233445566778899aabbccddeeff";

    fn user(name: &str) -> UserName {
        name.parse().unwrap()
    }

    fn store(home: &Path, chosen: Option<(UserName, PathBuf)>) -> TokenStore {
        let env = |name: &str| (name == "HOME").then(|| home.as_os_str().to_owned());
        TokenStore::new("127.0.0.1:8080", chosen, env)
    }

    #[test]
    fn a_key_is_found_again_by_its_name_on_its_server_only() {
        let home = tempfile::tempdir().unwrap();
        let mut tokens = store(home.path(), None);
        assert_eq!(tokens.load(&user("Bob")), Ok(None));
        tokens.save(&user("Bob"), &KEY.parse().unwrap()).unwrap();
        tokens.save(&user("Bob"), &KEY.parse().unwrap()).unwrap();
        assert_eq!(tokens.load(&user("bOB")), Ok(Some(KEY.parse().unwrap())));
        assert_eq!(tokens.load(&user("alice")), Ok(None));

        let path = home.path().join(".local/state/talk/127.0.0.1%3A8080/bob");
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{KEY}\n"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
        let files = fs::read_dir(path.parent().unwrap()).unwrap();
        assert_eq!(files.count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_server_cannot_make_a_file_for_each_name_it_thinks_of() {
        let home = tempfile::tempdir().unwrap();
        let mut tokens = store(home.path(), None);
        let key = KEY.parse().unwrap();
        for n in 0..NAMES_MAX {
            tokens.save(&user(&format!("n{n}")), &key).unwrap();
        }
        assert!(tokens.save(&user("one-more"), &key).unwrap_err().contains("is not saved"));
        tokens.save(&user("N0"), &key).unwrap();
        let path = tokens.path(&user("n0")).unwrap();
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), NAMES_MAX);
    }

    #[test]
    fn a_chosen_file_is_for_the_name_given_at_the_start() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("key");
        let tokens = store(home.path(), Some((user("bob"), file.clone())));
        fs::write(&file, format!("  {KEY}\r\n")).unwrap();
        assert_eq!(tokens.load(&user("bob")), Ok(Some(KEY.parse().unwrap())));
        assert_ne!(tokens.path(&user("eve")), Some(file.clone()));
        for text in ["hunter2", "", &KEY[1..], &format!("{KEY}0"), &format!("{KEY}\n{KEY}")] {
            fs::write(&file, text).unwrap();
            let problem = tokens.load(&user("bob")).unwrap_err();
            assert!(problem.contains("contains no key"), "{problem}");
            assert!(text.is_empty() || !problem.contains(text), "{problem}");
            assert!(!problem.contains(&KEY[1..]), "{problem}");
        }
    }

    #[test]
    fn a_chosen_file_with_another_key_is_not_overwritten_by_one_that_was_typed() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("key");
        let other = "0".repeat(32);
        let mut tokens = store(home.path(), Some((user("bob"), file.clone())));
        tokens.keep_chosen_file();
        assert_eq!(tokens.path(&user("bob")), Some(file.clone()), "it does not exist yet");
        fs::write(&file, &other).unwrap();
        tokens.keep_chosen_file();
        tokens.save(&user("bob"), &KEY.parse().unwrap()).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), other);
        assert_eq!(tokens.load(&user("bob")), Ok(Some(KEY.parse().unwrap())));
    }

    #[test]
    fn a_key_is_taken_with_spaces_line_ends_and_capitals() {
        let key: Option<Token> = KEY.parse().ok();
        for text in [format!(" {KEY}\t"), format!("\r\n{KEY}\r\n\n"), KEY.to_uppercase()] {
            assert_eq!(parse_key(&text), key, "{text:?}");
        }
        for text in ["", &KEY[1..], &format!("{KEY} {KEY}"), &KEY.replace('0', "g")] {
            assert_eq!(parse_key(text), None, "{text:?}");
        }
    }
}
