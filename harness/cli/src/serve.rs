//! `replab serve`: a board in real time, for the programs that people talk to boards with.
//!
//! The board goes by the desk clock from start to end. Its port with the REPL is
//! on a [`Door`]: a pseudo-terminal, or a TCP port. One thread waits for the
//! board, the client and signals together, so an answer is on its way as soon
//! as it is there, and nothing is done while nothing happens.

mod door;
mod error;
mod passing;
mod pty;
mod tcp;
mod telnet;

use std::io;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use replab_board::Board;
use replab_machine::Timing;
use replab_machine::qemu::{self, Live, QemuTools, Start};
use replab_record::{PortName, SkipReason};
use replab_report::{Ending, ExitCode, visible};
use replab_setup::Named;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::place::from_here;
use crate::voice::Voice;
use crate::{Place, catalogue, plan, play};

use door::Door;
use error::ServeError;
use passing::pass;
use pty::Pty;
use tcp::{Address, Tcp};

/// How long the emulator may take for one request. How long the board goes has no cap.
const REQUEST: Duration = Duration::from_secs(60);

/// Bits per second at which nobody has to wait for a character to be over.
const AT_ONCE: u32 = u32::MAX;

/// Which board, and where its UART comes out.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeArgs {
    /// The board and who runs it (lab-m0@qemu).
    #[arg(value_name = "TARGET")]
    pub target: String,

    /// Serve on a pseudo-terminal, which is what happens without any option.
    #[arg(long, conflicts_with = "tcp")]
    pub pty: bool,

    /// Serve on a TCP port: IP:PORT, or PORT on this computer only. Port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS")]
    pub tcp: Option<Address>,

    /// The firmware, instead of the one that was built for the board.
    #[arg(long, value_name = "FILE")]
    pub firmware: Option<PathBuf>,

    /// The qemu-system-arm to use.
    #[arg(long, value_name = "PROGRAM")]
    pub qemu: Option<PathBuf>,

    /// How fast typed bytes arrive, in bits per second. Without it, as fast as the board takes them.
    #[arg(long, value_name = "BAUD", value_parser = clap::value_parser!(u32).range(1..))]
    pub baud: Option<u32>,
}

/// Serves the board that `args` name until a signal ends it, which is
/// [`ExitCode::Passed`]. `place` knows where boards, firmware and tools are.
///
/// The first line of standard output ends with what clients connect to. What
/// goes wrong is told on standard error: wrong arguments, files and addresses
/// are [`ExitCode::WrongInput`], an emulator that ends is [`ExitCode::Broken`].
pub fn serve(args: &ServeArgs, place: &Place) -> ExitCode {
    let voice = Voice::of_terminal();
    // Nothing that the panic may have left half done is used after it.
    let ending = match catch_unwind(AssertUnwindSafe(|| ending(args, place, voice))) {
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

fn ending(args: &ServeArgs, place: &Place, voice: Voice) -> Result<(), ServeError> {
    // First of all, so that no signal is missed.
    let signals =
        signals().map_err(|source| ServeError::System { what: "hear signals", source })?;
    let (board, port) = board(args, place)?;
    let firmware = firmware(args, place, &board)?;
    let tools = tools(args, place)?;
    let mut door: Box<dyn Door> = match args.tcp {
        None => Box::new(Pty::open()?),
        Some(address) => Box::new(Tcp::listen(address)?),
    };
    // The clock does not matter to a machine that goes by itself.
    let start = Start { seed: 1, wall_cap: REQUEST, timing: Timing::Wall };
    let mut live: Live = qemu::start_live(&tools, &board, &firmware, start)?;
    let address = door.address();
    voice.say(&format!("serving {} on {address}\n", visible(&args.target)));
    voice.warn(&format!(
        "  in another terminal: mpremote connect {address} repl\n  Ctrl-C here ends the board\n"
    ));
    if args.tcp.is_some_and(Address::is_public) {
        voice.warn("note: whoever reaches this address can use the board, without a password\n");
    }
    pass(&mut live, &port, door.as_mut(), &signals, voice)
}

/// The board, and its port with the REPL, which has the pace that is asked for.
fn board(args: &ServeArgs, place: &Place) -> Result<(Board, PortName), ServeError> {
    let mut boards = catalogue::boards(&place.boards)?;
    let target = plan::target(&args.target, &boards)?;
    let mut board = boards.remove(&target.board).expect("a target's board is there");
    let Some((port, _)) = board.repl_port() else {
        return Err(ServeError::NoPort { board: board.name });
    };
    let port = port.clone();
    if let Some(port) = board.ports.get_mut(&port) {
        port.baud = args.baud.unwrap_or(AT_ONCE);
    }
    Ok((board, port))
}

fn firmware(args: &ServeArgs, place: &Place, board: &Board) -> Result<PathBuf, ServeError> {
    let firmware = args.firmware.clone().unwrap_or_else(|| place.firmware_of(&board.name));
    if firmware.is_file() {
        return Ok(firmware);
    }
    if args.firmware.is_some() {
        let source = io::Error::from(io::ErrorKind::NotFound);
        return Err(crate::RunError::Unreadable { path: firmware, source }.into());
    }
    Err(ServeError::NotInstalled {
        what: format!("no firmware for board {} at {}", board.name, from_here(&firmware)),
        advice: format!("run `{}`, or name one with --firmware FILE", place.build_firmware),
    })
}

fn tools(args: &ServeArgs, place: &Place) -> Result<QemuTools, ServeError> {
    let named = Named::from_env();
    let named = Named { qemu: args.qemu.clone().or(named.qemu), ..named };
    play::qemu_tools(place, named, false)?.map_err(|reason| match reason {
        SkipReason::NotInstalled { program, advice } => {
            ServeError::NotInstalled { what: format!("{program} is not installed"), advice }
        }
        other => ServeError::NotInstalled {
            what: replab_report::skip_reason(&other),
            advice: format!("run `{}`", place.setup),
        },
    })
}

/// A socket with one byte for each signal that asks the program to end.
fn signals() -> io::Result<UnixStream> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::low_level::pipe::register(signal, theirs.try_clone()?)?;
    }
    Ok(ours)
}
