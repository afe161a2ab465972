//! The serial interface to the flash (RP2040 data sheet §4.10), for commands to the flash
//! chip: its content in place is memory of the machine.
//!
//! A byte that is stored to the data register is with the flash chip at once, whatever the
//! interface is set to; one comes back for it.

use std::collections::VecDeque;

use crate::chip::peripheral::{Context, Peripheral, Support, Write};
use crate::chip::storage::Storage;

use super::flash_chip::FlashChip;

/// SSIENR, TXFLR, RXFLR.
const SSIENR: u32 = 0x08;
const TXFLR: u32 = 0x20;
const RXFLR: u32 = 0x24;
/// SR with RFNE, TFE, TFNF.
const SR: u32 = 0x28;
const RFNE: u32 = 8;
const TFE: u32 = 4;
const TFNF: u32 = 2;
/// DR0, which is seen at 36 addresses.
const DR0: u32 = 0x60;
const DR_END: u32 = 0xf0;
const SIZE: u32 = 0xfc;

/// Who decides the level of the chip select: OUTOVER of GPIO_QSPI_SS_CTRL (§2.19.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Select {
    /// The interface: low while it has something to send.
    Interface,
    /// Firmware: the flash chip is selected.
    Low,
    /// Firmware: it is not.
    High,
}

/// See the head of this module.
#[derive(Clone)]
pub(crate) struct Ssi {
    registers: Storage,
    received: VecDeque<u8>,
    flash: FlashChip,
    select: Select,
    /// What the flash chip sees of each byte if the pad of the first data line does not
    /// drive it.
    pulled: Option<u8>,
}

impl Ssi {
    pub(crate) fn new(flash: FlashChip) -> Ssi {
        let initial = [(0x58, 0x5153_5049), (0x5c, 0x3430_312a), (0xf4, 0x0300_0000)];
        Ssi {
            registers: Storage::modelled(SIZE, &initial),
            received: VecDeque::new(),
            flash,
            select: Select::Interface,
            pulled: None,
        }
    }

    /// The chip select is decided so from now on. A change ends a transfer.
    pub(crate) fn select(&mut self, select: Select, context: &mut Context) {
        if std::mem::replace(&mut self.select, select) != select {
            self.flash.release(context);
        }
    }

    /// The first data line is driven, or held at one level by a resistor.
    pub(crate) fn pull(&mut self, level: Option<bool>) {
        self.pulled = level.map(|level| if level { 0xff } else { 0 });
    }

    /// The first word of the flash.
    pub(crate) fn first_word(&self) -> u32 {
        self.flash.first_word()
    }

    fn exchange(&mut self, byte: u8, context: &mut Context) {
        let answer = match self.select {
            Select::High => 0,
            _ => self.flash.exchange(self.pulled.unwrap_or(byte), context),
        };
        self.received.push_back(answer);
    }

    /// The interface has nothing more to send, and lets go of the chip select if that is its.
    fn end(&mut self, context: &mut Context) {
        if self.select == Select::Interface {
            self.flash.release(context);
        }
    }
}

impl Peripheral for Ssi {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        match offset {
            TXFLR => 0,
            RXFLR => self.received.len() as u32,
            SR => TFNF | TFE | if self.received.is_empty() { 0 } else { RFNE },
            DR0..DR_END => self.received.front().copied().map_or(0, u32::from),
            _ => self.registers.get(offset),
        }
    }

    fn read(&mut self, offset: u32, context: &mut Context) -> u32 {
        let value = self.peek(offset, context.now);
        if (DR0..DR_END).contains(&offset) {
            self.received.pop_front();
            if self.received.is_empty() {
                self.end(context);
            }
        }
        value
    }

    fn write(&mut self, offset: u32, write: Write, context: &mut Context) {
        match offset {
            DR0..DR_END => self.exchange(write.value as u8, context),
            SSIENR if write.value & 1 == 0 => {
                self.received.clear();
                self.end(context);
                self.registers.set(offset, write.value);
            }
            _ => self.registers.set(offset, write.value),
        }
    }

    fn reset(&mut self, now: u64) {
        self.registers.reset(now);
        self.received.clear();
        self.flash.reset();
        (self.select, self.pulled) = (Select::Interface, None);
    }

    fn support(&self, offset: u32) -> Support {
        self.registers.support(offset)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;
    use crate::chip::peripheral::Effect;

    fn ssi() -> Ssi {
        let words: Vec<_> = (0..0x4000).map(|_| AtomicU32::new(0x0403_0201)).collect();
        Ssi::new(FlashChip::new(Box::leak(words.into_boxed_slice()), 0))
    }

    /// Sends all bytes, then reads as many.
    fn exchange(ssi: &mut Ssi, bytes: &[u8], context: &mut Context) -> Vec<u32> {
        bytes.iter().for_each(|byte| ssi.write(DR0, u32::from(*byte).into(), context));
        assert_eq!(ssi.peek(RXFLR, 0) as usize, bytes.len());
        bytes.iter().map(|_| ssi.read(DR0, context)).collect()
    }

    #[test]
    fn a_transfer_ends_when_all_was_read() {
        let (ssi, context) = (&mut ssi(), &mut Context::default());
        assert_eq!(exchange(ssi, &[0x35, 0], context), [0, 2]);
        assert_eq!(exchange(ssi, &[0x9f, 0, 0, 0], context), [0, 0xef, 0x40, 0x15]);
        assert_eq!(ssi.peek(SR, 0), TFNF | TFE);
        exchange(ssi, &[6], context);
        exchange(ssi, &[0x20, 0, 0, 0], context);
        assert_eq!(context.effects, [Effect::Erase { at: 0, length: 0x1000 }]);
    }

    #[test]
    fn a_held_chip_select_goes_on_with_the_same_command() {
        let (ssi, context) = (&mut ssi(), &mut Context::default());
        ssi.select(Select::Low, context);
        exchange(ssi, &[0x9f], context);
        ssi.select(Select::Low, context);
        assert_eq!(exchange(ssi, &[0, 0], context), [0xef, 0x40], "the override did not change");
        ssi.select(Select::High, context);
        assert_eq!(exchange(ssi, &[0x35, 0], context), [0, 0], "not selected");
        ssi.select(Select::Low, context);
        assert_eq!(exchange(ssi, &[3, 0, 0, 2, 0, 0], context)[4..], [3, 4]);
    }

    #[test]
    fn an_interface_that_is_switched_off_forgets_and_lets_go() {
        let (ssi, context) = (&mut ssi(), &mut Context::default());
        [0xeb, 0xa0].iter().for_each(|byte| ssi.write(DR0, (*byte).into(), context));
        ssi.write(SSIENR, 0.into(), context);
        assert_eq!(ssi.peek(RXFLR, 0), 0);
        assert_eq!(exchange(ssi, &[0x35, 0], context), [0, 2]);
    }

    #[test]
    fn a_line_that_is_not_driven_is_seen_as_its_resistor_holds_it() {
        let (ssi, context) = (&mut ssi(), &mut Context::default());
        ssi.pull(Some(true));
        exchange(ssi, &[0, 0, 0, 0], context);
        assert_eq!(context.effects, [], "the end of a read in place");
        ssi.pull(Some(false));
        exchange(ssi, &[0xff], context);
        assert!(matches!(context.effects[..], [Effect::Found(_)]), "{:?}", context.effects);
    }
}
