//! Waves of the PWM block, against the data sheet and a model of single cycles.

use super::*;

const TOP: u32 = 0x10;

fn at(now: u64) -> Context {
    Context { now, ..Context::default() }
}

/// A block to which `(time, offset, value)` each have been stored.
fn pwm(stores: &[(u64, u32, u32)]) -> Pwm {
    let mut pwm = Pwm::new();
    for (now, offset, value) in stores {
        pwm.write(*offset, (*value).into(), &mut at(*now));
    }
    pwm
}

/// Edges of slice 0's outputs from one deadline to the next, until `end`.
fn edges(pwm: &mut Pwm, end: u64) -> String {
    pwm.watch(0b11);
    let mut text = String::new();
    while let Some(now) = pwm.next_deadline().filter(|now| *now <= end) {
        let before = [Output::A, Output::B].map(|output| pwm.level(0, output, now - 1));
        pwm.advance(&mut at(now));
        let after = [Output::A, Output::B].map(|output| pwm.level(0, output, now));
        for (name, (before, after)) in ["a", "b"].iter().zip(before.into_iter().zip(after)) {
            if before != after {
                text += &format!("{now}{name}{} ", u32::from(after == Some(true)));
            }
        }
    }
    text
}

#[track_caller]
fn check(stores: &[(u64, u32, u32)], end: u64, expected: &str) {
    assert_eq!(edges(&mut pwm(stores), end).trim_end(), expected);
}

#[test]
fn a_wave_has_its_period_and_duty() {
    // 10 counts of 8 ns; A high for 3, B for 5.
    check(
        &[(0, TOP, 9), (0, CC, 5 << 16 | 3), (0, CSR, 1)],
        200,
        "24a0 40b0 80a1 80b1 104a0 120b0 160a1 160b1 184a0 200b0",
    );
}

#[test]
fn a_fraction_spreads_over_whole_cycles() {
    // DIV = 1 + 8/16: counts after 2, 3, 5, 6, … cycles; TOP 1, CC 1.
    check(&[(0, DIV, 0x18), (0, TOP, 1), (0, CC, 1), (0, CSR, 1)], 50, "16a0 24a1 40a0 48a1");
}

#[test]
fn no_rounding_adds_up() {
    // 1 kHz as MicroPython sets it: DIV 1 + 15/16, TOP 64515; a day of it.
    let period = 31 * 64516;
    let mut pwm = pwm(&[(0, DIV, 0x1f), (0, TOP, 64515), (0, CC, 100), (0, CSR, 1)]);
    let day = 86_400_000_000_000;
    pwm.watch(1);
    pwm.advance(&mut at(day));
    let cycles = day / 8;
    let counts = cycles * 16 / 31;
    assert_eq!(u64::from(pwm.peek(CTR, day)), counts % 64516);
    let next_fall = (cycles * 16 / period * period + 100 * 31).div_ceil(16);
    let next_rise = ((cycles * 16 / period + 1) * period).div_ceil(16);
    assert_eq!(
        pwm.next_deadline(),
        Some(8 * if next_fall > cycles { next_fall } else { next_rise })
    );
}

#[test]
fn phase_correct_waves_are_twice_as_long_and_centred() {
    // TOP 3: 0 1 2 3 3 2 1 0. A is high for 1 count on each side of the wrap.
    check(&[(0, TOP, 3), (0, CC, 1), (0, CSR, 0b11)], 128, "8a0 56a1 72a0 120a1");
}

#[test]
fn inversion_turns_levels() {
    check(&[(0, TOP, 1), (0, CC, 1), (0, CSR, 0b101)], 24, "8a1 16a0 24a1");
}

#[test]
fn each_output_has_its_own_inversion() {
    check(&[(0, TOP, 3), (0, CC, 3 << 16 | 1), (0, CSR, 0b1001)], 40, "8a0 24b1 32a1 32b0 40a0");
}

