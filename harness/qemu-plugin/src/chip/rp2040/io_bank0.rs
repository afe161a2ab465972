//! Who has each pin, and the interrupts of the pins (RP2040 data sheet §2.19.6.1).

use serde::{Deserialize, Serialize};

use crate::chip::peripheral::{Context, Peripheral, Support, Write};

/// How many pins there are.
pub(crate) const PINS: u32 = 30;
/// GPIO0_STATUS and GPIO0_CTRL come first, 8 bytes for each pin.
const PINS_END: u32 = 8 * PINS;
/// INTR0 to INTR3: four bits for each pin.
const INTR: u32 = 0xf0;
/// INTE, INTF and INTS, four registers each, for core 0, core 1 and dormant wake.
const ENABLES: u32 = 0x100;
const END: u32 = 0x190;
/// FUNCSEL after a reset: nobody.
const NOBODY: u32 = 0x1f;
/// The bits of each pin's interrupts that remember edges; the others are levels.
const EDGES: u32 = 0xcccc_cccc;

/// What a pin's function wants of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Its level.
    pub(crate) output: bool,
    /// Whether it is driven.
    pub(crate) enable: bool,
}

/// See the head of this module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct IoBank0 {
    control: Vec<u32>,
    /// STATUS of each pin.
    status: Vec<u32>,
    /// Remembered edges, and levels.
    raised: [u32; 4],
    /// INTE and INTF for core 0, core 1 and dormant wake.
    enabled: [[u32; 4]; 3],
    forced: [[u32; 4]; 3],
}

/// One of the four ways in which CTRL overrides a signal.
fn overridden(signal: bool, how: u32) -> bool {
    match how & 3 {
        0 => signal,
        1 => !signal,
        2 => false,
        _ => true,
    }
}

impl IoBank0 {
    pub(crate) fn new() -> IoBank0 {
        IoBank0 {
            control: vec![NOBODY; PINS as usize],
            status: vec![0; PINS as usize],
            // Each pin is low.
            raised: [0x1111_1111, 0x1111_1111, 0x1111_1111, 0x0011_1111],
            enabled: [[0; 4]; 3],
            forced: [[0; 4]; 3],
        }
    }

    /// The number of the function that has `pin` (FUNCSEL; §2.19.2).
    pub(crate) fn function(&self, pin: u32) -> u32 {
        self.control[pin as usize] & 0x1f
    }

    /// What goes to the pad of `pin`, whose function has this wish.
    pub(crate) fn to_pad(&self, pin: u32, wish: Wish) -> Wish {
        let control = self.control[pin as usize];
        Wish {
            output: overridden(wish.output, control >> 8),
            enable: overridden(wish.enable, control >> 12),
        }
    }

    /// The pad of `pin` gives `level`; gives what its function sees.
    pub(crate) fn pad_gives(&mut self, pin: u32, level: bool, wish: Wish, to_pad: Wish) -> bool {
        let control = self.control[pin as usize];
        let (seen, for_irq) = (overridden(level, control >> 16), overridden(level, control >> 28));
        let bits = [
            (8, wish.output),
            (9, to_pad.output),
            (12, wish.enable),
            (13, to_pad.enable),
            (17, level),
            (19, seen),
            (24, level),
            (26, for_irq),
        ];
        self.status[pin as usize] =
            bits.iter().map(|(bit, is_set)| u32::from(*is_set) << bit).sum();
        let (register, shift) = ((pin / 8) as usize, pin % 8 * 4);
        let old = self.raised[register] >> shift;
        let edge = match (old & 2 != 0, for_irq) {
            (true, false) => 4,
            (false, true) => 8,
            _ => 0,
        };
        let new = old & 12 | edge | if for_irq { 2 } else { 1 };
        self.raised[register] = self.raised[register] & !(15 << shift) | new << shift;
        seen
    }

    /// INTS number `index` of `who` (core 0, core 1, dormant wake): after masking and forcing.
    fn active(&self, who: usize, index: usize) -> u32 {
        self.raised[index] & self.enabled[who][index] | self.forced[who][index]
    }
}

