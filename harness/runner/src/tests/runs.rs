//! Whole runs: files, needs, snapshots, equal runs.

use expect_test::expect;
use replab_machine::Timing;
use replab_scenario::{At, Need, SnapshotPart, WaveClaim};
use tempfile::TempDir;

use super::*;
use crate::snapshots::Mode;

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
fn check_needs(needs: &[Need], script: &Scripted, expected: Expected) {
    let scenario = Scenario { needs: needs.to_vec(), ..scenario(vec![wait(1)]) };
    expected.assert_eq(&shown(&run(&scenario, script).verdict));
}

#[test]
fn what_a_target_lacks_is_a_reason_to_skip() {
    let all = Scripted::new(&board());
    check_needs(&[Need::Gpio, Need::Files, Need::Memory, Need::Exact], &all, expect!["passed"]);
    check_needs(
        &[Need::Gpio],
        &all.clone().without_pins(),
        expect![[r#"skipped: Lacks { target: "test-board@script", capability: "gpio" }"#]],
    );
    check_needs(&[Need::Irq], &all, expect!["passed"]);
    check_needs(
        &[Need::Irq],
        &all.clone().without_interrupts(),
        expect![[r#"skipped: Lacks { target: "test-board@script", capability: "irq" }"#]],
    );
    check_needs(
        &[Need::Files],
        &all.clone().without_memory(),
        expect![[r#"skipped: Lacks { target: "test-board@script", capability: "files" }"#]],
    );
    check_needs(
        &[Need::Exact],
        &all.clone().timing(Timing::Wall),
        expect![[r#"skipped: Lacks { target: "test-board@script", capability: "exact" }"#]],
    );
    check_needs(
        &[Need::I2c],
        &all,
        expect![[r#"skipped: Lacks { target: "test-board@script", capability: "i2c" }"#]],
    );
}

#[test]
fn more_cores_than_there_are_skip_a_run() {
    let scenario = Scenario { cores: 2, ..scenario(vec![wait(1)]) };
    let outcome = run(&scenario, &Scripted::new(&board()));
    let reason = r#"Lacks { target: "test-board@script", capability: "cores: 2" }"#;
    assert_eq!(format!("{:?}", outcome.verdict), format!("Skipped({reason})"));
    assert_eq!(crate::lacking(&scenario, &board()), Some("cores"));
}

/// Plays `steps` on a machine by the desk clock.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
fn check_wall(steps: Vec<Step>, expected: Expected) {
    let script = Scripted::new(&board()).timing(Timing::Wall);
    let deeds = after(1).edge("LED", Level::High).after(ms(1)).edge("LED", Level::Low);
    expected.assert_eq(&shown(&run(&scenario(steps), &script.at_start(deeds)).verdict));
}

#[test]
fn what_the_desk_clock_cannot_tell_is_a_reason_to_skip() {
    let skips = |fine: &str| {
        format!(
            "skipped: NoExactTime {{ why: \"test-board@script goes by the desk clock, which cannot tell its `{fine}`\" }}"
        )
    };
    let check = |steps: Vec<Step>, fine: &str| {
        let script = Scripted::new(&board()).timing(Timing::Wall);
        assert_eq!(shown(&run(&scenario(steps), &script).verdict), skips(fine));
    };
    let claim = WaveClaim { count: Some(0), ..WaveClaim::looking("LED", ms(9)) };
    check(vec![step(Action::Wave(vec![claim]))], "wave");
    check(vec![Step { hold: Some(ms(1)), ..pin("LED", Level::High) }], "hold");
    check(vec![Step { at: Some(At::Machine(ms(1))), ..wait(1) }], "at: { machine: … }");
    check(vec![pin("LED", Level::Floating)], "pin: { LED: floating }");
    check(vec![pin("P1", Level::High), pin("LED", Level::Low)], "pin: { LED: low }");
    check_wall(vec![pin("LED", Level::High), pin("P2", Level::Low)], expect!["passed"]);
    check_wall(vec![Step { at: Some(At::Step(ms(1))), ..wait(1) }], expect!["passed"]);
}

#[test]
fn a_scenario_is_played_on_its_boards_only() {
    let other = Scenario { boards: vec!["pico".to_string()], ..scenario(vec![wait(1)]) };
    expect![[r#"skipped: OtherBoard { board: "test-board" }"#]]
        .assert_eq(&shown(&run(&other, &repl_board()).verdict));
}

#[test]
fn files_are_in_the_flash_before_the_first_instruction() {
    let files = BTreeMap::from([("main.py".to_string(), b"print(1)".to_vec())]);
    let with_files = Scenario { files, ..scenario(vec![wait(1)]) };
    assert_eq!(run(&with_files, &repl_board()).verdict, Verdict::Passed);
    expect![[r#"
        broken at no step
        board test-board has no file system that the lab can reach (say `needs: [files]`)
    "#]]
    .assert_eq(&shown(&run(&with_files, &repl_board().without_memory()).verdict));
}

#[test]
fn files_that_do_not_fit_break_the_run() {
    let files = BTreeMap::from([("big.bin".to_string(), vec![0; 0x10000])]);
    let with_files = Scenario { files, ..scenario(vec![wait(1)]) };
    expect![[r#"
        broken at no step
        could not put the scenario's files on board test-board
        could not write `big.bin` into the file system of 65536 bytes
        no space left on device
    "#]]
    .assert_eq(&shown(&run(&with_files, &repl_board()).verdict));
}

/// A scenario in a folder of its own that takes a snapshot of its transcript.
fn snapping(folder: &TempDir) -> Scenario {
    let steps = vec![boot(), step(Action::Snapshot(vec![SnapshotPart::Transcript]))];
    Scenario { file: folder.path().join("one.yaml"), ..scenario(steps) }
}

fn play_with(mode: Mode, scenario: &Scenario, script: &Scripted) -> String {
    let options = Options { snapshots: Some(mode), ..Options::default() };
    let outcome = play(scenario, &board(), "test-board@script", None, script.machine(), &options);
    let folder = scenario.file.parent().unwrap().display().to_string();
    shown(&outcome.verdict).replace(&folder, "FOLDER")
}

#[test]
fn a_snapshot_is_stored_once_and_then_compared() {
    let folder = TempDir::new().unwrap();
    let scenario = snapping(&folder);
    expect![[r#"
        failed at step 2 of 2, snapshot on line 10, 0.062900000 s
        snapshot FOLDER/snapshots/one.snap
        hint: nothing is stored yet: review it, then accept it
    "#]]
    .assert_eq(&play_with(Mode::ReadOnly, &scenario, &repl_board()));
    assert_eq!(play_with(Mode::Accept, &scenario, &repl_board()), "passed");
    assert_eq!(play_with(Mode::ReadOnly, &scenario, &repl_board()), "passed");
    let other = Scripted::new(&board()).at_start(prints("CircuitPython\r\n>>> "));
    expect![[r#"
        failed at step 2 of 2, snapshot on line 10, 0.052800000 s
        snapshot FOLDER/snapshots/one.snap
        | @@ -1,2 +1,2 @@
        | -MicroPython v1
        | +CircuitPython
        |  >>>
        hint: if it is right as it is now, accept it
    "#]]
    .assert_eq(&play_with(Mode::ReadOnly, &scenario, &other));
}

#[test]
fn a_failed_run_stores_no_snapshot() {
    let folder = TempDir::new().unwrap();
    let mut scenario = snapping(&folder);
    scenario.steps.push(within(1, expect_text("never comes")));
    assert!(play_with(Mode::Accept, &scenario, &repl_board()).starts_with("failed at step 3"));
    assert!(!folder.path().join("snapshots").exists());
}

#[test]
fn equal_runs_are_equal() {
    let board = repl_board().on("6 * 7\r", after(7).prints("42\r\n>>> ").edge("LED", Level::High));
    let scenario = scenario(vec![boot(), repl(">>> 6 * 7\n42"), pin("LED", Level::High)]);
    assert_eq!(run(&scenario, &board), run(&scenario, &board));
}
