//! How two runs of one scenario on two targets compare.
//!
//! A comparison is no verdict: that two targets differ says of neither that its
//! firmware is wrong, nor that the lab could not tell. Times are shown, but never
//! compared by themselves: only how long things took is.

use crate::{Broken, MachineTime, SkipReason};

/// How two runs compare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The first difference of each aspect that differs, in the order of [`Aspect`].
    /// Empty if the runs are equal.
    pub differences: Vec<Difference>,
    /// What could not be compared, and why: a fragment each.
    pub not_compared: Vec<String>,
    /// The reasons of the scenario's tolerances that applied to something.
    pub tolerated: Vec<String>,
}

/// Why two runs cannot be compared at all: one of them was not played to a verdict
/// about the firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotComparable {
    /// The target of that run.
    pub target: String,
    /// What came of it.
    pub why: Unplayed,
}

/// Why a run gives nothing to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unplayed {
    /// It was not played.
    Skipped(SkipReason),
    /// The lab could not tell.
    Broken(Box<Broken>),
}

/// In what two runs differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// One passed, the other failed.
    Verdict,
    /// What the firmware sent.
    Transcript,
    /// The levels of a pin, in their order.
    Levels,
    /// Which line or edge came before which.
    Order,
    /// How long a level or a step lasted.
    Time,
    /// A figure of stack or heap.
    Memory,
}

impl Aspect {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Aspect::Verdict => "verdict",
            Aspect::Transcript => "transcript",
            Aspect::Levels => "levels",
            Aspect::Order => "order",
            Aspect::Time => "time",
            Aspect::Memory => "memory",
        }
    }
}

/// The first place at which two runs differ in one aspect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// In what.
    pub aspect: Aspect,
    /// Where, and what is allowed: `line 3 of uart0`, `how long LED is high (allowed: 1%)`.
    pub place: String,
    /// What came just before, equal on both, and last what differs.
    pub rows: Vec<[Option<Moment>; 2]>,
}

/// One thing that happened in a run; what was sent stands in it as text without control bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: MachineTime,
    /// What, in a line.
    pub text: String,
}
