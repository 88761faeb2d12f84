//! The newest posts of a room: each with a short excerpt, to show above a reply, and our own with
//! their text, to edit.
//!
//! A deleted text is removed here too.

use std::collections::BTreeMap;
use std::collections::VecDeque;

use talk::chat::Operation;
use talk::chat::UserName;
use talk::chat::protocol::Record;
use talk::chat::protocol::RecordKind;

use crate::text::sanitize::Sanitized;
use crate::text::width;

/// The newest posts of a room that were loaded, by seq.
#[derive(Debug, Default)]
pub(crate) struct RecentPosts(BTreeMap<u64, Post>);

/// As much of a post as its readers need to recognize it.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) user: UserName,
    /// Whether it is a `/me` message.
    pub(crate) me: bool,
    /// Its first words, on one line; `None` once the post is deleted.
    pub(crate) excerpt: Option<String>,
    /// The record that the excerpt is of: the post itself, or an edit.
    excerpt_of: u64,
}

/// Posts kept of a room: as many as its lines.
const MAX_POSTS: usize = 500;

/// Columns of an excerpt.
const EXCERPT: usize = 48;

/// Characters read for an excerpt: all but the first few are marks, or do not fit.
const EXCERPT_READ: usize = 4 * EXCERPT;

impl RecentPosts {
    /// Takes a record into account; records may come in any order.
    pub(crate) fn apply(&mut self, record: &Record) {
        let seq = record.seq;
        match &record.kind {
            RecordKind::Operation(Operation::Post { text, me, .. }) => {
                self.add(record, *me, Some(excerpt(text.as_str())));
            }
            RecordKind::Erased { edit_of: None } => self.add(record, false, None),
            RecordKind::Operation(Operation::Edit { target, text }) => {
                if let Some(post) = self.0.get_mut(target)
                    && post.excerpt.is_some()
                    && post.excerpt_of < seq
                {
                    (post.excerpt, post.excerpt_of) = (Some(excerpt(text.as_str())), seq);
                }
            }
            RecordKind::Operation(Operation::Delete { target }) => {
                if let Some(post) = self.0.get_mut(target) {
                    post.excerpt = None;
                }
            }
            RecordKind::Operation(Operation::Topic { .. })
            | RecordKind::Erased { edit_of: Some(_) } => {}
        }
    }

    fn add(&mut self, record: &Record, me: bool, excerpt: Option<String>) {
        let (user, excerpt_of) = (record.user.clone(), record.seq);
        self.0.entry(record.seq).or_insert(Post { user, me, excerpt, excerpt_of });
        if self.0.len() > MAX_POSTS {
            self.0.pop_first();
        }
    }

    /// Forgets the posts of a user.
    pub(crate) fn forget_user(&mut self, user: &UserName) {
        self.0.retain(|_, post| !post.user.is_same_claim(user));
    }

    /// Forgets the posts before `seq`; without one, all.
    pub(crate) fn forget_before(&mut self, seq: Option<u64>) {
        match seq {
            Some(seq) => self.0 = self.0.split_off(&seq),
            None => self.0.clear(),
        }
    }

    /// The post with this seq, if it is kept.
    pub(crate) fn find(&self, seq: u64) -> Option<&Post> {
        self.0.get(&seq)
    }

    /// The seqs of the newest `count` posts that are not deleted, oldest first.
    pub(crate) fn newest(&self, count: usize) -> Vec<u64> {
        let posts = self.0.iter().rev().filter(|(_, post)| post.excerpt.is_some());
        let mut seqs: Vec<u64> = posts.map(|(seq, _)| *seq).take(count).collect();
        seqs.reverse();
        seqs
    }
}

/// The first words of a text, sanitized before they are cut: an escape takes columns too.
fn excerpt(text: &str) -> String {
    let mut rest = text.split_whitespace();
    let words = rest.by_ref().take(EXCERPT).collect::<Vec<&str>>().join(" ");
    let start: String = words.chars().take(EXCERPT_READ).collect();
    let safe = Sanitized::one_line(&start);
    let mut used = 0;
    let fits = |c: &char| {
        used += width::of(*c);
        used <= EXCERPT
    };
    let kept: String = safe.as_str().chars().take_while(fits).collect();
    let is_all = rest.next().is_none() && start == words && kept == safe.as_str();
    if is_all { kept } else { kept + "…" }
}

/// Our newest posts in one room, oldest first: those that can be edited or deleted.
#[derive(Debug, Default)]
pub(crate) struct OwnPosts {
    posts: VecDeque<(u64, String)>,
}

/// Own posts kept of a room.
const MAX_OWN_POSTS: usize = 20;

