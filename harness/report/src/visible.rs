//! Makes bytes that cannot be trusted fit for a terminal.

use std::fmt::Write as _;

/// `text` with every character that a terminal could obey, or that would hide or
/// reorder others, written as an escape: `\x1b`, `\r`, `\u{202e}`. Ends of lines
/// are kept, everything printable is too (also `\` itself: the result is for
/// reading, not for parsing).
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push('\n'),
            other => push(&mut shown, other),
        }
    }
    shown
}

/// One line of `bytes`: as [`visible`], ends of lines escaped too, and `\xNN` for
/// what is no UTF-8.
pub(crate) fn visible_bytes(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|character| push(&mut shown, character));
        for byte in chunk.invalid() {
            write!(shown, "\\x{byte:02x}").expect("a String takes everything");
        }
    }
    shown
}

/// The first `width` characters of `line`, with `…` for the rest.
pub(crate) fn cut(line: &str, width: usize) -> String {
    match line.char_indices().nth(width) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

fn push(shown: &mut String, character: char) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        '\0'..='\x1f' | '\x7f' => {
            write!(shown, "\\x{:02x}", u32::from(character)).expect("a String takes everything");
        }
        hidden if is_hidden(hidden) => {
            write!(shown, "\\u{{{:x}}}", u32::from(hidden)).expect("a String takes everything");
        }
        printable => shown.push(printable),
    }
}

/// C1 controls (some terminals obey 0x9b as ESC [), the characters of Unicode 16 that
/// are invisible or change the direction of others, and the two that XML 1.0 forbids
/// (§2.2, `Char`) besides controls.
fn is_hidden(character: char) -> bool {
    matches!(character,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(visible_bytes(bytes), expected);
    }

    #[test]
    fn escapes_are_shown_and_not_obeyed() {
        check(b"\x1b[2J\x1b]0;owned\x07", r"\x1b[2J\x1b]0;owned\x07");
        check(b"one\rtwo\x08\x7f\t", r"one\rtwo\x08\x7f\t");
        check("\u{9b}31m".as_bytes(), r"\u{9b}31m");
    }

    #[test]
    fn what_would_hide_or_turn_text_is_shown() {
        check("a\u{202e}b\u{200b}c".as_bytes(), r"a\u{202e}b\u{200b}c");
    }

    #[test]
    fn text_of_any_language_stays_as_it_is() {
        check("°C — Zürich 温度 \\".as_bytes(), "°C — Zürich 温度 \\");
    }

    #[test]
    fn bytes_that_are_no_text_are_written_in_hex() {
        check(b"\xff\xfeok\xc3", r"\xff\xfeok\xc3");
    }

    #[test]
    fn long_lines_are_cut_between_characters() {
        assert_eq!(cut("°°°", 2), "°°…");
        assert_eq!(cut("°°°", 3), "°°°");
    }

    proptest! {
        #[test]
        fn no_control_byte_survives(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let shown = visible_bytes(&bytes);
            prop_assert!(!shown.chars().any(char::is_control), "{shown:?}");
            prop_assert_eq!(visible(&shown), shown);
        }
    }
}
