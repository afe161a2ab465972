//! SPI: a controller (PL022) with nobody on its bus (RP2040 data sheet §4.4).
//!
//! A frame goes out, and one level comes back for all its bits: what the pin for
//! reception is pulled to. With the loop-back mode it is the frame itself. A frame takes
//! no machine time: it is received at the store that sends it, and BSY is never
//! seen. Firmware would only poll that time away. As a target (MS) it waits
//! for a clock that nobody gives. Requests to the DMA controller are not made.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::chip::peripheral::{Context, Peripheral, Support, Write};

/// Frames that each FIFO holds (§4.4.2).
const DEPTH: usize = 8;

/// clk_peri as the SDK sets it up, in Hz.
const CLK_PERI: u64 = 125_000_000;

/// Registers, §4.4.4.
const SSPCR0: u32 = 0x00;
const SSPCR1: u32 = 0x04;
const SSPDR: u32 = 0x08;
const SSPSR: u32 = 0x0c;
const SSPCPSR: u32 = 0x10;
const SSPIMSC: u32 = 0x14;
const SSPRIS: u32 = 0x18;
const SSPMIS: u32 = 0x1c;
const SSPICR: u32 = 0x20;
const SSPDMACR: u32 = 0x24;
/// SSPPERIPHID0 to 3 and SSPPCELLID0 to 3.
const IDENTITY: u32 = 0xfe0;
const IDENTITIES: [u32; 8] = [0x22, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1];

/// SSPCR1.
const LBM: u32 = 1;
const SSE: u32 = 1 << 1;
const MS: u32 = 1 << 2;

/// SSPSR.
const TFE: u32 = 1;
const TNF: u32 = 1 << 1;
const RNE: u32 = 1 << 2;
const RFF: u32 = 1 << 3;

/// SSPIMSC, SSPRIS, SSPMIS and SSPICR: overrun, reception timeout, and FIFOs
/// that are half full and half empty.
const ROR: u32 = 1;
const RT: u32 = 1 << 1;
const RX: u32 = 1 << 2;
const TX: u32 = 1 << 3;

/// One controller.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Spi {
    cr0: u32,
    cr1: u32,
    cpsr: u32,
    imsc: u32,
    dmacr: u32,
    /// Frames that wait, while it is disabled or a target.
    to_send: VecDeque<u32>,
    received: VecDeque<u32>,
    has_overrun: bool,
    has_timed_out: bool,
    /// When a received frame was last put or taken; `None` if the FIFO is empty or
    /// its timeout was cleared since.
    silent_since: Option<u64>,
    /// The level on the pin for reception.
    input: bool,
    clock_hz: u64,
}

impl Spi {
    /// As after power-on, with clk_peri at 125 MHz and the pin for reception low.
    pub(crate) fn new() -> Spi {
        Spi {
            cr0: 0,
            cr1: 0,
            cpsr: 0,
            imsc: 0,
            dmacr: 0,
            to_send: VecDeque::new(),
            received: VecDeque::new(),
            has_overrun: false,
            has_timed_out: false,
            silent_since: None,
            input: false,
            clock_hz: CLK_PERI,
        }
    }

    /// The pin for reception has `level` from now on: all bits that come are so.
    pub(crate) fn set_input(&mut self, level: bool) {
        self.input = level;
    }

    /// clk_peri has `clock_hz`; more than 0. It gives the length of a timeout.
    pub(crate) fn set_clock(&mut self, clock_hz: u64) {
        self.clock_hz = clock_hz;
    }

    /// Sends all frames that wait, if it may.
    fn send(&mut self, now: u64) {
        if self.cr1 & (SSE | MS) != SSE {
            return;
        }
        while let Some(sent) = self.to_send.pop_front() {
            // DSS: bits of a frame, less one (§4.4.4).
            let bits = (2 << (self.cr0 & 0xf)) - 1;
            let level = if self.input { u32::MAX } else { 0 };
            let frame = if self.cr1 & LBM != 0 { sent } else { level } & bits;
            if self.received.len() < DEPTH {
                self.received.push_back(frame);
                self.silent_since = Some(now);
            } else {
                self.has_overrun = true;
            }
        }
    }

