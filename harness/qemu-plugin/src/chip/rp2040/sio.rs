//! The single-cycle I/O block (RP2040 data sheet §2.3.1): pins, divider, mailboxes,
//! spinlocks.
//!
//! Its registers stand in a page of the machine's memory, so that loads run at
//! the speed of RAM; each store keeps them up to date. The few loads with an
//! effect are told by [`Sio::loaded`]. With one core a load of a spinlock is none
//! of them: whoever asks for a lock gets it. Each of two cores has a page of its
//! own, in which pins and locks are the same.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use crate::chip::peripheral::{Context, Peripheral, Support, Write};
use crate::qemu::Memory;

/// CPUID: the number of the core that reads it.
const CPUID: u32 = 0x00;
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
/// Words that a mailbox holds (§2.3.1.4).
const DEEP: usize = 8;
/// SPINLOCK_ST: a bit for each lock that is taken.
const SPINLOCK_ST: u32 = 0x5c;
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
#[derive(Clone)]
pub(crate) struct Sio {
    /// What each core sees; the number of cores does not change.
    views: Vec<View>,
}

/// What one core has for itself.
#[derive(Clone)]
struct View {
    words: Memory,
    /// Whether the divider's operands are signed numbers.
    is_signed: bool,
    /// The words that it was sent and has not read.
    inbox: VecDeque<u32>,
}

impl Sio {
    /// For one or two cores, each with its page.
    pub(crate) fn new(pages: &[Memory]) -> Sio {
        let view = |words| View { words, is_signed: false, inbox: VecDeque::new() };
        let mut sio = Sio { views: pages.iter().copied().map(view).collect() };
        sio.reset(0);
        sio
    }

    /// Whether there is a second core.
    pub(crate) fn has_two(&self) -> bool {
        self.views.len() == 2
    }

    fn get(&self, core: usize, offset: u32) -> u32 {
        self.views[core].words[(offset / 4) as usize].load(Ordering::Relaxed)
    }

    fn set(&self, core: usize, offset: u32, value: u32) {
        self.views[core].words[(offset / 4) as usize].store(value, Ordering::Relaxed);
    }

    /// Sets what both cores see.
    fn set_all(&self, offset: u32, value: u32) {
        (0..self.views.len()).for_each(|core| self.set(core, offset, value));
    }

    /// The levels and the enables of the pins.
    pub(crate) fn outputs(&self) -> (u32, u32) {
        (self.get(0, GPIO_OUT), self.get(0, GPIO_OE))
    }

    /// The pins have these levels.
    pub(crate) fn set_inputs(&self, levels: u32) {
        self.set_all(GPIO_IN, levels);
    }

    /// The levels that the pins have.
    pub(crate) fn inputs(&self) -> u32 {
        self.get(0, GPIO_IN)
    }

    /// A word that core 1 would send, where there is none.
    pub(crate) fn mail_from_core_1(&mut self, word: u32) {
        self.put_into(0, word);
        self.show_mail();
    }

    /// Puts a word into the mailbox of `core`; `false` if it is full.
    fn put_into(&mut self, core: usize, word: u32) -> bool {
        let inbox = &mut self.views[core].inbox;
        let has_room = inbox.len() < DEEP;
        if has_room {
            inbox.push_back(word);
        }
        has_room
    }

    fn send(&mut self, from: usize, word: u32) {
        // A core that is alone sends to nobody.
        if self.has_two() && !self.put_into(1 - from, word) {
            self.err(from, WOF);
        }
        self.show_mail();
    }

    fn err(&self, core: usize, error: u32) {
        self.set(core, FIFO_ST, self.get(core, FIFO_ST) | error);
    }

    fn show_mail(&self) {
        for (core, view) in self.views.iter().enumerate() {
            let errors = self.get(core, FIFO_ST) & (ROE | WOF);
            let valid = if view.inbox.is_empty() { 0 } else { VLD };
            let is_full = self.has_two() && self.views[1 - core].inbox.len() == DEEP;
            let ready = if is_full { 0 } else { RDY };
            self.set(core, FIFO_ST, errors | ready | valid);
            self.set(core, FIFO_RD, view.inbox.front().copied().unwrap_or(0));
        }
    }

    /// After a load by `core` that the mirror cannot do alone; whether an interrupt
    /// may have changed.
    pub(crate) fn loaded(&mut self, core: usize, offset: u32) -> bool {
        match offset {
            DIV_QUOTIENT => {
                self.set(core, DIV_CSR, READY);
                false
            }
            FIFO_RD => {
                if self.views[core].inbox.pop_front().is_none() {
                    self.err(core, ROE);
                }
                self.show_mail();
                true
            }
            SPINLOCK..END if self.has_two() => {
                self.set_all(offset, 0);
                self.set_all(SPINLOCK_ST, self.get(0, SPINLOCK_ST) | bit_of(offset));
                false
            }
            _ => false,
        }
    }

