//! What the lab does to the board: its pins, its supply, its memory.

use replab_board::{Button, FileSystem};
use replab_record::{Level, MachineTime, PinName};

use super::Session;
use crate::error::{Played, RunError};

impl Session<'_> {
    /// A button that a resistor of the board pulls is released from power-on on.
    pub(super) fn release_buttons(&mut self) -> Result<(), RunError> {
        let Some(pins) = self.machine.pins.as_mut() else { return Ok(()) };
        for (pin, button) in &self.board.buttons {
            if button.released != Level::Floating {
                pins.drive(pin, button.released, MachineTime::ZERO)?;
            }
        }
        Ok(())
    }

    /// The pin that a scenario's `word` means.
    pub(crate) fn pin(&self, word: &str) -> Played<PinName> {
        let missing = || RunError::NoPin { board: self.board.name.clone(), pin: word.to_string() };
        Ok(self.board.pin(word).cloned().ok_or_else(missing)?)
    }

    /// The pin of the button that a scenario's `word` means, and what a press does to it.
    pub(crate) fn button(&self, word: &str) -> Played<(PinName, Button)> {
        let missing =
            || RunError::NoButton { board: self.board.name.clone(), button: word.to_string() };
        let (pin, button) = self.board.button(word).ok_or_else(missing)?;
        Ok((pin.clone(), button))
    }

    /// Nobody drives `pin` from `at` on, and it picks up noise, which follows from the
    /// scenario's seed.
    pub(crate) fn pick_up_noise(&mut self, pin: &PinName, at: MachineTime) -> Played {
        let no_pins = || RunError::NoPins { board: self.board.name.clone() };
        let seed = self.random.seed();
        let noise = self.machine.noise.as_mut().ok_or_else(no_pins)?;
        Ok(noise.pick_up(pin, seed, at).map_err(RunError::from)?)
    }

    /// Gives the analog input that a scenario's `word` means a value from `at` on:
    /// microvolts, or thousandths of a degree Celsius.
    pub(crate) fn drive_analog(&mut self, word: &str, value: i32, at: MachineTime) -> Played {
        let none = || RunError::NoAnalog { board: self.board.name.clone(), input: word.to_owned() };
        let input = self.board.analog.get(word).ok_or_else(none)?.input;
        let analog = self.machine.analog.as_mut().ok_or_else(none)?;
        Ok(analog.drive(input, value, at).map_err(RunError::from)?)
    }

    /// What `pin` is now, and since when.
    pub(crate) fn level(&self, pin: &PinName) -> (Level, Option<MachineTime>) {
        let wave = self.record.wave(pin, MachineTime::ZERO, MachineTime::from_nanos(u64::MAX));
        wave.edges.last().map_or((wave.before, None), |edge| (edge.level, Some(edge.at)))
    }

    /// Pulls the reset line.
    pub(crate) fn pull_reset_line(&mut self) -> Played {
        let events = self.machine.run.reset().map_err(RunError::from)?;
        self.started_anew(events)
    }

    /// Cuts the power and gives it back.
    pub(crate) fn cycle_power(&mut self) -> Played {
        let no_power = || RunError::NoPower { board: self.board.name.clone() };
        let power = self.machine.power.as_mut().ok_or_else(no_power)?;
        let events = power.cycle().map_err(RunError::from)?;
        self.started_anew(events)
    }

    /// Where the board keeps its files.
    pub(crate) fn file_system(&self) -> Result<FileSystem, RunError> {
        self.board.file_system.ok_or_else(|| self.no_file_system())
    }

    /// `length` bytes of the stopped machine's memory, where its files are.
    pub(crate) fn read_memory(&mut self, address: u32, length: usize) -> Result<Vec<u8>, RunError> {
        match self.machine.memory.as_mut() {
            Some(memory) => memory.read(address, length).map_err(RunError::from),
            None => Err(self.no_file_system()),
        }
    }

    pub(super) fn no_file_system(&self) -> RunError {
        RunError::NoFileSystem { board: self.board.name.clone() }
    }

    /// Writes `bytes` into the stopped machine's memory, where its files are.
    pub(crate) fn write_memory(&mut self, address: u32, bytes: &[u8]) -> Result<(), RunError> {
        match self.machine.memory.as_mut() {
            Some(memory) => memory.write(address, bytes).map_err(RunError::from),
            None => Err(self.no_file_system()),
        }
    }
}
