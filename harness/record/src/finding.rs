//! What firmware has touched that the emulated chip does not do as the real one.

use std::fmt;

use crate::{CodePlace, MachineTime};

/// Why an access is a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// The register keeps what is stored, and does nothing.
    Storage,
    /// There is no such register.
    Nothing,
}

impl FindingKind {
    /// All kinds with their names in scenarios and events.
    pub const WORDS: [(FindingKind, &str); 2] =
        [(FindingKind::Storage, "storage-only"), (FindingKind::Nothing, "unmapped-access")];

    /// The kind of that name.
    pub fn of_word(word: &str) -> Option<FindingKind> {
        Self::WORDS.iter().find(|(_, name)| *name == word).map(|(kind, _)| *kind)
    }

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            FindingKind::Storage => Self::WORDS[0].1,
            FindingKind::Nothing => Self::WORDS[1].1,
        }
    }
}

/// What a run has found of one kind at one peripheral: the first access, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Why it is a finding.
    pub kind: FindingKind,
    /// Whose register it is, `PIO0`, or what was asked for in vain.
    pub block: String,
    /// The address that was touched first.
    pub address: u32,
    /// Whether it was stored to, then.
    pub is_store: bool,
    /// When.
    pub at: MachineTime,
    /// Where the processor was: at the instruction, or at the first one of its block.
    pub place: CodePlace,
    /// How many were found, this one among them: each register counts once for loads
    /// and once for stores in the life of a process.
    pub count: usize,
}

impl fmt::Display for Found {
    /// `PIO0 register 0x50200010 was written, which only stores (pc 0x10001234, mem_subscr;
    /// 3 accesses in all)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Found { block, address, .. } = self;
        let done = if self.is_store { "written" } else { "read" };
        match self.kind {
            FindingKind::Storage => {
                write!(f, "{block} register {address:#010x} was {done}, which only stores")?
            }
            FindingKind::Nothing => {
                write!(f, "{address:#010x} ({block}) was {done}, where nothing answers")?
            }
        }
        write!(f, " (pc {:#010x}", self.place.address)?;
        if let Some(function) = &self.place.function {
            write!(f, ", {function}")?;
        }
        if self.count > 1 {
            write!(f, "; {} accesses in all", self.count)?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: FindingKind, is_store: bool, count: usize, function: &str, expected: &str) {
        let function = (!function.is_empty()).then(|| function.to_owned());
        let place = CodePlace { address: 0x1000_1234, function, ..CodePlace::default() };
        let (block, address, at) = ("PIO0".to_owned(), 0x5020_0010, MachineTime::ZERO);
        let found = Found { kind, block, address, is_store, at, place, count };
        assert_eq!(found.to_string(), expected);
    }

    #[test]
    fn a_finding_says_what_was_touched_and_from_where() {
        check(
            FindingKind::Storage,
            true,
            1,
            "",
            "PIO0 register 0x50200010 was written, which only stores (pc 0x10001234)",
        );
        check(
            FindingKind::Nothing,
            false,
            3,
            "f",
            "0x50200010 (PIO0) was read, where nothing answers (pc 0x10001234, f; 3 accesses in all)",
        );
    }

    #[test]
    fn each_kind_has_its_name() {
        for (kind, word) in FindingKind::WORDS {
            assert_eq!((kind.word(), FindingKind::of_word(word)), (word, Some(kind)));
        }
        assert_eq!(FindingKind::of_word("storage"), None);
    }
}
