//! The events of `--json`: one object a line, documented in `docs/json.md`.
//!
//! Field names and words are an interface: one that goes or changes its meaning
//! raises [`FORMAT_VERSION`], one that comes does not.

use std::time::Duration;

use replab_record::{
    Broken, Claim, CodePlace, Diagnosis, Failure, Found, Marginal, SkipReason, StepPlace, Timing,
    Verdict,
};
use serde::Serialize;

use crate::progress::skip_reason;
use crate::{Ending, ExitCode, Files, Run, Tally};

/// The version of the events, in the first of them.
pub const FORMAT_VERSION: u32 = 1;

/// The first event: what will be played.
pub fn started(runs: usize) -> String {
    line(&Event::Started { replab: FORMAT_VERSION, runs })
}

/// A run begins. `identity` is the scenario's, `target` is `BOARD@BACKEND`.
pub fn run_started(identity: &str, target: &str) -> String {
    line(&Event::RunStarted { scenario: identity, target })
}

/// A run has ended, of which `files` were written.
pub fn run_finished(run: &Run<'_>, files: Files<'_>) -> String {
    line(&Event::RunFinished(Box::new(RunFinished {
        scenario: run.identity,
        title: run.title,
        target: run.target.to_string(),
        verdict: run.word(),
        timing: (run.timing == Timing::Wall).then_some("wall"),
        machine_ns: nanos(run.machine),
        wall_ns: nanos(run.wall),
        notes: run
            .notes
            .iter()
            .map(|note| JsonNote { at_ns: note.at.as_nanos(), text: &note.text })
            .collect(),
        marginal: run.marginal.iter().map(JsonMarginal::of).collect(),
        findings: run.findings.iter().map(JsonFinding::of).collect(),
        transcript: files.transcript,
        vcd: files.vcd,
        failure: match run.verdict {
            Verdict::Failed(failure) => Some(JsonFailure::of(failure)),
            _ => None,
        },
        broken: match run.verdict {
            Verdict::Broken(broken) => Some(JsonBroken::of(broken)),
            _ => None,
        },
        skipped: match run.verdict {
            Verdict::Skipped(reason) => Some(JsonSkip::of(reason)),
            _ => None,
        },
    })))
}

/// The last event: the counts, and the exit code that follows from them.
pub fn summary(tally: &Tally, wall: Duration, ending: &Ending) -> String {
    line(&Event::Summary {
        passed: tally.passed,
        failed: tally.failed,
        pending: tally.pending,
        broken: tally.broken,
        skipped: tally.skipped,
        marginal: tally.marginal,
        machine_ns: nanos(tally.machine),
        wall_ns: nanos(wall),
        exit_code: ExitCode::of(ending).number(),
        compared: tally.compared.map(|compared| Pairs {
            equal: compared.equal,
            differing: compared.differing,
            not_comparable: compared.not_comparable,
        }),
    })
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "snake_case")]
enum Event<'a> {
    Started {
        replab: u32,
        runs: usize,
    },
    RunStarted {
        scenario: &'a str,
        target: &'a str,
    },
    RunFinished(Box<RunFinished<'a>>),
    Summary {
        passed: usize,
        failed: usize,
        pending: usize,
        broken: usize,
        skipped: usize,
        marginal: usize,
        machine_ns: u64,
        wall_ns: u64,
        exit_code: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        compared: Option<Pairs>,
    },
}

#[derive(Serialize)]
struct Pairs {
    equal: usize,
    differing: usize,
    not_comparable: usize,
}

#[derive(Serialize)]
struct RunFinished<'a> {
    scenario: &'a str,
    title: &'a str,
    target: String,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    timing: Option<&'static str>,
    machine_ns: u64,
    wall_ns: u64,
    notes: Vec<JsonNote<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    marginal: Vec<JsonMarginal<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<JsonFinding<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transcript: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vcd: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<JsonFailure<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<JsonBroken<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<JsonSkip>,
}

