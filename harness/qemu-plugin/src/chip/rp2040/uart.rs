//! A UART (RP2040 data sheet §4.2; Arm PL011 TRM, DDI 0183G).
//!
//! A byte leaves at the store to UARTDR; the transmit FIFO is always empty. Bytes
//! come in at the pace of the line, which the lab keeps.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::chip::peripheral::{Context, Effect, Peripheral, Support, Write};

const UARTDR: u32 = 0x00;
const UARTRSR: u32 = 0x04;
/// UARTFR with TXFE, RXFF, RXFE.
const UARTFR: u32 = 0x18;
const TXFE: u32 = 1 << 7;
const RXFF: u32 = 1 << 6;
const RXFE: u32 = 1 << 4;
const UARTILPR: u32 = 0x20;
const UARTIBRD: u32 = 0x24;
const UARTFBRD: u32 = 0x28;
/// UARTLCR_H with FEN.
const UARTLCR_H: u32 = 0x2c;
const FEN: u32 = 1 << 4;
/// UARTCR with RXE, TXE, LBE, UARTEN.
const UARTCR: u32 = 0x30;
const RXE: u32 = 1 << 9;
const TXE: u32 = 1 << 8;
const LBE: u32 = 1 << 7;
const UARTEN: u32 = 1;
const UARTIFLS: u32 = 0x34;
const UARTIMSC: u32 = 0x38;
const UARTRIS: u32 = 0x3c;
const UARTMIS: u32 = 0x40;
const UARTICR: u32 = 0x44;
const UARTDMACR: u32 = 0x48;
/// Bits of the four registers of interrupts: receive timeout, transmit, receive.
const RT: u32 = 1 << 6;
const TX: u32 = 1 << 5;
const RX: u32 = 1 << 4;
/// UARTPERIPHID0 to UARTPCELLID3.
const ID: u32 = 0xfe0;
const IDS: [u32; 8] = [0x11, 0x10, 0x34, 0, 0x0d, 0xf0, 0x05, 0xb1];
/// Bytes in the receive FIFO.
const DEPTH: usize = 32;
/// At how many of them RX is raised, by UARTIFLS.RXIFLSEL.
const LEVELS: [usize; 8] = [4, 8, 16, 24, 28, 28, 28, 28];
/// clk_peri as the SDK sets it up, in Hz.
const CLK_PERI: u64 = 125_000_000;
/// The receive timeout (DDI 0183G §2.8.5).
const TIMEOUT_BITS: u64 = 32;

/// See the head of this module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Uart {
    number: usize,
    received: VecDeque<u8>,
    /// When the line has been quiet for so long that what is left is to be read.
    timeout: Option<u64>,
    /// clk_peri.
    clock_hz: u64,
    ilpr: u32,
    ibrd: u32,
    fbrd: u32,
    lcr_h: u32,
    cr: u32,
    ifls: u32,
    imsc: u32,
    ris: u32,
    dmacr: u32,
}

impl Uart {
    /// UART number `number` of its chip.
    pub(crate) fn new(number: usize) -> Uart {
        Uart {
            number,
            received: VecDeque::new(),
            timeout: None,
            clock_hz: CLK_PERI,
            ilpr: 0,
            ibrd: 0,
            fbrd: 0,
            lcr_h: 0,
            cr: RXE | TXE,
            ifls: 0x12,
            imsc: 0,
            ris: 0,
            dmacr: 0,
        }
    }

    /// clk_peri has `clock_hz`; more than 0. It gives the length of a timeout.
    pub(crate) fn set_clock(&mut self, clock_hz: u64) {
        self.clock_hz = clock_hz;
    }

    /// Whether it is enabled.
    pub(crate) fn is_on(&self) -> bool {
        self.cr & UARTEN != 0
    }

    /// Whether it takes a byte now: it is on, and its FIFO is not full.
    pub(crate) fn has_room(&self) -> bool {
        self.cr & (UARTEN | RXE) == UARTEN | RXE && self.received.len() < self.depth()
    }

    /// A byte arrives, for which there is room.
    pub(crate) fn receive(&mut self, byte: u8, now: u64) {
        self.received.push_back(byte);
        self.wait(now);
    }

