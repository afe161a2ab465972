//! What a session does for a machine that goes by itself.

use std::time::{Duration, Instant};

use replab_record::{Event, PinName, PortName, ResetCause};
use rustix::event::PollFd;

use crate::{MachineError, StopGo};

use super::Session;

/// When nothing comes and nothing is due, somebody looks all the same: a number
/// that the operating system can count.
const LOOK: Duration = Duration::from_secs(3600);

/// What the machine is asked for, in messages.
const REQUEST: &str = "go on";

impl Session {
    /// See [`crate::qemu::Live::wait`].
    pub(in super::super) fn live(
        &mut self,
        others: &[PollFd<'_>],
    ) -> Result<Vec<Event>, MachineError> {
        if !self.is_live {
            self.clock.start();
            self.emulation.ask("cont", None)?;
            self.is_live = true;
            self.absorb();
        }
        let wake = self.act(self.now() + LOOK, REQUEST)?;
        // What came while something was asked for is told without another wait.
        if self.events.is_empty() && !self.reset_asked {
            self.emulation.hear_beside(wake, REQUEST, others)?;
            self.absorb();
        }
        if self.reset_asked {
            // It stands, so all that it sent before is there; its pipes go with it.
            self.emulation.wires().ports.iter_mut().for_each(|port| port.is_held = false);
            while self.emulation.hear(Instant::now(), REQUEST)? {
                self.absorb();
            }
            self.is_live = false;
            self.clock.halt();
            return self.renew(ResetCause::Firmware);
        }
        Ok(std::mem::take(&mut self.events))
    }

    /// See [`crate::qemu::Live::hold`].
    pub(in super::super) fn hold(
        &mut self,
        port: &PortName,
        is_held: bool,
    ) -> Result<(), MachineError> {
        let index = self.port(port)?;
        self.emulation.wires().ports[index].is_held = is_held;
        Ok(())
    }

    /// Drops levels to come of `pin`.
    pub(in super::super) fn forget_planned(&mut self, pin: &PinName) {
        self.planned.retain(|(_, planned, _)| planned != pin);
    }
}
