//! What powers the chip and its clocks: the phase-locked loops (RP2040 data sheet
//! §2.18), the voltage regulator with the cause of a reset (§2.10, §2.12.8), and
//! the power-on state machine (§2.13).

use serde::{Deserialize, Serialize};

use crate::chip::peripheral::{Context, Peripheral, Support, Write};
use crate::chip::storage::Storage;

/// CS and PWR of a loop; CS.LOCK; PWR.PD and PWR.VCOPD.
const CS: u32 = 0;
const PWR: u32 = 4;
/// FBDIV_INT and PRIM: what the crystal is multiplied with, and then divided by twice.
const FBDIV_INT: u32 = 8;
const PRIM: u32 = 0xc;
/// A Pico's crystal, in Hz.
const CRYSTAL: u64 = 12_000_000;
const LOCK: u32 = 1 << 31;
const POWERED_DOWN: u32 = 1 | 1 << 5;

/// A phase-locked loop: locked as soon as it has power.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pll {
    registers: Storage,
}

impl Pll {
    pub(crate) fn new() -> Pll {
        Pll { registers: Storage::modelled(0x10, &[(CS, 1), (PWR, 0x2d), (PRIM, 0x77000)]) }
    }

    fn is_locked(&self) -> bool {
        self.registers.get(PWR) & POWERED_DOWN == 0
    }

    /// What it gives (§2.18.2), or 0 while it has no power.
    pub(crate) fn hertz(&self) -> u64 {
        let field =
            |offset, shift: u32, mask: u32| u64::from(self.registers.get(offset) >> shift & mask);
        let after = field(PRIM, 16, 7).max(1) * field(PRIM, 12, 7).max(1);
        let divisor = field(CS, 0, 0x3f).max(1) * after;
        if self.is_locked() { CRYSTAL * field(FBDIV_INT, 0, 0xfff) / divisor } else { 0 }
    }
}

impl Peripheral for Pll {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        let value = self.registers.get(offset);
        if offset == CS && self.is_locked() { value & !LOCK | LOCK } else { value }
    }

    fn write(&mut self, offset: u32, write: Write, _context: &mut Context) {
        self.registers.set(offset, if offset == CS { write.value & !LOCK } else { write.value });
    }

    fn reset(&mut self, now: u64) {
        self.registers.reset(now);
    }

    fn support(&self, offset: u32) -> Support {
        self.registers.support(offset)
    }
}

/// VREG, and VREG.ROK: the voltage is what was asked for.
const VREG: u32 = 0;
const ROK: u32 = 1 << 12;
/// CHIP_RESET.
const CHIP_RESET: u32 = 8;

/// Why the chip was last reset as a whole: bits of CHIP_RESET (§2.12.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ChipReset {
    /// HAD_POR.
    Power = 1 << 8,
    /// HAD_RUN: the pin RUN, which the board's reset line is.
    Run = 1 << 16,
}

/// The voltage regulator.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Vreg {
    registers: Storage,
}

impl Vreg {
    pub(crate) fn new() -> Vreg {
        let initial = [(VREG, 0xb1), (4, 0x91), (CHIP_RESET, ChipReset::Power as u32)];
        Vreg { registers: Storage::modelled(0xc, &initial) }
    }

    /// The whole chip was reset.
    pub(crate) fn had(&mut self, why: ChipReset) {
        self.registers.set(CHIP_RESET, why as u32);
    }
}

impl Peripheral for Vreg {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        let value = self.registers.get(offset);
        if offset == VREG { value | ROK } else { value }
    }

    fn write(&mut self, offset: u32, write: Write, _context: &mut Context) {
        if offset != CHIP_RESET {
            self.registers.set(offset, write.value);
        }
    }

    fn reset(&mut self, now: u64) {
        self.registers.reset(now);
    }

    fn support(&self, offset: u32) -> Support {
        self.registers.support(offset)
    }
}

/// FRCE_OFF and DONE.
const FRCE_OFF: u32 = 4;
const DONE: u32 = 0xc;
/// PROC1 in both.
const CORE_1: u32 = 1 << 16;
const ALL: u32 = 0x1ffff;

/// The power-on state machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Psm {
    registers: Storage,
    is_released: bool,
}

impl Psm {
    pub(crate) fn new() -> Psm {
        Psm { registers: Storage::modelled(0x10, &[]), is_released: false }
    }

    /// Whether core 1 is held in reset.
    pub(crate) fn is_core_1_held(&self) -> bool {
        self.registers.get(FRCE_OFF) & CORE_1 != 0
    }

    /// Whether core 1 was let out of its reset since this was last asked.
    pub(crate) fn take_core_1_released(&mut self) -> bool {
        std::mem::take(&mut self.is_released)
    }
}

impl Peripheral for Psm {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        if offset == DONE {
            return !self.registers.get(FRCE_OFF) & ALL;
        }
        self.registers.get(offset)
    }

    fn write(&mut self, offset: u32, write: Write, _context: &mut Context) {
        if offset == FRCE_OFF {
            self.is_released |= self.registers.get(FRCE_OFF) & !write.value & CORE_1 != 0;
        }
        self.registers.set(offset, write.value & ALL);
    }

    fn reset(&mut self, now: u64) {
        self.registers.reset(now);
    }

    fn support(&self, offset: u32) -> Support {
        self.registers.support(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_locks_when_it_has_power() {
        let mut pll = Pll::new();
        assert_eq!(pll.peek(CS, 0), 1);
        pll.write(PWR, 8.into(), &mut Context::default());
        assert_eq!(pll.peek(CS, 0), LOCK | 1);
        pll.write(FBDIV_INT, 125.into(), &mut Context::default());
        pll.write(PRIM, 0x62000.into(), &mut Context::default());
        assert_eq!(pll.hertz(), 125_000_000, "1500 MHz by 6 and by 2");
        pll.write(PWR, 0x2d.into(), &mut Context::default());
        assert_eq!((pll.peek(CS, 0), pll.hertz()), (1, 0));
    }

    #[test]
    fn core_1_is_off_while_it_is_forced_off() {
        let mut psm = Psm::new();
        psm.write(FRCE_OFF, CORE_1.into(), &mut Context::default());
        assert_eq!((psm.peek(DONE, 0), psm.take_core_1_released()), (ALL & !CORE_1, false));
        assert!(psm.is_core_1_held());
        psm.write(FRCE_OFF, 0.into(), &mut Context::default());
        assert_eq!((psm.peek(DONE, 0), psm.take_core_1_released()), (ALL, true));
        assert!(!psm.take_core_1_released() && !psm.is_core_1_held());
    }

    #[test]
    fn the_cause_of_a_reset_cannot_be_stored() {
        let mut vreg = Vreg::new();
        assert_eq!(vreg.peek(VREG, 0), 0xb1 | ROK);
        vreg.had(ChipReset::Run);
        vreg.write(CHIP_RESET, 0.into(), &mut Context::default());
        assert_eq!(vreg.peek(CHIP_RESET, 0), 1 << 16);
    }
}
