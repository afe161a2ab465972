//! For which chip a block is.

use std::fmt;

/// A family's number, in blocks that have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Family(pub u32);

impl Family {
    /// The chip of the Raspberry Pi Pico.
    pub const RP2040: Family = Family(0xe48b_ff56);

    /// The chip's name, if it is one that people have beside a Pico.
    ///
    /// From `uf2families.json` in github.com/microsoft/uf2, and for Raspberry Pi's chips
    /// RP2350 data sheet §5.5.3.
    #[must_use]
    pub fn chip(self) -> Option<&'static str> {
        Some(match self.0 {
            0xe48b_ff56 => "RP2040",
            0xe48b_ff57 => "RP2350 or RP2040, at absolute addresses",
            0xe48b_ff58 => "RP2350, data",
            0xe48b_ff59 => "RP2350, secure Arm",
            0xe48b_ff5a => "RP2350, RISC-V",
            0xe48b_ff5b => "RP2350, non-secure Arm",
            0x68ed_2b88 => "SAMD21",
            0x5511_4460 => "SAMD51",
            0x1b57_745f => "nRF52",
            0xada5_2840 => "nRF52840",
            0xbfdd_4eee => "ESP32-S2",
            0xc47e_5767 => "ESP32-S3",
            0x5775_5a57 => "STM32F401",
            0x6d09_22fa => "STM32F407",
            0x5d1a_0a2e => "STM32F2",
            0x4fb2_d5bd => "i.MX RT",
            _ => return None,
        })
    }
}

impl fmt::Display for Family {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.chip() {
            Some(chip) => write!(out, "{:#010x} ({chip})", self.0),
            None => write!(out, "{:#010x}", self.0),
        }
    }
}
