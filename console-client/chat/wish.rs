//! What concerns nobody but the person: what they want to hear, and how.

use talk::chat::UserName;

use crate::chat::Chat;
use crate::chat::obey::fit;
use crate::command::Wish;
use crate::wishes::Bell;
use crate::wishes::Stamp;
use crate::wishes::Wished;
use crate::wishlist::Wishlist;

impl Chat {
    pub(super) fn fulfil(&mut self, wish: Wish) -> Result<(), String> {
        let view = &mut self.view;
        let done = match wish {
            Wish::Ignore(None) if view.wishes().ignored().is_empty() => {
                "you ignore nobody".to_owned()
            }
            Wish::Ignore(None) => {
                let names: Vec<&str> =
                    view.wishes().ignored().iter().map(UserName::as_str).collect();
                format!("you ignore {}", names.join(", "))
            }
            Wish::Ignore(Some(name)) => {
                let name: UserName = fit(&name)?;
                if name.is_same_claim(view.me()) {
                    return Err(format!("you are {name} yourself"));
                }
                view.wish(Wished::Ignored(name.clone(), true));
                format!("nothing of {name}'s is shown from now on (/unignore {name})")
            }
            Wish::Unignore(name) => {
                let name = fit(&name)?;
                if !view.wishes().is_ignored(&name) {
                    return Err(format!("you do not ignore {name}"));
                }
                view.wish(Wished::Ignored(name.clone(), false));
                format!("{name} is heard again")
            }
            Wish::Mute => match view.toggle_mute() {
                Some(true) => "this room is muted: no bell, no news".to_owned(),
                Some(false) => "this room is no longer muted".to_owned(),
                None => return Err("you are in no room (try /join lobby)".to_owned()),
            },
            Wish::Quiet => {
                let is_quiet = !view.wishes().is_quiet;
                view.wish(Wished::Quiet(is_quiet));
                let how = if is_quiet { "no longer told" } else { "told" };
                format!("comings and goings are {how}")
            }
            Wish::Bell(bell) => {
                bell.into_iter().for_each(|bell| view.wish(Wished::Bell(bell)));
                let what = match view.wishes().bell {
                    Bell::Off => "nothing rings",
                    Bell::Mention => "your name rings, and what is said to you alone",
                    Bell::All => "whatever is said rings",
                };
                what.to_owned()
            }
            Wish::Timestamp(stamp) => {
                stamp.into_iter().for_each(|stamp| view.wish(Wished::Stamp(stamp)));
                let what = match view.wishes().stamp {
                    Stamp::Time => "new lines begin with their time",
                    Stamp::DateTime => "new lines begin with their date and time",
                    Stamp::Off => "new lines have no time",
                };
                what.to_owned()
            }
        };
        view.confirm(&done);
        Ok(())
    }

    /// Keeps for the next run what has come to be wished in this one. What cannot be kept is told once.
    pub(super) fn keep_wishes(&mut self) {
        for wished in self.view.take_unkept() {
            if let Err(sentence) = self.wishlist.keep(&wished) {
                self.view.alarm(&sentence);
                self.wishlist = Wishlist::new(None);
            }
        }
    }
}
