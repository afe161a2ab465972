//! What is told about one run, and the counts of many.

use std::collections::BTreeMap;
use std::time::Duration;

use replab_board::{Board, Target};
use replab_record::{Claim, Found, MachineTime, Marginal, Record, Timing, Verdict};

use crate::progress::skip_reason;

/// One playing of one scenario on one target, as far as a reader wants to know.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The scenario's identity: `01-micropython-intro/blink`.
    pub identity: &'a str,
    /// The scenario's title.
    pub title: &'a str,
    /// Where it was played.
    pub target: &'a Target,
    /// The target's board, for the roles of pins.
    pub board: &'a Board,
    /// What it came to.
    pub verdict: &'a Verdict,
    /// What drove the machine's clock.
    pub timing: Timing,
    /// What happened.
    pub record: &'a Record,
    /// When each step started, and its number and title: `5 wave`.
    pub steps: &'a [Note],
    /// What a reader wants to see of it at a glance.
    pub notes: &'a [Note],
    /// Claims that held, and hardly so.
    pub marginal: &'a [Marginal],
    /// What the firmware has touched that is not emulated.
    pub findings: &'a [Found],
    /// Snapshots that were not compared, because another compiler built what they are of.
    pub not_compared: usize,
    /// Machine time from the first power-on to the end.
    pub machine: Duration,
    /// Time on the desk clock, from before the start of the emulator to after its end.
    pub wall: Duration,
}

/// One thing that a step saw: `LED: 5 periods of 1 s`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// When it was known.
    pub at: MachineTime,
    /// What was seen, in a line.
    pub text: String,
}

/// The files that were written of a run, as to be shown; `None` for what there is none of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Files<'a> {
    /// The transcript.
    pub transcript: Option<&'a str>,
    /// The value change dump.
    pub vcd: Option<&'a str>,
}

/// How many runs came to what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Every claim held.
    pub passed: usize,
    /// A claim did not hold.
    pub failed: usize,
    /// Those of `failed` where the claim is a snapshot: they wait for review.
    pub pending: usize,
    /// The lab could not tell.
    pub broken: usize,
    /// Not played.
    pub skipped: usize,
    /// The reasons of the skipped ones, and how often each.
    pub skip_reasons: BTreeMap<String, usize>,
    /// Those that were played by the desk clock.
    pub by_wall: usize,
    /// Snapshots that were not compared.
    pub not_compared: usize,
    /// Claims that held, and hardly so.
    pub marginal: usize,
    /// Machine time of all runs.
    pub machine: Duration,
    /// How pairs of them compare, if that was asked for.
    pub compared: Option<ComparedTally>,
}

/// How many pairs of runs compare how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ComparedTally {
    /// The same on both targets.
    pub equal: usize,
    /// Not the same.
    pub differing: usize,
    /// One of the two was skipped or is broken.
    pub not_comparable: usize,
}

impl ComparedTally {
    /// How many pairs there were.
    pub fn all(self) -> usize {
        self.equal + self.differing + self.not_comparable
    }
}

impl Tally {
    /// Counts one more run.
    pub fn add(&mut self, run: &Run<'_>) {
        match run.verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed(_) => {
                self.failed += 1;
                self.pending += usize::from(run.waits_for_review());
            }
            Verdict::Broken(_) => self.broken += 1,
            Verdict::Skipped(reason) => {
                self.skipped += 1;
                *self.skip_reasons.entry(skip_reason(reason)).or_default() += 1;
            }
        }
        self.by_wall += usize::from(run.timing == Timing::Wall);
        self.machine += run.machine;
        self.not_compared += run.not_compared;
        self.marginal += run.marginal.len();
    }

    /// How many were selected.
    pub fn all(&self) -> usize {
        self.played() + self.skipped
    }

    /// How many were played, or should have been and could not.
    pub fn played(&self) -> usize {
        self.passed + self.failed + self.broken
    }
}

