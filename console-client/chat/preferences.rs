//! Commands that set preferences: whom to ignore, when the bell rings, how messages are stamped.

use talk::chat::RoomName;
use talk::chat::UserName;

use super::Chat;
use super::commands::parse;
use super::commands::requested;
use crate::command::PreferenceCommand;
use crate::storage::preferences::BellMode;
use crate::storage::preferences::PreferenceChange;
use crate::storage::preferences::TimestampStyle;

impl Chat {
    pub(super) fn set_preference(&mut self, command: PreferenceCommand) -> Result<(), String> {
        let preferences = &mut self.view.display.preferences;
        let confirmation = match command {
            PreferenceCommand::Ignore(None) if preferences.current().ignored().is_empty() => {
                "you ignore no one".to_owned()
            }
            PreferenceCommand::Ignore(None) => {
                let names: Vec<&str> =
                    preferences.current().ignored().iter().map(UserName::as_str).collect();
                format!("you ignore {}", names.join(", "))
            }
            PreferenceCommand::Ignore(Some(name)) => {
                let name: UserName = parse(&name)?;
                if name.is_same_claim(&self.view.display.me) {
                    return Err("that is your own name".to_owned());
                }
                self.view.display.ignore(&name);
                format!("{name} is ignored: new messages are hidden (/unignore {name})")
            }
            PreferenceCommand::Unignore(name) => {
                let name = parse(&name)?;
                if !preferences.current().is_ignored(&name) {
                    return Err(format!("you do not ignore {name}"));
                }
                preferences.set(PreferenceChange::Ignored(name.clone(), false));
                format!("{name} is no longer ignored")
            }
            PreferenceCommand::Mute(name) => {
                let room = self.room_or_current(name)?;
                let is_muted = self.view.display.is_muted(&room);
                self.mute(room, !is_muted)?
            }
            PreferenceCommand::Unmute(name) => {
                let room = self.room_or_current(name)?;
                if !self.view.display.is_muted(&room) {
                    return Err(self.not_muted(&room));
                }
                self.mute(room, false)?
            }
            PreferenceCommand::Quiet => {
                let is_quiet = !preferences.current().is_quiet;
                preferences.set(PreferenceChange::Quiet(is_quiet));
                let how = if is_quiet { "hidden" } else { "shown" };
                format!("joins and leaves are {how}")
            }
            PreferenceCommand::Bell(bell) => {
                bell.into_iter().for_each(|bell| preferences.set(PreferenceChange::Bell(bell)));
                let what = match preferences.current().bell {
                    BellMode::Off => "bell: off",
                    BellMode::Mention => "bell: mentions and direct messages",
                    BellMode::All => "bell: every message",
                };
                what.to_owned()
            }
            PreferenceCommand::Timestamp(style) => {
                let changes = style.into_iter().map(PreferenceChange::Timestamp);
                changes.for_each(|change| preferences.set(change));
                let what = match preferences.current().timestamp {
                    TimestampStyle::Time => "time",
                    TimestampStyle::DateTime => "date and time",
                    TimestampStyle::Off => "off",
                };
                format!("time stamps of new messages: {what}")
            }
        };
        self.view.display.notice(&confirmation);
        Ok(())
    }

    /// Mutes a room, or no longer; the confirmation to show. The server keeps it for all devices of the person; with an
    /// older server, or until the server has told the room's name, it stays here.
    fn mute(&mut self, room: RoomName, is_muted: bool) -> Result<String, String> {
        let label = self.view.display.label(&room);
        if self.is_shared() && room.wanted_peer().is_none() {
            if is_muted && !self.view.display.rooms.contains(&room) {
                return Err(format!("you are not in {label}"));
            }
            self.share_mute(&room, is_muted)?;
        } else {
            let change = PreferenceChange::Muted(room, is_muted);
            self.view.display.preferences.set(change);
        }
        Ok(if is_muted {
            format!("{label} is muted: no bell, not counted as unread (/unmute {label})")
        } else {
            format!("{label} is no longer muted")
        })
    }

    /// Whether the server keeps for the person which rooms are muted.
    fn is_shared(&self) -> bool {
        let welcome = self.view.connection.welcome();
        welcome.is_some_and(|welcome| welcome.rooms.is_some())
    }

    /// Tells the server that a room is muted, or no longer. What was kept here of it goes.
    fn share_mute(&mut self, room: &RoomName, is_muted: bool) -> Result<(), String> {
        if self.view.display.rooms.contains(room) {
            requested(self.client.mute(room, is_muted))?;
        }
        let display = &mut self.view.display;
        if display.preferences.current().is_muted(room) {
            display.preferences.set(PreferenceChange::Muted(room.clone(), false));
        }
        display.rooms.set_muted(room, is_muted);
        Ok(())
    }

    /// Tells the server that a room is muted that was muted here before the server kept it, or before it had told the name
    /// of the room that was `asked` for.
    pub(super) fn share_old_mute(&mut self, asked: &RoomName, room: &RoomName) {
        let preferences = &mut self.view.display.preferences;
        if asked != room && room.is_private() && preferences.current().is_muted(asked) {
            preferences.set(PreferenceChange::Muted(asked.clone(), false));
            preferences.set(PreferenceChange::Muted(room.clone(), true));
        }
        if self.is_shared() && self.view.display.preferences.current().is_muted(room) {
            _ = self.share_mute(room, true); // if it cannot be sent now, it stays here until the next join
        }
    }

    /// The error for a room that is not muted; it says which are.
    fn not_muted(&self, room: &RoomName) -> String {
        let display = &self.view.display;
        let ours =
            display.rooms.iter().map(|room| &room.name).filter(|room| display.is_muted(room));
        let ours: Vec<&RoomName> = ours.collect();
        let others = display.preferences.current().muted().iter();
        let others = others.filter(|room| !ours.contains(room));
        let muted = ours.iter().copied().chain(others).map(|room| display.label(room));
        let muted: Vec<String> = muted.collect();
        let known = if muted.is_empty() {
            "no room is".to_owned()
        } else {
            format!("muted: {}", muted.join(", "))
        };
        format!("{} is not muted ({known})", display.label(room))
    }

    /// Saves what was changed in this run.
    pub(super) fn save_preferences(&mut self) {
        for change in self.view.display.preferences.take_unsaved() {
            if let Some(problem) = self.files.save_preference(&change) {
                self.view.display.error(&problem);
            }
        }
    }
}
