//! What is wrong with a scenario, as a person would see it.

use expect_test::{Expect, expect};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use super::{around, read};

/// The reports for a scenario, as a person would see them.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
pub(super) fn check(text: &str, expected: Expect) {
    let errors = read(text).expect_err("the scenario is wrong");
    let handler =
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    // The first line is not indented, because `expect!` takes common indentation away.
    let mut shown = "error:\n".to_owned();
    for error in &errors.0 {
        handler.render_report(&mut shown, error).expect("a string can be written");
    }
    expected.assert_eq(&shown);
}

#[track_caller]
fn step(step: &str, expected: Expect) {
    check(&around("", step), expected);
}

#[track_caller]
fn file(lines: &str, expected: Expect) {
    check(&around(lines, "boot: repl"), expected);
}

/// Each problem of a scenario in one line: place, marked text, message and help.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
pub(super) fn brief(text: &str, expected: Expect) {
    let errors = read(text).expect_err("the scenario is wrong");
    let lines: Vec<String> = errors
        .0
        .iter()
        .map(|error| {
            let label = error
                .labels()
                .and_then(|mut labels| labels.next())
                .expect("every problem has a place");
            let marked = &text[label.offset()..label.offset() + label.len()];
            let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{} `{marked}`: {error}{help}\n", error.line)
        })
        .collect();
    expected.assert_eq(&lines.concat());
}

