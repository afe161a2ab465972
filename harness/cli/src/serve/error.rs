//! Why a board is not served, or not any longer.

use std::io;

use replab_machine::MachineError;
use replab_report::Ending;

use crate::RunError;

use super::tcp::Address;

/// Why a board is not served, or not any longer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServeError {
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
    #[error("board {board} has no port with a REPL to serve")]
    NoPort {
        /// Which board.
        board: String,
    },
    /// The TCP port cannot be had.
    #[error("could not listen on {address} (is it in use? with port 0 any free one is taken)")]
    NotListening {
        /// Which.
        address: Address,
        /// Why not.
        source: io::Error,
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

impl ServeError {
    /// What the exit code follows from.
    pub(super) fn ending(&self) -> Ending {
        match self {
            ServeError::Wrong(error) => error.ending(),
            ServeError::NotInstalled { .. } => Ending::NotInstalled,
            ServeError::NoPort { .. }
            | ServeError::NotListening { .. }
            | ServeError::Machine(MachineError::WrongFirmware { .. }) => Ending::WrongInput,
            ServeError::System { .. } | ServeError::Machine(_) => Ending::NotServed,
        }
    }

    /// The last lines that the emulator wrote, if it is the one that failed.
    pub(super) fn last_words(&self) -> &[String] {
        match self {
            ServeError::Machine(
                MachineError::Died { last_words, .. } | MachineError::Silent { last_words, .. },
            ) => last_words,
            _ => &[],
        }
    }
}
