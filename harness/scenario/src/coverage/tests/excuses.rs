//! What is excused, and what is wrong with excuses.

use expect_test::{Expect, expect};
use miette::Diagnostic;

use super::{BLINK, LESSON, judged, read_excuses, scenario, shown};
use crate::Lesson;

/// What is wrong with excuses, beside a scenario that blinks: place, message and help.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
fn wrong(text: &str, expected: Expect) {
    let text = format!("replab: 1\nlesson: a-lesson\nexcuses:\n{text}");
    let errors =
        judged(LESSON, &[("a", scenario("", BLINK))], Some(&text)).expect_err("they are wrong");
    let lines = errors.0.iter().map(|error| {
        let label = error.labels().and_then(|mut labels| labels.next()).expect("it has a place");
        let marked = &text[label.offset()..label.offset() + label.len()];
        let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{} `{marked}`: {error}{help}\n", error.line)
    });
    expected.assert_eq(&lines.collect::<String>());
}

#[test]
fn what_is_excused_has_its_reason() {
    let excuses = "replab: 1\nlesson: a-lesson\nexcuses:\n  - section: Start\n    reason: it is the title\n  - block: \"Blinking#2\"\n    reason: later\n  - { block: \"Words#1\", after: '>>> print(\"word\")  # x', reason: it is no output }\n";
    let files = [("a", scenario("", BLINK)), ("b", scenario("", "exec: { block: \"Words#1\" }"))];
    let judged =
        judged(LESSON, &files, Some(excuses)).unwrap_or_else(|errors| panic!("{:?}", errors.0));
    assert!(judged.is_complete());
    expect![[r#"
        Start: Excused("it is the title")
        Blinking#1: Covered a
          6 "LED: on": Covered a
          8 "LED: off": Covered a
          9 "LED: on": Covered a
        Blinking#2: Excused("later")
          13 "": Uncovered
          14 "1": Uncovered
        Words#1: Covered b
          21 "word": Excused("it is no output")
    "#]]
    .assert_eq(&shown(&judged));
}

#[test]
fn an_excuse_for_what_is_covered_is_an_error() {
    wrong(
        "  - { block: \"Blinking#1\", reason: x }\n  - { block: \"Blinking#1\", after: led.off(), reason: x }\n",
        expect![[r#"
            4 `"Blinking#1"`: block `Blinking#1` needs no excuse: `a` covers it (take it out)
            5 `led.off()`: the output after `led.off()` in `Blinking#1` needs no excuse: `a` covers it (take it out)
        "#]],
    );
}

#[test]
fn an_excuse_for_what_is_not_there_is_an_error() {
    wrong(
        "  - { section: Satrt, reason: x }\n",
        expect![[r#"
        4 `Satrt`: unknown heading `Satrt` (did you mean `Start`? There are: Start, Blinking, Words)
    "#]],
    );
    wrong(
        "  - { block: \"Words#2\", reason: x }\n",
        expect![[r#"
        4 `"Words#2"`: lessons/a-lesson.md has 1 code block under `Words`, so there is no #2 (they are counted from 1)
    "#]],
    );
    wrong(
        "  - { block: \"Words#1\", after: print(1), reason: x }\n",
        expect![[r#"
        4 `print(1)`: unknown code with a claimed output `print(1)` (there are: print("word"))
    "#]],
    );
    wrong(
        "  - { section: Words, reason: x }\n",
        expect![[r#"
        4 `Words`: section `Words` has code, and counts by it (excuse its code: `block: "Words#1"`)
    "#]],
    );
}

#[test]
fn an_excuse_is_about_one_thing_and_has_a_reason() {
    wrong(
        "  - { block: \"Words#1\" }\n",
        expect![[r#"
        4 `{`: `reason` is missing (say why no scenario covers it: `reason: …`)
    "#]],
    );
    wrong(
        "  - { block: \"Words#1\", reason: ' ' }\n",
        expect![[r#"
        4 `' '`: `reason` is missing (say why no scenario covers it: `reason: …`)
    "#]],
    );
    wrong(
        "  - { section: Start, block: \"Words#1\", reason: x }\n",
        expect![[r#"
        4 `{`: `an excuse` is keys and values here (it must be about one thing: `section: HEADING`, `block: "HEADING#1"`, or a block and `after: CODE`)
    "#]],
    );
    wrong(
        "  - { blok: \"Words#1\", reason: x }\n",
        expect![[r#"
        4 `blok`: unknown key `blok` (did you mean `block`? There are: section, block, after, reason)
    "#]],
    );
    wrong(
        "  - { section: Start, reason: x }\n  - { section: Start, reason: y }\n",
        expect![[r#"
            5 `Start`: `Start` stands here twice (keep one of them)
        "#]],
    );
    wrong(
        "  - Start\n",
        expect![[r#"
        4 `Start`: `an excuse` is text here (it must be keys and values: `key: value`)
    "#]],
    );
}

/// The page about coverage, as a lesson.
fn page() -> Lesson {
    Lesson::parse("docs/coverage.md", include_str!("../../../../../docs/coverage.md"))
}

#[test]
fn the_excuses_of_the_documentation_are_right() {
    let page = page();
    let text = &page.block("Excuses#1").expect("the page has an example").text;
    let (lesson, _) = crate::tests::own();
    let lesson = Lesson::parse("lessons/01-micropython-intro.md", &lesson);
    let excuses = read_excuses(&lesson, text).unwrap_or_else(|errors| panic!("{:?}", errors.0));
    assert_eq!(excuses.excuses.len(), 3);
}

/// Its comments say what they are.
#[test]
fn the_outputs_of_the_documentation_are_outputs() {
    let page = page();
    let block = page.block("Which comments are outputs#1").expect("the page has an example");
    let comments = block.comments();
    let named: Vec<_> = comments.iter().filter(|(_, text)| text.starts_with("output")).collect();
    let outputs = crate::coverage::outputs::outputs(block);
    let found: Vec<_> = outputs.iter().flat_map(|one| one.text.lines()).collect();
    assert_eq!(found, named.iter().map(|(_, text)| *text).collect::<Vec<_>>());
    assert_eq!(found.len(), 5);
}
