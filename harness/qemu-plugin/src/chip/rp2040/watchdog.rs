//! The watchdog (RP2040 data sheet §4.7): resets the chip when nobody feeds it,
//! and keeps eight words over that.

use serde::{Deserialize, Serialize};

use crate::chip::peripheral::{Context, Effect, Peripheral, Support, Write};

/// CTRL, with TRIGGER, ENABLE and the counter in TIME.
const CTRL: u32 = 0;
const TRIGGER: u32 = 1 << 31;
const ENABLE: u32 = 1 << 30;
const TIME: u32 = 0x00ff_ffff;
/// The bits of CTRL that pause it while a debugger is at work: kept.
const PAUSES: u32 = 7 << 24;
/// LOAD.
const LOAD: u32 = 4;
/// REASON, with FORCE and TIMER.
const REASON: u32 = 8;
const FORCE: u32 = 2;
const TIMER: u32 = 1;
/// SCRATCH0 to SCRATCH7.
const SCRATCH: u32 = 0xc;
const SCRATCH_END: u32 = 0x2c;
/// TICK, with RUNNING.
const TICK: u32 = 0x2c;
const RUNNING: u32 = 1 << 10;
/// It counts down twice in each microsecond (errata RP2040-E1).
const COUNT_NS: u64 = 500;

/// See the head of this module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Watchdog {
    control: u32,
    /// The counter at `since`, or always while it is not enabled.
    counter: u32,
    since: u64,
    reason: u32,
    scratch: [u32; 8],
    tick: u32,
    has_fired: bool,
}

impl Watchdog {
    pub(crate) fn new() -> Watchdog {
        Watchdog {
            control: PAUSES,
            counter: 0,
            since: 0,
            reason: 0,
            scratch: [0; 8],
            tick: 0x200,
            has_fired: false,
        }
    }

    /// It is as after power-on, and no cause is remembered.
    pub(crate) fn forget(&mut self) {
        *self = Watchdog::new();
    }

    /// Whether it has reset the chip since this was last asked.
    pub(crate) fn take_fired(&mut self) -> bool {
        std::mem::take(&mut self.has_fired)
    }

    fn is_enabled(&self) -> bool {
        self.control & ENABLE != 0
    }

    fn counter(&self, now: u64) -> u32 {
        if !self.is_enabled() {
            return self.counter;
        }
        let gone = (now - self.since) / COUNT_NS;
        self.counter.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX))
    }

    fn fire(&mut self, reason: u32, context: &mut Context) {
        self.reason = reason;
        self.has_fired = true;
        self.control &= !ENABLE;
        context.effects.push(Effect::Reset);
    }
}

impl Peripheral for Watchdog {
    fn peek(&self, offset: u32, now: u64) -> u32 {
        match offset {
            CTRL => self.control | self.counter(now) & TIME,
            REASON => self.reason,
            SCRATCH..SCRATCH_END => self.scratch[((offset - SCRATCH) / 4) as usize],
            TICK => self.tick | if self.tick & 0x200 != 0 { RUNNING } else { 0 },
            _ => 0,
        }
    }

    fn write(&mut self, offset: u32, write: Write, context: &mut Context) {
        match offset {
            CTRL => {
                let counter = self.counter(context.now);
                (self.counter, self.since) = (counter, context.now);
                self.control = write.value & (ENABLE | PAUSES);
                if write.value & TRIGGER != 0 {
                    self.fire(FORCE, context);
                }
            }
            LOAD => (self.counter, self.since) = (write.value & TIME, context.now),
            SCRATCH..SCRATCH_END => self.scratch[((offset - SCRATCH) / 4) as usize] = write.value,
            TICK => self.tick = write.value & 0x3ff,
            _ => {}
        }
    }

    /// The cause of a reset by itself and the scratch words stay.
    fn reset(&mut self, _now: u64) {
        let Watchdog { reason, scratch, .. } = *self;
        *self = Watchdog { reason, scratch, ..Watchdog::new() };
    }

    fn next_deadline(&self) -> Option<u64> {
        self.is_enabled().then(|| self.since + u64::from(self.counter) * COUNT_NS)
    }

    fn advance(&mut self, context: &mut Context) {
        if self.next_deadline().is_some_and(|at| at <= context.now) {
            self.fire(TIMER, context);
        }
    }

    fn support(&self, offset: u32) -> Support {
        if offset <= TICK { Support::Modelled } else { Support::Nothing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(now: u64) -> Context {
        Context { now, ..Context::default() }
    }

    #[test]
    fn it_counts_two_in_a_microsecond_and_then_resets_the_chip() {
        let mut watchdog = Watchdog::new();
        watchdog.write(LOAD, 2000.into(), &mut at(0));
        watchdog.write(CTRL, ENABLE.into(), &mut at(1000));
        assert_eq!(watchdog.peek(CTRL, 2000) & TIME, 1998);
        assert_eq!(watchdog.next_deadline(), Some(1_001_000));
        watchdog.write(LOAD, 2000.into(), &mut at(500_000));
        assert_eq!(watchdog.next_deadline(), Some(1_500_000), "it was fed");
        let mut late = at(1_500_000);
        watchdog.advance(&mut late);
        assert_eq!(late.effects, [Effect::Reset]);
        assert!(watchdog.take_fired());
        watchdog.reset(1_500_000);
        assert_eq!((watchdog.peek(REASON, 0), watchdog.next_deadline()), (TIMER, None));
    }

    #[test]
    fn scratch_and_reason_live_over_its_own_reset_only() {
        let mut watchdog = Watchdog::new();
        watchdog.write(SCRATCH + 28, 7.into(), &mut at(0));
        watchdog.write(CTRL, TRIGGER.into(), &mut at(0));
        watchdog.reset(0);
        assert_eq!((watchdog.peek(REASON, 0), watchdog.peek(SCRATCH + 28, 0)), (FORCE, 7));
        watchdog.forget();
        assert_eq!((watchdog.peek(REASON, 0), watchdog.peek(SCRATCH + 28, 0)), (0, 0));
    }
}
