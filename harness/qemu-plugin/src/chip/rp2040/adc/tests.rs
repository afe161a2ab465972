//! Conversions of the ADC, against the data sheet.

use super::*;

fn at(now: u64) -> Context {
    Context { now, ..Context::default() }
}

/// An ADC with microvolts on its pins, to which `(time, offset, value)` were stored.
fn adc(pins: [i64; PINS], stores: &[(u64, u32, u32)]) -> Adc {
    let mut adc = Adc::new();
    for (input, microvolts) in pins.into_iter().enumerate() {
        adc.set_pin(input, microvolts, 0);
    }
    for (now, offset, value) in stores {
        adc.write(*offset, (*value).into(), &mut at(*now));
    }
    adc
}

/// What the FIFO gives at `now`, until it is empty.
fn drain(adc: &mut Adc, now: u64) -> Vec<u32> {
    let mut values = Vec::new();
    while adc.peek(FCS, now) & EMPTY == 0 {
        values.push(adc.read(FIFO, &mut at(now)));
    }
    values
}

/// One conversion of `input` gives `expected`, and is done after 2 µs.
#[track_caller]
fn check(adc: &mut Adc, input: u32, expected: u32) {
    let start = EN | TS_EN | input << AINSEL_SHIFT;
    adc.write(CS, (start | START_ONCE).into(), &mut at(1000));
    assert_eq!((adc.peek(CS, 2999), adc.peek(CS, 3000)), (start, start | READY));
    assert_eq!(adc.peek(RESULT, 3000), expected);
}

#[test]
fn voltages_become_steps_of_3300_mv_by_4096() {
    for (microvolts, expected) in [
        (0, 0),
        (806, 1),
        (805, 0),
        (1_200_000, 1489),
        (1_650_000, 2048),
        (3_299_999, 4095),
        (3_300_000, 4095),
        (5_000_000, 4095),
        (-100_000, 0),
        (i64::MAX, 4095),
    ] {
        check(&mut adc([0, microvolts, 0, 0], &[]), 1, expected);
    }
}

#[test]
fn the_sensor_gives_its_temperature() {
    // MicroPython's formula gives it back: 27 − (steps × 3.3 / 4096 − 0.706) / 0.001721.
    for (millidegrees, expected) in [(27_000, 876), (0, 933), (100_000, 720), (-20_000, 976)] {
        let mut adc = adc([0; 4], &[]);
        adc.set_temperature(millidegrees, 0);
        check(&mut adc, SENSOR, expected);
        let degrees = 27.0 - (f64::from(expected) * 3.3 / 4096.0 - 0.706) / 0.001721;
        assert!((degrees - millidegrees as f64 / 1000.0).abs() < 0.5, "{degrees}");
    }
    let off = adc([0; 4], &[(0, CS, EN | START_ONCE | SENSOR << AINSEL_SHIFT)]);
    assert_eq!(off.peek(RESULT, 2000), 0, "without TS_EN it has no current");
    check(&mut adc([0; 4], &[]), 7, 0);
}

#[test]
fn it_starts_only_when_it_is_on() {
    let adc = adc([1_000_000; 4], &[(0, CS, START_ONCE)]);
    assert_eq!((adc.peek(CS, 5000), adc.peek(RESULT, 5000)), (0, 0));
    let adc = self::adc([1_000_000; 4], &[(0, CS, EN)]);
    assert_eq!(adc.peek(CS, 0), EN | READY);
}

#[test]
fn many_conversions_go_round_the_inputs() {
    let pins = [100_000, 200_000, 300_000, 400_000];
    let cs = EN | START_MANY | 2 << AINSEL_SHIFT | 0b1101 << RROBIN_SHIFT;
    let mut adc = adc(pins, &[(0, FCS, FIFO_EN), (0, CS, cs)]);
    assert_eq!(drain(&mut adc, 8000), [372, 496, 124, 372]);
    // A long time without a look: the FIFO keeps the first four, and says so.
    let much = 8000 + 2000 * 1_000_000;
    assert_eq!(adc.peek(FCS, much), FIFO_EN | OVER | FULL | 4 << 16);
    // 1,000,004 conversions have begun with input 2: 333,334 rounds and two.
    assert_eq!(adc.peek(CS, much) & AINSEL, 0);
    assert_eq!(adc.peek(RESULT, much), 496);
    assert_eq!(drain(&mut adc, much), [496, 124, 372, 496]);
    adc.write(FCS, (FIFO_EN | OVER).into(), &mut at(much));
    assert_eq!(adc.peek(FCS, much), FIFO_EN | EMPTY);
}

