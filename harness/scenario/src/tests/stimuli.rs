//! Tables of stimuli and wires: what is right, and what is wrong with them.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::problems::brief;
use super::{around, read};
use crate::{Act, Action, At};

/// What is wrong with a table of `entries`, one a line.
#[track_caller]
fn table(entries: &[&str], expected: Expect) {
    brief(&with_table("", entries), expected);
}

fn with_table(lines: &str, entries: &[&str]) -> String {
    let entries: String = entries.iter().map(|entry| format!("\n      - {entry}")).collect();
    around(lines, &format!("at:{entries}"))
}

/// What is wrong with a step `wire`.
#[track_caller]
fn wire(value: &str, expected: Expect) {
    brief(&around("", &format!("wire: {value}")), expected);
}

#[test]
fn entries_may_stand_in_any_order_and_touch_what_others_do_not() {
    let text = with_table(
        "",
        &[
            "{ time: 130ms, drive: { BUTTON: floating } }",
            "{ time: 100ms, drive: { BUTTON: low, P3: high } }",
            "{ time: { machine: 100ms }, drive: { BUTTON: low } }",
            "{ time: 200ms, send: ab, port: uart0 }",
            // Two characters later.
            "{ time: 200.173612ms, key: ctrl-c }",
        ],
    );
    let scenario = read(&text).expect("the scenario is right");
    let Action::Stimuli(table) = &scenario.steps[0].action else { panic!("{scenario:?}") };
    assert_eq!((table[0].line, table[4].line, scenario.steps[0].line), (5, 9, 4));
    assert!(matches!(table[2].time, At::Machine(_)));
    let Act::Type { bytes, port } = &table[3].act else { panic!("{table:?}") };
    assert_eq!((bytes.as_slice(), port.as_deref()), (b"ab".as_slice(), Some("uart0")));
}