#[test]
fn the_divider_starts_and_changes_without_a_jump() {
    let counters = |stores: &[(u64, u32, u32)]| {
        let mut pwm = pwm(&[(0, DIV, 0x40), (0, CSR, 1)]);
        for (now, offset, value) in stores {
            pwm.write(*offset, (*value).into(), &mut at(*now));
        }
        [64, 80, 88, 96].map(|now| pwm.peek(CTR, now))
    };
    // Halted after 3 of 4 cycles of a count, it begins the count anew.
    assert_eq!(counters(&[]), [2, 2, 2, 3]);
    assert_eq!(counters(&[(24, CSR, 0), (64, CSR, 1)]), [0, 0, 0, 1]);
    // A shorter count that is over already is over with the next cycle.
    assert_eq!(counters(&[(88, DIV, 0x10)]), [2, 2, 2, 3]);
    // 0 means 256.
    let slowest = pwm(&[(0, DIV, 0), (0, CSR, 1)]);
    assert_eq!([2047, 2048, 4096].map(|now| slowest.peek(CTR, now)), [0, 1, 2]);
}

#[test]
fn slices_are_enabled_and_halted_together() {
    let stores = [(0, ENABLES, 0b101), (80, ENABLES, 0b001), (160, SLICE_SIZE + CSR, 1)];
    let pwm = pwm(&stores);
    assert_eq!(pwm.peek(ENABLES, 160), 0b011);
    assert_eq!([0, 1, 2].map(|slice| pwm.peek(slice * SLICE_SIZE + CTR, 240)), [30, 10, 10]);
}

#[test]
fn levels_that_are_stored_wait_for_the_wrap() {
    check(
        &[(0, TOP, 9), (0, CC, 3), (0, CSR, 1), (8, CC, 5), (8, TOP, 7)],
        200,
        "24a0 80a1 120a0 144a1 184a0",
    );
    let pwm = pwm(&[(0, TOP, 9), (0, CSR, 1), (8, TOP, 7)]);
    assert_eq!(pwm.peek(TOP, 8), 7);
}

#[test]
fn what_cannot_change_has_no_deadline() {
    for (cc, csr) in [(0, 1), (10, 1), (10, 3), (0, 3), (5, 0), (5, 1 | 2 << 4)] {
        let mut pwm = pwm(&[(0, TOP, 9), (0, CC, cc), (0, CSR, csr)]);
        pwm.watch(1);
        assert_eq!(pwm.next_deadline(), None, "CC {cc}, CSR {csr}");
    }
    let pwm = pwm(&[(0, TOP, 9), (0, CC, 5), (0, CSR, 1)]);
    assert_eq!(pwm.next_deadline(), None, "nobody looks");
}

#[test]
fn a_wrap_interrupts_until_it_is_cleared() {
    let mut pwm = pwm(&[(0, 3 * SLICE_SIZE + TOP, 9), (0, INTE, 8), (0, ENABLES, 8)]);
    assert_eq!(pwm.next_deadline(), Some(80));
    assert_eq!(pwm.interrupts(), 0);
    pwm.advance(&mut at(80));
    assert_eq!((pwm.interrupts(), pwm.next_deadline()), (1, None));
    assert_eq!((pwm.peek(INTR, 80), pwm.peek(INTS, 80)), (8, 8));
    pwm.write(INTR, Write { value: 0, ones: 8 }, &mut at(88));
    assert_eq!((pwm.interrupts(), pwm.next_deadline()), (0, Some(160)));
    pwm.write(INTF, 1.into(), &mut at(96));
    assert_eq!((pwm.interrupts(), pwm.peek(INTS, 96)), (1, 1));
}

#[test]
fn phase_moves_by_one_count() {
    let running = [(0, TOP, 9), (0, DIV, 0x20), (0, CSR, 1)];
    let counter = |csr: u32| {
        let mut pwm = pwm(&running);
        pwm.write(CSR, csr.into(), &mut at(32));
        assert_eq!(pwm.peek(CSR, 32), 1);
        [32, 48, 64].map(|now| pwm.peek(CTR, now))
    };
    assert_eq!(counter(1), [2, 3, 4]);
    assert_eq!(counter(1 | 1 << 7), [3, 4, 5]);
    assert_eq!(counter(1 | 1 << 6), [2, 2, 3]);
}