#[derive(Serialize)]
struct JsonNote<'a> {
    at_ns: u64,
    text: &'a str,
}

#[derive(Serialize)]
struct JsonMarginal<'a> {
    step: JsonStep<'a>,
    expected: &'a str,
    got: &'a str,
    at_ns: u64,
}

impl<'a> JsonMarginal<'a> {
    fn of(marginal: &'a Marginal) -> JsonMarginal<'a> {
        JsonMarginal {
            step: JsonStep::of(&marginal.step),
            expected: &marginal.expected,
            got: &marginal.got,
            at_ns: marginal.at.as_nanos(),
        }
    }
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    name: &'static str,
    block: &'a str,
    address: u32,
    access: &'static str,
    at_ns: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<JsonPlace<'a>>,
    count: usize,
}

#[derive(Serialize)]
struct JsonStep<'a> {
    number: usize,
    of: usize,
    file: String,
    line: usize,
    title: &'a str,
}

#[derive(Serialize)]
struct JsonFailure<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<JsonStep<'a>>,
    claim: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    typed: Option<&'a str>,
    expected: String,
    got: String,
    at_ns: u64,
    details: &'a [String],
    hint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnosis: Option<JsonDiagnosis<'a>>,
}

#[derive(Serialize)]
struct JsonDiagnosis<'a> {
    trouble: &'static str,
    sentence: &'a str,
    registers: &'a [String],
    chain: Vec<JsonPlace<'a>>,
}

#[derive(Serialize)]
struct JsonPlace<'a> {
    address: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

#[derive(Serialize)]
struct JsonBroken<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<JsonStep<'a>>,
    causes: &'a [String],
    last_words: &'a [String],
}

#[derive(Serialize)]
struct JsonSkip {
    reason: &'static str,
    text: String,
}

impl JsonStep<'_> {
    fn of(place: &StepPlace) -> JsonStep<'_> {
        JsonStep {
            number: place.number,
            of: place.of,
            file: place.file.display().to_string(),
            line: place.line,
            title: &place.title,
        }
    }
}

impl JsonFinding<'_> {
    fn of(found: &Found) -> JsonFinding<'_> {
        JsonFinding {
            name: found.kind.word(),
            block: &found.block,
            address: found.address,
            access: if found.is_store { "write" } else { "read" },
            at_ns: found.at.as_nanos(),
            place: found.place.as_ref().map(JsonPlace::of),
            count: found.count,
        }
    }
}

impl JsonFailure<'_> {
    fn of(failure: &Failure) -> JsonFailure<'_> {
        let (claim, typed, expected, got) = parts(&failure.claim);
        JsonFailure {
            step: failure.step.as_ref().map(JsonStep::of),
            claim,
            typed,
            expected,
            got: got.to_owned(),
            at_ns: failure.at.as_nanos(),
            details: &failure.details,
            hint: &failure.hint,
            diagnosis: failure.diagnosis.as_deref().map(JsonDiagnosis::of),
        }
    }
}

impl JsonPlace<'_> {
    fn of(place: &CodePlace) -> JsonPlace<'_> {
        JsonPlace {
            address: place.address,
            function: place.function.as_deref(),
            file: place.file.as_deref(),
            line: place.line,
        }
    }
}

impl JsonDiagnosis<'_> {
    fn of(diagnosis: &Diagnosis) -> JsonDiagnosis<'_> {
        JsonDiagnosis {
            trouble: diagnosis.trouble.word(),
            sentence: &diagnosis.sentence,
            registers: &diagnosis.registers,
            chain: diagnosis.chain.iter().map(JsonPlace::of).collect(),
        }
    }
}

