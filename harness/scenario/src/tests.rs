//! The reader as a whole: what is right, the documentation, and (in `problems`)
//! what is wrong.

mod cases;
mod claims;
mod problems;
mod project;
mod schema;
mod stimuli;
mod sweep;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use expect_test::expect;
use proptest::prelude::*;

use crate::{Lesson, Scenario, ScenarioErrors, World, load};

const LAB_M0: &str = include_str!("../../../boards/lab-m0.yaml");
const PICO: &str = include_str!("../../../boards/pico.yaml");
const REFERENCE: &str = include_str!("../../../docs/scenario-reference.md");
const LESSON: &str =
    "# A lesson\n\n## Blinking\n\n```python\nled.on()  # LED: on\nled.off()  # LED: off\n```\n";

fn read(text: &str) -> Result<Scenario, ScenarioErrors> {
    read_with(LESSON, text)
}

/// Both names of lessons stand for `lesson`.
pub(crate) fn read_with(lesson: &str, text: &str) -> Result<Scenario, ScenarioErrors> {
    read_cases(lesson, text).map(|scenarios| scenarios.into_iter().next().expect("at least one"))
}

/// All the scenarios of a file.
fn read_cases(lesson: &str, text: &str) -> Result<Vec<Scenario>, ScenarioErrors> {
    let boards =
        [("boards/lab-m0.yaml", LAB_M0), ("boards/pico.yaml", PICO)].map(|(file, text)| {
            let board = replab_board::load(file, text).expect("the board file is right");
            (board.name.clone(), board)
        });
    let boards = BTreeMap::from(boards);
    let lesson = Arc::new(Lesson::parse("lessons/a-lesson.md", lesson));
    let world = World {
        boards: &boards,
        default_board: crate::DEFAULT_BOARD,
        lesson: &|name| {
            if matches!(name, "a-lesson" | "01-micropython-intro") {
                Ok(Arc::clone(&lesson))
            } else {
                Err(vec!["a-lesson".to_owned()])
            }
        },
        beside: &|path| match path.to_str() {
            Some("there.txt") => Ok(b"it is there".to_vec()),
            Some("huge.bin") => Ok(vec![0; 2 << 20]),
            Some("sleeping_loop.py") => Ok(Vec::new()),
            _ => Err(io::ErrorKind::NotFound.into()),
        },
    };
    load(Path::new("scenarios/some.yaml"), "some", text, &world)
}

/// A scenario around one step, or around more lines of the file before `steps:`.
fn around(lines: &str, step: &str) -> String {
    format!("replab: 1\nname: some\n{lines}steps:\n  - {step}\n")
}

#[test]
fn lines_of_a_scenario_are_those_of_its_file() {
    let scenario = read(
        "replab: 1\nname: some\nfiles: { a.txt: { from: there.txt } }\nsteps:\n  - boot: repl\n\n  # A comment.\n  - repl: |\n      >>> 1\n      1\n      >>> 2\n      2\n",
    )
    .expect("the scenario is right");
    let crate::Action::Repl(exchanges) = &scenario.steps[1].action else { panic!("{scenario:?}") };
    let lines: Vec<_> = exchanges.iter().map(|exchange| exchange.line).collect();
    assert_eq!((scenario.steps[0].line, scenario.steps[1].line, lines), (5, 8, vec![9, 11]));
    assert_eq!(scenario.files["a.txt"], b"it is there");
}

/// The YAML examples of the reference; a fragment gets the lines that every file has.
fn examples() -> Vec<String> {
    let fenced = REFERENCE.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let whole = |text: &str| match text.starts_with("replab:") {
        true => text.to_owned(),
        false => format!("replab: 1\nname: an example\n{text}"),
    };
    fenced.map(whole).collect()
}

#[test]
fn every_example_of_the_reference_is_right() {
    let examples = examples();
    assert!(examples.len() > 10, "the reference has examples");
    for text in &examples {
        read(text).unwrap_or_else(|errors| panic!("{:?}\n{text}", errors.0));
    }
}

