//! `drive`, `press`, `quiet`; and `memory` where nothing is known of it.

use expect_test::expect;
use replab_board::{AnalogInput, Quantity};
use replab_record::{Event, MachineTime};
use replab_scenario::Press;

use super::*;

fn drive(levels: &[(&str, Level)]) -> Step {
    let levels = levels.iter().map(|(pin, level)| (pin.to_string(), Driven::Level(*level)));
    step(Action::Drive(levels.collect()))
}

#[test]
fn an_analog_input_gets_its_value_when_the_step_begins() {
    let mut board = board();
    board.analog.insert("ADC1".into(), AnalogInput { input: 1, measures: Quantity::Voltage });
    let steps = |word: &str| {
        let to = Driven::Analog(1_200_000);
        let expect = expect_text("input 1 is 1200000");
        scenario(vec![wait(5), step(Action::Drive(vec![(word.to_owned(), to)])), expect])
    };
    let run = |word, script: Scripted| {
        let target = "test-board@script";
        shown(&play(&steps(word), &board, target, None, script.machine(), &options()).verdict)
    };
    assert_eq!(run("ADC1", Scripted::new(&board).with_analog()), "passed");
    let skipped = run("ADC1", Scripted::new(&board));
    assert!(skipped.starts_with("skipped") && skipped.contains("analog"), "{skipped}");
}

#[test]
fn noise_follows_from_the_seed_of_the_scenario() {
    let noise = || step(Action::Drive(vec![("P3".to_owned(), Driven::Noise)]));
    let levels = |seed, script: Scripted| {
        let outcome =
            run(&Scenario { seed, ..scenario(vec![wait(5), noise(), wait(20)]) }, &script);
        let events = outcome.record.events().iter();
        (shown(&outcome.verdict), events.map(|event| event.at()).collect::<Vec<_>>())
    };
    let noisy = || Scripted::new(&board()).with_noise();
    let (verdict, times) = levels(1, noisy());
    assert_eq!((verdict.as_str(), times.len(), times[0].as_nanos()), ("passed", 3, 5_000_000));
    assert_eq!(levels(1, noisy()).1, times);
    assert_ne!(levels(2, noisy()).1, times);
    let (skipped, _) = levels(1, Scripted::new(&board()));
    assert!(skipped.starts_with("skipped") && skipped.contains("noise"), "{skipped}");
}

fn press(time_ms: u64, bounce_ms: Option<u64>) -> Step {
    let press = Press { button: "BUTTON".into(), time: ms(time_ms), bounce: bounce_ms.map(ms) };
    step(Action::Press(press))
}

fn quiet(time_ms: u64) -> Step {
    step(Action::Quiet(ms(time_ms)))
}

/// What was driven in a run that must pass: microseconds, pin and level.
#[track_caller]
fn driven(steps: Vec<Step>, seed: u32) -> Vec<(u128, String, Level)> {
    let outcome = run(&Scenario { seed, ..scenario(steps) }, &Scripted::new(&board()));
    assert_eq!(outcome.verdict, Verdict::Passed);
    driven_in(&outcome)
}

fn driven_in(outcome: &Outcome) -> Vec<(u128, String, Level)> {
    let driven = |event: &Event| match event {
        Event::Driven { pin, level, at } => {
            Some((at.since(MachineTime::ZERO).as_micros(), pin.to_string(), *level))
        }
        _ => None,
    };
    outcome.record.events().iter().filter_map(driven).collect()
}

fn p3(at_us: u128, level: Level) -> (u128, String, Level) {
    (at_us, "P3".to_string(), level)
}

#[test]
fn levels_are_driven_from_the_start_of_the_step_on() {
    let steps = vec![
        wait(5),
        drive(&[("P0", Level::High), ("BUTTON", Level::Low)]),
        wait(5),
        drive(&[("BUTTON", Level::Floating)]),
    ];
    let p0 = (5000, "P0".to_string(), Level::High);
    assert_eq!(driven(steps, 1), [p0, p3(5000, Level::Low), p3(10_000, Level::Floating)]);
}

#[test]
fn a_driven_level_can_be_claimed_at_once() {
    let steps = vec![
        drive(&[("P0", Level::High)]),
        pin("P0", Level::High),
        drive(&[("P0", Level::Floating)]),
        pin("P0", Level::Floating),
    ];
    check(steps, &Scripted::new(&board()), expect!["passed"]);
}

