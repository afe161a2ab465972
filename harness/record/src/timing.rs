//! What drives a machine's clock.

use std::fmt;

/// What drives a machine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// Its instructions: equal runs are equal to the nanosecond.
    Exact,
    /// The desk clock.
    Wall,
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Timing::Exact => "exact",
            Timing::Wall => "wall",
        })
    }
}
