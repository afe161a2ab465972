//! Whose turn it is, where a chip has two cores.
//!
//! QEMU runs one core after the other, for a while that depends on when its main
//! loop happens to be awake. So the plugin decides: while both cores have
//! something to do, one of them runs for a turn, or until it sleeps, and the other
//! is kept from running; then they change. While one of them sleeps the other is left
//! alone. All of it follows from machine time and from what the cores do, so equal runs
//! are equal, however often the machine stops.
//!
//! Turns differ in length, from [`SHORTEST_NS`] to [`LONGEST_NS`] of machine time: with
//! equal ones a loop can keep step with them, and a core never finds in its turn what
//! the other one only gives up for a moment. MicroPython's test `thread/thread_lock4.py`
//! does not end with turns of 20 µs each. The lengths are the same in each run.
//!
//! Machine time is the sum of what both execute.

use serde::{Deserialize, Serialize};

/// How long a turn is, in nanoseconds. A change takes the computer some 15 µs.
const SHORTEST_NS: u64 = 15_000;
const LONGEST_NS: u64 = 50_000;

/// See the head of this module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Turns {
    /// The core whose turn it is.
    whose: usize,
    /// When it ends, while both have something to do.
    until: Option<u64>,
    /// What the length of the turn came from.
    drawn: u32,
}

impl Turns {
    /// Which cores may run from `now` on, given which of them have something to do.
    pub(crate) fn may_run(&mut self, awake: [bool; 2], now: u64) -> [bool; 2] {
        if awake == [true, true] {
            if self.until.is_none() {
                self.until = Some(now + self.draw());
            }
            return [self.whose == 0, self.whose == 1];
        }
        self.until = None;
        if let Some(only) = awake.iter().position(|is_awake| *is_awake) {
            self.whose = only;
        }
        [true, true]
    }

    /// The length of the next turn, by a linear congruential generator (Numerical
    /// Recipes, 2nd ed., §7.1) of whose bits the upper half is taken.
    fn draw(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        SHORTEST_NS + ((u64::from(self.drawn >> 16) * (LONGEST_NS - SHORTEST_NS)) >> 16)
    }

    /// When the turn ends.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.until
    }

    /// Ends the turn if it is over.
    pub(crate) fn advance(&mut self, now: u64) {
        if self.until.is_some_and(|until| until <= now) {
            (self.whose, self.until) = (1 - self.whose, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays `(how long after the one before, which are awake)`, where [`LONGEST_NS`]
    /// outlasts each turn, and shows who may run.
    #[track_caller]
    fn check(moments: &[(u64, [bool; 2])], expected: &str) {
        let (mut turns, mut now) = (Turns::default(), 0);
        let shown: String = moments
            .iter()
            .map(|(after, awake)| {
                now += after;
                turns.advance(now);
                match turns.may_run(*awake, now) {
                    [true, false] => '0',
                    [false, true] => '1',
                    _ => '.',
                }
            })
            .collect();
        assert_eq!(shown, expected);
    }

    /// The lengths of so many turns of two that are awake.
    fn lengths(turns: &mut Turns, count: usize) -> Vec<u64> {
        let mut now = 0;
        let one = |_| {
            turns.advance(now);
            turns.may_run(BOTH, now);
            let until = turns.next_deadline().expect("both are awake");
            until - std::mem::replace(&mut now, until)
        };
        (0..count).map(one).collect()
    }

    const LITTLE: u64 = SHORTEST_NS - 1;
    const BOTH: [bool; 2] = [true, true];
    const FIRST: [bool; 2] = [true, false];
    const SECOND: [bool; 2] = [false, true];
    const NONE: [bool; 2] = [false, false];

    #[test]
    fn two_that_are_awake_take_turns() {
        check(
            &[(0, BOTH), (LITTLE, BOTH), (LONGEST_NS, BOTH), (LITTLE, BOTH), (LONGEST_NS, BOTH)],
            "00110",
        );
    }

    #[test]
    fn one_that_is_alone_is_left_alone_and_goes_on_when_the_other_wakes() {
        check(&[(0, FIRST), (90_000, FIRST), (9, BOTH), (LONGEST_NS, BOTH)], "..01");
        check(&[(0, SECOND), (90_000, BOTH), (LONGEST_NS, BOTH)], ".10");
    }

    #[test]
    fn a_core_that_sleeps_gives_its_turn_away_and_gets_a_whole_one_later() {
        check(
            &[(0, BOTH), (5_000, SECOND), (1, BOTH), (LITTLE, BOTH), (LONGEST_NS, BOTH)],
            "0.110",
        );
    }

    #[test]
    fn turns_have_all_lengths_that_they_may_have_and_the_same_ones_again() {
        let mut turns = Turns::default();
        let first = lengths(&mut turns, 1_000);
        assert!(first.iter().all(|length| (SHORTEST_NS..LONGEST_NS).contains(length)));
        let in_tenths: std::collections::BTreeSet<_> = first
            .iter()
            .map(|length| (length - SHORTEST_NS) * 10 / (LONGEST_NS - SHORTEST_NS))
            .collect();
        assert_eq!(in_tenths.len(), 10);
        assert_eq!(lengths(&mut Turns::default(), 1_000), first);
        let copy = &mut turns.clone();
        assert_eq!(lengths(copy, 9), lengths(&mut turns, 9), "they are a part of the state");
    }

    #[test]
    fn nobody_has_a_deadline_while_somebody_sleeps() {
        let mut turns = Turns::default();
        turns.may_run(BOTH, 7);
        assert!(turns.next_deadline().is_some());
        turns.may_run(NONE, 9);
        assert_eq!(turns.next_deadline(), None);
    }
}
