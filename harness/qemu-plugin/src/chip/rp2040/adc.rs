//! ADC: five inputs, one converter, a FIFO of results (RP2040 data sheet §4.9).
//!
//! A conversion takes its 96 cycles of the 48 MHz clock, 2 µs of machine time, and
//! is done when somebody looks: only an interrupt needs a deadline. Firmware that
//! waits for READY polls it for those 2 µs, some tens of loads. The converter is
//! ideal: no noise, no offset, none of the uneven steps of §4.9.4. A conversion
//! takes the input that AINSEL names and the voltage there when it ends. Requests
//! to the DMA controller are not made.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::chip::peripheral::{Context, Peripheral, Support, Write};

/// Inputs: 0 to 3 are GPIO26 to GPIO29, 4 is the temperature sensor.
const PINS: usize = 4;
const SENSOR: u32 = 4;

/// ADC_VREF of a Pico, in microvolts: what gives the largest result.
const REFERENCE: i64 = 3_300_000;

/// Nanoseconds of a conversion: 96 cycles of 48 MHz (§4.9.2).
const CONVERSION: u64 = 2000;

/// Results that the FIFO holds (§4.9.2.2).
const DEPTH: usize = 4;

/// Registers, §4.9.6.
const CS: u32 = 0x00;
const RESULT: u32 = 0x04;
const FCS: u32 = 0x08;
const FIFO: u32 = 0x0c;
const DIV: u32 = 0x10;
const INTR: u32 = 0x14;
const INTE: u32 = 0x18;
const INTF: u32 = 0x1c;
const INTS: u32 = 0x20;

/// CS.
const EN: u32 = 1;
const TS_EN: u32 = 1 << 1;
const START_ONCE: u32 = 1 << 2;
const START_MANY: u32 = 1 << 3;
const READY: u32 = 1 << 8;
const AINSEL_SHIFT: u32 = 12;
const AINSEL: u32 = 7 << AINSEL_SHIFT;
const RROBIN_SHIFT: u32 = 16;
const RROBIN: u32 = 0x1f << RROBIN_SHIFT;
const CS_STORED: u32 = EN | TS_EN | START_MANY | AINSEL | RROBIN;

/// FCS.
const FIFO_EN: u32 = 1;
const SHIFT: u32 = 1 << 1;
const EMPTY: u32 = 1 << 8;
const FULL: u32 = 1 << 9;
const UNDER: u32 = 1 << 10;
const OVER: u32 = 1 << 11;
const THRESH_SHIFT: u32 = 24;
/// EN, SHIFT, ERR, DREQ_EN and THRESH.
const FCS_STORED: u32 = 0xf | 0xf << THRESH_SHIFT;

/// Conversions that follow from one start.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Series {
    /// When the first begins, in nanoseconds of machine time.
    from: u64,
    /// From one to the next, in 1/256 cycles of 48 MHz; `None` if there is one only.
    period: Option<u64>,
    /// How many have ended.
    done: u64,
}

impl Series {
    /// When the next conversion begins.
    fn next_start(&self) -> u64 {
        // A 256th of a cycle is 125/1536 ns.
        self.from + (self.done * self.period.unwrap_or(0) * 125).div_ceil(1536)
    }

    /// When the next conversion ends.
    fn next_end(&self) -> u64 {
        self.next_start() + CONVERSION
    }
}

/// The ADC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Adc {
    cs: u32,
    result: u32,
    fcs: u32,
    fifo: [u32; DEPTH],
    level: usize,
    div: u32,
    inte: u32,
    intf: u32,
    series: Option<Series>,
    /// Microvolts on the pins.
    pins: [i64; PINS],
    /// Of the chip, in thousandths of a degree Celsius.
    temperature: i64,
}

impl Adc {
    /// As after power-on: 0 V on all pins, and 27 °C.
    pub(crate) fn new() -> Adc {
        Adc {
            cs: 0,
            result: 0,
            fcs: 0,
            fifo: [0; DEPTH],
            level: 0,
            div: 0,
            inte: 0,
            intf: 0,
            series: None,
            pins: [0; PINS],
            temperature: 27_000,
        }
    }

    /// Pin `input` (0 to 3, which is GPIO26 to GPIO29) has `microvolts` from `now` on.
    /// What is below 0 V or above 3.3 V gives the smallest or largest result.
    pub(crate) fn set_pin(&mut self, input: usize, microvolts: i64, now: u64) {
        self.settle(now);
        self.pins[input] = microvolts;
    }

    /// The chip has `millidegrees` Celsius from `now` on.
    pub(crate) fn set_temperature(&mut self, millidegrees: i64, now: u64) {
        self.settle(now);
        self.temperature = millidegrees;
    }

    /// Microvolts on the input that AINSEL names; inputs 5 to 7 are not connected.
    fn voltage(&self) -> i64 {
        let input = (self.cs & AINSEL) >> AINSEL_SHIFT;
        match self.pins.get(input as usize) {
            Some(microvolts) => *microvolts,
            // T = 27 − (V − 0.706) / 0.001721 (§4.9.5).
            None if input == SENSOR && self.cs & TS_EN != 0 => {
                706_000 - (self.temperature - 27_000) * 1721 / 1000
            }
            None => 0,
        }
    }

    /// Ends all conversions that are due at `now`.
    fn settle(&mut self, now: u64) {
        let mut ended = 0;
        while let Some(series) = &mut self.series
            && series.next_end() <= now
        {
            series.done += 1;
            let Some(period) = series.period else {
                self.series = None;
                self.convert();
                return;
            };
            ended += 1;
            if ended == 2 * DEPTH {
                // The FIFO is as full as it gets: whole rounds of the inputs change
                // nothing. The last are done one by one.
                let lap = u64::from((self.cs & RROBIN).count_ones().max(1));
                let left = now.saturating_sub(series.next_end()) * 1536 / (125 * period);
                series.done += left.saturating_sub(8) / lap * lap;
            }
            self.convert();
        }
    }

