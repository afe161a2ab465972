//! RTC: a calendar and an alarm, by a clock of 46,875 Hz (RP2040 data sheet §4.8).
//!
//! The calendar follows from when it was started: a second has CLKDIV_M1 + 1 ticks
//! of clk_rtc, which is exactly a second after the SDK has stored 46,874. What the
//! chip does over some ticks of its slow clock (LOAD, ACTIVE and MATCH_ACTIVE
//! follow their bits) is done at once. An alarm is a level: INTR is set for as long as
//! the calendar matches, and at most until MATCH_ENA is cleared.

mod calendar;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::calendar::Calendar;
use crate::chip::peripheral::{Context, Peripheral, Support, Write};

/// Registers, §4.8.6.
const CLKDIV_M1: u32 = 0x00;
const SETUP_0: u32 = 0x04;
const SETUP_1: u32 = 0x08;
const CTRL: u32 = 0x0c;
const IRQ_SETUP_0: u32 = 0x10;
const IRQ_SETUP_1: u32 = 0x14;
const RTC_1: u32 = 0x18;
const RTC_0: u32 = 0x1c;
const INTR: u32 = 0x20;
const INTE: u32 = 0x24;
const INTF: u32 = 0x28;
const INTS: u32 = 0x2c;

/// CTRL.
const ENABLE: u32 = 1;
const ACTIVE: u32 = 1 << 1;
const LOAD: u32 = 1 << 4;
const FORCE_NOTLEAPYEAR: u32 = 1 << 8;

/// IRQ_SETUP_0.
const DAY_ENA: u32 = 1 << 24;
const MONTH_ENA: u32 = 1 << 25;
const YEAR_ENA: u32 = 1 << 26;
const MATCH_ENA: u32 = 1 << 28;
const MATCH_ACTIVE: u32 = 1 << 29;

/// IRQ_SETUP_1.
const SEC_ENA: u32 = 1 << 28;
const MIN_ENA: u32 = 1 << 29;
const HOUR_ENA: u32 = 1 << 30;
const DOTW_ENA: u32 = 1 << 31;

/// Bits that registers hold: year, month and day; day of the week, hour, minute
/// and second.
const DATE: u32 = 0x00ff_ff1f;
const TIME: u32 = 0x071f_3f3f;

/// The RTC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Rtc {
    clkdiv_m1: u32,
    setup_0: u32,
    setup_1: u32,
    ctrl: u32,
    irq_setup_0: u32,
    irq_setup_1: u32,
    /// What RTC_1 gives: it is taken when RTC_0 is read.
    rtc_1: u32,
    inte: u32,
    intf: u32,
    calendar: Calendar,
    /// When its first second began, in nanoseconds of machine time.
    origin: u64,
    /// Seconds since, which the calendar has taken.
    seconds: u64,
}

impl Rtc {
    /// As after power-on.
    pub(crate) fn new() -> Rtc {
        Rtc {
            clkdiv_m1: 0,
            setup_0: 0,
            setup_1: 0,
            ctrl: 0,
            irq_setup_0: 0,
            irq_setup_1: 0,
            rtc_1: 0,
            inte: 0,
            intf: 0,
            calendar: Calendar::default(),
            origin: 0,
            seconds: 0,
        }
    }

    fn is_running(&self) -> bool {
        self.ctrl & ENABLE != 0
    }

    /// Nanoseconds of a second, times 3: a tick of 46,875 Hz is 64,000/3 ns.
    fn second_by_3(&self) -> u64 {
        (u64::from(self.clkdiv_m1) + 1) * 64_000
    }

    fn calendar_at(&self, now: u64) -> Calendar {
        if !self.is_running() {
            return self.calendar;
        }
        let seconds = now.saturating_sub(self.origin).saturating_mul(3) / self.second_by_3();
        let has_leap_years = self.ctrl & FORCE_NOTLEAPYEAR == 0;
        self.calendar.after(seconds.saturating_sub(self.seconds), has_leap_years)
    }

    fn settle(&mut self, now: u64) {
        if self.is_running() {
            self.calendar = self.calendar_at(now);
            let elapsed = now.saturating_sub(self.origin);
            self.seconds = elapsed.saturating_mul(3) / self.second_by_3();
        }
    }

    /// A new second begins now.
    fn start(&mut self, now: u64) {
        self.origin = now;
        self.seconds = 0;
    }

