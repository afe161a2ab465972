//! Where two runs of one scenario on two targets differ first, in each aspect.
//!
//! Never by absolute time, and never by the moment at which a machine stopped, which a
//! backend may do late: by what the firmware sent and did, in which order, and by how
//! long that took from one stamp to the next. Pins go by their roles, because chips
//! call them otherwise. What is allowed without a word of the scenario's is
//! [`EDGES_PERCENT`], [`COMPUTING_PERCENT`] and [`SHORT`]; `docs/compare.md` has it for people.

mod memory;
mod order;
mod streams;
mod times;
mod tolerances;

use replab_board::Board;
use replab_machine::Timing;
use replab_record::{
    Aspect, Claim, Comparison, Difference, Failure, FindingKind, MachineTime, Moment,
    NotComparable, Unplayed, Verdict,
};
use replab_scenario::Scenario;

use crate::play::Outcome;
use streams::{Stream, pins, ports};
use tolerances::Tolerances;

pub use times::{COMPUTING_PERCENT, EDGES_PERCENT, SHORT};

/// How many equal rows stand before one that differs.
const BEFORE: usize = 2;

/// A run on one of the two targets.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The target, `lab-m0@qemu`.
    pub target: &'a str,
    /// Its board.
    pub board: &'a Board,
    /// What came of the run.
    pub outcome: &'a Outcome,
}

/// Compares two runs of `scenario`, within what it tolerates.
///
/// Levels and lines that are not the same have no common order and no common times, so
/// [`Aspect::Order`] is compared only if transcripts and levels are equal, and times
/// of a port or pin only if what happened there is, and in one order.
///
/// # Errors
///
/// [`NotComparable`] if one of them was skipped or is broken: that of the first target
/// that was.
pub fn compare(
    scenario: &Scenario,
    first: Side<'_>,
    other: Side<'_>,
) -> Result<Comparison, NotComparable> {
    let sides = [first, other];
    sides.iter().try_for_each(|side| side.is_played())?;
    let mut tolerances = Tolerances::new(&scenario.tolerate, sides.map(|side| side.board));
    let mut not_compared = Vec::new();
    let mut differences: Vec<Difference> = verdicts(sides).into_iter().collect();
    let ports = ports(sides, &mut tolerances, &mut not_compared);
    differences.extend(ports.iter().find_map(|port| port.difference(Aspect::Transcript)));
    if let Some(wall) = sides.iter().find(|side| side.outcome.timing == Timing::Wall) {
        not_compared.push(format!(
            "levels, order and times: {} goes by the desk clock, which tells no edge for sure",
            wall.target
        ));
    } else {
        let pins = pins(sides, &mut tolerances, &mut not_compared);
        differences.extend(pins.iter().find_map(|pin| pin.difference(Aspect::Levels)));
        let streams: Vec<&Stream> = ports.iter().chain(&pins).collect();
        let is_equal = streams.iter().all(|stream| stream.is_equal());
        let order = is_equal.then(|| order::difference(&streams, &mut tolerances)).flatten();
        if order.is_none() {
            let times = times::difference(scenario, sides, &streams, &mut tolerances);
            not_compared.extend(times.not_compared);
            differences.extend(times.difference);
        }
        differences.extend(order);
    }
    differences.extend(memory::difference(sides, &mut tolerances));
    Ok(Comparison { differences, not_compared, tolerated: tolerances.used() })
}

impl Side<'_> {
    fn is_played(&self) -> Result<(), NotComparable> {
        let why = match &self.outcome.verdict {
            Verdict::Skipped(reason) => Unplayed::Skipped(reason.clone()),
            Verdict::Broken(broken) => Unplayed::Broken(broken.clone()),
            Verdict::Passed | Verdict::Failed(_) => return Ok(()),
        };
        Err(NotComparable { target: self.target.to_string(), why })
    }

    /// What failed before the end. A snapshot is compared only after it.
    fn failure(&self) -> Option<&Failure> {
        match &self.outcome.verdict {
            Verdict::Failed(failure) if !matches!(failure.claim, Claim::Snapshot { .. }) => {
                Some(failure)
            }
            _ => None,
        }
    }

    /// From when on the machine only ran on after its last step; never in a run that failed.
    fn settles_from(&self) -> MachineTime {
        let never = MachineTime::from_nanos(u64::MAX);
        let last = self.outcome.steps.last().filter(|_| self.failure().is_none());
        last.map_or(never, |step| step.end)
    }
}

/// That only one of them failed, or each in another step.
fn verdicts(sides: [Side<'_>; 2]) -> Option<Difference> {
    let step = |side: &Side<'_>| {
        side.failure().map(|failure| failure.step.as_ref().map(|step| step.number))
    };
    if step(&sides[0]) == step(&sides[1]) {
        return None;
    }
    let row = sides.map(|side| Some(Moment { at: side.outcome.end, text: came_of(&side) }));
    Some(Difference { aspect: Aspect::Verdict, place: "at the end".to_string(), rows: vec![row] })
}

/// What came of a run, and what nothing answered meanwhile: on one emulator such an
/// access reads 0, where it is a fault on the other.
fn came_of(side: &Side<'_>) -> String {
    let failure = side.failure();
    let mut text = failure.map_or("passed".to_string(), failed);
    let is_told = failure.is_some_and(|failure| matches!(failure.claim, Claim::Finding { .. }));
    let mut findings = side.outcome.findings.iter();
    if let Some(found) = findings.find(|one| one.kind == FindingKind::Nothing && !is_told) {
        text += &format!("; finding: {found}");
    }
    text
}

/// `failed in step 3, expect: HardFault: …`.
fn failed(failure: &Failure) -> String {
    let step = failure.step.as_ref();
    let step =
        step.map_or("no step".to_string(), |step| format!("step {}, {}", step.number, step.title));
    let what = match (&failure.diagnosis, &failure.claim) {
        (Some(diagnosis), _) => format!(": {}", diagnosis.sentence),
        (None, Claim::Crash { got, .. } | Claim::Finding { got, .. }) => format!(": {got}"),
        (None, _) => String::new(),
    };
    format!("failed in {step}{what}")
}