    /// The end of a conversion.
    fn convert(&mut self) {
        let steps = self.voltage().saturating_mul(4096) / REFERENCE;
        self.result = u32::try_from(steps.clamp(0, 4095)).expect("it is 12 bits");
        if self.fcs & FIFO_EN != 0 {
            let value = if self.fcs & SHIFT != 0 { self.result >> 4 } else { self.result };
            match self.fifo.get_mut(self.level) {
                Some(place) => {
                    *place = value;
                    self.level += 1;
                }
                None => self.fcs |= OVER,
            }
        }
        let robin = (self.cs & RROBIN) >> RROBIN_SHIFT;
        if robin != 0 {
            // The next input whose bit is set, round the end (§4.9.2.1).
            let selected = (self.cs & AINSEL) >> AINSEL_SHIFT;
            let above = robin & !((2 << selected) - 1);
            let next = if above != 0 { above } else { robin }.trailing_zeros();
            self.cs = self.cs & !AINSEL | next << AINSEL_SHIFT;
        }
    }

    /// Conversions back to back, or at the pace of DIV where that is slower (§4.9.6).
    fn period(&self) -> u64 {
        let back_to_back = 96 * 256;
        if self.div == 0 { back_to_back } else { back_to_back.max(256 + u64::from(self.div)) }
    }

    fn start_many(&mut self, now: u64) {
        self.series = Some(Series { from: now, period: Some(self.period()), done: 0 });
    }

    /// Whether a conversion goes on at `now`; all that ended before are settled.
    fn is_busy(&self, now: u64) -> bool {
        self.series.is_some_and(|series| series.next_start() <= now)
    }

    fn write_cs(&mut self, value: u32, now: u64) {
        let (old, new) = (self.cs, value & CS_STORED);
        self.cs = new;
        let was_many = old & START_MANY != 0 && old & EN != 0;
        if new & EN == 0 {
            self.series = None;
        } else if new & START_MANY != 0 {
            if !was_many {
                self.start_many(now);
            }
        } else if was_many {
            // The one that goes on is the last.
            let last = self.series.filter(|series| series.next_start() <= now);
            let alone =
                |series: Series| Series { from: series.next_start(), period: None, done: 0 };
            self.series = last.map(alone);
        }
        if new & (EN | START_MANY) == EN && value & START_ONCE != 0 && !self.is_busy(now) {
            self.series = Some(Series { from: now, period: None, done: 0 });
        }
    }

    fn fcs(&self) -> u32 {
        let level = u32::try_from(self.level).expect("it is at most 4");
        let empty = if self.level == 0 { EMPTY } else { 0 };
        let full = if self.level == DEPTH { FULL } else { 0 };
        self.fcs | empty | full | level << 16
    }

    /// INTR: at least as many results as FCS.THRESH says; none are never enough.
    fn raw_interrupt(&self) -> u32 {
        let threshold = (self.fcs >> THRESH_SHIFT & 0xf).max(1);
        u32::from(self.level >= threshold as usize)
    }
}

impl Peripheral for Adc {
    fn peek(&self, offset: u32, now: u64) -> u32 {
        let mut adc = self.clone();
        adc.settle(now);
        match offset {
            CS if adc.cs & EN != 0 && !adc.is_busy(now) => adc.cs | READY,
            CS => adc.cs,
            RESULT => adc.result,
            FCS => adc.fcs(),
            FIFO => adc.fifo[..adc.level].first().copied().unwrap_or(0),
            DIV => adc.div,
            INTR => adc.raw_interrupt(),
            INTE => adc.inte,
            INTF => adc.intf,
            INTS => adc.raw_interrupt() & adc.inte | adc.intf,
            _ => 0,
        }
    }

    fn read(&mut self, offset: u32, context: &mut Context) -> u32 {
        self.settle(context.now);
        let value = self.peek(offset, context.now);
        if offset == FIFO {
            if self.level == 0 {
                self.fcs |= UNDER;
            } else {
                self.fifo.rotate_left(1);
                self.level -= 1;
            }
        }
        value
    }

    fn write(&mut self, offset: u32, write: Write, context: &mut Context) {
        let now = context.now;
        self.settle(now);
        match offset {
            CS => self.write_cs(write.value, now),
            FCS => {
                let flags = self.fcs & (UNDER | OVER) & !write.ones;
                self.fcs = write.value & FCS_STORED | flags;
            }
            DIV => {
                self.div = write.value & 0xff_ffff;
                // Storing to it starts the pace anew (§4.9.6).
                if self.cs & (EN | START_MANY) == EN | START_MANY {
                    self.start_many(now);
                }
            }
            INTE => self.inte = write.value & 1,
            INTF => self.intf = write.value & 1,
            _ => {}
        }
    }

    fn reset(&mut self, _now: u64) {
        *self = Adc { pins: self.pins, temperature: self.temperature, ..Adc::new() };
    }

    /// Bit 0: ADC_IRQ_FIFO.
    fn interrupts(&self) -> u32 {
        self.raw_interrupt() & self.inte | self.intf
    }

    fn next_deadline(&self) -> Option<u64> {
        let can_interrupt = self.inte != 0 && self.interrupts() == 0 && self.fcs & FIFO_EN != 0;
        self.series.filter(|_| can_interrupt).map(|series| series.next_end())
    }

    fn advance(&mut self, context: &mut Context) {
        self.settle(context.now);
    }

    fn support(&self, offset: u32) -> Support {
        if offset <= INTS { Support::Modelled } else { Support::Nothing }
    }
}
