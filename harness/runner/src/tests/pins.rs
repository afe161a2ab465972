//! `pin` and `wave`.

use expect_test::expect;
use replab_scenario::{Direction, Frequency, Tolerance, WaveClaim, Width};

use super::*;
use crate::play::Measured;

fn wave_claim() -> WaveClaim {
    WaveClaim::looking("LED", ms(1000))
}

fn wave(claim: WaveClaim) -> Step {
    step(Action::Wave(vec![claim]))
}

fn period(ms_: u64, percent: f64) -> WaveClaim {
    WaveClaim { period: Some((ms(ms_), Tolerance::Relative(percent))), ..wave_claim() }
}

/// A board that takes its LED high for 20 ms of each 100 ms, from 10 ms on.
fn blinking() -> Scripted {
    Scripted::new(&board()).at_start(after(10).blinks("LED", ms(20), ms(80), 50))
}

fn edges(list: &[(u64, Level)]) -> Scripted {
    let deeds = list.iter().fold(Deeds::default(), |deeds, (pause, level)| {
        deeds.after(ms(*pause)).edge("LED", *level)
    });
    Scripted::new(&board()).at_start(deeds)
}

#[test]
fn a_level_may_come_true_within_the_time() {
    let board = edges(&[(10, Level::Low), (500, Level::High)]);
    check(vec![pin("LED", Level::High)], &board, expect!["passed"]);
    check(
        vec![within(300, pin("LED", Level::High))],
        &board,
        expect![[r#"
            failed at step 1 of 1, pin on line 10, 0.300000000 s
            level
            expected: LED high within 300ms
            got:      low since 0.010000 s
            hint: it comes at 0.510 s, too late for line 10: give the step `within: 600ms`
        "#]],
    );
    check(
        vec![pin("P1", Level::High)],
        &board,
        expect![[r#"
            failed at step 1 of 1, pin on line 10, 2.000000000 s
            level
            expected: P1 high within 2s
            got:      unknown: it was never driven
            hint: P1 did not move, and LED did: 2 edges. Is it the pin that is meant?
        "#]],
    );
}

#[test]
fn a_level_is_held_from_then_on() {
    let board = edges(&[(10, Level::High), (40, Level::Low)]);
    let held = |time| Step { hold: Some(ms(time)), ..pin("LED", Level::High) };
    check(vec![held(39)], &board, expect!["passed"]);
    check(
        vec![held(41)],
        &board,
        expect![[r#"
        failed at step 1 of 1, pin on line 10, 0.050000000 s
        level
        expected: LED high for 41ms
        got:      low after 40ms
    "#]],
    );
}

#[test]
fn two_levels_must_hold_at_the_same_time() {
    let board = Scripted::new(&board()).at_start(
        after(1)
            .edge("P0", Level::High)
            .after(ms(5))
            .edge("P0", Level::Low)
            .edge("P1", Level::High),
    );
    let both = |first, second| {
        step(Action::Pin(vec![("P0".to_string(), first), ("P1".to_string(), second)]))
    };
    check(vec![both(Level::Low, Level::High)], &board, expect!["passed"]);
    check(
        vec![within(50, both(Level::High, Level::High))],
        &board,
        expect![[r#"
            failed at step 1 of 1, pin on line 10, 0.050000000 s
            level
            expected: P0 high within 50ms
            got:      low since 0.006000 s
        "#]],
    );
}

#[test]
fn a_wave_is_judged_by_its_whole_periods() {
    check(vec![wave(period(100, 0.0))], &blinking(), expect!["passed"]);
    check(
        vec![wave(WaveClaim { duty: Some((20.0, 0.0)), ..wave_claim() })],
        &blinking(),
        expect!["passed"],
    );
    check(
        vec![wave(WaveClaim { count: Some(10), ..wave_claim() })],
        &blinking(),
        expect!["passed"],
    );
}

#[test]
fn a_wrong_period_is_shown_among_its_edges() {
    let board = Scripted::new(&board()).at_start(
        after(10).blinks("LED", ms(50), ms(50), 2).blinks("LED", ms(50), ms(54), 1).blinks(
            "LED",
            ms(50),
            ms(50),
            2,
        ),
    );
    check(
        vec![wave(period(100, 1.0))],
        &board,
        expect![[r#"
            failed at step 1 of 1, wave on line 10, 0.210000000 s
            wave
            expected: period 100ms ±1% on LED
            got:      104ms in period 3 of 4, 3ms over the limit
            |  #           time  level   for  period        duty
            |  1  0.010000000 s   high  50ms   100ms         50%
            |  2  0.060000000 s    low  50ms
            |  3  0.110000000 s   high  50ms   100ms         50%
            |  4  0.160000000 s    low  50ms
            |  5  0.210000000 s   high  50ms   104ms  48.076923%
            |  6  0.260000000 s    low  54ms
            |  7  0.314000000 s   high  50ms   100ms         50%
            |  8  0.364000000 s    low  50ms
            |  9  0.414000000 s   high  50ms
            | 10  0.464000000 s    low     …
            | 5 rising edges in 1s; period 100ms to 104ms, mean 101ms; duty 48.076923% to 50%
        "#]],
    );
    check(vec![wave(period(100, 4.0))], &board, expect!["passed"]);
}

/// Were the count judged first, nobody would read of the period behind it.
#[test]
fn a_wrong_period_is_said_before_the_count_that_follows_from_it() {
    let slow = WaveClaim { count: Some(12), ..period(80, 1.0) };
    let outcome = run(&scenario(vec![wave(slow)]), &blinking());
    assert!(shown(&outcome.verdict).contains("expected: period 80ms"), "{:?}", outcome.verdict);
    let still = WaveClaim { count: Some(1), ..period(80, 1.0) };
    let outcome = run(&scenario(vec![wave(still)]), &Scripted::new(&board()));
    assert!(shown(&outcome.verdict).contains("expected: 1 rising edge"), "{:?}", outcome.verdict);
}

#[test]
fn a_wrong_duty_is_shown() {
    check(
        vec![wave(WaveClaim { duty: Some((50.0, 1.0)), window: ms(250), ..wave_claim() })],
        &blinking(),
        expect![[r#"
            failed at step 1 of 1, wave on line 10, 0.010000000 s
            wave
            expected: duty 50% ±1% on LED
            got:      20% in period 1 of 2, 29 points under the limit
            | #           time  level   for  period  duty
            | 1  0.010000000 s   high  20ms   100ms   20%
            | 2  0.030000000 s    low  80ms
            | 3  0.110000000 s   high  20ms   100ms   20%
            | 4  0.130000000 s    low  80ms
            | 5  0.210000000 s   high  20ms
            | 6  0.230000000 s    low     …
            | 3 rising edges in 250ms; period 100ms; duty 20%
        "#]],
    );
}

#[test]
fn a_wrong_count_is_shown() {
    check(
        vec![wave(WaveClaim { count: Some(2), window: ms(250), ..wave_claim() })],
        &blinking(),
        expect![[r#"
        failed at step 1 of 1, wave on line 10, 0.250000000 s
        wave
        expected: 2 rising edges on LED in 250ms
        got:      3 rising edges
        | #           time  level   for  period  duty
        | 1  0.010000000 s   high  20ms   100ms   20%
        | 2  0.030000000 s    low  80ms
        | 3  0.110000000 s   high  20ms   100ms   20%
        | 4  0.130000000 s    low  80ms
        | 5  0.210000000 s   high  20ms
        | 6  0.230000000 s    low     …
        | 3 rising edges in 250ms; period 100ms; duty 20%
    "#]],
    );
}

#[test]
fn no_edges_say_so_and_name_the_pin_that_moved() {
    let board = Scripted::new(&board()).at_start(after(10).blinks("P1", ms(20), ms(80), 50));
    check(
        vec![wave(period(100, 1.0))],
        &board,
        expect![[r#"
            failed at step 1 of 1, wave on line 10, 1.000000000 s
            wave
            expected: period 100ms ±1% on LED
            got:      no whole period: no edge at all, the pin was unknown
            hint: LED did not move, and P1 did: 20 edges. Is it the pin that is meant?
        "#]],
    );
}

#[test]
fn a_pin_that_must_not_move_does_not() {
    let still = WaveClaim { count: Some(0), ..wave_claim() };
    check(vec![wave(still.clone())], &Scripted::new(&board()), expect!["passed"]);
    check(
        vec![wave(WaveClaim { window: ms(50), ..still })],
        &blinking(),
        expect![[r#"
        failed at step 1 of 1, wave on line 10, 0.050000000 s
        wave
        expected: 0 rising edges on LED in 50ms
        got:      1 rising edge
        | #           time  level   for  period  duty
        | 1  0.010000000 s   high  20ms
        | 2  0.030000000 s    low     …
        | 1 rising edge in 50ms
    "#]],
    );
}

#[test]
fn a_window_begins_with_the_step_and_ends_before_its_last_nanosecond() {
    // Edges at 10 and 30 ms: the one at the end of the window is not inside.
    let window =
        |time, count| wave(WaveClaim { count: Some(count), window: ms(time), ..wave_claim() });
    let board = edges(&[(10, Level::High), (10, Level::Low), (10, Level::High)]);
    check(vec![wait(10), window(20, 1)], &board, expect!["passed"]);
    check(vec![wait(10), window(21, 2)], &board, expect!["passed"]);
    check(vec![wait(11), window(20, 1)], &board, expect!["passed"]);
}

#[test]
fn what_was_measured_is_in_the_summary_of_the_step() {
    let outcome = run(&scenario(vec![wave(period(100, 1.0))]), &blinking());
    let Some(Measured::Wave(figures)) = &outcome.steps[0].measured else {
        panic!("{:?}", outcome.steps)
    };
    assert_eq!(figures[0].summary(), "10 rising edges in 1s; period 100ms; duty 20%");
}

#[test]
fn a_frequency_is_that_of_each_period() {
    let at = |wanted_hz| {
        let frequency = Frequency { wanted_hz, tolerance_hz: 0.5 };
        wave(WaveClaim { frequency: Some(frequency), window: ms(250), ..wave_claim() })
    };
    check(vec![at(10.0)], &blinking(), expect!["passed"]);
    let text = shown(&run(&scenario(vec![at(12.5)]), &blinking()).verdict);
    assert!(
        text.contains("expected: frequency 12.5Hz ±0.5Hz on LED\ngot:      10Hz in period 1 of 2"),
        "{text}"
    );
    let text = shown(&run(&scenario(vec![at(10.0)]), &Scripted::new(&board())).verdict);
    assert!(text.contains("no whole period: no edge at all"), "{text}");
}

fn width(min: Option<u64>, max: Option<u64>) -> Option<Width> {
    Some(Width { min: min.map(ms), max: max.map(ms) })
}

/// What a wave claim comes to on [`blinking`], which is high for 20 ms and low for 80 ms.
#[track_caller]
fn check_claim(claim: WaveClaim, wrong: Option<(&str, &str)>) {
    let text = shown(&run(&scenario(vec![wave(claim)]), &blinking()).verdict);
    match wrong {
        None => assert_eq!(text, "passed"),
        Some((expected, got)) => {
            let lines = format!("expected: {expected}\ngot:      {got}\n");
            assert!(text.contains(&lines), "{text}");
        }
    }
}

#[test]
fn pulses_are_measured_where_they_are_whole() {
    let high = |high| WaveClaim { high, ..wave_claim() };
    let low = |low| WaveClaim { low, ..wave_claim() };
    check_claim(high(width(Some(20), Some(20))), None);
    check_claim(low(width(Some(79), None)), None);
    check_claim(low(width(None, Some(80))), None);
    check_claim(
        high(width(Some(21), Some(22))),
        Some(("high for 21ms to 22ms on LED", "20ms in high pulse 1 of 10, 1ms under the limit")),
    );
    check_claim(
        low(width(None, Some(79))),
        Some(("low for at most 79ms on LED", "80ms in low pulse 1 of 9, 1ms over the limit")),
    );
    let short = WaveClaim { window: ms(90), ..low(width(Some(5), None)) };
    check_claim(short, Some(("low for at least 5ms on LED", "no whole low pulse")));
}

#[test]
fn the_first_edge_is_a_rise_or_a_fall() {
    let first = |direction, window| WaveClaim {
        first: Some(direction),
        window: ms(window),
        ..wave_claim()
    };
    check_claim(first(Direction::Rising, 99), None);
    check_claim(
        first(Direction::Falling, 99),
        Some(("a falling edge first on LED", "a rising one")),
    );
    check_claim(
        first(Direction::Rising, 9),
        Some(("a rising edge first on LED", "no edge at all, the pin was unknown")),
    );
    // That an output comes to its first level is no edge.
    let board = edges(&[(5, Level::Low), (5, Level::High), (5, Level::Low)]);
    check(vec![wave(first(Direction::Rising, 99))], &board, expect!["passed"]);
    check(vec![wait(12), wave(first(Direction::Falling, 99))], &board, expect!["passed"]);
}
