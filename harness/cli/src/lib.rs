//! What the program `replab` does, and `cargo xtask emulate` with it.
//!
//! [`run`] reads scenarios, plays them and says what came of them: the one place
//! that knows all the other crates, and the only one that prints. It leaves
//! judging to the runner and wording to the report. Whatever happens ends in one
//! [`Ending`](replab_report::Ending), from which the exit code follows.

mod answers;
mod args;
mod catalogue;
mod ci;
mod clock;
mod compare;
mod coverage;
mod doctor;
mod error;
mod interrupt;
mod live;
mod live_board;
mod memory;
mod new;
mod notes;
mod place;
mod plan;
mod play;
mod project;
mod renode;
mod renode_doctor;
mod reports;
mod request;
mod run;
mod select;
mod serve;
mod setup;
mod shell;
mod show;
mod sweeps;
mod tell;
mod terminal;
mod voice;

pub use args::{Clock, RunArgs};
pub use coverage::{CoverageArgs, coverage};
pub use doctor::doctor;
pub use live_board::LiveArgs;
pub use memory::{MemoryArgs, memory};
pub use new::{NewArgs, new};
pub use place::{PLUGIN, Place};
pub use renode_doctor::doctor_renode;
pub use replab_report::ExitCode;
pub use run::{find_place, run};
pub use serve::{ServeArgs, serve};
pub use setup::set_up;
pub use shell::shell;
pub use show::{ShowArgs, show};

pub(crate) use error::RunError;
