//! A person's preferences: the bell, ignored users, muted rooms, time stamps. And their file, one for
//! each server.
//!
//! A person can read and write the file as well: each line is spelled as the command that sets it.

use std::io;
use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;

use talk::chat::RoomName;
use talk::chat::UserName;
use talk::limits;
use talk::ownership;

use super::private_file;

/// All preferences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Preferences {
    pub(crate) bell: BellMode,
    pub(crate) timestamp: TimestampStyle,
    /// Joins and leaves are hidden.
    pub(crate) is_quiet: bool,
    ignored: Vec<UserName>,
    /// Rooms that neither ring nor count as unread.
    muted: Vec<RoomName>,
    /// Lines of the file that this version does not know; they stay in it.
    unknown: Vec<String>,
}

/// A change of one preference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PreferenceChange {
    Bell(BellMode),
    Timestamp(TimestampStyle),
    Quiet(bool),
    Ignored(UserName, bool),
    Muted(RoomName, bool),
}

/// Which messages ring the terminal's bell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum BellMode {
    Off,
    /// Mentions and direct messages.
    #[default]
    Mention,
    All,
}

/// What is before a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum TimestampStyle {
    #[default]
    Time,
    DateTime,
    Off,
}

impl Preferences {
    /// Reads the text of a file.
    pub(crate) fn parse(text: &str) -> Preferences {
        let mut preferences = Preferences::default();
        for line in text.lines() {
            match PreferenceChange::parse(line) {
                Some(change) => preferences.set(&change),
                None => preferences.unknown.push(line.to_owned()),
            }
        }
        preferences
    }

    /// The text of the file: a default has no line.
    pub(crate) fn write(&self) -> String {
        let Preferences { bell, timestamp, is_quiet, ignored, muted, unknown } = self;
        let mut text: String = unknown.iter().map(|line| format!("{line}\n")).collect();
        if *bell != BellMode::default() {
            text.push_str(&format!("bell {}\n", bell.word()));
        }
        if *timestamp != TimestampStyle::default() {
            text.push_str(&format!("timestamp {}\n", timestamp.word()));
        }
        if *is_quiet {
            text.push_str("quiet\n");
        }
        ignored.iter().for_each(|user| text.push_str(&format!("ignore {user}\n")));
        muted.iter().for_each(|room| text.push_str(&format!("mute {room}\n")));
        text
    }

    pub(crate) fn set(&mut self, change: &PreferenceChange) {
        match change {
            PreferenceChange::Bell(bell) => self.bell = *bell,
            PreferenceChange::Timestamp(style) => self.timestamp = *style,
            PreferenceChange::Quiet(is_quiet) => self.is_quiet = *is_quiet,
            PreferenceChange::Ignored(user, is) => {
                self.ignored.retain(|ignored| !ignored.is_same_claim(user));
                self.ignored.extend(is.then(|| user.clone()));
            }
            PreferenceChange::Muted(room, is) => {
                self.muted.retain(|muted| muted != room);
                self.muted.extend(is.then(|| room.clone()));
            }
        }
    }

    pub(crate) fn ignored(&self) -> &[UserName] {
        &self.ignored
    }

    pub(crate) fn is_ignored(&self, user: &UserName) -> bool {
        self.ignored.iter().any(|ignored| ignored.is_same_claim(user))
    }

    pub(crate) fn muted(&self) -> &[RoomName] {
        &self.muted
    }

    pub(crate) fn is_muted(&self, room: &RoomName) -> bool {
        self.muted.contains(room)
    }
}

impl PreferenceChange {
    /// Reads a line, with or without a slash in front: a person may have written it.
    fn parse(line: &str) -> Option<PreferenceChange> {
        let line = line.trim();
        let line = line.strip_prefix('/').unwrap_or(line);
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim_start();
        match word {
            "bell" => BellMode::parse(rest).map(PreferenceChange::Bell),
            "timestamp" => TimestampStyle::parse(rest).map(PreferenceChange::Timestamp),
            "quiet" => rest.is_empty().then_some(PreferenceChange::Quiet(true)),
            "ignore" => rest.parse().ok().map(|user| PreferenceChange::Ignored(user, true)),
            "mute" => {
                RoomName::parse_stored(rest).ok().map(|room| PreferenceChange::Muted(room, true))
            }
            _ => None,
        }
    }
}

