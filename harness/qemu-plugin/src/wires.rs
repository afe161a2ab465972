//! Wires from the lab to the machine's inputs, and how they break.

use std::collections::VecDeque;

use crate::lab::Drive;

/// The state of a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// It carries what is driven.
    Whole,
    /// It carries nothing, and nobody drives the line.
    Open,
    /// It has this level, whatever is driven.
    Short(i32),
    /// It has the level of a watched output.
    Bridge { device: usize, line: u32 },
}

/// A wire that is not whole.
#[derive(Clone, Debug)]
struct Broken {
    /// What it puts on its line, by the id of the command that broke it.
    own: Drive,
    wire: Wire,
    /// What is driven: the line gets it when the wire is mended.
    driven: Option<Drive>,
}

/// All wires; those that are not named are whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wires {
    broken: Vec<Broken>,
    /// What wires put on their lines by themselves, in order.
    carried: VecDeque<Drive>,
}

impl Wires {
    /// The wire to the line of `own` is like `wire` from now on. `own` says what a bridge
    /// carries first; `held` is what the line has had so far.
    pub(crate) fn set(&mut self, own: Drive, wire: Wire, held: Option<Drive>) {
        let place = self.broken.iter().position(|broken| broken.own.line == own.line);
        let driven = match place.map(|place| self.broken.swap_remove(place)) {
            Some(before) => before.driven,
            None => held,
        };
        let level = match wire {
            Wire::Whole => driven.map_or(-1, |driven| driven.level),
            Wire::Open => -1,
            Wire::Short(level) => level,
            Wire::Bridge { .. } => own.level,
        };
        self.carried.push_back(Drive { level, ..own });
        if wire != Wire::Whole {
            self.broken.push(Broken { own, wire, driven });
        }
    }

    /// Whether `drive` does not get through; it is remembered then.
    pub(crate) fn stop(&mut self, drive: Drive) -> bool {
        match self.broken.iter_mut().find(|broken| broken.own.line == drive.line) {
            Some(broken) => {
                broken.driven = Some(drive);
                true
            }
            None => false,
        }
    }

    /// The watched output has `level` from now on.
    pub(crate) fn carry(&mut self, device: usize, line: u32, level: i32) {
        let bridge = Wire::Bridge { device, line };
        let bridged = self.broken.iter().filter(|broken| broken.wire == bridge);
        self.carried.extend(bridged.map(|broken| Drive { level, ..broken.own }));
    }

    /// The next level that a wire puts on its line by itself.
    pub(crate) fn carried(&mut self) -> Option<Drive> {
        self.carried.pop_front()
    }

    /// Whether an output is on that line.
    pub(crate) fn is_bridged(&self, line: usize) -> bool {
        let is_bridge = |broken: &Broken| matches!(broken.wire, Wire::Bridge { .. });
        self.broken.iter().any(|broken| broken.own.line == line && is_bridge(broken))
    }
}
