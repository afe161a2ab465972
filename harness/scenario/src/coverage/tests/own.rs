//! The project's own lesson: it is covered, and whatever is taken out of its scenarios is missed.

use std::path::Path;

use expect_test::expect;

use super::{judged, shown};
use crate::EXCUSES_FILE;
use crate::tests::own;

fn own_files() -> (String, Vec<(String, String)>, String) {
    let (lesson, files) = own();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/01-micropython-intro");
    let excuses = std::fs::read_to_string(folder.join(EXCUSES_FILE)).expect("it is there");
    (lesson, files, excuses)
}

/// What is uncovered of our lesson if `from`, which stands once in the scenario `file`, is `to`.
#[track_caller]
fn uncovered(file: &str, from: &str, to: &str) -> String {
    uncovered_in(&[file], from, to)
}

/// The same for several scenarios.
#[track_caller]
fn uncovered_in(changed: &[&str], from: &str, to: &str) -> String {
    let (lesson, mut files, excuses) = own_files();
    for file in changed {
        let (_, text) =
            files.iter_mut().find(|(name, _)| name == file).expect("the scenario is there");
        assert_eq!(text.matches(from).count(), 1, "{from:?} must stand in {file} once");
        *text = text.replace(from, to);
    }
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    let judged =
        judged(&lesson, &files, Some(&excuses)).unwrap_or_else(|errors| panic!("{:?}", errors.0));
    let shown = shown(&judged);
    let lines = shown.lines().filter(|line| line.contains("Uncovered"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_projects_own_lesson_is_covered() {
    assert_eq!(uncovered("blink.yaml", "replab: 1\n", "replab: 1\n"), "");
}

#[test]
fn a_claim_that_is_taken_out_is_missed() {
    let claims = "claims: [\"Pin 25: HIGH\", \"Pin 25: LOW\", \"Pin 25: HIGH\"]";
    expect![[r#"
        GPIO (General Purpose Input/Output)#1: Uncovered pin-simulator.yaml
          116 "Pin 25: LOW": Uncovered
    "#]]
    .assert_eq(&uncovered(
        "pin-simulator.yaml",
        claims,
        "claims: [\"Pin 25: HIGH\", \"Pin 25: HIGH\"]",
    ));
    expect![[r#"
        GPIO (General Purpose Input/Output)#1: Uncovered pin-simulator.yaml
          117 "Pin 25: HIGH": Uncovered
    "#]]
    .assert_eq(&uncovered(
        "pin-simulator.yaml",
        claims,
        "claims: [\"Pin 25: HIGH\", \"Pin 25: LOW\"]",
    ));
    expect![[r#"
        Embedded Constraints#1: Uncovered board-constants.yaml constraints.yaml raspberry-pi-pico.yaml
          73 "RAM: 150,000/270,336 bytes (55.5%)": Uncovered
    "#]]
    .assert_eq(&uncovered(
        "constraints.yaml",
        "claims: [\"RAM: 150,000/270,336 bytes (55.5%)\"]",
        "claims: []",
    ));
    expect![[r#"
        The REPL Workflow#1: Uncovered repl.yaml
          133 "": Uncovered
    "#]]
    .assert_eq(&uncovered(
        "repl.yaml",
        "      >>> pin.off()  # and off again\n",
        "      >>> 1\n      1\n",
    ));
}

#[test]
fn a_block_that_is_not_run_any_more_is_missed() {
    expect![[r#"
        Memory-Efficient Programming#2: Uncovered
    "#]]
    .assert_eq(&uncovered(
        "saving-memory.yaml",
        "exec: { block: \"Memory-Efficient Programming#2\", prints: \"\" }",
        "wait: 1s",
    ));
    // It stays on the board, but nobody imports it.
    expect![""].assert_eq(&uncovered_in(
        &["configuration.yaml", "configuration-power-cut.yaml"],
        "config_file.py:",
        "unused.py:",
    ));
}

#[test]
fn a_section_that_nobody_names_any_more_is_missed() {
    expect![[r#"
        Key Takeaways: Uncovered
    "#]]
    .assert_eq(&uncovered("takeaways.yaml", "section: Key Takeaways\n", ""));
}

#[test]
fn another_output_in_the_lesson_is_missed() {
    let (lesson, files, excuses) = own_files();
    let lesson = lesson.replace("pico.status()\n", "pico.status()\n# Clock: 133 MHz\n");
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    let judged = judged(&lesson, &files, Some(&excuses)).expect("the scenarios are right");
    assert!(!judged.is_complete());
}
