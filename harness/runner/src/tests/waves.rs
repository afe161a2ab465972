//! `wave` and `contract` beyond single pins and plain claims: lags, glitches, data
//! sheets, and what hardly holds.

use expect_test::expect;
use replab_scenario::{Contract, Direction, Interval, Lag, LagClaim, Tolerance, WaveClaim, Width};

use super::*;

const US: fn(u64) -> Duration = Duration::from_micros;

fn wave(claim: WaveClaim) -> Step {
    step(Action::Wave(vec![claim]))
}

fn led() -> WaveClaim {
    WaveClaim::looking("LED", ms(1000))
}

fn period(tolerance: Tolerance) -> WaveClaim {
    WaveClaim { period: Some((ms(100), tolerance)), ..led() }
}

/// LED blinks with a period of 100 ms, but for the third, which is `third` long.
fn uneven(third: Duration) -> Scripted {
    let deeds = after(10).blinks("LED", ms(50), ms(50), 2);
    Scripted::new(&board()).at_start(deeds.blinks("LED", ms(50), third - ms(50), 1).blinks(
        "LED",
        ms(50),
        ms(50),
        2,
    ))
}

/// P0 blinks with a period of 100 ms, and LED as much as `late` after it, `times` times.
fn two(late: Duration, times: usize) -> Scripted {
    let period = |deeds: Deeds| {
        let deeds = deeds.edge("P0", Level::High).after(late).edge("LED", Level::High);
        let deeds = deeds.after(ms(50)).edge("P0", Level::Low).edge("LED", Level::Low);
        deeds.after(ms(50) - late)
    };
    Scripted::new(&board()).at_start((0..times).fold(after(10), |deeds, _| period(deeds)))
}

fn by_time(time: Duration, off: Duration) -> WaveClaim {
    let by = Lag::Time(time, Tolerance::Absolute(off));
    WaveClaim { lag: Some(LagClaim { behind: "P0".to_string(), by }), ..led() }
}

fn by_angle(degrees: f64, tolerance: f64) -> WaveClaim {
    let by = Lag::Angle { degrees, tolerance };
    WaveClaim { lag: Some(LagClaim { behind: "P0".to_string(), by }), ..led() }
}

/// What `step` comes to on `board`: `passed`, what hardly held, or claim and answer.
#[track_caller]
fn check_step(step: Step, board: &Scripted, expected: &str) {
    let outcome = run(&scenario(vec![step]), board);
    let text = match &outcome.verdict {
        Verdict::Passed => match outcome.marginal.first() {
            None => "passed".to_string(),
            Some(remark) => format!("marginal: {}: {}", remark.expected, remark.got),
        },
        Verdict::Failed(failure) => match &failure.claim {
            Claim::Wave { expected, got } => format!("{expected}: {got}"),
            other => format!("{other:?}"),
        },
        other => format!("{other:?}"),
    };
    assert_eq!(text, expected);
}

#[test]
fn a_lag_in_time_is_that_of_each_rising_edge() {
    let board = two(ms(10), 5);
    check_step(wave(by_time(ms(10), ms(1))), &board, "passed");
    check_step(
        wave(by_time(ms(12), ms(1))),
        &board,
        "LED to lag behind P0 by 12ms ±1ms: 10ms in rising edge 1 of 5, 1ms under the limit",
    );
    check_step(
        wave(by_time(ms(9), ms(1))),
        &board,
        "marginal: LED to lag behind P0 by 9ms ±1ms: 10ms in rising edge 1 of 5, 0s below the limit",
    );
}

