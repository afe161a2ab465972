//! What a fault was, found out from what the processor left.
//!
//! Armv6-M keeps no status of a fault. So the instruction that faulted is decoded
//! and carried out in thought: where its address lies in no memory or is not
//! aligned, that was the cause. Armv7-M has status registers; what they say wins.

mod sentence;

use replab_board::Board;
use replab_record::Registers;

use crate::decode::{Access, Architecture, Instruction, decode};
use crate::memory_map::{Home, home, lowest_ram};
use crate::status::cfsr;
use crate::{FaultStatus, Image, Marks, Read};

/// A fault at the entry of its handler, or one that has led to a lockup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultEntry {
    /// Exception number: 3 HardFault, 4 MemManage, 5 BusFault, 6 UsageFault (Armv7-M ARM
    /// §B1.5.2). For a lockup that of the handler that it came in: 2 NMI, 3 HardFault.
    pub exception: u8,
    /// The registers at the instruction that faulted.
    pub registers: Registers,
    /// Whether r0 to r3, r12, lr, pc and xpsr could be stacked; if not, they are not known.
    pub is_stacked: bool,
    /// The fault status registers of Armv7-M; `None` on Armv6-M.
    pub status: Option<FaultStatus>,
}

/// What a fault was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What, for programs.
    pub kind: FaultKind,
    /// What and where, for people: one line without a full stop.
    pub sentence: String,
    /// The fault status registers that say something, decoded; empty on Armv6-M.
    pub status: Vec<String>,
}

/// What a fault was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A load or store where nothing is, where no device answers, or into flash.
    BadAddress {
        /// The first address that failed.
        address: u32,
        /// A store.
        is_write: bool,
    },
    /// A load or store at an address that is no multiple of its size.
    Unaligned {
        /// The address.
        address: u32,
    },
    /// An instruction that this processor does not have.
    UndefinedInstruction {
        /// The instruction; one of 32 bits has its first half in the upper 16.
        opcode: u32,
    },
    /// sp is below the stack's end, or in no RAM at all.
    StackOverflow {
        /// The stack pointer at the fault.
        sp: u32,
        /// The lower end of the stack by the firmware's marks, or of RAM.
        low: u32,
    },
    /// pc lies in no memory, or is no address of Thumb code (bit 0 was clear).
    JumpToNowhere {
        /// pc.
        target: u32,
    },
    /// BKPT, and no debugger is there.
    Breakpoint,
    /// SVC where its handler cannot be entered.
    SupervisorCall,
    /// None of these.
    Other,
}

/// Finds out what `fault` was. Without `image` the sentence has addresses instead of names.
pub fn diagnose(
    fault: &FaultEntry,
    board: &Board,
    image: Option<&Image>,
    read: Read<'_>,
) -> Diagnosis {
    let mut scene = Scene { fault, board, image, read };
    let (kind, access) = scene.kind();
    let sentence = scene.sentence(kind, access);
    let status = fault.status.map(|status| status.lines()).unwrap_or_default();
    Diagnosis { kind, sentence, status }
}

/// All that there is to judge by.
struct Scene<'a> {
    fault: &'a FaultEntry,
    board: &'a Board,
    image: Option<&'a Image>,
    read: Read<'a>,
}

impl Scene<'_> {
    /// What it was, and the load or store that did it.
    fn kind(&mut self) -> (FaultKind, Option<Access>) {
        let registers = &self.fault.registers;
        let (sp, pc, low) = (registers.sp(), registers.pc(), self.stack_low());
        // An empty stack begins right above RAM.
        let in_ram = home(self.board, sp.wrapping_sub(1)) == Home::Ram;
        let not_pushed = !self.fault.is_stacked || self.has(cfsr::STKERR | cfsr::MSTKERR);
        if not_pushed || !in_ram || sp < low {
            return (FaultKind::StackOverflow { sp, low }, None);
        }
        let is_thumb = registers.xpsr & 1 << 24 != 0;
        let is_memory = matches!(home(self.board, pc), Home::Flash | Home::Ram);
        if !is_thumb || !is_memory || self.has(cfsr::INVSTATE | cfsr::IBUSERR | cfsr::IACCVIOL) {
            return (FaultKind::JumpToNowhere { target: pc }, None);
        }
        let first = self.halfword(pc).unwrap_or(0);
        let second = self.halfword(pc.wrapping_add(2));
        match decode(self.architecture(), first, second, &registers.r) {
            Instruction::Undefined { opcode } => (FaultKind::UndefinedInstruction { opcode }, None),
            _ if self.has(cfsr::UNDEFINSTR) => {
                (FaultKind::UndefinedInstruction { opcode: u32::from(first) }, None)
            }
            Instruction::Breakpoint => (FaultKind::Breakpoint, None),
            Instruction::SupervisorCall => (FaultKind::SupervisorCall, None),
            Instruction::Access(access) => (self.kind_of(access, low), Some(access)),
            Instruction::Other => (self.kind_by_status(), None),
        }
    }

    /// What was wrong with a load or store.
    fn kind_of(&self, access: Access, low: u32) -> FaultKind {
        let Access { address, is_write, .. } = access;
        if let Some(address) = self.fault.status.and_then(|status| status.address()) {
            return FaultKind::BadAddress { address, is_write };
        }
        let must_be_aligned = self.architecture() == Architecture::V6M
            || access.is_strict
            || self.has(cfsr::UNALIGNED);
        if must_be_aligned && address % access.unit != 0 {
            return FaultKind::Unaligned { address };
        }
        let mut units = (0..access.count).map(|index| address.wrapping_add(index * access.unit));
        let bad = units.find(|&at| match home(self.board, at) {
            Home::Ram => false,
            Home::Flash => is_write,
            // It would not be asked about if it had answered.
            Home::Device | Home::Nowhere => true,
        });
        match bad {
            Some(address) if access.by_sp && is_write && address < low => {
                FaultKind::StackOverflow { sp: self.fault.registers.sp(), low }
            }
            Some(address) => FaultKind::BadAddress { address, is_write },
            None => FaultKind::Other,
        }
    }

    fn kind_by_status(&self) -> FaultKind {
        match self.fault.status.and_then(|status| status.address()) {
            Some(address) => FaultKind::BadAddress { address, is_write: false },
            None => FaultKind::Other,
        }
    }

    fn architecture(&self) -> Architecture {
        match self.fault.status {
            Some(_) => Architecture::V7M,
            None => Architecture::V6M,
        }
    }

    /// Whether the status registers are there and one of these bits of the CFSR is set.
    fn has(&self, bits: u32) -> bool {
        self.fault.status.is_some_and(|status| status.has(bits))
    }

    fn stack_low(&mut self) -> u32 {
        let marks = self.image.and_then(|image| Marks::find(image, &mut *self.read).ok());
        marks.map_or_else(|| lowest_ram(self.board), |marks| marks.stack_low)
    }

    fn halfword(&mut self, address: u32) -> Option<u16> {
        let bytes = (self.read)(address, 2)?;
        Some(u16::from_le_bytes(bytes.get(..2)?.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests;
