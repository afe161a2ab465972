//! PWM: eight slices with two outputs each (RP2040 data sheet §4.5).
//!
//! [`slice`] says what a slice does from cycle to cycle; here are the registers,
//! and machine time as cycles of clk_sys. The chip asks for levels
//! ([`Pwm::level`]) after each store and deadline, and says which outputs are on
//! a pin ([`Pwm::watch`]): only these, and wraps that interrupt, have deadlines.
//! Requests to the DMA controller are not made.

mod slice;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::slice::{EN, Slice};
use crate::chip::peripheral::{Context, Peripheral, Support, Write};

pub(crate) use self::slice::Output;

/// How many slices there are.
pub(crate) const SLICES: usize = 8;

/// clk_sys as the SDK sets it up, in Hz.
const CLK_SYS: u64 = 125_000_000;

/// Registers, §4.5.3. Each slice has five, from [`SLICE_SIZE`] times its number on.
const CSR: u32 = 0x00;
const DIV: u32 = 0x04;
const CTR: u32 = 0x08;
const CC: u32 = 0x0c;
const SLICE_SIZE: u32 = 0x14;
const ENABLES: u32 = 0xa0;
const INTR: u32 = 0xa4;
const INTE: u32 = 0xa8;
const INTF: u32 = 0xac;
const INTS: u32 = 0xb0;

/// The PWM block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pwm {
    slices: [Slice; SLICES],
    intr: u32,
    inte: u32,
    intf: u32,
    /// Outputs whose edges have deadlines; bit 2 × slice for A, the next for B.
    watched: u32,
    clock_hz: u64,
    /// Machine time of cycle 0, in nanoseconds.
    origin: u64,
}

impl Pwm {
    /// As after power-on, with clk_sys at 125 MHz and no output on a pin.
    pub(crate) fn new() -> Pwm {
        Pwm {
            slices: [Slice::new(0, false); SLICES],
            intr: 0,
            inte: 0,
            intf: 0,
            watched: 0,
            clock_hz: CLK_SYS,
            origin: 0,
        }
    }

    /// clk_sys has `clock_hz` from `now` on; more than 0.
    pub(crate) fn set_clock(&mut self, clock_hz: u64, now: u64) {
        self.settle(now);
        self.clock_hz = clock_hz;
        self.origin = now;
        for slice in &mut self.slices {
            slice.rename_cycle(0);
        }
    }

    /// Says which outputs somebody looks at: bit 2 × slice for A, the next for B.
    pub(crate) fn watch(&mut self, outputs: u32) {
        self.watched = outputs;
    }

    /// The level that slice `slice` (0 to 7) gives `output`; `None` for B while its
    /// pin is an input (DIVMODE 1 to 3).
    pub(crate) fn level(&self, slice: usize, output: Output, now: u64) -> Option<bool> {
        self.slice_at(slice, now).level(output)
    }

    /// Pin B of slice `slice` (0 to 7) has `level` from `now` on: what is counted in
    /// DIVMODE 1 to 3. Interrupts and deadlines may change by it.
    pub(crate) fn set_input(&mut self, slice: usize, level: bool, now: u64) {
        self.settle(now);
        self.slices[slice].set_input(level);
        self.take_wraps();
    }

    fn settle(&mut self, now: u64) {
        let cycle = self.cycle_at(now);
        for slice in &mut self.slices {
            slice.run_to(cycle);
        }
        self.take_wraps();
    }

    fn take_wraps(&mut self) {
        for (number, slice) in self.slices.iter_mut().enumerate() {
            self.intr |= u32::from(slice.take_wrap()) << number;
        }
    }

    fn slice_at(&self, slice: usize, now: u64) -> Slice {
        let mut slice = self.slices[slice];
        slice.run_to(self.cycle_at(now));
        slice
    }