impl Peripheral for IoBank0 {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        match offset {
            0..PINS_END if offset & 4 == 0 => self.status[(offset / 8) as usize],
            0..PINS_END => self.control[(offset / 8) as usize],
            INTR..ENABLES => self.raised[((offset - INTR) / 4) as usize],
            ENABLES..END => {
                let (who, kind, index) = place(offset);
                match kind {
                    0 => self.enabled[who][index],
                    1 => self.forced[who][index],
                    _ => self.active(who, index),
                }
            }
            _ => 0,
        }
    }

    fn write(&mut self, offset: u32, write: Write, _context: &mut Context) {
        match offset {
            0..PINS_END if offset & 4 != 0 => {
                self.control[(offset / 8) as usize] = write.value & 0x3003_331f;
            }
            INTR..ENABLES => self.raised[((offset - INTR) / 4) as usize] &= !(write.ones & EDGES),
            ENABLES..END => {
                let (who, kind, index) = place(offset);
                match kind {
                    0 => self.enabled[who][index] = write.value,
                    1 => self.forced[who][index] = write.value,
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn reset(&mut self, _now: u64) {
        *self = IoBank0::new();
    }

    /// Bit 0 for core 0, bit 1 for core 1.
    fn interrupts(&self) -> u32 {
        let any = |who| (0..4).any(|index| self.active(who, index) != 0);
        u32::from(any(0)) | u32::from(any(1)) << 1
    }

    fn support(&self, offset: u32) -> Support {
        if offset < END { Support::Modelled } else { Support::Nothing }
    }
}

/// Whose register it is, which kind (INTE, INTF, INTS), and its number.
fn place(offset: u32) -> (usize, u32, usize) {
    let register = (offset - ENABLES) / 4;
    ((register / 12) as usize, register / 4 % 3, (register % 4) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_WISH: Wish = Wish { output: false, enable: false };

    fn set(bank: &mut IoBank0, pin: u32, level: bool) -> bool {
        bank.pad_gives(pin, level, NO_WISH, NO_WISH)
    }

    #[test]
    fn edges_stay_until_they_are_cleared_and_levels_follow() {
        let mut bank = IoBank0::new();
        set(&mut bank, 9, true);
        assert_eq!(bank.peek(INTR + 4, 0) >> 4 & 15, 0b1010, "high, and it rose");
        set(&mut bank, 9, false);
        assert_eq!(bank.peek(INTR + 4, 0) >> 4 & 15, 0b1101, "low, it rose and fell");
        bank.write(INTR + 4, (0xf0).into(), &mut Context::default());
        assert_eq!(bank.peek(INTR + 4, 0) >> 4 & 15, 0b0001);
    }

    #[test]
    fn an_enabled_edge_interrupts_its_core() {
        let mut bank = IoBank0::new();
        bank.write(ENABLES + 4, 0x80.into(), &mut Context::default());
        set(&mut bank, 8, true);
        assert_eq!(bank.interrupts(), 0, "another pin");
        set(&mut bank, 9, true);
        assert_eq!((bank.interrupts(), bank.peek(0x124, 0)), (1, 0x80));
        bank.write(0x134, 0x80.into(), &mut Context::default());
        assert_eq!((bank.interrupts(), bank.peek(0x154, 0)), (3, 0x80));
    }

    #[test]
    fn a_forced_interrupt_needs_not_be_enabled() {
        let mut bank = IoBank0::new();
        bank.write(0x110, 0x800.into(), &mut Context::default());
        assert_eq!(
            (bank.interrupts(), bank.peek(0x120, 0), bank.peek(INTR, 0) & 0x800),
            (1, 0x800, 0)
        );
    }

    #[test]
    fn overrides_invert_or_force() {
        let mut bank = IoBank0::new();
        let wish = Wish { output: true, enable: true };
        bank.write(4, 0x0001_2105.into(), &mut Context::default());
        assert_eq!(bank.function(0), 5);
        assert_eq!(bank.to_pad(0, wish), Wish { output: false, enable: false });
        assert!(set(&mut bank, 0, false), "the input is inverted");
        bank.write(4, 0x3305.into(), &mut Context::default());
        assert_eq!(bank.to_pad(0, NO_WISH), wish);
    }

    #[test]
    fn status_shows_the_way_of_the_signals() {
        let mut bank = IoBank0::new();
        let wish = Wish { output: true, enable: true };
        bank.pad_gives(3, true, wish, wish);
        assert_eq!(
            bank.peek(24, 0),
            1 << 8 | 1 << 9 | 1 << 12 | 1 << 13 | 1 << 17 | 1 << 19 | 1 << 24 | 1 << 26
        );
    }
}
