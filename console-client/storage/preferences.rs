//! What a person wants to hear, and how: the bell, whom to ignore, which rooms to mute, the clock.
//!
//! Room: values, and their lines in a file that a person can read and write as well: each is spelled as
//! the command that wishes it.

use super::private_file;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use talk::chat::RoomName;
use talk::chat::UserName;

/// All wishes that hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Preferences {
    pub(crate) bell: BellMode,
    pub(crate) timestamp: TimestampStyle,
    /// PresenceSummary and goings are not told.
    pub(crate) is_quiet: bool,
    ignored: Vec<UserName>,
    /// Rooms that neither ring nor count as active.
    muted: Vec<RoomName>,
    /// Lines of the file that mean nothing to this version; they stay in it.
    others: Vec<String>,
}

/// One wish, as it is from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PreferenceChange {
    Bell(BellMode),
    Timestamp(TimestampStyle),
    Quiet(bool),
    Ignored(UserName, bool),
    Muted(RoomName, bool),
}

/// What rings the terminal's bell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum BellMode {
    Off,
    /// Our name, and what is said to us alone.
    #[default]
    Mention,
    All,
}

/// What stands before a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum TimestampStyle {
    #[default]
    Time,
    DateTime,
    Off,
}

impl Preferences {
    /// Reads the lines of a file.
    pub(crate) fn read(text: &str) -> Preferences {
        let mut wishes = Preferences::default();
        for line in text.lines() {
            match PreferenceChange::read(line) {
                Some(wished) => wishes.set(&wished),
                None => wishes.others.push(line.to_owned()),
            }
        }
        wishes
    }

