//! Scenarios against scripted machines: what each step makes of what a board does.
//!
//! [`check`] is the only place that knows how a run is made; a test is steps, a
//! script, and the outcome as text.

mod always;
mod compare;
mod docs;
mod exec;
mod expect;
mod fails;
mod findings;
mod fs;
mod hints;
mod hostile;
mod paste;
mod pins;
mod pool;
mod prove;
mod repl;
mod resets;
mod runs;
mod share;
mod stimuli;
mod tables;
mod time;
mod trouble;
mod waves;
mod wires;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use expect_test::Expect as Expected;
use replab_board::{Board, load};
use replab_machine::scripted::{Deeds, Scripted};
use replab_record::{Claim, Level, Verdict};
use replab_scenario::{
    Action, Boot, Code, Driven, Expect, Fs, Never, Reset, Scenario, Step, TextPattern,
    parse_transcript,
};

use crate::play::{Options, Outcome, play};

/// 100000 baud: a byte takes 100 µs.
const BOARD: &str = "
board: test-board
title: a board of tests
core: cortex-m0
instruction-ns: 8
memory:
  flash: { at: 0x0, size: 0x20000, kind: flash }
  ram: { at: 0x20000000, size: 0x1000, kind: ram }
file-system: { at: 0x10000, size: 0x10000, block-size: 4096, program-size: 256 }
ports:
  uart0: { baud: 100000, repl: true }
pins:
  lines: 4
  name: P
  roles: { LED: P2, BUTTON: P3 }
  buttons: { BUTTON: { pressed: low, released: floating } }
firmware: none
backends: {}
";

fn board() -> Board {
    load("test-board.yaml", BOARD).unwrap()
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// What a board does after `ms` milliseconds.
fn after(ms: u64) -> Deeds {
    Deeds::default().after(Duration::from_millis(ms))
}

fn prints(text: &str) -> Deeds {
    Deeds::default().prints(text)
}

/// A board whose REPL is at its prompt after 10 ms, and echoes.
fn repl_board() -> Scripted {
    Scripted::new(&board()).at_start(after(10).prints("MicroPython v1\r\n>>> ")).echoes()
}

fn step(action: Action) -> Step {
    Step { line: 10, action, within: ms(2000), at: None, hold: None, name: None }
}

fn boot() -> Step {
    step(Action::Boot(Boot::Repl))
}

fn repl(transcript: &str) -> Step {
    step(Action::Repl(parse_transcript(transcript, |line| 11 + line).unwrap()))
}

fn send(text: &str) -> Step {
    step(Action::Send(text.as_bytes().to_vec()))
}

fn key(bytes: &[u8]) -> Step {
    step(Action::Key(bytes.to_vec()))
}

fn expect_text(text: &str) -> Step {
    step(Action::Expect(Expect::Text(TextPattern::Text(text.to_string()))))
}

fn expect_regex(regex: &str) -> Step {
    let regex = regex::RegexBuilder::new(regex).multi_line(true).build().unwrap();
    step(Action::Expect(Expect::Text(TextPattern::Regex(regex))))
}

fn expect_lines(texts: &[&str]) -> Step {
    step(Action::Expect(Expect::Lines(texts.iter().map(|text| text.to_string()).collect())))
}

fn expect_prompt() -> Step {
    step(Action::Expect(Expect::Prompt))
}

fn wait(time_ms: u64) -> Step {
    step(Action::Wait(ms(time_ms)))
}

fn pin(pin: &str, level: Level) -> Step {
    step(Action::Pin(vec![(pin.to_string(), level)]))
}

fn reset(how: Reset) -> Step {
    step(Action::Reset(how))
}

fn fs(what: Fs) -> Step {
    step(Action::Fs(what))
}

/// Files by path.
fn files(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    files.iter().map(|(path, text)| (path.to_string(), text.as_bytes().to_vec())).collect()
}

fn within(time_ms: u64, mut step: Step) -> Step {
    step.within = ms(time_ms);
    step
}

fn code(text: &str) -> Code {
    Code { text: text.to_string(), block: None, prints: None, claims: Vec::new(), raises: None }
}

fn scenario(steps: Vec<Step>) -> Scenario {
    Scenario {
        identity: "tests/one".to_string(),
        file: PathBuf::from("scenarios/tests/one.yaml"),
        name: "one".to_string(),
        lesson: None,
        section: None,
        boards: vec!["test-board".to_string()],
        needs: Vec::new(),
        files: BTreeMap::new(),
        seed: 0,
        cores: 1,
        never: Vec::new(),
        fails: None,
        tolerate: Vec::new(),
        steps,
        swept: Vec::new(),
    }
}

fn options() -> Options {
    Options { snapshots: None, ..Options::default() }
}

fn run(scenario: &Scenario, script: &Scripted) -> Outcome {
    play(scenario, &board(), "test-board@script", None, script.machine(), &options())
}

/// Plays `steps` on a machine of `script` and shows what came of it.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
fn check(steps: Vec<Step>, script: &Scripted, expected: Expected) {
    expected.assert_eq(&shown(&run(&scenario(steps), script).verdict));
}

/// Plays `steps`, which must pass, and shows the transcript.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
fn check_transcript(steps: Vec<Step>, script: &Scripted, expected: Expected) {
    let outcome = run(&scenario(steps), script);
    assert_eq!(outcome.verdict, Verdict::Passed);
    expected.assert_eq(&outcome.transcript);
}

fn shown(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Passed => "passed".to_string(),
        Verdict::Skipped(reason) => format!("skipped: {reason:?}"),
        Verdict::Broken(broken) => {
            let place = broken
                .step
                .as_ref()
                .map_or("no step".to_string(), |step| format!("step {}", step.number));
            format!(
                "broken at {place}\n{}\n{}",
                broken.causes.join("\n"),
                broken.last_words.join("\n")
            )
        }
        Verdict::Failed(failure) => {
            let place = failure.step.as_ref().map_or("no step".to_string(), |step| {
                format!("step {} of {}, {} on line {}", step.number, step.of, step.title, step.line)
            });
            let details: String =
                failure.details.iter().map(|line| format!("| {line}\n")).collect();
            let hint = if failure.hint.is_empty() {
                String::new()
            } else {
                format!("hint: {}\n", failure.hint)
            };
            format!("failed at {place}, {}\n{}{details}{hint}", failure.at, claimed(&failure.claim))
        }
    }
}

fn claimed(claim: &Claim) -> String {
    let (kind, expected, got) = match claim {
        Claim::Output { expected, got } => ("output", expected, got),
        Claim::Answer { typed, expected, got } => {
            return format!("typed:    {typed:?}\nexpected: {expected:?}\ngot:      {got:?}\n");
        }
        Claim::Level { expected, got } => ("level", expected, got),
        Claim::Wave { expected, got } => ("wave", expected, got),
        Claim::Code { expected, got } => ("code", expected, got),
        Claim::File { expected, got } => ("file", expected, got),
        Claim::Crash { expected, got } => ("crash", expected, got),
        Claim::Finding { expected, got } => ("finding", expected, got),
        Claim::Failure { expected, got } => ("failure", expected, got),
        Claim::Memory { expected, got } => ("memory", expected, got),
        Claim::Snapshot { file } => return format!("snapshot {}\n", file.display()),
    };
    format!("{kind}\nexpected: {expected}\ngot:      {got}\n")
}
