//! The timer (RP2040 data sheet §4.6): microseconds in 64 bits, four alarms.

use serde::{Deserialize, Serialize};

use crate::chip::peripheral::{Context, Peripheral, Support, Write};

/// TIMEHW, TIMELW: set the time, the low half first.
const TIMEHW: u32 = 0x00;
const TIMELW: u32 = 0x04;
/// TIMEHR, TIMELR: a load of the low half keeps the high one.
const TIMEHR: u32 = 0x08;
const TIMELR: u32 = 0x0c;
/// ALARM0 to ALARM3.
const ALARM: u32 = 0x10;
const ALARM_END: u32 = 0x20;
/// ARMED; a stored 1 disarms.
const ARMED: u32 = 0x20;
/// TIMERAWH, TIMERAWL: the time without a latch.
const TIMERAWH: u32 = 0x24;
const TIMERAWL: u32 = 0x28;
const DBGPAUSE: u32 = 0x2c;
const PAUSE: u32 = 0x30;
const INTR: u32 = 0x34;
const INTE: u32 = 0x38;
const INTF: u32 = 0x3c;
const INTS: u32 = 0x40;
/// Nanoseconds in one count.
const COUNT_NS: u64 = 1000;

/// See the head of this module.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Timer {
    /// The time in microseconds at machine time `since`.
    base: u64,
    since: u64,
    is_paused: bool,
    low_written: u32,
    high_latched: u32,
    alarms: [u32; 4],
    /// When each armed alarm is due, in microseconds of the timer's.
    due: [Option<u64>; 4],
    debug_pause: u32,
    raised: u32,
    enabled: u32,
    forced: u32,
}

impl Timer {
    pub(crate) fn new() -> Timer {
        Timer { debug_pause: 7, ..Timer::default() }
    }

    fn time(&self, now: u64) -> u64 {
        if self.is_paused { self.base } else { self.base + (now - self.since) / COUNT_NS }
    }

    /// Goes on from `base` at `now`.
    fn set(&mut self, base: u64, now: u64) {
        (self.base, self.since) = (base, now);
    }

    /// An alarm matches the low half of the time: within the next 72 minutes.
    fn arm(&mut self, alarm: usize, value: u32, now: u64) {
        let time = self.time(now);
        self.alarms[alarm] = value;
        self.due[alarm] = Some(time + u64::from(value.wrapping_sub(time as u32)));
    }

    fn armed(&self) -> u32 {
        let bits = self.due.iter().zip(0..).map(|(due, bit)| u32::from(due.is_some()) << bit);
        bits.sum()
    }
}

impl Peripheral for Timer {
    fn peek(&self, offset: u32, now: u64) -> u32 {
        match offset {
            TIMEHR => self.high_latched,
            TIMELR | TIMERAWL => self.time(now) as u32,
            ALARM..ALARM_END => self.alarms[((offset - ALARM) / 4) as usize],
            ARMED => self.armed(),
            TIMERAWH => (self.time(now) >> 32) as u32,
            DBGPAUSE => self.debug_pause,
            PAUSE => u32::from(self.is_paused),
            INTR => self.raised,
            INTE => self.enabled,
            INTF => self.forced,
            INTS => self.interrupts(),
            _ => 0,
        }
    }

    fn read(&mut self, offset: u32, context: &mut Context) -> u32 {
        if offset == TIMELR {
            self.high_latched = (self.time(context.now) >> 32) as u32;
        }
        self.peek(offset, context.now)
    }

    fn write(&mut self, offset: u32, write: Write, context: &mut Context) {
        match offset {
            TIMELW => self.low_written = write.value,
            TIMEHW => {
                let time = u64::from(write.value) << 32 | u64::from(self.low_written);
                self.set(time, context.now);
            }
            ALARM..ALARM_END => {
                self.arm(((offset - ALARM) / 4) as usize, write.value, context.now);
            }
            ARMED => {
                for (alarm, due) in self.due.iter_mut().enumerate() {
                    if write.ones >> alarm & 1 != 0 {
                        *due = None;
                    }
                }
            }
            DBGPAUSE => self.debug_pause = write.value & 6,
            PAUSE => {
                self.set(self.time(context.now), context.now);
                self.is_paused = write.value & 1 != 0;
            }
            INTR => self.raised &= !write.ones,
            INTE => self.enabled = write.value & 15,
            INTF => self.forced = write.value & 15,
            _ => {}
        }
    }

