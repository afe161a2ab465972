//! Waves as text: one character for each stretch of time.

use std::time::Duration;

use crate::{Level, MachineTime, Wave};

/// From when to when, and how long a character stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// The first nanosecond that is drawn.
    pub start: MachineTime,
    /// The first that is not.
    pub end: MachineTime,
    /// How long a character stands for; at least 1 ns.
    pub column: Duration,
}

impl Scale {
    /// `start` to `end` in `most` characters or fewer, at least one: each stands for 1, 2 or
    /// 5 of some power of ten of nanoseconds.
    pub fn fitting(start: MachineTime, end: MachineTime, most: usize) -> Scale {
        let needed = end.since(start).as_nanos().div_ceil(most.max(1) as u128).max(1);
        let round = (0..).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u128.pow(power)));
        let column = round.into_iter().find(|column| *column >= needed).unwrap_or(needed);
        // Both ends are below 2^64 ns, and so is what lies between.
        let column = Duration::from_nanos(u64::try_from(column).unwrap_or(u64::MAX));
        Scale { start, end, column }
    }

    /// How many characters it takes.
    pub fn columns(&self) -> usize {
        let length = self.end.since(self.start).as_nanos();
        // At most as many as fit into memory: the caller has chosen the width.
        usize::try_from(length.div_ceil(self.column.as_nanos().max(1))).unwrap_or(usize::MAX)
    }

    /// The character that `at` falls into, which is drawn.
    pub fn column_of(&self, at: MachineTime) -> usize {
        let offset = at.since(self.start).as_nanos() / self.column.as_nanos().max(1);
        usize::try_from(offset).unwrap_or(usize::MAX)
    }
}

/// `wave`, which is one of the time of `scale`, in as many characters.
///
/// `_` is low and `‾` high, `~` nobody drives it, `?` unknown; `/` is a rise, `\` a fall, and
/// `#` more edges than a character can show. A blink of the LED is `__/‾‾‾‾\____/‾‾‾‾\`.
pub fn picture(wave: &Wave, scale: &Scale) -> String {
    let mut text = String::new();
    let mut level = wave.before;
    let mut edges = wave.edges.iter().peekable();
    for column in 0..scale.columns() {
        let before = level;
        let mut count = 0;
        while let Some(edge) = edges.next_if(|edge| scale.column_of(edge.at) <= column) {
            level = edge.level;
            count += 1;
        }
        text.push(match (count, before, level) {
            (0, ..) => sign(level),
            (1, _, Level::High) => '/',
            (1, Level::High, Level::Low) => '\\',
            (1, ..) => sign(level),
            _ => '#',
        });
    }
    text
}

fn sign(level: Level) -> char {
    match level {
        Level::High => '‾',
        Level::Low => '_',
        Level::Floating => '~',
        Level::Unknown => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Edge;

    fn at(ms: u64) -> MachineTime {
        MachineTime::from_nanos(ms * 1_000_000)
    }

    /// Draws edges at milliseconds over 100 ms.
    #[track_caller]
    fn check(edges: &[(u64, Level)], most: usize, expected: &str) {
        let edges = edges.iter().map(|(ms, level)| Edge { at: at(*ms), level: *level }).collect();
        let wave = Wave { start: at(0), end: at(100), before: Level::Unknown, edges };
        assert_eq!(picture(&wave, &Scale::fitting(at(0), at(100), most)), expected);
    }

    #[test]
    fn a_wave_is_drawn_by_its_levels_and_edges() {
        use Level::{Floating, High, Low};
        let edges = [(10, Low), (30, High), (60, Low), (80, Floating)];
        check(&edges, 10, "?__/‾‾\\_~~");
        check(&edges, 20, "??____/‾‾‾‾‾\\___~~~~");
        check(&[], 10, "??????????");
    }

    #[test]
    fn edges_that_no_character_can_show_are_marked() {
        use Level::{High, Low};
        check(&[(11, High), (12, Low), (50, High)], 10, "?#___/‾‾‾‾");
    }

    #[test]
    fn a_character_stands_for_a_round_time() {
        let column = |ms, most| Scale::fitting(at(0), at(ms), most).column;
        assert_eq!(column(100, 10), Duration::from_millis(10));
        assert_eq!(column(5_568, 80), Duration::from_millis(100));
        assert_eq!(column(101, 100), Duration::from_millis(2));
        assert_eq!(column(0, 10), Duration::from_nanos(1));
        let whole = Scale::fitting(at(0), MachineTime::from_nanos(u64::MAX), 80);
        assert!(whole.columns() <= 80, "{whole:?}");
        assert_eq!(Scale::fitting(at(0), at(0), 10).columns(), 0);
    }
}
