//! The rules of time, as every machine must keep them.

use replab_board::load;
use replab_record::{Event, MachineTime};

use super::*;
use crate::{Condition, MachineError, Stop, StopCause};

const BOARD: &str = "
board: test-board
title: a board of tests
core: cortex-m0
instruction-ns: 8
memory:
  ram: { at: 0x20000000, size: 0x1000, kind: ram }
ports:
  uart0: { baud: 100000, repl: true }
pins: { lines: 4, name: P, roles: { LED: P2 } }
firmware: none
backends: {}
";

/// 100000 baud: a byte takes 100 µs.
fn script() -> Scripted {
    Scripted::new(&load("test-board.yaml", BOARD).unwrap())
}

fn micros(us: u64) -> Duration {
    Duration::from_micros(us)
}

fn at(us: u64) -> MachineTime {
    MachineTime::from_nanos(us * 1000)
}

fn port() -> PortName {
    PortName::new("uart0")
}

fn bytes(pattern: &str) -> Condition {
    Condition::Bytes { port: port(), pattern: pattern.as_bytes().to_vec() }
}

fn any_edge(pin: &str) -> Condition {
    Condition::Edge { pin: PinName::new(pin), level: None }
}

/// `102 Condition 0: 100>h 101>i`: when and why it stopped, and what was on the way,
/// in microseconds: `>` was sent, `<` received, `=` an edge, `~` driven.
fn shown(stop: &Stop) -> String {
    let cause = match &stop.cause {
        StopCause::Condition { index } => format!("Condition {index}"),
        StopCause::Fault(fault) => format!("Fault {}", fault.exception),
        other => format!("{other:?}"),
    };
    let events: String = stop.events.iter().map(event).collect();
    format!("{} {cause}:{events}", stop.at.as_nanos() / 1000)
}

fn event(event: &Event) -> String {
    let what = match event {
        Event::Sent { byte, .. } => format!(">{}", char::from(*byte).escape_default()),
        Event::Received { byte, .. } => format!("<{}", char::from(*byte).escape_default()),
        Event::Edge { pin, level, .. } => format!("={pin} {level}"),
        Event::Driven { pin, level, .. } => format!("~{pin} {level}"),
        Event::Reset { cause, .. } => format!(" reset by {cause}"),
    };
    format!(" {}{what}", event.at().as_nanos() / 1000)
}

/// Lets a machine of `script` go to each time under its conditions, after typing `typed` at once.
#[track_caller]
fn check(script: &Scripted, typed: &str, goes: &[(u64, &[Condition])], expected: &[&str]) {
    let mut machine = script.machine();
    machine.run.send(&port(), typed.as_bytes(), MachineTime::ZERO).unwrap();
    let stops: Vec<String> = goes
        .iter()
        .map(|(until, conditions)| shown(&machine.run.go(at(*until), conditions).unwrap()))
        .collect();
    assert_eq!(stops, expected);
}

#[test]
fn text_comes_a_character_time_apart() {
    let script = script().at_start(Deeds::default().after(micros(50)).prints("hi"));
    check(&script, "", &[(1000, &[])], &["1000 Time: 50>h 150>i"]);
}

#[test]
fn what_happens_at_the_time_of_a_stop_belongs_to_the_next_go() {
    let script = script().at_start(Deeds::default().after(micros(50)).prints("hi"));
    check(&script, "", &[(150, &[]), (151, &[])], &["150 Time: 50>h", "151 Time: 150>i"]);
}

#[test]
fn a_time_in_the_past_stops_at_once() {
    check(&script(), "", &[(100, &[]), (40, &[])], &["100 Time:", "100 Time:"]);
}

#[test]
fn a_machine_stops_exactly_where_a_condition_came_true() {
    let script = script()
        .at_start(Deeds::default().prints("abcd").after(micros(120)).edge("LED", Level::High));
    let both: &[Condition] = &[bytes("bc"), any_edge("P2")];
    check(
        &script,
        "",
        &[(1000, both), (1000, both)],
        &["120 Condition 1: 0>a 100>b 120=P2 high", "200 Condition 0: 200>c"],
    );
}

#[test]
fn a_pattern_may_be_cut_by_a_stop_but_not_by_a_reset() {
    let greeting = script().at_start(Deeds::default().prints(">>>"));
    check(
        &greeting,
        "",
        &[(150, &[]), (1000, &[bytes(">>>")])],
        &["150 Time: 0>> 100>>", "200 Condition 0: 200>>"],
    );

    let mut machine = greeting.machine();
    machine.run.go(at(250), &[]).unwrap();
    machine.run.reset().unwrap();
    let stop = machine.run.go(at(400), &[bytes(">>>>")]).unwrap();
    assert_eq!(shown(&stop), "400 Time: 250>> 350>>");
}

#[test]
fn a_pattern_that_came_before_is_not_found_again() {
    let script = script().at_start(Deeds::default().prints("ok"));
    check(&script, "", &[(300, &[]), (600, &[bytes("ok")])], &["300 Time: 0>o 100>k", "600 Time:"]);
}

#[test]
fn an_edge_condition_can_ask_for_a_level() {
    let script = script().at_start(Deeds::default().after(micros(10)).blinks(
        "LED",
        micros(10),
        micros(10),
        1,
    ));
    let falling = Condition::Edge { pin: PinName::new("P2"), level: Some(Level::Low) };
    check(&script, "", &[(100, &[falling])], &["20 Condition 0: 10=P2 high 20=P2 low"]);
}

