//! What a Thumb instruction does to memory, as far as a fault's cause needs it.
//!
//! Encodings: Armv6-M ARM §A5 and §A6.7; those of 32 bits Armv7-M ARM §A5.3 and §A7.7.

/// Which instructions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Architecture {
    /// Cortex-M0, M0+, M1.
    V6M,
    /// Cortex-M3, M4, M7.
    V7M,
}

/// An instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// It loads or stores.
    Access(Access),
    /// BKPT.
    Breakpoint,
    /// SVC.
    SupervisorCall,
    /// UDF, or one that this processor does not have. With 32 bits the first half is
    /// the upper one.
    Undefined {
        /// The instruction.
        opcode: u32,
    },
    /// Any other.
    Other,
}

/// A load or a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The lowest address.
    pub(crate) address: u32,
    /// Bytes of one unit: 1, 2 or 4.
    pub(crate) unit: u32,
    /// How many units lie side by side; more than one for LDM, PUSH and the like.
    pub(crate) count: u32,
    /// Whether it stores.
    pub(crate) is_write: bool,
    /// Whether the address comes from sp.
    pub(crate) by_sp: bool,
    /// Whether it must be aligned also where the architecture allows others not to be.
    pub(crate) is_strict: bool,
}

const SP: u32 = 13;
const PC: u32 = 15;

/// Decodes the instruction with the halfwords `first` and, if it has one, `second`,
/// which lies at `r[15]`.
pub(crate) fn decode(
    architecture: Architecture,
    first: u16,
    second: Option<u16>,
    r: &[u32; 16],
) -> Instruction {
    let first = u32::from(first);
    if first >> 11 > 0b11100 {
        return wide(architecture, first, u32::from(second.unwrap_or(0)), r);
    }
    let at = |shift: u32| r[(first >> shift & 7) as usize];
    let imm5 = first >> 6 & 31;
    let imm8 = 4 * (first & 0xff);
    let one = |unit: u32, address: u32, is_write: bool| one(unit, address, is_write, false);
    let access = match first >> 11 {
        0b01001 => one(4, literal(r[PC as usize]).wrapping_add(imm8), false),
        0b01010 | 0b01011 => {
            let address = at(3).wrapping_add(at(6));
            let (unit, is_write) = [
                (4, true),
                (2, true),
                (1, true),
                (1, false),
                (4, false),
                (2, false),
                (1, false),
                (2, false),
            ][(first >> 9 & 7) as usize];
            one(unit, address, is_write)
        }
        0b01100 => one(4, at(3).wrapping_add(4 * imm5), true),
        0b01101 => one(4, at(3).wrapping_add(4 * imm5), false),
        0b01110 => one(1, at(3).wrapping_add(imm5), true),
        0b01111 => one(1, at(3).wrapping_add(imm5), false),
        0b10000 => one(2, at(3).wrapping_add(2 * imm5), true),
        0b10001 => one(2, at(3).wrapping_add(2 * imm5), false),
        0b10010 => Access { by_sp: true, ..one(4, r[13].wrapping_add(imm8), true) },
        0b10011 => Access { by_sp: true, ..one(4, r[13].wrapping_add(imm8), false) },
        0b11000 => many(at(8), (first & 0xff).count_ones(), true, false),
        0b11001 => many(at(8), (first & 0xff).count_ones(), false, false),
        0b10110 | 0b10111 => return miscellaneous(architecture, first, r),
        0b11011 if first & 0x0700 == 0x0600 => return Instruction::Undefined { opcode: first },
        0b11011 if first & 0x0700 == 0x0700 => return Instruction::SupervisorCall,
        _ => return Instruction::Other,
    };
    Instruction::Access(access)
}

