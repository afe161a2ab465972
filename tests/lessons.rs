//! The lesson and its scenarios, played from outside on the real emulator.
//!
//! What is shown here is that the scenarios mean something: they pass as they
//! are on each of their boards, each of five one-line changes of the lesson breaks
//! the scenario that stands for that line and no other, and a run says the same
//! under load.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

mod support;

const LESSON: &str = "01-micropython-intro";

/// Where the lesson's scenarios play.
const TARGETS: [&str; 2] = ["lab-m0@qemu", "pico@qemu"];

/// Plays every scenario, as `cargo xtask emulate --json ARGUMENTS…` does, and
/// gives the verdict of each by its identity and target, and the exit code.
#[track_caller]
fn play(arguments: &[&str]) -> (BTreeMap<String, String>, Option<i32>) {
    let program = assert_cmd::cargo::cargo_bin("xtask");
    assert!(
        program.exists(),
        "{} is not there (build it: cargo build --workspace)",
        program.display()
    );
    let output = Command::new(&program)
        .current_dir(support::root())
        // xtask finds its checkout by this; ours names another package.
        .env_remove("CARGO_MANIFEST_DIR")
        .args(["emulate", "--json"])
        .args(arguments)
        .output()
        .expect("xtask is there, as asserted above");
    let stdout = String::from_utf8(output.stdout).expect("--json prints UTF-8");
    let mut verdicts = BTreeMap::new();
    for line in stdout.lines() {
        let event: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in line {line:?}"));
        if event["event"] == "run-finished" {
            let text = |key: &str| {
                event[key].as_str().unwrap_or_else(|| panic!("no {key} in {line}")).to_owned()
            };
            verdicts.insert(format!("{} {}", text("scenario"), text("target")), text("verdict"));
        }
    }
    assert!(!verdicts.is_empty(), "no run:\n{stdout}\n{}", String::from_utf8_lossy(&output.stderr));
    (verdicts, output.status.code())
}

/// Changes the one line of the lesson that holds `from`, and shows what fails then.
#[track_caller]
fn check(from: &str, to: &str, breaks: &[&str]) {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    or_skip!(support::rp2());
    let text = fs::read_to_string(support::root().join("lessons").join(format!("{LESSON}.md")))
        .expect("the lesson is there");
    assert_eq!(text.matches(from).count(), 1, "{from:?} must stand in the lesson once");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let changed: PathBuf = folder.path().join(format!("{LESSON}.md"));
    fs::write(&changed, text.replace(from, to)).expect("the folder is ours");
    let (verdicts, code) =
        play(&["--lesson", changed.to_str().expect("temporary folders are UTF-8")]);
    let failed: BTreeSet<_> = verdicts
        .iter()
        .filter(|(_, verdict)| *verdict != "passed")
        .map(|(name, verdict)| format!("{name} {verdict}"))
        .collect();
    let expected: BTreeSet<_> = breaks
        .iter()
        .flat_map(|name| TARGETS.map(|target| format!("{LESSON}/{name} {target} failed")))
        .collect();
    assert_eq!(failed, expected);
    assert_eq!(code, Some(100), "a failed scenario is exit code 100");
}

#[test]
fn every_scenario_passes() {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    or_skip!(support::rp2());
    let (verdicts, code) = play(&[]);
    let not_passed: Vec<_> = verdicts.iter().filter(|(_, verdict)| *verdict != "passed").collect();
    assert!(not_passed.is_empty(), "{not_passed:?}");
    for target in TARGETS {
        let runs = verdicts.keys().filter(|run| run.ends_with(target)).count();
        assert!(runs >= 27, "the lesson has 27 scenarios for each board: {verdicts:?}");
    }
    assert_eq!(code, Some(0));
}

#[test]
fn a_led_that_stays_on_breaks_the_blinks() {
    check("        pin.off()\n", "        pin.on()\n", &["blink", "blink-defaults"]);
}

#[test]
fn another_default_breaks_the_blink_that_relies_on_it() {
    check("times=3", "times=4", &["blink-defaults"]);
}

#[test]
fn another_format_breaks_the_accounts() {
    check("{percent:.1f}", "{percent:.2f}", &["constraints"]);
}

#[test]
fn another_default_breaks_the_configuration() {
    let unreadable = ["cut-off", "empty", "missing", "no-json"]
        .map(|case| format!("configuration-unreadable[{case}]"));
    let mut breaks = vec!["configuration"];
    breaks.extend(unreadable.iter().map(String::as_str));
    check("\"interval\": 60", "\"interval\": 30", &breaks);
}

#[test]
fn another_byte_breaks_the_bytearray() {
    check("sensor_data[0] = 255", "sensor_data[0] = 254", &["saving-memory"]);
}

#[test]
fn a_pin_that_lies_breaks_the_pin_simulator() {
    check(
        "'HIGH' if self._value else 'LOW'",
        "'LOW' if self._value else 'HIGH'",
        &["pin-simulator"],
    );
}

/// Every run's record, as text with nanoseconds, from a fresh output folder.
fn records(output: &Path) -> BTreeMap<String, String> {
    let folder = output.join(LESSON);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    files
        .map(|file| file.expect("the folder can be listed").path())
        .map(|file| {
            (file.display().to_string(), fs::read_to_string(&file).expect("records are UTF-8"))
        })
        .map(|(name, text)| (name.rsplit('/').next().unwrap_or_default().to_owned(), text))
        .collect()
}

/// The figure of this project: equal runs are equal, whatever else the host does.
#[test]
fn records_are_the_same_under_load() {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    or_skip!(support::rp2());
    let quiet = tempfile::tempdir().expect("a temporary folder can be made");
    play(&["--output", quiet.path().to_str().expect("UTF-8")]);
    let quiet = records(quiet.path());
    assert!(quiet.len() >= 8, "each scenario leaves a record: {:?}", quiet.keys());
    assert!(quiet.values().all(|record| record.contains(">>> ")), "a record has its dialogue");
    let _load = support::trouble::Load::begin();
    for run in 0..3 {
        let loaded = tempfile::tempdir().expect("a temporary folder can be made");
        play(&["--output", loaded.path().to_str().expect("UTF-8")]);
        assert_eq!(records(loaded.path()), quiet, "run {run} under load differs");
    }
}
