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
    /// The board's chip is one that the plugin puts into QEMU, and the plugin keeps
    /// exact time only.
    #[error(
        "board {board} runs by exact time only: QEMU has no {chip}, and the plugin that adds one counts instructions (leave `--timing wall` out)"
    )]
    ExactOnly {
        /// The board.
        board: String,
        /// The chip's name.
        chip: &'static str,
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
    /// The boot ROM that a user names is none for the board's chip.
    #[error("boot ROM {file} does not fit board {board}: {why}")]
    WrongBootRom {
        /// The file.
        file: String,
        /// The board.
        board: String,
        /// What is wrong with it.
        why: String,
    },
    /// The firmware calls a function that the lab's own boot ROM does not have, and
    /// the chip's does.
    #[error(
        "the firmware calls {function} of the boot ROM at {caller:#010x}, which the lab's ROM for board {board} does not have (link the firmware with the compiler's own arithmetic: pico_set_float_implementation(TARGET compiler), pico_set_double_implementation(TARGET compiler); or name a ROM that has it with --bootrom FILE)"
    )]
    NoRomFunction {
        /// Which function, in words.
        function: String,
        /// The address that it returns to.
        caller: u32,
        /// The board.
        board: String,
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
    /// Renode was started, and our bridge inside it did not call.
    #[error("{program} was started, and our bridge inside it did not call within {wall:?}")]
    NoBridge {
        /// Which program.
        program: String,
        /// How long it had.
        wall: Duration,
        /// The last lines that it wrote.
        last_words: Vec<String>,
    },
    /// Renode closed its end of our socket, and its process ran on until we ended it.
    #[error("{program} closed our socket during `{request}` and ran on")]
    Closed {
        /// Which program.
        program: String,
        /// What we had asked for.
        request: String,
        /// The last lines that it wrote.
        last_words: Vec<String>,
    },
    /// Renode's answer ended before its end.
    #[error("{program} ended in its answer to `{request}`: {got} of {of} bytes came ({status})")]
    Cut {
        /// Which program.
        program: String,
        /// What we had asked for.
        request: String,
        /// How many bytes came.
        got: usize,
        /// How many it had promised.
        of: usize,
        /// Its exit status in words.
        status: String,
        /// The last lines that it wrote.
        last_words: Vec<String>,
    },
    /// Code of ours inside the emulator failed. What happened meanwhile is not known.
    #[error("our hook inside {program} failed during `{request}`: {what}")]
    Hook {
        /// Which program.
        program: String,
        /// What we had asked for.
        request: String,
        /// The exception.
        what: String,
    },
    /// A platform description that does not fit its board.
    #[error("{file} is no platform for board {board}: {why}")]
    Platform {
        /// The file.
        file: String,
        /// The board.
        board: String,
        /// What is wrong with it.
        why: String,
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
    /// The machine has no such checkpoint any more: its power was cut since.
    #[error(
        "the machine cannot go back to a checkpoint from before its power was cut (keep another one after the cut)"
    )]
    NoCheckpoint,
    /// No pin can be driven to this level.
    #[error("a pin cannot be driven to `{level}` (high, low and floating can)")]
    NoLevel {
        /// What was asked for.
        level: Level,
    },
    /// The bridge inside Renode is not the one that we speak to.
    #[error("the bridge inside Renode speaks another protocol than {wanted}: it said `{answer}`")]
    WrongBridge {
        /// What it answered to `hello`.
        answer: String,
        /// The protocol that we speak.
        wanted: &'static str,
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

impl MachineError {
    /// The last lines that the emulator wrote, if the error has them.
    pub fn last_words(&self) -> &[String] {
        match self {
            MachineError::Died { last_words, .. }
            | MachineError::Silent { last_words, .. }
            | MachineError::NoBridge { last_words, .. }
            | MachineError::Closed { last_words, .. }
            | MachineError::Cut { last_words, .. } => last_words,
            _ => &[],
        }
    }
}
