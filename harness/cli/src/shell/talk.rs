//! Between a terminal and a board, until one of them ends.

use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use replab_machine::qemu::Live;
use replab_record::{Event, PortName};
use rustix::event::{PollFd, PollFlags};
use signal_hook::consts::SIGCONT;

use crate::live_board::{LiveError, hear};
use crate::terminal::RawTerminal;

use super::keys::{Key, Keys};
use super::panel::{Panel, lines};
use super::screen::Screen;
use super::timer::Timer;

/// How long a button is pressed, in machine time: longer than anybody's debouncing.
const PRESS: Duration = Duration::from_millis(100);

/// How long the bytes of a key may take to come, also over ssh.
const KEY: Duration = Duration::from_millis(100);

/// How many typed bytes may be on their way to the board. The terminal is read all
/// the same, because Ctrl-] may come behind them: what is too much is lost.
const TYPED: usize = 1 << 20;

/// How many bytes may wait for the terminal. No more is taken from the board until
/// it has some of them, so the board waits.
const SHOWN: usize = 1 << 16;

/// What begins a line of ours.
const MARK: &str = "-- ";

/// See the head of this module.
pub(super) struct Talk {
    pub(super) live: Live,
    pub(super) port: PortName,
    pub(super) terminal: RawTerminal,
    pub(super) panel: Panel,
    /// When the board was started.
    pub(super) begun: Instant,
    pub(super) keys: Keys,
    pub(super) screen: Screen,
    /// What the terminal has not taken.
    pub(super) shown: Vec<u8>,
}

impl Talk {
    /// Goes on until somebody leaves, the terminal hangs up, or one of `signals` comes.
    pub(super) fn go(mut self, signals: &UnixStream) -> Result<(), LiveError> {
        let ended = self.exchange(signals);
        self.shown.extend(self.screen.leave());
        // A terminal that takes nothing more, or has gone, misses only this.
        let _ = self.terminal.write(&self.shown);
        ended
    }

    fn exchange(&mut self, mut signals: &UnixStream) -> Result<(), LiveError> {
        let mut continued = hear(&[SIGCONT]).map_err(no_terminal)?;
        let timer = Timer::new().map_err(no_terminal)?;
        loop {
            let Some(typed) = self.terminal.read().map_err(no_terminal)? else { return Ok(()) };
            let mut keys = self.keys.take(&typed);
            if timer.is_over() {
                keys.extend(self.keys.give_up());
            }
            if !typed.is_empty() {
                let time = if self.keys.is_waiting() { KEY } else { Duration::ZERO };
                timer.run(time).map_err(no_terminal)?;
            }
            for key in keys {
                match key {
                    Key::Leave => return Ok(()),
                    other => self.do_key(other)?,
                }
            }
            let Some(count) = self.terminal.write(&self.shown).map_err(no_terminal)? else {
                return Ok(());
            };
            self.shown.drain(..count);
            self.live.hold(&self.port, self.shown.len() >= SHOWN)?;
            let mut wanted = PollFlags::IN;
            wanted.set(PollFlags::OUT, !self.shown.is_empty());
            let ends = [
                PollFd::new(&self.terminal, wanted),
                PollFd::new(&timer, PollFlags::IN),
                PollFd::new(signals, PollFlags::IN),
                PollFd::new(&continued, PollFlags::IN),
            ];
            let events = self.live.wait(&ends)?;
            self.see(&events);
            // One that has come ends it, however many more there are.
            if signals.read(&mut [0; 1]).is_ok() {
                return Ok(());
            }
            if continued.read(&mut [0; 64]).is_ok() {
                self.terminal.make_raw().map_err(no_terminal)?;
                self.aside(&[]);
            }
        }
    }

    fn do_key(&mut self, key: Key) -> Result<(), LiveError> {
        match key {
            Key::Typed(bytes) => {
                let room = TYPED.saturating_sub(self.live.pending(&self.port)?);
                self.live.send(&self.port, &bytes[..bytes.len().min(room)])?;
            }
            Key::Press(number) => self.press(number)?,
            Key::Status => {
                let status = self.panel.status(self.live.now(), self.begun.elapsed());
                self.aside(&status);
            }
            Key::Help => self.aside(&self.panel.help()),
            Key::Leave => {}
        }
        Ok(())
    }

    fn press(&mut self, number: usize) -> Result<(), LiveError> {
        let Some((pin, button)) = self.panel.button(number) else {
            self.aside(&[format!("this board has no button {}", number + 1)]);
            return Ok(());
        };
        if self.live.has_pins() {
            self.live.press(pin, button, PRESS)?;
        } else {
            self.aside(&["pins of this board cannot be driven in real time".to_owned()]);
        }
        Ok(())
    }

    fn see(&mut self, events: &[Event]) {
        for event in events {
            self.panel.see(event);
            match event {
                Event::Sent { port, byte, .. } if *port == self.port => {
                    self.shown.extend(self.screen.show(&[*byte]));
                }
                Event::Reset { cause, .. } => self.aside(&[format!("reset by {cause}")]),
                _ => {}
            }
        }
    }

    /// Shows `parts` on lines of their own.
    fn aside(&mut self, parts: &[String]) {
        // A terminal that goes on by itself in the next line at its last column
        // would give an empty line.
        let width = self.terminal.width().saturating_sub(MARK.len() + 1);
        let all: Vec<String> =
            lines(parts, width).iter().map(|line| format!("{MARK}{line}")).collect();
        self.shown.extend(self.screen.aside(&all));
    }
}

fn no_terminal(source: io::Error) -> LiveError {
    LiveError::System { what: "use the terminal", source }
}
