//! What time means: each sentence of docs/time.md that is about the lab.

use expect_test::expect;
use replab_record::{Event, MachineTime, ResetCause};
use replab_scenario::{At, Tolerance, WaveClaim};

use super::*;
use crate::play::Measured;

fn us(us: u64) -> Duration {
    Duration::from_micros(us)
}

fn at(when: At, step: Step) -> Step {
    Step { at: Some(when), ..step }
}

fn wave(window_ms: u64, period_ms: u64) -> Step {
    let period = Some((ms(period_ms), Tolerance::Relative(0.0)));
    let claim = WaveClaim { period, ..WaveClaim::looking("LED", ms(window_ms)) };
    step(Action::Wave(vec![claim]))
}

/// When each step began and ended, in microseconds of machine time.
#[track_caller]
fn times(steps: Vec<Step>, script: &Scripted) -> Vec<(u128, u128)> {
    let outcome = run(&scenario(steps), script);
    assert_eq!(outcome.verdict, Verdict::Passed);
    let micros = |time: MachineTime| time.since(MachineTime::ZERO).as_micros();
    outcome.steps.iter().map(|step| (micros(step.start), micros(step.end))).collect()
}

/// When typed bytes arrived, in microseconds.
fn arrivals(outcome: &Outcome) -> Vec<u128> {
    let arrival = |event: &Event| match event {
        Event::Received { at, .. } => Some(at.since(MachineTime::ZERO).as_micros()),
        _ => None,
    };
    outcome.record.events().iter().filter_map(arrival).collect()
}

/// A board that says nothing and does nothing.
fn silent() -> Scripted {
    Scripted::new(&board())
}

#[test]
fn a_board_stands_still_between_steps() {
    let claims = vec![
        wait(3),
        fs(Fs::Write(files(&[("a", "1")]))),
        fs(Fs::Is(files(&[("a", "1")]))),
        reset(Reset::Hard),
        reset(Reset::Power),
        wait(4),
    ];
    let times = times(claims, &silent());
    assert_eq!(times[1..5], [(3000, 3000); 4]);
    assert_eq!(times[5], (3000, 7000));
}

#[test]
fn what_is_typed_is_paced_from_the_start_of_the_step() {
    let outcome = run(&scenario(vec![wait(7), send("abc"), send("de")]), &silent());
    assert_eq!(arrivals(&outcome), [7100, 7200, 7300, 7400, 7500]);
}

#[test]
fn typing_ends_when_its_last_byte_has_arrived() {
    assert_eq!(times(vec![wait(7), send("abc")], &silent())[1], (7000, 7300));
}

#[test]
fn within_counts_from_the_start_of_its_step() {
    let board = || silent().at_start(after(30).prints("x"));
    let steps = |time| vec![wait(20), within(time, expect_text("x"))];
    check(steps(11), &board(), expect!["passed"]);
    let text = shown(&run(&scenario(steps(10)), &board()).verdict);
    assert!(text.contains("within 10ms") && text.contains("0.030000000 s"), "{text}");
}

#[test]
fn within_counts_after_at() {
    let board = silent().at_start(after(30).prints("x"));
    let late = at(At::Step(ms(25)), within(6, expect_text("x")));
    check(vec![late], &board, expect!["passed"]);
}

#[test]
fn a_flood_moves_no_deadline() {
    let flood = silent().at_start(prints(&"x".repeat(100_000)));
    let outcome = run(&scenario(vec![within(50, expect_text("y"))]), &flood);
    let Verdict::Failed(failure) = outcome.verdict else { panic!("{:?}", outcome.verdict) };
    assert_eq!(failure.at, MachineTime::ZERO + ms(50));
}

#[test]
fn at_counts_from_the_end_of_the_step_before() {
    let steps = vec![wait(5), at(At::Step(ms(10)), wait(1))];
    assert_eq!(times(steps, &silent())[1], (15_000, 16_000));
}

#[test]
fn at_machine_counts_from_the_first_power_on() {
    for how in [Reset::Hard, Reset::Power] {
        let late = at(At::Machine(ms(20)), wait(1));
        assert_eq!(times(vec![wait(5), reset(how), late], &silent())[2], (20_000, 21_000));
    }
}

#[test]
fn wait_is_exact_also_while_the_board_is_busy() {
    let busy = silent().at_start(prints(&"x".repeat(1000)));
    let steps = vec![step(Action::Wait(us(12_345))), step(Action::Wait(us(1)))];
    assert_eq!(times(steps, &busy), [(0, 12_345), (12_345, 12_346)]);
}

