use super::*;
use crate::chip::nrf51::LAYOUT;
use crate::chip::peripheral::{Finding, Support};

mod floating;

const OUTSET: u32 = 0x5000_0508;
const OUTCLR: u32 = 0x5000_050c;
const IN: u32 = 0x5000_0510;
const DIRSET: u32 = 0x5000_0518;
const DIRCLR: u32 = 0x5000_051c;
const TASKS_OUT: u32 = 0x4000_6000;
const EVENTS_IN: u32 = 0x4000_6100;
const EVENTS_PORT: u32 = 0x4000_617c;
const INTENSET: u32 = 0x4000_6304;
const CONFIG: u32 = 0x4000_6510;

const INPUT: u32 = 0;
const PULL_DOWN: u32 = 1 << 2;
const PULL_UP: u32 = 3 << 2;
const DISCONNECTED: u32 = 1 << 1;
const OPEN_DRAIN: u32 = 1 | 6 << 8;
const SENSE_HIGH: u32 = 2 << 16;
const SENSE_LOW: u32 = 3 << 16;

/// The chip under test: stores and loads by address.
struct Bench {
    chip: Nrf51,
    context: Context,
}

impl Bench {
    fn new() -> Bench {
        let (mut chip, mut context) = (Nrf51::new(), Context::default());
        chip.reset(ResetBy::Power, &mut context);
        Bench { chip, context }
    }

    /// One whose pin 5 has this PIN_CNF.
    fn with(cnf: u32) -> Bench {
        let mut bench = Bench::new();
        bench.store(Bench::cnf(5), cnf);
        bench
    }

    fn cnf(pin: u32) -> u32 {
        0x5000_0700 + 4 * pin
    }

    fn place(address: u32) -> (usize, u32) {
        let blocks = LAYOUT.blocks.iter().enumerate();
        let mut found = blocks.filter(|(_, block)| address.wrapping_sub(block.at) < block.size);
        let (index, block) = found.next().expect("there is such a register");
        (index, address - block.at)
    }

    fn store(&mut self, address: u32, value: u32) {
        let (index, offset) = Bench::place(address);
        let peripheral = self.chip.peripheral(index);
        LAYOUT.blocks[index].store(peripheral, offset, 4, value, &mut self.context);
        self.chip.settle(index, &mut self.context);
    }

    fn load(&mut self, address: u32) -> u32 {
        let (index, offset) = Bench::place(address);
        let peripheral = self.chip.peripheral(index);
        let value = LAYOUT.blocks[index].load(peripheral, offset, 4, &mut self.context);
        self.chip.settle(index, &mut self.context);
        value
    }

    /// Whether IN shows pin 5 as high.
    fn reads(&mut self) -> bool {
        self.load(IN) >> 5 & 1 != 0
    }

    fn drive(&mut self, pin: u32, level: Option<bool>) {
        self.chip.drive(pin, level, &mut self.context);
    }

    /// The levels of pin 5 that were told since the last call.
    fn told(&mut self) -> Vec<i32> {
        let effects = std::mem::take(&mut self.context.effects);
        let level = |effect| match effect {
            Effect::Pin { pin: 5, level } => level,
            other => panic!("{other:?}"),
        };
        effects.into_iter().map(level).collect()
    }
}

/// What IN shows of pin 5 with this PIN_CNF and OUT, while the outside drives it low,
/// high, and not.
#[track_caller]
fn check(cnf: u32, out: bool, expected: [bool; 3]) {
    let mut bench = Bench::with(cnf);
    bench.store(if out { OUTSET } else { OUTCLR }, 1 << 5);
    let seen = [Some(false), Some(true), None].map(|outside| {
        bench.drive(5, outside);
        bench.reads()
    });
    assert_eq!(seen, expected, "PIN_CNF {cnf:#x}, OUT {out}");
}

#[test]
fn inputs_show_the_outside_and_then_their_pull() {
    check(INPUT, false, [false, true, false]);
    check(INPUT | PULL_DOWN, false, [false, true, false]);
    check(INPUT | PULL_UP, false, [false, true, true]);
    check(INPUT | PULL_UP, true, [false, true, true]);
    check(DISCONNECTED | PULL_UP, true, [false, false, false]);
}

#[test]
fn outputs_show_themselves_if_their_buffer_is_connected() {
    check(1, true, [true, true, true]);
    check(1, false, [false, false, false]);
    check(1 | DISCONNECTED, true, [false, false, false]);
}

#[test]
fn an_open_drain_pulls_low_and_else_lets_others() {
    check(OPEN_DRAIN, false, [false, false, false]);
    check(OPEN_DRAIN, true, [false, true, false]);
    check(OPEN_DRAIN | PULL_UP, true, [false, true, true]);
    // Open source: D0S1.
    check(1 | 4 << 8 | PULL_DOWN, false, [false, true, false]);
}

