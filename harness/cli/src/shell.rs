//! `replab shell`: a board's REPL in the terminal that the program was started in.
//!
//! The board goes by the desk clock. What it sends is shown as far as it does no
//! harm ([`Screen`]), and what is typed reaches it as it is, but for the few keys
//! of [`Keys`]. One thread waits for the board, the terminal and signals together.

mod keys;
mod panel;
mod screen;
mod talk;
mod timer;

use std::time::Instant;

use replab_report::{ExitCode, visible};

use crate::Place;
use crate::live_board::{LiveArgs, LiveBoard, LiveError, conclude, signals};
use crate::terminal::{self, RawTerminal, is_dumb};
use crate::voice::Voice;

use keys::Keys;
use panel::Panel;
use screen::{Kind, Screen};
use talk::Talk;

/// Talks to the board that `args` name until Ctrl-] or a signal ends it, which is
/// [`ExitCode::Passed`]. `place` knows where boards, firmware and tools are.
///
/// What goes wrong is told on standard error: wrong arguments and files, and no
/// terminal, are [`ExitCode::WrongInput`], an emulator that ends is [`ExitCode::Broken`].
pub fn shell(args: &LiveArgs, place: &Place) -> ExitCode {
    let voice = Voice::of_terminal();
    conclude(voice, || go(args, place, voice))
}

fn go(args: &LiveArgs, place: &Place, voice: Voice) -> Result<(), LiveError> {
    // First of all, so that no signal is missed.
    let signals = signals()?;
    terminal::check()?;
    let begun = Instant::now();
    let LiveBoard { board, port, live } = LiveBoard::start(args, place)?;
    let panel = Panel::of(&board);
    voice.warn(&format!("-- {}, {}\n", visible(&args.target), panel.keys().join(", ")));
    let kind = if is_dumb() { Kind::Dumb } else { Kind::Ansi };
    let terminal = RawTerminal::take()?;
    let talk = Talk {
        live,
        port,
        terminal,
        panel,
        begun,
        keys: Keys::default(),
        screen: Screen::new(kind),
        shown: Vec::new(),
    };
    talk.go(&signals)
}