    /// INTR at `now`.
    fn raw_interrupts(&self, now: u64) -> u32 {
        (0..SLICES).fold(self.intr, |raw, number| {
            raw | u32::from(self.slice_at(number, now).take_wrap()) << number
        })
    }

    /// The last cycle that has begun at `now`.
    fn cycle_at(&self, now: u64) -> u64 {
        let elapsed = u128::from(now.saturating_sub(self.origin));
        let cycle = elapsed * u128::from(self.clock_hz) / 1_000_000_000;
        u64::try_from(cycle).unwrap_or(u64::MAX)
    }

    /// The first nanosecond of a cycle.
    fn time_of(&self, cycle: u64) -> u64 {
        let elapsed = (u128::from(cycle) * 1_000_000_000).div_ceil(u128::from(self.clock_hz));
        self.origin.saturating_add(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }
}

/// The slice that a register belongs to, and which of its registers it is.
fn slice_of(offset: u32) -> Option<(usize, u32)> {
    (offset < ENABLES).then_some(((offset / SLICE_SIZE) as usize, offset % SLICE_SIZE))
}

impl Peripheral for Pwm {
    fn peek(&self, offset: u32, now: u64) -> u32 {
        if let Some((number, register)) = slice_of(offset) {
            let slice = self.slice_at(number, now);
            return match register {
                CSR => slice.csr(),
                DIV => slice.div(),
                CTR => slice.counter(),
                CC => slice.cc(),
                _ => slice.top(),
            };
        }
        match offset {
            ENABLES => (0..SLICES)
                .fold(0, |bits, number| bits | (self.slices[number].csr() & EN) << number),
            INTR => self.raw_interrupts(now),
            INTE => self.inte,
            INTF => self.intf,
            INTS => self.raw_interrupts(now) & self.inte | self.intf,
            _ => 0,
        }
    }

    fn write(&mut self, offset: u32, write: Write, context: &mut Context) {
        self.settle(context.now);
        if let Some((number, register)) = slice_of(offset) {
            let slice = &mut self.slices[number];
            match register {
                CSR => slice.set_csr(write.value),
                DIV => slice.set_div(write.value),
                CTR => slice.set_counter(write.value),
                CC => slice.set_cc(write.value),
                _ => slice.set_top(write.value),
            }
        }
        match offset {
            ENABLES => {
                for (number, slice) in self.slices.iter_mut().enumerate() {
                    slice.set_csr(slice.csr() & !EN | write.value >> number & EN);
                }
            }
            INTR => self.intr &= !write.ones,
            INTE => self.inte = write.value & 0xff,
            INTF => self.intf = write.value & 0xff,
            _ => {}
        }
        self.take_wraps();
    }

    fn reset(&mut self, now: u64) {
        self.settle(now);
        let cycle = self.cycle_at(now);
        self.slices = self.slices.map(|slice| Slice::new(cycle, slice.input()));
        (self.intr, self.inte, self.intf) = (0, 0, 0);
    }

    /// Bit 0: PWM_IRQ_WRAP.
    fn interrupts(&self) -> u32 {
        u32::from(self.intr & self.inte | self.intf != 0)
    }

    fn next_deadline(&self) -> Option<u64> {
        let cycles = self.slices.iter().enumerate().flat_map(|(number, slice)| {
            let is_watched = |bit: usize| self.watched >> (2 * number + bit) & 1 != 0;
            let interrupts = self.inte & !self.intr & !self.intf & 1 << number != 0;
            [
                is_watched(0).then(|| slice.next_edge(Output::A)).flatten(),
                is_watched(1).then(|| slice.next_edge(Output::B)).flatten(),
                interrupts.then(|| slice.next_wrap()).flatten(),
            ]
        });
        cycles.flatten().min().map(|cycle| self.time_of(cycle))
    }

    fn advance(&mut self, context: &mut Context) {
        self.settle(context.now);
    }

    fn support(&self, offset: u32) -> Support {
        if offset <= INTS { Support::Modelled } else { Support::Nothing }
    }
}
