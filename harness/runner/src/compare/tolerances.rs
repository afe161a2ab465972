//! What a scenario tolerates, and which of it applied.

use std::collections::BTreeSet;
use std::time::Duration;

use replab_board::Board;
use replab_record::Figure;
use replab_scenario::{TextPattern, Tolerable, Tolerance, Tolerated};

use super::streams::Stream;

/// The tolerances of a scenario.
#[derive(Debug)]
pub(super) struct Tolerances<'a> {
    all: &'a [Tolerated],
    boards: [&'a Board; 2],
    /// Those that applied, by index.
    used: BTreeSet<usize>,
}

impl<'a> Tolerances<'a> {
    pub(super) fn new(all: &'a [Tolerated], boards: [&'a Board; 2]) -> Tolerances<'a> {
        Tolerances { all, boards, used: BTreeSet::new() }
    }

    /// The reasons of those that applied.
    pub(super) fn used(&self) -> Vec<String> {
        self.used.iter().map(|index| self.all[*index].why.clone()).collect()
    }

    /// Whether `line` may be another one on each target.
    pub(super) fn leave_out(&mut self, line: &str) -> bool {
        self.allow(|what, _| match what {
            Tolerable::Lines(TextPattern::Text(text)) => line.contains(text),
            Tolerable::Lines(TextPattern::Regex(regex)) => regex.is_match(line),
            _ => false,
        })
    }

    /// Whether nothing of the pin of `stream` is to be compared.
    pub(super) fn leave_pin_out(&mut self, stream: &Stream) -> bool {
        self.allow(|what, boards| match what {
            Tolerable::Edges(pin, None) => is_same(boards, pin, &stream.name),
            _ => false,
        })
    }

    /// Whether the edges of the pin `name` may come before or after anything else.
    pub(super) fn has_no_order(&mut self, name: &str) -> bool {
        self.allow(|what, boards| match what {
            Tolerable::Order(pin) => is_same(boards, pin, name),
            _ => false,
        })
    }

    /// Whether two times of the stream `name` may be so far apart.
    pub(super) fn allow_times(&mut self, name: &str, times: [Duration; 2]) -> bool {
        let (wanted, measured) = (times[0].max(times[1]), times[0].min(times[1]));
        let is_near = |tolerance: &Tolerance| tolerance.allows(measured, wanted);
        self.allow(|what, boards| match what {
            Tolerable::Time(tolerance) => is_near(tolerance),
            Tolerable::Edges(pin, Some(tolerance)) => {
                is_same(boards, pin, name) && is_near(tolerance)
            }
            _ => false,
        })
    }

    /// Whether `figure` may be so different.
    pub(super) fn allow_memory(&mut self, figure: Figure, amounts: [i64; 2]) -> bool {
        self.allow(|what, _| match what {
            Tolerable::Memory(figures) => figures
                .iter()
                .any(|(one, slack)| *one == figure && slack.allows(amounts[0], amounts[1])),
            _ => false,
        })
    }

    /// Whether one of them allows it; the first that does is the one that applied.
    fn allow(&mut self, does: impl Fn(&Tolerable, [&Board; 2]) -> bool) -> bool {
        let found = self.all.iter().position(|one| does(&one.what, self.boards));
        self.used.extend(found);
        found.is_some()
    }
}

/// Whether both words mean one pin, on either board.
fn is_same(boards: [&Board; 2], one: &str, other: &str) -> bool {
    boards.iter().all(|board| board.pin(one).is_some_and(|pin| board.pin(other) == Some(pin)))
}
