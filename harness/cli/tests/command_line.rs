//! The command `replab` from outside, as far as it needs no emulator: what it
//! says, where it says it, and its exit code.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use expect_test::{Expect, expect};
use tempfile::TempDir;

const LAB_M0: &str = include_str!("../../../boards/lab-m0.yaml");

const BLINK: &str = "\
replab: 1
name: the LED blinks
lesson: 01-intro
steps:
  - boot: repl
  - exec: { block: \"Blink#1\" }
";

const REPL: &str = "\
replab: 1
name: the REPL answers
steps:
  - boot: repl
  - repl: |
      >>> 6 * 7
      42
";

const WRONG: &str = "\
replab: 1
name: a slip of the fingers
steps:
  - boot: repl
  - wavve: { pin: LED, for: 5s }
  - pin: { LEDD: high }
";

const LESSON: &str = "# Blink\n\n```python\nprint('on')\n```\n";

/// A folder with a board, a lesson and two scenarios, and nothing to play them with.
fn bench() -> TempDir {
    let bench = tempfile::tempdir().expect("a temporary folder can be made");
    put(bench.path(), "boards/lab-m0.yaml", LAB_M0);
    put(bench.path(), "lessons/01-intro.md", LESSON);
    put(bench.path(), "scenarios/01-intro/blink.yaml", BLINK);
    put(bench.path(), "scenarios/repl.yaml", REPL);
    bench
}

fn put(bench: &Path, file: &str, text: &str) {
    let file = bench.join(file);
    fs::create_dir_all(file.parent().expect("it lies in the folder")).expect("the folder is ours");
    fs::write(file, text).expect("the folder is ours");
}

fn replab(bench: &Path) -> Command {
    let mut command = Command::cargo_bin("replab").expect("it is built with this test");
    command.current_dir(bench).env_remove("CI").env_remove("REPLAB_QEMU").env("NO_COLOR", "1");
    command
}

/// Runs `replab ARGUMENTS` at `bench` and shows exit code, standard output and standard error.
#[track_caller]
fn check(bench: &TempDir, arguments: &[&str], expected: &Expect) {
    expected.assert_eq(&outcome(replab(bench.path()).args(arguments)));
}

fn outcome(command: &mut Command) -> String {
    let output = command.output().expect("it can be run");
    let code = output.status.code().map_or("none".to_owned(), |code| code.to_string());
    let text = |bytes| String::from_utf8(bytes).expect("it speaks UTF-8");
    format!("exit {code}\n{}---\n{}", text(output.stdout), text(output.stderr))
}

#[test]
fn the_list_shows_identity_targets_and_title() {
    check(
        &bench(),
        &["run", "--list"],
        &expect![[r#"
        exit 0
        01-intro/blink  lab-m0@qemu  the LED blinks
        repl            lab-m0@qemu  the REPL answers
        ---
    "#]],
    );
    check(
        &bench(),
        &["run", "--list", "--target", "lab-m0@qemu", "led blinks"],
        &expect![[r#"
        exit 0
        01-intro/blink  lab-m0@qemu  the LED blinks
        ---
    "#]],
    );
}

#[test]
fn a_filter_is_a_part_of_a_name_a_folder_or_a_file() {
    check(
        &bench(),
        &["run", "--list", "blink"],
        &expect![[r#"
        exit 0
        01-intro/blink  lab-m0@qemu  the LED blinks
        ---
    "#]],
    );
    check(
        &bench(),
        &["run", "--list", "scenarios/01-intro"],
        &expect![[r#"
        exit 0
        01-intro/blink  lab-m0@qemu  the LED blinks
        ---
    "#]],
    );
    check(
        &bench(),
        &["run", "--list", "scenarios/repl.yaml"],
        &expect![[r#"
        exit 0
        repl  lab-m0@qemu  the REPL answers
        ---
    "#]],
    );
}

#[test]
fn a_scenario_file_elsewhere_is_played_under_its_stem() {
    let bench = bench();
    put(bench.path(), "mine/own.yaml", REPL);
    check(
        &bench,
        &["run", "--list", "mine/own.yaml"],
        &expect![[r#"
        exit 0
        own  lab-m0@qemu  the REPL answers
        ---
    "#]],
    );
}

#[test]
fn good_files_are_right() {
    check(
        &bench(),
        &["run", "--check"],
        &expect![[r#"
            exit 0
            2 scenarios, all right
            ---
        "#]],
    );
}

#[test]
fn every_error_in_a_file_is_shown_at_its_place() {
    let bench = bench();
    put(bench.path(), "scenarios/wrong.yaml", WRONG);
    let shown = outcome(replab(bench.path()).args(["run", "--check"]));
    // The words are those of the scenario crate, whose tests hold them.
    for part in [
        "exit 2\n---\n",
        "`wavve`",
        "[scenarios/wrong.yaml:5:5]",
        "`LEDD`",
        "[scenarios/wrong.yaml:6:12]",
    ] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
    assert!(shown.ends_with("\nerror: 1 scenario file is invalid, 2 right\n"), "{shown}");
    assert!(!shown.contains('\x1b'), "NO_COLOR is set: {shown:?}");
}

#[test]
fn a_wrong_file_that_is_not_meant_does_not_disturb() {
    let bench = bench();
    put(bench.path(), "scenarios/wrong.yaml", WRONG);
    check(
        &bench,
        &["run", "--list", "repl"],
        &expect![[r#"
        exit 0
        repl  lab-m0@qemu  the REPL answers
        ---
    "#]],
    );
}

#[test]
fn nothing_selected_is_no_success_and_shows_what_there_is() {
    check(
        &bench(),
        &["run", "blnik"],
        &expect![[r#"
        exit 4
        ---
        error: no scenario matches `blnik` (did you mean 01-intro/blink?); there are:
          01-intro/blink
          repl
    "#]],
    );
    check(
        &bench(),
        &["run", "--list", "blnik", "repl"],
        &expect![[r#"
        exit 0
        repl  lab-m0@qemu  the REPL answers
        ---
        note: no scenario matches `blnik` (did you mean 01-intro/blink?)
    "#]],
    );
}

#[test]
fn wrong_arguments_are_exit_code_2() {
    check(
        &bench(),
        &["run", "--target", "pico@qemu"],
        &expect![[r#"
        exit 2
        ---
        error: unknown board `pico` (the boards are: lab-m0)
    "#]],
    );
    check(
        &bench(),
        &["run", "--target", "lab-m0@bochs"],
        &expect![[r#"
        exit 2
        ---
        error: unknown backend `bochs` (the backends are: qemu, renode)
    "#]],
    );
    check(
        &bench(),
        &["run", "--wat"],
        &expect![[r#"
        exit 2
        ---
        error: unexpected argument '--wat' found

          tip: to pass '--wat' as a value, use '-- --wat'

        Usage: replab run [OPTIONS] [FILTER]...

        For more information, try '--help'.
    "#]],
    );
    check(
        &bench(),
        &["run", "--qemu", "/no/such/program"],
        &expect![[r#"
            exit 2
            ---
            error: `/no/such/program`, which --qemu or REPLAB_QEMU names, is no QEMU: No such file or directory (os error 2)
        "#]],
    );
    check(
        &bench(),
        &["run", "--lesson", "no/such/lesson.md"],
        &expect![[r#"
        exit 2
        ---
        error: could not read no/such/lesson.md
          because: No such file or directory (os error 2)
    "#]],
    );
    check(
        &bench(),
        &["run", "--list", "--json"],
        &expect![[r#"
        exit 2
        ---
        error: the argument '--list' cannot be used with '--json'

        Usage: replab run --list [FILTER]...

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn a_wrong_board_file_is_exit_code_2() {
    let bench = bench();
    put(bench.path(), "boards/lab-m0.yaml", &LAB_M0.replace("LED: P25", "LED: P99"));
    check(
        &bench,
        &["run", "--check"],
        &expect![[r#"
        exit 2
        ---
        error: boards/lab-m0.yaml: role `LED` stands for `P99`, which the board does not have (its pins are P0 to P31)
    "#]],
    );
}

#[test]
fn another_edition_plays_the_scenarios_of_its_lesson_only() {
    let bench = bench();
    put(bench.path(), "edition/01-intro.md", LESSON);
    check(
        &bench,
        &["run", "--list", "--lesson", "edition/01-intro.md"],
        &expect![[r#"
        exit 0
        01-intro/blink  lab-m0@qemu  the LED blinks
        ---
    "#]],
    );
}

#[test]
fn an_edition_under_a_name_of_its_own_stands_for_every_lesson() {
    let bench = bench();
    put(bench.path(), "edition/mine.md", LESSON);
    check(
        &bench,
        &["run", "--list", "--lesson", "edition/mine.md"],
        &expect![[r#"
        exit 0
        01-intro/blink  lab-m0@qemu  the LED blinks
        ---
    "#]],
    );
}

#[test]
fn an_edition_without_the_block_is_an_error_of_the_scenario() {
    let bench = bench();
    put(bench.path(), "edition/01-intro.md", "# Blink\n");
    let arguments = ["run", "--check", "--lesson", "edition/01-intro.md"];
    let shown = outcome(replab(bench.path()).args(arguments));
    for part in ["exit 2\n---\n", "edition/01-intro.md", "[scenarios/01-intro/blink.yaml:6:20]"] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
}

/// Here there is no firmware, and perhaps no emulator either.
#[test]
fn what_is_missing_skips_at_a_desk_and_breaks_in_ci() {
    let bench = bench();
    let desk = outcome(replab(bench.path()).args(["run", "repl"]));
    assert!(desk.starts_with("exit 4\nskipped  repl  lab-m0@qemu  "), "{desk}");
    assert!(desk.contains("\n0 passed, 1 skipped; 0 ns machine, "), "{desk}");
    assert!(desk.contains("\n  1 skipped: "), "every skip has its reason: {desk}");
    let ci = outcome(replab(bench.path()).args(["run", "repl"]).env("CI", "true"));
    assert!(ci.starts_with("exit 102\nbroken   repl  lab-m0@qemu  "), "{ci}");
    let denied = outcome(replab(bench.path()).args(["run", "repl"]).env("CI", "0"));
    assert!(denied.starts_with("exit 4\n"), "{denied}");
}

#[test]
fn json_ends_with_a_summary_that_tells_the_exit_code() {
    let shown = outcome(replab(bench().path()).args(["run", "--json"]));
    let lines: Vec<&str> = shown.lines().filter(|line| line.starts_with('{')).collect();
    assert_eq!(lines.len(), 4, "one start, two runs, one summary: {shown}");
    assert_eq!(lines[0], r#"{"event":"started","replab":1,"runs":2}"#);
    assert!(lines[1].contains(r#""verdict":"skipped""#), "{shown}");
    assert!(lines[3].starts_with(r#"{"event":"summary","passed":0,"failed":0,"#), "{shown}");
    assert!(lines[3].ends_with(r#""exit_code":4}"#), "{shown}");
}

#[test]
fn snapshots_are_never_accepted_in_ci() {
    let shown = outcome(replab(bench().path()).args(["run", "--accept"]).env("CI", "1"));
    expect![[r#"
        exit 2
        ---
        error: snapshots are never accepted in CI (run --accept at your desk, read the diff, commit it)
    "#]].assert_eq(&shown);
}

#[test]
fn a_report_is_written_and_one_that_cannot_be_is_told() {
    let bench = bench();
    let mut command = replab(bench.path());
    let shown = outcome(command.args(["run", "repl", "--junit", "new/junit.xml"]));
    assert!(shown.starts_with("exit 4\n"), "{shown}");
    let report = fs::read_to_string(bench.path().join("new/junit.xml")).expect("it was written");
    assert!(report.contains("<skipped message="), "{report}");
    check(
        &bench,
        &["run", "repl", "--junit", "boards"],
        &expect![[r#"
            exit 2
            ---
            error: could not write boards
              because: Is a directory (os error 21)
        "#]],
    );
}

/// Without emulator and firmware every run is broken in CI.
#[test]
fn github_gets_annotations_and_a_summary() {
    let bench = bench();
    let mut command = replab(bench.path());
    command.env("CI", "1").env("GITHUB_STEP_SUMMARY", bench.path().join("summary.md"));
    command.env("GITHUB_WORKSPACE", bench.path()).args(["run", "repl", "--github"]);
    let shown = outcome(&mut command);
    let start = "\n::error file=scenarios/repl.yaml,line=1,title=repl on lab-m0@qemu%3A the lab could not tell::";
    assert!(shown.contains(start), "{shown}");
    let summary = fs::read_to_string(bench.path().join("summary.md")).expect("it was written");
    assert!(summary.contains("<summary>broken repl on lab-m0@qemu</summary>"), "{summary}");
}