#[test]
fn the_pace_is_that_of_div() {
    // 1 + 47999 + 128/256 cycles of 48 MHz: 1,000,010.42 ns.
    let div = 47999 << 8 | 128;
    let adc = adc([0; 4], &[(0, FCS, FIFO_EN), (0, DIV, div), (0, CS, EN | START_MANY)]);
    let level = |now| adc.peek(FCS, now) >> 16 & 0xf;
    assert_eq!((level(1999), level(2000)), (0, 1));
    assert_eq!((level(1_002_010), level(1_002_011)), (1, 2));
    assert_eq!((level(2_002_020), level(2_002_021)), (2, 3));
    assert_eq!(adc.peek(CS, 500_000) & READY, READY, "it rests between two");
    assert_eq!(adc.peek(CS, 1_000_012) & READY, 0);
}

#[test]
fn what_goes_on_is_not_started_again() {
    let once = adc([0; 4], &[(0, CS, EN | START_ONCE), (1000, CS, EN | START_ONCE)]);
    assert_eq!(once.peek(CS, 2000), EN | READY);
    let many = EN | START_MANY;
    let many = adc([0; 4], &[(0, FCS, FIFO_EN), (0, CS, many), (1000, CS, many | TS_EN)]);
    assert_eq!(many.peek(FCS, 2000) >> 16, 1);
    // Only a store to DIV starts the pace anew.
    let cs = EN | START_MANY;
    let paced = adc([0; 4], &[(0, FCS, FIFO_EN), (0, CS, cs), (1000, DIV, 999 << 8)]);
    assert_eq!([2999, 3000].map(|now| paced.peek(FCS, now) >> 16 & 7), [0, 1]);
    assert_eq!([23_833, 23_834].map(|now| paced.peek(FCS, now) >> 16 & 7), [1, 2]);
}

#[test]
fn the_last_conversion_is_finished() {
    let stop = [(0, CS, EN | START_MANY), (3000, CS, EN)];
    let mut adc = adc([1_650_000; 4], &stop);
    adc.write(FCS, FIFO_EN.into(), &mut at(3000));
    assert_eq!((adc.peek(CS, 3999), adc.peek(CS, 4000)), (EN, EN | READY));
    assert_eq!(drain(&mut adc, 100_000), [2048]);
}

#[test]
fn the_fifo_interrupts_at_its_threshold() {
    let mut adc = adc(
        [1_650_000; 4],
        &[(0, FCS, FIFO_EN | SHIFT | 2 << THRESH_SHIFT), (0, INTE, 1), (0, CS, EN | START_MANY)],
    );
    let mut seen = Vec::new();
    while let Some(now) = adc.next_deadline() {
        adc.advance(&mut at(now));
        seen.push((now, adc.interrupts()));
    }
    assert_eq!(seen, [(2000, 0), (4000, 1)]);
    assert_eq!((adc.peek(INTR, 4000), adc.peek(INTS, 4000)), (1, 1));
    assert_eq!(adc.read(FIFO, &mut at(4000)), 128);
    assert_eq!((adc.interrupts(), adc.next_deadline()), (0, Some(6000)));
    adc.write(INTF, 1.into(), &mut at(4000));
    assert_eq!(adc.interrupts(), 1);
}

#[test]
fn an_empty_fifo_says_so() {
    let mut adc = adc([0; 4], &[]);
    assert_eq!(adc.read(FIFO, &mut at(0)), 0);
    assert_eq!(adc.peek(FCS, 0), EMPTY | UNDER);
    adc.write(FCS, Write { value: 0, ones: UNDER }, &mut at(0));
    assert_eq!(adc.peek(FCS, 0), EMPTY);
}

#[test]
fn a_reset_leaves_the_voltages() {
    let all = [CS, RESULT, FCS, FIFO, DIV, INTR, INTE, INTF, INTS];
    let stores = all.map(|offset| (0, offset, u32::MAX));
    let mut adc = adc([1_650_000; 4], &stores);
    adc.reset(100);
    assert_eq!(all.map(|offset| adc.peek(offset, 10_000)), [0, 0, EMPTY, 0, 0, 0, 0, 0, 0]);
    check(&mut adc, 0, 2048);
}