/// The partner of an edge may come before it or after it.
#[test]
fn an_edge_that_comes_too_early_lags_by_less_than_nothing() {
    let early = after(10).edge("LED", Level::High).after(ms(2)).edge("P0", Level::High);
    let early = Scripted::new(&board()).at_start(early);
    check_step(wave(by_time(ms(0), ms(5))), &early, "passed");
    check_step(
        wave(by_time(ms(0), ms(1))),
        &early,
        "LED to lag behind P0 by 0s ±1ms: -2ms in rising edge 1 of 1, 1ms under the limit",
    );
    // Its partner would come behind the window.
    let claim = WaveClaim { window: ms(11), ..by_time(ms(0), ms(5)) };
    let none = "LED to lag behind P0 by 0s ±5ms: no rising edge on P0 to compare with";
    check_step(wave(claim), &early, none);
}

#[test]
fn an_edge_whose_partner_may_come_behind_the_window_is_not_judged() {
    let period = |deeds: Deeds| {
        let deeds = deeds.edge("LED", Level::High).after(ms(2)).edge("P0", Level::High);
        let deeds = deeds.after(ms(50)).edge("P0", Level::Low).edge("LED", Level::Low);
        deeds.after(ms(48))
    };
    let board = Scripted::new(&board()).at_start(period(period(period(after(10)))));
    let until = |window| wave(WaveClaim { window: ms(window), ..by_time(ms(0), ms(5)) });
    check_step(until(211), &board, "passed");
    check_step(until(220), &board, "passed");
    let wrong = "LED to lag behind P0 by 0s ±1ms: -2ms in rising edge 1 of 2, 1ms under the limit";
    let claim = WaveClaim { window: ms(211), ..by_time(ms(0), ms(1)) };
    check_step(wave(claim), &board, wrong);
}

#[test]
fn a_lag_in_degrees_is_a_part_of_the_other_period() {
    let board = two(ms(25), 5);
    check_step(wave(by_angle(90.0, 2.0)), &board, "passed");
    check_step(
        wave(by_angle(80.0, 2.0)),
        &board,
        "LED to lag behind P0 by 80° ±2°: 90° in rising edge 1 of 4, 8° over the limit",
    );
    check_step(
        wave(by_angle(270.0, 2.0)),
        &board,
        "LED to lag behind P0 by 270° ±2°: 90° in rising edge 1 of 4, 178° under the limit",
    );
    // Just after the other's edge is near to 359°.
    let near =
        "LED to lag behind P0 by 359° ±2°: 363.6° in rising edge 1 of 4, 2.6° over the limit";
    check_step(wave(by_angle(359.0, 2.0)), &two(ms(1), 5), near);
    check_step(wave(by_angle(359.0, 10.0)), &two(ms(1), 5), "passed");
}

#[test]
fn without_edges_there_is_no_lag() {
    let still = Scripted::new(&board());
    let expected = "LED to lag behind P0 by 10ms ±1ms: no edge at all, the pin was unknown";
    check_step(wave(by_time(ms(10), ms(1))), &still, expected);
    let alone = Scripted::new(&board()).at_start(after(10).blinks("LED", ms(50), ms(50), 3));
    let none = "no rising edge on P0 to compare with";
    let expected = format!("LED to lag behind P0 by 10ms ±1ms: {none}");
    check_step(wave(by_time(ms(10), ms(1))), &alone, &expected);
    let expected = format!("LED to lag behind P0 by 90° ±1°: {none}");
    check_step(wave(by_angle(90.0, 1.0)), &alone, &expected);
}

#[test]
fn a_glitch_is_a_pulse_of_any_level_that_is_too_short() {
    let glitch = |time| WaveClaim { glitch: Some(time), ..led() };
    let deeds = after(10).blinks("LED", ms(50), ms(50), 2);
    let deeds = deeds.edge("LED", Level::High).after(US(300)).edge("LED", Level::Low);
    let board = Scripted::new(&super::board()).at_start(deeds);
    check_step(wave(glitch(US(200))), &board, "passed");
    check_step(
        wave(glitch(ms(1))),
        &board,
        "no pulse shorter than 1ms on LED: 300us in pulse 5 of 5, 700us under the limit",
    );
    check_step(wave(glitch(ms(1))), &Scripted::new(&super::board()), "passed");
}

