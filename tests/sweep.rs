//! A sweep of 20 runs on real machines: each comes to what it would alone.

mod support;

use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::process::Command;

use replab_board::Board;
use replab_machine::qemu::{self, QemuTools};
use replab_record::Verdict;
use replab_runner::{Options, play};
use support::sweep::{play_sweep, presses};

/// Plays the sweep on `board` in two threads, and some of its runs alone.
#[track_caller]
fn check(tools: &QemuTools, board: &Board, firmware: &Path) {
    let scenarios = presses(20);
    let (outcomes, made) = play_sweep(tools, board, firmware, &scenarios, NonZero::new(2));
    let machine = || qemu::start(tools, board, firmware, support::START).expect("it starts");
    let shares = if machine().checkpoints.is_some() { 2 } else { 20 };
    assert_eq!((outcomes.len(), made), (20, shares));
    for (scenario, outcome) in scenarios.iter().zip(&outcomes) {
        assert_eq!(outcome.verdict, Verdict::Passed, "{}", scenario.identity);
    }
    // The last of each thread's part: all the others went before.
    for index in [9, 19] {
        let target = format!("{}@qemu", board.name);
        let options = Options { snapshots: None, ..Options::default() };
        let alone = play(&scenarios[index], board, &target, Some(firmware), machine(), &options);
        assert_eq!(outcomes[index], alone, "{}", scenarios[index].identity);
    }
}

#[test]
fn runs_of_a_sweep_are_equal_to_runs_alone_on_lab_m0() {
    let tools = or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::micropython());
    check(&tools, &support::board("lab-m0"), &firmware);
}

#[test]
fn runs_of_a_sweep_are_equal_to_runs_alone_on_the_pico() {
    let tools = or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::rp2());
    check(&tools, &support::board("pico"), &firmware);
}

/// The LED goes on after 50 ms.
const LATE: &str = r#"replab: 1
name: the LED is on
sweep:
  look-at: [10ms, 20ms, 80ms, 90ms, 100ms, 30ms]
steps:
  - boot: repl
  - repl: |
      >>> import time; from machine import Pin; led = Pin("LED", Pin.OUT)
  - send: "time.sleep_ms(50); led.on()\r"
  - pin: { LED: high }
    at: $look-at
    within: 1ms
"#;

#[test]
fn runs_of_a_sweep_are_told_together() {
    or_skip!(support::qemu_tools().and(support::micropython()));
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("late.yaml"), LATE).expect("the folder is ours");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("replab"));
    command.args(["run", "late.yaml", "--junit", "junit.xml"]).current_dir(folder.path());
    command.env("NO_COLOR", "1").env_remove("CI").env_remove("REPLAB_HOME");
    let output = command.output().expect("the program is there");
    let said = String::from_utf8_lossy(&output.stdout);
    let complains = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(100), "{said}{complains}");
    let lines = |start: &str| said.lines().filter(|line| line.starts_with(start)).count();
    // The first failure in full, each other in a line, and the sweep.
    assert_eq!((lines("error:"), lines("failed   "), lines("passed")), (1, 4, 0), "{said}");
    let ranges = "sweep of 6 runs: 3 passed, 3 failed (look-at 10ms, 20ms, 30ms)";
    assert!(said.contains(ranges), "{said}");
    let row = |label: &str| said.lines().find(|line| line.trim_start().starts_with(label));
    let passed = row("look-at 80ms … 100ms").unwrap_or_else(|| panic!("{said}"));
    assert!(passed.ends_with("passed") || passed.contains("LED"), "{said}");
    let junit = fs::read_to_string(folder.path().join("junit.xml")).expect("it was written");
    assert_eq!(junit.matches("<testcase").count(), 6, "{junit}");
}