    fn depth(&self) -> usize {
        if self.lcr_h & FEN == 0 { 1 } else { DEPTH }
    }

    /// The level of RX follows the FIFO; the timeout begins anew if bytes wait.
    fn wait(&mut self, now: u64) {
        let level = if self.lcr_h & FEN == 0 { 1 } else { LEVELS[(self.ifls >> 3 & 7) as usize] };
        self.ris &= !RX;
        if self.received.len() >= level {
            self.ris |= RX;
        }
        if self.received.is_empty() {
            self.ris &= !RT;
            self.timeout = None;
        } else {
            self.timeout = Some(now + TIMEOUT_BITS * self.bit_ns());
        }
    }

    /// How long a bit takes: 16 periods of clk_peri, times the divisor in 64ths
    /// (§4.2.7.1).
    fn bit_ns(&self) -> u64 {
        let divisor = u64::from(self.ibrd) * 64 + u64::from(self.fbrd);
        divisor * 16 * 1_000_000_000 / 64 / self.clock_hz
    }

    fn send(&mut self, byte: u8, context: &mut Context) {
        if self.cr & UARTEN == 0 || self.cr & TXE == 0 {
            return;
        }
        if self.cr & LBE == 0 {
            context.effects.push(Effect::Sent { uart: self.number, byte });
        } else if self.has_room() {
            self.receive(byte, context.now);
        }
        self.ris |= TX; // The FIFO has drained again.
    }
}

impl Peripheral for Uart {
    fn peek(&self, offset: u32, _now: u64) -> u32 {
        match offset {
            UARTDR => self.received.front().copied().map_or(0, u32::from),
            UARTFR => {
                let empty = if self.received.is_empty() { RXFE } else { 0 };
                let full = if self.received.len() >= self.depth() { RXFF } else { 0 };
                TXFE | empty | full
            }
            UARTILPR => self.ilpr,
            UARTIBRD => self.ibrd,
            UARTFBRD => self.fbrd,
            UARTLCR_H => self.lcr_h,
            UARTCR => self.cr,
            UARTIFLS => self.ifls,
            UARTIMSC => self.imsc,
            UARTRIS => self.ris,
            UARTMIS => self.ris & self.imsc,
            UARTDMACR => self.dmacr,
            ID.. => IDS.get((offset - ID) as usize / 4).copied().unwrap_or(0),
            _ => 0,
        }
    }

    fn read(&mut self, offset: u32, context: &mut Context) -> u32 {
        let value = self.peek(offset, context.now);
        if offset == UARTDR && self.received.pop_front().is_some() {
            self.wait(context.now);
        }
        value
    }

    fn write(&mut self, offset: u32, Write { value, ones }: Write, context: &mut Context) {
        match offset {
            UARTDR => self.send(value as u8, context),
            UARTILPR => self.ilpr = value & 0xff,
            UARTIBRD => self.ibrd = value & 0xffff,
            UARTFBRD => self.fbrd = value & 0x3f,
            UARTLCR_H => {
                self.lcr_h = value & 0xff;
                self.wait(context.now);
            }
            UARTCR => self.cr = value & 0xff87,
            UARTIFLS => {
                self.ifls = value & 0x3f;
                self.wait(context.now);
            }
            UARTIMSC => self.imsc = value & 0x7ff,
            UARTICR => {
                self.ris &= !ones;
                if ones & RT != 0 && !self.received.is_empty() {
                    self.timeout = Some(context.now + TIMEOUT_BITS * self.bit_ns());
                }
            }
            UARTDMACR => self.dmacr = value & 7,
            _ => {}
        }
    }

    fn reset(&mut self, _now: u64) {
        *self = Uart { clock_hz: self.clock_hz, ..Uart::new(self.number) };
    }

    fn interrupts(&self) -> u32 {
        u32::from(self.ris & self.imsc != 0)
    }

    fn next_deadline(&self) -> Option<u64> {
        self.timeout
    }

    fn advance(&mut self, context: &mut Context) {
        if self.timeout.is_some_and(|at| at <= context.now) {
            self.timeout = None;
            self.ris |= RT;
        }
    }

