//! Why a live board does not go, or not any longer.

use std::io;

use replab_machine::MachineError;
use replab_report::Ending;

use crate::RunError;

/// Why a live board does not go, or not any longer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LiveError {
    /// The arguments or the place are wrong.
    #[error(transparent)]
    Wrong(#[from] RunError),
    /// Something that set-up installs is not there.
    #[error("{what} ({advice})")]
    NotInstalled {
        /// What is missing.
        what: String,
        /// How to get it.
        advice: String,
    },
    /// The board has no REPL.
    #[error("board {board} has no port with a REPL")]
    NoPort {
        /// Which board.
        board: String,
    },
    /// Only QEMU lets a board go in real time.
    #[error("target {target} cannot be served (only boards in QEMU can: BOARD@qemu)")]
    NoLive {
        /// What was asked for.
        target: String,
    },
    /// The TCP port cannot be had.
    #[error("could not listen on {address} (is it in use? with port 0 any free one is taken)")]
    NotListening {
        /// Which.
        address: String,
        /// Why not.
        source: io::Error,
    },
    /// There is nobody at a keyboard.
    #[error("{stream} is no terminal (`replab serve` is for programs, `replab run` for scenarios)")]
    NoTerminal {
        /// Which stream.
        stream: &'static str,
    },
    /// The operating system did not do its part.
    #[error("could not {what}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// The machine did not start, or has ended.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

impl LiveError {
    /// What the exit code follows from.
    pub(crate) fn ending(&self) -> Ending {
        match self {
            LiveError::Wrong(error) => error.ending(),
            LiveError::NotInstalled { .. } => Ending::NotInstalled,
            LiveError::NoPort { .. }
            | LiveError::NoLive { .. }
            | LiveError::NotListening { .. }
            | LiveError::NoTerminal { .. }
            | LiveError::Machine(MachineError::WrongFirmware { .. }) => Ending::WrongInput,
            LiveError::System { .. } | LiveError::Machine(_) => Ending::NotServed,
        }
    }

    /// The last lines that the emulator wrote, if it is the one that failed.
    pub(crate) fn last_words(&self) -> &[String] {
        match self {
            LiveError::Machine(
                MachineError::Died { last_words, .. } | MachineError::Silent { last_words, .. },
            ) => last_words,
            _ => &[],
        }
    }
}
