//! Keys and the bytes that a terminal sends for them.

/// Each key's word and bytes.
///
/// Control keys are the C0 codes of ECMA-48, the others what xterm sends. All
/// of them are what MicroPython's `shared/readline` understands.
pub const KEYS: [(&str, &[u8]); 14] = [
    ("ctrl-a", b"\x01"),
    ("ctrl-b", b"\x02"),
    ("ctrl-c", b"\x03"),
    ("ctrl-d", b"\x04"),
    ("ctrl-e", b"\x05"),
    ("enter", b"\r"),
    ("tab", b"\t"),
    ("up", b"\x1b[A"),
    ("down", b"\x1b[B"),
    ("right", b"\x1b[C"),
    ("left", b"\x1b[D"),
    ("backspace", b"\x7f"),
    ("delete", b"\x1b[3~"),
    ("escape", b"\x1b"),
];

/// The bytes of the key called `word`.
pub fn key_bytes(word: &str) -> Option<&'static [u8]> {
    KEYS.iter().find(|(name, _)| *name == word).map(|(_, bytes)| *bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_key_is_its_letter_without_the_upper_bits() {
        for (word, bytes) in KEYS {
            if let Some(letter) = word.strip_prefix("ctrl-") {
                assert_eq!(bytes, [letter.as_bytes()[0] & 0x1f]);
            }
        }
    }

    #[test]
    fn keys_are_found_by_their_word() {
        assert_eq!(key_bytes("up"), Some(&b"\x1b[A"[..]));
        assert_eq!(key_bytes("ctrl-x"), None);
    }
}