    fn release(&self, lock: u32) {
        if self.has_two() {
            self.set_all(lock, bit_of(lock));
            self.set_all(SPINLOCK_ST, self.get(0, SPINLOCK_ST) & !bit_of(lock));
        }
    }

    /// The result of a division is there at once (§2.3.1.5). By zero it is as
    /// the data sheet says: all ones, or 1 for a negative dividend.
    fn divide(&self, core: usize) {
        let is_signed = self.views[core].is_signed;
        let (dividend, divisor) = (self.get(core, DIV_UDIVIDEND), self.get(core, DIV_UDIVISOR));
        let (quotient, remainder) = if divisor == 0 {
            let negative = is_signed && dividend >> 31 != 0;
            (if negative { 1 } else { u32::MAX }, dividend)
        } else if is_signed {
            let (dividend, divisor) = (dividend as i32, divisor as i32);
            (dividend.wrapping_div(divisor) as u32, dividend.wrapping_rem(divisor) as u32)
        } else {
            (dividend / divisor, dividend % divisor)
        };
        self.set(core, DIV_QUOTIENT, quotient);
        self.set(core, DIV_REMAINDER, remainder);
        self.set(core, DIV_CSR, READY | DIRTY);
    }

    fn operand(&mut self, core: usize, offset: u32, value: u32, is_signed: bool) {
        let unsigned = if is_signed { offset - 8 } else { offset };
        self.set(core, unsigned, value);
        self.set(core, unsigned + 8, value);
        self.views[core].is_signed = is_signed;
        self.divide(core);
    }
}

/// The bit of a lock, by the offset of its register.
fn bit_of(lock: u32) -> u32 {
    1 << ((lock - SPINLOCK) / 4)
}

impl Peripheral for Sio {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        if offset < END { self.get(0, offset) } else { 0 }
    }

    fn write(&mut self, offset: u32, Write { value, .. }: Write, context: &mut Context) {
        let core = context.core;
        match offset {
            GPIO_OUT..GPIO_END => {
                let register = offset & !15;
                let old = self.get(0, register);
                let new = match offset >> 2 & 3 {
                    0 => value,
                    1 => old | value,
                    2 => old & !value,
                    _ => old ^ value,
                };
                self.set_all(register, new & 0x3fff_ffff);
            }
            FIFO_ST => {
                let old = self.get(core, FIFO_ST);
                self.set(core, FIFO_ST, old & !(value & (ROE | WOF)));
            }
            FIFO_WR => self.send(core, value),
            DIV_UDIVIDEND | DIV_UDIVISOR => self.operand(core, offset, value, false),
            DIV_SDIVIDEND | DIV_SDIVISOR => self.operand(core, offset, value, true),
            DIV_QUOTIENT | DIV_REMAINDER => {
                self.set(core, offset, value);
                self.set(core, DIV_CSR, READY | DIRTY);
            }
            INTERP..SPINLOCK => self.set(core, offset, value),
            SPINLOCK..END => self.release(offset),
            _ => {}
        }
    }

    fn reset(&mut self, _now: u64) {
        for (core, view) in (0..).zip(&mut self.views) {
            view.words[..(END / 4) as usize]
                .iter()
                .for_each(|word| word.store(0, Ordering::Relaxed));
            view.words[(CPUID / 4) as usize].store(core, Ordering::Relaxed);
            view.is_signed = false;
            view.inbox.clear();
        }
        self.set_all(GPIO_HI_IN, QSPI_HIGH);
        self.set_all(FIFO_ST, RDY);
        self.set_all(DIV_CSR, READY);
        for lock in (SPINLOCK..END).step_by(4) {
            self.set_all(lock, bit_of(lock));
        }
    }

    /// Bit 0: the mailbox of core 0 holds a word, or one was lost, or none was there
    /// (SIO_IRQ_PROC0). Bit 1: that of core 1.
    fn interrupts(&self) -> u32 {
        let wants = |core| u32::from(self.get(core, FIFO_ST) & (VLD | WOF | ROE) != 0);
        (0..self.views.len()).map(|core| wants(core) << core).sum()
    }

    fn support(&self, offset: u32) -> Support {
        match offset {
            INTERP..SPINLOCK => Support::Storage,
            FIFO_WR if !self.has_two() => Support::Storage,
            0..END => Support::Modelled,
            _ => Support::Nothing,
        }
    }
}

#[cfg(test)]
mod tests;
