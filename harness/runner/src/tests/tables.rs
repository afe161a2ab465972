//! Tables of stimuli: `at: [ … ]`.

use expect_test::expect;
use replab_machine::Timing;
use replab_record::{Event, MachineTime};
use replab_scenario::{Act, At, Press, Stimulus};

use super::*;

fn us(us: u64) -> Duration {
    Duration::from_micros(us)
}

/// A table on line 20, whose entries stand on the lines below.
fn table(entries: Vec<(At, Act)>) -> Step {
    let entries = entries.into_iter().zip(21..);
    let entries = entries.map(|((time, act), line)| Stimulus { line, time, act });
    Step { line: 20, ..step(Action::Stimuli(entries.collect())) }
}

fn drive(time_us: u64, pin: &str, level: Level) -> (At, Act) {
    (At::Step(us(time_us)), Act::Drive(vec![(pin.to_string(), Driven::Level(level))]))
}

fn press(time_us: u64, for_us: u64) -> (At, Act) {
    let press = Press { button: "BUTTON".into(), time: us(for_us), bounce: None };
    (At::Step(us(time_us)), Act::Press(press))
}

fn types(time_us: u64, text: &str) -> (At, Act) {
    (At::Step(us(time_us)), Act::Type { bytes: text.as_bytes().to_vec(), port: None })
}

/// What came from outside, in microseconds: `5000~P3 low`, `100<x`.
fn outside(outcome: &Outcome) -> Vec<String> {
    let shown = |event: &Event| {
        let at = event.at().as_nanos();
        assert_eq!(at % 1000, 0, "{event:?}");
        match event {
            Event::Driven { pin, level, .. } => Some(format!("{}~{pin} {level}", at / 1000)),
            Event::Received { byte, .. } => {
                Some(format!("{}<{}", at / 1000, char::from(*byte).escape_default()))
            }
            _ => None,
        }
    };
    outcome.record.events().iter().filter_map(shown).collect()
}

/// Plays `steps`, which must pass, and compares what came from outside.
#[track_caller]
fn check_outside(script: &Scripted, steps: Vec<Step>, expected: &[&str]) -> Outcome {
    let outcome = run(&scenario(steps), script);
    assert_eq!(shown(&outcome.verdict), "passed");
    assert_eq!(outside(&outcome), expected);
    outcome
}

#[test]
fn a_table_waits_for_nothing_and_each_entry_comes_at_its_time() {
    let entries = vec![
        drive(20_000, "P0", Level::High),
        drive(5_000, "P1", Level::Low),
        press(10_000, 3_000),
        drive(30_000, "P0", Level::Floating),
    ];
    let expected =
        ["7000~P1 low", "12000~P3 low", "15000~P3 floating", "22000~P0 high", "32000~P0 floating"];
    let steps = vec![wait(2), table(entries), wait(40)];
    let outcome = check_outside(&Scripted::new(&board()), steps, &expected);
    let table = &outcome.steps[1];
    assert_eq!((table.start, table.end), (MachineTime::ZERO + ms(2), MachineTime::ZERO + ms(2)));
}

#[test]
fn the_first_byte_of_an_entry_arrives_at_its_time() {
    let steps = vec![table(vec![types(2_000, "ab"), types(5_000, "\x03")]), send("x"), wait(9)];
    let expected = ["100<x", "2000<a", "2100<b", "5000<\\u{3}"];
    check_outside(&Scripted::new(&board()), steps, &expected);
}

#[test]
fn a_step_that_waits_for_levels_sees_them_come() {
    let entries = vec![
        drive(3_000, "P0", Level::High),
        drive(5_000, "P1", Level::Low),
        drive(7_000, "P0", Level::Floating),
    ];
    let both =
        step(Action::Pin(vec![("P0".to_string(), Level::High), ("P1".to_string(), Level::Low)]));
    let steps = vec![table(entries), both, pin("P0", Level::Floating)];
    let outcome = run(&scenario(steps), &Scripted::new(&board()));
    assert_eq!(shown(&outcome.verdict), "passed");
    let ends: Vec<u64> = outcome.steps.iter().map(|step| step.end.as_nanos()).collect();
    assert_eq!(ends, [0, 5_000_001, 7_000_001]);
}