    fn reset(&mut self, now: u64) {
        *self = Timer { since: now, ..Timer::new() };
    }

    fn interrupts(&self) -> u32 {
        self.raised & self.enabled | self.forced
    }

    fn next_deadline(&self) -> Option<u64> {
        if self.is_paused {
            return None;
        }
        let first = self.due.iter().flatten().min()?;
        Some(self.since + first.saturating_sub(self.base) * COUNT_NS)
    }

    fn advance(&mut self, context: &mut Context) {
        let time = self.time(context.now);
        for (alarm, due) in self.due.iter_mut().enumerate() {
            if due.is_some_and(|due| due <= time) {
                *due = None;
                self.raised |= 1 << alarm;
            }
        }
    }

    fn support(&self, offset: u32) -> Support {
        if offset <= INTS { Support::Modelled } else { Support::Nothing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(now: u64) -> Context {
        Context { now, ..Context::default() }
    }

    #[test]
    fn it_counts_microseconds_from_its_reset_on() {
        let mut timer = Timer::new();
        timer.reset(5_500);
        assert_eq!(timer.peek(TIMERAWL, 5_500 + 1_999), 1);
        assert_eq!(timer.peek(TIMERAWH, 5_500 + (7 << 32) * 1000), 7);
    }

    #[test]
    fn a_load_of_the_low_half_keeps_the_high_one() {
        let mut timer = Timer::new();
        timer.write(TIMELW, u32::MAX.into(), &mut at(0));
        timer.write(TIMEHW, 3.into(), &mut at(0));
        assert_eq!(timer.read(TIMELR, &mut at(0)), u32::MAX);
        assert_eq!(timer.read(TIMEHR, &mut at(1000)), 3);
        assert_eq!(timer.peek(TIMERAWH, 1000), 4);
    }

    #[test]
    fn a_forced_interrupt_needs_not_be_enabled() {
        let mut timer = Timer::new();
        timer.write(INTF, 4.into(), &mut at(0));
        assert_eq!((timer.interrupts(), timer.peek(INTS, 0), timer.peek(INTR, 0)), (4, 4, 0));
    }

    #[test]
    fn an_alarm_goes_off_once_at_its_microsecond() {
        let mut timer = Timer::new();
        timer.write(INTE, 2.into(), &mut at(0));
        timer.write(ALARM + 4, 50.into(), &mut at(10_500));
        timer.write(ALARM, 70.into(), &mut at(10_500));
        assert_eq!((timer.peek(ARMED, 0), timer.next_deadline()), (3, Some(50_000)));
        timer.advance(&mut at(50_000));
        assert_eq!((timer.interrupts(), timer.next_deadline()), (2, Some(70_000)));
        timer.write(INTR, 2.into(), &mut at(50_100));
        assert_eq!(timer.interrupts(), 0);
        timer.write(ARMED, 1.into(), &mut at(50_100));
        assert_eq!((timer.next_deadline(), timer.peek(ARMED, 0)), (None, 0));
    }

    #[test]
    fn an_alarm_behind_the_time_waits_for_the_next_turn() {
        let mut timer = Timer::new();
        timer.write(ALARM, 9.into(), &mut at(10_000));
        assert_eq!(timer.next_deadline(), Some(((1 << 32) + 9) * 1000));
    }

    #[test]
    fn a_paused_timer_stands() {
        let mut timer = Timer::new();
        timer.write(ALARM, 50.into(), &mut at(0));
        timer.write(PAUSE, 1.into(), &mut at(20_000));
        assert_eq!((timer.peek(TIMERAWL, 90_000), timer.next_deadline()), (20, None));
        timer.write(PAUSE, 0.into(), &mut at(100_000));
        assert_eq!(timer.next_deadline(), Some(130_000));
    }

    #[test]
    fn clearing_through_the_alias_clears_what_was_raised() {
        let mut timer = Timer::new();
        timer.raised = 3;
        timer.write(INTR, Write { value: 2, ones: 1 }, &mut at(0));
        assert_eq!(timer.peek(INTR, 0), 2);
    }
}
