//! The flash chip of a Pico, a W25Q16JV (Winbond data sheet, revision H; sections below are
//! its), as it answers commands on one data line.
//!
//! A command begins when the chip is selected and its first byte comes; what it changes is
//! changed when the chip select is let go. That takes no time: BUSY is never set. What is
//! seen in place is the same memory.

use std::sync::atomic::Ordering;

use crate::chip::peripheral::{Context, Effect, Finding, Support};
use crate::qemu::Memory;

/// Commands (§8.1.2).
const READ: u8 = 0x03;
const FAST_READ: u8 = 0x0b;
const READ_STATUS_1: u8 = 0x05;
const READ_STATUS_2: u8 = 0x35;
const WRITE_ENABLE: u8 = 0x06;
const WRITE_DISABLE: u8 = 0x04;
const PAGE_PROGRAM: u8 = 0x02;
const SECTOR_ERASE: u8 = 0x20;
const BLOCK_ERASE_32: u8 = 0x52;
const BLOCK_ERASE_64: u8 = 0xd8;
const CHIP_ERASE: [u8; 2] = [0xc7, 0x60];
const DEVICE_ID: u8 = 0xab;
const MANUFACTURER_ID: u8 = 0x90;
const UNIQUE_ID: u8 = 0x4b;
const JEDEC_ID: u8 = 0x9f;
/// Reads by two and four data lines (§8.1.3): a second stage sends their first bytes before
/// it lets the interface read in place. Nothing is read by them here.
const WIDE_READS: [u8; 4] = [0x3b, 0x6b, 0xbb, 0xeb];
/// Ends a read in place that goes on without a command; it is none itself (§8.2.11).
const END_OF_READ: u8 = 0xff;

/// Status register 1 with WEL (§7.1.2), status register 2 with QE: four data lines may be used
/// (§7.1.7).
const WRITES_ENABLED: u8 = 2;
const QUAD_ENABLED: u8 = 2;
/// Winbond, the device, the type and size of its memory (§8.1.1).
const MANUFACTURER: u8 = 0xef;
const DEVICE: u8 = 0x14;
const TYPE_AND_SIZE: [u8; 2] = [0x40, 0x15];
/// The same on every emulated board.
const OWN_ID: [u8; 8] = [0xe6, 0x60, 0x72, 0x65, 0x70, 0x6c, 0x61, 0x62];
/// Bytes that are programmed together (§8.2.13).
const PAGE: usize = 256;
/// Bytes of a command and its address.
const WITH_ADDRESS: usize = 4;

/// See the head of this module.
#[derive(Clone)]
pub(crate) struct FlashChip {
    content: Memory,
    /// Where the processor sees it.
    at: u32,
    command: u8,
    /// How many bytes have come since the chip was selected.
    count: usize,
    address: u32,
    /// What is to be programmed.
    page: Vec<u8>,
    /// WEL.
    may_write: bool,
}

impl FlashChip {
    /// With the memory that the processor sees at `at`; its size is a power of two.
    pub(crate) fn new(content: Memory, at: u32) -> FlashChip {
        let page = Vec::new();
        FlashChip { content, at, command: 0, count: 0, address: 0, page, may_write: false }
    }

    /// Power is cut and comes back.
    pub(crate) fn reset(&mut self) {
        *self = FlashChip::new(self.content, self.at);
    }

    /// The first word of its memory.
    pub(crate) fn first_word(&self) -> u32 {
        self.content.first().map_or(0, |word| word.load(Ordering::Relaxed))
    }

    fn size(&self) -> u32 {
        self.content.len() as u32 * 4
    }