#[test]
fn what_arrives_while_a_step_waits_is_answered_then() {
    let board = Scripted::new(&board()).on("\x03", prints("KeyboardInterrupt"));
    let steps = vec![table(vec![types(1_500_000, "\x03")]), expect_text("KeyboardInterrupt")];
    let outcome = check_outside(&board, steps, &["1500000<\\u{3}"]);
    // 17 characters of 100 µs, from a microsecond after that byte on.
    assert_eq!(outcome.steps[1].end, MachineTime::ZERO + us(1_501_601));
}

#[test]
fn an_entry_may_count_from_power_on() {
    let at = |time| At::Machine(ms(time));
    let (_, high) = drive(0, "P0", Level::High);
    let (_, a) = types(0, "a");
    let steps =
        |time| vec![wait(3), table(vec![(at(time), high.clone()), (at(8), a.clone())]), wait(9)];
    check_outside(&Scripted::new(&board()), steps(7), &["7000~P0 high", "8000<a"]);
    check(
        steps(2),
        &Scripted::new(&board()),
        expect![[r#"
        broken at step 2
        this should be at 0.002000 s, which is past: it is 0.003000 s (name a later time)
    "#]],
    );
    let early = vec![wait(8), table(vec![(at(8), a.clone())]), wait(9)];
    check(
        early,
        &Scripted::new(&board()),
        expect![[r#"
            broken at step 2
            a byte that arrives at 0.008000 s is on its way for one character time before, and it is 0.008000 s already (name a later time)
        "#]],
    );
}

#[test]
fn a_reset_stops_nothing_of_the_world_around_the_board() {
    let board = Scripted::new(&board()).on("r", after(1).resets());
    let entries = vec![
        drive(1_000, "P1", Level::High),
        types(2_000, "r"),
        drive(9_000, "P0", Level::High),
        types(10_000, "a"),
    ];
    let expected = ["1000~P1 high", "2000<r", "9000~P0 high", "10000<a"];
    check_outside(&board, vec![table(entries), wait(12)], &expected);
    let entries = vec![press(4_000, 5_000), types(6_000, "a")];
    let steps = vec![table(entries), wait(5), reset(Reset::Hard), wait(9)];
    check_outside(&board, steps, &["4000~P3 low", "6000<a", "9000~P3 floating"]);
}

#[test]
fn what_has_not_happened_when_the_run_ends_breaks_it() {
    let entries =
        vec![drive(9_000, "P0", Level::High), press(70_000, 3_000), types(2_500_000, "\x03")];
    check(
        vec![table(entries), wait(10)],
        &Scripted::new(&board()),
        expect![[r#"
        broken at step 1
        line 22 asks for P3 low at 0.070000 s, and that was never seen, nor were 2 more: the run ended at 0.060000 s (let the run last longer, with `wait`, or ask for it earlier)
    "#]],
    );
    // The settle time counts: it is a part of the run.
    let in_time = vec![table(vec![drive(59_000, "P0", Level::High)]), wait(10)];
    check(in_time, &Scripted::new(&board()), expect!["passed"]);
    let text = vec![table(vec![types(61_000, "help\r")]), wait(10)];
    check(
        text,
        &Scripted::new(&board()),
        expect![[r#"
        broken at step 1
        line 21 asks for "help\r" on uart0 at 0.061000 s, and that was never seen: the run ended at 0.060000 s (let the run last longer, with `wait`, or ask for it earlier)
    "#]],
    );
}

#[test]
fn a_machine_that_does_not_do_what_it_is_asked_breaks_the_run() {
    let deaf = Scripted::new(&board()).deaf();
    let pressed = Press { button: "BUTTON".into(), time: ms(3), bounce: None };
    check(
        vec![step(Action::Press(pressed))],
        &deaf,
        expect![[r#"
            broken at step 1
            line 10 asks for P3 low at 0.000000 s, and that was never seen, nor was 1 more: the run ended at 0.053000 s (the machine has not done it)
        "#]],
    );
    let level = vec![("P0".to_string(), Driven::Level(Level::High))];
    check(
        vec![step(Action::Drive(level))],
        &deaf,
        expect![[r#"
        broken at step 1
        line 10 asks for P0 high at 0.000000 s, and that was never seen: the run ended at 0.050000 s (the machine has not done it)
    "#]],
    );
    check(
        vec![table(vec![types(1_000, "ab")]), wait(5)],
        &deaf,
        expect![[r#"
            broken at step 1
            line 21 asks for "a" on uart0 at 0.001000 s, and that was never seen, nor was 1 more: the run ended at 0.055000 s (the machine has not done it)
        "#]],
    );
}

#[test]
fn a_run_that_has_failed_stays_failed() {
    let steps = vec![
        table(vec![drive(900_000, "P0", Level::High)]),
        within(5, expect_text("nothing of the kind")),
    ];
    let outcome = run(&scenario(steps), &Scripted::new(&board()));
    assert!(matches!(outcome.verdict, Verdict::Failed(_)), "{:?}", outcome.verdict);
}

#[test]
fn a_port_carries_one_byte_at_a_time() {
    // Five characters take 500 µs.
    let typing = vec![table(vec![types(300, "x")]), send("12345")];
    check(
        typing,
        &Scripted::new(&board()),
        expect![[r#"
        broken at step 2
        line 21 lets a byte arrive on uart0 at 0.000300 s, and another step types there at that time (give it another time: a port carries one byte at a time)
    "#]],
    );
    let typed = vec![table(vec![types(300, "12345")]), step(Action::Wait(us(400))), send("x")];
    check(
        typed,
        &Scripted::new(&board()),
        expect![[r#"
            broken at step 3
            line 21 lets a byte arrive on uart0 at 0.000300 s, and another step types there at that time (give it another time: a port carries one byte at a time)
        "#]],
    );
    let apart = vec![table(vec![types(600, "x")]), send("12345"), wait(1)];
    let expected = ["100<1", "200<2", "300<3", "400<4", "500<5", "600<x"];
    check_outside(&Scripted::new(&board()), apart, &expected);
}

#[test]
fn what_is_measured_on_an_analog_input_leaves_no_trace_and_is_not_waited_for() {
    let mut board = board();
    let input = replab_board::AnalogInput { input: 1, measures: replab_board::Quantity::Voltage };
    board.analog.insert("ADC1".into(), input);
    let act = Act::Drive(vec![("ADC1".to_string(), Driven::Analog(5))]);
    let steps = vec![table(vec![(At::Step(ms(1)), act)]), expect_text("input 1 is 5")];
    let machine = Scripted::new(&board).with_analog().machine();
    let outcome = play(&scenario(steps), &board, "test-board@script", None, machine, &options());
    assert_eq!(shown(&outcome.verdict), "passed");
}

#[test]
fn who_cannot_do_what_a_table_asks_skips_the_scenario() {
    let board = Scripted::new(&board());
    let drives = || vec![table(vec![drive(1, "P0", Level::High)]), wait(1)];
    check(
        drives(),
        &board.clone().without_pins(),
        expect![[r#"skipped: Lacks { target: "test-board@script", capability: "gpio" }"#]],
    );
    check(
        drives(),
        &board.clone().timing(Timing::Wall),
        expect![[
            r#"skipped: NoExactTime { why: "test-board@script goes by the desk clock, which cannot tell its `at: [ … ]`" }"#
        ]],
    );
    let types = vec![table(vec![types(1_000, "a")]), wait(2)];
    check(types, &board.without_pins(), expect!["passed"]);
}

#[test]
fn ten_thousand_entries_come_each_at_its_time() {
    let level = |index| if index % 2 == 0 { Level::High } else { Level::Low };
    let entries = (0..10_000).map(|index| drive(10 * index, "P0", level(index)));
    let steps = vec![table(entries.collect()), wait(100)];
    let outcome = run(&scenario(steps), &Scripted::new(&board()));
    assert_eq!(shown(&outcome.verdict), "passed");
    let all = outside(&outcome);
    assert_eq!((all.len(), all[9_999].as_str()), (10_000, "99990~P0 low"));
}

/// Between two windows of raw-paste mode nothing is on its way, and yet the code is not over.
#[test]
fn nobody_types_into_code_that_is_sent() {
    let board = Scripted::new(&board())
        .at_start(after(10).prints("MicroPython v1\r\n>>> "))
        .on("\x01", prints("\r\nraw REPL; CTRL-B to exit\r\n>"))
        .on("\x05A\x01", Deeds::default().prints(b"R\x01\x04\x00\x01"));
    let exec = step(Action::Exec(code("run()")));
    check(
        vec![boot(), table(vec![types(30_000, "x")]), exec],
        &board,
        expect![[r#"
        broken at step 3
        line 21 lets a byte arrive on uart0 at 0.042900 s, and another step types there at that time (give it another time: a port carries one byte at a time)
    "#]],
    );
}
