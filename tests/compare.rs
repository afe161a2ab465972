//! Two targets side by side, on real QEMU: lab-m0, and boards of a project's own that
//! are like it but for one thing.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{micropython, qemu_tools, root};

const COMPUTES: &str = "  - boot: repl
  - exec: { code: \"print(sum(range(20000)))\", prints: \"199990000\" }
  - memory: sample
";

const BLINKS: &str = "  - boot: repl
  - exec: |
      import time
      from machine import Pin
      led = Pin(25, Pin.OUT)
      for _ in range(3):
          led.on()
          time.sleep_ms(100)
          led.off()
          time.sleep_ms(100)
";

/// A project with the scenario `one`, for lab-m0 and for the board `own`: lab-m0 with
/// `changed` of its file instead of `line`.
fn project(line: &str, changed: &str, scenario: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let board = fs::read_to_string(root().join("boards/lab-m0.yaml")).expect("it is there");
    assert!(board.contains(line), "the board file has no {line}");
    let board = board.replace("board: lab-m0", "board: own").replace(line, changed);
    let put = |file: &str, text: &str| {
        let file = folder.path().join(file);
        fs::create_dir_all(file.parent().expect("it lies in the folder")).expect("it is ours");
        fs::write(file, text).expect("the folder is ours");
    };
    put("boards/own.yaml", &board);
    put("scenarios/one.yaml", scenario);
    put("replab.yaml", "replab: 1\nboards: boards\nfirmware: { own: own.elf }\n");
    fs::copy(micropython().expect("it was there a moment ago"), folder.path().join("own.elf"))
        .expect("the folder is ours");
    folder
}

/// A scenario of `steps` for both boards, with more `lines` at the file's level.
fn scenario(lines: &str, steps: &str) -> String {
    format!("replab: 1\nname: one\nboards: [lab-m0, own]\n{lines}steps:\n{steps}")
}

/// Runs replab in `folder`; its exit code must be `code`. All that it said.
#[track_caller]
fn check(folder: &Path, arguments: &str, code: i32) -> String {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("replab"));
    command.args(arguments.split_whitespace()).current_dir(folder);
    command.env("NO_COLOR", "1").env_remove("CI").env_remove("REPLAB_HOME");
    let output = command.output().expect("the program is there");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("it is UTF-8");
    assert_eq!(output.status.code(), Some(code), "{arguments}:\n{said}");
    said
}

const BOTH: &str = "run --compare --target lab-m0@qemu,own@qemu";

/// What real runs need; or why there is nothing to test with.
fn can_play() -> Result<(), String> {
    qemu_tools().and(micropython()).map(drop)
}

#[test]
fn boards_that_are_alike_are_equal() {
    or_skip!(can_play());
    for steps in [COMPUTES, BLINKS] {
        let project = project("title:", "title: as", &scenario("", steps));
        let said = check(project.path(), BOTH, 0);
        assert!(said.contains("1 compared: 1 equal\n"), "{said}");
        assert!(!said.contains("not compared") && !said.contains("differs"), "{said}");
    }
}

#[test]
fn a_led_on_another_pin_is_a_difference_although_both_pass() {
    or_skip!(can_play());
    let project = project("LED: P25", "LED: P24", &scenario("", BLINKS));
    let said = check(project.path(), BOTH, 105);
    assert!(said.contains("2 passed") && said.contains("differs in levels"), "{said}");
    assert!(said.contains("levels: level 1 of LED") && said.contains("| nothing"), "{said}");
    let said = check(project.path(), &format!("{BOTH} --json"), 105);
    let line = said.lines().find(|line| line.contains(r#""event":"compared""#));
    let event: serde_json::Value =
        serde_json::from_str(line.expect("it is told")).expect("an event is JSON");
    assert_eq!(event["result"], "differs");
    assert_eq!(event["differences"][0]["aspect"], "levels");
    assert!(event["differences"][0]["rows"][0][1].is_null(), "{event}");
}

#[test]
fn half_the_speed_is_a_difference_in_time_alone_and_can_be_tolerated() {
    or_skip!(can_play());
    let slow =
        |lines| project("instruction-ns: 8", "instruction-ns: 16", &scenario(lines, COMPUTES));
    let said = check(slow("").path(), BOTH, 105);
    assert!(said.contains("differs in time\n"), "{said}");
    let tolerate = "tolerate: [{ time: 55%, why: it has half the speed }]\n";
    let said = check(slow(tolerate).path(), BOTH, 0);
    assert!(said.contains("tolerated: it has half the speed"), "{said}");
    let tolerate = "tolerate: [{ time: 45%, why: it has half the speed }]\n";
    check(slow(tolerate).path(), BOTH, 105);
}

/// A sleep is the clock's affair: half the speed shows in what is computed alone.
#[test]
fn a_slower_processor_sleeps_as_long() {
    or_skip!(can_play());
    let slow = |lines| project("instruction-ns: 8", "instruction-ns: 16", &scenario(lines, BLINKS));
    let said = check(slow("").path(), BOTH, 105);
    assert!(said.contains("time: level 1 of LED, at most"), "{said}");
    let short = "tolerate: [{ edges: { pin: LED, time: 50us }, why: it is computed }]\n";
    let said = check(slow(short).path(), BOTH, 0);
    assert!(said.contains("tolerated: it is computed"), "{said}");
}

#[test]
fn a_run_that_fails_is_a_failure_and_a_difference() {
    or_skip!(can_play());
    let steps = format!("{BLINKS}  - repl: |\n      >>> led.on()\n  - pin: {{ LED: high }}\n");
    let project = project("LED: P25", "LED: P24", &scenario("", &steps));
    let said = check(project.path(), BOTH, 100);
    assert!(said.contains("differs in verdict, levels"), "{said}");
    assert!(said.contains("failed in step 4, pin"), "{said}");
}

#[test]
fn what_one_target_skips_is_not_compared_and_is_no_success() {
    or_skip!(can_play());
    let alone = "replab: 1\nname: one\nboards: [own]\nsteps: [{ boot: repl }]\n";
    let project = project("title:", "title: as", alone);
    let said = check(project.path(), BOTH, 4);
    assert!(
        said.contains("not comparable: skipped on lab-m0@qemu: it does not list board lab-m0"),
        "{said}"
    );
    assert!(said.contains("1 compared: 0 equal, 1 not comparable"), "{said}");
}

/// A snapshot of one target is no measure for the other; nothing is written.
#[test]
fn a_comparison_leaves_snapshots_alone() {
    or_skip!(can_play());
    let steps = format!("{COMPUTES}  - snapshot: [transcript, memory]\n");
    let project = project("title:", "title: as", &scenario("", &steps));
    check(project.path(), BOTH, 0);
    assert!(!project.path().join("scenarios/snapshots").exists());
}

#[test]
fn two_targets_are_two() {
    let root = root();
    for (arguments, expected) in [
        ("run --compare", "--target names none"),
        ("run --compare --target lab-m0@qemu", "--target names lab-m0@qemu ("),
        (
            "run --compare --target lab-m0@qemu --target lab-m0@qemu",
            "--target names lab-m0@qemu, lab-m0@qemu (",
        ),
        ("run --compare --prove 2 --target lab-m0@qemu", "cannot be used with"),
        ("run --compare --accept --target lab-m0@qemu", "cannot be used with"),
    ] {
        let said = check(root, arguments, 2);
        assert!(said.contains(expected), "{said}");
    }
}
