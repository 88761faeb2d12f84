//! Pieces of a text, and what its marks say about each.

/// A piece of a text, without its marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) marks: Marks,
}

/// What marks say about a piece of text: a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks(u8);

impl Marks {
    pub(crate) const STRONG: Marks = Marks(1);
    pub(crate) const EM: Marks = Marks(2);
    pub(crate) const CODE: Marks = Marks(4);
    /// Rows between fences.
    pub(crate) const BLOCK: Marks = Marks(8);
    pub(crate) const QUOTE: Marks = Marks(16);
    pub(crate) const LINK: Marks = Marks(32);
    pub(crate) const DEL: Marks = Marks(64);

    pub(crate) fn has(self, mark: Marks) -> bool {
        self.0 & mark.0 != 0
    }

    pub(super) fn with(self, mark: Marks) -> Marks {
        Marks(self.0 | mark.0)
    }
}

/// Appends a piece; one with the same marks is joined to the one before it.
pub(super) fn append(pieces: &mut Vec<Piece>, text: &str, marks: Marks) {
    match pieces.last_mut() {
        Some(last) if last.marks == marks => last.text.push_str(text),
        Some(_) | None => pieces.push(Piece { text: text.to_owned(), marks }),
    }
}
