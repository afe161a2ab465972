//! Pins that nobody drives: noise, reads, and what drives against the outside. (What
//! pulls and drives do is shown by the other tests.)

use super::*;

impl Bench {
    /// Lets noise change pin 5 `count` times; gives what IN shows.
    fn noise(&mut self, count: usize) -> Vec<bool> {
        let change = |_| {
            self.context.now = self.chip.next_deadline().expect("noise goes on");
            self.chip.advance(&mut self.context);
            self.reads()
        };
        (0..count).map(change).collect()
    }

    fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.context.effects)
    }
}

/// Whether pin 5 with this PIN_CNF and OUT can be read while nobody drives it.
#[track_caller]
fn check_undriven(cnf: u32, out: bool, expected: bool) {
    let mut bench = Bench::with(cnf);
    bench.store(if out { OUTSET } else { OUTCLR }, 1 << 5);
    assert_eq!(bench.chip.undriven(), u32::from(expected) << 5, "PIN_CNF {cnf:#x}, OUT {out}");
    bench.drive(5, Some(false));
    assert_eq!(bench.chip.undriven(), 0, "the outside drives it");
}

#[test]
fn inputs_without_a_resistor_can_be_read_undriven() {
    check_undriven(INPUT, false, true);
    check_undriven(INPUT | PULL_UP, false, false);
    check_undriven(INPUT | PULL_DOWN, false, false);
    check_undriven(DISCONNECTED, false, false);
    check_undriven(1, true, false);
    check_undriven(OPEN_DRAIN, false, false);
    check_undriven(OPEN_DRAIN, true, true);
    check_undriven(OPEN_DRAIN | PULL_UP, true, false);
}

#[test]
fn noise_moves_a_pin_that_nobody_drives_and_interrupts() {
    let mut bench = Bench::with(INPUT);
    bench.store(INTENSET, 1);
    bench.store(CONFIG, 1 | 5 << 8 | 1 << 16); // event, pin 5, rising
    bench.chip.noise(5, 1, &mut bench.context);
    bench.effects();
    assert_eq!(bench.noise(3), [true, false, true]);
    let told = |level| Effect::Noise { pin: 5, level };
    assert_eq!(bench.effects(), [told(1), told(0), told(1)]);
    assert_eq!(bench.chip.interrupts(0), 1 << GPIOTE_LINE);
    bench.drive(5, Some(true));
    assert_eq!(bench.chip.next_deadline(), None);
}

#[test]
fn a_pull_silences_noise() {
    let mut bench = Bench::with(INPUT);
    bench.chip.noise(5, 1, &mut bench.context);
    bench.noise(1);
    bench.effects();
    bench.store(Bench::cnf(5), PULL_UP);
    let silent = [Effect::Pin { pin: 5, level: 1 }, Effect::Noise { pin: 5, level: -1 }];
    assert_eq!((bench.effects(), bench.reads()), (silent.to_vec(), true));
    assert_eq!(bench.chip.next_deadline(), None);
    bench.store(Bench::cnf(5), INPUT);
    assert!(bench.reads(), "it begins with what was there");
    assert_eq!(bench.noise(1), [false]);
}

#[test]
fn a_driver_against_the_outside_is_a_short_circuit() {
    let is_short = |cnf, out, level| {
        let mut bench = Bench::with(cnf);
        bench.store(if out { OUTSET } else { OUTCLR }, 1 << 5);
        bench.drive(5, Some(level));
        bench.effects().contains(&Effect::Short { pin: 5 })
    };
    assert!(is_short(1, true, false) && is_short(1, false, true));
    assert!(!is_short(1, true, true) && !is_short(INPUT | PULL_UP, true, false));
    assert!(!is_short(OPEN_DRAIN, true, false), "it lets others");
    assert!(is_short(OPEN_DRAIN, false, true));
}
