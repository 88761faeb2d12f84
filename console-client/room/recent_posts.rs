//! LineKind may be answered in a room: its posts of late by their numbers, each in a few words.
//!
//! Room: seqs and texts. A deleted text is forgotten here too.

use crate::text::sanitize::Sanitized;
use crate::text::width;
use std::collections::BTreeMap;
use std::collections::VecDeque;
use talk::chat::Operation;
use talk::chat::UserName;
use talk::chat::protocol::Kind;
use talk::chat::protocol::Record;

/// The newest posts of a room that were loaded.
#[derive(Debug, Default)]
pub(crate) struct RecentPosts(BTreeMap<u64, Post>);

/// A post, as far as it takes to know it again.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) user: UserName,
    /// It tells what its author does.
    pub(crate) me: bool,
    /// Its first words, on one line; nothing once they are deleted.
    pub(crate) words: Option<String>,
    /// The record that the words are of: the post itself, or an edit.
    words_of: u64,
}

/// RecentPosts kept of a room: as many as its lines.
const POSTS_MAX: usize = 500;

/// Columns of the first words.
const WORDS: usize = 48;

/// Characters looked at for them: all but the first few are marks or will not fit.
const LOOKED_AT: usize = 4 * WORDS;

impl RecentPosts {
    /// Takes a record into account, in whatever order they are loaded.
    pub(crate) fn take(&mut self, record: &Record) {
        let seq = record.seq;
        match &record.kind {
            Kind::Operation(Operation::Post { text, me, .. }) => {
                self.add(record, *me, Some(first_words(text.as_str())));
            }
            Kind::Erased { edit_of: None } => self.add(record, false, None),
            Kind::Operation(Operation::Edit { target, text }) => {
                if let Some(post) = self.0.get_mut(target)
                    && post.words.is_some()
                    && post.words_of < seq
                {
                    (post.words, post.words_of) = (Some(first_words(text.as_str())), seq);
                }
            }
            Kind::Operation(Operation::Delete { target }) => {
                if let Some(post) = self.0.get_mut(target) {
                    post.words = None;
                }
            }
            Kind::Operation(Operation::Topic { .. }) | Kind::Erased { edit_of: Some(_) } => {}
        }
    }

    fn add(&mut self, record: &Record, me: bool, words: Option<String>) {
        let (user, words_of) = (record.user.clone(), record.seq);
        self.0.entry(record.seq).or_insert(Post { user, me, words, words_of });
        if self.0.len() > POSTS_MAX {
            self.0.pop_first();
        }
    }

    /// The post of this number, if it is known.
    pub(crate) fn find(&self, seq: u64) -> Option<&Post> {
        self.0.get(&seq)
    }

    /// The numbers of the newest `count` posts that have words, oldest first.
    pub(crate) fn newest(&self, count: usize) -> Vec<u64> {
        let said = self.0.iter().rev().filter(|(_, post)| post.words.is_some());
        let mut seqs: Vec<u64> = said.map(|(seq, _)| *seq).take(count).collect();
        seqs.reverse();
        seqs
    }
}

/// The first words of a text, made safe before they are cut: an escape takes columns too.
fn first_words(text: &str) -> String {
    let mut rest = text.split_whitespace();
    let words = rest.by_ref().take(WORDS).collect::<Vec<&str>>().join(" ");
    let start: String = words.chars().take(LOOKED_AT).collect();
    let safe = Sanitized::one_line(&start);
    let mut used = 0;
    let fits = |c: &char| {
        used += width::of(*c);
        used <= WORDS
    };
    let kept: String = safe.as_str().chars().take_while(fits).collect();
    let is_all = rest.next().is_none() && start == words && kept == safe.as_str();
    if is_all { kept } else { kept + "…" }
}

/// Our newest lines in one room, oldest first.
#[derive(Debug, Default)]
pub(crate) struct OwnPosts {
    lines: VecDeque<(u64, String)>,
}

/// Scrollback kept to be found again by their numbers.
const OWN_MAX: usize = 20;

