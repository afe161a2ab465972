//! Machines that stop and go.
//!
//! A machine is stopped except while [`StopGo::go`] lets it run. While it is
//! stopped, and only then, one reads memory, types and drives pins, each for an
//! exact machine time; so how fast the lab thinks never changes what the
//! firmware sees. One module per backend; [`scripted`] stands in for all of them
//! in the tests of what is above.
//!
//! This is the only crate that starts and ends emulators. What the bytes mean is
//! for the runner to say.

mod error;
mod fault_entry;
mod interface;
mod part;
mod process;
pub mod qemu;
pub mod renode;
pub mod scripted;

pub use error::MachineError;
pub use interface::{
    Analog, Checkpoint, Checkpoints, Condition, Fault, Finding, FindingKind, Findings, Lost,
    MOST_EVENTS, Machine, Memory, Noise, PAINT, Pins, Power, Processor, RomEnd, Stop, StopCause,
    StopGo, Wire, Wires,
};
pub use replab_record::Timing;
