//! GPIO and GPIOTE of lab-m0, from outside: a bare-metal program stores what the nRF51
//! Series Reference Manual v3.0 (§14, §15) says, and the pins and interrupts do what it
//! says. Most of the model is tested without an emulator, beside it.

mod support;

use std::time::Duration;

use replab_machine::qemu::Proof;
use replab_record::{Event, Level};
use support::bench::Bench;

const MS: Duration = Duration::from_millis(1);

const OUTSET: u32 = 0x5000_0508;
const OUTCLR: u32 = 0x5000_050c;
const DIRSET: u32 = 0x5000_0518;
const TASKS_OUT: u32 = 0x4000_6000;
const EVENTS_IN: u32 = 0x4000_6100;
const INTENSET: u32 = 0x4000_6304;
const INTENCLR: u32 = 0x4000_6308;
const CONFIG: u32 = 0x4000_6510;

const PULL_DOWN: u32 = 1 << 2;
const PULL_UP: u32 = 3 << 2;
const SENSE_HIGH: u32 = 2 << 16;
const SENSE_LOW: u32 = 3 << 16;
const EVENT: u32 = 1;
const TASK: u32 = 3;
const RISING: u32 = 1 << 16;
const FALLING: u32 = 2 << 16;
const TOGGLE: u32 = 3 << 16;
const OUTINIT: u32 = 1 << 20;

const fn pin_cnf(pin: u32) -> u32 {
    0x5000_0700 + 4 * pin
}

const fn psel(pin: u32) -> u32 {
    pin << 8
}

/// A machine at its prompt, whose pin 30 changes with each event.
fn at_prompt() -> Result<Bench, String> {
    let mut bench = Bench::start(&support::qemu_tools()?, &support::registers()?, Proof::default());
    bench.until("> ");
    store(&mut bench, &[(DIRSET, 1 << 30)]);
    Ok(bench)
}

/// Stores words.
#[track_caller]
fn store(bench: &mut Bench, words: &[(u32, u32)]) {
    for (address, value) in words {
        assert_eq!(bench.line(&format!("s {address:x} {value:x}")), "");
    }
}

/// What a load of `address` gives.
#[track_caller]
fn load(bench: &mut Bench, address: u32) -> u32 {
    let said = bench.line(&format!("l {address:x}"));
    u32::from_str_radix(&said, 16).unwrap_or_else(|_| panic!("{said:?}"))
}

/// Drives pin 5 to each of `levels`, 1 ms apart; gives after how many nanoseconds each
/// event was told, counted from the level before it.
fn delays(bench: &mut Bench, pin: &str, levels: &[Level]) -> Vec<u64> {
    let before = bench.events.len();
    for (level, n) in levels.iter().zip(1..) {
        bench.drive(pin, *level, n * MS);
    }
    bench.go((levels.len() as u32 + 1) * MS, &[]);
    let (mut driven, mut delays) = (0, Vec::new());
    for event in &bench.events[before..] {
        match event {
            Event::Driven { at, .. } => driven = at.as_nanos(),
            Event::Edge { pin, at, .. } if pin.as_str() == "P30" => {
                delays.push(at.as_nanos() - driven);
            }
            _ => {}
        }
    }
    delays
}

/// Drives the pin, and nothing interrupts.
#[track_caller]
fn nothing_happens(bench: &mut Bench, pin: &str, levels: &[Level], why: &str) {
    assert!(delays(bench, pin, levels).is_empty(), "{why}");
}

/// What the pin did since event number `since`.
fn levels(bench: &Bench, pin: &str, since: usize) -> Vec<Level> {
    let level = |event: &Event| match event {
        Event::Edge { pin: of, level, .. } if of.as_str() == pin => Some(*level),
        _ => None,
    };
    bench.events[since..].iter().filter_map(level).collect()
}

#[test]
fn each_polarity_interrupts_at_its_edges_and_at_once() {
    let mut bench = or_skip!(at_prompt());
    for (polarity, edges) in [(RISING, 1), (FALLING, 1), (TOGGLE, 2), (0, 0)] {
        let config = EVENT | psel(5) | polarity;
        store(&mut bench, &[(pin_cnf(5), PULL_DOWN), (CONFIG + 4, config), (INTENSET, 1 << 1)]);
        let delays = delays(&mut bench, "P5", &[Level::High, Level::Low]);
        // Some 40 instructions of 8 ns from the exception's entry to the store.
        assert!(delays.iter().all(|delay| *delay < 1000), "{delays:?}");
        assert_eq!(delays.len(), edges, "{config:#x}");
        assert_eq!(bench.line("e"), format!("0 {edges} 0 0 0"));
    }
}

