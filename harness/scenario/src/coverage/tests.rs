//! Coverage as a whole: of small lessons; in `excuses` and `own`, what is excused, and the project's own lesson.

mod excuses;
mod own;

use std::path::Path;
use std::sync::Arc;

use expect_test::{Expect, expect};

use super::*;
use crate::ScenarioErrors;
use crate::tests::read_with;

const LESSON: &str = "\
# Start

## Blinking

```python
led.on()  # LED: on
led.off()
# LED: off
led.on()  # LED: on
```

```python
# >>> import led
# >>> led.level()
# 1
```

## Words

```python
print(\"word\")  # word
```
";

const BLINK: &str =
    "exec: { block: \"Blinking#1\", claims: [\"LED: on\", \"LED: off\", \"LED: on\"] }";

/// A scenario of one step, with lines before `steps:`.
fn scenario(lines: &str, step: &str) -> String {
    format!("replab: 1\nname: some\nlesson: a-lesson\n{lines}steps:\n  - {step}\n")
}

fn judged(
    lesson: &str,
    files: &[(&str, String)],
    excuses: Option<&str>,
) -> Result<Coverage, ScenarioErrors> {
    let scenarios: Vec<_> = files
        .iter()
        .map(|(name, text)| {
            let scenario =
                read_with(lesson, text).unwrap_or_else(|error| panic!("{name}: {:?}", error.0));
            Scenario { identity: (*name).to_owned(), ..scenario }
        })
        .collect();
    let lesson = Lesson::parse("lessons/a-lesson.md", lesson);
    let excuses: Vec<_> = match excuses {
        Some(text) => vec![read_excuses(&lesson, text)?],
        None => vec![],
    };
    coverage(&lesson, &scenarios.iter().collect::<Vec<_>>(), &excuses)
}

fn read_excuses(lesson: &Lesson, text: &str) -> Result<Excuses, ScenarioErrors> {
    let lesson = Arc::new(lesson.clone());
    let find = |name: &str| match name {
        "a-lesson" | "01-micropython-intro" => Ok(Arc::clone(&lesson)),
        _ => Err(vec!["a-lesson".to_owned()]),
    };
    load_excuses(Path::new("scenarios/coverage.yaml"), text, &find)
}

/// One line for each section without code, block and output.
fn shown(coverage: &Coverage) -> String {
    let line = |name: &str, state: &State, scenarios: &[String]| {
        format!("{}\n", format!("{name}: {state:?} {}", scenarios.join(" ")).trim_end())
    };
    let mut text = String::new();
    for section in &coverage.sections {
        if let Some(state) = &section.state {
            text += &line(&section.heading, state, &section.scenarios);
        }
        for block in &section.blocks {
            text += &line(&block.name, &block.state, &block.scenarios);
            for output in &block.outputs {
                text += &line(
                    &format!("  {} {:?}", output.line, output.text),
                    &output.state,
                    &output.scenarios,
                );
            }
        }
    }
    text
}

/// How much of [`LESSON`] the scenarios `a`, `b`, … try.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
fn check(scenarios: &[String], expected: Expect) {
    let files: Vec<_> = ["a", "b", "c"].into_iter().zip(scenarios.iter().cloned()).collect();
    expected.assert_eq(&shown(&judged(LESSON, &files, None).expect("nothing is excused")));
}

