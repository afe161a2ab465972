//! The clock generators (RP2040 data sheet §2.15).
//!
//! All clocks run at once at what they are set to. Machine time takes no notice:
//! an instruction lasts what the board file says.

use crate::chip::peripheral::{Context, Peripheral, Support, Write};
use crate::chip::storage::Storage;
use serde::{Deserialize, Serialize};

/// CLK_REF_CTRL, CLK_REF_SELECTED, CLK_SYS_CTRL, CLK_SYS_DIV, CLK_SYS_SELECTED,
/// CLK_PERI_CTRL.
const REF_CTRL: u32 = 0x30;
const REF_SELECTED: u32 = 0x38;
const SYS_CTRL: u32 = 0x3c;
const SYS_DIV: u32 = 0x40;
const SYS_SELECTED: u32 = 0x44;
const PERI_CTRL: u32 = 0x48;
/// Where the generators end: CTRL, DIV and SELECTED of each.
const GENERATORS_END: u32 = 0x78;
/// FC0_SRC, FC0_STATUS, FC0_RESULT: the frequency counter.
const FC0_SRC: u32 = 0x94;
const FC0_STATUS: u32 = 0x98;
const FC0_RESULT: u32 = 0x9c;
/// FC0_STATUS.DONE.
const DONE: u32 = 1 << 4;
/// ENABLED0, ENABLED1: which clocks run.
const ENABLED0: u32 = 0xb0;
const ENABLED1: u32 = 0xb4;
const SIZE: u32 = 0xc8;
/// The ring oscillator, nominally (§2.17); a Pico's crystal; clk_rtc. In Hz.
const ROSC: u64 = 6_500_000;
const CRYSTAL: u64 = 12_000_000;
const RTC: u64 = 46_875;

/// See the head of this module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Clocks {
    registers: Storage,
    /// What the loops give, in Hz.
    pll_sys: u64,
    pll_usb: u64,
}

impl Clocks {
    pub(crate) fn new() -> Clocks {
        let divisors = [0x04, 0x10, 0x1c, 0x28, 0x34, 0x40, 0x58, 0x64, 0x70];
        let mut initial: Vec<(u32, u32)> = divisors.map(|offset| (offset, 0x100)).to_vec();
        initial.extend([(0x78, 0xff), (0x88, 0x01ff_ffff), (0x8c, 1), (0x90, 8)]);
        initial.extend([(0xa0, u32::MAX), (0xa4, 0x7fff), (0xa8, u32::MAX), (0xac, 0x7fff)]);
        Clocks { registers: Storage::modelled(SIZE, &initial), pll_sys: 0, pll_usb: 0 }
    }

    /// The loops give so many hertz.
    pub(crate) fn set_plls(&mut self, sys: u64, usb: u64) {
        (self.pll_sys, self.pll_usb) = (sys, usb);
    }

    fn ref_hertz(&self) -> u64 {
        if self.registers.get(REF_CTRL) & 3 == 2 { CRYSTAL } else { ROSC }
    }

    /// clk_sys (§2.15.7, CLK_SYS_CTRL).
    pub(crate) fn sys_hertz(&self) -> u64 {
        let control = self.registers.get(SYS_CTRL);
        let source = match (control & 1, control >> 5 & 7) {
            (0, _) => self.ref_hertz(),
            (_, 0) => self.pll_sys,
            (_, 1) => self.pll_usb,
            (_, 2) => ROSC,
            _ => CRYSTAL,
        };
        // 24 bits of whole number and 8 of fraction.
        source * 256 / u64::from(self.registers.get(SYS_DIV)).max(256)
    }

    /// clk_peri, of the serial interfaces (§2.15.7, CLK_PERI_CTRL).
    pub(crate) fn peri_hertz(&self) -> u64 {
        match self.registers.get(PERI_CTRL) >> 5 & 7 {
            0 => self.sys_hertz(),
            1 => self.pll_sys,
            2 => self.pll_usb,
            3 => ROSC,
            _ => CRYSTAL,
        }
    }

    /// What the frequency counter counts (FC0_SRC).
    fn counted_hertz(&self) -> u64 {
        match self.registers.get(FC0_SRC) {
            1 => self.pll_sys,
            2 | 11 | 12 => self.pll_usb,
            3 | 4 => ROSC,
            5 => CRYSTAL,
            8 => self.ref_hertz(),
            9 => self.sys_hertz(),
            10 => self.peri_hertz(),
            13 => RTC,
            _ => 0,
        }
    }
}

impl Peripheral for Clocks {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        match offset {
            REF_SELECTED => 1 << (self.registers.get(REF_CTRL) & 3),
            SYS_SELECTED => 1 << (self.registers.get(SYS_CTRL) & 1),
            offset if offset < GENERATORS_END && offset % 12 == 8 => 1,
            FC0_STATUS => DONE,
            // kHz, with five bits of fraction.
            FC0_RESULT => (self.counted_hertz() * 32 / 1000) as u32,
            ENABLED0 => u32::MAX,
            ENABLED1 => 0x7fff,
            offset => self.registers.get(offset),
        }
    }

    fn write(&mut self, offset: u32, write: Write, _context: &mut Context) {
        self.registers.set(offset, write.value);
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
    fn a_glitchless_mux_shows_what_it_has_selected() {
        let mut clocks = Clocks::new();
        assert_eq!((clocks.peek(REF_SELECTED, 0), clocks.peek(SYS_SELECTED, 0)), (1, 1));
        clocks.write(REF_CTRL, 2.into(), &mut Context::default());
        clocks.write(SYS_CTRL, 1.into(), &mut Context::default());
        assert_eq!((clocks.peek(REF_SELECTED, 0), clocks.peek(SYS_SELECTED, 0)), (4, 2));
        assert_eq!(clocks.peek(0x50, 0), 1, "clk_peri has no such mux");
    }

    #[test]
    fn the_frequency_counter_counts_kilohertz() {
        let mut clocks = Clocks::new();
        assert_eq!(clocks.sys_hertz(), ROSC, "after a reset");
        clocks.set_plls(125_000_000, 48_000_000);
        clocks.write(SYS_CTRL, 1.into(), &mut Context::default());
        assert_eq!(clocks.peri_hertz(), 125_000_000);
        clocks.write(FC0_SRC, 9.into(), &mut Context::default());
        assert_eq!(clocks.peek(FC0_STATUS, 0), DONE);
        assert_eq!(clocks.peek(FC0_RESULT, 0) >> 5, 125_000);
    }
}
