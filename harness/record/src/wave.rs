//! Level changes of one pin over a window of machine time.

use crate::{Level, MachineTime};

/// A level change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// When.
    pub at: MachineTime,
    /// The level from then on.
    pub level: Level,
}

/// The edges of one pin in a window, oldest first. Neighbours differ in level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    /// The first nanosecond that counts.
    pub start: MachineTime,
    /// The first nanosecond that does not.
    pub end: MachineTime,
    /// The level just before `start`.
    pub before: Level,
    /// The edges inside.
    pub edges: Vec<Edge>,
}
