//! `replab serve`: a board in real time, for the programs that people talk to boards with.
//!
//! The board goes by the desk clock from start to end. Its port with the REPL is
//! on a [`Door`]: a pseudo-terminal, or a TCP port. One thread waits for the
//! board, the client and signals together, so an answer is on its way as soon
//! as it is there, and nothing is done while nothing happens.

mod door;
mod passing;
mod pty;
mod tcp;
mod telnet;

use replab_report::{ExitCode, visible};

use crate::Place;
use crate::live_board::{LiveArgs, LiveBoard, LiveError, conclude, signals};
use crate::voice::Voice;

use door::Door;
use passing::pass;
use pty::Pty;
use tcp::{Address, Tcp};

/// Which board, and where its UART comes out.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeArgs {
    /// Which board goes.
    #[command(flatten)]
    pub live: LiveArgs,

    /// Serve on a pseudo-terminal, which is what happens without any option.
    #[arg(long, conflicts_with = "tcp")]
    pub pty: bool,

    /// Serve on a TCP port: IP:PORT, or PORT on this computer only. Port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS")]
    pub tcp: Option<Address>,
}

/// Serves the board that `args` name until a signal ends it, which is
/// [`ExitCode::Passed`]. `place` knows where boards, firmware and tools are.
///
/// The first line of standard output ends with what clients connect to. What
/// goes wrong is told on standard error: wrong arguments, files and addresses
/// are [`ExitCode::WrongInput`], an emulator that ends is [`ExitCode::Broken`].
pub fn serve(args: &ServeArgs, place: &Place) -> ExitCode {
    let voice = Voice::of_terminal();
    conclude(voice, || go(args, place, voice))
}

fn go(args: &ServeArgs, place: &Place, voice: Voice) -> Result<(), LiveError> {
    // First of all, so that no signal is missed.
    let signals = signals()?;
    let mut door: Box<dyn Door> = match args.tcp {
        None => Box::new(Pty::open()?),
        Some(address) => Box::new(Tcp::listen(address)?),
    };
    let LiveBoard { mut live, port, .. } = LiveBoard::start(&args.live, place)?;
    let address = door.address();
    voice.say(&format!("serving {} on {address}\n", visible(&args.live.target)));
    voice.warn(&format!(
        "  in another terminal: mpremote connect {address} repl\n  Ctrl-C here ends the board\n"
    ));
    if args.tcp.is_some_and(Address::is_public) {
        voice.warn("note: whoever reaches this address can use the board, without a password\n");
    }
    pass(&mut live, &port, door.as_mut(), &signals, voice)
}