impl BellMode {
    pub(crate) fn parse(word: &str) -> Option<BellMode> {
        let all = [BellMode::Off, BellMode::Mention, BellMode::All];
        all.into_iter().find(|bell| bell.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            BellMode::Off => "off",
            BellMode::Mention => "mention",
            BellMode::All => "all",
        }
    }
}

impl TimestampStyle {
    pub(crate) fn parse(word: &str) -> Option<TimestampStyle> {
        let all = [TimestampStyle::Time, TimestampStyle::DateTime, TimestampStyle::Off];
        all.into_iter().find(|style| style.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            TimestampStyle::Time => "time",
            TimestampStyle::DateTime => "datetime",
            TimestampStyle::Off => "off",
        }
    }
}

/// The preferences on disk. Without a path it saves nothing: there is no state directory, or no
/// person.
#[derive(Debug)]
pub(crate) struct PreferencesFile {
    path: Option<PathBuf>,
}

/// No name's file is called so: see [`private_file::file_name`].
const FILE: &str = "+preferences";

/// The name of the file in earlier versions, which is read while there is no new one.
const OLD_FILE: &str = "+wishes";

impl PreferencesFile {
    pub(crate) fn new(directory: Option<PathBuf>) -> PreferencesFile {
        PreferencesFile { path: directory.map(|directory| directory.join(FILE)) }
    }

    /// The preferences of earlier runs.
    ///
    /// # Errors
    /// A sentence: the file cannot be read.
    pub(crate) fn load(&self) -> Result<Preferences, String> {
        let Some(path) = &self.path else { return Ok(Preferences::default()) };
        let is_missing = |error: &io::Error| error.kind() == ErrorKind::NotFound;
        let read = |path: &Path| ownership::read_short_text(path, limits::LARGE_TEXT_FILE);
        let read = match read(path) {
            Err(error) if is_missing(&error) => read(&path.with_file_name(OLD_FILE)),
            read => read,
        };
        match read {
            Ok(text) => Ok(Preferences::parse(&text)),
            Err(error) if is_missing(&error) => Ok(Preferences::default()),
            Err(error) => {
                let path = path.display();
                Err(format!(
                    "cannot read your preferences in {path}: {error} (correct the file, or move it \
                     away)"
                ))
            }
        }
    }