impl OwnPosts {
    /// Takes a record of ours into account.
    pub(crate) fn take(&mut self, record: &Record) {
        match &record.kind {
            Kind::Operation(Operation::Post { text, me, .. }) => {
                let text = if *me { format!("* {text}") } else { text.to_string() };
                self.lines.push_back((record.seq, text));
                if self.lines.len() > OWN_MAX {
                    self.lines.pop_front();
                }
            }
            Kind::Operation(Operation::Edit { target, text }) => {
                if let Some((_, words)) = self.lines.iter_mut().find(|(seq, _)| seq == target) {
                    *words = text.to_string();
                }
            }
            Kind::Operation(Operation::Delete { target }) => {
                self.lines.retain(|(seq, _)| seq != target);
            }
            Kind::Operation(Operation::Topic { .. }) | Kind::Erased { .. } => {}
        }
    }

    /// The lines with their numbers, oldest first.
    pub(crate) fn lines(&self) -> impl DoubleEndedIterator<Item = (u64, &str)> {
        self.lines.iter().map(|(seq, text)| (*seq, text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk::chat::Text;

    fn record(seq: u64, kind: Kind) -> Record {
        let (room, user) = ("lobby".parse().unwrap(), "ann".parse().unwrap());
        Record { room, seq, at: 0, user, cid: "c".parse().unwrap(), kind }
    }

    fn text(said: &str) -> Text {
        Text::parse(said, 4096).unwrap()
    }

    fn post(seq: u64, said: &str) -> Record {
        record(seq, Kind::Operation(Operation::Post { text: text(said), me: false, reply: None }))
    }

    fn edit(seq: u64, target: u64, said: &str) -> Record {
        record(seq, Kind::Operation(Operation::Edit { target, text: text(said) }))
    }

    fn words(posts: &RecentPosts, seq: u64) -> Option<&str> {
        posts.find(seq)?.words.as_deref()
    }

    #[test]
    fn a_post_has_its_last_words_in_whatever_order_they_are_loaded() {
        let mut posts = RecentPosts::default();
        [post(5, "five"), edit(9, 5, "nine"), edit(7, 5, "seven"), post(5, "five")]
            .iter()
            .for_each(|record| posts.take(record));
        assert_eq!(words(&posts, 5), Some("nine"));
        assert!(posts.find(7).is_none(), "an edit is nothing to answer");
        posts.take(&record(10, Kind::Operation(Operation::Delete { target: 5 })));
        posts.take(&edit(11, 5, "back"));
        posts.take(&record(3, Kind::Erased { edit_of: None }));
        assert!([3, 5].iter().all(|seq| posts.find(*seq).unwrap().words.is_none()));
        assert!(posts.newest(9).is_empty());
        assert!(!format!("{posts:?}").contains("nine"));
    }

    #[test]
    fn the_newest_posts_are_kept() {
        let mut posts = RecentPosts::default();
        let count = POSTS_MAX as u64 + 3;
        (4..=count).for_each(|seq| posts.take(&post(seq, "x")));
        assert_eq!(posts.newest(2), [count - 1, count]);
        (1..=6).for_each(|seq| posts.take(&post(seq, "x")));
        assert!(posts.find(3).is_none() && posts.find(4).is_some(), "the older goes first");
    }

    #[test]
    fn first_words_stand_on_one_short_line_whatever_the_text_holds() {
        assert_eq!(first_words("hi  there\n\tyou "), "hi there you");
        assert_eq!(first_words(&"x".repeat(48)), "x".repeat(48));
        for long in ["x".repeat(49), "日本語 ".repeat(50), "\u{202e}".repeat(900), "a ".repeat(99)]
        {
            let short = first_words(&long);
            assert!(short.ends_with('…') && width::of_text(&short) <= WORDS + 1, "{short}");
            assert!(!short.contains(['\u{202e}', '\n', '\u{2028}']), "{short:?}");
        }
        assert_eq!(first_words("a\u{2028}b"), "a b");
    }
}