/// Bytes kept of a post: more than a row of the list shows.
const OWN_POST_SIZE: usize = 1_024;

/// The first bytes of a text.
fn cut(text: &str) -> String {
    if text.len() <= OWN_POST_SIZE {
        return text.to_owned();
    }
    let starts = text.char_indices().map(|(at, _)| at);
    let end = starts.take_while(|at| *at <= OWN_POST_SIZE).last().unwrap_or(0);
    text.get(..end).unwrap_or_default().to_owned() + "…"
}

impl OwnPosts {
    /// Takes a record of ours into account.
    pub(crate) fn apply(&mut self, record: &Record) {
        match &record.kind {
            RecordKind::Operation(Operation::Post { text, me, .. }) => {
                let text = cut(text.as_str());
                let text = if *me { format!("* {text}") } else { text };
                self.posts.push_back((record.seq, text));
                if self.posts.len() > MAX_OWN_POSTS {
                    self.posts.pop_front();
                }
            }
            RecordKind::Operation(Operation::Edit { target, text }) => {
                if let Some((_, words)) = self.posts.iter_mut().find(|(seq, _)| seq == target) {
                    *words = cut(text.as_str());
                }
            }
            RecordKind::Operation(Operation::Delete { target }) => {
                self.posts.retain(|(seq, _)| seq != target);
            }
            RecordKind::Operation(Operation::Topic { .. }) | RecordKind::Erased { .. } => {}
        }
    }

    /// The posts with their seqs, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &str)> {
        self.posts.iter().map(|(seq, text)| (*seq, text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk::chat::Text;

    fn record(seq: u64, kind: RecordKind) -> Record {
        let (room, user) = ("lobby".parse().unwrap(), "ann".parse().unwrap());
        Record { room, seq, at: 0, user, cid: "c".parse().unwrap(), kind, new_owner: false }
    }

    fn text(said: &str) -> Text {
        Text::parse(said, 4096).unwrap()
    }

    fn post(seq: u64, said: &str) -> Record {
        record(
            seq,
            RecordKind::Operation(Operation::Post { text: text(said), me: false, reply: None }),
        )
    }

    fn edit(seq: u64, target: u64, said: &str) -> Record {
        record(seq, RecordKind::Operation(Operation::Edit { target, text: text(said) }))
    }

    fn text_of(posts: &RecentPosts, seq: u64) -> Option<&str> {
        posts.find(seq)?.excerpt.as_deref()
    }

    #[test]
    fn a_post_has_its_newest_text_in_whatever_order_records_are_loaded() {
        let mut posts = RecentPosts::default();
        [post(5, "five"), edit(9, 5, "nine"), edit(7, 5, "seven"), post(5, "five")]
            .iter()
            .for_each(|record| posts.apply(record));
        assert_eq!(text_of(&posts, 5), Some("nine"));
        assert!(posts.find(7).is_none(), "an edit cannot be replied to");
        posts.apply(&record(10, RecordKind::Operation(Operation::Delete { target: 5 })));
        posts.apply(&edit(11, 5, "back"));
        posts.apply(&record(3, RecordKind::Erased { edit_of: None }));
        assert!([3, 5].iter().all(|seq| posts.find(*seq).unwrap().excerpt.is_none()));
        assert!(posts.newest(9).is_empty());
        assert!(!format!("{posts:?}").contains("nine"));
    }

    #[test]
    fn the_newest_posts_are_kept() {
        let mut posts = RecentPosts::default();
        let count = MAX_POSTS as u64 + 3;
        (4..=count).for_each(|seq| posts.apply(&post(seq, "x")));
        assert_eq!(posts.newest(2), [count - 1, count]);
        (1..=6).for_each(|seq| posts.apply(&post(seq, "x")));
        assert!(posts.find(3).is_none() && posts.find(4).is_some(), "the older goes first");
    }

    #[test]
    fn an_excerpt_is_one_short_line_whatever_the_text_holds() {
        assert_eq!(excerpt("hi  there\n\tyou "), "hi there you");
        assert_eq!(excerpt(&"x".repeat(48)), "x".repeat(48));
        for long in ["x".repeat(49), "日本語 ".repeat(50), "\u{202e}".repeat(900), "a ".repeat(99)]
        {
            let short = excerpt(&long);
            assert!(short.ends_with('…') && width::of_text(&short) <= EXCERPT + 1, "{short}");
            assert!(!short.contains(['\u{202e}', '\n', '\u{2028}']), "{short:?}");
        }
        assert_eq!(excerpt("a\u{2028}b"), "a b");
    }
}