    /// Saves one change, and keeps what other consoles have changed since.
    ///
    /// # Errors
    /// A sentence: the file cannot be read or written, and is as it was.
    pub(crate) fn save(&self, change: &PreferenceChange) -> Result<(), String> {
        let Some(path) = &self.path else { return Ok(()) };
        let _lock = path.parent().and_then(private_file::lock);
        let mut preferences = self.load()?;
        preferences.set(change);
        private_file::write(path, &preferences.write())
            .map_err(|error| format!("cannot save your preferences in {}: {error}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_unknown_lines_stay() {
        let text = "# mine\ncolour of a later version\nbell all\ntimestamp datetime\nquiet\n\
                    ignore eve\nignore Zoë\nmute dev\nmute @ann+bob\n";
        let preferences = Preferences::parse(text);
        assert_eq!(preferences.write(), text);
        assert!(preferences.is_ignored(&"EVE".parse().unwrap()));
        assert!(preferences.is_muted(&"@ann+bob".parse().unwrap()));
        assert_eq!(
            (preferences.bell, preferences.timestamp, preferences.is_quiet),
            (BellMode::All, TimestampStyle::DateTime, true)
        );
        let half = Preferences::parse("bell al\nignore two words\nquiet please\nmute");
        assert_eq!(half.write(), "bell al\nignore two words\nquiet please\nmute\n");
        assert_eq!(Preferences { unknown: Vec::new(), ..half }, Preferences::default());
    }

    #[test]
    fn what_a_person_writes_is_read_as_it_is_meant() {
        let preferences =
            Preferences::parse("  /ignore  eve \r\nmute\t#dev\n/quiet\n\n# bell off\n");
        assert_eq!(preferences.write(), "\n# bell off\nquiet\nignore eve\nmute dev\n");
    }

    #[test]
    fn a_preference_taken_back_leaves_no_line() {
        let mut preferences = Preferences::default();
        let (eve, dev): (UserName, RoomName) = ("eve".parse().unwrap(), "dev".parse().unwrap());
        for is in [true, false] {
            preferences.set(&PreferenceChange::Ignored(eve.clone(), is));
            preferences.set(&PreferenceChange::Ignored("EVE".parse().unwrap(), is));
            preferences.set(&PreferenceChange::Muted(dev.clone(), is));
            preferences.set(&PreferenceChange::Quiet(is));
            let text = if is { "quiet\nignore EVE\nmute dev\n" } else { "" };
            assert_eq!(preferences.write(), text);
        }
        preferences.set(&PreferenceChange::Bell(BellMode::Mention));
        preferences.set(&PreferenceChange::Timestamp(TimestampStyle::Time));
        assert_eq!(preferences.write(), "");
    }

    use super::super::preferences::BellMode;
    use std::thread;

    #[test]
    fn two_consoles_keep_each_others_changes_and_a_file_that_is_no_text_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("server").join(FILE);
        let [one, other] = [0; 2].map(|_| PreferencesFile::new(path.parent().map(PathBuf::from)));
        assert_eq!(one.load(), Ok(Preferences::default()));
        one.save(&PreferenceChange::Bell(BellMode::Off)).unwrap();
        other.save(&PreferenceChange::Ignored("eve".parse().unwrap(), true)).unwrap();
        assert_eq!(one.load().unwrap().write(), "bell off\nignore eve\n");
        fs::write(&path, b"bell off\n\xff\n").unwrap();
        assert!(one.load().unwrap_err().contains("cannot read your preferences in /"));
        assert!(one.save(&PreferenceChange::Quiet(true)).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"bell off\n\xff\n");
    }

    #[test]
    #[cfg(unix)]
    fn consoles_that_save_at_the_same_moment_lose_no_change() {
        let dir = tempfile::tempdir().unwrap();
        let save_some = |who: &str| {
            let file = PreferencesFile::new(Some(dir.path().to_owned()));
            for n in 0..20 {
                let user = format!("{who}{n}").parse().unwrap();
                file.save(&PreferenceChange::Ignored(user, true)).unwrap();
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| save_some("ann"));
            scope.spawn(|| save_some("bob"));
        });
        let file = PreferencesFile::new(Some(dir.path().to_owned()));
        assert_eq!(file.load().unwrap().ignored().len(), 40);
    }

    #[test]
    fn without_a_directory_nothing_is_saved() {
        let nowhere = PreferencesFile::new(None);
        nowhere.save(&PreferenceChange::Quiet(true)).unwrap();
        assert_eq!(nowhere.load(), Ok(Preferences::default()));
    }

    #[test]
    fn the_file_of_an_older_console_is_read_until_there_is_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = PreferencesFile::new(Some(dir.path().to_owned()));
        fs::write(dir.path().join(OLD_FILE), "bell off\nmute dev\n").unwrap();
        assert_eq!(file.load().unwrap().write(), "bell off\nmute dev\n");
        file.save(&PreferenceChange::Quiet(true)).unwrap();
        let text = fs::read_to_string(dir.path().join(FILE)).unwrap();
        assert_eq!(text, "bell off\nquiet\nmute dev\n");
        fs::write(dir.path().join(OLD_FILE), "bell all\n").unwrap();
        assert_eq!(file.load().unwrap().write(), text, "the new file counts");
    }
}
