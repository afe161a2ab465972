//! Why a command ends before it has done anything.

use std::io;
use std::path::PathBuf;

use replab_board::{BoardError, Target, TargetError};
use replab_machine::MachineError;
use replab_memory::FootprintError;
use replab_record::MachineTime;
use replab_report::{Ending, ReplayError};
use replab_runner::snapshots::SnapshotError;
use replab_scenario::RewriteError;
use replab_setup::Missing;

/// Why the command ends before anything is played.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// A word of `--target` is no target.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// There is no file for the board.
    #[error("unknown board `{board}` (the boards are: {known})")]
    UnknownBoard {
        /// What was asked for.
        board: String,
        /// What there is.
        known: String,
    },
    /// The board's file does not list the backend.
    #[error("target {target} cannot be: the file of board {} lists no such backend", target.board)]
    CannotRun {
        /// What was asked for.
        target: Target,
    },
    /// Not two different targets, where two are compared.
    #[error(
        "--compare takes two different targets, and --target names {} (write --target lab-m0@qemu,OTHER@BACKEND; to play again on one, there is --prove)",
        named(targets)
    )]
    NotTwo {
        /// What was named.
        targets: Vec<Target>,
    },
    /// A board file is wrong.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// There is not one board file.
    #[error("there are no board files in {} ({advice})", folder.display())]
    NoBoards {
        /// Where they were looked for.
        folder: PathBuf,
        /// What to do.
        advice: String,
    },
    /// A project's board has the name of one that the lab brings, or of another of its own.
    #[error("{} and {} are both board `{board}` (rename one of them)", one.display(), other.display())]
    SameBoard {
        /// What both are called.
        board: String,
        /// One file.
        one: PathBuf,
        /// The other.
        other: PathBuf,
    },
    /// The folder that is named as the lab's home has nothing of it.
    #[error("REPLAB_HOME names `{}`, which has no boards and plugin (name the folder of a release, or a checkout, or unset it)", path.display())]
    NoHome {
        /// What it names.
        path: PathBuf,
    },
    /// A file or folder could not be read.
    #[error("could not read {}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A report could not be written.
    #[error("could not write {}", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A folder or a device, where a file is wanted.
    #[error("{} is no file", path.display())]
    NoFile {
        /// Which.
        path: PathBuf,
    },
    /// A file whose memory cannot be reported.
    #[error("no memory report of {}", path.display())]
    Unmeasured {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: FootprintError,
    },
    /// A file that is no transcript.
    #[error("{} is no transcript", path.display())]
    NoTranscript {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: ReplayError,
    },
    /// No run has the name.
    #[error("no run `{word}` has a transcript in {} ({advice})", folder.display())]
    NoRun {
        /// What was asked for.
        word: String,
        /// Where was looked.
        folder: PathBuf,
        /// What to do.
        advice: String,
    },
    /// Several runs have the name.
    #[error("`{word}` is the name of several runs (name one):{runs}")]
    ManyRuns {
        /// What was asked for.
        word: String,
        /// The runs, a line each.
        runs: String,
    },
    /// A part of a run that has no time in it.
    #[error("there is nothing from {from} to {} (the run ends at {end})", to.unwrap_or(*end))]
    NoTime {
        /// Where the part begins.
        from: MachineTime,
        /// Where it ends, if that was said.
        to: Option<MachineTime>,
        /// The end of the run.
        end: MachineTime,
    },
    /// A pin that did not move.
    #[error("pin `{pin}` did not move in this run (those that did: {moved})")]
    StillPin {
        /// What was asked for.
        pin: String,
        /// The others.
        moved: String,
    },
    /// An accepted answer cannot stand in its scenario.
    #[error("{} stays as it is", path.display())]
    Answer {
        /// The scenario's file.
        path: PathBuf,
        /// Why not.
        source: RewriteError,
    },
    /// Two files would have the same identity, and their transcripts the same place.
    #[error("{} and {} are both scenario `{identity}` (rename one of them)", one.display(), other.display())]
    SameIdentity {
        /// What both are called.
        identity: String,
        /// One file.
        one: PathBuf,
        /// The other.
        other: PathBuf,
    },
    /// The emulator that the user names is none.
    #[error(transparent)]
    Tool(#[from] Missing),
    /// The firmware that the user names is none for a board.
    #[error(transparent)]
    Firmware(#[from] MachineError),
    /// A boot ROM that no board would begin in.
    #[error("--bootrom {}: none of the boards that are to be played begins in a boot ROM of the lab's (leave it out, or name such a target: --target pico@qemu)", path.display())]
    NoBootRom {
        /// The file.
        path: PathBuf,
    },
    /// Snapshots whose scenarios are gone: they would look as if something were checked.
    #[error("{} belongs to no scenario (rename it with its scenario, or delete it)", files.join(", "))]
    Orphans {
        /// The files.
        files: Vec<String>,
    },
    /// A folder of snapshots could not be read.
    #[error(transparent)]
    Snapshots(#[from] SnapshotError),
    /// `--accept` where nobody looks at what is accepted.
    #[error(
        "snapshots are never accepted in CI (run --accept at your desk, read the diff, commit it)"
    )]
    AcceptInCi,
}

impl RunError {
    /// What the exit code follows from.
    pub(crate) fn ending(&self) -> Ending {
        match self {
            RunError::Target(_)
            | RunError::UnknownBoard { .. }
            | RunError::CannotRun { .. }
            | RunError::NotTwo { .. }
            | RunError::Board(_)
            | RunError::NoBoards { .. }
            | RunError::SameBoard { .. }
            | RunError::NoHome { .. }
            | RunError::Unreadable { .. }
            | RunError::NoFile { .. }
            | RunError::Unmeasured { .. }
            | RunError::Unwritable { .. }
            | RunError::NoTranscript { .. }
            | RunError::NoRun { .. }
            | RunError::ManyRuns { .. }
            | RunError::NoTime { .. }
            | RunError::StillPin { .. }
            | RunError::Answer { .. }
            | RunError::SameIdentity { .. }
            | RunError::Tool(_)
            | RunError::Firmware(_)
            | RunError::NoBootRom { .. }
            | RunError::Orphans { .. }
            | RunError::Snapshots(_)
            | RunError::AcceptInCi => Ending::WrongInput,
        }
    }
}

fn named(targets: &[Target]) -> String {
    let words: Vec<String> = targets.iter().map(ToString::to_string).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
