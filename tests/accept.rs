//! `--accept` on answers of the REPL, from outside on the real emulator: the board's
//! own answers come into the file, and nothing else of it moves.

use std::fs;
use std::process::Command;

mod support;

const BEFORE: &str = "replab: 1   # a comment
name: accept me

steps:
  - boot: repl
  # Before it.
  - repl: |
      >>> 6 * 7
      41
      >>> import gc; gc.mem_free()
      <int>

      >>> for n in range(2):
      ...     print(n)
      ...
      0
  - wait: 1ms     # after it
";

/// What becomes of `before` where `arguments` are given, and the exit code.
fn played(before: &str, arguments: &[&str]) -> (String, Option<i32>) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("one.yaml");
    fs::write(&file, before).expect("the folder is ours");
    let output = Command::new(assert_cmd::cargo::cargo_bin("xtask"))
        .current_dir(support::root())
        // xtask finds its checkout by this; ours names another package.
        .env_remove("CARGO_MANIFEST_DIR")
        // There, nothing is ever accepted.
        .env_remove("CI")
        .args(["emulate", "--scenarios"])
        .arg(folder.path())
        .args(arguments)
        .output()
        .expect("xtask is built with this test");
    (fs::read_to_string(&file).expect("it is still there"), output.status.code())
}

#[test]
fn accepted_answers_come_into_the_file_and_nothing_else_moves() {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    assert_eq!(played(BEFORE, &[]), (BEFORE.to_owned(), Some(100)));
    let after = BEFORE.replace("41\n", "42\n").replace("      0\n", "      0\n      1\n");
    assert_eq!(played(BEFORE, &["--accept"]), (after.clone(), Some(0)));
    assert_eq!(played(&after, &["--accept"]), (after.clone(), Some(0)));
}

#[test]
fn a_run_that_fails_otherwise_changes_no_file() {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    let failing = format!("{BEFORE}  - pin: {{ LED: high }}\n    within: 1ms\n");
    assert_eq!(played(&failing, &["--accept"]), (failing.clone(), Some(100)));
}

#[test]
fn an_answer_that_cannot_stand_there_leaves_the_file_and_says_so() {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    let capturing = BEFORE.replace("41\n", "<x:int> y\n");
    assert_eq!(played(&capturing, &["--accept"]), (capturing.clone(), Some(2)));
}
