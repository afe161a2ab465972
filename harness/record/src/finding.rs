//! What firmware has done of which the run says less than it seems, or that would be
//! trouble on a real board.

use std::fmt;

use crate::{CodePlace, MachineTime};

/// Why something is a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// The register keeps what is stored, and does nothing.
    Storage,
    /// There is no such register.
    Nothing,
    /// A pin was read that nobody drives: no driver, no resistor.
    Undriven,
    /// The firmware drives a pin to one level and the lab to the other.
    Short,
}

impl FindingKind {
    /// All kinds with their names in scenarios and events.
    pub const WORDS: [(FindingKind, &str); 4] = [
        (FindingKind::Storage, "storage-only"),
        (FindingKind::Nothing, "unmapped-access"),
        (FindingKind::Undriven, "undriven-read"),
        (FindingKind::Short, "short-circuit"),
    ];

    /// The kind of that name.
    pub fn of_word(word: &str) -> Option<FindingKind> {
        Self::WORDS.iter().find(|(_, name)| *name == word).map(|(kind, _)| *kind)
    }

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            FindingKind::Storage => Self::WORDS[0].1,
            FindingKind::Nothing => Self::WORDS[1].1,
            FindingKind::Undriven => Self::WORDS[2].1,
            FindingKind::Short => Self::WORDS[3].1,
        }
    }
}

/// What a run has found of one kind at one peripheral or pin: the first access, and
/// how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Why it is a finding.
    pub kind: FindingKind,
    /// Whose register it is, `PIO0`, or what was asked for in vain; or the pin, `P3`.
    pub block: String,
    /// The address that was touched first; 0 of a short circuit.
    pub address: u32,
    /// Whether it was stored to, then.
    pub is_store: bool,
    /// When.
    pub at: MachineTime,
    /// Where the processor was: at the instruction, or at the first one of its block.
    /// `None` if it was none of its doing: the lab has driven a pin.
    pub place: Option<CodePlace>,
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
            FindingKind::Undriven => write!(f, "{block} was read, and nobody drives it")?,
            FindingKind::Short => {
                write!(f, "{block} is driven by firmware and lab to different levels")?
            }
        }
        let about = self.about();
        if about.is_empty() { Ok(()) } else { write!(f, " ({about})") }
    }
}

impl Found {
    /// Where it was, and how many: what stands in brackets.
    fn about(&self) -> String {
        let mut about = self.place.as_ref().map(shown).unwrap_or_default();
        if self.count > 1 {
            let gap = if about.is_empty() { "" } else { "; " };
            about.push_str(&format!("{gap}{} accesses in all", self.count));
        }
        about
    }
}

/// `pc 0x10001234, mem_subscr (modmachine.c:42)`.
fn shown(place: &CodePlace) -> String {
    let mut text = format!("pc {:#010x}", place.address);
    match (&place.function, place.source()) {
        (Some(function), Some(source)) => text.push_str(&format!(", {function} ({source})")),
        (Some(word), None) => text.push_str(&format!(", {word}")),
        (None, Some(source)) => text.push_str(&format!(", {source}")),
        (None, None) => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: FindingKind, is_store: bool, count: usize, function: &str, expected: &str) {
        let function = (!function.is_empty()).then(|| function.to_owned());
        let place = Some(CodePlace { address: 0x1000_1234, function, ..CodePlace::default() });
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
    fn a_finding_at_a_pin_names_it_and_the_line() {
        let place = CodePlace {
            address: 0x1002_d60a,
            function: Some("machine_pin_call".to_owned()),
            file: Some("/rp2/machine_pin.c".to_owned()),
            line: Some(321),
            ..CodePlace::default()
        };
        let found = |kind, place| Found {
            kind,
            block: "P3".to_owned(),
            address: 0,
            is_store: false,
            at: MachineTime::ZERO,
            place,
            count: 1,
        };
        assert_eq!(
            found(FindingKind::Undriven, Some(place)).to_string(),
            "P3 was read, and nobody drives it (pc 0x1002d60a, machine_pin_call (machine_pin.c:321))"
        );
        assert_eq!(
            found(FindingKind::Short, None).to_string(),
            "P3 is driven by firmware and lab to different levels"
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