#[test]
fn what_hardly_holds_is_kept_and_fails_a_strict_run() {
    let board = uneven(US(100_950));
    let hardly =
        "marginal: period 100ms ±1ms on LED: 100.95ms in period 3 of 4, 50us below the limit";
    let claim = || wave(period(Tolerance::Absolute(ms(1))));
    check_step(claim(), &board, hardly);
    check_step(wave(period(Tolerance::Absolute(ms(2)))), &board, "passed");
    let strict = Options { strict: true, ..Options::default() };
    let machine = board.machine();
    let scenario = scenario(vec![claim()]);
    let outcome = play(&scenario, &super::board(), "test@scripted", None, machine, &strict);
    let text = shown(&outcome.verdict);
    expect![[r#"
        failed at step 1 of 1, wave on line 10, 0.210000000 s
        wave
        expected: period 100ms ±1ms on LED, and not near a limit (strict)
        got:      100.95ms in period 3 of 4, 50us below the limit
        |  #           time  level      for    period       duty
        |  1  0.010000000 s   high     50ms     100ms        50%
        |  2  0.060000000 s    low     50ms
        |  3  0.110000000 s   high     50ms     100ms        50%
        |  4  0.160000000 s    low     50ms
        |  5  0.210000000 s   high     50ms  100.95ms  49.52947%
        |  6  0.260000000 s    low  50.95ms
        |  7  0.310950000 s   high     50ms     100ms        50%
        |  8  0.360950000 s    low     50ms
        |  9  0.410950000 s   high     50ms
        | 10  0.460950000 s    low        …
        | 5 rising edges in 1s; period 100ms to 100.95ms, mean 100.2375ms; duty 49.52947% to 50%
    "#]]
    .assert_eq(&text);
}

/// An edge comes with an instruction (8 ns here): a verdict about less would be none.
#[test]
fn no_verdict_is_finer_than_an_instruction() {
    let off = |ns| uneven(ms(100) + Duration::from_nanos(ns));
    let claim = || wave(period(Tolerance::Absolute(Duration::ZERO)));
    check_step(claim(), &off(0), "passed");
    let text = "marginal: period 100ms ±0s on LED: 100.000008ms in period 3 of 4, 8ns over the limit, as fine as one instruction (8ns)";
    check_step(claim(), &off(8), text);
    check_step(
        claim(),
        &off(16),
        "period 100ms ±0s on LED: 100.000016ms in period 3 of 4, 16ns over the limit",
    );
}

fn contract(max: u64) -> Step {
    let interval = |min, typ, max| {
        Some(Interval { min: Some(ms(min)), typ: Some(ms(typ)), max: Some(ms(max)) })
    };
    step(Action::Contract(Contract {
        pin: "LED".to_string(),
        window: ms(1000),
        high: interval(40, 50, 60),
        low: Some(Interval { min: None, typ: None, max: Some(ms(60)) }),
        period: interval(90, 100, max),
        lag: None,
    }))
}

#[test]
fn a_contract_may_state_a_lag_behind_another_pin() {
    let lag = |max| {
        let interval = Interval { min: Some(ms(5)), typ: Some(ms(10)), max: Some(ms(max)) };
        step(Action::Contract(Contract {
            pin: "LED".to_string(),
            window: ms(1000),
            high: None,
            low: None,
            period: None,
            lag: Some(("P0".to_string(), interval)),
        }))
    };
    check_step(lag(15), &two(ms(10), 5), "passed");
    let wrong = "lag min 5ms, max 9ms on LED: 10ms in rising edge 1 of 5, 1ms over the limit";
    check_step(lag(9), &two(ms(10), 5), wrong);
    let alone = Scripted::new(&board()).at_start(after(10).blinks("LED", ms(50), ms(50), 3));
    check_step(lag(15), &alone, "lag min 5ms, max 15ms on LED: no rising edges of both pins");
}

#[test]
fn a_contract_holds_every_pulse_and_shows_the_worst() {
    check(vec![contract(110)], &uneven(ms(104)), expect!["passed"]);
    let outcome = run(&scenario(vec![contract(110)]), &uneven(ms(104)));
    let Some(crate::play::Measured::Contract(figures)) = &outcome.steps[0].measured else {
        panic!("{:?}", outcome.steps)
    };
    expect![[r#"
        LED:     min    typ    max   mean  worst  room   pulse
        high    40ms   50ms   60ms   50ms   50ms  10ms  1 of 5
        low                   60ms   51ms   54ms   6ms  3 of 4
        period  90ms  100ms  110ms  101ms  104ms   6ms  3 of 4"#]]
    .assert_eq(&figures.table.join("\n"));
    check(
        vec![contract(102)],
        &uneven(ms(104)),
        expect![[r#"
        failed at step 1 of 1, contract on line 10, 0.210000000 s
        wave
        expected: period min 90ms, max 102ms on LED
        got:      104ms in period 3 of 4, 2ms over the limit
        | LED:     min    typ    max   mean  worst  room   pulse
        | high    40ms   50ms   60ms   50ms   50ms  10ms  1 of 5
        | low                   60ms   51ms   54ms   6ms  3 of 4
        | period  90ms  100ms  102ms  101ms  104ms  -2ms  3 of 4
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
}

#[test]
fn a_contract_without_a_pulse_is_broken_by_the_firmware() {
    check(
        vec![contract(110)],
        &Scripted::new(&board()),
        expect![[r#"
        failed at step 1 of 1, contract on line 10, 1.000000000 s
        wave
        expected: high min 40ms, max 60ms on LED
        got:      no whole high pulse
    "#]],
    );
}

#[test]
fn a_border_of_a_pulse_alone_has_its_margin_too() {
    let high = |max| WaveClaim { high: Some(Width { min: None, max: Some(ms(max)) }), ..led() };
    check_step(wave(high(60)), &uneven(ms(100)), "passed");
    check_step(
        wave(high(52)),
        &uneven(ms(100)),
        "marginal: high for at most 52ms on LED: 50ms in high pulse 1 of 5, 2ms below the limit",
    );
}

#[test]
fn several_waves_are_seen_from_the_same_start() {
    let board = two(ms(10), 3);
    let of = |pin: &str, count, window| WaveClaim {
        count: Some(count),
        first: Some(Direction::Rising),
        ..WaveClaim::looking(pin, ms(window))
    };
    let waves = |claims| vec![step(Action::Wave(claims)), wait(0)];
    let both = waves(vec![of("P0", 3, 300), of("LED", 2, 130)]);
    let outcome = run(&scenario(both), &board);
    assert_eq!(outcome.verdict, Verdict::Passed);
    let measured = outcome.steps[0].measured.as_ref().expect("it measured");
    let counts: Vec<_> = measured.waves().iter().map(|wave| (&*wave.pin, wave.rising)).collect();
    assert_eq!(counts, [("P0", 3), ("LED", 2)]);
    // The step ends with the longest window.
    assert_eq!(outcome.steps[1].start.as_nanos(), 300_000_000);
    let wrong = run(&scenario(waves(vec![of("P0", 3, 300), of("LED", 3, 130)])), &board);
    expect![[r#"
        failed at step 1 of 2, wave on line 10, 0.130000000 s
        wave
        expected: 3 rising edges on LED in 130ms
        got:      2 rising edges
        | #           time  level   for  period  duty
        | 1  0.020000000 s   high  50ms   100ms   50%
        | 2  0.070000000 s    low  50ms
        | 3  0.120000000 s   high     …
        | 2 rising edges in 130ms; period 100ms; duty 50%
    "#]]
    .assert_eq(&shown(&wrong.verdict));
}
