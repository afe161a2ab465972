use std::sync::atomic::AtomicU32;

use super::usb::{CONTROLLER_EN, MAIN_CTRL};
use super::*;
use crate::chip::peripheral::Effect;
use crate::chip::rp2040::LAYOUT;
use crate::chip::rp2040::boot_rom::USB_BOOT;

mod floating;

/// A chip under test: stores and loads by address.
struct Bench {
    chip: Rp2040,
    context: Context,
}

impl Bench {
    fn new() -> Bench {
        Bench::with_cores(1)
    }

    fn with_cores(cores: usize) -> Bench {
        let memory = |words: usize| -> Memory {
            let words: Vec<_> = (0..words).map(|_| AtomicU32::new(0)).collect();
            Box::leak(words.into_boxed_slice())
        };
        let pages: Vec<_> = (0..cores).map(|_| memory(0x400)).collect();
        let mut chip = Rp2040::new(&pages, memory(0x800), 1);
        let mut context = Context::default();
        chip.reset(ResetBy::Power, &mut context);
        Bench { chip, context }
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

    /// The effects since the last call.
    fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.context.effects)
    }
}

const GPIO25_CTRL: u32 = 0x4001_40cc;
const SIO: u32 = 0xd000_0000;
const PADS: u32 = 0x4001_c000;

#[test]
fn a_pin_of_sio_is_driven_when_it_is_an_output() {
    let mut bench = Bench::new();
    bench.store(GPIO25_CTRL, 5);
    bench.store(SIO + 0x14, 1 << 25);
    assert_eq!(bench.effects(), [], "no output yet");
    bench.store(SIO + 0x24, 1 << 25);
    bench.store(SIO + 0x1c, 1 << 25);
    bench.store(SIO + 0x28, 1 << 25);
    let pin = |level| Effect::Pin { pin: 25, level };
    assert_eq!(bench.effects(), [pin(1), pin(0), pin(0)], "at last its pull-down holds it");
    bench.store(PADS + 4 + 4 * 25, 0x40);
    assert_eq!(bench.effects(), [pin(-1)]);
}

#[test]
fn both_pulls_keep_the_level() {
    let mut bench = Bench::new();
    bench.store(PADS + 4 + 4 * 3, 0x4c);
    bench.chip.drive(3, Some(true), &mut bench.context);
    bench.chip.drive(3, None, &mut bench.context);
    assert_eq!(bench.load(SIO + 4) >> 3 & 1, 1);
}

#[test]
fn a_pin_of_pwm_has_edges_at_their_times() {
    let mut bench = Bench::new();
    // 1000 counts of 8 ns, high for 250 of them, on slice 4's output A, which is GPIO8 and GPIO24.
    bench.store(0x4005_0000 + 0x50 + 0x10, 999);
    bench.store(0x4005_0000 + 0x50 + 0xc, 250);
    bench.store(0x4005_0000 + 0x50, 1);
    bench.store(0x4001_4000 + 8 * 24 + 4, 4);
    bench.effects();
    let mut edges = Vec::new();
    while bench.context.now < 20_000 {
        bench.context.now = bench.chip.next_deadline().expect("there is an edge ahead");
        bench.chip.advance(&mut bench.context);
        let now = bench.context.now;
        edges.extend(bench.effects().into_iter().map(|effect| (now, effect)));
    }
    let pin = |level| Effect::Pin { pin: 24, level };
    // The first 250 are those from before the new value was taken at a wrap.
    let times: Vec<_> = edges.iter().map(|(now, _)| *now).collect();
    let (first, rest) = (times[0], &times[1..]);
    assert!(first % 8000 == 2000 || first % 8000 == 0, "{times:?}");
    assert!(rest.iter().all(|time| matches!(time % 8000, 0 | 2000)), "{times:?}");
    assert!(edges.iter().any(|(_, effect)| *effect == pin(1)));
    assert!(edges.iter().any(|(_, effect)| *effect == pin(0)));
}