/// The claim's word, what was typed, what was expected, what came.
fn parts(claim: &Claim) -> (&'static str, Option<&str>, String, &str) {
    let word = match claim {
        Claim::Output { .. } => "output",
        Claim::Answer { .. } => "answer",
        Claim::Level { .. } => "level",
        Claim::Wave { .. } => "wave",
        Claim::Code { .. } => "code",
        Claim::File { .. } => "file",
        Claim::Memory { .. } => "memory",
        Claim::Finding { .. } => "finding",
        Claim::Failure { .. } => "failure",
        Claim::Crash { .. } => "crash",
        Claim::Snapshot { file } => return ("snapshot", None, file.display().to_string(), ""),
    };
    let typed = match claim {
        Claim::Answer { typed, .. } => Some(typed.as_str()),
        _ => None,
    };
    let (expected, got) = claim.sides().unwrap_or_default();
    (word, typed, expected.to_owned(), got)
}

/// The word for what `claim` is about: `answer`, `wave`.
pub(crate) fn claim_word(claim: &Claim) -> &'static str {
    parts(claim).0
}

impl JsonBroken<'_> {
    fn of(broken: &Broken) -> JsonBroken<'_> {
        JsonBroken {
            step: broken.step.as_ref().map(JsonStep::of),
            causes: &broken.causes,
            last_words: &broken.last_words,
        }
    }
}