#[test]
fn edges_are_those_of_what_the_chip_puts_on_the_pin() {
    let mut bench = Bench::new();
    bench.store(OUTSET, 1 << 5);
    assert_eq!(bench.told(), [], "no output yet");
    bench.store(DIRSET, 1 << 5);
    bench.store(OUTCLR, 1 << 5);
    bench.store(OUTCLR, 1 << 5);
    bench.store(DIRCLR, 1 << 5);
    assert_eq!(bench.told(), [1, 0, -1]);
    bench.store(Bench::cnf(5), PULL_UP);
    bench.drive(5, Some(false));
    bench.drive(5, None);
    assert_eq!(bench.told(), [1], "what the outside does is no edge of the chip's");
}

#[test]
fn an_edge_from_outside_interrupts_at_once() {
    let mut bench = Bench::with(PULL_UP);
    bench.store(CONFIG, 1 | 5 << 8 | 2 << 16);
    bench.store(INTENSET, 1);
    assert_eq!(bench.chip.interrupts(0), 0, "to configure is no edge");
    bench.drive(5, Some(false));
    assert_eq!((bench.chip.interrupts(0), bench.load(EVENTS_IN)), (1 << 6, 1));
    bench.store(EVENTS_IN, 0);
    bench.drive(5, Some(false));
    bench.drive(5, None);
    assert_eq!(bench.chip.interrupts(0), 0, "no change, and a rise");
}

#[test]
fn a_channel_connects_the_buffer_and_lets_an_output_drive() {
    let mut bench = Bench::with(1 | DISCONNECTED);
    bench.store(CONFIG, 1 | 5 << 8 | 3 << 16);
    bench.store(OUTSET, 1 << 5);
    assert_eq!((bench.load(EVENTS_IN), bench.reads(), bench.told()), (1, true, vec![0, 1]));
}

#[test]
fn a_task_owns_the_pin_until_the_channel_is_disabled() {
    let mut bench = Bench::new();
    bench.store(OUTSET, 1 << 5);
    bench.store(CONFIG, 3 | 5 << 8 | 3 << 16);
    bench.store(TASKS_OUT, 1);
    bench.store(OUTCLR, 1 << 5);
    bench.store(TASKS_OUT, 1);
    assert_eq!(bench.told(), [0, 1, 0], "OUT has no say");
    bench.store(OUTSET, 1 << 5);
    bench.store(CONFIG, 0);
    assert_eq!(bench.told(), [-1], "GPIO has it as an input");
    bench.store(DIRSET, 1 << 5);
    assert_eq!(bench.told(), [1]);
}

#[test]
fn port_is_the_rise_of_all_that_is_sensed() {
    let mut bench = Bench::with(PULL_UP | SENSE_LOW);
    bench.store(Bench::cnf(6), PULL_DOWN | SENSE_HIGH);
    bench.context.effects.clear();
    bench.store(INTENSET, 1 << 31);
    bench.drive(5, Some(false));
    assert_eq!((bench.chip.interrupts(0), bench.load(EVENTS_PORT)), (1 << 6, 1));
    bench.store(EVENTS_PORT, 0);
    bench.drive(6, Some(true));
    assert_eq!(bench.chip.interrupts(0), 0, "DETECT stands already");
    bench.drive(5, None);
    bench.drive(6, None);
    bench.drive(6, Some(true));
    assert_eq!(bench.chip.interrupts(0), 1 << 6);
}

#[test]
fn sense_needs_the_buffer_and_is_met_at_once_where_the_level_stands() {
    let mut bench = Bench::with(DISCONNECTED | SENSE_LOW);
    assert_eq!(bench.load(EVENTS_PORT), 0);
    bench.store(Bench::cnf(5), SENSE_LOW);
    assert_eq!(bench.load(EVENTS_PORT), 1);
}

#[test]
fn a_reset_lets_all_go_but_the_outside() {
    let mut bench = Bench::with(PULL_UP);
    bench.store(CONFIG, 1 | 5 << 8 | 3 << 16);
    bench.store(INTENSET, 1);
    bench.drive(5, Some(false));
    bench.chip.reset(ResetBy::Core, &mut bench.context);
    assert_eq!((bench.chip.interrupts(0), bench.context.effects.len()), (0, 0));
    assert_eq!((bench.load(CONFIG), bench.load(Bench::cnf(5)), bench.load(EVENTS_IN)), (0, 2, 0));
    bench.store(Bench::cnf(5), PULL_UP);
    assert!(!bench.reads(), "it is still driven");
}

#[test]
fn a_clone_goes_its_own_way() {
    let mut bench = Bench::with(PULL_UP);
    bench.store(CONFIG, 1 | 5 << 8 | 3 << 16);
    bench.store(INTENSET, 1);
    let kept = bench.chip.clone();
    bench.drive(5, Some(false));
    assert_eq!((bench.chip.interrupts(0), kept.interrupts(0)), (1 << 6, 0));
    bench.chip = kept;
    assert!(bench.reads());
}

#[test]
fn what_the_chip_has_more_is_told() {
    let mut bench = Bench::new();
    bench.store(0x4001_f504, 1);
    bench.load(0x5000_0520);
    let found = |support, block, address, is_store| {
        Effect::Found(Finding { support, block, address, is_store })
    };
    assert_eq!(
        bench.context.effects,
        [
            found(Support::Storage, "PPI", 0x4001_f504, true),
            found(Support::Nothing, "GPIO", 0x5000_0520, false),
        ]
    );
}
