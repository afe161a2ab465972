//! The single-cycle I/O block (RP2040 data sheet §2.3.1): pins, divider, mailbox,
//! spinlocks.
//!
//! Its registers stand in a page of the machine's memory, so that loads run at
//! the speed of RAM; each store keeps them up to date. The few loads with an
//! effect are told by [`Sio::loaded`]. A load of a spinlock is none of them: with
//! one core, whoever asks for a lock gets it.

use std::sync::atomic::Ordering;

use crate::chip::peripheral::{Context, Peripheral, Support, Write};
use crate::qemu::Memory;

/// GPIO_IN, GPIO_HI_IN.
const GPIO_IN: u32 = 0x04;
const GPIO_HI_IN: u32 = 0x08;
/// GPIO_OUT, GPIO_OE, GPIO_HI_OUT, GPIO_HI_OE, each followed by the registers that
/// set, clear and toggle.
const GPIO_OUT: u32 = 0x10;
const GPIO_OE: u32 = 0x20;
const GPIO_END: u32 = 0x50;
/// FIFO_ST with ROE, WOF, RDY, VLD.
const FIFO_ST: u32 = 0x50;
const ROE: u32 = 8;
const WOF: u32 = 4;
const RDY: u32 = 2;
const VLD: u32 = 1;
const FIFO_WR: u32 = 0x54;
pub(crate) const FIFO_RD: u32 = 0x58;
/// DIV_UDIVIDEND to DIV_SDIVISOR, DIV_QUOTIENT, DIV_REMAINDER, DIV_CSR.
const DIV_UDIVIDEND: u32 = 0x60;
const DIV_UDIVISOR: u32 = 0x64;
const DIV_SDIVIDEND: u32 = 0x68;
const DIV_SDIVISOR: u32 = 0x6c;
pub(crate) const DIV_QUOTIENT: u32 = 0x70;
const DIV_REMAINDER: u32 = 0x74;
const DIV_CSR: u32 = 0x78;
const READY: u32 = 1;
const DIRTY: u32 = 2;
/// The interpolators.
const INTERP: u32 = 0x80;
const SPINLOCK: u32 = 0x100;
const END: u32 = 0x180;
/// GPIO_HI_IN: the pins of the flash are high, so BOOTSEL is not pressed.
const QSPI_HIGH: u32 = 0x3e;

/// See the head of this module.
pub(crate) struct Sio {
    words: Memory,
    /// Whether the divider's operands are signed numbers.
    is_signed: bool,
    /// A word from core 1 in the mailbox.
    mail: Option<u32>,
}

impl Sio {
    /// On the page `words`.
    pub(crate) fn new(words: Memory) -> Sio {
        let mut sio = Sio { words, is_signed: false, mail: None };
        sio.reset(0);
        sio
    }

    fn get(&self, offset: u32) -> u32 {
        self.words[(offset / 4) as usize].load(Ordering::Relaxed)
    }

    fn set(&self, offset: u32, value: u32) {
        self.words[(offset / 4) as usize].store(value, Ordering::Relaxed);
    }

    /// The levels and the enables of the pins.
    pub(crate) fn outputs(&self) -> (u32, u32) {
        (self.get(GPIO_OUT), self.get(GPIO_OE))
    }

    /// The pins have these levels.
    pub(crate) fn set_inputs(&self, levels: u32) {
        self.set(GPIO_IN, levels);
    }

    /// The levels that the pins have.
    pub(crate) fn inputs(&self) -> u32 {
        self.get(GPIO_IN)
    }

    /// Core 1 sends a word.
    pub(crate) fn mail_from_core_1(&mut self, word: u32) {
        self.mail = Some(word);
        self.show_mail();
    }

    fn show_mail(&self) {
        let errors = self.get(FIFO_ST) & (ROE | WOF);
        let valid = if self.mail.is_some() { VLD } else { 0 };
        self.set(FIFO_ST, errors | RDY | valid);
        self.set(FIFO_RD, self.mail.unwrap_or(0));
    }

    /// After a load that the mirror cannot do alone; whether an interrupt may have changed.
    pub(crate) fn loaded(&mut self, offset: u32) -> bool {
        match offset {
            DIV_QUOTIENT => {
                self.set(DIV_CSR, READY);
                false
            }
            FIFO_RD => {
                if self.mail.take().is_none() {
                    self.set(FIFO_ST, self.get(FIFO_ST) | ROE);
                }
                self.show_mail();
                true
            }
            _ => false,
        }
    }

    /// The result of a division is there at once (§2.3.1.5). By zero it is as
    /// the data sheet says: all ones, or 1 for a negative dividend.
    fn divide(&self) {
        let (dividend, divisor) = (self.get(DIV_UDIVIDEND), self.get(DIV_UDIVISOR));
        let (quotient, remainder) = if divisor == 0 {
            let negative = self.is_signed && dividend >> 31 != 0;
            (if negative { 1 } else { u32::MAX }, dividend)
        } else if self.is_signed {
            let (dividend, divisor) = (dividend as i32, divisor as i32);
            (dividend.wrapping_div(divisor) as u32, dividend.wrapping_rem(divisor) as u32)
        } else {
            (dividend / divisor, dividend % divisor)
        };
        self.set(DIV_QUOTIENT, quotient);
        self.set(DIV_REMAINDER, remainder);
        self.set(DIV_CSR, READY | DIRTY);
    }

    fn operand(&mut self, offset: u32, value: u32, is_signed: bool) {
        let unsigned = if is_signed { offset - 8 } else { offset };
        self.set(unsigned, value);
        self.set(unsigned + 8, value);
        self.is_signed = is_signed;
        self.divide();
    }
}