#[test]
fn a_press_is_as_long_as_it_says_and_over_when_the_button_is_released() {
    let outcome = run(&scenario(vec![wait(7), press(30, None)]), &Scripted::new(&board()));
    assert_eq!(driven_in(&outcome), [p3(7000, Level::Low), p3(37_000, Level::Floating)]);
    assert_eq!(outcome.steps[1].end.since(MachineTime::ZERO).as_micros(), 37_000);
}

#[test]
fn a_contact_bounces_at_either_end_and_as_the_seed_says() {
    let bouncing = |seed| driven(vec![press(30, Some(5)), press(30, Some(5))], seed);
    let edges = bouncing(1);
    let (pressing, releasing): (Vec<_>, Vec<_>) =
        edges.iter().filter(|(at, ..)| *at < 35_000).partition(|(at, ..)| *at < 30_000);
    assert!(pressing.len() > 3 && releasing.len() > 3, "{edges:?}");
    assert_eq!(pressing.first().map(|(at, ..)| *at), Some(0));
    assert!(pressing.iter().all(|(at, ..)| *at < 5000), "{edges:?}");
    assert_eq!(pressing.last().map(|(.., level)| *level), Some(Level::Low));
    assert_eq!(releasing.last().map(|(.., level)| *level), Some(Level::Floating));
    assert_eq!(edges, bouncing(1), "equal seeds are equal");
    assert_ne!(edges, bouncing(2), "another seed is another bounce");
    let second: Vec<_> =
        edges.iter().filter(|(at, ..)| *at >= 35_000).map(|(at, ..)| *at - 35_000).collect();
    let first: Vec<_> = edges.iter().map(|(at, ..)| *at).take(second.len()).collect();
    assert_ne!(first, second, "the second press bounces in a way of its own");
}

/// A board with a resistor at its button.
const PULLED: &str = "BUTTON: { pressed: high, released: low }";

#[test]
fn a_button_with_a_resistor_is_released_from_power_on_on() {
    let text = BOARD.replace("BUTTON: { pressed: low, released: floating }", PULLED);
    let board = load("test-board.yaml", &text).unwrap();
    let machine = Scripted::new(&board).machine();
    let scenario = scenario(vec![wait(5), press(3, None)]);
    let outcome = play(&scenario, &board, "test-board@script", None, machine, &options());
    let expected = [p3(0, Level::Low), p3(5000, Level::High), p3(8000, Level::Low)];
    assert_eq!(driven_in(&outcome), expected);
}

#[test]
fn who_cannot_drive_pins_skips_the_scenario() {
    for step in [press(30, None), drive(&[("P0", Level::High)])] {
        check(
            vec![step],
            &Scripted::new(&board()).without_pins(),
            expect![[r#"skipped: Lacks { target: "test-board@script", capability: "gpio" }"#]],
        );
    }
}

#[test]
fn nothing_may_come_while_it_must_be_quiet() {
    let board = Scripted::new(&board()).at_start(after(30).prints("late"));
    check(vec![quiet(30)], &board, expect!["passed"]);
    check(vec![wait(31), quiet(9)], &board, expect!["passed"]);
    check(
        vec![wait(10), quiet(21)],
        &board,
        expect![[r#"
            failed at step 2 of 2, quiet on line 10, 0.030000000 s
            output
            expected: nothing on uart0 for 21ms
            got:      "late" after 20ms
        "#]],
    );
}

#[test]
fn quiet_is_as_long_as_it_says() {
    let outcome = run(&scenario(vec![wait(3), quiet(4)]), &Scripted::new(&board()));
    assert_eq!(outcome.steps[1].end, MachineTime::ZERO + ms(7));
}

#[test]
fn firmware_that_does_not_say_where_its_memory_is_breaks_the_run() {
    check(
        vec![step(Action::Memory(Vec::new()))],
        &Scripted::new(&board()),
        expect![[r#"
        broken at step 1
        the figures that the step asks for cannot be taken on board test-board
        there are no figures of stack and heap (the firmware has no marks: docs/memory.md)
    "#]],
    );
}

#[test]
fn memory_that_nobody_can_read_skips_the_scenario() {
    check(
        vec![step(Action::Memory(Vec::new()))],
        &Scripted::new(&board()).without_memory(),
        expect![[r#"skipped: Lacks { target: "test-board@script", capability: "memory" }"#]],
    );
}
