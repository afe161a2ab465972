//! What time means, on QEMU with MicroPython: the sentences of docs/time.md that
//! a scripted machine alone does not prove.

mod support;

use std::time::Duration;

use replab_machine::{Condition, StopCause, qemu};
use replab_record::{Event, MachineTime, PortName};
use support::bench::{Bench, text};
use support::python::{PROMPT, arrivals, ask, at_prompt, cut_power, pull_reset_line};

/// A byte on the wire: 10 bits at 115 200 baud.
const CHARACTER_PS: u64 = 10 * 1_000_000_000_000 / 115_200;

#[test]
fn what_is_typed_keeps_the_pace_of_the_port() {
    let mut bench = or_skip!(at_prompt());
    let start = bench.now();
    let before = bench.events.len();
    ask(&mut bench, "x = 6 * 7");
    let arrivals = arrivals(&bench.events[before..]);
    assert_eq!(arrivals.len(), 10);
    for (number, at) in (1..).zip(arrivals) {
        let due = start + Duration::from_nanos(number * CHARACTER_PS / 1000);
        assert!(at.since(due).as_nanos() <= 1 && due.since(at).as_nanos() <= 1, "{at} for {due}");
    }
}

#[test]
fn a_board_at_its_prompt_stops_where_it_is_told_to() {
    let mut bench = or_skip!(at_prompt());
    // A busy one is late by less than an instruction: until it has gone to sleep.
    bench.go(Duration::from_millis(1), &[]);
    for nanos in [1, 12_345_679, 1_000_000_000] {
        let until = bench.now() + Duration::from_nanos(nanos);
        let stop = bench.go(Duration::from_nanos(nanos), &[]);
        assert_eq!((stop.at, stop.cause), (until, StopCause::Time));
    }
}

#[test]
fn a_sleep_takes_the_machine_time_that_it_says() {
    let mut bench = or_skip!(at_prompt());
    ask(&mut bench, "import time");
    let before = bench.events.len();
    bench.type_line("time.sleep(0.25)");
    bench.until(PROMPT);
    let typed = *arrivals(&bench.events[before..]).last().expect("the line was typed");
    let slept = bench.now().since(typed);
    assert!(slept >= Duration::from_millis(250) && slept < Duration::from_millis(251), "{slept:?}");
}

/// It plays at once: that this test ends says so.
#[test]
fn an_hour_of_sleep_is_played() {
    let mut bench = or_skip!(at_prompt());
    let start = bench.type_line("import time; time.sleep(3600)");
    let prompt = bench.bytes(PROMPT);
    let stop = bench.go(Duration::from_secs(3700), &[prompt]);
    assert_eq!(stop.cause, StopCause::Condition { index: 0 });
    let slept = stop.at.since(start);
    assert!(slept >= Duration::from_secs(3600) && slept < Duration::from_millis(3_600_010));
}

/// The times of what comes, from the reset on, never go back.
#[track_caller]
fn check(reset: impl Fn(&mut Bench), bench: &mut Bench) {
    let (at, before) = (bench.now(), bench.events.len());
    reset(bench);
    assert_eq!(bench.now(), at, "a reset takes no time");
    bench.until(PROMPT);
    let times: Vec<MachineTime> = bench.events[before..].iter().map(Event::at).collect();
    assert!(times.len() > 10 && times.is_sorted(), "{times:?}");
    assert_eq!(times[0], at, "the reset is the first that happens");
}

#[test]
fn time_runs_on_through_a_hard_reset() {
    let mut bench = or_skip!(at_prompt());
    ask(&mut bench, "import time; time.sleep(5)");
    check(pull_reset_line, &mut bench);
}

#[test]
fn time_runs_on_through_a_power_cut() {
    let mut bench = or_skip!(at_prompt());
    ask(&mut bench, "import time; time.sleep(5)");
    check(cut_power, &mut bench);
    check(cut_power, &mut bench);
}

#[test]
fn the_boards_clock_is_not_the_hosts() {
    let mut bench = or_skip!(at_prompt());
    assert_eq!(ask(&mut bench, "import time; time.localtime()[:3]"), "(2021, 1, 1)");
}

#[test]
fn equal_boards_do_the_same_at_the_same_nanosecond() {
    let play = || -> Result<Vec<Event>, String> {
        let mut bench = at_prompt()?;
        ask(&mut bench, "import os, time; os.urandom(4), time.ticks_us()");
        pull_reset_line(&mut bench);
        bench.until(PROMPT);
        Ok(std::mem::take(&mut bench.events))
    };
    let first = or_skip!(play());
    assert_eq!(first, or_skip!(play()));
}

/// What the chip's generator gives first, with this seed.
fn random_bytes(seed: u32) -> Result<String, String> {
    let tools = support::qemu_tools()?;
    let start = qemu::Start { seed, ..support::START };
    let machine = qemu::start(&tools, &support::lab_m0(), &support::micropython()?, start);
    let mut run = machine.expect("the machine starts").run;
    let port = PortName::new("uart0");
    let prompt = Condition::Bytes { port: port.clone(), pattern: PROMPT.into() };
    let end = MachineTime::ZERO + Duration::from_secs(60);
    run.go(end, std::slice::from_ref(&prompt)).expect("it boots");
    run.send(&port, b"import os; os.urandom(8)\r", MachineTime::ZERO).expect("the port is there");
    Ok(text(&run.go(end, &[prompt]).expect("it answers").events))
}

#[test]
fn another_seed_gives_other_random_numbers() {
    let first = or_skip!(random_bytes(1));
    assert!(first.contains("b'") || first.contains("b\""), "{first}");
    assert_eq!(first, or_skip!(random_bytes(1)));
    assert_ne!(first, or_skip!(random_bytes(2)));
}
