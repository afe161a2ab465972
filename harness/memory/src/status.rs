//! The fault status registers of Armv7-M, in words.

use std::fmt::Write as _;

use crate::{Read, word};

/// What the processor noted of a fault (Armv7-M ARM §B3.2.15 to 18). Armv6-M has none of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultStatus {
    /// Configurable Fault Status Register.
    pub cfsr: u32,
    /// HardFault Status Register.
    pub hfsr: u32,
    /// MemManage Fault Address Register.
    pub mmfar: u32,
    /// BusFault Address Register.
    pub bfar: u32,
}

/// Bits of the CFSR: MemManage from 0 on, BusFault from 8 on, UsageFault from 16 on.
pub(crate) mod cfsr {
    pub(crate) const IACCVIOL: u32 = 1;
    pub(crate) const DACCVIOL: u32 = 1 << 1;
    pub(crate) const MSTKERR: u32 = 1 << 4;
    pub(crate) const MMARVALID: u32 = 1 << 7;
    pub(crate) const IBUSERR: u32 = 1 << 8;
    pub(crate) const PRECISERR: u32 = 1 << 9;
    pub(crate) const STKERR: u32 = 1 << 12;
    pub(crate) const BFARVALID: u32 = 1 << 15;
    pub(crate) const UNDEFINSTR: u32 = 1 << 16;
    pub(crate) const INVSTATE: u32 = 1 << 17;
    pub(crate) const UNALIGNED: u32 = 1 << 24;
}

const CFSR_WORDS: &[(u32, &str)] = &[
    (cfsr::IACCVIOL, "instruction access violation"),
    (cfsr::DACCVIOL, "data access violation"),
    (1 << 3, "memory fault while an exception returned"),
    (cfsr::MSTKERR, "memory fault while an exception pushed its frame"),
    (1 << 5, "memory fault while floating-point state was kept"),
    (cfsr::IBUSERR, "instruction bus error"),
    (cfsr::PRECISERR, "precise data bus error"),
    (1 << 10, "imprecise data bus error"),
    (1 << 11, "bus error while an exception returned"),
    (cfsr::STKERR, "bus error while an exception pushed its frame"),
    (1 << 13, "bus error while floating-point state was kept"),
    (cfsr::UNDEFINSTR, "undefined instruction"),
    (cfsr::INVSTATE, "invalid state (Thumb bit clear)"),
    (1 << 18, "invalid pc on exception return"),
    (1 << 19, "no coprocessor (or the FPU is off)"),
    (cfsr::UNALIGNED, "unaligned access"),
    (1 << 25, "division by zero"),
];

const HFSR_WORDS: &[(u32, &str)] = &[
    (1 << 1, "the vector table could not be read"),
    (1 << 30, "escalated from a fault that could not be taken"),
    (1 << 31, "debug event"),
];

impl FaultStatus {
    /// Reads the registers of an Armv7-M processor, if `read` reaches its System
    /// Control Space: CFSR 0xe000ed28, HFSR 0xe000ed2c, MMFAR 0xe000ed34, BFAR 0xe000ed38.
    pub fn read(read: Read<'_>) -> Option<FaultStatus> {
        Some(FaultStatus {
            cfsr: word(read, 0xe000_ed28)?,
            hfsr: word(read, 0xe000_ed2c)?,
            mmfar: word(read, 0xe000_ed34)?,
            bfar: word(read, 0xe000_ed38)?,
        })
    }

    /// Whether the CFSR has one of `bits`.
    pub(crate) fn has(&self, bits: u32) -> bool {
        self.cfsr & bits != 0
    }

    /// The address of a data access that failed, if the processor knows it.
    pub(crate) fn address(&self) -> Option<u32> {
        if self.has(cfsr::PRECISERR) && self.has(cfsr::BFARVALID) {
            Some(self.bfar)
        } else if self.has(cfsr::DACCVIOL) && self.has(cfsr::MMARVALID) {
            Some(self.mmfar)
        } else {
            None
        }
    }

    /// The CFSR in words.
    pub(crate) fn said(&self) -> Vec<&'static str> {
        said(self.cfsr, CFSR_WORDS)
    }

    /// One line for each register that says something.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(line("CFSR", self.cfsr, CFSR_WORDS));
        if let Some(line) = lines.first_mut() {
            for (bit, name, value) in
                [(cfsr::MMARVALID, "MMFAR", self.mmfar), (cfsr::BFARVALID, "BFAR", self.bfar)]
            {
                if self.has(bit) {
                    write!(line, ", {name} is valid: {value:#010x}")
                        .expect("a string takes all that is written");
                }
            }
        }
        lines.extend(line("HFSR", self.hfsr, HFSR_WORDS));
        lines
    }
}

fn said(value: u32, words: &[(u32, &'static str)]) -> Vec<&'static str> {
    words.iter().filter(|(bit, _)| value & bit != 0).map(|(_, word)| *word).collect()
}

fn line(name: &str, value: u32, words: &[(u32, &'static str)]) -> Option<String> {
    let said = said(value, words);
    (value != 0).then(|| match said.as_slice() {
        [] => format!("{name} {value:#010x}"),
        said => format!("{name} {value:#010x}: {}", said.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cfsr: u32, hfsr: u32, expected: &[&str]) {
        let status = FaultStatus { cfsr, hfsr, mmfar: 0x10, bfar: 0x7000_0000 };
        assert_eq!(status.lines(), expected);
    }

    #[test]
    fn bits_are_words() {
        check(
            0x8200,
            1 << 30,
            &[
                "CFSR 0x00008200: precise data bus error, BFAR is valid: 0x70000000",
                "HFSR 0x40000000: escalated from a fault that could not be taken",
            ],
        );
        check(0x82, 0, &["CFSR 0x00000082: data access violation, MMFAR is valid: 0x00000010"]);
        check(1 << 17, 0, &["CFSR 0x00020000: invalid state (Thumb bit clear)"]);
        check(0, 1, &["HFSR 0x00000001"]);
        check(0, 0, &[]);
    }

    #[test]
    fn each_register_is_read_from_its_place() {
        let mut read = |address: u32, length: usize| {
            assert_eq!(length, 4);
            Some(address.to_le_bytes().to_vec())
        };
        let status = FaultStatus::read(&mut read).unwrap();
        let FaultStatus { cfsr, hfsr, mmfar, bfar } = status;
        assert_eq!([cfsr, hfsr, mmfar, bfar], [0xe000_ed28, 0xe000_ed2c, 0xe000_ed34, 0xe000_ed38]);
        assert_eq!(FaultStatus::read(&mut |_, _| None), None);
    }
}