    /// How the calendar compares to the alarm: the seconds until something next
    /// changes that matters for it, and whether it matches. With no part enabled
    /// nothing matches: the data sheet does not say.
    fn compare(&self, calendar: &Calendar) -> Comparison {
        let (zero, one) = (self.irq_setup_0, self.irq_setup_1);
        if zero & MATCH_ENA == 0 {
            return Comparison { matches: false, next: None };
        }
        let differs = |enabled: bool, alarm: u32, shift: u32, mask: u32, is: u32| {
            enabled && alarm >> shift & mask != is
        };
        let other_day = differs(zero & YEAR_ENA != 0, zero, 12, 0xfff, calendar.year)
            || differs(zero & MONTH_ENA != 0, zero, 8, 0xf, calendar.month)
            || differs(zero & DAY_ENA != 0, zero, 0, 0x1f, calendar.day)
            || differs(one & DOTW_ENA != 0, one, 24, 7, calendar.weekday);
        let other_hour = differs(one & HOUR_ENA != 0, one, 16, 0x1f, calendar.hour());
        let other_minute = differs(one & MIN_ENA != 0, one, 8, 0x3f, calendar.minute());
        let other_second = differs(one & SEC_ENA != 0, one, 0, 0x3f, calendar.second());
        let has_parts = zero & (YEAR_ENA | MONTH_ENA | DAY_ENA) != 0
            || one & (DOTW_ENA | HOUR_ENA | MIN_ENA | SEC_ENA) != 0;
        let until = |unit: u32| Some(u64::from(unit - calendar.second_of_day % unit));
        Comparison {
            matches: has_parts && !(other_day || other_hour || other_minute || other_second),
            next: if other_day {
                until(86_400)
            } else if other_hour {
                until(3600)
            } else if other_minute {
                until(60)
            } else {
                until(1)
            },
        }
    }

    fn raw_interrupt(&self, calendar: &Calendar) -> u32 {
        u32::from(self.compare(calendar).matches)
    }
}

struct Comparison {
    matches: bool,
    next: Option<u64>,
}

impl Peripheral for Rtc {
    fn peek(&self, offset: u32, now: u64) -> u32 {
        let calendar = self.calendar_at(now);
        match offset {
            CLKDIV_M1 => self.clkdiv_m1,
            SETUP_0 => self.setup_0,
            SETUP_1 => self.setup_1,
            CTRL if self.is_running() => self.ctrl | ACTIVE,
            CTRL => self.ctrl,
            IRQ_SETUP_0 if self.irq_setup_0 & MATCH_ENA != 0 => self.irq_setup_0 | MATCH_ACTIVE,
            IRQ_SETUP_0 => self.irq_setup_0,
            IRQ_SETUP_1 => self.irq_setup_1,
            RTC_1 => self.rtc_1,
            RTC_0 => calendar.time_word(),
            INTR => self.raw_interrupt(&calendar),
            INTE => self.inte,
            INTF => self.intf,
            INTS => self.raw_interrupt(&calendar) & self.inte | self.intf,
            _ => 0,
        }
    }

    fn read(&mut self, offset: u32, context: &mut Context) -> u32 {
        self.settle(context.now);
        if offset == RTC_0 {
            self.rtc_1 = self.calendar.date_word();
        }
        self.peek(offset, context.now)
    }

    fn write(&mut self, offset: u32, write: Write, context: &mut Context) {
        self.settle(context.now);
        let value = write.value;
        match offset {
            CLKDIV_M1 => {
                self.clkdiv_m1 = value & 0xffff;
                self.start(context.now);
            }
            SETUP_0 => self.setup_0 = value & DATE,
            SETUP_1 => self.setup_1 = value & TIME,
            CTRL => {
                if value & LOAD != 0 {
                    self.calendar = Calendar::from_words(self.setup_0, self.setup_1);
                }
                if value & LOAD != 0 || value & !self.ctrl & ENABLE != 0 {
                    self.start(context.now);
                }
                self.ctrl = value & (ENABLE | FORCE_NOTLEAPYEAR);
            }
            IRQ_SETUP_0 => {
                self.irq_setup_0 = value & (DATE | DAY_ENA | MONTH_ENA | YEAR_ENA | MATCH_ENA);
            }
            IRQ_SETUP_1 => {
                self.irq_setup_1 = value & (TIME | SEC_ENA | MIN_ENA | HOUR_ENA | DOTW_ENA);
            }
            INTE => self.inte = value & 1,
            INTF => self.intf = value & 1,
            _ => {}
        }
    }

    fn reset(&mut self, _now: u64) {
        *self = Rtc::new();
    }

    /// Bit 0: RTC_IRQ.
    fn interrupts(&self) -> u32 {
        self.raw_interrupt(&self.calendar) & self.inte | self.intf
    }

    fn next_deadline(&self) -> Option<u64> {
        if !self.is_running() || self.inte == 0 {
            return None;
        }
        let seconds = self.seconds + self.compare(&self.calendar).next?;
        Some(self.origin + (seconds * self.second_by_3()).div_ceil(3))
    }

    fn advance(&mut self, context: &mut Context) {
        self.settle(context.now);
    }

    fn support(&self, offset: u32) -> Support {
        if offset <= INTS { Support::Modelled } else { Support::Nothing }
    }
}