    fn support(&self, offset: u32) -> Support {
        match offset {
            UARTDR..=UARTRSR | UARTFR | UARTILPR..=UARTDMACR | ID.. => Support::Modelled,
            _ => Support::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(now: u64) -> Context {
        Context { now, ..Context::default() }
    }

    /// As the pico-sdk sets one up for 115200 baud.
    fn uart() -> Uart {
        let mut uart = Uart::new(1);
        for (offset, value) in [
            (UARTIBRD, 67),
            (UARTFBRD, 52),
            (UARTLCR_H, 0x70),
            (UARTCR, RXE | TXE | UARTEN),
            (UARTIFLS, 0),
            (UARTIMSC, RX | RT),
        ] {
            uart.write(offset, value.into(), &mut at(0));
        }
        uart
    }

    #[test]
    fn a_byte_leaves_at_its_store_and_the_transmitter_is_ready_again() {
        let mut uart = uart();
        let mut context = at(0);
        uart.write(UARTDR, 0x141.into(), &mut context);
        assert_eq!(context.effects, [Effect::Sent { uart: 1, byte: 0x41 }]);
        assert_eq!(uart.peek(UARTFR, 0), TXFE | RXFE);
        assert_eq!((uart.peek(UARTRIS, 0), uart.interrupts()), (TX, 0));
    }

    #[test]
    fn nothing_leaves_a_uart_that_is_off() {
        let mut context = at(0);
        Uart::new(0).write(UARTDR, 0x41.into(), &mut context);
        assert_eq!(context.effects, []);
        assert!(!Uart::new(0).has_room());
    }

    #[test]
    fn four_bytes_raise_the_interrupt_at_once_and_fewer_when_the_line_is_quiet() {
        let mut uart = uart();
        for (byte, now) in [(1, 0), (2, 100), (3, 200)] {
            uart.receive(byte, now);
        }
        assert_eq!((uart.interrupts(), uart.next_deadline()), (0, Some(200 + 32 * 8680)));
        uart.receive(4, 300);
        assert_eq!(uart.peek(UARTMIS, 0), RX);
        assert_eq!(uart.read(UARTDR, &mut at(400)), 1);
        assert_eq!((uart.interrupts(), uart.next_deadline()), (0, Some(400 + 32 * 8680)));
        uart.advance(&mut at(400 + 32 * 8680));
        assert_eq!((uart.peek(UARTMIS, 0), uart.next_deadline()), (RT, None));
        for byte in 2..=4 {
            assert_eq!(uart.read(UARTDR, &mut at(500_000)), byte);
        }
        assert_eq!((uart.interrupts(), uart.next_deadline()), (0, None));
    }

    #[test]
    fn a_cleared_timeout_comes_again_while_bytes_wait() {
        let mut uart = uart();
        uart.receive(1, 0);
        uart.advance(&mut at(32 * 8680));
        uart.write(UARTICR, 0x7ff.into(), &mut at(300_000));
        assert_eq!((uart.interrupts(), uart.next_deadline()), (0, Some(300_000 + 32 * 8680)));
    }

    #[test]
    fn its_fifo_holds_thirty_two_or_one() {
        let mut uart = uart();
        (0..DEPTH).for_each(|_| uart.receive(7, 0));
        assert_eq!((uart.has_room(), uart.peek(UARTFR, 0) & RXFF), (false, RXFF));
        uart.write(UARTLCR_H, 0x60.into(), &mut at(0));
        uart.received.clear();
        uart.receive(7, 0);
        assert_eq!((uart.has_room(), uart.peek(UARTMIS, 0)), (false, RX));
    }

    #[test]
    fn a_loop_back_stays_inside() {
        let mut uart = uart();
        uart.write(UARTCR, (RXE | TXE | LBE | UARTEN).into(), &mut at(0));
        let mut context = at(0);
        uart.write(UARTDR, 0x41.into(), &mut context);
        assert_eq!((context.effects.len(), uart.read(UARTDR, &mut at(0))), (0, 0x41));
    }
}