impl JsonSkip {
    fn of(skip: &SkipReason) -> JsonSkip {
        let reason = match skip {
            SkipReason::Lacks { .. } => "lacks",
            SkipReason::NotInstalled { .. } => "not-installed",
            SkipReason::NoExactTime { .. } => "no-exact-time",
            SkipReason::OtherBoard { .. } => "other-board",
            SkipReason::NoFirmware { .. } => "no-firmware",
        };
        JsonSkip { reason, text: skip_reason(skip) }
    }
}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn line(event: &Event<'_>) -> String {
    serde_json::to_string(event).expect("events have string keys only")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use replab_record::Trouble;

    use super::*;
    use crate::run::tests::{Told, blink};

    #[track_caller]
    fn check(told: &Told, expected: &Expect) {
        let files = Files { transcript: Some("target/replab/blink.lab-m0.qemu.txt"), vcd: None };
        let line = told.with(|run| run_finished(run, files));
        assert!(!line.contains('\n'), "one event is one line: {line}");
        let value: serde_json::Value = serde_json::from_str(&line).expect("an event is JSON");
        expected.assert_eq(&format!("{value:#}"));
    }

    #[test]
    fn a_passed_run_has_its_notes_and_times() {
        check(
            &blink(),
            &expect![[r#"
            {
              "event": "run-finished",
              "machine_ns": 5024000000,
              "notes": [
                {
                  "at_ns": 3000000,
                  "text": "printed: MicroPython v1.25.0 on lab-m0"
                },
                {
                  "at_ns": 5024000000,
                  "text": "LED: 5 periods of 1.000 s, duty 50.0 %"
                }
              ],
              "scenario": "01-micropython-intro/blink",
              "target": "lab-m0@qemu",
              "title": "the LED blinks once a second",
              "transcript": "target/replab/blink.lab-m0.qemu.txt",
              "verdict": "passed",
              "wall_ns": 61400000
            }"#]],
        );
    }

    #[test]
    fn a_failed_run_has_its_claim_and_place() {
        let claim = Claim::Answer {
            typed: "6 * 7".into(),
            expected: "42\n".into(),
            got: "\x1b[2J41\n".into(),
        };
        check(
            &Told::default().failed(claim, &["a\nb"], ""),
            &expect![[r#"
            {
              "event": "run-finished",
              "failure": {
                "at_ns": 5024000000,
                "claim": "answer",
                "details": [
                  "a\nb"
                ],
                "expected": "42\n",
                "got": "\u001b[2J41\n",
                "hint": "",
                "step": {
                  "file": "scenarios/01-micropython-intro/blink.yaml",
                  "line": 12,
                  "number": 3,
                  "of": 5,
                  "title": "wave"
                },
                "typed": "6 * 7"
              },
              "machine_ns": 5024000000,
              "notes": [],
              "scenario": "01-micropython-intro/blink",
              "target": "lab-m0@qemu",
              "title": "the LED blinks once a second",
              "transcript": "target/replab/blink.lab-m0.qemu.txt",
              "verdict": "failed",
              "wall_ns": 61400000
            }"#]],
        );
    }

    #[test]
    fn a_crash_has_its_diagnosis() {
        let claim = Claim::Crash { expected: "no crash".into(), got: "HardFault".into() };
        let place =
            CodePlace { address: 0x12a4, function: Some("f".into()), ..CodePlace::default() };
        let diagnosis = Diagnosis {
            trouble: Trouble::Fault,
            sentence: "HardFault".into(),
            registers: vec!["r0  0x00000000".into()],
            chain: vec![place],
        };
        check(
            &Told::default().failed(claim, &[], "").diagnosed(diagnosis),
            &expect![[r#"
            {
              "event": "run-finished",
              "failure": {
                "at_ns": 5024000000,
                "claim": "crash",
                "details": [],
                "diagnosis": {
                  "chain": [
                    {
                      "address": 4772,
                      "function": "f"
                    }
                  ],
                  "registers": [
                    "r0  0x00000000"
                  ],
                  "sentence": "HardFault",
                  "trouble": "fault"
                },
                "expected": "no crash",
                "got": "HardFault",
                "hint": "",
                "step": {
                  "file": "scenarios/01-micropython-intro/blink.yaml",
                  "line": 12,
                  "number": 3,
                  "of": 5,
                  "title": "wave"
                }
              },
              "machine_ns": 5024000000,
              "notes": [],
              "scenario": "01-micropython-intro/blink",
              "target": "lab-m0@qemu",
              "title": "the LED blinks once a second",
              "transcript": "target/replab/blink.lab-m0.qemu.txt",
              "verdict": "failed",
              "wall_ns": 61400000
            }"#]],
        );
    }

    #[test]
    fn a_broken_run_has_causes_and_no_claim() {
        check(
            &Told::default().broken(&["the emulator ended"], &["qemu: no"]),
            &expect![[r#"
            {
              "broken": {
                "causes": [
                  "the emulator ended"
                ],
                "last_words": [
                  "qemu: no"
                ],
                "step": {
                  "file": "scenarios/01-micropython-intro/blink.yaml",
                  "line": 12,
                  "number": 3,
                  "of": 5,
                  "title": "wave"
                }
              },
              "event": "run-finished",
              "machine_ns": 5024000000,
              "notes": [],
              "scenario": "01-micropython-intro/blink",
              "target": "lab-m0@qemu",
              "title": "the LED blinks once a second",
              "transcript": "target/replab/blink.lab-m0.qemu.txt",
              "verdict": "broken",
              "wall_ns": 61400000
            }"#]],
        );
    }

    #[test]
    fn a_skipped_run_has_a_reason_that_programs_can_read() {
        let skip = SkipReason::NoFirmware {
            board: "lab-m0".into(),
            advice: "cargo xtask firmware".into(),
        };
        check(
            &Told::default().skipped(skip),
            &expect![[r#"
            {
              "event": "run-finished",
              "machine_ns": 0,
              "notes": [],
              "scenario": "01-micropython-intro/blink",
              "skipped": {
                "reason": "no-firmware",
                "text": "there is no firmware for lab-m0 (cargo xtask firmware)"
              },
              "target": "lab-m0@qemu",
              "title": "the LED blinks once a second",
              "transcript": "target/replab/blink.lab-m0.qemu.txt",
              "verdict": "skipped",
              "wall_ns": 61400000
            }"#]],
        );
    }

    #[test]
    fn a_run_by_the_desk_clock_says_so() {
        let line = blink().by_wall().with(|run| run_finished(run, Files::default()));
        assert!(line.contains(r#""verdict":"passed","timing":"wall","machine_ns""#), "{line}");
    }

    #[test]
    fn the_summary_tells_the_exit_code() {
        let mut tally = Tally::default();
        blink().with(|run| tally.add(run));
        let line = summary(&tally, Duration::from_millis(70), &Ending::Played(tally.clone()));
        expect![[r#"{"event":"summary","passed":1,"failed":0,"pending":0,"broken":0,"skipped":0,"marginal":0,"machine_ns":5024000000,"wall_ns":70000000,"exit_code":0}"#]].assert_eq(&line);
    }

    #[test]
    fn the_first_events_say_what_comes() {
        expect![[r#"{"event":"started","replab":1,"runs":1}"#]].assert_eq(&started(1));
        expect![[r#"{"event":"run-started","scenario":"01-micropython-intro/blink","target":"lab-m0@qemu"}"#]].assert_eq(&run_started("01-micropython-intro/blink", "lab-m0@qemu"));
    }

    /// The schema, and a strict one: readers skip what they do not know, but we document it.
    fn schemas() -> [jsonschema::Validator; 2] {
        let text = include_str!("../../../docs/events.schema.json");
        let schema: serde_json::Value = serde_json::from_str(text).expect("the schema is JSON");
        let mut strict = schema.clone();
        forbid_more(&mut strict);
        [schema, strict].map(|schema| jsonschema::validator_for(&schema).expect("it is a schema"))
    }

    fn forbid_more(schema: &mut serde_json::Value) {
        if let Some(object) = schema.as_object_mut() {
            if object.contains_key("required") && object.contains_key("properties") {
                object.insert("additionalProperties".to_owned(), false.into());
            }
            object.values_mut().for_each(forbid_more);
        } else if let Some(array) = schema.as_array_mut() {
            array.iter_mut().for_each(forbid_more);
        }
    }

    #[test]
    fn events_of_every_kind_are_as_the_schema_says() {
        let (expected, got) = (String::new(), "\x1b[2J".to_owned());
        let answer =
            Claim::Answer { typed: "1".into(), expected: expected.clone(), got: got.clone() };
        let memory = Claim::Memory { expected: expected.clone(), got: got.clone() };
        let finding = Claim::Finding { expected: expected.clone(), got: got.clone() };
        let crash = Claim::Crash { expected, got };
        let place = CodePlace { line: Some(1), file: Some("a.c".into()), ..CodePlace::default() };
        let diagnosis = Diagnosis {
            trouble: Trouble::ExitLoop,
            sentence: "it ends".into(),
            registers: vec!["r0".into()],
            chain: vec![place],
        };
        let told = [
            blink(),
            blink().by_wall(),
            blink().marginal("period 1s ±1% on LED", "1.0099s"),
            blink().failed(answer, &["a"], "look"),
            blink().failed(memory, &[], ""),
            blink().failed(Claim::Snapshot { file: "a.snap".into() }, &[], ""),
            blink().failed(crash, &[], "").diagnosed(diagnosis),
            blink().broken(&["no"], &["no"]),
            blink().failed(finding, &[], "").found(2),
            blink().skipped(SkipReason::OtherBoard { board: "x".into() }),
        ];
        let mut events = vec![started(1), run_started("a", "b@qemu")];
        let files = Files { transcript: Some("file"), vcd: Some("other") };
        events.extend(told.iter().map(|told| told.with(|run| run_finished(run, files))));
        events.push(summary(&Tally::default(), Duration::ZERO, &Ending::Interrupted));
        let compared = Some(crate::ComparedTally::default());
        let tally = Tally { compared, ..Tally::default() };
        events.push(summary(&tally, Duration::ZERO, &Ending::Interrupted));
        events.extend(crate::compare::tests::pairs().iter().map(crate::compared));
        for schema in schemas() {
            for event in &events {
                let value = serde_json::from_str(event).expect("an event is JSON");
                let errors: Vec<_> = schema.iter_errors(&value).map(|e| e.to_string()).collect();
                assert!(errors.is_empty(), "{event}: {errors:?}");
                let wrong = serde_json::from_str(&event.replace("\"event\"", "\"evnt\""));
                assert!(!schema.is_valid(&wrong.expect("it is JSON")), "the schema is no judge");
            }
        }
    }
}
