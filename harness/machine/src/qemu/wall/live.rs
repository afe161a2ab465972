//! A machine that goes by itself, for somebody who is connected to it.
//!
//! Elsewhere a machine stands unless it is let go, and the lab hears what came
//! when it stands again. Who types at a board wants the answer at once, and the
//! board must not wait for him: so this one is let go for good, and whoever
//! serves it waits in one place for it, for clients and for signals.

use std::time::Duration;

use replab_board::Button;
use replab_record::{Event, Level, MachineTime, PinName, PortName};
use rustix::event::PollFd;

use crate::{MachineError, Pins, StopGo};

use super::session::Session;

/// See the head of this module. It is dropped with its emulator.
pub struct Live {
    session: Session,
    has_pins: bool,
}

impl Live {
    /// From a machine that stands at power-on.
    pub(super) fn new(session: Session, has_pins: bool) -> Live {
        Live { session, has_pins }
    }

    /// Whether its pins can be driven and are told: those of one device are, which
    /// is what QEMU's test protocol watches.
    pub fn has_pins(&self) -> bool {
        self.has_pins
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

    /// Machine time: how long it has gone, over all its resets.
    pub fn now(&self) -> MachineTime {
        self.session.now()
    }

    /// Drives `pin` to `level` from now on; [`Level::Floating`] lets go of it.
    ///
    /// # Errors
    ///
    /// [`MachineError::NoPin`], [`MachineError::NoLevel`].
    pub fn drive(&mut self, pin: &PinName, level: Level) -> Result<(), MachineError> {
        self.session.drive(pin, level, self.session.now())
    }

    /// Presses `button` on `pin` now, and releases it `time` of machine time
    /// later. One that is pressed already stays so until then.
    ///
    /// # Errors
    ///
    /// As [`Live::drive`].
    pub fn press(
        &mut self,
        pin: &PinName,
        button: Button,
        time: Duration,
    ) -> Result<(), MachineError> {
        let now = self.session.now();
        self.session.forget_planned(pin);
        self.session.drive(pin, button.pressed, now)?;
        self.session.drive(pin, button.released, now + time)
    }
}
