//! The serial interface to the flash (RP2040 data sheet §4.10), with the flash
//! behind it as far as it is asked for what it is: its content is seen in place.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::chip::peripheral::{Context, Peripheral, Support, Write};
use crate::chip::storage::Storage;

/// SSIENR, TXFLR, RXFLR.
const SSIENR: u32 = 0x08;
const TXFLR: u32 = 0x20;
const RXFLR: u32 = 0x24;
/// SR with RFNE, TFE, TFNF.
const SR: u32 = 0x28;
const RFNE: u32 = 8;
const TFE: u32 = 4;
const TFNF: u32 = 2;
/// DR0, which is seen at 36 addresses.
const DR0: u32 = 0x60;
const DR_END: u32 = 0xf0;
const SIZE: u32 = 0xfc;

/// Commands of a W25Q16JV (data sheet §8.1.2): read status registers, ID, unique ID.
const READ_STATUS_2: u8 = 0x35;
const READ_ID: u8 = 0x9f;
const READ_UNIQUE_ID: u8 = 0x4b;
/// Status register 2 with QE: four data lines are in use.
const QUAD_ENABLED: u8 = 2;
/// Winbond, 16 Mbit.
const ID: [u8; 3] = [0xef, 0x40, 0x15];
/// The same on every emulated board.
const UNIQUE_ID: [u8; 8] = [0xe6, 0x60, 0x72, 0x65, 0x70, 0x6c, 0x61, 0x62];

/// See the head of this module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ssi {
    registers: Storage,
    received: VecDeque<u8>,
    command: u8,
    /// How many bytes the flash was sent since it was selected.
    index: usize,
    /// Firmware holds the chip select itself.
    is_held: bool,
}

impl Ssi {
    pub(crate) fn new() -> Ssi {
        let initial = [(0x58, 0x5153_5049), (0x5c, 0x3430_312a), (0xf4, 0x0300_0000)];
        Ssi {
            registers: Storage::modelled(SIZE, &initial),
            received: VecDeque::new(),
            command: 0,
            index: 0,
            is_held: false,
        }
    }

    /// Firmware has changed its override of the chip select, which is a new
    /// transfer; `is_held` if the override is one level.
    pub(crate) fn select(&mut self, is_held: bool) {
        self.is_held = is_held;
        self.index = 0;
    }

    fn exchange(&mut self, byte: u8) {
        if !self.is_held && self.received.is_empty() {
            self.index = 0; // The interface has let go of the chip select.
        }
        let answer = match (self.index, self.command) {
            (0, _) => {
                self.command = byte;
                0
            }
            (_, READ_STATUS_2) => QUAD_ENABLED,
            (index, READ_ID) => ID[(index - 1) % ID.len()],
            (index, READ_UNIQUE_ID) if index >= 5 => UNIQUE_ID[(index - 5) % UNIQUE_ID.len()],
            _ => 0,
        };
        self.index += 1;
        self.received.push_back(answer);
    }
}

impl Peripheral for Ssi {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        match offset {
            TXFLR => 0,
            RXFLR => self.received.len() as u32,
            SR => TFNF | TFE | if self.received.is_empty() { 0 } else { RFNE },
            DR0..DR_END => self.received.front().copied().map_or(0, u32::from),
            _ => self.registers.get(offset),
        }
    }

    fn read(&mut self, offset: u32, context: &mut Context) -> u32 {
        let value = self.peek(offset, context.now);
        if (DR0..DR_END).contains(&offset) {
            self.received.pop_front();
        }
        value
    }

    fn write(&mut self, offset: u32, write: Write, _context: &mut Context) {
        match offset {
            DR0..DR_END => self.exchange(write.value as u8),
            SSIENR if write.value & 1 == 0 => {
                self.received.clear();
                self.index = 0;
                self.registers.set(offset, write.value);
            }
            _ => self.registers.set(offset, write.value),
        }
    }

    fn reset(&mut self, _now: u64) {
        *self = Ssi::new();
    }

    fn support(&self, offset: u32) -> Support {
        self.registers.support(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends all bytes, then reads as many.
    fn exchange(ssi: &mut Ssi, bytes: &[u8]) -> Vec<u32> {
        let context = &mut Context::default();
        bytes.iter().for_each(|byte| ssi.write(DR0, u32::from(*byte).into(), context));
        assert_eq!(ssi.peek(RXFLR, 0) as usize, bytes.len());
        bytes.iter().map(|_| ssi.read(DR0, context)).collect()
    }

    #[test]
    fn the_flash_says_what_it_is() {
        let mut ssi = Ssi::new();
        assert_eq!(exchange(&mut ssi, &[READ_STATUS_2, 0]), [0, 2]);
        assert_eq!(exchange(&mut ssi, &[READ_ID, 0, 0, 0]), [0, 0xef, 0x40, 0x15]);
        let id = exchange(&mut ssi, &[READ_UNIQUE_ID, 0, 0, 0, 0, 0, 0]);
        assert_eq!(id[5..], [0xe6, 0x60]);
        assert_eq!(ssi.peek(SR, 0), TFNF | TFE);
    }

    #[test]
    fn a_held_chip_select_goes_on_with_the_same_command() {
        let mut ssi = Ssi::new();
        ssi.select(true);
        exchange(&mut ssi, &[READ_ID]);
        assert_eq!(exchange(&mut ssi, &[0, 0]), [0xef, 0x40]);
        ssi.select(true);
        assert_eq!(exchange(&mut ssi, &[READ_STATUS_2, 0]), [0, 2]);
    }
}
