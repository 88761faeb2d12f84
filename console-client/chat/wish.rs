//! What concerns nobody but the person: what they want to hear, and how.

use talk::chat::UserName;

use crate::chat::Chat;
use crate::chat::obey::fit;
use crate::command::Wish;
use crate::view::Bell;

impl Chat {
    pub(super) fn fulfil(&mut self, wish: Wish) -> Result<(), String> {
        let view = &mut self.view;
        let done = match wish {
            Wish::Ignore(None) if view.ignored().is_empty() => "you ignore nobody".to_owned(),
            Wish::Ignore(None) => {
                let names: Vec<&str> = view.ignored().iter().map(UserName::as_str).collect();
                format!("you ignore {}", names.join(", "))
            }
            Wish::Ignore(Some(name)) => {
                let name: UserName = fit(&name)?;
                if name.is_same_claim(view.me()) {
                    return Err(format!("you are {name} yourself"));
                }
                view.ignore(name.clone());
                format!("nothing of {name}'s is shown from now on (/unignore {name})")
            }
            Wish::Unignore(name) => {
                let name = fit(&name)?;
                if !view.unignore(&name) {
                    return Err(format!("you do not ignore {name}"));
                }
                format!("{name} is heard again")
            }
            Wish::Mute => match view.toggle_mute() {
                Some(true) => "this room is muted: no bell, no news".to_owned(),
                Some(false) => "this room is no longer muted".to_owned(),
                None => return Err("you are in no room (try /join lobby)".to_owned()),
            },
            Wish::Quiet if view.toggle_quiet() => "comings and goings are told".to_owned(),
            Wish::Quiet => "comings and goings are no longer told".to_owned(),
            Wish::Bell(bell) => {
                view.set_bell(bell);
                let what = match bell {
                    Bell::Off => "nothing rings",
                    Bell::Mention => "your name rings, and what is said to you alone",
                    Bell::All => "whatever is said rings",
                };
                what.to_owned()
            }
            Wish::Timestamp(stamp) => {
                view.set_stamp(stamp);
                "new lines are stamped like that".to_owned()
            }
        };
        view.confirm(&done);
        Ok(())
    }
}