    fn settle(&mut self, now: u64) {
        if self.timeout().is_some_and(|timeout| timeout <= now) {
            self.has_timed_out = true;
            self.silent_since = None;
        }
    }

    /// When received frames have waited for 32 bits (§4.4.2).
    fn timeout(&self) -> Option<u64> {
        let cycles = u64::from(self.cpsr.max(2)) * u64::from((self.cr0 >> 8) + 1) * 32;
        let wait = (cycles * 1_000_000_000).div_ceil(self.clock_hz);
        self.silent_since.map(|since| since + wait)
    }

    fn status(&self) -> u32 {
        [
            (self.to_send.is_empty(), TFE),
            (self.to_send.len() < DEPTH, TNF),
            (!self.received.is_empty(), RNE),
            (self.received.len() == DEPTH, RFF),
        ]
        .into_iter()
        .fold(0, |status, (is_set, bit)| if is_set { status | bit } else { status })
    }

    /// SSPRIS at `now`.
    fn raw_interrupts(&self, now: u64) -> u32 {
        let times_out = self.timeout().is_some_and(|timeout| timeout <= now);
        [
            (self.has_overrun, ROR),
            (self.has_timed_out || times_out, RT),
            (self.received.len() >= DEPTH / 2, RX),
            (self.to_send.len() <= DEPTH / 2, TX),
        ]
        .into_iter()
        .fold(0, |raw, (is_set, bit)| if is_set { raw | bit } else { raw })
    }
}

impl Peripheral for Spi {
    fn peek(&self, offset: u32, now: u64) -> u32 {
        match offset {
            SSPCR0 => self.cr0,
            SSPCR1 => self.cr1,
            SSPDR => self.received.front().copied().unwrap_or(0),
            SSPSR => self.status(),
            SSPCPSR => self.cpsr,
            SSPIMSC => self.imsc,
            SSPRIS => self.raw_interrupts(now),
            SSPMIS => self.raw_interrupts(now) & self.imsc,
            SSPDMACR => self.dmacr,
            IDENTITY..0x1000 => IDENTITIES[(offset - IDENTITY) as usize / 4],
            _ => 0,
        }
    }

    fn read(&mut self, offset: u32, context: &mut Context) -> u32 {
        self.settle(context.now);
        let value = self.peek(offset, context.now);
        if offset == SSPDR && self.received.pop_front().is_some() {
            self.silent_since = Some(context.now);
            if self.received.is_empty() {
                self.silent_since = None;
                self.has_timed_out = false;
            }
        }
        value
    }

    fn write(&mut self, offset: u32, write: Write, context: &mut Context) {
        self.settle(context.now);
        let value = write.value;
        match offset {
            SSPCR0 => self.cr0 = value & 0xffff,
            SSPCR1 => self.cr1 = value & 0xf,
            SSPDR if self.to_send.len() < DEPTH => self.to_send.push_back(value & 0xffff),
            // Its lowest bit is always 0.
            SSPCPSR => self.cpsr = value & 0xfe,
            SSPIMSC => self.imsc = value & 0xf,
            SSPICR => {
                self.has_overrun &= write.ones & ROR == 0;
                if write.ones & RT != 0 {
                    self.has_timed_out = false;
                    self.silent_since = None;
                }
            }
            SSPDMACR => self.dmacr = value & 3,
            _ => {}
        }
        self.send(context.now);
    }

    fn reset(&mut self, _now: u64) {
        *self = Spi { input: self.input, clock_hz: self.clock_hz, ..Spi::new() };
    }

    /// Bit 0: SPI0_IRQ or SPI1_IRQ.
    fn interrupts(&self) -> u32 {
        // Time 0: a timeout counts once it is settled.
        u32::from(self.raw_interrupts(0) & self.imsc != 0)
    }

    fn next_deadline(&self) -> Option<u64> {
        self.timeout().filter(|_| self.imsc & RT != 0 && !self.has_timed_out)
    }

    fn advance(&mut self, context: &mut Context) {
        self.settle(context.now);
    }

    fn support(&self, offset: u32) -> Support {
        match offset {
            SSPCR0..=SSPDMACR | IDENTITY..0x1000 => Support::Modelled,
            _ => Support::Nothing,
        }
    }
}
