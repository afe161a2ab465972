//! The words that the other crates share: machine time, pins and levels, the
//! events of a run, and its verdict.
//!
//! Pure: nothing here starts, waits, reads or prints. A [`Record`] is all that
//! crossed ports and pins in a run; every event carries the nanosecond at which
//! it happened inside the machine, and all judging uses those stamps.

mod bytes;
mod diagnosis;
mod event;
mod figure;
mod place;
mod registers;
mod time;
mod timing;
mod verdict;
mod wave;

pub use bytes::{Bound, Bytes, Slack};
pub use diagnosis::{Diagnosis, Trouble};
pub use event::{Event, Level, Pad, PinName, PortName, Record, ResetCause};
pub use figure::Figure;
pub use place::CodePlace;
pub use registers::Registers;
pub use time::MachineTime;
pub use timing::Timing;
pub use verdict::{Broken, Claim, Failure, SkipReason, StepPlace, Verdict};
pub use wave::{Edge, Wave};