#[test]
fn a_late_stop_brings_what_happened_meanwhile() {
    let script = script().at_start(Deeds::default().prints("abc")).stops_late(micros(150));
    check(
        &script,
        "",
        &[(1000, &[bytes("a")]), (1000, &[])],
        &["150 Condition 0: 0>a 100>b", "1000 Time: 200>c"],
    );
}

#[test]
fn typed_bytes_arrive_one_character_time_apart_and_are_echoed() {
    check(
        &script().echoes(),
        "a\r",
        &[(1000, &[])],
        &["1000 Time: 100<a 101>a 200<\\r 201>\\r 301>\\n"],
    );
}

#[test]
fn the_longest_ending_reacts() {
    let script =
        script().on("\r", Deeds::default().prints("-")).on("go\r", Deeds::default().prints("+"));
    check(
        &script,
        "go\r\r",
        &[(1000, &[])],
        &["1000 Time: 100<g 200<o 300<\\r 301>+ 400<\\r 401>-"],
    );
}

#[test]
fn equal_endings_take_turns_and_the_last_stays() {
    let script =
        script().on("x", Deeds::default().prints("1")).on("x", Deeds::default().prints("2"));
    check(&script, "xxx", &[(1000, &[])], &["1000 Time: 100<x 101>1 200<x 201>2 300<x 301>2"]);
}

#[test]
fn an_interrupt_forgets_what_was_to_come_but_not_its_own_words() {
    let script = script()
        .at_start(Deeds::default().blinks("LED", micros(150), micros(100), 3))
        .on("\x03", Deeds::default().forgets_the_rest().after(micros(50)).prints("!"));
    check(&script, "\x03", &[(1000, &[])], &["1000 Time: 0=P2 high 100<\\u{3} 151>!"]);
}

#[test]
fn sending_waits_for_what_is_on_its_way() {
    let mut machine = script().machine();
    assert_eq!(machine.run.send(&port(), b"ab", at(0)).unwrap(), at(200));
    assert_eq!(machine.run.send(&port(), b"c", at(0)).unwrap(), at(300));
    assert_eq!(machine.run.pending(&port()).unwrap(), 3);
    machine.run.go(at(250), &[]).unwrap();
    assert_eq!(machine.run.pending(&port()).unwrap(), 1);
}

#[test]
fn a_reset_drops_input_and_starts_again() {
    let script = script().at_start(Deeds::default().prints("*")).on("x", Deeds::default().resets());
    let mut machine = script.machine();
    machine.run.send(&port(), b"xyz", at(0)).unwrap();
    let stop = machine.run.go(at(1000), &[]).unwrap();
    assert_eq!(shown(&stop), "101 Reset: 0>* 100<x");
    assert_eq!(
        shown(&machine.run.go(at(1000), &[]).unwrap()),
        "101 Reset:",
        "it stays stopped until the reset"
    );
    let events: String = machine.run.reset().unwrap().iter().map(event).collect();
    assert_eq!(events, " 101 reset by the firmware");
    assert_eq!(machine.run.pending(&port()).unwrap(), 0);
    assert_eq!(shown(&machine.run.go(at(1000), &[]).unwrap()), "1000 Time: 101>*");
}

#[test]
fn a_fault_stops_before_anything_else_happens() {
    let fault = Fault { exception: 3, registers: Registers::default(), is_stacked: true };
    let script =
        script().at_start(Deeds::default().after(micros(10)).faults(fault).prints("FATAL"));
    check(&script, "", &[(100, &[]), (100, &[])], &["10 Fault 3:", "100 Time: 10>F"]);
}

#[test]
fn pins_are_driven_at_their_time() {
    let mut machine = script().machine();
    let pins = machine.pins.as_mut().unwrap();
    pins.drive(&PinName::new("P1"), Level::Low, at(70)).unwrap();
    assert!(matches!(
        pins.drive(&PinName::new("P9"), Level::Low, at(70)),
        Err(MachineError::NoPin { .. })
    ));
    assert!(matches!(
        pins.drive(&PinName::new("P1"), Level::Unknown, at(70)),
        Err(MachineError::NoLevel { .. })
    ));
    assert_eq!(shown(&machine.run.go(at(100), &[]).unwrap()), "100 Time: 70~P1 low");
}

#[test]
fn memory_is_that_of_the_board() {
    let mut machine = script().with_memory(0x2000_0000, b"abc").machine();
    let memory = machine.memory.as_mut().unwrap();
    memory.write(0x2000_0001, b"X").unwrap();
    assert_eq!(memory.read(0x2000_0000, 4).unwrap(), b"aXc\0");
    assert!(matches!(memory.read(0x2000_0ffe, 3), Err(MachineError::Answer { .. })));
}

#[test]
fn what_it_cannot_do_is_not_there() {
    let machine = script().without_pins().without_memory().timing(Timing::Wall).machine();
    assert!(machine.pins.is_none() && machine.memory.is_none());
    assert_eq!(machine.timing, Timing::Wall);
}

#[test]
fn an_emulator_can_die_or_hang() {
    let dead = script().at_start(Deeds::default().dies()).machine().run.go(at(1), &[]);
    assert!(matches!(dead, Err(MachineError::Died { .. })));
    let silent = script().at_start(Deeds::default().hangs()).machine().run.go(at(1), &[]);
    assert!(matches!(silent, Err(MachineError::Silent { .. })));
}

#[test]
fn an_unknown_port_is_an_error() {
    let mut machine = script().machine();
    assert!(matches!(
        machine.run.send(&PortName::new("uart7"), b"x", at(0)),
        Err(MachineError::NoPort { .. })
    ));
}
