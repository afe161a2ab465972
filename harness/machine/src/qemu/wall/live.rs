//! A machine that goes by itself, for somebody who is connected to it.
//!
//! Elsewhere a machine stands unless it is let go, and the lab hears what came
//! when it stands again. Who types at a board wants the answer at once, and the
//! board must not wait for him: so this one is let go for good, and whoever
//! serves it waits in one place for it, for clients and for signals.

use replab_record::{Event, PortName};
use rustix::event::PollFd;

use crate::MachineError;

use super::session::Session;

/// See the head of this module. It is dropped with its emulator.
pub struct Live {
    session: Session,
}

impl Live {
    /// From a machine that stands at power-on.
    pub(super) fn new(session: Session) -> Live {
        Live { session }
    }

    /// Lets it go until it does something or one of `others` is ready, and gives
    /// what it did: maybe nothing. A reset that the firmware asks for is carried
    /// out, and told as [`Event::Reset`].
    ///
    /// # Errors
    ///
    /// [`MachineError::Died`] when the emulator has ended, also by a lockup.
    pub fn wait(&mut self, others: &[PollFd<'_>]) -> Result<Vec<Event>, MachineError> {
        self.session.live(others)
    }

    /// Types `bytes` on `port`: they arrive one character time apart, or as fast
    /// as the UART takes them if that is slower.
    ///
    /// # Errors
    ///
    /// [`MachineError::NoPort`].
    pub fn send(&mut self, port: &PortName, bytes: &[u8]) -> Result<(), MachineError> {
        self.session.send(port, bytes, self.session.now()).map(drop)
    }

    /// How many bytes typed on `port` have not reached the UART yet.
    ///
    /// # Errors
    ///
    /// [`MachineError::NoPort`].
    pub fn pending(&mut self, port: &PortName) -> Result<usize, MachineError> {
        self.session.pending(port)
    }

    /// While `is_held`, nothing that the firmware sends on `port` is taken: 1 MiB
    /// later it waits, and nothing is lost. A reset lets go.
    ///
    /// # Errors
    ///
    /// [`MachineError::NoPort`].
    pub fn hold(&mut self, port: &PortName, is_held: bool) -> Result<(), MachineError> {
        self.session.hold(port, is_held)
    }
}
