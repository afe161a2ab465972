//! Turns verdicts and records into text, JSON and what CI servers read.
//!
//! Pure: records and verdicts in, strings out; who prints them decides where
//! they go. The one rule that holds everywhere: what firmware sent is shown, not
//! obeyed, so each text that could hold its bytes passes through [`visible`].
//! "Failed" and "broken" have their own screens, words and exit codes.

mod closing;
mod compare;
mod coverage;
mod exit;
mod github;
mod json;
mod junit;
mod lines;
mod memory;
mod paint;
mod picture;
mod progress;
mod quantity;
mod replay;
mod run;
mod screen;
mod seen;
mod summary;
mod sweep;
mod transcript;
mod vcd;
mod visible;

pub use closing::Closing;
pub use compare::{Compared, compared, comparison_screen, comparison_table};
pub use coverage::{coverage, coverage_json};
pub use exit::{Ending, ExitCode};
pub use github::{StepSummary, annotation, guarded, guarded_json, warnings};
pub use json::{FORMAT_VERSION, run_finished, run_started, started, summary as summary_event};
pub use junit::Junit;
pub use memory::{
    MEMORY_VERSION, MemoryReport, memory_json, memory_screen, memory_text, sample_screen,
};
pub use paint::Paint;
pub use picture::{View, waves};
pub use progress::{progress, skip_reason};
pub use replay::{Replay, ReplayError, replay};
pub use run::{ComparedTally, Files, Note, Run, Tally};
pub use screen::{Help, claim, screen};
pub use seen::seen;
pub use summary::summary;
pub use sweep::{Sweep, unlike_line};
pub use transcript::{TRANSCRIPT_VERSION, transcript, transcript_lines};
pub use vcd::vcd;
pub use visible::visible;