    /// The lines of the file: what nobody wishes otherwise has none.
    pub(crate) fn write(&self) -> String {
        let Preferences { bell, timestamp, is_quiet, ignored, muted, others } = self;
        let mut text: String = others.iter().map(|line| format!("{line}\n")).collect();
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

    pub(crate) fn set(&mut self, wished: &PreferenceChange) {
        match wished {
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
    fn read(line: &str) -> Option<PreferenceChange> {
        let line = line.trim();
        let line = line.strip_prefix('/').unwrap_or(line);
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim_start();
        match word {
            "bell" => BellMode::read(rest).map(PreferenceChange::Bell),
            "timestamp" => TimestampStyle::read(rest).map(PreferenceChange::Timestamp),
            "quiet" => rest.is_empty().then_some(PreferenceChange::Quiet(true)),
            "ignore" => rest.parse().ok().map(|user| PreferenceChange::Ignored(user, true)),
            "mute" => rest.parse().ok().map(|room| PreferenceChange::Muted(room, true)),
            _ => None,
        }
    }
}

impl BellMode {
    pub(crate) fn read(word: &str) -> Option<BellMode> {
        [BellMode::Off, BellMode::Mention, BellMode::All]
            .into_iter()
            .find(|bell| bell.word() == word)
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
    pub(crate) fn read(word: &str) -> Option<TimestampStyle> {
        [TimestampStyle::Time, TimestampStyle::DateTime, TimestampStyle::Off]
            .into_iter()
            .find(|stamp| stamp.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            TimestampStyle::Time => "time",
            TimestampStyle::DateTime => "datetime",
            TimestampStyle::Off => "off",
        }
    }
}

/// The file, or none: in a place without a state directory, and where nobody is there to wish.
#[derive(Debug)]
pub(crate) struct PreferencesFile {
    path: Option<PathBuf>,
}

/// In no name's file name: see [`private_file::file_name`].
const FILE: &str = "+wishes";

impl PreferencesFile {
    pub(crate) fn new(directory: Option<PathBuf>) -> PreferencesFile {
        PreferencesFile { path: directory.map(|directory| directory.join(FILE)) }
    }

    /// What was wished in earlier runs.
    ///
    /// # Errors
    /// A sentence: the file cannot be read.
    pub(crate) fn load(&self) -> Result<Preferences, String> {
        let Some(path) = &self.path else { return Ok(Preferences::default()) };
        match fs::read_to_string(path) {
            Ok(text) => Ok(Preferences::read(&text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Preferences::default()),
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
    pub(crate) fn save(&self, wished: &PreferenceChange) -> Result<(), String> {
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
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_what_is_not_known_stays() {
        let text = "# mine\ncolour of a later version\nbell all\ntimestamp datetime\nquiet\n\
                    ignore eve\nignore Zoë\nmute dev\nmute @ann+bob\n";
        let wishes = Preferences::read(text);
        assert_eq!(wishes.write(), text);
        assert!(wishes.is_ignored(&"EVE".parse().unwrap()));
        assert!(wishes.is_muted(&"@ann+bob".parse().unwrap()));
        assert_eq!(
            (wishes.bell, wishes.timestamp, wishes.is_quiet),
            (BellMode::All, TimestampStyle::DateTime, true)
        );
        let half = Preferences::read("bell al\nignore two words\nquiet please\nmute");
        assert_eq!(half.write(), "bell al\nignore two words\nquiet please\nmute\n");
        assert_eq!(Preferences { others: Vec::new(), ..half }, Preferences::default());
    }

    #[test]
    fn what_a_person_writes_is_read_as_it_is_meant() {
        let wishes = Preferences::read("  /ignore  eve \r\nmute\t#dev\n/quiet\n\n# bell off\n");
        assert_eq!(wishes.write(), "\n# bell off\nquiet\nignore eve\nmute dev\n");
    }

    #[test]
    fn a_wish_taken_back_leaves_no_line() {
        let mut wishes = Preferences::default();
        let (eve, dev): (UserName, RoomName) = ("eve".parse().unwrap(), "dev".parse().unwrap());
        for is in [true, false] {
            wishes.set(&PreferenceChange::Ignored(eve.clone(), is));
            wishes.set(&PreferenceChange::Ignored("EVE".parse().unwrap(), is));
            wishes.set(&PreferenceChange::Muted(dev.clone(), is));
            wishes.set(&PreferenceChange::Quiet(is));
            let text = if is { "quiet\nignore EVE\nmute dev\n" } else { "" };
            assert_eq!(wishes.write(), text);
        }
        wishes.set(&PreferenceChange::Bell(BellMode::Mention));
        wishes.set(&PreferenceChange::Timestamp(TimestampStyle::Time));
        assert_eq!(wishes.write(), "");
    }

    // from wishlist
    use super::super::preferences::BellMode;
    use std::thread;

    #[test]
    fn two_consoles_keep_each_others_wishes_and_a_file_that_is_no_text_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("server").join(FILE);
        let [one, other] = [0; 2].map(|_| PreferencesFile::new(path.parent().map(PathBuf::from)));
        assert_eq!(one.load(), Ok(Preferences::default()));
        one.save(&PreferenceChange::Bell(BellMode::Off)).unwrap();
        other.save(&PreferenceChange::Ignored("eve".parse().unwrap(), true)).unwrap();
        assert_eq!(one.load().unwrap().write(), "bell off\nignore eve\n");
        fs::write(&path, b"bell off\n\xff\n").unwrap();
        assert!(one.load().unwrap_err().contains("cannot read what you wished before in /"));
        assert!(one.save(&PreferenceChange::Quiet(true)).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"bell off\n\xff\n");
    }

    #[test]
    #[cfg(unix)]
    fn consoles_that_keep_wishes_at_the_same_moment_lose_none() {
        let dir = tempfile::tempdir().unwrap();
        let keep_some = |who: &str| {
            let preferences_file = PreferencesFile::new(Some(dir.path().to_owned()));
            for n in 0..20 {
                let user = format!("{who}{n}").parse().unwrap();
                preferences_file.save(&PreferenceChange::Ignored(user, true)).unwrap();
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| keep_some("ann"));
            scope.spawn(|| keep_some("bob"));
        });
        let preferences_file = PreferencesFile::new(Some(dir.path().to_owned()));
        assert_eq!(preferences_file.load().unwrap().ignored().len(), 40);
    }

    #[test]
    fn without_a_place_nothing_is_kept() {
        let nowhere = PreferencesFile::new(None);
        nowhere.save(&PreferenceChange::Quiet(true)).unwrap();
        assert_eq!(nowhere.load(), Ok(Preferences::default()));
    }
}
