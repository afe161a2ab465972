//! The parts of a machine share one session.
//!
//! The session of a backend can do all that its machines can, by the traits of
//! [`crate::interface`]. A [`crate::Machine`] owns its parts one by one, so each of
//! them is the same session behind a handle of its own. One thread uses them, one after
//! the other, and no session calls a part.

use std::cell::RefCell;
use std::rc::Rc;

use replab_record::{Event, Level, MachineTime, PinName, PortName, Registers};

use crate::{
    Analog, Checkpoint, Checkpoints, Condition, Finding, Findings, Lost, MachineError, Memory,
    Noise, Pins, Power, Processor, Stop, StopGo, Wire, Wires,
};

/// A session as one part of a machine.
pub(crate) struct Part<S>(Rc<RefCell<S>>);

impl<S> Part<S> {
    /// Another part of the machine of `session`.
    pub(crate) fn of(session: &Rc<RefCell<S>>) -> Box<Part<S>> {
        Box::new(Part(Rc::clone(session)))
    }
}

impl<S: StopGo> StopGo for Part<S> {
    fn now(&self) -> MachineTime {
        self.0.borrow().now()
    }

    fn go(&mut self, until: MachineTime, conditions: &[Condition]) -> Result<Stop, MachineError> {
        self.0.borrow_mut().go(until, conditions)
    }

    fn send(
        &mut self,
        port: &PortName,
        bytes: &[u8],
        from: MachineTime,
    ) -> Result<MachineTime, MachineError> {
        self.0.borrow_mut().send(port, bytes, from)
    }

    fn pending(&mut self, port: &PortName) -> Result<usize, MachineError> {
        self.0.borrow_mut().pending(port)
    }

    fn reset(&mut self) -> Result<Vec<Event>, MachineError> {
        self.0.borrow_mut().reset()
    }
}

impl<S: Pins> Pins for Part<S> {
    fn drive(&mut self, pin: &PinName, level: Level, at: MachineTime) -> Result<(), MachineError> {
        self.0.borrow_mut().drive(pin, level, at)
    }

    fn interrupt(&self) -> bool {
        self.0.borrow().interrupt()
    }
}

impl<S: Noise> Noise for Part<S> {
    fn pick_up(&mut self, pin: &PinName, seed: u64, at: MachineTime) -> Result<(), MachineError> {
        self.0.borrow_mut().pick_up(pin, seed, at)
    }
}

impl<S: Wires> Wires for Part<S> {
    fn set(&mut self, pin: &PinName, wire: &Wire) -> Result<(), MachineError> {
        self.0.borrow_mut().set(pin, wire)
    }

    fn take_lost(&mut self) -> Vec<Lost> {
        self.0.borrow_mut().take_lost()
    }
}

impl<S: Checkpoints> Checkpoints for Part<S> {
    fn keep(&mut self) -> Result<Checkpoint, MachineError> {
        self.0.borrow_mut().keep()
    }

    fn restore(&mut self, checkpoint: Checkpoint) -> Result<(), MachineError> {
        self.0.borrow_mut().restore(checkpoint)
    }
}

impl<S: Analog> Analog for Part<S> {
    fn drive(&mut self, input: u32, value: i32, at: MachineTime) -> Result<(), MachineError> {
        self.0.borrow_mut().drive(input, value, at)
    }
}

impl<S: Memory> Memory for Part<S> {
    fn read(&mut self, address: u32, length: usize) -> Result<Vec<u8>, MachineError> {
        self.0.borrow_mut().read(address, length)
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MachineError> {
        self.0.borrow_mut().write(address, bytes)
    }
}

impl<S: Processor> Processor for Part<S> {
    fn registers(&mut self) -> Result<Registers, MachineError> {
        self.0.borrow_mut().registers()
    }
}

impl<S: Power> Power for Part<S> {
    fn cycle(&mut self) -> Result<Vec<Event>, MachineError> {
        self.0.borrow_mut().cycle()
    }
}

impl<S: Findings> Findings for Part<S> {
    fn take(&mut self) -> Vec<Finding> {
        self.0.borrow_mut().take()
    }

    fn is_usb_only(&mut self) -> Result<bool, MachineError> {
        self.0.borrow_mut().is_usb_only()
    }
}