#[test]
fn two_entries_that_want_one_thing_at_one_time_are_refused() {
    table(
        &["{ time: 1ms, drive: { LED: low } }", "{ time: 1ms, drive: { P3: low, P25: high } }"],
        expect![[r#"
            6 `{`: two entries want P25 at the same time (give one of them a later time; a press takes until its last edge, and what is typed one character time for each byte)
        "#]],
    );
    table(
        &[
            "{ time: 10ms, press: { button: BUTTON, for: 30ms, bounce: 5ms } }",
            "{ time: 45ms, drive: { P14: low } }",
        ],
        expect![[r#"
            6 `{`: two entries want P14 at the same time (give one of them a later time; a press takes until its last edge, and what is typed one character time for each byte)
        "#]],
    );
    table(
        &["{ time: 1ms, send: ab }", "{ time: 1.17ms, key: enter }"],
        expect![[r#"
        6 `{`: two entries want uart0 at the same time (give one of them a later time; a press takes until its last edge, and what is typed one character time for each byte)
    "#]],
    );
}

#[test]
fn what_an_entry_lacks_or_has_too_much_of_is_said() {
    table(
        &[
            "{ drive: { LED: low } }",
            "{ time: 1ms }",
            "{ time: 1ms, key: enter, send: a }",
            "{ time: 1ms, drive: { LED: low }, port: uart0 }",
            "{ time: 1ms, key: enter, port: uart7 }",
            "{ time: 1, key: enter }",
            "{ time: 80us, key: enter }",
            "{ time: 1ms, wait: 1s }",
            "wait: 1s",
            "10ms",
        ],
        expect![[r#"
            5 `{`: `time` is missing (say when: `time: 100ms`)
            6 `{`: an entry of a table is one thing; this one is none (give it one of: drive, press, send, key)
            7 `{`: an entry of a table is one thing; this one is 2: `send`, `key` (give it one of: drive, press, send, key)
            8 `uart0`: `port` stands beside `drive`, which types nothing (put it beside `send` or `key`)
            9 `uart7`: unknown port `uart7` (did you mean `uart0`? There are: uart0)
            10 `1`: `1` has no unit (write `1s` or `1ms`)
            12 `wait`: unknown key `wait` (there are: time, drive, press, send, key, port)
            13 `wait`: unknown key `wait` (there are: time, drive, press, send, key, port)
            14 `10ms`: `at` is text here (it must be an entry of a table: `{ time: 1s, key: ctrl-c }`)
        "#]],
    );
    table(
        &["{ time: 80us, key: enter }"],
        expect![[r#"
            5 `{`: a byte that arrives after 80us is on its way for 86.806us, and begins too early (name a time of 86.806us or more)
        "#]],
    );
    brief(
        &around("", "at: []"),
        expect![[r#"
        4 `[`: `at` is a list here (it must be a list with one entry or more: `- { time: 1s, key: ctrl-c }`)
    "#]],
    );
}

#[test]
fn a_table_is_a_step_of_its_own() {
    let step = "wait: 1s\n    at: [{ time: 1ms, key: enter }]\n    hold: 1ms\n    within: 2s";
    brief(
        &around("", step),
        expect![[r#"
        5 `[`: a table of stimuli is a step of its own; this one has `wait` beside it (make two steps of it: each begins with `- `)
        6 `hold`: `hold` stands beside `at`, which claims no level (`hold` demands that a level stays: put it beside `pin`)
        7 `within`: `within` stands beside `at`, which waits for nothing (put it beside the step that waits: boot, repl, exec, paste, expect, pin or reset)
    "#]],
    );
}

#[test]
fn a_table_has_at_most_ten_thousand_entries() {
    let entries = |count: usize| {
        let mut text = String::from("at:");
        for index in 0..count {
            _ = write!(text, "\n      - {{ time: {index}ms, drive: {{ P3: low }} }}");
        }
        around("", &text)
    };
    assert!(read(&entries(10_000)).is_ok());
    brief(
        &entries(10_001),
        expect![[r#"
        5 ``: there are 10001 entries, and a table has at most 10000 (make several tables of it)
    "#]],
    );
}

#[test]
fn what_cannot_become_of_a_wire_is_said() {
    wire(
        "open",
        expect![[r#"
        4 `open`: `wire` is text here (it must be what becomes of a wire: `{ open: P5 }`)
    "#]],
    );
    wire(
        "{ when: { pin: LED, edge: 1 } }",
        expect![[r#"
        4 `{`: one thing happens to a wire; here it is none (give it one of: open, short, bridge, mend)
    "#]],
    );
    wire(
        "{ open: P5, mend: P6 }",
        expect![[r#"
        4 `{`: one thing happens to a wire; here it is 2: `open`, `mend` (give it one of: open, short, bridge, mend)
    "#]],
    );
    wire(
        "{ open: P5, to: low }",
        expect![[r#"
        4 `low`: `to` stands beside `open`, which is to no level (put it beside `short`, or into `when`)
    "#]],
    );
    wire(
        "{ short: P5 }",
        expect![[r#"
        4 `{`: `to` is missing (say to what: `to: low`)
    "#]],
    );
    wire(
        "{ short: P5, to: floating }",
        expect![[r#"
        4 `floating`: unknown level `floating` (there are: high, low)
    "#]],
    );
    wire(
        "{ bridge: [LED] }",
        expect![[r#"
        4 `[`: `bridge` is a list here (it must be two pins, the output first: `bridge: [LED, P5]`)
    "#]],
    );
    wire(
        "{ bridge: [LED, P25] }",
        expect![[r#"
        4 `[`: P25 cannot be bridged to itself (name another pin)
    "#]],
    );
    wire(
        "{ open: P5, when: { pin: LED, edge: 0 } }",
        expect![[r#"
        4 `0`: `edge` is a number here (it must be 1 for the first edge from here on, or more)
    "#]],
    );
    wire(
        "{ open: P5, when: { pin: LED } }",
        expect![[r#"
        4 `{`: `edge` is missing (say which: `edge: 5`)
    "#]],
    );
    wire(
        "{ open: P99, when: { pin: LED, edge: 2, to: up } }",
        expect![[r#"
        4 `P99`: unknown pin `P99` (did you mean `P9`? There are: BUTTON, LED, P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19, P20, P21 and 10 more)
    "#]],
    );
}
