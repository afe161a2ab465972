//! Why a machine could not be started, or stopped making sense.

use std::io;
use std::time::Duration;

use replab_record::{Level, PinName, PortName};

/// Why a machine could not be started, or stopped making sense. None of these
/// says anything about the firmware.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// The emulator's program could not be run at all.
    #[error("could not start `{program}` for board {board} (is it installed? see `doctor`)")]
    NotStarted {
        /// What was run.
        program: String,
        /// For which board.
        board: String,
        /// Why not.
        source: io::Error,
    },
    /// The board has no definition for this backend.
    #[error("board {board} cannot run on {backend}")]
    NoSuchTarget {
        /// The board.
        board: String,
        /// The backend.
        backend: &'static str,
    },
    /// The firmware file is none that this board could run.
    #[error("firmware {file} does not fit board {board}: {why}")]
    WrongFirmware {
        /// The file.
        file: String,
        /// The board.
        board: String,
        /// What is wrong with it.
        why: String,
    },
    /// The emulator ended, or closed its end of our socket, while it was needed.
    #[error("{program} ended during `{request}` ({status})")]
    Died {
        /// Which program.
        program: String,
        /// What we had asked for.
        request: String,
        /// Its exit status in words.
        status: String,
        /// The last lines that it wrote to its standard error.
        last_words: Vec<String>,
    },
    /// The emulator took a request and did not answer it before the wall cap of its
    /// machine was spent, by this request and all before it.
    #[error(
        "{program} did not answer `{request}` within the {wall:?} of the desk clock that its machine has"
    )]
    Silent {
        /// Which program.
        program: String,
        /// What we had asked for.
        request: String,
        /// The wall cap.
        wall: Duration,
        /// The last lines that it wrote to its standard error.
        last_words: Vec<String>,
    },
    /// The plugin refused a request, or answered what we do not understand.
    #[error("{program} answered `{request}` with `{answer}`")]
    Answer {
        /// Which program.
        program: String,
        /// What we had asked for.
        request: String,
        /// What came.
        answer: String,
    },
    /// The plugin is not of the same age as the lab.
    #[error(
        "the QEMU plugin speaks another protocol than {wanted}: it said `{answer}` (build both from the same sources)"
    )]
    WrongPlugin {
        /// What it answered to `hello`.
        answer: String,
        /// The protocol that we speak.
        wanted: &'static str,
    },
    /// This build of QEMU is not in the table of tested ones, or lacks what exact time needs.
    #[error("{version} cannot keep exact time: {why} (the tested builds are: {tested})")]
    UntestedBuild {
        /// What it says of itself.
        version: String,
        /// What is missing.
        why: String,
        /// The builds that are known to work.
        tested: String,
    },
    /// The board has no such port.
    #[error("the machine has no port {port}")]
    NoPort {
        /// What was asked for.
        port: PortName,
    },
    /// The board has no such pin.
    #[error("the machine has no pin {pin}")]
    NoPin {
        /// What was asked for.
        pin: PinName,
    },
    /// No pin can be driven to this level.
    #[error("a pin cannot be driven to `{level}` (high, low and floating can)")]
    NoLevel {
        /// What was asked for.
        level: Level,
    },
    /// Something of the operating system's went wrong on the way to the emulator.
    #[error("could not {what}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
}