#[test]
fn pin_b_gates_or_is_counted() {
    let counted = |mode: u32, div: u32| {
        let mut pwm = pwm(&[(0, TOP, 99), (0, DIV, div), (0, CSR, 1 | mode << 4)]);
        for (now, level) in
            [(80, true), (160, false), (200, false), (240, true), (400, false), (480, true)]
        {
            pwm.set_input(0, level, now);
        }
        assert_eq!(pwm.level(0, Output::B, 480), None);
        pwm.peek(CTR, 480)
    };
    assert_eq!([1, 2, 3].map(|mode| counted(mode, 0x10)), [30, 3, 2]);
    assert_eq!([1, 2, 3].map(|mode| counted(mode, 0x20)), [15, 1, 1]);
}

#[test]
fn another_clock_changes_what_comes() {
    let mut pwm = pwm(&[(0, TOP, 9), (0, CC, 5), (0, CSR, 1)]);
    pwm.set_clock(133_000_000, 80);
    // 5 cycles of 133 MHz are 37.59 ns, 10 are 75.19 ns.
    assert_eq!(edges(&mut pwm, 160), "118a0 156a1 ");
}

#[test]
fn a_reset_leaves_what_is_outside() {
    let mut pwm = pwm(&[(0, TOP, 9), (0, CC, 5), (0, INTE, 1), (0, INTF, 1), (0, CSR, 1)]);
    pwm.set_input(0, true, 8);
    pwm.reset(100);
    let registers = [CSR, DIV, CTR, CC, TOP, ENABLES, INTR, INTE, INTF, INTS];
    assert_eq!(
        registers.map(|offset| pwm.peek(offset, 200)),
        [0, 0x10, 0, 0, 0xffff, 0, 0, 0, 0, 0]
    );
    pwm.write(CSR, (1 | 1 << 4).into(), &mut at(208));
    assert_eq!(pwm.peek(CTR, 224), 2, "pin B is still high");
}

/// A slice as a data sheet would draw it: cycle by cycle, count by count.
struct Drawn {
    csr: u32,
    div: u32,
    stored: (u32, u32),
    used: (u32, u32),
    counter: u32,
    is_falling: bool,
    sum: u32,
}

impl Drawn {
    fn cycle(&mut self) {
        self.sum += 16;
        if self.sum < self.div {
            return;
        }
        self.sum -= self.div;
        if self.is_falling && self.counter > 0 {
            self.counter -= 1;
        } else if !self.is_falling && self.counter < self.used.0 {
            self.counter += 1;
        } else if self.csr & PH_CORRECT_BIT != 0 && !self.is_falling {
            self.is_falling = true;
        } else {
            (self.counter, self.is_falling, self.used) = (0, false, self.stored);
        }
    }

    fn level(&self) -> bool {
        self.counter < self.used.1
    }
}

const PH_CORRECT_BIT: u32 = 2;

#[test]
fn every_cycle_is_as_drawn() {
    let mut seed: u32 = 1;
    let mut random = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    for _ in 0..500 {
        let (first, second) = ((random(6), random(8)), (random(6), random(8)));
        let (csr, div, store_at) = (1 | random(2) << 1, 16 + random(40), u64::from(random(60)));
        let mut pwm = pwm(&[(0, TOP, first.0), (0, CC, first.1), (0, DIV, div), (0, CSR, csr)]);
        pwm.watch(1);
        let mut drawn =
            Drawn { csr, div, stored: first, used: first, counter: 0, is_falling: false, sum: 0 };
        for cycle in 0..200 {
            let now = 8 * cycle;
            if cycle > 0 {
                let before = drawn.level();
                drawn.cycle();
                // Deadlines come alone: the model is not asked to settle in between.
                let is_due = pwm.next_deadline() == Some(now);
                assert_eq!(is_due, before != drawn.level(), "cycle {cycle} of {first:?} {csr}");
                if is_due {
                    pwm.advance(&mut at(now));
                }
            }
            if cycle == store_at {
                pwm.write(TOP, second.0.into(), &mut at(now));
                pwm.write(CC, second.1.into(), &mut at(now));
                drawn.stored = second;
            }
            let (counter, level) = (pwm.peek(CTR, now), pwm.level(0, Output::A, now));
            assert_eq!((counter, level), (drawn.counter, Some(drawn.level())), "cycle {cycle}");
        }
    }
}