#[test]
fn a_pin_is_read_back_and_its_pull_holds_it() {
    let mut bench = Bench::new();
    bench.store(PADS + 4 + 4 * 14, 0x4a);
    assert_eq!(bench.load(SIO + 4) >> 14 & 1, 1, "pull-up");
    bench.chip.drive(14, Some(false), &mut bench.context);
    assert_eq!(bench.load(SIO + 4) >> 14 & 1, 0, "a button to ground");
    bench.chip.drive(14, None, &mut bench.context);
    bench.store(PADS + 4 + 4 * 14, 0x0a);
    assert_eq!(bench.load(SIO + 4) >> 14 & 1, 0, "its input is off");
}

#[test]
fn an_edge_from_outside_interrupts() {
    let mut bench = Bench::new();
    bench.store(0x4001_4100 + 4, 1 << (6 * 4 + 3));
    bench.chip.drive(14, Some(true), &mut bench.context);
    assert_eq!(bench.chip.interrupts(0), 1 << 13);
    bench.store(0x4001_40f4, 1 << (6 * 4 + 3));
    assert_eq!(bench.chip.interrupts(0), 0);
}

#[test]
fn an_alarm_is_due_and_interrupts() {
    let mut bench = Bench::new();
    bench.store(0x4005_4038, 8);
    bench.store(0x4005_401c, 5);
    assert_eq!(bench.chip.next_deadline(), Some(5000));
    bench.context.now = 5000;
    bench.chip.advance(&mut bench.context);
    assert_eq!((bench.chip.interrupts(0), bench.chip.next_deadline()), (8, None));
    bench.store(0x4005_7034, 8);
    assert_eq!(bench.chip.interrupts(0), 0, "cleared through the alias");
}

#[test]
fn a_peripheral_that_is_held_in_reset_is_as_new() {
    let mut bench = Bench::new();
    bench.store(0x4000_c000, 0);
    bench.store(0x4005_4038, 8);
    bench.store(0x4000_e000, 1 << 21);
    bench.store(0x4000_f000, 1 << 21);
    assert_eq!((bench.load(0x4005_4038), bench.load(0x4000_c008)), (0, 0x01ff_ffff));
}

#[test]
fn core_1_says_hello_when_it_leaves_its_reset() {
    let mut bench = Bench::new();
    bench.store(0x4001_2004, 1 << 16);
    bench.store(0x4001_3004, 1 << 16);
    assert_eq!((bench.load(SIO + 0x50) & 1, bench.chip.interrupts(0)), (1, 1 << 15));
    assert!(bench.chip.loaded(0, 0, 0x58));
    assert_eq!(bench.chip.interrupts(0), 0);
}

#[test]
fn a_core_1_that_is_there_says_hello_itself() {
    let mut bench = Bench::with_cores(2);
    bench.store(0x4001_2004, 1 << 16);
    assert!(bench.chip.is_second_held());
    bench.store(0x4001_3004, 1 << 16);
    assert!(!bench.chip.is_second_held());
    assert_eq!((bench.load(SIO + 0x50) & 1, bench.chip.interrupts(0)), (0, 0));
    bench.context.core = 1;
    bench.store(SIO + 0x54, 0);
    let interrupts = [0, 1].map(|core| bench.chip.interrupts(core));
    assert_eq!((bench.load(SIO + 0x50) & 1, interrupts), (1, [1 << 15, 0]));
}

#[test]
fn turns_are_due_as_other_things_are_and_begin_anew_with_a_reset() {
    let mut bench = Bench::with_cores(2);
    bench.chip.turns.may_run([true, true], 1_000);
    let until = bench.chip.turns.next_deadline().expect("both are awake");
    assert_eq!(bench.chip.next_deadline(), Some(until));
    bench.context.now = until;
    bench.chip.advance(&mut bench.context);
    assert_eq!(bench.chip.turns.may_run([true, true], until), [false, true]);
    bench.chip.reset(ResetBy::Line, &mut bench.context);
    assert_eq!(bench.chip.next_deadline(), None);
    assert_eq!(bench.chip.turns.may_run([true, true], until), [true, false]);
}

