//! The lesson and its scenarios, played from outside on the real emulator.
//!
//! What is shown here is that the scenarios mean something: they pass as they
//! are on each of their boards, and say the same under load; each of six one-line
//! changes of the lesson breaks the scenario that stands for that line and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use replab_scenario::{Lesson, World, load};
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

/// All that a run of each scenario depends on, with `lesson` as the lesson's text.
fn read(lesson: &str) -> BTreeMap<String, String> {
    let folder = support::root().join("scenarios").join(LESSON);
    let boards = ["lab-m0", "pico"].map(|name| (name.to_owned(), support::board(name)));
    let lesson = Arc::new(Lesson::parse("lesson.md", lesson));
    let world = World {
        default_board: "lab-m0",
        boards: &boards.into(),
        lesson: &|_| Ok(Arc::clone(&lesson)),
        beside: &|file| fs::read(folder.join(file)),
    };
    let files = fs::read_dir(&folder).expect("the lesson has scenarios");
    let files = files.map(|file| file.expect("the folder can be listed").path());
    files
        .filter(|file| file.extension().is_some_and(|ending| ending == "yaml"))
        .filter(|file| !file.ends_with("coverage.yaml"))
        .flat_map(|file| {
            let text = fs::read_to_string(&file).expect("scenarios are UTF-8");
            let stem = file.file_stem().expect("it has an ending").to_string_lossy();
            let scenarios = load(&file, &format!("{LESSON}/{stem}"), &text, &world);
            scenarios.unwrap_or_else(|errors| panic!("{:?}", errors.0))
        })
        .map(|scenario| (scenario.identity.clone(), format!("{scenario:?}")))
        .collect()
}

/// Changes the one line of the lesson that holds `from`, and shows what fails then.
///
/// A scenario that reads the same plays the same, as `machine_proof.rs` holds; so
/// only those that read differently are played.
#[track_caller]
fn check(from: &str, to: &str, breaks: &[&str]) {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    or_skip!(support::rp2());
    let text = fs::read_to_string(support::root().join("lessons").join(format!("{LESSON}.md")))
        .expect("the lesson is there");
    assert_eq!(text.matches(from).count(), 1, "{from:?} must stand in the lesson once");
    let changed = text.replace(from, to);
    let (before, after) = (read(&text), read(&changed));
    let touched: Vec<&str> = after
        .iter()
        .filter(|(name, scenario)| before.get(*name) != Some(scenario))
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(touched.len() < before.len() / 2, "one line is not most of a lesson: {touched:?}");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join(format!("{LESSON}.md"));
    fs::write(&file, changed).expect("the folder is ours");
    let edition = ["--lesson", file.to_str().expect("temporary folders are UTF-8")];
    let (verdicts, code) = play(&[&edition[..], &touched[..]].concat());
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

/// Every run's record, as text with nanoseconds, by its path below the output folder.
fn records(output: &Path) -> BTreeMap<String, String> {
    let mut records = BTreeMap::new();
    let mut folders = vec![output.to_owned()];
    while let Some(folder) = folders.pop() {
        let files =
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for file in files {
            let path = file.expect("the folder can be listed").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(output).expect("it lies below").display().to_string();
            records.insert(name, fs::read_to_string(&path).expect("records are UTF-8"));
        }
    }
    records
}

/// The figure of this project: equal runs are equal, whatever else the host does.
#[test]
fn every_scenario_passes_and_its_record_is_the_same_under_load() {
    or_skip!(support::qemu_tools());
    or_skip!(support::micropython());
    or_skip!(support::rp2());
    let quiet = tempfile::tempdir().expect("a temporary folder can be made");
    let (verdicts, code) = play(&["--output", quiet.path().to_str().expect("UTF-8")]);
    let not_passed: Vec<_> = verdicts.iter().filter(|(_, verdict)| *verdict != "passed").collect();
    assert!(not_passed.is_empty(), "{not_passed:?}");
    for target in TARGETS {
        let is_here = |run: &&String| run.starts_with(LESSON) && run.ends_with(target);
        let runs = verdicts.keys().filter(is_here).count();
        assert!(runs >= 27, "the lesson has 27 scenarios for each board: {verdicts:?}");
    }
    assert_eq!(code, Some(0));
    let quiet = records(quiet.path());
    assert_eq!(quiet.len(), verdicts.len(), "each run leaves a record: {:?}", quiet.keys());
    let has_banner = |record: &String| record.contains("MicroPython v");
    assert!(quiet.values().all(has_banner), "a record has what the board said");
    let _load = support::trouble::Load::begin();
    let loaded = tempfile::tempdir().expect("a temporary folder can be made");
    play(&["--output", loaded.path().to_str().expect("UTF-8")]);
    assert_eq!(records(loaded.path()), quiet);
}
