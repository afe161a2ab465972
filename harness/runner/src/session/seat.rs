//! The place of a session's machine. There is one machine, so of two equal sessions
//! one has it, and the other has its place.

use std::ops::{Deref, DerefMut};

use replab_machine::{Checkpoint, Machine, Timing};

use super::Session;

impl<'a> Session<'a> {
    /// The same on `machine`.
    pub(crate) fn on(self, machine: Machine) -> Session<'a> {
        Session { machine: Seat::of(machine), ..self }
    }

    /// Keeps the machine as it is now, if that can be.
    pub(crate) fn keep(&mut self) -> Option<Checkpoint> {
        // Who cannot is asked for nothing else: the run goes on as it would have.
        self.machine.checkpoints.as_mut()?.keep().ok()
    }

    /// The machine, which is this session's no more.
    pub(crate) fn into_machine(self) -> Option<Machine> {
        self.machine.0
    }

    /// What drives the machine's clock.
    pub(crate) fn timing(&self) -> Timing {
        self.machine.timing
    }
}

/// A machine, or the place of one. A copy is a place.
pub(super) struct Seat(Option<Machine>);

impl Seat {
    /// With this machine.
    pub(super) fn of(machine: Machine) -> Seat {
        Seat(Some(machine))
    }
}

impl Clone for Seat {
    fn clone(&self) -> Seat {
        Seat(None)
    }
}

impl Deref for Seat {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        self.0.as_ref().expect("a session that is played has its machine")
    }
}

impl DerefMut for Seat {
    fn deref_mut(&mut self) -> &mut Machine {
        self.0.as_mut().expect("a session that is played has its machine")
    }
}