#[test]
fn each_reset_leaves_what_it_should() {
    let mut bench = Bench::new();
    assert_eq!(bench.load(0x4006_4008), 1 << 8, "power-on");
    bench.store(0x4005_800c, 7);
    bench.store(0x4005_8000, 1 << 31);
    assert_eq!(bench.effects(), [Effect::Reset]);
    bench.chip.reset(ResetBy::Line, &mut bench.context);
    assert_eq!((bench.load(0x4005_8008), bench.load(0x4005_800c)), (2, 7), "by the watchdog");
    bench.store(0x4005_4038, 8);
    bench.chip.reset(ResetBy::Core, &mut bench.context);
    assert_eq!(bench.load(0x4005_4038), 8, "of the core alone");
    bench.chip.reset(ResetBy::Line, &mut bench.context);
    assert_eq!((bench.load(0x4005_8008), bench.load(0x4005_800c)), (0, 0), "by the reset line");
    assert_eq!(bench.load(0x4006_4008), 1 << 16);
}

#[test]
fn what_the_firmware_speaks_by_is_remembered_once_it_is_enabled() {
    const USB: u32 = 0x5011_0000;
    const UART1: u32 = 0x4003_8000;
    let mut bench = Bench::new();
    bench.store(USB + SIE_CTRL, 1 << 18);
    bench.store(UART1 + 0x30, 0x300);
    assert_eq!(bench.chip.spoken(), Spoken::default(), "neither is enabled");
    bench.store(USB + MAIN_CTRL, CONTROLLER_EN);
    assert_eq!(bench.chip.spoken(), Spoken { uart: false, usb: true });
    let call = |bench: &mut Bench| match bench.effects()[..] {
        [.., Effect::GaveUpInRom { call, arguments }] => Some((call, arguments)),
        _ => None,
    };
    assert_eq!(call(&mut bench), Some((USB_BOOT, [0; 3])));
    bench.store(USB + MAIN_CTRL, CONTROLLER_EN | 2);
    assert_eq!(call(&mut bench), None, "it was on");
    bench.store(0x4000_c000, 0);
    bench.store(0x4000_c000, 1 << 24);
    bench.store(USB + MAIN_CTRL, CONTROLLER_EN);
    assert_eq!(call(&mut bench), Some((USB_BOOT, [0; 3])), "its reset is no firmware's store");
    bench.store(USB + MAIN_CTRL, 0);
    bench.store(UART1 + 0x30, 0x301);
    assert_eq!(bench.chip.spoken(), Spoken { uart: true, usb: true });
}

const SSI: u32 = 0x1800_0000;
const SS_CTRL: u32 = 0x4001_800c;

/// Commands to the flash chip, by the interface: what it gave.
fn to_flash(bench: &mut Bench, bytes: &[u32]) -> Vec<u32> {
    bytes.iter().for_each(|byte| bench.store(SSI + 0x60, *byte));
    bytes.iter().map(|_| bench.load(SSI + 0x60)).collect()
}

#[test]
fn the_flash_chip_is_selected_by_its_override() {
    let mut bench = Bench::new();
    bench.store(SS_CTRL, 2 << 8);
    to_flash(&mut bench, &[6]);
    bench.store(SS_CTRL, 3 << 8);
    bench.store(SS_CTRL, 2 << 8);
    to_flash(&mut bench, &[0x20, 0, 0x10]);
    assert_eq!(bench.load(0x4001_801c), 0x1f, "a look at another register ends nothing");
    to_flash(&mut bench, &[0]);
    assert_eq!(bench.effects(), []);
    bench.store(SS_CTRL, 3 << 8);
    assert_eq!(bench.effects(), [Effect::Erase { at: 0x1000_1000, length: 0x1000 }]);
    assert_eq!(to_flash(&mut bench, &[0x35, 0]), [0, 0], "not selected");
    bench.store(0x4000_c000, 0);
    bench.store(0x4000_c000, 1 << 6);
    assert_eq!(to_flash(&mut bench, &[0x35, 0]), [0, 2], "a reset of IO_QSPI lets go");
}

#[test]
fn a_pad_that_does_not_drive_leaves_the_line_to_its_resistor() {
    let mut bench = Bench::new();
    bench.store(0x4002_0008, 0xda);
    to_flash(&mut bench, &[6]);
    bench.store(0x4002_0008, 0x52);
    to_flash(&mut bench, &[5, 0]);
    assert_eq!(to_flash(&mut bench, &[5, 0]), [0, 0], "it saw 0xff, and may not write");
}
