//! Pins that nobody drives: pulls, noise, reads, and what drives against the outside.

use super::*;

/// FUNCSEL of SIO.
const BY_SIO: u32 = 5;
/// A pad that is an input without a resistor.
const BARE: u32 = 0x40;
const UP: u32 = 8;
const DOWN: u32 = 4;

impl Bench {
    /// Pin 3 is an input of SIO's with `pulls`.
    fn input(pulls: u32) -> Bench {
        let mut bench = Bench::new();
        bench.store(0x4001_401c, BY_SIO);
        bench.store(PADS + 0x10, BARE | pulls);
        bench.effects();
        bench
    }

    /// The outside puts `level` on it, or lets it go.
    fn drive(&mut self, level: Option<bool>) {
        self.chip.drive(3, level, &mut self.context);
    }

    /// SIO drives it to `level`.
    fn output(&mut self, level: bool) {
        self.store(SIO + if level { 0x14 } else { 0x18 }, 8);
        self.store(SIO + 0x24, 8);
    }

    fn sees(&mut self) -> u32 {
        self.load(SIO + 4) >> 3 & 1
    }
}

/// What is read while the outside drives high, low, and after it has let go of either.
#[track_caller]
fn check_pulls(pulls: u32, expected: [u32; 4], undriven: u32) {
    let mut bench = Bench::input(pulls);
    assert_eq!(bench.chip.undriven(), undriven << 3);
    let seen = [Some(true), None, Some(false), None].map(|level| {
        bench.drive(level);
        assert_eq!(bench.chip.undriven() != 0, undriven != 0 && level.is_none());
        bench.sees()
    });
    assert_eq!(seen, expected);
}

/// §2.19.4.1 and PUE, PDE of §2.19.6.3: up, down, none, and both: the bus keeper.
#[test]
fn a_resistor_decides_where_nobody_drives() {
    check_pulls(0, [1, 0, 0, 0], 1);
    check_pulls(UP, [1, 1, 0, 1], 0);
    check_pulls(DOWN, [1, 0, 0, 0], 0);
    check_pulls(UP | DOWN, [1, 1, 0, 0], 0);
}

#[test]
fn only_inputs_of_the_program_can_be_read_undriven() {
    let mut bench = Bench::new();
    bench.store(PADS + 0x10, BARE);
    assert_eq!(bench.chip.undriven(), 0, "nobody has it after a reset");
    let mut bench = Bench::input(0);
    bench.output(false);
    assert_eq!(bench.chip.undriven(), 0, "an output");
    bench.store(SIO + 0x28, 8);
    assert_eq!(bench.chip.undriven(), 8);
    bench.store(PADS + 0x10, 0);
    assert_eq!(bench.chip.undriven(), 0, "its input is off");
    bench.store(PADS + 0x10, BARE);
    bench.store(0x4001_401c, 4);
    assert_eq!(bench.chip.undriven(), 0, "a function has it");
}

/// Lets noise change the pin `count` times; gives the levels that the firmware sees.
fn noise(bench: &mut Bench, count: usize) -> Vec<u32> {
    let change = |_| {
        bench.context.now = bench.chip.next_deadline().expect("noise goes on");
        bench.chip.advance(&mut bench.context);
        bench.sees()
    };
    (0..count).map(change).collect()
}

#[test]
fn noise_moves_a_pin_that_nobody_drives_and_is_told() {
    let mut bench = Bench::input(0);
    bench.store(0x4001_4100, 8 << 12); // INTE0: pin 3, rising edges
    bench.chip.noise(3, 1, &mut bench.context);
    assert_eq!((bench.effects(), bench.chip.undriven()), (vec![], 8));
    assert_eq!(noise(&mut bench, 3), [1, 0, 1]);
    let told = |level| Effect::Noise { pin: 3, level };
    assert_eq!(bench.effects(), [told(1), told(0), told(1)]);
    assert_eq!(bench.chip.interrupts(0) >> 13 & 1, 1, "it interrupts");
    bench.drive(Some(true));
    assert_eq!((bench.chip.next_deadline(), bench.effects()), (None, vec![]));
}

#[test]
fn a_pull_silences_noise() {
    let mut bench = Bench::input(0);
    bench.chip.noise(3, 1, &mut bench.context);
    noise(&mut bench, 1);
    bench.effects();
    for pulls in [UP, DOWN, UP | DOWN] {
        bench.store(PADS + 0x10, BARE | pulls);
        assert_eq!((bench.sees(), bench.chip.next_deadline()), (u32::from(pulls != DOWN), None));
        assert!(bench.effects().contains(&Effect::Noise { pin: 3, level: -1 }));
        bench.store(PADS + 0x10, BARE);
        assert!(bench.chip.next_deadline().is_some());
        let count = if bench.sees() == 1 { 2 } else { 1 };
        noise(&mut bench, count);
        bench.effects();
    }
    bench.output(false);
    assert_eq!((bench.sees(), bench.chip.next_deadline()), (0, None));
}

#[test]
fn a_driver_against_the_outside_is_a_short_circuit() {
    let short = Effect::Short { pin: 3 };
    let mut bench = Bench::input(UP);
    bench.drive(Some(false));
    assert!(!bench.effects().contains(&short), "a pull is no driver");
    bench.output(false);
    assert!(!bench.effects().contains(&short), "they agree");
    bench.output(true);
    assert!(bench.effects().contains(&short));
    bench.drive(Some(true));
    assert!(!bench.effects().contains(&short));
    bench.drive(Some(false));
    assert!(bench.effects().contains(&short));
}

/// An open drain is an output that is low or none (§2.3.1.2).
#[test]
fn an_open_drain_follows_whoever_pulls_it_down() {
    let mut bench = Bench::input(UP);
    bench.store(SIO + 0x18, 8);
    assert_eq!(bench.sees(), 1);
    bench.store(SIO + 0x24, 8);
    assert_eq!(bench.sees(), 0);
    bench.store(SIO + 0x28, 8);
    bench.drive(Some(false));
    assert_eq!(bench.sees(), 0);
    bench.drive(None);
    assert_eq!(bench.sees(), 1);
    assert!(!bench.effects().contains(&Effect::Short { pin: 3 }));
}