impl Peripheral for Sio {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        if offset < END { self.get(offset) } else { 0 }
    }

    fn write(&mut self, offset: u32, Write { value, .. }: Write, _context: &mut Context) {
        match offset {
            GPIO_OUT..GPIO_END => {
                let register = offset & !15;
                let old = self.get(register);
                let new = match offset >> 2 & 3 {
                    0 => value,
                    1 => old | value,
                    2 => old & !value,
                    _ => old ^ value,
                };
                self.set(register, new & 0x3fff_ffff);
            }
            FIFO_ST => self.set(FIFO_ST, self.get(FIFO_ST) & !(value & (ROE | WOF))),
            FIFO_WR => {} // Core 1 is off: nobody reads it.
            DIV_UDIVIDEND | DIV_UDIVISOR => self.operand(offset, value, false),
            DIV_SDIVIDEND | DIV_SDIVISOR => self.operand(offset, value, true),
            DIV_QUOTIENT | DIV_REMAINDER => {
                self.set(offset, value);
                self.set(DIV_CSR, READY | DIRTY);
            }
            INTERP..SPINLOCK => self.set(offset, value),
            _ => {}
        }
    }

    fn reset(&mut self, _now: u64) {
        self.words[..(END / 4) as usize].iter().for_each(|word| word.store(0, Ordering::Relaxed));
        self.mail = None;
        self.set(GPIO_HI_IN, QSPI_HIGH);
        self.set(FIFO_ST, RDY);
        self.set(DIV_CSR, READY);
        for lock in 0..32 {
            self.set(SPINLOCK + 4 * lock, 1 << lock);
        }
    }

    /// Bit 0: the mailbox of core 0 holds a word, or has lost one (SIO_IRQ_PROC0).
    fn interrupts(&self) -> u32 {
        u32::from(self.get(FIFO_ST) & (VLD | WOF | ROE) != 0)
    }

    fn support(&self, offset: u32) -> Support {
        match offset {
            INTERP..SPINLOCK => Support::Storage,
            FIFO_WR => Support::Storage,
            0..END => Support::Modelled,
            _ => Support::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    pub(crate) fn page() -> Memory {
        Box::leak((0..0x400).map(|_| AtomicU32::new(0)).collect::<Vec<_>>().into_boxed_slice())
    }

    fn sio() -> Sio {
        Sio::new(page())
    }

    fn store(sio: &mut Sio, offset: u32, value: u32) {
        sio.write(offset, value.into(), &mut Context::default());
    }

    #[test]
    fn pins_are_set_cleared_and_toggled() {
        let mut sio = sio();
        store(&mut sio, 0x14, 0b1110);
        store(&mut sio, 0x18, 0b0010);
        store(&mut sio, 0x1c, 0b0101);
        store(&mut sio, 0x24, 0b1111);
        assert_eq!(sio.outputs(), (0b1001, 0b1111));
        assert_eq!((sio.peek(0x10, 0), sio.peek(0x14, 0)), (0b1001, 0));
    }

    #[track_caller]
    fn divides(is_signed: bool, dividend: u32, divisor: u32, quotient: u32, remainder: u32) {
        let mut sio = sio();
        let first = if is_signed { DIV_SDIVIDEND } else { DIV_UDIVIDEND };
        store(&mut sio, first, dividend);
        store(&mut sio, first + 4, divisor);
        let results = (sio.peek(DIV_QUOTIENT, 0), sio.peek(DIV_REMAINDER, 0));
        assert_eq!(results, (quotient, remainder));
        // Both pairs of operands are one (§2.3.1.5).
        for first in [DIV_UDIVIDEND, DIV_SDIVIDEND] {
            assert_eq!((sio.peek(first, 0), sio.peek(first + 4, 0)), (dividend, divisor));
        }
    }

    #[test]
    fn the_divider_divides() {
        divides(false, 100, 7, 14, 2);
        divides(false, -100i32 as u32, 7, (u32::MAX - 99) / 7, (u32::MAX - 99) % 7);
        divides(true, -100i32 as u32, 7, -14i32 as u32, -2i32 as u32);
        divides(true, 1 << 31, u32::MAX, 1 << 31, 0);
        divides(false, 5, 0, u32::MAX, 5);
        divides(true, 5, 0, u32::MAX, 5);
        divides(true, -5i32 as u32, 0, 1, -5i32 as u32);
    }

    #[test]
    fn reading_the_quotient_says_that_the_result_was_taken() {
        let mut sio = sio();
        store(&mut sio, DIV_UDIVIDEND, 5);
        assert_eq!(sio.peek(DIV_CSR, 0), READY | DIRTY);
        assert!(!sio.loaded(DIV_QUOTIENT));
        assert_eq!(sio.peek(DIV_CSR, 0), READY);
    }

    #[test]
    fn the_mailbox_gives_each_word_once() {
        let mut sio = sio();
        assert_eq!((sio.interrupts(), sio.peek(FIFO_ST, 0)), (0, RDY));
        sio.mail_from_core_1(7);
        assert_eq!(
            (sio.interrupts(), sio.peek(FIFO_ST, 0), sio.peek(FIFO_RD, 0)),
            (1, RDY | VLD, 7)
        );
        assert!(sio.loaded(FIFO_RD));
        assert_eq!((sio.interrupts(), sio.peek(FIFO_ST, 0)), (0, RDY));
        sio.loaded(FIFO_RD);
        assert_eq!(sio.peek(FIFO_ST, 0), RDY | ROE, "read while it was empty");
        store(&mut sio, FIFO_ST, ROE);
        assert_eq!(sio.interrupts(), 0);
    }

    #[test]
    fn a_spinlock_is_there_for_whoever_asks() {
        assert_eq!(sio().peek(SPINLOCK + 4 * 31, 0), 1 << 31);
    }
}
