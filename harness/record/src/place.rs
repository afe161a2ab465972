//! A place in the firmware's code.

use std::fmt;

/// Where an address of code lies: as much as the firmware's file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodePlace {
    /// The address, without the Thumb bit.
    pub address: u32,
    /// The function: the innermost one where the compiler has put one into another.
    pub function: Option<String>,
    /// Bytes from the start of the symbol that the address lies in; 0 without one.
    pub offset: u32,
    /// The source file, as the debug information spells it.
    pub file: Option<String>,
    /// The line in `file`, from 1.
    pub line: Option<u32>,
}

impl CodePlace {
    /// The source file without its folders, and the line: `main.c:42`.
    pub fn source(&self) -> Option<String> {
        let name = self.file.as_deref()?.rsplit(['/', '\\']).next()?;
        Some(format!("{name}:{}", self.line?))
    }
}

/// `blink_forever (main.c:42)`; without lines `0x000012a4 (memcpy+0x6)`; without
/// symbols `0x000012a4`.
impl fmt::Display for CodePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address;
        f.pad(&match (&self.function, self.source()) {
            (Some(function), Some(source)) => format!("{function} ({source})"),
            (Some(function), None) => format!("{address:#010x} ({function}+{:#x})", self.offset),
            (None, Some(source)) => format!("{address:#010x} ({source})"),
            (None, None) => format!("{address:#010x}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(function: Option<&str>, source: Option<(&str, u32)>, expected: &str) {
        let place = CodePlace {
            address: 0x12a4,
            function: function.map(str::to_owned),
            offset: 6,
            file: source.map(|(file, _)| file.to_owned()),
            line: source.map(|(_, line)| line),
        };
        assert_eq!(place.to_string(), expected);
    }

    #[test]
    fn a_place_shows_the_best_that_is_known() {
        check(Some("blink"), Some(("/port/main.c", 42)), "blink (main.c:42)");
        check(Some("memcpy"), None, "0x000012a4 (memcpy+0x6)");
        check(None, Some(("main.c", 42)), "0x000012a4 (main.c:42)");
        check(None, None, "0x000012a4");
    }
}
