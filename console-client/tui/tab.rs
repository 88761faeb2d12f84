//! Tab: at once what is known, and what the server has to be asked for when its answer comes.

use talk::time;

use super::TabDue;
use super::Tui;
use crate::editor::KeyAction;
use crate::editor::completion::Words;
use crate::stdio::keys::Key;

impl Tui {
    /// Gives a key to the editor. A Tab for a room asks the server for its rooms, one for a member of a large room
    /// for members, without waiting.
    pub(super) fn edit(&mut self, key: Key) -> Option<KeyAction> {
        let is_tab = matches!(key, Key::Tab | Key::BackTab);
        let words = if is_tab { self.display().words() } else { Words::default() };
        let is_of_room = is_tab && self.editor.completes_any_room();
        let is_first = is_tab && !self.editor.is_completing();
        let begun = if is_first { self.editor.begun_name() } else { None };
        let action = self.editor.press(key, &words);
        if is_of_room {
            self.chat.refresh_known_rooms(time::unix_ms());
        }
        self.tab_due = match begun {
            Some(begun) if self.chat.find_members(&begun) => TabDue::Members,
            _ if is_of_room && !self.editor.is_completing() => TabDue::Rooms,
            // A Tab after the first shows the next candidate, to which others may still come.
            _ if is_tab && !is_first && self.tab_due == TabDue::Members => TabDue::Members,
            Some(_) | None => TabDue::Nothing,
        };
        action
    }

    /// Completes what the last key, a Tab, could not, if its answer has come. If it could, there is more to choose from.
    pub(super) fn complete_late(&mut self, has_rooms: bool) {
        let has_members = self.chat.view.awaited.members.take_found();
        let has_come = match self.tab_due {
            TabDue::Nothing => false,
            TabDue::Rooms => has_rooms,
            TabDue::Members => has_members,
        };
        if !has_come {
            return;
        }
        self.tab_due = TabDue::Nothing;
        let words = self.display().words();
        if self.editor.is_completing() {
            self.editor.extend_completion(&words);
        } else {
            self.editor.press(Key::Tab, &words);
        }
    }
}
