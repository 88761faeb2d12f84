//! What the rules of names need to know of Unicode: characters, scripts, look-alikes.
//!
//! Depends on nothing; never on the rules themselves, which are in `user_name`.
//!
//! Two files are generated from the data of the Unicode Consortium: `script_table.rs` and
//! `confusables.rs`. A test compares them with the versions of `unicode-script` and
//! `unicode-security` in `Cargo.lock`, and writes new ones if they differ.

mod characters; // which characters a name may hold
mod script; // which script a character of a new name belongs to, and which scripts may mix
#[rustfmt::skip]
mod script_table; // generated
mod skeleton; // what a name looks like
#[rustfmt::skip]
mod confusables; // generated

pub(super) use characters::{block_of, is_letter_or_digit, is_needed_mark, may_take_mark};
pub(super) use script::{Script, are_mixable, is_east_asian, is_plain_shape, script_of};
pub(super) use skeleton::{skeleton, skeletons};

#[cfg(test)]
mod tests;
