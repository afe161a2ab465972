//! What ends a `go` early: bytes at the end of what was sent, edges.

/// The longest pattern of bytes.
pub(crate) const LONGEST: usize = 256;

/// One condition of a `go`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// What was sent on `port` ends with `pattern`.
    Bytes { port: usize, pattern: Vec<u8> },
    /// Line `line` of watch `device` changed, to `level` if there is one.
    Edge { device: usize, line: u32, level: Option<i32> },
}

/// The last bytes that a port sent since the last reset: as many as the longest
/// pattern has, so that a comparison with its end is all that matching needs.
///
/// That is right for every pattern, also for those that repeat themselves (`>>> `
/// in `>>>> `), where a matcher that starts over after a wrong byte is not.
#[derive(Clone, Debug)]
pub(crate) struct Tail {
    bytes: [u8; 2 * LONGEST],
    end: usize,
}

impl Default for Tail {
    fn default() -> Tail {
        Tail { bytes: [0; 2 * LONGEST], end: 0 }
    }
}

impl Tail {
    /// Appends a byte.
    pub(crate) fn push(&mut self, byte: u8) {
        if self.end == self.bytes.len() {
            self.bytes.copy_within(LONGEST.., 0);
            self.end = LONGEST;
        }
        self.bytes[self.end] = byte;
        self.end += 1;
    }

    /// Whether the last bytes are `pattern`.
    pub(crate) fn ends_with(&self, pattern: &[u8]) -> bool {
        self.bytes[..self.end].ends_with(pattern)
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.end = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends `text` and gives the counts of bytes after which it ended with `pattern`.
    #[track_caller]
    fn check(pattern: &[u8], text: &[u8], expected: &[usize]) {
        let mut tail = Tail::default();
        let mut found = Vec::new();
        for (index, byte) in text.iter().enumerate() {
            tail.push(*byte);
            if tail.ends_with(pattern) {
                found.push(index + 1);
            }
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn a_pattern_is_found_wherever_it_ends() {
        check(b">>> ", b"ready\r\n>>> ", &[11]);
        check(b">>> ", b">>>> ", &[5]);
        check(b"aa", b"aaaa", &[2, 3, 4]);
        check(b"\0", b"\0x\0", &[1, 3]);
        check(b"abc", b"ab", &[]);
    }

    #[test]
    fn the_tail_is_the_same_as_the_whole_text() {
        // Two letters repeat so often that every border inside the tail is met.
        let text: Vec<u8> = (0..5000u32)
            .map(|n| b'a' + u8::from(n.wrapping_mul(2_654_435_761) >> 31 == 1))
            .collect();
        for length in [1, 2, 7, 255, LONGEST] {
            let pattern = &text[3000..3000 + length];
            let expected: Vec<usize> =
                (length..=text.len()).filter(|&end| text[..end].ends_with(pattern)).collect();
            assert!(!expected.is_empty());
            check(pattern, &text, &expected);
        }
    }

    #[test]
    fn nothing_before_a_reset_counts() {
        let mut tail = Tail::default();
        tail.push(b'a');
        tail.clear();
        tail.push(b'b');
        assert!(!tail.ends_with(b"ab"));
        assert!(tail.ends_with(b"b"));
    }
}
