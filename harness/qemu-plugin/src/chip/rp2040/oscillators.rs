//! The crystal oscillator (RP2040 data sheet §2.16) and the ring oscillator (§2.17).

use serde::{Deserialize, Serialize};

use crate::chip::peripheral::{Context, Peripheral, Support, Write};
use crate::chip::storage::Storage;

/// CTRL and STATUS of the crystal oscillator; DORMANT stops it until a pin wakes it.
const CTRL: u32 = 0;
const XOSC_STATUS: u32 = 4;
const XOSC_DORMANT: u32 = 8;
const XOSC_COUNT: u32 = 0x1c;
/// CTRL.ENABLE and its value for "on".
const ENABLE: u32 = 0xfff << 12;
const ON: u32 = 0xfab << 12;
/// STATUS.STABLE, STATUS.ENABLED; DIV_RUNNING of the ring oscillator's.
const STABLE: u32 = 1 << 31;
const DIV_RUNNING: u32 = 1 << 16;
const ENABLED: u32 = 1 << 12;
/// DORMANT, STATUS and RANDOMBIT of the ring oscillator.
const ROSC_DORMANT: u32 = 0xc;
const ROSC_STATUS: u32 = 0x18;
const RANDOMBIT: u32 = 0x1c;

/// The crystal oscillator: stable as soon as it is on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Xosc {
    registers: Storage,
}

impl Xosc {
    pub(crate) fn new() -> Xosc {
        Xosc { registers: Storage::modelled(0x20, &[(XOSC_DORMANT, 0x7761_6b65), (0xc, 0xc4)]) }
    }
}

impl Peripheral for Xosc {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        match offset {
            XOSC_STATUS if self.registers.get(CTRL) & ENABLE == ON => STABLE | ENABLED,
            XOSC_STATUS | XOSC_COUNT => 0,
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
        // Sleeping until a pin wakes the oscillator is not emulated.
        if offset == XOSC_DORMANT { Support::Storage } else { self.registers.support(offset) }
    }
}

/// The ring oscillator. Its random bits are a sequence that its seed decides, and
/// go on over resets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Rosc {
    registers: Storage,
    random: u64,
}

impl Rosc {
    pub(crate) fn new(seed: u64) -> Rosc {
        let initial = [(0, 0xaa0), (8, 0), (ROSC_DORMANT, 0x7761_6b65), (0x10, 0xaa1), (0x14, 8)];
        Rosc { registers: Storage::modelled(0x24, &initial), random: seed | 1 }
    }

    /// One step of xorshift64 (Marsaglia, "Xorshift RNGs", 2003).
    fn bit(&mut self) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 40 & 1) as u32
    }
}

impl Peripheral for Rosc {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        match offset {
            ROSC_STATUS => STABLE | DIV_RUNNING | ENABLED,
            RANDOMBIT => (self.random >> 40 & 1) as u32,
            offset => self.registers.get(offset),
        }
    }

    fn read(&mut self, offset: u32, context: &mut Context) -> u32 {
        if offset == RANDOMBIT { self.bit() } else { self.peek(offset, context.now) }
    }

    fn write(&mut self, offset: u32, write: Write, _context: &mut Context) {
        self.registers.set(offset, write.value);
    }

    fn reset(&mut self, now: u64) {
        self.registers.reset(now);
    }

    fn support(&self, offset: u32) -> Support {
        if offset == ROSC_DORMANT { Support::Storage } else { self.registers.support(offset) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crystal_is_stable_when_it_is_on() {
        let mut xosc = Xosc::new();
        assert_eq!(xosc.peek(XOSC_STATUS, 0), 0);
        xosc.write(CTRL, (ON | 0xaa0).into(), &mut Context::default());
        assert_eq!(xosc.peek(XOSC_STATUS, 0), STABLE | ENABLED);
        xosc.write(CTRL, (0xd1e << 12).into(), &mut Context::default());
        assert_eq!(xosc.peek(XOSC_STATUS, 0), 0);
    }

    #[test]
    fn random_bits_are_those_of_the_seed_and_balanced() {
        let bits = |seed| {
            let mut rosc = Rosc::new(seed);
            let bit = |_| rosc.read(RANDOMBIT, &mut Context::default());
            (0..1000).map(bit).collect::<Vec<_>>()
        };
        assert_eq!(bits(1), bits(1));
        assert_ne!(bits(1), bits(3));
        let ones: u32 = bits(1).iter().sum();
        assert!((400..600).contains(&ones), "{ones} of 1000");
    }
}
