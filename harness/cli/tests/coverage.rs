//! `replab coverage` from outside: what it says, where it says it, and its exit code.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use expect_test::{Expect, expect};
use tempfile::TempDir;

const LAB_M0: &str = include_str!("../../../boards/lab-m0.yaml");

const LESSON: &str = "# Start\n\n## Blink\n\n```python\nprint('on')  # on\n```\n";

const START: &str = "\
replab: 1
name: it starts
lesson: 01-intro
section: Start
steps:
  - boot: repl
";

const BLINK: &str = "\
replab: 1
name: the LED blinks
lesson: 01-intro
steps:
  - boot: repl
  - exec: { block: \"Blink#1\", claims: [\"on\"] }
";

const EXCUSE: &str = "\
replab: 1
lesson: 01-intro
excuses:
  - section: Start
    reason: it is a title
";

/// A folder with a board, a lesson and the scenarios that cover it.
fn bench() -> TempDir {
    let bench = tempfile::tempdir().expect("a temporary folder can be made");
    put(&bench, "boards/lab-m0.yaml", LAB_M0);
    put(&bench, "lessons/01-intro.md", LESSON);
    put(&bench, "scenarios/01-intro/start.yaml", START);
    put(&bench, "scenarios/01-intro/blink.yaml", BLINK);
    bench
}

fn put(bench: &TempDir, file: &str, text: &str) {
    let file = bench.path().join(file);
    fs::create_dir_all(file.parent().expect("it lies in the folder")).expect("the folder is ours");
    fs::write(file, text).expect("the folder is ours");
}

fn remove(bench: &TempDir, file: &str) {
    fs::remove_file(bench.path().join(file)).expect("it is there, and the folder is ours");
}

/// Runs `replab ARGUMENTS` in `folder`: exit code, standard output and standard error.
fn outcome(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::cargo_bin("replab").expect("it is built with this test");
    let output = command.current_dir(folder).env("NO_COLOR", "1").args(arguments).output();
    let output = output.expect("it can be run");
    let code = output.status.code().map_or("none".to_owned(), |code| code.to_string());
    let text = |bytes| String::from_utf8(bytes).expect("it speaks UTF-8");
    format!("exit {code}\n{}---\n{}", text(output.stdout), text(output.stderr))
}

#[track_caller]
fn check(bench: &TempDir, arguments: &[&str], expected: &Expect) {
    let arguments = [&["coverage"], arguments].concat();
    expected.assert_eq(&outcome(bench.path(), &arguments));
}

#[test]
fn a_lesson_that_is_covered_is_exit_code_0() {
    let expected = expect![[r#"
        exit 0
        lessons/01-intro.md
             1  # Start      covered    start
             3  ## Blink
             5    #1 python  covered    blink
             6      on       covered    blink
        1 section without code: 1 covered; 1 block of code: 1 covered; 1 claimed output: 1 covered
        ---
    "#]];
    check(&bench(), &["lessons/01-intro.md"], &expected);
    // Without a name, all there are.
    check(&bench(), &[], &expected);
}

#[test]
fn what_is_uncovered_is_exit_code_100() {
    let bench = bench();
    put(&bench, "scenarios/01-intro/blink.yaml", &BLINK.replace("[\"on\"]", "[]"));
    check(
        &bench,
        &[],
        &expect![[r#"
        exit 100
        lessons/01-intro.md
             1  # Start      covered    start
             3  ## Blink
             5    #1 python  uncovered  it runs, but not all that its text claims is compared
             6      on       uncovered  nothing compares it with what `print('on')` gives
        1 section without code: 1 covered; 1 block of code: 0 covered, 1 uncovered; 1 claimed output: 0 covered, 1 uncovered
          help: put the output into `claims:` of the step that runs its block, or type its line in a `repl` step
                or say why not, in `coverage.yaml` beside the scenarios (docs/coverage.md)
        ---
    "#]],
    );
    remove(&bench, "scenarios/01-intro/blink.yaml");
    remove(&bench, "scenarios/01-intro/start.yaml");
    check(
        &bench,
        &[],
        &expect![[r#"
        exit 100
        lessons/01-intro.md
             1  # Start      uncovered  no scenario names it in `section:`
             3  ## Blink
             5    #1 python  uncovered  no scenario runs it
             6      on       uncovered  nothing compares it with what `print('on')` gives
        1 section without code: 0 covered, 1 uncovered; 1 block of code: 0 covered, 1 uncovered; 1 claimed output: 0 covered, 1 uncovered
          help: name the section in `section:` of a scenario that tries what it says
                run the block: `- exec: { block: "Blink#1" }`
                put the output into `claims:` of the step that runs its block, or type its line in a `repl` step
                or say why not, in `coverage.yaml` beside the scenarios (docs/coverage.md)
        ---
    "#]],
    );
}

#[test]
fn one_lesson_that_is_uncovered_is_enough() {
    let bench = bench();
    put(&bench, "lessons/00-empty.md", "");
    put(&bench, "lessons/02-more.md", "# More\n");
    let shown = outcome(bench.path(), &["coverage"]);
    assert!(shown.starts_with("exit 100\nlessons/00-empty.md\n"), "{shown}");
    assert!(shown.contains("lessons/02-more.md\n     1  # More  uncovered"), "{shown}");
}

#[test]
fn what_is_excused_is_no_failure_and_no_scenario() {
    let bench = bench();
    remove(&bench, "scenarios/01-intro/start.yaml");
    put(&bench, "scenarios/01-intro/coverage.yaml", EXCUSE);
    check(
        &bench,
        &[],
        &expect![[r#"
        exit 0
        lessons/01-intro.md
             1  # Start      excused    it is a title
             3  ## Blink
             5    #1 python  covered    blink
             6      on       covered    blink
        1 section without code: 0 covered, 1 excused; 1 block of code: 1 covered; 1 claimed output: 1 covered
        ---
    "#]],
    );
    let listed = outcome(bench.path(), &["run", "--list"]);
    assert_eq!(listed, "exit 0\n01-intro/blink  lab-m0@qemu  the LED blinks\n---\n");
}

#[test]
fn a_needless_excuse_is_exit_code_2() {
    let bench = bench();
    put(&bench, "scenarios/01-intro/coverage.yaml", EXCUSE);
    check(
        &bench,
        &[],
        &expect![[r#"
        exit 2
        ---
          × section `Start` needs no excuse: `01-intro/start` covers it
           ╭─[scenarios/01-intro/coverage.yaml:4:14]
         3 │ excuses:
         4 │   - section: Start
           ·              ──┬──
           ·                ╰── here
         5 │     reason: it is a title
           ╰────
          help: take it out

        error: 1 file is invalid; coverage cannot be told
    "#]],
    );
}

#[test]
fn another_edition_is_judged_by_the_same_scenarios_and_excuses() {
    let bench = bench();
    remove(&bench, "scenarios/01-intro/start.yaml");
    put(&bench, "scenarios/01-intro/coverage.yaml", EXCUSE);
    put(&bench, "edition/01-intro.md", &LESSON.replace("('on')  # on", "('on')  # on\n# and off"));
    check(
        &bench,
        &["edition/01-intro.md"],
        &expect![[r#"
        exit 100
        edition/01-intro.md
             1  # Start      excused    it is a title
             3  ## Blink
             5    #1 python  uncovered  it runs, but not all that its text claims is compared
             6      on       covered    blink
             7      and off  uncovered  nothing compares it with what `print('on')` gives
        1 section without code: 0 covered, 1 excused; 1 block of code: 0 covered, 1 uncovered; 2 claimed outputs: 1 covered, 1 uncovered
          help: put the output into `claims:` of the step that runs its block, or type its line in a `repl` step
                or say why not, in `coverage.yaml` beside the scenarios (docs/coverage.md)
        ---
    "#]],
    );
}

#[test]
fn wrong_input_is_exit_code_2() {
    let bench = bench();
    check(
        &bench,
        &["lessons/none.md"],
        &expect![[r#"
        exit 2
        ---
        error: could not read lessons/none.md
          because: No such file or directory (os error 2)
    "#]],
    );
    check(
        &bench,
        &["--scenarios", "none"],
        &expect![[r#"
        exit 2
        ---
        error: could not read none
          because: No such file or directory (os error 2)
    "#]],
    );
    put(&bench, "edition/01-intro.md", "# Start\n");
    let shown = outcome(bench.path(), &["coverage", "edition/01-intro.md"]);
    for part in ["exit 2\n---\n", "no heading `Blink`", "[scenarios/01-intro/blink.yaml:6:20]"] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
}

#[test]
fn what_no_target_can_play_does_not_count() {
    let bench = bench();
    put(
        &bench,
        "scenarios/01-intro/start.yaml",
        &START.replace("steps:", "needs: [gpio, i2c]\nsteps:"),
    );
    check(
        &bench,
        &[],
        &expect![[r#"
        exit 100
        lessons/01-intro.md
             1  # Start      uncovered  no scenario names it in `section:`
             3  ## Blink
             5    #1 python  covered    blink
             6      on       covered    blink
        1 section without code: 0 covered, 1 uncovered; 1 block of code: 1 covered; 1 claimed output: 1 covered
          help: name the section in `section:` of a scenario that tries what it says
                or say why not, in `coverage.yaml` beside the scenarios (docs/coverage.md)
        ---
        note: 01-intro/start does not count, because it is always skipped: lab-m0@qemu has no `i2c`
    "#]],
    );
}

#[test]
fn json_is_one_line_for_each_lesson() {
    check(
        &bench(),
        &["--json"],
        &expect![[r#"
        exit 0
        {"replab":1,"lesson":"lessons/01-intro.md","complete":true,"sections":[{"heading":"Start","level":1,"line":1,"state":"covered","scenarios":["01-intro/start"],"blocks":[]},{"heading":"Blink","level":2,"line":3,"scenarios":[],"blocks":[{"name":"Blink#1","language":"python","line":5,"state":"covered","scenarios":["01-intro/blink"],"outputs":[{"line":6,"after":"print('on')","text":"on","state":"covered","scenarios":["01-intro/blink"]}]}]}]}
        ---
    "#]],
    );
}

#[test]
fn without_lessons_nothing_is_judged() {
    let bench = bench();
    remove(&bench, "lessons/01-intro.md");
    check(
        &bench,
        &[],
        &expect![[r#"
        exit 4
        ---
        error: there are no lessons here (name one)
    "#]],
    );
}