    /// While it is selected: it is sent a byte, and gives one. A command that it does not
    /// have, or that is not emulated, is found.
    pub(crate) fn exchange(&mut self, byte: u8, context: &mut Context) -> u8 {
        let index = self.count;
        self.count += 1;
        if index == 0 {
            self.begin(byte, context);
            return 0;
        }
        if index < WITH_ADDRESS {
            self.address = self.address << 8 | u32::from(byte);
        }
        match (self.command, index) {
            (READ_STATUS_1, _) if self.may_write => WRITES_ENABLED,
            (READ_STATUS_2, _) => QUAD_ENABLED,
            (JEDEC_ID, _) => [MANUFACTURER, TYPE_AND_SIZE[0], TYPE_AND_SIZE[1]][(index - 1) % 3],
            (READ, WITH_ADDRESS..) => self.next_byte(),
            (FAST_READ, 5..) => self.next_byte(),
            (DEVICE_ID, WITH_ADDRESS..) => DEVICE,
            (MANUFACTURER_ID, WITH_ADDRESS..) => {
                let first = self.address as usize & 1;
                [MANUFACTURER, DEVICE][(index - WITH_ADDRESS + first) % 2]
            }
            (UNIQUE_ID, 5..) => OWN_ID[(index - 5) % OWN_ID.len()],
            (PAGE_PROGRAM, WITH_ADDRESS..) => {
                let place = (self.address as usize + index - WITH_ADDRESS) % PAGE;
                self.page[place] = byte;
                0
            }
            _ => 0,
        }
    }

    fn begin(&mut self, command: u8, context: &mut Context) {
        (self.command, self.address) = (command, 0);
        match command {
            READ | FAST_READ | READ_STATUS_1 | READ_STATUS_2 | WRITE_ENABLE | WRITE_DISABLE
            | SECTOR_ERASE | BLOCK_ERASE_32 | BLOCK_ERASE_64 | DEVICE_ID | MANUFACTURER_ID
            | UNIQUE_ID | JEDEC_ID | END_OF_READ => {}
            PAGE_PROGRAM => self.page = vec![0xff; PAGE],
            _ if WIDE_READS.contains(&command) || CHIP_ERASE.contains(&command) => {}
            _ => context.effects.push(Effect::Found(Finding {
                support: Support::Nothing,
                block: "flash chip: a command that is not emulated",
                address: u32::from(command),
                is_store: true,
            })),
        }
    }

    /// The byte at the address, which moves on and goes round at the end (§8.2.6).
    fn next_byte(&mut self) -> u8 {
        let at = self.address % self.size();
        self.address = at + 1;
        self.content[at as usize / 4].load(Ordering::Relaxed).to_le_bytes()[at as usize % 4]
    }

    /// Its select is let go: what was sent is done. A command that changes something must
    /// have all of its bytes, and no more (§8.2.1, §8.2.13 to §8.2.17); else the chip takes no
    /// notice, as when it was not told that it may write.
    pub(crate) fn release(&mut self, context: &mut Context) {
        let count = std::mem::take(&mut self.count);
        match (self.command, count) {
            (WRITE_ENABLE, 1) => self.may_write = true,
            (WRITE_DISABLE, 1) => self.may_write = false,
            (SECTOR_ERASE, WITH_ADDRESS) => self.erase(0x1000, context),
            (BLOCK_ERASE_32, WITH_ADDRESS) => self.erase(0x8000, context),
            (BLOCK_ERASE_64, WITH_ADDRESS) => self.erase(0x1_0000, context),
            (PAGE_PROGRAM, 5..) if self.take_may_write() => {
                let at = self.place(PAGE as u32);
                let bytes = std::mem::take(&mut self.page);
                context.effects.push(Effect::ProgramBytes { at, bytes });
            }
            (command, 1) if CHIP_ERASE.contains(&command) => self.erase(self.size(), context),
            _ => {}
        }
    }

    fn erase(&mut self, length: u32, context: &mut Context) {
        if self.take_may_write() {
            context.effects.push(Effect::Erase { at: self.place(length), length });
        }
    }

    /// WEL, which each change of the memory clears.
    fn take_may_write(&mut self) -> bool {
        std::mem::take(&mut self.may_write)
    }

    /// Where the processor sees the start of the piece of so many bytes that the address is
    /// in. Address bits above the memory are not looked at.
    fn place(&self, length: u32) -> u32 {
        self.at + self.address % self.size() / length * length
    }
}

#[cfg(test)]
mod tests;
