//! `--compare`: puts the two runs of each scenario side by side.
//!
//! Runs are told in the order of the plan, so the second of a scenario follows its
//! first. That one is kept until then; of a pair only the comparison stays.

use replab_board::Board;
use replab_record::MachineTime;
use replab_report::{Compared, ComparedTally};
use replab_runner::{Outcome, Side, compare};
use replab_scenario::Scenario;

/// A run that was played on one of the two targets.
#[derive(Debug)]
pub(crate) struct Half {
    /// `BOARD@BACKEND`.
    pub(crate) target: String,
    pub(crate) board: Board,
    pub(crate) outcome: Outcome,
}

/// The pairs so far.
#[derive(Debug, Default)]
pub(crate) struct Comparing {
    /// A scenario's identity, and its first run.
    waiting: Option<(String, Half)>,
    all: Vec<Compared>,
}

impl Comparing {
    /// Takes the next run, of `scenario`. How the pair compares, if it was the second.
    pub(crate) fn take(&mut self, scenario: &Scenario, half: Half) -> Option<&Compared> {
        let first = self.waiting.take().filter(|(identity, _)| *identity == scenario.identity);
        let Some((identity, first)) = first else {
            self.waiting = Some((scenario.identity.clone(), half));
            return None;
        };
        let halves = [first, half];
        let [one, other] = halves.each_ref().map(|half| Side {
            target: &half.target,
            board: &half.board,
            outcome: &half.outcome,
        });
        let result = compare(scenario, one, other);
        let machine = halves.each_ref().map(|half| half.outcome.end.since(MachineTime::ZERO));
        let targets = halves.map(|half| half.target);
        self.all.push(Compared { identity, targets, machine, result });
        self.all.last()
    }

    /// All pairs, in the order in which they were told.
    pub(crate) fn all(&self) -> &[Compared] {
        &self.all
    }

    /// How they compare.
    pub(crate) fn tally(&self) -> ComparedTally {
        let mut tally = ComparedTally::default();
        for compared in &self.all {
            let count = match &compared.result {
                Ok(comparison) if comparison.differences.is_empty() => &mut tally.equal,
                Ok(_) => &mut tally.differing,
                Err(_) => &mut tally.not_comparable,
            };
            *count += 1;
        }
        tally
    }
}