impl Run<'_> {
    /// Whether nothing but a snapshot stands between this run and `passed`.
    pub fn waits_for_review(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(failure) if matches!(failure.claim, Claim::Snapshot { .. }))
    }

    /// The verdict in one word.
    pub(crate) fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed(_) => "failed",
            Verdict::Broken(_) => "broken",
            Verdict::Skipped(_) => "skipped",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    //! Runs built by hand, for the tests of everything that tells about them.

    use replab_record::{
        Broken, CodePlace, Diagnosis, Event, Failure, FindingKind, Level, PinName, PortName,
        ResetCause, SkipReason, StepPlace,
    };

    use super::*;

    /// A run that owns its parts.
    pub(crate) struct Told {
        pub(crate) verdict: Verdict,
        pub(crate) timing: Timing,
        pub(crate) record: Record,
        pub(crate) steps: Vec<Note>,
        pub(crate) notes: Vec<Note>,
        pub(crate) marginal: Vec<Marginal>,
        findings: Vec<Found>,
        pub(crate) machine: Duration,
        pub(crate) board: Board,
    }

    impl Default for Told {
        fn default() -> Told {
            let text = include_str!("../../../boards/lab-m0.yaml");
            Told {
                verdict: Verdict::Passed,
                timing: Timing::Exact,
                record: Record::default(),
                steps: Vec::new(),
                notes: Vec::new(),
                marginal: Vec::new(),
                findings: Vec::new(),
                machine: Duration::from_millis(5_024),
                board: replab_board::load("boards/lab-m0.yaml", text)
                    .expect("the board file is right"),
            }
        }
    }

    impl Told {
        /// `bytes` from the firmware, 100 ns apart.
        pub(crate) fn sent(mut self, ns: u64, bytes: impl AsRef<[u8]>) -> Told {
            let port = PortName::new("uart0");
            self.record.extend(bytes.as_ref().iter().zip(0..).map(|(byte, index)| Event::Sent {
                port: port.clone(),
                byte: *byte,
                at: MachineTime::from_nanos(ns + 100 * index),
            }));
            self
        }

        /// `bytes` from the lab, 100 ns apart.
        pub(crate) fn received(mut self, ns: u64, bytes: &str) -> Told {
            let port = PortName::new("uart0");
            self.record.extend(bytes.bytes().zip(0..).map(|(byte, index)| Event::Received {
                port: port.clone(),
                byte,
                at: MachineTime::from_nanos(ns + 100 * index),
            }));
            self
        }

        pub(crate) fn edge(mut self, ns: u64, pin: &str, level: Level) -> Told {
            self.record.extend([Event::Edge {
                pin: PinName::new(pin),
                level,
                at: MachineTime::from_nanos(ns),
            }]);
            self
        }

        pub(crate) fn reset(mut self, ns: u64) -> Told {
            self.record.extend([Event::Reset {
                cause: ResetCause::Firmware,
                at: MachineTime::from_nanos(ns),
            }]);
            self
        }

        pub(crate) fn note(mut self, ns: u64, text: &str) -> Told {
            self.notes.push(Note { at: MachineTime::from_nanos(ns), text: text.to_owned() });
            self
        }

        pub(crate) fn step(mut self, ns: u64, text: &str) -> Told {
            self.steps.push(Note { at: MachineTime::from_nanos(ns), text: text.to_owned() });
            self
        }

        pub(crate) fn marginal(mut self, expected: &str, got: &str) -> Told {
            self.marginal.push(Marginal {
                step: place("wave"),
                expected: expected.to_owned(),
                got: got.to_owned(),
                at: MachineTime::from_nanos(5_000_000),
            });
            self
        }

        pub(crate) fn by_wall(mut self) -> Told {
            self.timing = Timing::Wall;
            self
        }

        pub(crate) fn failed(mut self, claim: Claim, details: &[&str], hint: &str) -> Told {
            self.verdict = Verdict::Failed(Box::new(Failure {
                step: Some(place("wave")),
                claim,
                at: MachineTime::ZERO + self.machine,
                details: details.iter().map(ToString::to_string).collect(),
                hint: hint.to_owned(),
                diagnosis: None,
            }));
            self
        }

        pub(crate) fn diagnosed(mut self, diagnosis: Diagnosis) -> Told {
            if let Verdict::Failed(failure) = &mut self.verdict {
                failure.diagnosis = Some(Box::new(diagnosis));
            }
            self
        }

        /// The state machine of a PIO was started, and so many registers were touched.
        pub(crate) fn found(mut self, count: usize) -> Told {
            let place = CodePlace {
                address: 0x1000_1234,
                function: Some("start".to_owned()),
                ..CodePlace::default()
            };
            self.findings.push(Found {
                kind: FindingKind::Storage,
                block: "PIO0".to_owned(),
                address: 0x5020_0010,
                is_store: true,
                at: MachineTime::from_nanos(7_000_000),
                place: Some(place),
                count,
            });
            self
        }

        pub(crate) fn broken(mut self, causes: &[&str], last_words: &[&str]) -> Told {
            self.verdict = Verdict::Broken(Box::new(Broken {
                step: Some(place("wave")),
                causes: causes.iter().map(ToString::to_string).collect(),
                last_words: last_words.iter().map(ToString::to_string).collect(),
            }));
            self
        }

        pub(crate) fn skipped(mut self, reason: SkipReason) -> Told {
            self.verdict = Verdict::Skipped(reason);
            self.machine = Duration::ZERO;
            self
        }

        /// What `tell` makes of it.
        pub(crate) fn with<T>(&self, tell: impl FnOnce(&Run<'_>) -> T) -> T {
            let target: Target = "lab-m0@qemu".parse().expect("that is a target");
            tell(&Run {
                identity: "01-micropython-intro/blink",
                title: "the LED blinks once a second",
                target: &target,
                board: &self.board,
                verdict: &self.verdict,
                timing: self.timing,
                record: &self.record,
                steps: &self.steps,
                notes: &self.notes,
                marginal: &self.marginal,
                findings: &self.findings,
                not_compared: 0,
                machine: self.machine,
                wall: Duration::from_micros(61_400),
            })
        }
    }

    pub(crate) fn place(title: &str) -> StepPlace {
        StepPlace {
            number: 3,
            of: 5,
            file: "scenarios/01-micropython-intro/blink.yaml".into(),
            line: 12,
            title: title.to_owned(),
        }
    }

    /// A LED that blinks after a line was typed.
    pub(crate) fn blink() -> Told {
        Told::default()
            .sent(1_500_000, "MicroPython v1.25.0 on lab-m0\r\n>>> ")
            .received(4_000_000, "blink(led, 6)\r")
            .sent(4_000_050, "blink(led, 6)\r\n")
            .edge(5_000_000, "P25", Level::High)
            .edge(505_000_000, "P25", Level::Low)
            .note(3_000_000, "printed: MicroPython v1.25.0 on lab-m0")
            .note(5_024_000_000, "LED: 5 periods of 1.000 s, duty 50.0 %")
    }
}