#[test]
fn an_event_waits_for_its_interrupt_to_be_let_through() {
    let mut bench = or_skip!(at_prompt());
    store(&mut bench, &[(pin_cnf(5), PULL_UP), (CONFIG + 12, EVENT | psel(5) | FALLING)]);
    nothing_happens(&mut bench, "P5", &[Level::Low, Level::Floating], "not let through");
    assert_eq!((load(&mut bench, EVENTS_IN + 12), load(&mut bench, EVENTS_IN)), (1, 0));
    store(&mut bench, &[(INTENSET, 1 << 3)]);
    assert_eq!(bench.line("e"), "0 0 0 1 0");
    assert_eq!(load(&mut bench, EVENTS_IN + 12), 0, "the interrupt has stored 0");
    store(&mut bench, &[(INTENCLR, 1 << 3)]);
    nothing_happens(&mut bench, "P5", &[Level::Low], "held back");
    store(&mut bench, &[(EVENTS_IN + 12, 0), (INTENSET, 1 << 3)]);
    assert_eq!(bench.line("e"), "0 0 0 0 0", "a 0 takes it back");
}

#[test]
fn tasks_have_the_pin_to_themselves() {
    let mut bench = or_skip!(at_prompt());
    let since = bench.events.len();
    let config = TASK | psel(6) | TOGGLE | OUTINIT;
    store(&mut bench, &[(CONFIG, config), (TASKS_OUT, 1), (TASKS_OUT, 1), (OUTCLR, 1 << 6)]);
    assert_eq!(levels(&bench, "P6", since), [Level::High, Level::Low, Level::High]);
    let since = bench.events.len();
    store(&mut bench, &[(CONFIG, TASK | psel(6) | RISING), (TASKS_OUT, 1), (TASKS_OUT, 1)]);
    assert_eq!(levels(&bench, "P6", since), [Level::Low, Level::High]);
    let since = bench.events.len();
    store(&mut bench, &[(OUTSET, 1 << 6), (CONFIG, TASK | psel(6) | FALLING | OUTINIT)]);
    store(&mut bench, &[(TASKS_OUT, 1), (CONFIG, 0)]);
    assert_eq!(levels(&bench, "P6", since), [Level::Low, Level::Floating]);
    assert_eq!(load(&mut bench, CONFIG), 0);
}

#[test]
fn port_tells_that_some_pin_senses_its_level() {
    let mut bench = or_skip!(at_prompt());
    let up = (pin_cnf(5), PULL_UP | SENSE_LOW);
    let down = (pin_cnf(6), PULL_DOWN | SENSE_HIGH);
    store(&mut bench, &[up, down, (INTENSET, 1 << 31)]);
    assert_eq!(delays(&mut bench, "P5", &[Level::Low]).len(), 1);
    nothing_happens(&mut bench, "P6", &[Level::High], "DETECT stands already");
    nothing_happens(&mut bench, "P5", &[Level::Floating], "the other pin senses");
    assert_eq!(delays(&mut bench, "P6", &[Level::Low, Level::High]).len(), 1);
    assert_eq!(bench.line("e"), "0 0 0 0 2");
}

#[test]
fn a_reset_and_a_power_cut_end_all_watching() {
    let mut bench = or_skip!(at_prompt());
    for way in ["reset", "power"] {
        store(&mut bench, &[(pin_cnf(5), PULL_UP), (CONFIG, EVENT | psel(5) | TOGGLE)]);
        store(&mut bench, &[(INTENSET, 1)]);
        assert_eq!(delays(&mut bench, "P5", &[Level::Low]).len(), 1, "before a {way}");
        if way == "reset" {
            bench.machine.run.reset().expect("it can be reset");
        } else {
            bench.cut_power();
        }
        bench.until("> ");
        assert_eq!(load(&mut bench, CONFIG), 0, "after a {way}");
        assert_eq!(load(&mut bench, pin_cnf(5)), 2, "after a {way}");
        store(&mut bench, &[(DIRSET, 1 << 30)]);
        nothing_happens(&mut bench, "P5", &[Level::High], way);
    }
}

/// What the pins' interrupts do is as exact as all else: two runs are one.
#[test]
fn equal_runs_interrupt_at_equal_times() {
    let run = || -> Result<_, String> {
        let mut bench = at_prompt()?;
        store(&mut bench, &[(pin_cnf(5), PULL_UP), (CONFIG, EVENT | psel(5) | TOGGLE)]);
        store(&mut bench, &[(INTENSET, 1)]);
        for n in 1..200_u32 {
            let level = if n % 2 == 0 { Level::Floating } else { Level::Low };
            bench.drive("P5", level, n * Duration::from_nanos(12_345));
        }
        bench.type_line("l 50000510");
        bench.go(5 * MS, &[]);
        Ok(bench.finish())
    };
    let (one, other) = (or_skip!(run()), or_skip!(run()));
    assert!(one.0.len() > 400, "{} events", one.0.len());
    assert_eq!(support::bench::difference(&one, &other), None);
}
