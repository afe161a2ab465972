//! Plays scenarios on machines.
//!
//! [`play`] takes a checked scenario and a machine at power-on, lets it run step
//! by step, and says what came of it: an [`Outcome`]. [`play_all`] does that for
//! many, [`prove_all`] many times for each. [`compare`] says where runs on two targets differ.
//! Everything is judged by machine time, that is by the stamps of bytes and
//! edges; the desk clock is never asked. How machines work is for `machine` to
//! know, what steps mean is in `docs/` and in `steps`, one module for each.

mod always;
mod coarse;
mod compare;
mod error;
pub mod files;
mod hints;
mod inspector;
mod limits;
mod load;
mod needs;
mod output;
mod parts;
mod play;
mod playing;
mod pool;
mod prompt;
mod prove;
mod random;
mod session;
mod share;
mod snapping;
pub mod snapshots;
mod steps;
mod stop;
mod typing;
mod verdict;
mod wave;
mod whole;

pub use compare::{COMPUTING_PERCENT, EDGES_PERCENT, SHORT, Side, compare};
pub use error::RunError;
pub use load::Load;
pub use needs::{lacking, skip_reason};
pub use output::SentLine;
pub use play::{
    Content, Measured, MemorySample, Missing, Options, Outcome, SETTLE, StepSummary, play,
};
pub use pool::{Bug, Finished, Job, play_all};
pub use prove::{Difference, first_difference, prove_all};
pub use stop::Stop;
// A part of an outcome.
pub use replab_memory::{Change, HeapFigures, Sample, StackFigures};
pub use wave::{ContractFigures, Period, Pulse, WaveFigures};
pub use whole::{write_streamed, write_whole};

#[cfg(test)]
mod tests;
