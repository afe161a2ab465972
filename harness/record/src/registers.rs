//! The registers of a Cortex-M processor.

/// The core registers (Armv6-M ARM §B1.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// r0 to r12, sp, lr, pc.
    pub r: [u32; 16],
    /// Program status: flags, the Thumb bit (24), the exception's number (bits 0 to 8).
    pub xpsr: u32,
    /// The main stack pointer.
    pub msp: u32,
    /// The process stack pointer.
    pub psp: u32,
}

impl Registers {
    /// The stack pointer in use.
    pub fn sp(&self) -> u32 {
        self.r[13]
    }

    /// The link register.
    pub fn lr(&self) -> u32 {
        self.r[14]
    }

    /// The address of the next instruction.
    pub fn pc(&self) -> u32 {
        self.r[15]
    }

    /// The number of the exception that is being handled; 0 for none.
    pub fn exception(&self) -> u32 {
        self.xpsr & 0x1ff
    }
}
