//! The wires to the pins of a scripted machine.

use replab_record::{Event, Level, MachineTime, PinName};

use crate::{Lost, MachineError, Wire, Wires};

use super::world::{Happening, Shared, World};

impl World {
    /// Whether a driven level reaches its pin.
    pub(super) fn arrives(&mut self, pin: &PinName, level: Level, at: MachineTime) -> bool {
        self.driven.insert(pin.clone(), level);
        let is_broken = self.broken.contains_key(pin);
        if is_broken {
            self.lost.push(Lost { pin: pin.clone(), level, at });
        }
        !is_broken
    }

    /// The firmware makes `pin` `level`; so is what is bridged to it.
    pub(super) fn put_out(&mut self, pin: &PinName, level: Level, at: MachineTime) {
        self.outputs.insert(pin.clone(), level);
        let source = Wire::Bridged(pin.clone());
        let broken = self.broken.iter();
        let bridged: Vec<PinName> = broken
            .filter(|(_, wire)| **wire == source)
            .map(|(bridged, _)| bridged.clone())
            .collect();
        for bridged in bridged {
            self.events.push(Event::Driven { pin: bridged, level, at });
        }
    }
}

impl Wires for Shared {
    fn set(&mut self, pin: &PinName, wire: &Wire) -> Result<(), MachineError> {
        let mut world = self.0.borrow_mut();
        if world.script.board.line(pin).is_none() {
            return Err(MachineError::NoPin { pin: pin.clone() });
        }
        world.broken.remove(pin);
        let level = match wire {
            Wire::Whole => world.driven.get(pin).copied().unwrap_or(Level::Floating),
            Wire::Open => Level::Floating,
            Wire::Shorted(level) => *level,
            Wire::Bridged(source) => world.outputs.get(source).copied().unwrap_or(Level::Floating),
        };
        if *wire != Wire::Whole {
            world.broken.insert(pin.clone(), wire.clone());
        }
        let now = world.now;
        world.plan(now, Happening::Carried(pin.clone(), level));
        Ok(())
    }

    fn take_lost(&mut self) -> Vec<Lost> {
        std::mem::take(&mut self.0.borrow_mut().lost)
    }
}
