//! The names of what is measured of a board's memory.

use std::fmt;

/// A figure of memory that a budget can be set for. All are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Figure {
    /// All of the heap.
    HeapTotal,
    /// What objects hold, also dead ones that no collection has found yet.
    HeapUsed,
    /// The rest of the heap.
    HeapFree,
    /// The longest free piece of the heap in one.
    HeapLargest,
    /// How much more of the heap is used than at the sample before; negative if it is less.
    HeapGrowth,
    /// The most of the stack that was used at once since power-on.
    StackPeak,
    /// What the firmware's file puts into flash.
    FlashUsed,
    /// What the firmware's file reserves in RAM. Stack and heap are not in the file.
    RamUsed,
}

impl Figure {
    /// All of them, and the words for them.
    pub const WORDS: [(Figure, &str); 8] = [
        (Figure::HeapTotal, "heap.total"),
        (Figure::HeapUsed, "heap.used"),
        (Figure::HeapFree, "heap.free"),
        (Figure::HeapLargest, "heap.largest"),
        (Figure::HeapGrowth, "heap.growth"),
        (Figure::StackPeak, "stack.peak"),
        (Figure::FlashUsed, "flash.used"),
        (Figure::RamUsed, "ram.used"),
    ];

    /// The figure that `word` stands for.
    pub fn of_word(word: &str) -> Option<Figure> {
        Figure::WORDS.iter().find(|(_, known)| *known == word).map(|(figure, _)| *figure)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        let found = Figure::WORDS.iter().find(|(figure, _)| *figure == self);
        found.map(|(_, word)| *word).expect("each figure has a word")
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_has_a_word_of_its_own() {
        for (figure, word) in Figure::WORDS {
            assert_eq!(Figure::of_word(word), Some(figure));
            assert_eq!(figure.to_string(), word);
        }
        assert_eq!(Figure::of_word("heap"), None);
    }
}
