//! Wires that break, at once or at an edge that is to come.

use std::collections::BTreeMap;
use std::rc::Rc;

use replab_machine::{Condition, Wire};
use replab_record::{Event, Level, MachineTime, PinName, StepPlace};
use replab_scenario::{NthEdge, WireState};

use super::Session;
use super::stimuli::Unseen;
use crate::error::{Played, RunError};

/// What is known of the wires of a run.
#[derive(Clone, Default)]
pub(super) struct Wires {
    /// The pins that are bridged, each with the one that leads.
    bridges: BTreeMap<PinName, PinName>,
    /// What still waits for its edge, in order.
    waiting: Vec<Waiting>,
    /// When a wire changed last.
    pub(super) changed_at: Option<MachineTime>,
}

/// A change of a wire that comes with an edge.
#[derive(Clone)]
struct Waiting {
    pin: PinName,
    wire: Wire,
    /// The pin whose edges are counted, and its level.
    counted: PinName,
    level: Level,
    to: Option<Level>,
    wanted: u32,
    count: u32,
    step: Option<Rc<StepPlace>>,
    /// The pin and the counted pin, as the scenario calls them.
    words: (String, String),
}

impl Wires {
    /// What the machine should stop at.
    pub(super) fn conditions(&self) -> impl Iterator<Item = Condition> {
        let pins = self.waiting.iter().map(|waiting| waiting.counted.clone());
        pins.map(|pin| Condition::Edge { pin, level: None })
    }

    /// The pins whose edges may change one of `pins` by its wire.
    pub(super) fn behind(&self, pins: &[PinName]) -> Vec<PinName> {
        let bridges = pins.iter().filter_map(|pin| self.bridges.get(pin));
        let waiting = self.waiting.iter().filter(|waiting| pins.contains(&waiting.pin));
        bridges.chain(waiting.map(|waiting| &waiting.counted)).cloned().collect()
    }

    /// The machine has shown `event`.
    pub(super) fn see(&mut self, event: &Event) {
        for waiting in &mut self.waiting {
            match event {
                Event::Edge { pin, level, .. } if *pin == waiting.counted => waiting.take(*level),
                Event::Reset { .. } => waiting.level = Level::Unknown,
                _ => {}
            }
        }
    }

    fn take_due(&mut self) -> Option<Waiting> {
        let is_due = |waiting: &Waiting| waiting.count >= waiting.wanted;
        let due = self.waiting.iter().position(is_due)?;
        Some(self.waiting.remove(due))
    }
}

impl Waiting {
    /// Counts as `wave` does: that an output is driven low for the first time is no edge.
    fn take(&mut self, level: Level) {
        let edge = match (self.level, level) {
            (Level::High, Level::High) => None,
            (_, Level::High) => Some(Level::High),
            (Level::High, _) => Some(Level::Low),
            _ => None,
        };
        self.level = level;
        if edge.is_some_and(|edge| self.to.is_none_or(|to| to == edge)) {
            self.count += 1;
        }
    }
}

impl Session<'_> {
    /// The wire to the pin that a scenario's `word` means is like `to` from now on, or
    /// from that edge on.
    pub(crate) fn change_wire(
        &mut self,
        word: &str,
        to: &WireState,
        when: Option<&NthEdge>,
    ) -> Played {
        let pin = self.pin(word)?;
        let wire = match to {
            WireState::Whole => Wire::Whole,
            WireState::Open => Wire::Open,
            WireState::Shorted(level) => Wire::Shorted(*level),
            WireState::Bridged(source) => Wire::Bridged(self.pin(source)?),
        };
        let Some(when) = when else { return self.set_wire(&pin, &wire) };
        let counted = self.pin(&when.pin)?;
        let waiting = Waiting {
            pin,
            wire,
            level: self.record.level(&counted),
            counted,
            to: when.to,
            wanted: when.count,
            count: 0,
            step: self.step.clone(),
            words: (word.to_owned(), when.pin.clone()),
        };
        self.wires.waiting.push(waiting);
        Ok(())
    }

    /// Changes the wires whose edge has come.
    pub(super) fn change_due_wires(&mut self) -> Played {
        while let Some(waiting) = self.wires.take_due() {
            self.set_wire(&waiting.pin, &waiting.wire)?;
        }
        Ok(())
    }

    fn set_wire(&mut self, pin: &PinName, wire: &Wire) -> Played {
        let bridges = &mut self.wires.bridges;
        bridges.remove(pin);
        if let Wire::Bridged(source) = wire {
            if bridges.contains_key(source) || bridges.values().any(|other| other == pin) {
                let (lead, pin) = (source.clone(), pin.clone());
                return Err(RunError::BridgesMeet { lead, pin }.into());
            }
            bridges.insert(pin.clone(), source.clone());
        }
        self.wires.changed_at = Some(self.now());
        let none = || RunError::NoWires { board: self.board.name.clone() };
        let wires = self.machine.wires.as_mut().ok_or_else(none)?;
        Ok(wires.set(pin, wire).map_err(RunError::from)?)
    }

    /// Notes the levels that came to broken wires.
    pub(super) fn see_lost(&mut self) {
        let lost = self.machine.wires.as_mut().map(|wires| wires.take_lost());
        for lost in lost.unwrap_or_default() {
            self.stimuli.see_level(&lost.pin, lost.level, lost.at);
        }
    }

    /// What still waits for its edge, at the end of the run.
    pub(crate) fn unchanged(&self) -> Option<Unseen> {
        let waiting = self.wires.waiting.first()?;
        let Waiting { words: (pin, counted), wanted, count, .. } = waiting;
        let error = RunError::NoEdge {
            pin: pin.clone(),
            counted: counted.clone(),
            wanted: *wanted,
            count: *count,
            end: self.now(),
        };
        Some(Unseen { step: waiting.step.as_deref().cloned(), error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many edges `levels` are, of all and of those to `to`.
    #[track_caller]
    fn check(to: Option<Level>, levels: &[Level], expected: u32) {
        let mut waiting = Waiting {
            pin: PinName::new("P5"),
            wire: Wire::Open,
            counted: PinName::new("P25"),
            level: Level::Unknown,
            to,
            wanted: 99,
            count: 0,
            step: None,
            words: (String::new(), String::new()),
        };
        levels.iter().for_each(|level| waiting.take(*level));
        assert_eq!(waiting.count, expected);
    }

    #[test]
    fn edges_are_counted_as_waves_count_them() {
        let levels = [Level::Low, Level::High, Level::Low, Level::High, Level::Floating];
        check(None, &levels, 4);
        check(Some(Level::High), &levels, 2);
        check(Some(Level::Low), &levels, 2);
        check(None, &[Level::Floating, Level::Low], 0);
    }
}
