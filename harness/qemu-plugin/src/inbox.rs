//! Bytes on their way to a UART: one per character time, none lost.

use std::collections::VecDeque;

/// Bits of a character: one start bit, eight data bits, one stop bit.
const BITS: i64 = 10;
const SECOND: i64 = 1_000_000_000;

/// The bytes that the lab typed on one port and that have not arrived yet.
///
/// The grid of a command is its start plus multiples of the character time,
/// rounded to whole nanoseconds each, so that errors do not add up. A byte for
/// which the UART has no room is tried again one character time later, and
/// those behind it keep their distance.
#[derive(Clone, Debug)]
pub(crate) struct Inbox {
    baud: i64,
    queue: VecDeque<(i64, u8)>,
    /// When the first byte is tried; meaningless while the queue is empty.
    slot: i64,
    deferred: u64,
}

impl Inbox {
    /// An empty one for `baud` bits per second.
    pub(crate) fn new(baud: u32) -> Inbox {
        Inbox { baud: i64::from(baud.max(1)), queue: VecDeque::new(), slot: 0, deferred: 0 }
    }

    /// Queues `bytes`: the first arrives one character time after the latest of
    /// `from`, `now` and the last byte that waits. Gives the time of the last one.
    pub(crate) fn push(&mut self, now: i64, from: i64, bytes: &[u8]) -> i64 {
        let busy = self.queue.back().map_or(now, |(at, _)| (*at).max(self.slot));
        let start = from.max(now).max(busy);
        let empty = self.queue.is_empty();
        for (byte, count) in bytes.iter().zip(1..) {
            self.queue.push_back((self.after(start, count), *byte));
        }
        if empty && let Some((at, _)) = self.queue.front() {
            self.slot = *at;
        }
        self.queue.back().map_or(start, |(at, _)| *at)
    }

    /// The byte whose turn it is at [`Inbox::next_at`].
    pub(crate) fn front(&self) -> Option<u8> {
        self.queue.front().map(|(_, byte)| *byte)
    }

    /// When to try the next byte; `None` if none waits.
    pub(crate) fn next_at(&self) -> Option<i64> {
        (!self.queue.is_empty()).then_some(self.slot)
    }

    /// The front byte has arrived.
    pub(crate) fn delivered(&mut self) {
        self.queue.pop_front();
        let free = self.slot + BITS * SECOND / self.baud;
        if let Some((at, _)) = self.queue.front() {
            self.slot = free.max(*at);
        }
    }

    /// There was no room for the front byte.
    pub(crate) fn no_room(&mut self) {
        self.deferred += 1;
        self.slot += BITS * SECOND / self.baud;
    }

    /// How many bytes wait, and how many tries found no room since power-on.
    pub(crate) fn waiting(&self) -> (usize, u64) {
        (self.queue.len(), self.deferred)
    }

    /// Drops what waits.
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    fn after(&self, start: i64, characters: i64) -> i64 {
        let ns = (i128::from(characters * BITS) * i128::from(SECOND) + i128::from(self.baud) / 2)
            / i128::from(self.baud);
        start.saturating_add(i64::try_from(ns).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets every byte arrive; those in `full` find no room once. Gives the times of arrival.
    fn arrivals(inbox: &mut Inbox, full: &[u8]) -> Vec<i64> {
        let (mut times, mut refused) = (Vec::new(), Vec::new());
        while let (Some(at), Some(byte)) = (inbox.next_at(), inbox.front()) {
            if full.contains(&byte) && !refused.contains(&byte) {
                refused.push(byte);
                inbox.no_room();
            } else {
                times.push(at);
                inbox.delivered();
            }
        }
        times
    }

    #[test]
    fn bytes_keep_the_pace_of_the_line_without_drift() {
        let mut inbox = Inbox::new(115_200);
        let last = inbox.push(1000, 0, &[7; 1152]);
        assert_eq!(last, 1000 + 100_000_000, "1152 characters of 115200 baud take 100 ms");
        let times = arrivals(&mut inbox, &[]);
        assert_eq!(times.first(), Some(&(1000 + 86_806)));
        assert_eq!(times.last(), Some(&last));
        assert!(times.windows(2).all(|pair| matches!(pair[1] - pair[0], 86_805 | 86_806)));
    }

    #[test]
    fn a_second_command_waits_for_the_first() {
        let mut inbox = Inbox::new(1_000_000);
        assert_eq!(inbox.push(0, 0, b"ab"), 20_000);
        assert_eq!(inbox.push(5_000, 0, b"c"), 30_000);
        assert_eq!(inbox.push(5_000, 100_000, b"d"), 110_000);
        assert_eq!(arrivals(&mut inbox, &[]), [10_000, 20_000, 30_000, 110_000]);
    }

    #[test]
    fn a_byte_without_room_is_tried_again_and_pushes_the_others() {
        let mut inbox = Inbox::new(1_000_000);
        inbox.push(0, 0, b"abc");
        assert_eq!(arrivals(&mut inbox, b"b"), [10_000, 30_000, 40_000]);
        assert_eq!(inbox.waiting(), (0, 1));
    }

    #[test]
    fn what_is_typed_behind_a_late_byte_does_not_overtake_it() {
        let mut inbox = Inbox::new(1_000_000);
        inbox.push(0, 0, b"a");
        (0..5).for_each(|_| inbox.no_room());
        assert_eq!(inbox.push(55_000, 0, b"b"), 70_000);
        assert_eq!(arrivals(&mut inbox, &[]), [60_000, 70_000]);
    }

    #[test]
    fn nothing_waits_after_a_reset() {
        let mut inbox = Inbox::new(9600);
        inbox.push(0, 0, b"ab");
        inbox.clear();
        assert_eq!((inbox.next_at(), inbox.front()), (None, None));
        assert_eq!(inbox.push(50, 0, b""), 50);
    }
}
