//! Files with `cases:`.

use expect_test::{Expect, expect};

use super::problems::brief;
use super::{LESSON, read_cases};
use crate::MOST_CASES;

const FILE: &str = "replab: 1
name: both loops
files: { a.py: one, b.py: two }
steps: [{ boot: repl }]
cases:
";

/// What the scenarios of [`FILE`] with these cases are.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
fn check(cases: &str, expected: Expect) {
    let scenarios = read_cases(LESSON, &format!("{FILE}{cases}")).expect("the cases are right");
    let line = |one: &crate::Scenario| {
        let files = one.files.iter().map(|(path, text)| (path, String::from_utf8_lossy(text)));
        let (files, steps) = (files.collect::<Vec<_>>(), one.steps.len());
        format!("{} {:?} seed {} {files:?} {steps} steps\n", one.identity, one.name, one.seed)
    };
    expected.assert_eq(&scenarios.iter().map(line).collect::<String>());
}

#[test]
fn each_case_is_the_file_with_what_it_overrides() {
    check(
        "  slow: { seed: 2 }\n  fast: { name: only fast, files: { b.py: three, c.py: four } }\n  as-is: {}\n",
        expect![[r#"
            some[slow] "both loops (slow)" seed 2 [("a.py", "one"), ("b.py", "two")] 1 steps
            some[fast] "only fast" seed 1 [("a.py", "one"), ("b.py", "three"), ("c.py", "four")] 1 steps
            some[as-is] "both loops (as-is)" seed 1 [("a.py", "one"), ("b.py", "two")] 1 steps
        "#]],
    );
    check(
        "  z: { steps: [{ boot: run }, { wait: 1s }] }\n  a: { files: {} }\n",
        expect![[r#"
        some[z] "both loops (z)" seed 1 [("a.py", "one"), ("b.py", "two")] 2 steps
        some[a] "both loops (a)" seed 1 [("a.py", "one"), ("b.py", "two")] 1 steps
    "#]],
    );
}

#[test]
fn the_identity_of_a_case_holds_that_of_its_file() {
    let scenarios = read_cases(LESSON, &format!("{FILE}  slow: {{ seed: 2 }}\n")).unwrap();
    assert_eq!(scenarios[0].file_identity(), "some");
    assert_eq!(
        super::read("replab: 1\nname: a\nsteps: [{ boot: repl }]\n").unwrap().file_identity(),
        "some"
    );
}

#[test]
fn a_case_may_bring_the_steps() {
    let scenarios =
        read_cases(LESSON, "replab: 1\nname: a\ncases:\n  x: { steps: [{ boot: repl }] }\n");
    assert_eq!(scenarios.map(|scenarios| scenarios.len()).ok(), Some(1));
}

#[track_caller]
fn wrong(cases: &str, expected: Expect) {
    brief(&format!("{FILE}{cases}"), expected);
}

#[test]
fn cases_that_cannot_be_are_refused() {
    wrong(
        "  slow: { seeds: 2 }\n  fast: { lesson: a-lesson }\n",
        expect![[r#"
            6 `seeds`: unknown key `seeds` (did you mean `needs`? There are: name, section, boards, needs, files, seed, cores, never, fails, tolerate, steps)
            7 `lesson`: unknown key `lesson` (there are: name, section, boards, needs, files, seed, cores, never, fails, tolerate, steps)
        "#]],
    );
    wrong(
        "  a b: {}\n  \"\": {}\n  c/d: {}\n  e: 5\n",
        expect![[r#"
        6 `a b`: `cases` is text here (it must be a name of letters, digits, `-`, `_` and `.`)
        7 `""`: `cases` is text here (it must be a name of letters, digits, `-`, `_` and `.`)
        8 `c/d`: `cases` is text here (it must be a name of letters, digits, `-`, `_` and `.`)
        9 `5`: `a case` is a number here (it must be keys and values: `key: value`)
    "#]],
    );
    wrong(
        "  slow: {}\n  slow: {}\n",
        expect![[r#"
        7 `slow`: `slow` stands here twice (keep one of them)
    "#]],
    );
    brief(
        "replab: 1\nname: a\nsteps: [{ boot: repl }]\ncases: {}\n",
        expect![[r#"
        4 `{`: `cases` is keys and values here (it must be names and what each overrides: `{ slow: { seed: 2 } }`)
    "#]],
    );
    brief(
        "replab: 1\nname: a\nsteps: [{ boot: repl }]\ncases: [a]\n",
        expect![[r#"
        4 `[`: `cases` is a list here (it must be names and what each overrides: `{ slow: { seed: 2 } }`)
    "#]],
    );
    brief(
        "replab: 1\nname: a\ncases:\n  x: {}\n",
        expect![[r#"
        1 `r`: `steps` is missing (add `steps:` with a list; the first is `- boot: repl`)
    "#]],
    );
}

#[test]
fn what_is_wrong_for_all_cases_is_said_once() {
    brief(
        "replab: 1\nname: a\nsteps: [{ boto: repl }]\ncases:\n  a: {}\n  b: {}\n  c: { steps: [{ wiat: 1s }] }\n",
        expect![[r#"
            3 `boto`: unknown step `boto` (did you mean `boot`? There are: boot, repl, exec, paste, send, key, expect, quiet, wait, drive, press, wire, pin, wave, contract, reset, fs, memory, never, snapshot, within, at, hold, name)
            7 `wiat`: unknown step `wiat` (did you mean `wait`? There are: boot, repl, exec, paste, send, key, expect, quiet, wait, drive, press, wire, pin, wave, contract, reset, fs, memory, never, snapshot, within, at, hold, name)
        "#]],
    );
}

#[test]
fn a_file_has_so_many_cases_at_most() {
    let cases =
        |count: usize| (0..count).map(|case| format!("  c{case}: {{}}\n")).collect::<String>();
    let read = |count| read_cases(LESSON, &format!("{FILE}{}", cases(count)));
    assert_eq!(read(MOST_CASES).map(|scenarios| scenarios.len()).ok(), Some(MOST_CASES));
    assert!(read(MOST_CASES + 1).is_err());
}

#[test]
fn a_case_may_be_wrong_on_purpose() {
    let text = format!("{FILE}  wrong: {{ fails: {{ regex: 'saw [0-9]' }} }}\n  right: {{}}\n");
    let scenarios = read_cases(LESSON, &text).expect("the cases are right");
    let fails: Vec<_> =
        scenarios.iter().map(|one| one.fails.as_ref().map(ToString::to_string)).collect();
    assert_eq!(fails, [Some("/saw [0-9]/".to_owned()), None]);
    brief(
        &format!("{FILE}  wrong: {{ fails: '' }}\n  worse: {{ fails: {{ regx: a }} }}\n"),
        expect![[r#"
            6 `''`: `fails` is empty (write what must come, or what is typed)
            7 `regx`: unknown key `regx` (did you mean `regex`? There are: regex)
        "#]],
    );
}
