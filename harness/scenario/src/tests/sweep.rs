//! Files with `sweep:`.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::problems::brief;
use super::{LESSON, read_cases};
use crate::MOST_RUNS;

/// The runs of a file with this sweep, and these further steps: names, and steps in short.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
fn check(sweep: &str, step: &str, expected: Expect) {
    let text = format!(
        "replab: 1\nname: a press\nboards: [lab-m0]\nsweep: {sweep}\nsteps: [{{ boot: repl }}, {step}]\n"
    );
    let scenarios = match read_cases(LESSON, &text) {
        Ok(scenarios) => scenarios,
        Err(errors) => panic!("{:?}\n{text}", errors.0),
    };
    let mut shown = String::new();
    for one in &scenarios {
        let step = one.steps.last().unwrap();
        let at = step.at.map(|at| format!(" at {at:?}")).unwrap_or_default();
        _ = writeln!(shown, "{} {:?} {:?}{at}", one.identity, one.name, step.action);
    }
    expected.assert_eq(&shown);
}

#[test]
fn each_value_of_a_range_is_a_run() {
    check(
        "{ press-at: { from: 0ms, to: 1000ms, step: 500ms } }",
        "{ press: { button: BUTTON, for: 30ms }, at: $press-at }",
        expect![[r#"
            some[press-at=0ms] "a press (press-at=0ms)" Press(Press { button: "BUTTON", time: 30ms, bounce: None }) at Step(0ns)
            some[press-at=500ms] "a press (press-at=500ms)" Press(Press { button: "BUTTON", time: 30ms, bounce: None }) at Step(500ms)
            some[press-at=1000ms] "a press (press-at=1000ms)" Press(Press { button: "BUTTON", time: 30ms, bounce: None }) at Step(1s)
        "#]],
    );
    check(
        "{ time: { from: 1ms, to: 2s, count: 2 } }",
        "{ wait: $time }",
        expect![[r#"
            some[time=1ms] "a press (time=1ms)" Wait(1ms)
            some[time=2000ms] "a press (time=2000ms)" Wait(2s)
        "#]],
    );
}

#[test]
fn each_way_to_take_values_of_several_names_is_a_run() {
    check(
        "{ level: [high, low], time: { from: 1ms, to: 2ms, step: 1ms } }",
        "{ pin: { P3: $level }, hold: $time }",
        expect![[r#"
            some[level=high,time=1ms] "a press (level=high,time=1ms)" Pin([("P3", High)])
            some[level=high,time=2ms] "a press (level=high,time=2ms)" Pin([("P3", High)])
            some[level=low,time=1ms] "a press (level=low,time=1ms)" Pin([("P3", Low)])
            some[level=low,time=2ms] "a press (level=low,time=2ms)" Pin([("P3", Low)])
        "#]],
    );
}

#[test]
fn any_value_of_a_step_can_be_swept() {
    let last = |sweep: &str, step: &str| {
        let text = format!(
            "replab: 1\nname: a\nboards: [pico]\nsweep: {{ x: {sweep} }}\nsteps: [{step}]\n"
        );
        let scenarios = read_cases(LESSON, &text).unwrap_or_else(|errors| panic!("{:?}", errors.0));
        format!(
            "{} {:?}\n",
            scenarios[scenarios.len() - 1].identity,
            scenarios.last().unwrap().steps[0].action
        )
    };
    let shown = [
        last("[soft, hard]", "{ reset: $x }"),
        last("{ from: 0 V, to: 1.2 V, step: 400mV }", "{ drive: { ADC0: $x } }"),
        last("[1, 2]", "{ send: $x }"),
        last("{ from: 1, to: 3, step: 1 }", "{ wave: { pin: LED, for: 1s, count: $x } }"),
        last("[100ms, \"200 ms\"]", "{ wave: { pin: LED, for: 1s, period: $x ±1% } }"),
        last("{ from: 10%, to: 50%, count: 5 }", "{ wave: { pin: LED, for: 1s, duty: $x ±1% } }"),
        last("[LED, P3]", "{ wave: { pin: $x, for: 1s, count: 1 } }"),
        last("[a, b]", "{ expect: { lines: [$x, \"$x\", \"$y\", cost $x, $5] } }"),
    ];
    expect![[r#"
        some[x=hard] Reset(Hard)
        some[x=1200mV] Drive([("ADC0", Analog(1200000))])
        some[x=2] Send([50])
        some[x=3] Wave([WaveClaim { pin: "LED", window: 1s, period: None, frequency: None, duty: None, count: Some(3), first: None, high: None, low: None, glitch: None, lag: None }])
        some[x=200ms] Wave([WaveClaim { pin: "LED", window: 1s, period: Some((200ms, Relative(1.0))), frequency: None, duty: None, count: None, first: None, high: None, low: None, glitch: None, lag: None }])
        some[x=50%] Wave([WaveClaim { pin: "LED", window: 1s, period: None, frequency: None, duty: Some((50.0, 1.0)), count: None, first: None, high: None, low: None, glitch: None, lag: None }])
        some[x=P3] Wave([WaveClaim { pin: "P3", window: 1s, period: None, frequency: None, duty: None, count: Some(1), first: None, high: None, low: None, glitch: None, lag: None }])
        some[x=b] Expect(Lines(["b", "$x", "$y", "cost $x", "$5"]))
    "#]].assert_eq(&shown.concat());
}

#[track_caller]
fn wrong(sweep: &str, expected: Expect) {
    brief(
        &format!("replab: 1\nname: a\nsweep:\n  {sweep}\nsteps:\n  - boot: repl\n  - wait: $x\n"),
        expected,
    );
}

#[test]
fn sweeps_that_cannot_be_are_refused() {
    wrong(
        "{}",
        expect![[r#"
        4 `{`: `sweep` is keys and values here (it must be names and their values: `{ press-at: { from: 0ms, to: 95ms, step: 5ms } }`)
    "#]],
    );
    wrong(
        "[x]",
        expect![[r#"
        4 `[`: `sweep` is a list here (it must be names and their values: `{ press-at: { from: 0ms, to: 95ms, step: 5ms } }`)
    "#]],
    );
    wrong(
        "x: 5ms",
        expect![[r#"
        4 `5ms`: `x` is text here (it must be a list of values, `{ from: 0ms, to: 95ms, step: 5ms }` or `{ from: 0%, to: 100%, count: 11 }`)
    "#]],
    );
    wrong(
        "x: []",
        expect![[r#"
        4 `[`: `x` is a list here (it must be a list of values, `{ from: 0ms, to: 95ms, step: 5ms }` or `{ from: 0%, to: 100%, count: 11 }`)
    "#]],
    );
    wrong(
        "{ x: [1ms], 2x: [1ms], \"a b\": [1ms] }",
        expect![[r#"
        4 `2x`: `sweep` is text here (it must be a name that begins with a letter, and goes on with letters, digits, `-` and `_`)
        4 `"a b"`: `sweep` is text here (it must be a name that begins with a letter, and goes on with letters, digits, `-` and `_`)
    "#]],
    );
    wrong(
        "x: [1ms, 2ms, 1 ms, a/b, [3ms]]",
        expect![[r#"
        4 `1 ms`: `1ms` stands here twice (keep one of them)
        4 `a/b`: `a/b` cannot be swept: a run is named by its values (it has letters, digits, blanks, and `-`, `_`, `.`, `+`, `%`, `°`, `±`)
        4 `[`: `a swept value` is a list here (it must be text)
    "#]],
    );
    brief(
        "replab: 1\nname: a\nsweep: { x: [1ms] }\ncases: { y: {} }\nsteps: [{ wait: $x }]\n",
        expect![[r#"
            3 `sweep`: a file has cases or a sweep, not both (make two files of it)
        "#]],
    );
}

#[test]
fn ranges_that_cannot_be_are_refused() {
    wrong(
        "x: { from: 0ms, to: 10ms }",
        expect![[r#"
        4 `{`: `a range` is keys and values here (it must be one with either `step` or `count`)
    "#]],
    );
    wrong(
        "x: { from: 0ms, step: 1ms }",
        expect![[r#"
        4 `{`: `a range` is keys and values here (it must be `{ from: 0ms, to: 95ms, step: 5ms }`)
    "#]],
    );
    wrong(
        "x: { from: 0ms, to: 10ms, step: 1ms, count: 3 }",
        expect![[r#"
        4 `{`: `a range` is keys and values here (it must be one with either `step` or `count`)
    "#]],
    );
    wrong(
        "x: { from: 0ms, to: 10ms, steps: 1ms }",
        expect![[r#"
        4 `steps`: unknown key `steps` (did you mean `step`? There are: from, to, step, count)
    "#]],
    );
    wrong(
        "x: { from: 10ms, to: 0ms, step: 1ms }",
        expect![[r#"
        4 `{`: from 10ms to 0ms there is nothing to sweep (`to` is more than `from`)
    "#]],
    );
    wrong(
        "x: { from: 1ms, to: 1ms, step: 1ms }",
        expect![[r#"
        4 `{`: from 1ms to 1ms there is nothing to sweep (`to` is more than `from`)
    "#]],
    );
    wrong(
        "x: { from: 0ms, to: 10ms, step: 0ms }",
        expect![[r#"
        4 `0ms`: `0ms` is out of range (allowed are more than 0)
    "#]],
    );
    wrong(
        "x: { from: 0ms, to: 998ms, step: 5ms }",
        expect![[r#"
        4 `5ms`: steps of 5ms from 0ms on miss 998ms (write `to: 995ms` or `to: 1000ms`)
    "#]],
    );
    wrong(
        "x: { from: 0ms, to: 1s, count: 200 }",
        expect![[r#"
        4 `200`: 200 values from 0ms to 1s are not the same whole distance apart (write `count: 201`: they lie 5ms apart)
    "#]],
    );
    wrong(
        "x: { from: 0ms, to: 1s, count: 1 }",
        expect![[r#"
        4 `1`: `count` is a number here (it must be a whole number from 2 to 1000)
    "#]],
    );
    wrong(
        "x: { from: 0, to: 1s, step: 10% }",
        expect![[r#"
        4 `1s`: `from` is 0 and `to` is 1s, which are not of one kind (give all of a range the same kind of unit)
    "#]],
    );
    wrong(
        "x: { from: 0, to: 1.5, step: fast }",
        expect![[r#"
        4 `1.5`: `1.5` has no unit (write `1.5s`, `1.5%` or `1.5 V`)
    "#]],
    );
}

#[test]
fn a_sweep_makes_so_many_runs_at_most() {
    wrong(
        "x: { from: 0ms, to: 1000ms, step: 1ms }",
        expect![[r#"
        4 `{`: this sweep makes 1001 runs, and 1000 are the most (take larger steps, or sweep less at once)
    "#]],
    );
    let product = |ten: &str| {
        format!(
            "replab: 1\nname: a\nsweep: {{ x: {{ from: 0ms, to: 99ms, step: 1ms }}, y: [{ten}] }}\nsteps: [{{ wait: $x }}, {{ wait: $y }}]\n"
        )
    };
    let ten: Vec<String> = (1..=10).map(|ms| format!("{ms}ms")).collect();
    let runs = read_cases(LESSON, &product(&ten.join(","))).map(|scenarios| scenarios.len());
    assert_eq!(runs.ok(), Some(MOST_RUNS));
    brief(
        &product(&format!("{}, 11ms", ten.join(","))),
        expect![[r#"
        3 `{`: this sweep makes 1100 runs, and 1000 are the most (take larger steps, or sweep less at once)
    "#]],
    );
}

#[test]
fn names_are_used_and_what_is_used_is_a_name() {
    brief(
        "replab: 1\nname: a\nsweep: { press-at: [1ms], y: [1ms] }\nsteps:\n  - wait: $presat\n  - wait: $press-at\n  - send: $USER\n",
        expect![[r#"
            3 `y`: `y` is swept, and no step uses it (write `$y` in the steps where its value stands, or take it out)
            5 `$presat`: unknown swept name `presat` (did you mean `press-at`? There are: press-at, y; put text that begins with `$` in quotes)
            7 `$USER`: unknown swept name `USER` (there are: press-at, y; put text that begins with `$` in quotes)
        "#]],
    );
    // Nobody sweeps anything: a dollar is one.
    assert!(read_cases(LESSON, "replab: 1\nname: a\nsteps: [{ send: $USER }]\n").is_ok());
}

#[test]
fn a_wrong_value_is_told_once_where_it_stands() {
    brief(
        "replab: 1\nname: a\nsweep:\n  x: [high, 5 apples, low, 6 pears]\nsteps:\n  - pin: { LED: $x }\n",
        expect![[r#"
            4 `5 apples`: unknown level `5 apples` (there are: high, low, floating)
            4 `6 pears`: unknown level `6 pears` (there are: high, low, floating)
        "#]],
    );
    brief(
        "replab: 1\nname: a\nsweep:\n  x: { from: 1%, to: 100%, step: 1% }\nsteps:\n  - wait: $x\n  - wait: 5\n  - press: { button: BUTTON, for: $x }\n",
        expect![[r#"
            4 `{`: `%` in `1%` is no unit here (use ns, us, ms, s or min)
            4 `{`: `%` in `1%` is no unit here (use ns, us, ms, s or min)
            7 `5`: `5` has no unit (write `5s` or `5ms`)
        "#]],
    );
    super::problems::check(
        "replab: 1\nname: a\nsweep: { x: [1ms, 2mss] }\nsteps: [{ boot: repl }, { wait: $x }]\n",
        expect![[r#"
            error:
              × `mss` in `2mss` is no unit here (use ns, us, ms, s or min)
               ╭─[scenarios/some.yaml:3:19]
             2 │ name: a
             3 │ sweep: { x: [1ms, 2mss] }
               ·                   ──┬─
               ·                     ╰── here
             4 │ steps: [{ boot: repl }, { wait: $x }]
               ·                                 ─┬
               ·                                  ╰── it is used here
               ╰────
        "#]],
    );
}
