//! Wires that break: the plugin keeps their state, a power cut takes it away.

use replab_record::PinName;

use crate::{Lost, MachineError, Wire, Wires};

use super::names::{Driven, number_of};
use super::session::Session;

impl Session {
    fn break_wire(&mut self, pin: &PinName, wire: &Wire) -> Result<(), MachineError> {
        let word = match wire {
            Wire::Whole => "mend".to_owned(),
            Wire::Open => "open".to_owned(),
            Wire::Shorted(level) => format!("short {}", number_of(*level)?),
            Wire::Bridged(source) => {
                let (device, _, line) = self.names.line(source)?;
                format!("bridge {device} {line}")
            }
        };
        let (_, controller, line) = self.names.line(pin)?;
        let request = format!("wire {} {line} {word}", controller.path);
        // What comes of it comes before the answer.
        self.names.drives(Driven::Pin(pin.clone()));
        self.request(&request).map(drop)
    }

    /// Breaks in a new process what was broken in the one before.
    pub(super) fn break_wires_again(&mut self) -> Result<(), MachineError> {
        let wires = self.wires.clone();
        wires.iter().try_for_each(|(pin, wire)| self.break_wire(pin, wire))
    }

    /// Whether what is driven does not reach the pin.
    pub(super) fn is_broken(&self, pin: &PinName) -> bool {
        self.wires.iter().any(|(broken, _)| broken == pin)
    }
}

impl Wires for Session {
    fn set(&mut self, pin: &PinName, wire: &Wire) -> Result<(), MachineError> {
        self.wires.retain(|(broken, _)| broken != pin);
        if *wire != Wire::Whole {
            self.wires.push((pin.clone(), wire.clone()));
        }
        self.break_wire(pin, wire)
    }

    fn take_lost(&mut self) -> Vec<Lost> {
        std::mem::take(&mut self.lost)
    }
}
