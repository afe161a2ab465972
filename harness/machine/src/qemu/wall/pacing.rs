//! When typed bytes are due.

use std::collections::VecDeque;
use std::time::Duration;

use replab_record::MachineTime;

/// How many bytes may become due before somebody must look: waking for each of
/// them would cost more than it gives.
const CHUNK: usize = 4;

/// Bits on the wire for a byte (8N1).
const BITS: u64 = 10;

/// Bytes that wait for their times, one character time apart.
pub(super) struct Pacing {
    character: Duration,
    waiting: VecDeque<(MachineTime, u8)>,
    last: MachineTime,
}

impl Pacing {
    /// That of a port with `baud` bits per second.
    pub(super) fn new(baud: u32) -> Pacing {
        let character = Duration::from_nanos(BITS * 1_000_000_000 / u64::from(baud.max(1)));
        Pacing { character, waiting: VecDeque::new(), last: MachineTime::ZERO }
    }

    /// `bytes` come one character time after `from`, or after what is still
    /// waiting. The time at which the last one is due.
    pub(super) fn add(&mut self, bytes: &[u8], from: MachineTime) -> MachineTime {
        self.last = self.last.max(from);
        for byte in bytes {
            self.last = self.last + self.character;
            self.waiting.push_back((self.last, *byte));
        }
        self.last
    }

    /// Takes the bytes that are due at `now`, but not more than `most`.
    pub(super) fn due(&mut self, now: MachineTime, most: usize) -> Vec<u8> {
        let count = self.waiting.partition_point(|(at, _)| *at <= now).min(most);
        self.waiting.drain(..count).map(|(_, byte)| byte).collect()
    }

    /// When to look again.
    pub(super) fn next(&self) -> Option<MachineTime> {
        let (at, _) = self.waiting.get(CHUNK - 1).or(self.waiting.back())?;
        Some(*at)
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types "abcdef" at 1 ms on a port with 1 ms a character.
    fn typed() -> (Pacing, MachineTime) {
        let mut pacing = Pacing::new(10_000);
        let last = pacing.add(b"abcdef", ms(1));
        (pacing, last)
    }

    fn ms(time: u64) -> MachineTime {
        MachineTime::from_nanos(time * 1_000_000)
    }

    #[test]
    fn bytes_come_one_character_apart() {
        let (mut pacing, last) = typed();
        assert_eq!(last, ms(7));
        assert_eq!(pacing.due(ms(1), 9), b"");
        assert_eq!(pacing.due(ms(3), 9), b"ab");
        assert_eq!(pacing.len(), 4);
        assert_eq!(pacing.due(ms(100), 3), b"cde");
        assert_eq!(pacing.due(ms(100), 3), b"f");
    }

    #[test]
    fn somebody_looks_once_for_a_few_bytes() {
        let (mut pacing, _) = typed();
        assert_eq!(pacing.next(), Some(ms(5)));
        pacing.due(ms(5), 9);
        assert_eq!(pacing.next(), Some(ms(7)));
        pacing.due(ms(7), 9);
        assert_eq!(pacing.next(), None);
    }

    #[test]
    fn what_is_typed_later_follows_what_waits() {
        let (mut pacing, _) = typed();
        assert_eq!(pacing.add(b"g", ms(2)), ms(8));
        pacing.due(ms(8), 9);
        assert_eq!(pacing.add(b"h", ms(20)), ms(21));
    }
}
