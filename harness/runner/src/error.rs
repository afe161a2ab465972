//! Why a run ended before its last step.

use regex::Regex;
use replab_machine::MachineError;
use replab_record::{Claim, Diagnosis, Failure, MachineTime};

use crate::files::FilesError;
use crate::snapshots::SnapshotError;

/// Why the lab could not tell whether a scenario holds.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The machine could not be made.
    #[error("there is no machine to play on")]
    NotStarted(#[source] MachineError),
    /// The machine stopped making sense.
    #[error("the machine cannot go on")]
    Machine(#[from] MachineError),
    /// The files of the scenario could not be put on the board.
    #[error("could not put the scenario's files on board {board}")]
    Files {
        /// The board.
        board: String,
        /// Why not.
        source: FilesError,
    },
    /// The scenario is about files, and the board or the machine cannot take them.
    #[error("board {board} has no file system that the lab can reach (say `needs: [files]`)")]
    NoFileSystem {
        /// The board.
        board: String,
    },
    /// A step cuts the power, and nobody can.
    #[error("the lab cannot cut the power of board {board} (say `needs: [power]`)")]
    NoPower {
        /// The board.
        board: String,
    },
    /// A step drives a pin, and nobody can.
    #[error("the lab cannot drive the pins of board {board} (say `needs: [gpio]`)")]
    NoPins {
        /// The board.
        board: String,
    },
    /// A step drives an analog input, and nobody can.
    #[error(
        "the lab cannot drive the analog input `{input}` of board {board} (say `needs: [analog]`)"
    )]
    NoAnalog {
        /// The board.
        board: String,
        /// The input.
        input: String,
    },
    /// A button that the board does not have, although the scenario was checked against boards.
    #[error("board {board} has no button `{button}`")]
    NoButton {
        /// The board.
        board: String,
        /// The button.
        button: String,
    },
    /// A step is about the memory, and nobody knows how full it is.
    #[error("the figures that the step asks for cannot be taken on board {board}")]
    NoFigures {
        /// The board.
        board: String,
        /// Why not.
        source: replab_memory::Unknown,
    },
    /// The board has no port for a REPL, and a step talks to one.
    #[error("board {board} has no port with `repl: true`")]
    NoReplPort {
        /// The board.
        board: String,
    },
    /// A pin that the board does not have, although the scenario was checked against boards.
    #[error("board {board} has no pin `{pin}`")]
    NoPin {
        /// The board.
        board: String,
        /// The pin.
        pin: String,
    },
    /// `at: { machine: … }` names a time that was over when the step came.
    #[error("the step should start at {at:.6}, which is past: it is {now:.6} (name a later time)")]
    Past {
        /// When it should have started.
        at: MachineTime,
        /// When the step before had ended.
        now: MachineTime,
    },
    /// A stored snapshot could not be read or written.
    #[error("could not compare the snapshot")]
    Snapshot(#[from] SnapshotError),
}

impl RunError {
    /// The texts of this error and of its causes, outermost first.
    pub fn causes(&self) -> Vec<String> {
        let mut causes = vec![self.to_string()];
        let mut next = std::error::Error::source(self);
        while let Some(error) = next {
            causes.push(error.to_string());
            next = error.source();
        }
        causes
    }

    /// The last lines that the emulator wrote, if it did.
    pub fn last_words(&self) -> Vec<String> {
        match self {
            RunError::Machine(error) | RunError::NotStarted(error) => error.last_words().to_vec(),
            _ => Vec::new(),
        }
    }
}

/// The expression as an author writes it: that lines have their own ends is always so.
pub(crate) fn written(regex: &Regex) -> &str {
    regex.as_str().strip_prefix("(?m)").unwrap_or(regex.as_str())
}

/// What ends a run early.
#[derive(Debug)]
pub(crate) enum Ended {
    /// A claim of the step did not hold, or the firmware crashed during it.
    Failed(Box<Failure>),
    /// What must never come has come.
    Never(Box<Failure>),
    /// The lab could not tell.
    Broken(RunError),
}

impl<E: Into<RunError>> From<E> for Ended {
    fn from(error: E) -> Ended {
        Ended::Broken(error.into())
    }
}

/// What a step gives back.
pub(crate) type Played<T = ()> = Result<T, Ended>;

/// The firmware did what `diagnosis` says.
pub(crate) fn crash(diagnosis: Diagnosis, at: MachineTime) -> Failure {
    let got = diagnosis.sentence.clone();
    let claim = Claim::Crash { expected: "no crash".to_string(), got };
    Failure { diagnosis: Some(Box::new(diagnosis)), ..failed(claim, at) }
}

/// A claim of the step that is being played did not hold.
pub(crate) fn failed(claim: Claim, at: MachineTime) -> Failure {
    Failure { step: None, claim, at, details: Vec::new(), hint: String::new(), diagnosis: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_come_outermost_first() {
        let source = FilesError::Path { path: "..".into() };
        let causes = RunError::Files { board: "lab-m0".into(), source }.causes();
        assert_eq!(causes.len(), 2);
        assert!(causes[0].contains("lab-m0") && causes[1].contains("`..`"), "{causes:?}");
    }
}
