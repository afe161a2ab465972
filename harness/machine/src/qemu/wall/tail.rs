//! The end of what a port has sent.

/// The longest pattern that a machine looks for ([`crate::Condition::Bytes`]).
const LONGEST: usize = 256;

/// The last bytes of a port, since the last reset.
#[derive(Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    /// One byte more.
    pub(super) fn push(&mut self, byte: u8) {
        if self.0.len() == 2 * LONGEST {
            self.0.drain(..LONGEST);
        }
        self.0.push(byte);
    }

    /// Whether the last bytes are `pattern`.
    pub(super) fn ends_with(&self, pattern: &[u8]) -> bool {
        self.0.ends_with(pattern)
    }

    /// Nothing has been sent.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pattern_is_always_kept() {
        let mut tail = Tail::default();
        let bytes: Vec<u8> = (0..=255).cycle().take(1_000).collect();
        for (index, byte) in bytes.iter().enumerate() {
            tail.push(*byte);
            let start = (index + 1).saturating_sub(LONGEST);
            assert!(tail.ends_with(&bytes[start..=index]), "{index}");
        }
        tail.clear();
        assert!(!tail.ends_with(b"\xe7"));
    }
}
