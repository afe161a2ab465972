//! Levels that the lab drives, each at its time.

use std::collections::VecDeque;

/// What is still to come, by time; equal times in the order of the commands.
#[derive(Clone, Debug)]
pub(crate) struct Stimuli<T> {
    queue: VecDeque<(i64, T)>,
}

impl<T> Default for Stimuli<T> {
    fn default() -> Stimuli<T> {
        Stimuli { queue: VecDeque::new() }
    }
}

impl<T> Stimuli<T> {
    /// Schedules `what` for `at`.
    pub(crate) fn insert(&mut self, at: i64, what: T) {
        let place = self.queue.partition_point(|(one, _)| *one <= at);
        self.queue.insert(place, (at, what));
    }

    /// When the next one is due.
    pub(crate) fn next_at(&self) -> Option<i64> {
        self.queue.front().map(|(at, _)| *at)
    }

    /// Takes the next one if its time has come.
    pub(crate) fn take_due(&mut self, now: i64) -> Option<T> {
        if self.next_at()? > now {
            return None;
        }
        self.queue.pop_front().map(|(_, what)| what)
    }

    /// Drops all.
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_come_by_time_and_then_by_command() {
        let mut stimuli = Stimuli::default();
        for (at, name) in [(20, 'a'), (10, 'b'), (20, 'c'), (10, 'd'), (15, 'e')] {
            stimuli.insert(at, name);
        }
        assert_eq!(stimuli.next_at(), Some(10));
        assert_eq!(stimuli.take_due(9), None);
        let all: String = std::iter::from_fn(|| stimuli.take_due(20)).collect();
        assert_eq!(all, "bdeac");
    }

    #[test]
    fn nothing_is_due_after_a_reset() {
        let mut stimuli = Stimuli::default();
        stimuli.insert(1, ());
        stimuli.clear();
        assert_eq!((stimuli.take_due(9), stimuli.next_at()), (None, None));
    }
}
