//! The scenario language: text in, checked [`Scenario`] out.
//!
//! A scenario is a YAML file that says what a board does and what must come of
//! it. [`load`] reads one: first into a tree that knows the place of every
//! value (`tree.rs`), then step by step into types that cannot be wrong
//! (`scenario.rs`). Whatever is wrong is found here, before any machine starts,
//! and is a [`ScenarioError`] that points at the line, says what is allowed and
//! shows a way out.
//!
//! Pure: boards, lessons and the files beside a scenario come in through
//! [`World`]. Playing the steps is the runner's part.

mod action;
mod analog;
mod bytes;
mod cases;
mod contract;
mod coverage;
mod error;
mod file;
mod frequency;
mod key;
mod keys_page;
mod lag;
mod lesson;
mod load;
mod pattern;
mod pins;
mod project;
mod python;
mod quantity;
mod range;
mod reading;
mod rewrite;
mod scenario;
mod schema;
mod step;
mod stimulus;
mod sweep;
mod tolerate;
mod transcript;
mod tree;
mod wave;
mod wire;

pub use analog::{parse_temperature, parse_voltage};
pub use bytes::{parse_bound, parse_bytes};
pub use cases::{CASE_WORDS, MOST_CASES};
pub use contract::{CONTRACT_WORDS, INTERVAL_WORDS};
pub use coverage::{
    BlockCoverage, BlockKind, Coverage, EXCUSES_FILE, Excuses, OutputCoverage, SectionCoverage,
    State, block_kind, coverage, load_excuses,
};
pub use error::{Problem, ScenarioError, ScenarioErrors};
pub use frequency::{Frequency, hertz, parse_frequency, show_hertz};
pub use key::{KEYS, key_bytes};
pub use keys_page::keys_page;
pub use lag::{Lag, parse_lag};
pub use lesson::{Block, BlockError, Lesson, Section};
pub use load::{DEFAULT_BOARD, FILE_WORDS, Lessons, NEED_WORDS, World, load};
pub use pattern::{Captures, Expected, NOTHING};
pub use pins::{DRIVE_WORDS, LEVEL_WORDS, PRESS_WORDS};
pub use project::{PROJECT_FILE, PROJECT_WORDS, Project, ProjectWorld, load_project};
pub use quantity::{
    QuantityError, Tolerance, parse_duration, parse_duty, parse_percent, parse_period,
    parse_tolerance, show_duration,
};
pub use range::RANGE_WORDS;
pub use rewrite::{NewAnswer, RewriteError, rewrite};
pub use scenario::{
    Act, Action, At, Boot, Code, Contract, DEFAULT_WITHIN, Direction, Driven, Exchange, Expect, Fs,
    Interval, LagClaim, Need, Never, NthEdge, Press, Reset, Scenario, SnapshotPart, Step, Stimulus,
    TextPattern, WaveClaim, Width, WireChange, WireState,
};
pub use schema::schema;
pub use step::{MODIFIER_WORDS, STEP_WORDS};
pub use stimulus::{MOST_STIMULI, STIMULUS_WORDS, character_time};
pub use sweep::MOST_RUNS;
pub use tolerate::{MEMORY_WORDS, TOLERATE_WORDS, Tolerable, Tolerated};
pub use transcript::{TranscriptError, parse_transcript};
pub use wave::{DIRECTION_WORDS, LAG_WORDS, WAVE_WORDS, WIDTH_WORDS};
pub use wire::{FIRM_LEVELS, WHEN_WORDS, WIRE_WORDS};

#[cfg(test)]
mod tests;
