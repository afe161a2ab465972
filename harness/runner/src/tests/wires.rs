//! Wires that break: `wire`.

use expect_test::expect;
use replab_record::{Event, MachineTime};
use replab_scenario::{NthEdge, WireChange, WireState};

use super::*;

fn drive(pin: &str, level: Level) -> Step {
    step(Action::Drive(vec![(pin.to_string(), Driven::Level(level))]))
}

fn wire(pin: &str, to: WireState, when: Option<NthEdge>) -> Step {
    let change = WireChange { pin: pin.to_string(), to, when };
    Step { line: 30, ..step(Action::Wire(change)) }
}

fn open(pin: &str) -> Step {
    wire(pin, WireState::Open, None)
}

fn mend(pin: &str) -> Step {
    wire(pin, WireState::Whole, None)
}

fn bridge(source: &str, pin: &str) -> Step {
    wire(pin, WireState::Bridged(source.to_string()), None)
}

fn edge(count: u32, to: Option<Level>) -> Option<NthEdge> {
    Some(NthEdge { pin: "LED".to_string(), count, to })
}

/// A board whose LED blinks from 10 ms on: 5 ms high, 5 ms low.
fn blinking() -> Scripted {
    Scripted::new(&board()).at_start(after(10).blinks("LED", ms(5), ms(5), 20))
}

/// What became of P0, in milliseconds, in a run of `steps` that must pass.
#[track_caller]
fn check_p0(script: &Scripted, steps: Vec<Step>, expected: &[(u64, Level)]) {
    let outcome = run(&scenario(steps), script);
    assert_eq!(shown(&outcome.verdict), "passed");
    let p0 = |event: &Event| match event {
        Event::Driven { pin, level, at } if pin.as_str() == "P0" => {
            Some((at.as_nanos() / 1_000_000, *level))
        }
        _ => None,
    };
    let got: Vec<_> = outcome.record.events().iter().filter_map(p0).collect();
    assert_eq!(got, expected);
}

#[test]
fn an_open_wire_carries_nothing_and_a_mended_one_what_was_driven_last() {
    let steps = vec![
        drive("P0", Level::High),
        wait(5),
        open("P0"),
        pin("P0", Level::Floating),
        wait(5),
        drive("P0", Level::Low),
        drive("P0", Level::High),
        drive("P0", Level::Low),
        pin("P0", Level::Floating),
        wait(5),
        mend("P0"),
        pin("P0", Level::Low),
    ];
    let expected = [(0, Level::High), (5, Level::Floating), (15, Level::Low)];
    check_p0(&Scripted::new(&board()), steps, &expected);
}

#[test]
fn a_short_has_its_level_whatever_is_driven() {
    let steps = vec![
        wire("P0", WireState::Shorted(Level::Low), None),
        wait(5),
        drive("P0", Level::High),
        pin("P0", Level::Low),
        mend("P0"),
    ];
    let expected = [(0, Level::Low), (5, Level::High)];
    check_p0(&Scripted::new(&board()), steps, &expected);
}

#[test]
fn a_bridge_brings_each_edge_of_the_output_in_the_same_nanosecond() {
    let steps = vec![wait(1), bridge("LED", "P0"), wait(20), mend("P0"), wait(10)];
    let (high, low) = (Level::High, Level::Low);
    let floating = Level::Floating;
    let expected = [(1, floating), (10, high), (15, low), (20, high), (21, floating)];
    check_p0(&blinking(), steps, &expected);
}

#[test]
fn a_wire_breaks_at_the_edge_that_it_waits_for() {
    let low = WireState::Shorted(Level::Low);
    let fifth = vec![wire("P0", low.clone(), edge(5, None)), wait(80)];
    // High at 10 ms, low at 15 ms, …
    check_p0(&blinking(), fifth, &[(30, Level::Low)]);
    let falling = vec![wire("P0", low.clone(), edge(2, Some(Level::Low))), wait(80)];
    check_p0(&blinking(), falling, &[(25, Level::Low)]);
    let later = vec![wait(12), wire("P0", low, edge(1, Some(Level::High))), wait(80)];
    check_p0(&blinking(), later, &[(20, Level::Low)]);
}

#[test]
fn several_wires_wait_each_for_its_own_edge() {
    let steps = vec![
        drive("P0", Level::High),
        wire("P0", WireState::Open, edge(2, None)),
        wire("P0", WireState::Whole, edge(4, None)),
        wait(80),
    ];
    let expected = [(0, Level::High), (15, Level::Floating), (25, Level::High)];
    check_p0(&blinking(), steps, &expected);
}

#[test]
fn a_wire_that_waits_for_an_edge_holds_nobody_up() {
    let steps = vec![wire("P0", WireState::Open, edge(2, None)), pin("LED", Level::High)];
    let outcome = run(&scenario(steps), &blinking());
    assert_eq!(outcome.steps[0].end, MachineTime::ZERO);
    assert_eq!(outcome.steps[1].end, MachineTime::ZERO + ms(10));
}

#[test]
fn a_step_that_waits_for_a_level_sees_what_a_wire_brings() {
    let low = WireState::Shorted(Level::Low);
    let steps = vec![wire("P0", low, edge(3, None)), pin("P0", Level::Low)];
    let outcome = run(&scenario(steps), &blinking());
    assert_eq!(outcome.steps[1].end.as_nanos(), 20_000_001);
    let steps = vec![bridge("LED", "P0"), pin("P0", Level::High)];
    let outcome = run(&scenario(steps), &blinking());
    assert_eq!(outcome.steps[1].end, MachineTime::ZERO + ms(10));
}

#[test]
fn an_edge_that_never_came_breaks_the_run() {
    let steps = |count| vec![wire("P0", WireState::Open, edge(count, None)), wait(10)];
    // The LED blinks through the settle time, too.
    check(
        steps(41),
        &blinking(),
        expect![[r#"
            broken at step 1
            the wire to P0 should change at edge 41 of LED, and 10 came: the run ended at 0.060000 s
        "#]],
    );
    check(
        steps(1),
        &Scripted::new(&board()),
        expect![[r#"
            broken at step 1
            the wire to P0 should change at edge 1 of LED, and none came: the run ended at 0.060000 s
        "#]],
    );
}

#[test]
fn no_pin_is_in_two_bridges_as_another_end() {
    check(
        vec![bridge("LED", "P0"), bridge("P0", "P1")],
        &blinking(),
        expect![[r#"
        broken at step 2
        P0 cannot be bridged to P1, because one of them is bridged to a third (mend that wire first)
    "#]],
    );
    check(
        vec![bridge("P0", "P1"), bridge("LED", "P0")],
        &blinking(),
        expect![[r#"
        broken at step 2
        P2 cannot be bridged to P0, because one of them is bridged to a third (mend that wire first)
    "#]],
    );
    let mended = vec![bridge("LED", "P0"), mend("P0"), bridge("P0", "P1")];
    check(mended, &blinking(), expect!["passed"]);
    check(vec![bridge("LED", "P0"), bridge("LED", "P1")], &blinking(), expect!["passed"]);
}

#[test]
fn who_cannot_break_wires_skips_the_scenario() {
    check(
        vec![open("P0")],
        &blinking().without_wires(),
        expect![[r#"skipped: Lacks { target: "test-board@script", capability: "wires" }"#]],
    );
}
