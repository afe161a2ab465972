//! A board that goes by the desk clock, for whoever is connected to it: what
//! `replab serve` and `replab shell` have in common.
//!
//! Here is how a live board is chosen, started and ended. What leads to it
//! (clients, a terminal) is for the two commands.

mod ends;
mod error;

use std::io;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use replab_board::{Backend, Board};
use replab_machine::Timing;
use replab_machine::qemu::{self, Live, QemuTools, Start};
use replab_record::{Level, PortName, SkipReason};
use replab_report::{Ending, ExitCode, visible};
use replab_setup::Named;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::place::from_here;
use crate::voice::Voice;
use crate::{Place, catalogue, plan, play};

pub(crate) use ends::{read, state, write};
pub(crate) use error::LiveError;

/// How long the emulator may take for one request. How long the board goes has no cap.
const REQUEST: Duration = Duration::from_secs(60);

/// Bits per second at which nobody has to wait for a character to be over.
const AT_ONCE: u32 = u32::MAX;

/// Which board goes, with which firmware, in which emulator.
#[derive(Clone, Debug, clap::Args)]
pub struct LiveArgs {
    /// The board and who runs it (lab-m0@qemu).
    #[arg(value_name = "TARGET")]
    pub target: String,

    /// The firmware (.elf, .uf2 or .bin), instead of the one that was built for the board.
    #[arg(long, value_name = "FILE")]
    pub firmware: Option<PathBuf>,

    /// The qemu-system-arm to use.
    #[arg(long, value_name = "PROGRAM")]
    pub qemu: Option<PathBuf>,

    /// How fast typed bytes arrive, in bits per second. Without it, as fast as the board takes them.
    #[arg(long, value_name = "BAUD", value_parser = clap::value_parser!(u32).range(1..))]
    pub baud: Option<u32>,
}

/// A board that goes.
pub(crate) struct LiveBoard {
    pub(crate) board: Board,
    /// The port with its REPL.
    pub(crate) port: PortName,
    pub(crate) live: Live,
}

impl LiveBoard {
    /// The board that `args` name, at power-on.
    pub(crate) fn start(args: &LiveArgs, place: &Place) -> Result<LiveBoard, LiveError> {
        let (board, port) = board(args, place)?;
        let firmware = firmware(args, place, &board)?;
        let tools = tools(args, place)?;
        // The seed does not matter to a machine that goes by itself.
        let start = Start { seed: 1, wall_cap: REQUEST, timing: Timing::Wall, cores: 1 };
        let mut live = qemu::start_live(&tools, &board, &firmware, start)?;
        // A button that a resistor of the board pulls is released from power-on on.
        for (pin, button) in &board.buttons {
            if live.has_pins() && button.released != Level::Floating {
                live.drive(pin, button.released)?;
            }
        }
        Ok(LiveBoard { board, port, live })
    }
}

/// Does `work`, says what went wrong with it, and gives the exit code.
pub(crate) fn conclude(voice: Voice, work: impl FnOnce() -> Result<(), LiveError>) -> ExitCode {
    // Nothing that the panic may have left half done is used after it.
    let ending = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => Ending::Told,
        Ok(Err(error)) => {
            voice.complain(&error);
            error.last_words().iter().for_each(|line| {
                voice.warn(&format!("  qemu | {}\n", visible(line)));
            });
            error.ending()
        }
        Err(_) => Ending::LabBug,
    };
    ExitCode::of(&ending)
}

/// A socket with one byte for each signal that asks the program to end.
pub(crate) fn signals() -> Result<UnixStream, LiveError> {
    hear(&[SIGINT, SIGTERM, SIGHUP])
        .map_err(|source| LiveError::System { what: "hear signals", source })
}

/// A socket with one byte for each of `signals` that comes.
pub(crate) fn hear(signals: &[i32]) -> io::Result<UnixStream> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    for signal in signals {
        signal_hook::low_level::pipe::register(*signal, theirs.try_clone()?)?;
    }
    Ok(ours)
}

/// The board, and its port with the REPL, which has the pace that is asked for.
fn board(args: &LiveArgs, place: &Place) -> Result<(Board, PortName), LiveError> {
    let mut boards = catalogue::boards(place)?;
    let target = plan::target(&args.target, &boards)?;
    if target.backend != Backend::Qemu {
        return Err(LiveError::NoLive { target: args.target.clone() });
    }
    let mut board = boards.remove(&target.board).expect("a target's board is there");
    let Some((port, _)) = board.repl_port() else {
        return Err(LiveError::NoPort { board: board.name });
    };
    let port = port.clone();
    if let Some(port) = board.ports.get_mut(&port) {
        port.baud = args.baud.unwrap_or(AT_ONCE);
    }
    Ok((board, port))
}

fn firmware(args: &LiveArgs, place: &Place, board: &Board) -> Result<PathBuf, LiveError> {
    let firmware = args.firmware.clone().unwrap_or_else(|| place.firmware_of(&board.name));
    if firmware.is_file() {
        return Ok(firmware);
    }
    if args.firmware.is_some() {
        let source = io::Error::from(io::ErrorKind::NotFound);
        return Err(crate::RunError::Unreadable { path: firmware, source }.into());
    }
    Err(LiveError::NotInstalled {
        what: format!("no firmware for board {} at {}", board.name, from_here(&firmware)),
        advice: place.firmware_advice().to_owned(),
    })
}

fn tools(args: &LiveArgs, place: &Place) -> Result<QemuTools, LiveError> {
    let named = Named::from_env();
    let named = Named { qemu: args.qemu.clone().or(named.qemu), ..named };
    play::qemu_tools(place, named, false)?.map_err(|reason| match reason {
        SkipReason::NotInstalled { program, advice } => {
            LiveError::NotInstalled { what: format!("{program} is not installed"), advice }
        }
        other => LiveError::NotInstalled {
            what: replab_report::skip_reason(&other),
            advice: format!("run `{}`", place.setup),
        },
    })
}