#[test]
fn without_scenarios_nothing_is_covered() {
    check(
        &[],
        expect![[r#"
            Start: Uncovered
            Blinking#1: Uncovered
              6 "LED: on": Uncovered
              8 "LED: off": Uncovered
              9 "LED: on": Uncovered
            Blinking#2: Uncovered
              13 "": Uncovered
              14 "1": Uncovered
            Words#1: Uncovered
              21 "word": Uncovered
        "#]],
    );
}

#[test]
fn a_section_without_code_needs_to_be_named() {
    check(
        &[scenario("section: Start\n", "boot: repl"), scenario("section: Words\n", "boot: repl")],
        expect![[r#"
            Start: Covered a
            Blinking#1: Uncovered
              6 "LED: on": Uncovered
              8 "LED: off": Uncovered
              9 "LED: on": Uncovered
            Blinking#2: Uncovered
              13 "": Uncovered
              14 "1": Uncovered
            Words#1: Uncovered
              21 "word": Uncovered
        "#]],
    );
}

#[test]
fn code_that_runs_is_covered_if_its_outputs_are_compared() {
    check(
        &[scenario("", BLINK), scenario("", "paste: { block: \"Words#1\" }")],
        expect![[r#"
            Start: Uncovered
            Blinking#1: Covered a
              6 "LED: on": Covered a
              8 "LED: off": Covered a
              9 "LED: on": Covered a
            Blinking#2: Uncovered
              13 "": Uncovered
              14 "1": Uncovered
            Words#1: Uncovered b
              21 "word": Uncovered
        "#]],
    );
}

#[test]
fn claims_stand_for_outputs_in_their_order() {
    check(
        &[
            scenario("", "exec: { block: \"Blinking#1\", claims: [\"LED: on\"] }"),
            scenario("", "exec: { block: \"Blinking#1\", claims: [\"LED: off\", \"LED: on\"] }"),
        ],
        expect![[r#"
            Start: Uncovered
            Blinking#1: Covered a b
              6 "LED: on": Covered a
              8 "LED: off": Covered b
              9 "LED: on": Covered b
            Blinking#2: Uncovered
              13 "": Uncovered
              14 "1": Uncovered
            Words#1: Uncovered
              21 "word": Uncovered
        "#]],
    );
}

#[test]
fn typed_lines_are_covered_by_repl_steps_that_expect_the_same() {
    let typed = |answer: &str| {
        scenario(
            "",
            &format!(
                "repl: |\n      >>> import led  # loads it\n      >>> led.level()\n      {answer}"
            ),
        )
    };
    check(
        &[typed("1"), typed("<int>"), scenario("", "repl: '>>> led.level()'")],
        expect![[r#"
            Start: Uncovered
            Blinking#1: Uncovered
              6 "LED: on": Uncovered
              8 "LED: off": Uncovered
              9 "LED: on": Uncovered
            Blinking#2: Uncovered
              13 "": Covered a b
              14 "1": Covered a
            Words#1: Uncovered
              21 "word": Uncovered
        "#]],
    );
}

#[test]
fn an_output_may_be_typed_too_but_that_runs_no_block() {
    let typed = "repl: |\n      >>> print(\"word\")\n      word";
    // Where a block's claims are listed, the list alone counts.
    let listed = format!("exec: {{ block: \"Words#1\", claims: [word] }}\n  - {typed}");
    let steps = [
        typed.to_owned(),
        "exec: { block: \"Blinking#1\", claims: [\"LED: off\"] }\n  - repl: |\n      >>> led.on()\n      LED: on".to_owned(),
        listed,
    ];
    check(
        &steps.map(|steps| scenario("", &steps)),
        expect![[r#"
            Start: Uncovered
            Blinking#1: Uncovered b
              6 "LED: on": Uncovered
              8 "LED: off": Covered b
              9 "LED: on": Uncovered
            Blinking#2: Uncovered
              13 "": Uncovered
              14 "1": Uncovered
            Words#1: Covered c
              21 "word": Covered a c
        "#]],
    );
}

/// Whether `Words#1`, which is the file `path`, runs, and whether its output is compared.
#[track_caller]
fn check_file(path: &str, step: &str, expected: (bool, bool)) {
    let file = format!(
        "files: {{ {path}: {{ block: \"Words#1\" }}, other.py: \"from lib import two as one, three; import pkg.mod\" }}\n"
    );
    let judged = judged(LESSON, &[("a", scenario(&file, step))], None).expect("nothing is excused");
    let block = judged.blocks().last().expect("the lesson has blocks").clone();
    assert_eq!(
        (!block.scenarios.is_empty(), !block.outputs[0].scenarios.is_empty()),
        expected,
        "{path} {step}"
    );
}

#[test]
fn a_file_runs_at_power_on_or_where_it_is_imported() {
    check_file("main.py", "boot: run", (true, false));
    check_file("boot.py", "expect: word", (true, true));
    check_file("main.py", "expect: { lines: [a, word] }", (true, true));
    check_file("main.py", "expect: \"a word\"", (true, false));
    check_file("words.py", "boot: run", (false, false));
    check_file("words.py", "expect: word", (false, false));
    check_file("words.py", "repl: |\n      >>> import words\n      word", (true, true));
    check_file("lib/words.py", "exec: \"import sys, words as w\"", (true, false));
    check_file("words.py", "exec: \"x = 'import words'; y = 1\"", (false, false));
    check_file("words.py", "paste: \"if True: from words import *\"", (true, false));
    check_file("words.py", "send: \"import sys; import words\\\\r\"", (true, false));
    check_file("words.py", "send: \"import wordsmith\\\\r\"", (false, false));
    check_file("words/__init__.py", "exec: import words.first", (true, false));
    check_file("words/first.py", "exec: import words.first", (true, false));
    check_file("words/first.py", "exec: from words import (second, first)", (true, false));
}

#[test]
fn a_file_that_runs_may_import_others() {
    check_file("lib/two.py", "exec: import other", (true, false));
    check_file("lib/three.py", "exec: import other", (true, false));
    check_file("lib/one.py", "exec: import other", (false, false));
    check_file("pkg/mod.py", "exec: import other", (true, false));
    check_file("pkg/mod.py", "boot: run", (false, false));
}

#[test]
fn the_same_file_under_a_text_of_its_own_is_not_the_block() {
    let other = scenario("files: { main.py: print(1) }\n", "boot: run");
    let judged = judged(LESSON, &[("a", other)], None).expect("nothing is excused");
    assert!(judged.blocks().all(|block| block.scenarios.is_empty()), "{judged:?}");
}

#[test]
fn a_transcript_as_a_block_runs_where_all_of_it_is_typed() {
    let lesson = "# One\n\n```pycon\n>>> x = 6\n>>> x * 7\n42\n```\n";
    let state = |transcript: &str| {
        let typed = scenario("", &format!("repl: |\n{transcript}"));
        shown(&judged(lesson, &[("a", typed)], None).expect("nothing is excused"))
    };
    expect![[r#"
        One#1: Covered a
          4 "": Covered a
          5 "42": Covered a
    "#]]
    .assert_eq(&state("      >>> x = 6\n      >>> x * 7\n      42"));
    expect![[r#"
        One#1: Uncovered
          4 "": Uncovered
          5 "42": Covered a
    "#]]
    .assert_eq(&state("      >>> x * 7\n      42"));
}
