//! The states that a scripted machine can go back to.

use std::cell::RefCell;
use std::rc::Rc;

use super::world::{World, died};
use crate::{Checkpoint, Checkpoints, MachineError};

/// One machine, and what was kept of it.
pub(super) struct Keeper {
    world: Rc<RefCell<World>>,
    kept: Vec<World>,
}

impl Keeper {
    /// Nothing is kept yet of `world`.
    pub(super) fn new(world: Rc<RefCell<World>>) -> Keeper {
        Keeper { world, kept: Vec::new() }
    }
}

impl Checkpoints for Keeper {
    fn keep(&mut self) -> Result<Checkpoint, MachineError> {
        let world = self.world.borrow();
        if world.locked_up {
            return Err(died());
        }
        self.kept.push(world.clone());
        Ok(Checkpoint(self.kept.len() - 1))
    }

    fn restore(&mut self, checkpoint: Checkpoint) -> Result<(), MachineError> {
        let mut world = self.world.borrow_mut();
        if world.locked_up {
            return Err(died());
        }
        let kept = self.kept.get(checkpoint.0).filter(|kept| kept.process == world.process);
        *world = kept.ok_or(MachineError::NoCheckpoint)?.clone();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use replab_record::{Level, MachineTime, PinName, PortName};

    use super::*;
    use crate::scripted::{Deeds, Scripted};
    use crate::{Machine, Stop};

    const BOARD: &str = "
board: test-board
title: a board of tests
core: cortex-m0
instruction-ns: 8
memory:
  ram: { at: 0x20000000, size: 0x1000, kind: ram }
ports:
  uart0: { baud: 100000, repl: true }
pins: { lines: 4, name: P, roles: { LED: P2 } }
firmware: none
backends: {}
";

    fn at(us: u64) -> MachineTime {
        MachineTime::from_nanos(us * 1000)
    }

    /// It blinks, answers `x` in turns, and locks up at `!`.
    fn machine() -> Machine {
        let blink =
            Deeds::default().blinks("LED", Duration::from_micros(70), Duration::from_micros(60), 9);
        Scripted::new(&replab_board::load("test-board.yaml", BOARD).unwrap())
            .echoes()
            .at_start(blink)
            .on("x", Deeds::default().prints("first"))
            .on("x", Deeds::default().prints("second"))
            .on("!", Deeds::default().locks_up(Default::default()))
            .machine()
    }

    fn kept(machine: &mut Machine) -> Checkpoint {
        machine.checkpoints.as_mut().unwrap().keep().unwrap()
    }

    fn restored(machine: &mut Machine, checkpoint: Checkpoint) -> Result<(), MachineError> {
        machine.checkpoints.as_mut().unwrap().restore(checkpoint)
    }

    fn typed(machine: &mut Machine, text: &str) {
        machine.run.send(&PortName::new("uart0"), text.as_bytes(), at(0)).unwrap();
    }

    /// What a machine does up to 2 ms, and then has in its memory.
    fn rest(machine: &mut Machine) -> (Stop, Vec<u8>) {
        let stop = machine.run.go(at(2000), &[]).unwrap();
        let memory = machine.memory.as_mut().unwrap();
        let bytes = memory.read(0x2000_0000, 4).unwrap();
        memory.write(0x2000_0000, b"done").unwrap();
        (stop, bytes)
    }

    #[test]
    fn what_follows_a_checkpoint_comes_again_as_often_as_it_is_restored() {
        let mut machine = machine();
        typed(&mut machine, "xaxb");
        machine.pins.as_mut().unwrap().drive(&PinName::new("P1"), Level::High, at(700)).unwrap();
        machine.run.go(at(250), &[]).unwrap();
        let early = kept(&mut machine);
        let first = rest(&mut machine);
        let late = kept(&mut machine);
        for _ in 0..3 {
            restored(&mut machine, early).unwrap();
            assert_eq!(machine.run.now(), at(250));
            assert_eq!(machine.run.pending(&PortName::new("uart0")).unwrap(), 2);
            assert_eq!(rest(&mut machine), first);
        }
        restored(&mut machine, late).unwrap();
        assert_eq!(rest(&mut machine).1, b"done");
    }

    #[test]
    fn a_checkpoint_ends_with_the_power_and_its_number_does_not_come_again() {
        let mut machine = machine();
        let old = kept(&mut machine);
        machine.power.as_mut().unwrap().cycle().unwrap();
        assert!(matches!(restored(&mut machine, old), Err(MachineError::NoCheckpoint)));
        let new = kept(&mut machine);
        assert_ne!(old, new);
        restored(&mut machine, new).unwrap();
        assert!(matches!(restored(&mut machine, old), Err(MachineError::NoCheckpoint)));
    }

    #[test]
    fn a_machine_that_has_ended_has_nothing_to_go_back_with() {
        let mut machine = machine();
        let before = kept(&mut machine);
        typed(&mut machine, "!");
        machine.run.go(at(2000), &[]).unwrap();
        assert!(matches!(restored(&mut machine, before), Err(MachineError::Died { .. })));
        let keeper = machine.checkpoints.as_mut().unwrap();
        assert!(matches!(keeper.keep(), Err(MachineError::Died { .. })));
    }
}
