//! States of a machine that its process keeps, and what this side knew then.

use replab_record::{Event, MachineTime, PinName};

use crate::{Checkpoint, Checkpoints, Finding, Lost, MachineError, Wire};

use super::names::Names;
use super::session::{Held, Session};

/// One kept state.
#[derive(Clone)]
pub(super) struct Kept {
    /// The plugin's number of it.
    number: u64,
    now: MachineTime,
    events: Vec<Event>,
    findings: Vec<Finding>,
    held: Vec<(PinName, Held)>,
    wires: Vec<(PinName, Wire)>,
    lost: Vec<Lost>,
    /// With the drives that the plugin counts.
    names: Names,
}

impl Checkpoints for Session {
    fn keep(&mut self) -> Result<Checkpoint, MachineError> {
        let number = self.number("keep")?;
        self.kept.push(Some(Kept {
            number,
            now: self.now,
            events: self.events.clone(),
            findings: self.findings.clone(),
            held: self.held.clone(),
            wires: self.wires.clone(),
            lost: self.lost.clone(),
            names: self.names.clone(),
        }));
        Ok(Checkpoint(self.kept.len() - 1))
    }

    fn restore(&mut self, checkpoint: Checkpoint) -> Result<(), MachineError> {
        let kept = self.kept.get(checkpoint.0).cloned().flatten();
        let kept = kept.ok_or(MachineError::NoCheckpoint)?;
        self.request(&format!("restore {}", kept.number))?;
        self.now = kept.now;
        self.events = kept.events;
        self.findings = kept.findings;
        self.held = kept.held;
        self.wires = kept.wires;
        self.lost = kept.lost;
        self.names = kept.names;
        Ok(())
    }
}
