//! What a person wants to hear, and how: the bell, whom to ignore, which rooms to mute, the clock.
//!
//! Room: values, and their lines in a file that a person can read and write as well: each is spelled as
//! the command that wishes it.

use talk::chat::RoomName;
use talk::chat::UserName;

/// All wishes that hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    pub(crate) bell: Bell,
    pub(crate) stamp: Stamp,
    /// Comings and goings are not told.
    pub(crate) is_quiet: bool,
    ignored: Vec<UserName>,
    /// Rooms that neither ring nor count as active.
    muted: Vec<RoomName>,
    /// Lines of the file that mean nothing to this version; they stay in it.
    others: Vec<String>,
}

/// One wish, as it is from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wished {
    Bell(Bell),
    Stamp(Stamp),
    Quiet(bool),
    Ignored(UserName, bool),
    Muted(RoomName, bool),
}

/// What rings the terminal's bell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Bell {
    Off,
    /// Our name, and what is said to us alone.
    #[default]
    Mention,
    All,
}

/// What stands before a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Stamp {
    #[default]
    Time,
    DateTime,
    Off,
}

impl Wishes {
    /// Reads the lines of a file.
    pub(crate) fn read(text: &str) -> Wishes {
        let mut wishes = Wishes::default();
        for line in text.lines() {
            match Wished::read(line) {
                Some(wished) => wishes.set(&wished),
                None => wishes.others.push(line.to_owned()),
            }
        }
        wishes
    }

    /// The lines of the file: what nobody wishes otherwise has none.
    pub(crate) fn write(&self) -> String {
        let Wishes { bell, stamp, is_quiet, ignored, muted, others } = self;
        let mut text: String = others.iter().map(|line| format!("{line}\n")).collect();
        if *bell != Bell::default() {
            text.push_str(&format!("bell {}\n", bell.word()));
        }
        if *stamp != Stamp::default() {
            text.push_str(&format!("timestamp {}\n", stamp.word()));
        }
        if *is_quiet {
            text.push_str("quiet\n");
        }
        ignored.iter().for_each(|user| text.push_str(&format!("ignore {user}\n")));
        muted.iter().for_each(|room| text.push_str(&format!("mute {room}\n")));
        text
    }

    pub(crate) fn set(&mut self, wished: &Wished) {
        match wished {
            Wished::Bell(bell) => self.bell = *bell,
            Wished::Stamp(stamp) => self.stamp = *stamp,
            Wished::Quiet(is_quiet) => self.is_quiet = *is_quiet,
            Wished::Ignored(user, is) => {
                self.ignored.retain(|ignored| !ignored.is_same_claim(user));
                self.ignored.extend(is.then(|| user.clone()));
            }
            Wished::Muted(room, is) => {
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

impl Wished {
    /// Reads a line, with or without a slash in front: a person may have written it.
    fn read(line: &str) -> Option<Wished> {
        let line = line.trim();
        let line = line.strip_prefix('/').unwrap_or(line);
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim_start();
        match word {
            "bell" => Bell::read(rest).map(Wished::Bell),
            "timestamp" => Stamp::read(rest).map(Wished::Stamp),
            "quiet" => rest.is_empty().then_some(Wished::Quiet(true)),
            "ignore" => rest.parse().ok().map(|user| Wished::Ignored(user, true)),
            "mute" => rest.parse().ok().map(|room| Wished::Muted(room, true)),
            _ => None,
        }
    }
}

impl Bell {
    pub(crate) fn read(word: &str) -> Option<Bell> {
        [Bell::Off, Bell::Mention, Bell::All].into_iter().find(|bell| bell.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            Bell::Off => "off",
            Bell::Mention => "mention",
            Bell::All => "all",
        }
    }
}

impl Stamp {
    pub(crate) fn read(word: &str) -> Option<Stamp> {
        [Stamp::Time, Stamp::DateTime, Stamp::Off].into_iter().find(|stamp| stamp.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            Stamp::Time => "time",
            Stamp::DateTime => "datetime",
            Stamp::Off => "off",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_what_is_not_known_stays() {
        let text = "# mine\ncolour of a later version\nbell all\ntimestamp datetime\nquiet\n\
                    ignore eve\nignore Zoë\nmute dev\nmute @ann+bob\n";
        let wishes = Wishes::read(text);
        assert_eq!(wishes.write(), text);
        assert!(wishes.is_ignored(&"EVE".parse().unwrap()));
        assert!(wishes.is_muted(&"@ann+bob".parse().unwrap()));
        assert_eq!(
            (wishes.bell, wishes.stamp, wishes.is_quiet),
            (Bell::All, Stamp::DateTime, true)
        );
        let half = Wishes::read("bell al\nignore two words\nquiet please\nmute");
        assert_eq!(half.write(), "bell al\nignore two words\nquiet please\nmute\n");
        assert_eq!(Wishes { others: Vec::new(), ..half }, Wishes::default());
    }

    #[test]
    fn what_a_person_writes_is_read_as_it_is_meant() {
        let wishes = Wishes::read("  /ignore  eve \r\nmute\t#dev\n/quiet\n\n# bell off\n");
        assert_eq!(wishes.write(), "\n# bell off\nquiet\nignore eve\nmute dev\n");
    }

    #[test]
    fn a_wish_taken_back_leaves_no_line() {
        let mut wishes = Wishes::default();
        let (eve, dev): (UserName, RoomName) = ("eve".parse().unwrap(), "dev".parse().unwrap());
        for is in [true, false] {
            wishes.set(&Wished::Ignored(eve.clone(), is));
            wishes.set(&Wished::Ignored("EVE".parse().unwrap(), is));
            wishes.set(&Wished::Muted(dev.clone(), is));
            wishes.set(&Wished::Quiet(is));
            let text = if is { "quiet\nignore EVE\nmute dev\n" } else { "" };
            assert_eq!(wishes.write(), text);
        }
        wishes.set(&Wished::Bell(Bell::Mention));
        wishes.set(&Wished::Stamp(Stamp::Time));
        assert_eq!(wishes.write(), "");
    }
}
