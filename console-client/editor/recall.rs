//! Earlier input, to be used again: by ↑ and ↓, or found by a part of it.

use crate::storage::input_history::MAX_ENTRIES;

/// Earlier input, oldest first, and which of it is shown.
#[derive(Debug, Default)]
pub(crate) struct Recall {
    lines: Vec<String>,
    /// The line shown; `None` while new text is typed.
    recalled: Option<Recalled>,
}

/// A place in earlier input, and what was being typed before.
#[derive(Debug)]
struct Recalled {
    at: usize,
    draft: String,
}

impl Recall {
    pub(crate) fn new(lines: Vec<String>) -> Recall {
        let mut recall = Recall::default();
        lines.into_iter().for_each(|line| recall.add(line));
        recall
    }

    /// Adds a line that was just submitted, unless it is the last one again.
    pub(crate) fn add(&mut self, line: String) {
        self.leave();
        if self.lines.last() != Some(&line) {
            self.lines.push(line);
        }
        if self.lines.len() > MAX_ENTRIES {
            self.lines.remove(0);
        }
    }

    /// Returns to the input line: what is typed next is new.
    pub(super) fn leave(&mut self) {
        self.recalled = None;
    }

    /// The line before the one shown; `draft` comes back after the newest.
    pub(super) fn older(&mut self, draft: String) -> Option<String> {
        let at = self.recalled.as_ref().map_or(self.lines.len(), |recalled| recalled.at);
        let at = at.checked_sub(1)?;
        let draft = self.recalled.take().map_or(draft, |recalled| recalled.draft);
        self.recalled = Some(Recalled { at, draft });
        self.lines.get(at).cloned()
    }

    /// The line after the one shown, and after the newest the draft.
    pub(super) fn newer(&mut self) -> Option<String> {
        let Recalled { at, draft } = self.recalled.take()?;
        let Some(line) = self.lines.get(at + 1).cloned() else { return Some(draft) };
        self.recalled = Some(Recalled { at: at + 1, draft });
        Some(line)
    }

    /// The newest line that contains `part`, in any case, among those before the place `before`.
    fn find(&self, part: &str, before: usize) -> Option<(usize, &str)> {
        let part = part.to_lowercase();
        let mut lines = self.lines.iter().enumerate().take(before);
        lines.rfind(|(_, line)| line.to_lowercase().contains(&part)).map(|(at, l)| (at, l.as_str()))
    }
}

/// A search under way.
#[derive(Debug)]
pub(super) struct RecallSearch {
    /// What the line must contain.
    part: String,
    /// The line found.
    at: Option<usize>,
    /// The last letter found no line.
    is_failing: bool,
    /// What was being typed before.
    pub(super) draft: String,
}

impl RecallSearch {
    pub(super) fn begin(draft: String) -> RecallSearch {
        RecallSearch { part: String::new(), at: None, is_failing: false, draft }
    }

    /// Searches for one more letter. Returns the match, if there is one.
    pub(super) fn push(&mut self, c: char, recall: &Recall) -> Option<String> {
        self.part.push(c);
        self.search(recall, self.at.map_or(usize::MAX, |at| at + 1))
    }

    /// Searches for one letter less, from the newest line on.
    pub(super) fn pop(&mut self, recall: &Recall) -> Option<String> {
        self.part.pop();
        if self.part.is_empty() {
            (self.at, self.is_failing) = (None, false);
            return Some(self.draft.clone());
        }
        self.search(recall, usize::MAX)
    }

    /// Searches further back.
    pub(super) fn older(&mut self, recall: &Recall) -> Option<String> {
        if self.part.is_empty() {
            return None;
        }
        self.search(recall, self.at.unwrap_or(usize::MAX))
    }

    pub(super) fn prompt(&self) -> String {
        let what = if self.is_failing { "nothing older with" } else { "search" };
        format!("{what} \"{}\": ", self.part)
    }

    fn search(&mut self, recall: &Recall, before: usize) -> Option<String> {
        let found = recall.find(&self.part, before);
        self.is_failing = found.is_none();
        let (at, line) = found?;
        self.at = Some(at);
        Some(line.to_owned())
    }
}