#[test]
fn every_step_and_modifier_stands_in_the_reference() {
    for word in crate::STEP_WORDS {
        assert!(REFERENCE.contains(&format!("\n## {word}\n")), "no section for {word}");
    }
    for word in crate::MODIFIER_WORDS.into_iter().chain(crate::FILE_WORDS).chain(crate::NEED_WORDS)
    {
        assert!(REFERENCE.contains(&format!("`{word}")), "no word about {word}");
    }
}

/// Another reader of YAML finds the same texts in the examples, whatever it takes plain words for.
#[test]
fn another_reader_of_yaml_reads_the_examples_alike() {
    for text in &examples() {
        let other: serde_yaml::Value =
            serde_yaml::from_str(text).expect("the other reader takes it too");
        assert_eq!(
            plain(&crate::tree::read(text).expect("ours takes it")),
            plain_other(&other),
            "{text}"
        );
    }
}

fn plain(node: &crate::tree::Node) -> String {
    use crate::tree::Value;
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Text(text) | Value::Number(text) | Value::Truth(text) => format!("{text:?}"),
        Value::List(items) => {
            format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", "))
        }
        Value::Map(entries) => {
            let entries =
                entries.iter().map(|(key, value)| format!("{}: {}", plain(key), plain(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

fn plain_other(value: &serde_yaml::Value) -> String {
    use serde_yaml::Value;
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("\"{value}\""),
        Value::Number(value) => format!("\"{value}\""),
        Value::String(text) => format!("{text:?}"),
        Value::Sequence(items) => {
            format!("[{}]", items.iter().map(plain_other).collect::<Vec<_>>().join(", "))
        }
        Value::Mapping(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", plain_other(key), plain_other(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Tagged(tagged) => plain_other(&tagged.value),
    }
}

/// A file with one of each thing.
const EVERYTHING: &str = "replab: 1
name: one of each
lesson: a-lesson
section: Blinking
boards: [lab-m0]
needs: [gpio, exact]
files:
  lib/a.py: { block: \"Blinking#1\" }
seed: 7
never: [panic, { regex: \"^E[0-9]+\" }]
tolerate:
  - { lines: { regex: \"^Micro\" }, why: the banner names the board }
  - { time: 20%, why: a }
  - { edges: LED, why: b }
  - { edges: { pin: P3, time: 2ms }, why: c }
  - { order: LED, why: d }
  - { memory: 64 B, why: e }
  - { memory: { heap.used: 5%, stack.peak: 1 KiB }, why: f }
steps:
  - boot: repl
    within: 500ms
  - exec: { block: \"Blinking#1\", claims: [\"LED: on\"], prints: \"LED: on\\n...\" }
  - paste: { code: 1 / 0, raises: ZeroDivisionError }
  - send: 'a\\r\\x03'
    at: 2.5s
  - send: { hex: \"03 FF\" }
    at: { machine: 10s }
  - key: up
    name: the line before
  - expect: { lines: [a, b] }
  - expect: { prompt: true }
  - quiet: 20ms
  - wait: 1min
  - drive: { BUTTON: low, P3: floating }
  - press: { button: BUTTON, for: 30ms, bounce: 5ms }
  - at:
      - { time: 1ms, drive: { P3: high } }
      - { time: { machine: 20s }, press: { button: BUTTON, for: 30ms } }
      - { time: 2ms, send: a, port: uart0 }
  - wire: { short: P5, to: low, when: { pin: LED, edge: 5, to: high } }
  - wire: { bridge: [LED, P5] }
  - pin: { LED: high, P3: floating }
    hold: 20ms
  - wave: { pin: LED, for: 5s, period: 1s +-2ms, duty: 50% ±1%, count: 5 }
  - wave: { pin: P3, for: 1s, frequency: 1kHz ±1%, first: falling, high: { min: 19us }, low: { min: 1us, max: 2ms } }
  - wave: { pin: P3, for: 1s, glitch: 1ms, lag: { behind: LED, by: 90deg ±2° } }
  - contract: { pin: LED, for: 1s, high: { min: 1ms, typ: 2ms, max: 3ms }, lag: { behind: P3, max: 1us } }
  - reset: soft
    within: 5s
  - fs: { write: { /lib/a.py: { from: there.txt }, b: text } }
  - fs: { is: { b: { block: \"Blinking#1\" } } }
  - fs: { has: /lib }
  - fs: { absent: c }
  - memory: sample
  - memory: { heap.free: \">= 64 KiB\", stack.peak: \"< 4 KiB\" }
  - never: [\"E1\", { regex: \"^E[0-9]$\" }]
    at: 1ms
    name: no errors from here on
  - snapshot: [transcript]
";

#[test]
fn one_of_each_is_read() {
    let scenario = read(EVERYTHING).expect("the scenario is right");
    let files = scenario.files.iter().map(|(path, text)| (path, String::from_utf8_lossy(text)));
    let head = format!(
        "{:?} {:?} {:?} {:?} {:?}\n{:?} {} {:?}\n{}{:?}\n",
        scenario.identity,
        scenario.file,
        scenario.name,
        scenario.lesson,
        scenario.section,
        scenario.boards,
        scenario.seed,
        scenario.never,
        scenario.tolerate.iter().map(|one| format!("{one:?}\n")).collect::<String>(),
        files.collect::<Vec<_>>(),
    );
    let steps = scenario.steps.iter().map(|step| format!("{step:?}\n"));
    expect![[r#"
        "some" "scenarios/some.yaml" "one of each" Some("a-lesson") Some("Blinking")
        ["lab-m0"] 7 [Sent(Text("panic")), Sent(Regex(Regex("^E[0-9]+")))]
        Tolerated { what: Lines(Regex(Regex("^Micro"))), why: "the banner names the board" }
        Tolerated { what: Time(Relative(20.0)), why: "a" }
        Tolerated { what: Edges("LED", None), why: "b" }
        Tolerated { what: Edges("P3", Some(Absolute(2ms))), why: "c" }
        Tolerated { what: Order("LED"), why: "d" }
        Tolerated { what: Memory([(HeapTotal, Absolute(Bytes(64))), (HeapUsed, Absolute(Bytes(64))), (HeapFree, Absolute(Bytes(64))), (HeapLargest, Absolute(Bytes(64))), (HeapGrowth, Absolute(Bytes(64))), (StackPeak, Absolute(Bytes(64)))]), why: "e" }
        Tolerated { what: Memory([(HeapUsed, Relative(5.0)), (StackPeak, Absolute(Bytes(1024)))]), why: "f" }
        [("lib/a.py", "led.on()  # LED: on\nled.off()  # LED: off\n")]
        [Gpio, Exact]
        Step { line: 20, action: Boot(Repl), within: 500ms, at: None, hold: None, name: None }
        Step { line: 22, action: Exec(Code { text: "led.on()  # LED: on\nled.off()  # LED: off\n", block: Some("Blinking#1"), prints: Some(Expected("LED: on\n...")), claims: [Expected("LED: on")], raises: None }), within: 2s, at: None, hold: None, name: None }
        Step { line: 23, action: Paste(Code { text: "1 / 0", block: None, prints: None, claims: [], raises: Some("ZeroDivisionError") }), within: 2s, at: None, hold: None, name: None }
        Step { line: 24, action: Send([97, 13, 3]), within: 2s, at: Some(Step(2.5s)), hold: None, name: None }
        Step { line: 26, action: Send([3, 255]), within: 2s, at: Some(Machine(10s)), hold: None, name: None }
        Step { line: 28, action: Key([27, 91, 65]), within: 2s, at: None, hold: None, name: Some("the line before") }
        Step { line: 30, action: Expect(Lines(["a", "b"])), within: 2s, at: None, hold: None, name: None }
        Step { line: 31, action: Expect(Prompt), within: 2s, at: None, hold: None, name: None }
        Step { line: 32, action: Quiet(20ms), within: 2s, at: None, hold: None, name: None }
        Step { line: 33, action: Wait(60s), within: 2s, at: None, hold: None, name: None }
        Step { line: 34, action: Drive([("BUTTON", Level(Low)), ("P3", Level(Floating))]), within: 2s, at: None, hold: None, name: None }
        Step { line: 35, action: Press(Press { button: "BUTTON", time: 30ms, bounce: Some(5ms) }), within: 2s, at: None, hold: None, name: None }
        Step { line: 36, action: Stimuli([Stimulus { line: 37, time: Step(1ms), act: Drive([("P3", Level(High))]) }, Stimulus { line: 38, time: Machine(20s), act: Press(Press { button: "BUTTON", time: 30ms, bounce: None }) }, Stimulus { line: 39, time: Step(2ms), act: Type { bytes: [97], port: Some("uart0") } }]), within: 2s, at: None, hold: None, name: None }
        Step { line: 40, action: Wire(WireChange { pin: "P5", to: Shorted(Low), when: Some(NthEdge { pin: "LED", count: 5, to: Some(High) }) }), within: 2s, at: None, hold: None, name: None }
        Step { line: 41, action: Wire(WireChange { pin: "P5", to: Bridged("LED"), when: None }), within: 2s, at: None, hold: None, name: None }
        Step { line: 42, action: Pin([("LED", High), ("P3", Floating)]), within: 2s, at: None, hold: Some(20ms), name: None }
        Step { line: 44, action: Wave([WaveClaim { pin: "LED", window: 5s, period: Some((1s, Absolute(2ms))), frequency: None, duty: Some((50.0, 1.0)), count: Some(5), first: None, high: None, low: None, glitch: None, lag: None }]), within: 2s, at: None, hold: None, name: None }
        Step { line: 45, action: Wave([WaveClaim { pin: "P3", window: 1s, period: None, frequency: Some(Frequency { wanted_hz: 1000.0, tolerance_hz: 10.0 }), duty: None, count: None, first: Some(Falling), high: Some(Width { min: Some(19µs), max: None }), low: Some(Width { min: Some(1µs), max: Some(2ms) }), glitch: None, lag: None }]), within: 2s, at: None, hold: None, name: None }
        Step { line: 46, action: Wave([WaveClaim { pin: "P3", window: 1s, period: None, frequency: None, duty: None, count: None, first: None, high: None, low: None, glitch: Some(1ms), lag: Some(LagClaim { behind: "LED", by: Angle { degrees: 90.0, tolerance: 2.0 } }) }]), within: 2s, at: None, hold: None, name: None }
        Step { line: 47, action: Contract(Contract { pin: "LED", window: 1s, high: Some(Interval { min: Some(1ms), typ: Some(2ms), max: Some(3ms) }), low: None, period: None, lag: Some(("P3", Interval { min: None, typ: None, max: Some(1µs) })) }), within: 2s, at: None, hold: None, name: None }
        Step { line: 48, action: Reset(Soft), within: 5s, at: None, hold: None, name: None }
        Step { line: 50, action: Fs(Write({"b": [116, 101, 120, 116], "lib/a.py": [105, 116, 32, 105, 115, 32, 116, 104, 101, 114, 101]})), within: 2s, at: None, hold: None, name: None }
        Step { line: 51, action: Fs(Is({"b": [108, 101, 100, 46, 111, 110, 40, 41, 32, 32, 35, 32, 76, 69, 68, 58, 32, 111, 110, 10, 108, 101, 100, 46, 111, 102, 102, 40, 41, 32, 32, 35, 32, 76, 69, 68, 58, 32, 111, 102, 102, 10]})), within: 2s, at: None, hold: None, name: None }
        Step { line: 52, action: Fs(Has("lib")), within: 2s, at: None, hold: None, name: None }
        Step { line: 53, action: Fs(Absent("c")), within: 2s, at: None, hold: None, name: None }
        Step { line: 54, action: Memory([]), within: 2s, at: None, hold: None, name: None }
        Step { line: 55, action: Memory([(HeapFree, AtLeast(Bytes(65536))), (StackPeak, LessThan(Bytes(4096)))]), within: 2s, at: None, hold: None, name: None }
        Step { line: 56, action: Never([Sent(Text("E1")), Sent(Regex(Regex("^E[0-9]$")))]), within: 2s, at: Some(Step(1ms)), hold: None, name: Some("no errors from here on") }
        Step { line: 59, action: Snapshot([Transcript]), within: 2s, at: None, hold: None, name: None }
    "#]].assert_eq(&format!("{head}{:?}\n{}", scenario.needs, steps.collect::<String>()));
}

#[test]
fn words_that_look_like_truth_are_text_in_quotes() {
    let scenario = read(&around("", "expect: \"on\"\n  - expect: |-\n      off\n  - expect: 42"))
        .expect("it is quoted");
    let texts: Vec<_> = scenario.steps.iter().map(|step| format!("{:?}", step.action)).collect();
    assert_eq!(
        texts,
        ["Expect(Text(Text(\"on\")))", "Expect(Text(Text(\"off\")))", "Expect(Text(Text(\"42\")))"]
    );
}

/// The project's own lesson and scenarios.
pub(crate) fn own() -> (String, Vec<(String, String)>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join("scenarios/01-micropython-intro");
    let files = std::fs::read_dir(folder)
        .expect("the scenarios are there")
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .filter(|path| !path.ends_with(crate::EXCUSES_FILE))
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    (std::fs::read_to_string(root.join("lessons/01-micropython-intro.md")).unwrap(), files)
}

#[test]
fn the_projects_own_scenarios_are_right() {
    let (lesson, files) = own();
    assert!(files.len() >= 10, "{}", files.len());
    for (name, text) in &files {
        read_with(&lesson, text).unwrap_or_else(|errors| panic!("{name}: {:?}", errors.0));
    }
}

#[test]
fn another_claim_in_the_lesson_breaks_a_scenario() {
    let (lesson, files) = own();
    for claim in ["# Pin 25: LOW", "# RAM: 150,000/270,336 bytes (55.5%)"] {
        let changed = lesson.replacen(claim, "# something else", 1);
        let is_broken = |text: &str| {
            read_with(&changed, text)
                .is_err_and(|errors| matches!(errors.0[0].problem, crate::Problem::NoClaim { .. }))
        };
        let broken = files.iter().filter(|(_, text)| is_broken(text)).count();
        assert!(broken > 0, "nothing claims {claim}");
    }
}

#[test]
fn another_reader_of_yaml_reads_the_projects_scenarios_alike() {
    for (name, text) in own().1 {
        let other: serde_yaml::Value =
            serde_yaml::from_str(&text).expect("the other reader takes it too");
        assert_eq!(
            plain(&crate::tree::read(&text).expect("ours takes it")),
            plain_other(&other),
            "{name}"
        );
    }
}

/// What another reader takes a scenario for, written out by it, means the same again.
#[test]
fn a_scenario_written_anew_by_another_library_means_the_same() {
    let (lesson, own) = own();
    let own = own.into_iter().map(|(_, text)| (lesson.as_str(), text));
    let docs = examples().into_iter().chain([EVERYTHING.to_owned()]).map(|text| (LESSON, text));
    for (lesson, text) in own.chain(docs) {
        let value: serde_yaml::Value = serde_yaml::from_str(&text).expect("it takes it");
        let anew = serde_yaml::to_string(&value).expect("it can be written");
        let meaning = |text: &str| {
            let scenarios = read_cases(lesson, text).map_err(|errors| errors.0);
            let shown = format!("{:#?}", scenarios.unwrap_or_else(|errors| panic!("{errors:?}")));
            // Only the lines are others.
            shown
                .lines()
                .filter(|line| !line.trim_start().starts_with("line: "))
                .map(|line| format!("{line}\n"))
                .collect::<String>()
        };
        assert_eq!(meaning(&text), meaning(&anew), "{anew}");
    }
}

proptest! {
    /// Whatever somebody types, the reader answers, and every place is in the text.
    #[test]
    fn no_change_of_a_file_breaks_the_reader(at in 0..EVERYTHING.len(), cut in 0..40_usize, put in r"[\PC\n\t]{0,6}") {
        prop_assume!(EVERYTHING.is_char_boundary(at));
        let end = (at + cut..EVERYTHING.len()).find(|end| EVERYTHING.is_char_boundary(*end)).unwrap_or(EVERYTHING.len());
        let text = format!("{}{put}{}", &EVERYTHING[..at], &EVERYTHING[end..]);
        if let Err(errors) = read(&text) {
            prop_assert!(!errors.0.is_empty());
            for error in &errors.0 {
                for label in miette::Diagnostic::labels(error).expect("every problem has a place") {
                    prop_assert!(text.get(label.offset()..label.offset() + label.len()).is_some());
                }
            }
        }
    }
}