#[test]
fn an_unknown_step_names_the_nearest_word() {
    step(
        "wiat: 1s",
        expect![[r#"
            error:
              × unknown step `wiat`
               ╭─[scenarios/some.yaml:4:5]
             3 │ steps:
             4 │   - wiat: 1s
               ·     ──┬─
               ·       ╰── here
               ╰────
              help: did you mean `wait`? There are: boot, repl, exec, paste, send, key, expect, quiet, wait,
                    drive, press, wire, pin, wave, contract, reset, fs, memory, never, snapshot, within, at,
                    hold, name
        "#]],
    );
}

#[test]
fn an_unknown_key_of_the_file_names_the_nearest_word() {
    file(
        "board: [lab-m0]\n",
        expect![[r#"
            error:
              × unknown key `board`
               ╭─[scenarios/some.yaml:3:1]
             2 │ name: some
             3 │ board: [lab-m0]
               · ──┬──
               ·   ╰── here
             4 │ steps:
               ╰────
              help: did you mean `boards`? There are: replab, name, lesson, section, boards, needs, files,
                    seed, cores, never, fails, tolerate, steps, cases, sweep
        "#]],
    );
}

#[test]
fn an_unknown_pin_names_the_nearest_word() {
    step(
        "pin: { LDE: high }",
        expect![[r#"
            error:
              × unknown pin `LDE`
               ╭─[scenarios/some.yaml:4:12]
             3 │ steps:
             4 │   - pin: { LDE: high }
               ·            ─┬─
               ·             ╰── here
               ╰────
              help: did you mean `LED`? There are: BUTTON, LED, P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10,
                    P11, P12, P13, P14, P15, P16, P17, P18, P19, P20, P21 and 10 more
        "#]],
    );
}

#[test]
fn an_unknown_board_says_which_there_are() {
    file(
        "boards: [lab-m1]\n",
        expect![[r#"
            error:
              × unknown board `lab-m1`
               ╭─[scenarios/some.yaml:3:10]
             2 │ name: some
             3 │ boards: [lab-m1]
               ·          ───┬──
               ·             ╰── here
             4 │ steps:
               ╰────
              help: did you mean `lab-m0`? There are: lab-m0, pico
        "#]],
    );
}

#[test]
fn an_unknown_heading_says_which_there_are() {
    check(
        &around("lesson: a-lesson\n", "exec: { block: \"Blinkin#1\" }"),
        expect![[r#"
            error:
              × lessons/a-lesson.md has no heading `Blinkin`
               ╭─[scenarios/some.yaml:5:20]
             4 │ steps:
             5 │   - exec: { block: "Blinkin#1" }
               ·                    ─────┬─────
               ·                         ╰── here
               ╰────
              help: did you mean `Blinking`? There are: A lesson, Blinking
        "#]],
    );
    check(
        &around("lesson: a-lesson\n", "exec: { block: \"Blinking#2\" }"),
        expect![[r#"
            error:
              × lessons/a-lesson.md has 1 code block under `Blinking`, so there is no #2 (they are counted
              │ from 1)
               ╭─[scenarios/some.yaml:5:20]
             4 │ steps:
             5 │   - exec: { block: "Blinking#2" }
               ·                    ──────┬─────
               ·                          ╰── here
               ╰────
        "#]],
    );
}

#[test]
fn a_number_without_a_unit_shows_the_fixed_form() {
    step(
        "wait: 500",
        expect![[r#"
            error:
              × `500` has no unit (write `500ms` or `500s`)
               ╭─[scenarios/some.yaml:4:11]
             3 │ steps:
             4 │   - wait: 500
               ·           ─┬─
               ·            ╰── here
               ╰────
        "#]],
    );
}

#[test]
fn two_actions_show_both_places() {
    check(
        "replab: 1\nname: some\nsteps:\n  - boot: repl\n    wait: 1s\n",
        expect![[r#"
            error:
              × a step does one thing; this one does two: `boot` and `wait`
               ╭─[scenarios/some.yaml:4:5]
             3 │ steps:
             4 │   - boot: repl
               ·     ──┬─
               ·       ╰── the first is here
             5 │     wait: 1s
               ·     ──┬─
               ·       ╰── here
               ╰────
              help: make two steps of it: each begins with `- `
        "#]],
    );
}

#[test]
fn a_claim_that_the_lesson_does_not_make_is_wrong() {
    check(
        &around(
            "lesson: a-lesson\n",
            "exec: { block: \"Blinking#1\", claims: [\"LED: off\", \"LED: on\"] }",
        ),
        expect![[r#"
            error:
              × the lesson no longer says `LED: on` here, in a comment of `Blinking#1` (lessons/a-lesson.md:5)
               ╭─[scenarios/some.yaml:5:55]
             4 │ steps:
             5 │   - exec: { block: "Blinking#1", claims: ["LED: off", "LED: on"] }
               ·                                                       ────┬────
               ·                                                           ╰── here
               ╰────
              help: claims are taken in order, each once; its comments say: `LED: on`, `LED: off`
        "#]],
    );
}

#[test]
fn a_level_that_is_a_truth_word_is_refused_with_advice() {
    step(
        "pin: { LED: on }",
        expect![[r#"
            error:
              × `on` is a truth value to many readers of YAML
               ╭─[scenarios/some.yaml:4:17]
             3 │ steps:
             4 │   - pin: { LED: on }
               ·                 ─┬
               ·                  ╰── here
               ╰────
              help: write `high` or `low` for a level; put text in quotes
        "#]],
    );
}

#[test]
fn hold_stands_beside_pin_only() {
    check(
        "replab: 1\nname: some\nsteps:\n  - wait: 1s\n    hold: 1s\n",
        expect![[r#"
            error:
              × `hold` stands beside `wait`, which claims no level
               ╭─[scenarios/some.yaml:5:5]
             4 │   - wait: 1s
             5 │     hold: 1s
               ·     ──┬─
               ·       ╰── here
               ╰────
              help: `hold` demands that a level stays: put it beside `pin`
        "#]],
    );
}

#[test]
fn a_transcript_that_types_nothing_shows_its_line() {
    check(
        "replab: 1\nname: some\nsteps:\n  - repl: |\n      42\n",
        expect![[r#"
            error:
              × `42` is expected before anything is typed (the first line begins with `>>> `)
               ╭─[scenarios/some.yaml:5:7]
             4 │   - repl: |
             5 │       42
               ·       ─┬
               ·        ╰── here
               ╰────
        "#]],
    );
}

#[test]
fn what_is_missing_is_said() {
    check(
        "name: some\n",
        expect![[r#"
            error:
              × `replab` is missing
               ╭─[scenarios/some.yaml:1:1]
             1 │ name: some
               · ┬
               · ╰── here
               ╰────
              help: the first line is `replab: 1`
              × `steps` is missing
               ╭─[scenarios/some.yaml:1:1]
             1 │ name: some
               · ┬
               · ╰── here
               ╰────
              help: add `steps:` with a list; the first is `- boot: repl`
        "#]],
    );
}

#[test]
fn a_file_that_no_board_has_room_for_is_refused() {
    let text =
        around("files: { a.py: { from: there.txt }, b.bin: { from: huge.bin } }\n", "boot: run");
    check(
        &text,
        expect![[r#"
        error:
          × this file has 2097152 bytes, and the file system of lab-m0 has 1441792 in all
           ╭─[scenarios/some.yaml:3:37]
         2 │ name: some
         3 │ files: { a.py: { from: there.txt }, b.bin: { from: huge.bin } }
           ·                                     ──┬──
           ·                                       ╰── here
         4 │ steps:
           ╰────
          help: leave it out, or play on a board with more flash
    "#]],
    );
}

#[test]
fn what_is_too_much_is_refused() {
    let long = format!("replab: 1\nname: long\nsteps:\n{}", "  - wait: 1ms\n".repeat(1 << 17));
    brief(
        &long,
        expect![[r#"
        1 ``: this is too much for a scenario: 1835036 bytes, where 1048576 are the most (make several scenarios of it)
    "#]],
    );
    let mut bomb = "replab: 1\nname: bomb\na: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (this, last) in ["b", "c", "d", "e", "f"].iter().zip(["a", "b", "c", "d", "e"]) {
        let ten = vec![format!("*{last}"); 10].join(", ");
        bomb += &format!("{this}: &{this} [{ten}]\n");
    }
    brief(
        &bomb,
        expect![[r#"
            8 `*e`: this is too much for a scenario: too many parts once each alias stands for what it names (make several scenarios of it)
        "#]],
    );
}

#[test]
fn text_that_is_no_yaml_shows_the_place() {
    check(
        "replab: 1\nname: \"some\nsteps: [\n",
        expect![[r#"
            error:
              × this is no YAML: unclosed quote
               ╭─[scenarios/some.yaml:2:7]
             1 │ replab: 1
             2 │ name: "some
               ·       ┬
               ·       ╰── here
             3 │ steps: [
               ╰────
        "#]],
    );
}

#[test]
fn a_path_that_leads_out_is_refused() {
    file(
        "files: { a.py: { from: ../secret } }\n",
        expect![[r#"
            error:
              × the path `../secret` leads out of the scenario's folder
               ╭─[scenarios/some.yaml:3:24]
             2 │ name: some
             3 │ files: { a.py: { from: ../secret } }
               ·                        ────┬────
               ·                            ╰── here
             4 │ steps:
               ╰────
              help: write a relative path without `..`
        "#]],
    );
}

#[test]
fn every_action_says_what_its_value_must_be() {
    let values = [
        "boot: []",
        "boot: fast",
        "repl: 42",
        "exec: [a]",
        "exec: {}",
        "exec: { code: x, block: y }",
        "exec: { code: x, raises: \"KeyError: 1\" }",
        "paste: { cod: x }",
        "send: []",
        "send: { hex: \"3\" }",
        "send: { hex: \"+1\" }",
        "send: { hex: \"\" }",
        "send: \"\"",
        "send: '\\q'",
        "send: '\\x+1'",
        "send: 'end\\'",
        "key: ctrl-x",
        "key: entre",
        "expect: []",
        "expect: \"\"",
        "expect: { prompt: false }",
        "expect: { regex: a, prompt: true }",
        "expect: { lines: [] }",
        "expect: { lines: [a, \"\"] }",
        "expect: { regex: \"(\" }",
        "expect: { regex: \"x*\" }",
        "wait: soon",
        "wait: {}",
        "pin: LED",
        "pin: {}",
        "pin: { LED: hihg }",
        "pin: { LED: [high] }",
        "wave: LED",
        "wave: { pin: LED }",
        "snapshot: transcript",
        "snapshot: []",
        "snapshot: [trancsript]",
        "wait: 5 hours",
    ];
    let mut all = String::new();
    for value in values {
        let errors = read(&around("", value)).expect_err(value);
        for error in &errors.0 {
            let help = error.help().map(|help| format!("\n    {help}")).unwrap_or_default();
            all.push_str(&format!("{value}\n  {error}{help}\n"));
        }
    }
    expect![[r#"
        boot: []
          `boot` is a list here
            it must be text
        boot: fast
          unknown way to boot `fast`
            there are: run, repl
        repl: 42
          `repl` is a number here
            it must be a transcript below `repl: |`, whose lines begin with `>>> `
        exec: [a]
          `exec` is a list here
            it must be source text, `{ code: TEXT }` or `{ block: "HEADING#1" }`
        exec: {}
          `exec` is keys and values here
            it must be source text, `{ code: TEXT }` or `{ block: "HEADING#1" }`
        exec: { code: x, block: y }
          `exec` is keys and values here
            it must be source text, `{ code: TEXT }` or `{ block: "HEADING#1" }`
        exec: { code: x, raises: "KeyError: 1" }
          `raises` is text here
            it must be the name of an exception: `KeyError`
        paste: { cod: x }
          unknown key `cod`
            did you mean `code`? There are: code, block, prints, claims, raises
        send: []
          `send` is a list here
            it must be text
        send: { hex: "3" }
          `hex` is text here
            it must be two digits for each byte: `"03 04"`
        send: { hex: "+1" }
          `hex` is text here
            it must be two digits for each byte: `"03 04"`
        send: { hex: "" }
          `hex` is text here
            it must be two digits for each byte: `"03 04"`
        send: ""
          `send` is empty
            write what must come, or what is typed
        send: '\q'
          `\q` is no escape
            there are: \r \n \t \e \\ and \x03 (two hexadecimal digits)
        send: '\x+1'
          `\x+1` is no escape
            there are: \r \n \t \e \\ and \x03 (two hexadecimal digits)
        send: 'end\'
          `\` is no escape
            there are: \r \n \t \e \\ and \x03 (two hexadecimal digits)
        key: ctrl-x
          unknown key to press `ctrl-x`
            did you mean `ctrl-a`? There are: ctrl-a, ctrl-b, ctrl-c, ctrl-d, ctrl-e, enter, tab, up, down, right, left, backspace, delete, escape
        key: entre
          unknown key to press `entre`
            did you mean `enter`? There are: ctrl-a, ctrl-b, ctrl-c, ctrl-d, ctrl-e, enter, tab, up, down, right, left, backspace, delete, escape
        expect: []
          `expect` is a list here
            it must be text
        expect: ""
          `expect` is empty
            write what must come, or what is typed
        expect: { prompt: false }
          `expect` is keys and values here
            it must be text, or one of `{ regex: R }`, `{ lines: [A, B] }`, `{ prompt: true }`
        expect: { regex: a, prompt: true }
          `expect` is keys and values here
            it must be text, or one of `{ regex: R }`, `{ lines: [A, B] }`, `{ prompt: true }`
        expect: { lines: [] }
          `lines` is empty
            write what must come, or what is typed
        expect: { lines: [a, ""] }
          `lines` is empty
            write what must come, or what is typed
        expect: { regex: "(" }
          `(` is no regular expression: unclosed group
        expect: { regex: "x*" }
          `x*` finds an empty text too, and that is everywhere
            say what must stand there: `+` for `*`
        wait: soon
          `soon` is no number with a unit (write one like 500ms)
        wait: {}
          `wait` is keys and values here
            it must be a quantity with its unit: `500ms`
        pin: LED
          `pin` is text here
            it must be pins and levels: `{ LED: high }`
        pin: {}
          `pin` is keys and values here
            it must be pins and levels: `{ LED: high }`
        pin: { LED: hihg }
          unknown level `hihg`
            did you mean `high`? There are: high, low, floating
        pin: { LED: [high] }
          `pin` is a list here
            it must be text
        wave: LED
          `wave` is text here
            it must be `{ pin: LED, for: 5s, period: 1s ±1% }`
        wave: { pin: LED }
          `for` is missing
            say how long to look: `for: 5s`
        snapshot: transcript
          `snapshot` is text here
            it must be a list: `[one, other]`
        snapshot: []
          `snapshot` is a list here
            it must be a list with one part or more: `[transcript]`
        snapshot: [trancsript]
          unknown part of a record `trancsript`
            did you mean `transcript`? There are: transcript, wave, memory
        wait: 5 hours
          `hours` in `5 hours` is no unit here (use ns, us, ms, s or min)
    "#]].assert_eq(&all);
}

#[test]
fn waves_that_cannot_be_are_refused() {
    let waves = [
        "for: 5s",
        "for: 0s, count: 1",
        "for: 5s, period: 1s",
        "for: 5s, period: 1 ±1%",
        "for: 5s, duty: 50",
        "for: 5s, duty: 120% ±1%",
        "for: 1s, period: 1s ±0%",
        "for: 4s, period: 1s ±0.1%, count: 6",
        "for: 5s, period: 1s ±1%, count: 1",
        "for: 5s, duty: 50% ±1%, count: 0",
        "for: 5s, count: some",
        "for: 5s, count: 1.5",
        "for: 5s, cuont: 1",
        "count: 1",
        "for: 5s, glitch: 1",
        "for: 5s, glitch: 0s",
        "for: 1s, glitch: 1s",
        "for: 5s, lag: 10ms ±1ms",
        "for: 5s, lag: { behind: P3 }",
        "for: 5s, lag: { behind: LED, by: 10ms ±1ms }",
        "for: 5s, lag: { behind: LDE, by: 10ms ±1ms }",
        "for: 5s, lag: { behind: P3, by: 90° }",
        "for: 5s, count: 0, lag: { behind: P3, by: 90° ±1° }",
    ];
    let mut all = String::new();
    for wave in waves {
        let errors = read(&around("", &format!("wave: {{ pin: LED, {wave} }}"))).expect_err(wave);
        for error in &errors.0 {
            let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
            all.push_str(&format!("{wave}\n  {error}{help}\n"));
        }
    }
    expect![[r#"
        for: 5s
          this wave claims nothing (give it one or more of: period, frequency, duty, count, first, high, low, glitch, lag)
        for: 0s, count: 1
          `0s` is out of range (allowed are more than 0s)
        for: 5s, period: 1s
          `1s` has no tolerance (write `1s ±1%`)
        for: 5s, period: 1 ±1%
          `1` has no unit (write `1s` or `1ms`)
        for: 5s, duty: 50
          `50` has no unit (write `50%`)
        for: 5s, duty: 120% ±1%
          `120%` is out of range (allowed are 0% to 100%)
        for: 1s, period: 1s ±0%
          1s has no room for a whole period of 1s (look longer, or claim less)
        for: 4s, period: 1s ±0.1%, count: 6
          4s has no room for 5 whole periods of 1s (look longer, or claim less)
        for: 5s, period: 1s ±1%, count: 1
          a whole period needs two rising edges, and `count` is 1 (leave out period and duty, or count more)
        for: 5s, duty: 50% ±1%, count: 0
          a whole period needs two rising edges, and `count` is 0 (leave out period and duty, or count more)
        for: 5s, count: some
          `count` is text here (it must be a whole number, zero or more)
        for: 5s, count: 1.5
          `count` is a number here (it must be a whole number, zero or more)
        for: 5s, cuont: 1
          unknown key `cuont` (did you mean `count`? There are: pin, for, period, frequency, duty, count, first, high, low, glitch, lag)
        count: 1
          `for` is missing (say how long to look: `for: 5s`)
        for: 5s, glitch: 1
          `1` has no unit (write `1s` or `1ms`)
        for: 5s, glitch: 0s
          `0s` is out of range (allowed are more than 0s)
        for: 1s, glitch: 1s
          1s has no room for a pulse of 1s (look longer, or claim less)
        for: 5s, lag: 10ms ±1ms
          `lag` is text here (it must be `{ behind: P24, by: 10ms ±1ms }`, or `by: 90° ±2°`)
        for: 5s, lag: { behind: P3 }
          `by` is missing (say how far: `by: 10ms ±1ms`)
        for: 5s, lag: { behind: LED, by: 10ms ±1ms }
          LED cannot lag behind LED (name the pin that goes first in `behind`)
        for: 5s, lag: { behind: LDE, by: 10ms ±1ms }
          unknown pin `LDE` (did you mean `LED`? There are: BUTTON, LED, P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19, P20, P21 and 10 more)
        for: 5s, lag: { behind: P3, by: 90° }
          `90°` has no tolerance (write `90° ±2°`)
        for: 5s, count: 0, lag: { behind: P3, by: 90° ±1° }
          with `count: 0` there is no rising edge, and no whole pulse (leave out high, low, first and lag, or count more)
    "#]].assert_eq(&all);
}

#[test]
fn contracts_that_cannot_be_are_refused() {
    let contracts = [
        "for: 5s",
        "high: { max: 1ms }",
        "for: 5s, high: 1ms",
        "for: 5s, high: {}",
        "for: 5s, high: { typ: 1ms }",
        "for: 5s, high: { min: 2ms, max: 1ms }",
        "for: 5s, low: { min: 2ms, typ: 1ms }",
        "for: 5s, period: { typ: 2ms, max: 1 ms }",
        "for: 5s, period: { max: 1 }",
        "for: 5s, period: { min: 5s }",
        "for: 5s, rise: { max: 1ms }",
        "for: 5s, lag: { max: 1ms }",
        "for: 5s, lag: { behind: P3 }",
        "for: 5s, lag: { behind: LED, max: 1ms }",
        "for: 5s, lag: { behind: P3, min: 2ms, max: 1ms }",
    ];
    let mut all = String::new();
    for contract in contracts {
        let step = format!("contract: {{ pin: LED, {contract} }}");
        for error in &read(&around("", &step)).expect_err(contract).0 {
            let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
            all.push_str(&format!("{contract}\n  {error}{help}\n"));
        }
    }
    expect![[r#"
        for: 5s
          this contract states no interval (give it one or more of: high, low, period, lag)
        high: { max: 1ms }
          `for` is missing (say how long to look: `for: 5s`)
        for: 5s, high: 1ms
          `high` is text here (it must be `{ min: 490ms, typ: 500ms, max: 510ms }`, with `min`, `max` or both)
        for: 5s, high: {}
          `high` is keys and values here (it must be `{ min: 490ms, typ: 500ms, max: 510ms }`, with `min`, `max` or both)
        for: 5s, high: { typ: 1ms }
          `high` is keys and values here (it must be `{ min: 490ms, typ: 500ms, max: 510ms }`, with `min`, `max` or both)
        for: 5s, high: { min: 2ms, max: 1ms }
          `min` is 2ms, which is more than `max`, 1ms (exchange them)
        for: 5s, low: { min: 2ms, typ: 1ms }
          `typ` is 1ms, which is not from `min` to `max` (the three stand in this order; leave `typ` out if there is none)
        for: 5s, period: { typ: 2ms, max: 1 ms }
          `typ` is 2ms, which is not from `min` to `max` (the three stand in this order; leave `typ` out if there is none)
        for: 5s, period: { max: 1 }
          `1` has no unit (write `1s` or `1ms`)
        for: 5s, period: { min: 5s }
          5s has no room for a pulse of 5s (look longer, or claim less)
        for: 5s, rise: { max: 1ms }
          unknown key `rise` (there are: pin, for, high, low, period, lag)
        for: 5s, lag: { max: 1ms }
          `behind` is missing (say which pin: `behind: P24`)
        for: 5s, lag: { behind: P3 }
          `lag` is keys and values here (it must be `{ behind: P24, min: 9ms, typ: 10ms, max: 11ms }`, with `min`, `max` or both)
        for: 5s, lag: { behind: LED, max: 1ms }
          LED cannot lag behind LED (name the pin that goes first in `behind`)
        for: 5s, lag: { behind: P3, min: 2ms, max: 1ms }
          `min` is 2ms, which is more than `max`, 1ms (exchange them)
    "#]].assert_eq(&all);
}

#[test]
fn modifiers_stand_where_they_mean_something() {
    brief(
        "replab: 1\nname: a\nsteps:\n  - wait: 1s\n    within: 2s\n",
        expect![[r#"
            5 `within`: `within` stands beside `wait`, which waits for nothing (put it beside the step that waits: boot, repl, exec, paste, expect, pin or reset)
        "#]],
    );
    brief(
        "replab: 1\nname: a\nsteps:\n  - pin: { LED: high }\n    hold: 50\n",
        expect![[r#"
        5 `50`: `50` has no unit (write `50ms` or `50s`)
    "#]],
    );
    brief(
        "replab: 1\nname: a\nsteps:\n  - boot: run\n    at: { time: 1s }\n",
        expect![[r#"
        5 `time`: unknown key `time` (there are: machine)
    "#]],
    );
    brief(
        "replab: 1\nname: a\nsteps:\n  - boot: run\n    at: {}\n",
        expect![[r#"
        5 `{`: `at` is keys and values here (it must be a duration `2.5s`, or `{ machine: 2.5s }`)
    "#]],
    );
    brief(
        "replab: 1\nname: a\nsteps:\n  - within: 1s\n",
        expect![[r#"
            4 `within`: this step does nothing (give it one of: boot, repl, exec, paste, send, key, expect, quiet, wait, drive, press, wire, pin, wave, contract, reset, fs, memory, never, snapshot)
        "#]],
    );
    brief(
        "replab: 1\nname: a\nsteps:\n  - boot\n",
        expect![[r#"
        4 `boot`: `a step` is text here (it must be an action and its value: `boot: repl`)
    "#]],
    );
}

#[test]
fn keys_that_stand_twice_show_both_places() {
    check(
        "replab: 1\nname: a\nname: b\nsteps:\n  - boot: run\n",
        expect![[r#"
            error:
              × `name` stands here twice
               ╭─[scenarios/some.yaml:2:1]
             1 │ replab: 1
             2 │ name: a
               · ──┬─
               ·   ╰── the first is here
             3 │ name: b
               · ──┬─
               ·   ╰── here
             4 │ steps:
               ╰────
              help: keep one of them
        "#]],
    );
    brief(
        &around("", "pin: { LED: high, LED: low }"),
        expect![[r#"
        4 `LED`: `LED` stands here twice (keep one of them)
    "#]],
    );
}

#[test]
fn the_top_level_is_checked() {
    let files = [
        "boards: []\n",
        "boards: lab-m0\n",
        "needs: [gpoi]\n",
        "seed: -1\n",
        "seed: 4294967296\n",
        "cores: 3\n",
        "cores: two\n",
        "cores: [1]\n",
        "lesson: b-lesson\n",
        "section: Blinking\n",
        "lesson: a-lesson\nsection: Blinkin\n",
        "never: \"\"\n",
        "never: [{ regexp: x }]\n",
        "files: [a.py]\n",
        "files: { ../a.py: x }\n",
        "files: { a.py: 42 }\n",
        "files: { a.py: { from: here.txt } }\n",
        "files: { a.py: { from: /etc/passwd } }\n",
        "files: { a.py: { from: there.txt, block: \"Blinking#1\" } }\n",
        "files: { a.py: { block: \"Blinking#1\" } }\n",
        "lesson: a-lesson\nfiles: { a.py: { block: \"Blinking\" } }\n",
        "lesson: a-lesson\nfiles: { a.py: { block: \"Blinking#0\" } }\n",
    ];
    let mut all = String::new();
    for lines in files {
        let errors = read(&around(lines, "boot: repl")).expect_err(lines);
        for error in &errors.0 {
            let help = error.help().map(|help| format!("\n    {help}")).unwrap_or_default();
            all.push_str(&format!("{}  {error}{help}\n", lines));
        }
    }
    expect![[r#"
        boards: []
          `boards` is a list here
            it must be a list with one board or more: `[lab-m0]`
        boards: lab-m0
          `boards` is text here
            it must be a list: `[one, other]`
        needs: [gpoi]
          unknown capability `gpoi`
            did you mean `gpio`? There are: gpio, irq, i2c, files, memory, exact, power, analog, findings, noise, wires
        seed: -1
          `seed` is a number here
            it must be a whole number, zero or more
        seed: 4294967296
          `seed` is a number here
            it must be a whole number, zero or more
        cores: 3
          `cores` is a number here
            it must be `1`, or `2` for a board that has them
        cores: two
          `cores` is text here
            it must be `1`, or `2` for a board that has them
        cores: [1]
          `cores` is a list here
            it must be `1`, or `2` for a board that has them
        lesson: b-lesson
          unknown lesson `b-lesson`
            did you mean `a-lesson`? There are: a-lesson
        section: Blinking
          this is about a lesson, and the scenario names none
            add `lesson: 01-some-lesson`: the lesson's file name without its ending
        lesson: a-lesson
        section: Blinkin
          unknown heading `Blinkin`
            did you mean `Blinking`? There are: A lesson, Blinking
        never: ""
          `never` is empty
            write what must come, or what is typed
        never: [{ regexp: x }]
          unknown key `regexp`
            did you mean `regex`? There are: regex, finding
        files: [a.py]
          `files` is a list here
            it must be paths and texts: `{ main.py: "print(1)" }`
        files: { ../a.py: x }
          the path `../a.py` leads out of the board's file system
            write a relative path without `..`
        files: { a.py: 42 }
          `files` is a number here
            it must be text, `{ block: "HEADING#1" }` or `{ from: FILE }`
        files: { a.py: { from: here.txt } }
          `here.txt` beside the scenario cannot be read
        files: { a.py: { from: /etc/passwd } }
          the path `/etc/passwd` leads out of the scenario's folder
            write a relative path without `..`
        files: { a.py: { from: there.txt, block: "Blinking#1" } }
          `files` is keys and values here
            it must be text, `{ block: "HEADING#1" }` or `{ from: FILE }`
        files: { a.py: { block: "Blinking#1" } }
          this is about a lesson, and the scenario names none
            add `lesson: 01-some-lesson`: the lesson's file name without its ending
        lesson: a-lesson
        files: { a.py: { block: "Blinking" } }
          `Blinking` names no block (write HEADING#N, such as "Blinking#1")
        lesson: a-lesson
        files: { a.py: { block: "Blinking#0" } }
          lessons/a-lesson.md has 1 code block under `Blinking`, so there is no #0 (they are counted from 1)
    "#]].assert_eq(&all);
}

#[test]
fn claims_need_a_block() {
    brief(
        &around("", "exec: { code: \"x = 1  # one\", claims: [one] }"),
        expect![[r#"
        4 `[`: `claims` are what a lesson's block says in its comments, and there is no block here (use `prints` for all that it must print)
    "#]],
    );
}

#[test]
fn a_lesson_that_is_not_there_is_said_once() {
    brief(
        &around("lesson: b-lesson\nsection: Blinking\n", "exec: { block: \"Blinking#1\" }"),
        expect![[r#"
            3 `b-lesson`: unknown lesson `b-lesson` (did you mean `a-lesson`? There are: a-lesson)
        "#]],
    );
}

#[test]
fn another_version_is_all_that_is_said() {
    brief(
        "replab: 2\nsteps: what\n",
        expect![[r#"
        1 `2`: this is version 2 of the format; replab reads version 1 (write `replab: 1`)
    "#]],
    );
}

#[test]
fn all_problems_of_a_file_are_told_in_its_order() {
    brief(
        "replab: 1\nname: no\nneeds: [gipo]\nsteps:\n  - wiat: 1s\n  - expect: on\n  - wait: 1\n  - repl: |\n      >>> 1\n\n      >>>2\n",
        expect![[r#"
            2 `no`: `no` is a truth value to many readers of YAML (write `high` or `low` for a level; put text in quotes)
            3 `gipo`: unknown capability `gipo` (did you mean `gpio`? There are: gpio, irq, i2c, files, memory, exact, power, analog, findings, noise, wires)
            5 `wiat`: unknown step `wiat` (did you mean `wait`? There are: boot, repl, exec, paste, send, key, expect, quiet, wait, drive, press, wire, pin, wave, contract, reset, fs, memory, never, snapshot, within, at, hold, name)
            6 `on`: `on` is a truth value to many readers of YAML (write `high` or `low` for a level; put text in quotes)
            7 `1`: `1` has no unit (write `1s` or `1ms`)
            11 `>>>2`: `>>>2` has no blank after `>>>`
        "#]],
    );
}

#[test]
fn what_is_no_scenario_at_all_is_said() {
    brief(
        "",
        expect![[r#"
        1 ``: `the scenario` is nothing here (it must be keys and values: `key: value`)
    "#]],
    );
    brief(
        "- a\n- b\n",
        expect![[r#"
        1 ``: `the scenario` is a list here (it must be keys and values: `key: value`)
    "#]],
    );
    brief(
        "replab: 1\nname: a\nsteps: []\n",
        expect![[r#"
        3 `[`: `steps` is a list here (it must be a list with at least one step: `- boot: repl`)
    "#]],
    );
    brief(
        "replab: 1\n---\nreplab: 1\n",
        expect![[r#"
            3 ``: this is no YAML: a second document begins here
        "#]],
    );
    brief(
        "replab: 1\nname: a\n<<: { seed: 3 }\nsteps: [{ boot: run }]\n",
        expect![[r#"
            3 `<<`: this is no YAML: `<<` merges in YAML 1.1 only
        "#]],
    );
}

#[test]
fn several_problems_are_one_report() {
    let errors = read(&around("", "wait: 1")).expect_err("the scenario is wrong");
    let mut shown = String::new();
    let handler =
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    handler.render_report(&mut shown, &errors).expect("a string can be written");
    expect![[r#"
          × 1 error in a scenario

        Error: 
          × `1` has no unit (write `1s` or `1ms`)
           ╭─[scenarios/some.yaml:4:11]
         3 │ steps:
         4 │   - wait: 1
           ·           ┬
           ·           ╰── here
           ╰────
    "#]]
    .assert_eq(&shown);
}

#[test]
fn a_reset_is_soft_or_hard_or_of_power() {
    brief(
        &around("", "reset: powr"),
        expect![[r#"
        4 `powr`: unknown reset `powr` (did you mean `power`? There are: soft, hard, power)
    "#]],
    );
    brief(
        &around("", "reset: { soft: true }"),
        expect![[r#"
        4 `{`: `reset` is keys and values here (it must be text)
    "#]],
    );
}

#[test]
fn fs_does_one_thing() {
    let steps = "fs: main.py\n  - fs: {}\n  - fs: { has: a, absent: b }\n  - fs: { hsa: a }\n  - fs: { has: [a] }";
    brief(
        &around("", steps),
        expect![[r#"
        4 `main.py`: `fs` is text here (it must be one of `{ write: { PATH: TEXT } }`, `{ is: { PATH: TEXT } }`, `{ has: PATH }`, `{ absent: PATH }`)
        5 `{`: `fs` is keys and values here (it must be one of `{ write: { PATH: TEXT } }`, `{ is: { PATH: TEXT } }`, `{ has: PATH }`, `{ absent: PATH }`)
        6 `{`: `fs` is keys and values here (it must be one of `{ write: { PATH: TEXT } }`, `{ is: { PATH: TEXT } }`, `{ has: PATH }`, `{ absent: PATH }`)
        7 `hsa`: unknown key `hsa` (did you mean `has`? There are: write, is, has, absent)
        8 `[`: `has` is a list here (it must be text)
    "#]],
    );
}

#[test]
fn files_of_a_step_have_paths_and_texts() {
    brief(
        &around("", "fs: { has: ../a }"),
        expect![[r#"
        4 `../a`: the path `../a` leads out of the board's file system (write a relative path without `..`)
    "#]],
    );
    brief(
        &around("", "fs: { is: {} }"),
        expect![[r#"
        4 `{`: `is` is empty (write what must come, or what is typed)
    "#]],
    );
    brief(
        &around("", "fs: { is: main.py }"),
        expect![[r#"
        4 `main.py`: `is` is text here (it must be paths and texts: `{ main.py: "print(1)" }`)
    "#]],
    );
    brief(
        &around("", "fs: { write: { a: 1, b: { form: x }, c: { from: nothing.txt } } }"),
        expect![[r#"
        4 `1`: `write` is a number here (it must be text, `{ block: "HEADING#1" }` or `{ from: FILE }`)
        4 `form`: unknown key `form` (did you mean `from`? There are: block, from)
        4 `nothing.txt`: `nothing.txt` beside the scenario cannot be read
    "#]],
    );
    brief(
        &around("", "fs: { has: a }\n    within: 1s"),
        expect![[r#"
        5 `within`: `within` stands beside `fs`, which waits for nothing (put it beside the step that waits: boot, repl, exec, paste, expect, pin or reset)
    "#]],
    );
}

/// What is wrong with a file whose `tolerate` has this one entry.
#[track_caller]
fn tolerance(entry: &str, expected: Expect) {
    brief(&around(&format!("tolerate: [{entry}]\n"), "boot: repl"), expected);
}

#[test]
fn a_tolerance_is_one_difference_and_its_reason() {
    tolerance(
        "{ time: 10% }",
        expect![[r#"
        3 `{`: `why` is missing (say why targets may differ: `why: "…"`)
    "#]],
    );
    tolerance(
        "{ time: 10%, why: \" \" }",
        expect![[r#"
        3 `" "`: `why` is missing (say why targets may differ: `why: "…"`)
    "#]],
    );
    tolerance(
        "{ why: a }",
        expect![[r#"
        3 `{`: a tolerance is one difference and its reason; this one has no difference (give it one of: lines, time, edges, order, memory)
    "#]],
    );
    tolerance(
        "{ time: 10%, order: LED, why: a }",
        expect![[r#"
        3 `{`: a tolerance is one difference and its reason; this one has 2: `order`, `time` (give it one of: lines, time, edges, order, memory)
    "#]],
    );
    tolerance(
        "{ tmie: 10%, why: a }",
        expect![[r#"
        3 `tmie`: unknown key `tmie` (did you mean `time`? There are: lines, time, edges, order, memory, why)
    "#]],
    );
    tolerance(
        "time",
        expect![[r#"
        3 `time`: `tolerate` is text here (it must be one of lines, time, edges, order and memory, and `why`)
    "#]],
    );
    file(
        "tolerate: { time: 10%, why: a }\n",
        expect![[r#"
        error:
          × `tolerate` is keys and values here
           ╭─[scenarios/some.yaml:3:11]
         2 │ name: some
         3 │ tolerate: { time: 10%, why: a }
           ·           ┬
           ·           ╰── here
         4 │ steps:
           ╰────
          help: it must be a list of differences, each with its reason: `[{ time: 20%, why: "…" }]`
    "#]],
    );
}

#[test]
fn a_tolerance_has_a_unit() {
    tolerance(
        "{ time: 10, why: a }",
        expect![[r#"
        3 `10`: `10` has no unit (write `10%` or `10ms`)
    "#]],
    );
    tolerance(
        "{ time: 10 KiB, why: a }",
        expect![[r#"
        3 `10 KiB`: `KiB` in `10 KiB` is no unit here (use %, ns, us, ms, s or min)
    "#]],
    );
    tolerance(
        "{ time: much, why: a }",
        expect![[r#"
        3 `much`: `much` is no number with a unit (write one like 500ms)
    "#]],
    );
    tolerance(
        "{ memory: 10, why: a }",
        expect![[r#"
        3 `10`: `10` has no unit (write `10%` or `10 B`)
    "#]],
    );
    tolerance(
        "{ memory: { heap.used: 10ms }, why: a }",
        expect![[r#"
        3 `10ms`: `ms` in `10ms` is no unit here (use %, B, KiB, MiB or kB)
    "#]],
    );
}

#[test]
fn what_is_tolerated_is_there() {
    tolerance(
        "{ edges: LDE, why: a }",
        expect![[r#"
        3 `LDE`: unknown pin `LDE` (did you mean `LED`? There are: BUTTON, LED, P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19, P20, P21 and 10 more)
    "#]],
    );
    tolerance(
        "{ edges: { pin: LED }, why: a }",
        expect![[r#"
        3 `{`: `time` is missing (say how far: `time: 2ms`; to compare none of its edges: `edges: LED`)
    "#]],
    );
    tolerance(
        "{ order: [LED], why: a }",
        expect![[r#"
        3 `[`: `pin` is a list here (it must be text)
    "#]],
    );
    tolerance(
        "{ lines: \"\", why: a }",
        expect![[r#"
        3 `""`: `lines` is empty (write what must come, or what is typed)
    "#]],
    );
    tolerance(
        "{ lines: { regex: \"(\" }, why: a }",
        expect![[r#"
        3 `"("`: `(` is no regular expression: unclosed group
    "#]],
    );
    tolerance(
        "{ memory: { flash.used: 1 B }, why: a }",
        expect![[r#"
        3 `flash.used`: unknown figure of memory `flash.used` (did you mean `heap.used`? There are: heap.total, heap.used, heap.free, heap.largest, heap.growth, stack.peak)
    "#]],
    );
}
