//! Why a run ended before its last step.

use regex::Regex;
use replab_machine::MachineError;
use replab_record::{Claim, Diagnosis, Failure, MachineTime, PinName, PortName};

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
    /// `at: { machine: … }` names a time that was over when the step came; an entry of a
    /// table does so too.
    #[error("this should be at {at:.6}, which is past: it is {now:.6} (name a later time)")]
    Past {
        /// When it should have started.
        at: MachineTime,
        /// When the step before had ended.
        now: MachineTime,
    },
    /// A port that the board does not have, although the scenario was checked against boards.
    #[error("board {board} has no port `{port}`")]
    NoPort {
        /// The board.
        board: String,
        /// The port.
        port: String,
    },
    /// An entry of a table types on a port while a step does.
    #[error(
        "line {line} lets a byte arrive on {port} at {at:.6}, and another step types there at that time (give it another time: a port carries one byte at a time)"
    )]
    PortBusy {
        /// The port.
        port: PortName,
        /// When the byte should arrive.
        at: MachineTime,
        /// The line of the entry.
        line: usize,
    },
    /// A byte of a table that would have to be on its way already when the step comes.
    #[error(
        "a byte that arrives at {at:.6} is on its way for one character time before, and it is {now:.6} already (name a later time)"
    )]
    EarlyByte {
        /// When it should arrive.
        at: MachineTime,
        /// When the step began.
        now: MachineTime,
    },
    /// A stimulus that the machine has never shown.
    #[error(
        "line {line} asks for {what} at {at:.6}, and that was never seen{}: the run ended at {end:.6} ({})",
        match .more { 0 => String::new(), 1 => ", nor was 1 more".to_owned(), more => format!(", nor were {more} more") },
        if .at < .end { "the machine has not done it" } else { "let the run last longer, with `wait`, or ask for it earlier" }
    )]
    Unseen {
        /// What it is.
        what: String,
        /// The line that asks for it.
        line: usize,
        /// When it should have happened.
        at: MachineTime,
        /// When the run ended.
        end: MachineTime,
        /// How many more there are.
        more: usize,
    },
    /// An edge at which a wire should change, and that has not come.
    #[error(
        "the wire to {pin} should change at edge {wanted} of {counted}, and {}: the run ended at {end:.6}",
        match .count { 0 => "none came".to_owned(), 1 => "1 came".to_owned(), count => format!("{count} came") }
    )]
    NoEdge {
        /// Role or name of the wire's pin.
        pin: String,
        /// Role or name of the pin whose edges count.
        counted: String,
        /// Which edge.
        wanted: u32,
        /// How many came.
        count: u32,
        /// When the run ended.
        end: MachineTime,
    },
    /// A bridge with an end that another bridge has.
    #[error(
        "{lead} cannot be bridged to {pin}, because one of them is bridged to a third (mend that wire first)"
    )]
    BridgesMeet {
        /// The pin that leads.
        lead: PinName,
        /// The pin that follows.
        pin: PinName,
    },
    /// A step breaks a wire, and nobody can.
    #[error("the lab cannot break the wires of board {board} (say `needs: [wires]`)")]
    NoWires {
        /// The board.
        board: String,
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
