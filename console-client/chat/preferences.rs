//! What concerns nobody but the person: what they want to hear, and how.

use talk::chat::RoomName;
use talk::chat::UserName;

use super::Chat;
use super::commands::fit;
use crate::command::PreferenceCommand;
use crate::storage::preferences::BellMode;
use crate::storage::preferences::PreferenceChange;
use crate::storage::preferences::PreferencesFile;
use crate::storage::preferences::TimestampStyle;

impl Chat {
    pub(super) fn set_preference(&mut self, change: PreferenceCommand) -> Result<(), String> {
        let view = &mut self.view;
        let done = match change {
            PreferenceCommand::Ignore(None) if view.wishes().ignored().is_empty() => {
                "you ignore nobody".to_owned()
            }
            PreferenceCommand::Ignore(None) => {
                let names: Vec<&str> =
                    view.wishes().ignored().iter().map(UserName::as_str).collect();
                format!("you ignore {}", names.join(", "))
            }
            PreferenceCommand::Ignore(Some(name)) => {
                let name: UserName = fit(&name)?;
                if name.is_same_claim(view.me()) {
                    return Err(format!("you are {name} yourself"));
                }
                view.set_preference(PreferenceChange::Ignored(name.clone(), true));
                format!("nothing of {name}'s is shown from now on (/unignore {name})")
            }
            PreferenceCommand::Unignore(name) => {
                let name = fit(&name)?;
                if !view.wishes().is_ignored(&name) {
                    return Err(format!("you do not ignore {name}"));
                }
                view.set_preference(PreferenceChange::Ignored(name.clone(), false));
                format!("{name} is heard again")
            }
            PreferenceCommand::Mute(name) => {
                let room = self.room_meant(name)?;
                let is_muted = !self.view.wishes().is_muted(&room);
                self.mute(room, is_muted)
            }
            PreferenceCommand::Unmute(name) => {
                let room = self.room_meant(name)?;
                if !self.view.wishes().is_muted(&room) {
                    return Err(self.unmuted(&room));
                }
                self.mute(room, false)
            }
            PreferenceCommand::Quiet => {
                let is_quiet = !view.wishes().is_quiet;
                view.set_preference(PreferenceChange::Quiet(is_quiet));
                let how = if is_quiet { "no longer told" } else { "told" };
                format!("comings and goings are {how}")
            }
            PreferenceCommand::Bell(bell) => {
                bell.into_iter().for_each(|bell| view.set_preference(PreferenceChange::Bell(bell)));
                let what = match view.wishes().bell {
                    BellMode::Off => "nothing rings",
                    BellMode::Mention => "your name rings, and what is said to you alone",
                    BellMode::All => "whatever is said rings",
                };
                what.to_owned()
            }
            PreferenceCommand::Timestamp(stamp) => {
                stamp
                    .into_iter()
                    .for_each(|stamp| view.set_preference(PreferenceChange::Timestamp(stamp)));
                let what = match view.wishes().stamp {
                    TimestampStyle::Time => "new lines begin with their time",
                    TimestampStyle::DateTime => "new lines begin with their date and time",
                    TimestampStyle::Off => "new lines have no time",
                };
                what.to_owned()
            }
        };
        self.view.confirm(&done);
        Ok(())
    }

    /// Mutes a room, or no longer: what is to be told of that.
    fn mute(&mut self, room: RoomName, is_muted: bool) -> String {
        let label = self.view.label(&room);
        self.view.set_preference(PreferenceChange::Muted(room, is_muted));
        if is_muted {
            format!("{label} is muted: no bell, no news (/unmute {label})")
        } else {
            format!("{label} is no longer muted")
        }
    }

    /// That a room is not muted, and which are.
    fn unmuted(&self, room: &RoomName) -> String {
        let muted = self.view.wishes().muted().iter().map(|room| self.view.label(room));
        let muted: Vec<String> = muted.collect();
        let known = if muted.is_empty() {
            "no room is".to_owned()
        } else {
            format!("muted: {}", muted.join(", "))
        };
        format!("{} is not muted ({known})", self.view.label(room))
    }

    /// Keeps for the next run what has come to be wished in this one. What cannot be kept is told once.
    pub(super) fn save_preferences(&mut self) {
        for wished in self.view.take_unsaved() {
            if let Err(sentence) = self.preferences_file.keep(&wished) {
                self.view.alarm(&sentence);
                self.preferences_file = PreferencesFile::new(None);
            }
        }
    }
}