#[test]
fn a_wave_counts_whole_periods_from_the_start_of_the_step() {
    // The edges before the step, and the halves at both ends, are odd ones.
    let odd = after(1).edge("LED", Level::High).after(ms(4)).edge("LED", Level::Low);
    let board = silent().at_start(odd.after(ms(10)).blinks("LED", ms(5), ms(5), 3).after(ms(7)));
    let outcome = run(&scenario(vec![wait(2), wave(35, 10)]), &board);
    assert_eq!(outcome.verdict, Verdict::Passed);
    let Some(Measured::Wave(figures)) = &outcome.steps[1].measured else { panic!("no wave") };
    assert_eq!(figures[0].periods.len(), 2);
    check(
        vec![wave(35, 10)],
        &board,
        expect![[r#"
            failed at step 1 of 1, wave on line 10, 0.001000000 s
            wave
            expected: period 10ms ±0% on LED
            got:      14ms in period 1 of 2, 4ms over the limit
            | #           time  level   for  period        duty
            | 1  0.001000000 s   high   4ms    14ms  28.571429%
            | 2  0.005000000 s    low  10ms
            | 3  0.015000000 s   high   5ms    10ms         50%
            | 4  0.020000000 s    low   5ms
            | 5  0.025000000 s   high   5ms
            | 6  0.030000000 s    low     …
            | 3 rising edges in 35ms; period 10ms to 14ms, mean 12ms; duty 28.571429% to 50%
        "#]],
    );
}

#[test]
fn a_wave_takes_its_whole_window() {
    let board = silent().at_start(Deeds::default().blinks("LED", ms(5), ms(5), 9));
    assert_eq!(times(vec![wait(1), wave(60, 10)], &board)[1], (1000, 61_000));
}

#[test]
fn a_level_is_held_from_the_moment_it_came() {
    let board = || {
        silent().at_start(after(10).edge("LED", Level::High).after(ms(20)).edge("LED", Level::Low))
    };
    let held = |time| Step { hold: Some(ms(time)), ..pin("LED", Level::High) };
    check(vec![held(20)], &board(), expect!["passed"]);
    let text = shown(&run(&scenario(vec![held(21)]), &board()).verdict);
    assert!(text.contains("expected: LED high for 21ms"), "{text}");
}

#[test]
fn late_stops_change_no_measure() {
    let board = || {
        let deeds = after(1).prints("go").blinks("LED", ms(5), ms(5), 9);
        silent().at_start(deeds)
    };
    let steps = || vec![expect_text("go"), pin("LED", Level::High), wave(45, 10)];
    let summary = |late| {
        let outcome = run(&scenario(steps()), &board().stops_late(us(late)));
        assert_eq!(outcome.verdict, Verdict::Passed);
        let Some(Measured::Wave(figures)) = outcome.steps[2].measured.clone() else {
            panic!("no wave")
        };
        let sent: Vec<_> = outcome.record.events().iter().map(Event::at).take(3).collect();
        (figures[0].summary(), sent)
    };
    assert_eq!(summary(0), summary(300));
}

#[test]
fn time_runs_on_through_resets() {
    for how in [Reset::Hard, Reset::Power] {
        let steps = vec![wait(5), reset(how), expect_prompt()];
        let outcome = run(&scenario(steps), &repl_board());
        assert_eq!(outcome.verdict, Verdict::Passed);
        let times: Vec<_> = outcome.record.events().iter().map(Event::at).collect();
        assert!(times.is_sorted(), "{times:?}");
        assert_eq!(times[0], MachineTime::ZERO + ms(5), "the first event is the reset");
        assert_eq!(times[1], MachineTime::ZERO + ms(15), "the board says its first byte");
    }
}

#[test]
fn time_runs_on_through_a_reset_of_the_firmwares() {
    let board = silent().at_start(after(10).prints("hi").after(ms(190)).resets());
    let outcome = run(&scenario(vec![wait(500)]), &board);
    let resets: Vec<_> = outcome
        .record
        .events()
        .iter()
        .filter(|event| matches!(event, Event::Reset { cause: ResetCause::Firmware, .. }))
        .map(Event::at)
        .collect();
    assert_eq!(resets, [200, 400].map(|time| MachineTime::ZERO + ms(time)));
}

#[test]
fn a_prompt_is_one_when_nothing_follows_it() {
    // Ten character times at 100 000 baud are 1 ms; it was complete at 13.0 ms.
    let board = silent().at_start(after(10).prints("x".repeat(26)).prints(">>> "));
    let ended = times(vec![boot()], &board)[0].1;
    assert_eq!(ended, 10_000 + 29 * 100 + 1000);
}

#[test]
fn a_passed_run_ends_a_settle_time_after_its_last_step() {
    let outcome = run(&scenario(vec![wait(5)]), &silent());
    assert_eq!(outcome.end, MachineTime::ZERO + ms(5) + crate::SETTLE);
    assert_eq!(crate::SETTLE, ms(50), "docs/time.md names it");
}

#[test]
fn the_steps_alone_say_how_long_a_run_can_be() {
    // A board that never says anything, and one that never stops.
    let endless = Scripted::new(&board()).at_start(prints(&">>> x\r\n".repeat(20_000)));
    for board in [silent(), endless] {
        let outcome = run(&scenario(vec![within(300, boot()), wait(1)]), &board);
        assert!(matches!(outcome.verdict, Verdict::Failed(_)));
        // What comes just before the deadline is looked at for a quiet time more.
        let over = outcome.end.since(MachineTime::ZERO + ms(300));
        assert!(outcome.end >= MachineTime::ZERO + ms(300) && over <= ms(1), "{}", outcome.end);
    }
}
