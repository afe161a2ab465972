//! The terminal that the program was started in.

use std::io::{self, IsTerminal as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::PollFlags;
use rustix::fs::{Mode, OFlags, open};
use rustix::termios::{
    OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr,
};

use crate::live_board::{LiveError, read, state, write};

/// The most bytes that one look takes.
const LOOK: usize = 1 << 12;

/// Whether the terminal knows no escape sequences, or nobody says which one it is.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// The width of the terminal that reads standard output, in characters; 80 if none does, or
/// it does not say.
pub(crate) fn output_width() -> usize {
    match tcgetwinsize(io::stdout()).map(|size| size.ws_col) {
        Ok(0) | Err(_) => 80,
        Ok(columns) => usize::from(columns),
    }
}

/// The terminal of standard input, raw: each key comes as its bytes and at once,
/// nothing is echoed or translated. When it is dropped, also in a panic, the
/// terminal is as it was.
pub(crate) struct RawTerminal {
    own: OwnedFd,
    before: Termios,
}

impl RawTerminal {
    /// Takes it, if standard input and output both are a terminal.
    ///
    /// # Errors
    ///
    /// [`LiveError::NoTerminal`], or [`LiveError::System`] if it does not obey.
    pub(crate) fn take() -> Result<RawTerminal, LiveError> {
        check()?;
        let make = || {
            let terminal = RawTerminal { own: own()?, before: tcgetattr(io::stdin())? };
            terminal.make_raw()?;
            Ok(terminal)
        };
        make().map_err(|source| LiveError::System { what: "set the terminal", source })
    }

    /// Makes it raw, which it is no longer when the program was stopped and goes on.
    pub(crate) fn make_raw(&self) -> io::Result<()> {
        let mut how = self.before.clone();
        how.make_raw();
        Ok(tcsetattr(&self.own, OptionalActions::Now, &how)?)
    }

    /// Its width now, in characters; 80 if it does not say.
    pub(crate) fn width(&self) -> usize {
        match tcgetwinsize(&self.own).map(|size| size.ws_col) {
            Ok(0) | Err(_) => 80,
            Ok(columns) => usize::from(columns),
        }
    }

    /// What was typed; `None` if the terminal has gone.
    pub(crate) fn read(&self) -> io::Result<Option<Vec<u8>>> {
        match state(self.as_fd(), PollFlags::IN)?.is_empty() {
            true => Ok(Some(Vec::new())),
            false => Ok(read(self.as_fd(), LOOK)),
        }
    }

    /// Shows of `bytes` what there is room for, and says how many that were;
    /// `None` if the terminal has gone.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<Option<usize>> {
        match bytes.is_empty() || state(self.as_fd(), PollFlags::OUT)?.is_empty() {
            true => Ok(Some(0)),
            false => Ok(write(self.as_fd(), bytes)),
        }
    }
}

impl AsFd for RawTerminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.own.as_fd()
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // Both fail only if the terminal has gone. What was pasted behind the key
        // that leaves must not be taken as a command by whoever has the terminal next.
        let _ = tcflush(&self.own, QueueSelector::IFlush);
        let _ = tcsetattr(&self.own, OptionalActions::Now, &self.before);
    }
}

/// Whether standard input and output both are a terminal.
///
/// # Errors
///
/// [`LiveError::NoTerminal`].
pub(crate) fn check() -> Result<(), LiveError> {
    match (io::stdin().is_terminal(), io::stdout().is_terminal()) {
        (false, _) => Err(LiveError::NoTerminal { stream: "standard input" }),
        (_, false) => Err(LiveError::NoTerminal { stream: "standard output" }),
        (true, true) => Ok(()),
    }
}

/// A descriptor of our own for it. The one that we inherited is the caller's too:
/// that it never waits would be so for the caller as well.
fn own() -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match open("/proc/self/fd/0", flags, Mode::empty()) {
        Ok(own) => Ok(own),
        // After `su` it belongs to somebody else. Then a terminal that takes nothing is waited for.
        Err(_) => io::stdin().as_fd().try_clone_to_owned(),
    }
}
