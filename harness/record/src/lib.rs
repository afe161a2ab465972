//! The words that the other crates share: machine time, pins and levels, the
//! events of a run, its verdict, and how it compares with a run elsewhere.
//!
//! Pure: nothing here starts, waits, reads or prints. A [`Record`] is all that
//! crossed ports and pins in a run; every event carries the nanosecond at which
//! it happened inside the machine, and all judging uses those stamps.

mod bytes;
mod comparison;
mod diagnosis;
mod event;
mod figure;
mod finding;
mod picture;
mod place;
mod registers;
mod time;
mod timing;
mod verdict;
mod wave;

pub use bytes::{Bound, Bytes, Slack};
pub use comparison::{Aspect, Comparison, Difference, Moment, NotComparable, Unplayed};
pub use diagnosis::{Diagnosis, Trouble};
pub use event::{Event, Level, Pad, PinName, PortName, Record, ResetCause};
pub use figure::Figure;
pub use finding::{FindingKind, Found};
pub use picture::{Scale, picture};
pub use place::CodePlace;
pub use registers::Registers;
pub use time::MachineTime;
pub use timing::Timing;
pub use verdict::{Broken, Claim, Failure, Marginal, SkipReason, StepPlace, Verdict};
pub use wave::{Edge, Wave};
