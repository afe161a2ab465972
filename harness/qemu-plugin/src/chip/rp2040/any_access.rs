//! What holds for each model, whatever the firmware stores: nothing panics, a
//! load gives what a peek gives, deadlines move on, and a model that is looked at
//! late shows what it would have shown had it been advanced.

use super::{adc::Adc, i2c::I2c, pwm::Pwm, rtc::Rtc, spi::Spi};
use crate::chip::peripheral::{Context, Peripheral, Write};

/// Numbers of which each follows from the last (Marsaglia's xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    /// Values that registers like: few bits, all bits, any.
    fn value(&mut self) -> u32 {
        let mut any = || u32::try_from(self.below(1 << 32)).unwrap();
        let (one, two, three) = (any(), any(), any());
        match one % 4 {
            0 => one,
            1 => one & two & three,
            2 => 1 << (two % 32),
            _ => u32::MAX,
        }
    }

    /// Nanoseconds that pass: an instruction, a while, a day.
    fn pause(&mut self) -> u64 {
        match self.below(40) {
            0 => self.below(86_400_000_000_000),
            1..10 => self.below(10_000_000_000),
            10..25 => self.below(100_000),
            _ => 8,
        }
    }
}

fn at(now: u64) -> Context {
    Context { now, ..Context::default() }
}

/// Lets time pass as the layer does, but stops after 300 deadlines.
fn pass(peripheral: &mut dyn Peripheral, registers: u32, now: u64, until: u64) -> u64 {
    let mut now = now;
    for _ in 0..300 {
        let Some(deadline) = peripheral.next_deadline().filter(|deadline| *deadline <= until)
        else {
            return until;
        };
        now = deadline.max(now);
        let shown = |peripheral: &dyn Peripheral| -> Vec<u32> {
            (0..registers).map(|register| peripheral.peek(4 * register, now)).collect()
        };
        let late = shown(peripheral);
        peripheral.advance(&mut at(now));
        assert_eq!(late, shown(peripheral), "at {now}");
        let next = peripheral.next_deadline();
        assert!(next.is_none_or(|next| next > now), "{next:?} after {deadline}");
    }
    now
}

/// Plays 500 programs of 60 accesses and pauses, over `registers` registers.
#[track_caller]
fn check(new: impl Fn() -> Box<dyn Peripheral>, registers: u32) {
    let mut numbers = Numbers(88_172_645_463_325_252);
    for _ in 0..500 {
        let mut peripheral = new();
        let mut now = 0;
        for _ in 0..60 {
            let offset = 4 * u32::try_from(numbers.below(registers.into())).unwrap();
            match numbers.below(100) {
                0..50 => {
                    let write = Write { value: numbers.value(), ones: numbers.value() };
                    peripheral.write(offset, write, &mut at(now));
                }
                50..70 => {
                    let shown = peripheral.peek(offset, now);
                    assert_eq!(peripheral.read(offset, &mut at(now)), shown, "{offset:#x}");
                }
                70 => peripheral.reset(now),
                _ => {
                    let until = now + numbers.pause();
                    now = pass(&mut *peripheral, registers, now, until);
                }
            }
        }
    }
}

#[test]
fn pwm_stands_any_access() {
    let watched = || {
        let mut pwm = Pwm::new();
        pwm.watch(0xffff);
        Box::new(pwm) as Box<dyn Peripheral>
    };
    check(watched, 0x2e);
}

#[test]
fn adc_stands_any_access() {
    check(|| Box::new(Adc::new()), 10);
}

#[test]
fn rtc_stands_any_access() {
    check(|| Box::new(Rtc::new()), 13);
}

#[test]
fn i2c_stands_any_access() {
    check(|| Box::new(I2c::new()), 0x41);
}

#[test]
fn spi_stands_any_access() {
    check(|| Box::new(Spi::new()), 11);
}