/// 1011 xxxx: PUSH, POP, BKPT, and what only Armv7-M has.
fn miscellaneous(architecture: Architecture, first: u32, r: &[u32; 16]) -> Instruction {
    let count = (first & 0x1ff).count_ones();
    match first & 0xff00 {
        0xb400 | 0xb500 => {
            Instruction::Access(many(r[13].wrapping_sub(4 * count), count, true, true))
        }
        0xbc00 | 0xbd00 => Instruction::Access(many(r[13], count, false, true)),
        0xbe00 => Instruction::Breakpoint,
        // CBZ, CBNZ; IT.
        0xb100 | 0xb300 | 0xb900 | 0xbb00 if architecture == Architecture::V6M => {
            Instruction::Undefined { opcode: first }
        }
        0xbf00 if architecture == Architecture::V6M && first & 0xf != 0 => {
            Instruction::Undefined { opcode: first }
        }
        _ => Instruction::Other,
    }
}

/// Instructions of 32 bits.
fn wide(architecture: Architecture, first: u32, second: u32, r: &[u32; 16]) -> Instruction {
    let opcode = first << 16 | second;
    // Armv6-M has only BL, MSR, MRS and the barriers.
    let is_v6m = first & 0xf800 == 0xf000 && second & 0x8000 != 0;
    let is_udf = first & 0xfff0 == 0xf7f0 && second & 0xf000 == 0xa000;
    if is_udf || architecture == Architecture::V6M && !is_v6m {
        return Instruction::Undefined { opcode };
    }
    let n = first & 0xf;
    let base = if n == PC { literal(r[15]) } else { r[n as usize] };
    let is_write = first & 0x10 == 0;
    let is_up = first & 0x80 != 0;
    let access = if first & 0xfe00 == 0xf800 {
        let size = first >> 5 & 3;
        let is_signed = first & 0x100 != 0;
        // Those of Neon, which no Armv7-M has, and some that nobody has.
        if size == 3 || is_signed && (is_write || size == 2) {
            return Instruction::Undefined { opcode };
        }
        let unit = 1 << size;
        let address = if n == PC {
            offset(base, second & 0xfff, is_up)
        } else if is_up {
            base.wrapping_add(second & 0xfff)
        } else if second & 0x800 != 0 {
            let index = offset(base, second & 0xff, second & 0x200 != 0);
            if second & 0x400 != 0 { index } else { base }
        } else {
            base.wrapping_add(r[(second & 0xf) as usize] << (second >> 4 & 3))
        };
        one(unit, address, is_write, n == SP)
    } else if first & 0xfe40 == 0xe800 {
        let count = (second & 0xffff).count_ones();
        match first >> 7 & 3 {
            1 => many(base, count, is_write, n == SP),
            2 => many(base.wrapping_sub(4 * count), count, is_write, n == SP),
            _ => return Instruction::Other,
        }
    } else if first & 0xfe40 == 0xe840 {
        let index = offset(base, 4 * (second & 0xff), is_up);
        match (first & 0x120, first & 0xfff0) {
            // LDREX, STREX; of the rest without P and W only TBB and TBH touch memory.
            (0, 0xe840 | 0xe850) => Access {
                is_strict: true,
                ..one(4, base.wrapping_add(4 * (second & 0xff)), is_write, n == SP)
            },
            (0, _) => return Instruction::Other,
            (bits, _) => many(if bits & 0x100 != 0 { index } else { base }, 2, is_write, n == SP),
        }
    } else if first & 0xff20 == 0xed00 && second & 0xe00 == 0xa00 {
        // VLDR, VSTR of one or two words.
        let count = if second & 0x100 != 0 { 2 } else { 1 };
        many(offset(base, 4 * (second & 0xff), is_up), count, is_write, n == SP)
    } else {
        return Instruction::Other;
    };
    Instruction::Access(access)
}

/// The base of an address that is relative to the instruction at `pc`.
fn literal(pc: u32) -> u32 {
    pc.wrapping_add(4) & !3
}

fn offset(base: u32, by: u32, is_up: bool) -> u32 {
    if is_up { base.wrapping_add(by) } else { base.wrapping_sub(by) }
}

fn one(unit: u32, address: u32, is_write: bool, by_sp: bool) -> Access {
    Access { address, unit, count: 1, is_write, by_sp, is_strict: false }
}

fn many(address: u32, count: u32, is_write: bool, by_sp: bool) -> Access {
    Access { address, unit: 4, count, is_write, by_sp, is_strict: true }
}
