//! The pages whose sentences are held by tests name tests that are there.
//!
//! After each sentence or cell stands `<!-- held by: PLACE::TEST, … -->`. A place
//! is one of [`PLACES`], or the name of a file under the project's `tests/`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const MARK: &str = "<!-- held by: ";

/// Where tests are: what a page calls it, and the folder or file.
const PLACES: [(&str, &str); 3] = [
    ("runner", "harness/runner/src/tests"),
    ("scripted", "harness/machine/src/scripted/tests.rs"),
    ("scenario", "harness/scenario/src/tests.rs"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).expect("the page is there")
}

/// The tests that `text` names.
fn named(text: &str) -> Vec<&str> {
    let marks = text.split(MARK).skip(1).filter_map(|rest| rest.split(" -->").next());
    marks.flat_map(|names| names.split(", ")).collect()
}

/// The source file in which `test`, as a page names it, should stand, and its name there.
fn place(test: &str) -> (PathBuf, &str) {
    let (place, name) = test.split_once("::").expect("PLACE::TEST");
    let Some((_, path)) = PLACES.iter().find(|(known, _)| *known == place) else {
        return (root().join("tests").join(format!("{place}.rs")), name);
    };
    match name.split_once("::") {
        Some((module, name)) => (root().join(path).join(format!("{module}.rs")), name),
        None => (root().join(path), name),
    }
}

/// Whether `test` is a test in the file that its name says.
fn is_there(test: &str) -> bool {
    let (path, name) = place(test);
    let source = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines.windows(2).any(|pair| pair[0] == "#[test]" && pair[1] == format!("fn {name}() {{"))
}

#[track_caller]
fn check(text: &str) {
    let missing: BTreeSet<&str> = named(text).into_iter().filter(|test| !is_there(test)).collect();
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}

#[test]
fn each_sentence_about_time_is_held_by_a_test() {
    let text = page("time.md");
    check(&text);
    let claims = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).skip(1);
    let bare: Vec<&str> = claims.filter(|line| !line.contains(MARK)).collect();
    assert_eq!(
        bare,
        ["Three things are part of a run, and another one of them gives another run:"]
    );
}

#[test]
fn each_cell_about_resets_is_held_by_a_test() {
    let text = page("resets.md");
    check(&text);
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert_eq!(rows.len(), 5, "soft, hard, power, the firmware's own, a watchdog");
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').skip(1).collect();
        assert_eq!(cells.len(), 6, "{row}");
        let bare = cells.iter().filter(|cell| !cell.trim().is_empty() && !cell.contains(MARK));
        assert_eq!(bare.count(), 0, "{row}");
    }
}

/// The texts of all scenario files.
fn scenarios(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            texts.extend(scenarios(&path));
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            texts.push(fs::read_to_string(path).expect("scenarios are UTF-8"));
        }
    }
    texts
}

/// The part of the reference about `step`, up to the next heading.
fn section<'a>(reference: &'a str, step: &str) -> Option<&'a str> {
    let (_, after) = reference.split_once(&format!("\n## {step}\n"))?;
    after.split("\n## ").next()
}

#[test]
fn each_step_has_a_module_a_section_an_example_and_a_scenario() {
    let reference = page("scenario-reference.md");
    let scenarios = scenarios(&root().join("scenarios"));
    for step in replab_scenario::STEP_WORDS {
        let module = root().join("harness/runner/src/steps").join(format!("{step}.rs"));
        // A snapshot is of the whole run, and taken by who plays it.
        assert!(step == "snapshot" || module.is_file(), "no {}", module.display());
        let has_step = |text: &str| {
            text.lines().any(|line| line.trim_start().starts_with(&format!("- {step}:")))
        };
        let section = section(&reference, step).unwrap_or_else(|| panic!("no section {step}"));
        let example = section.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
        assert!(example.is_some_and(has_step), "no example of {step}");
        assert!(scenarios.iter().any(|text| has_step(text)), "no scenario with {step}");
    }
}

#[test]
fn a_test_that_is_not_there_is_noticed() {
    assert!(is_there("runner::docs::a_test_that_is_not_there_is_noticed"));
    assert!(!is_there("runner::docs::no_such_test"));
    assert!(!is_there("no_such_file::no_such_test"));
    assert!(!is_there("runner::docs::check"), "a function that is no test holds nothing");
}
