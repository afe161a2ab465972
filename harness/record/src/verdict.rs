//! What a run came to.
//!
//! "The firmware, or the scenario's claim, is wrong" is [`Verdict::Failed`];
//! "the lab could not tell" is [`Verdict::Broken`]. They never mix.

use std::path::PathBuf;

use crate::{Diagnosis, MachineTime};

/// The result of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Each claim held.
    Passed,
    /// A claim did not hold.
    Failed(Box<Failure>),
    /// The lab could not tell.
    Broken(Box<Broken>),
    /// It was not played.
    Skipped(SkipReason),
}

/// Where a step stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepPlace {
    /// The step's number, from 1.
    pub number: usize,
    /// How many steps the scenario has.
    pub of: usize,
    /// The scenario's file.
    pub file: PathBuf,
    /// The line of the step, from 1.
    pub line: usize,
    /// The step's word, or the name that the author gave it.
    pub title: String,
}

/// A claim that did not hold: which, what came instead, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The step that made the claim; `None` for what holds through the whole run.
    pub step: Option<StepPlace>,
    /// What was claimed and what came.
    pub claim: Claim,
    /// Machine time at which it was known.
    pub at: MachineTime,
    /// More to read, line by line: a table of edges, a diff.
    pub details: Vec<String>,
    /// What to look at next, in a sentence; empty if there is nothing to say.
    pub hint: String,
    /// What the firmware was doing, where that explains the failure.
    pub diagnosis: Option<Box<Diagnosis>>,
}

impl Failure {
    /// All that it says, line by line: what was claimed, what came, the details, the
    /// diagnosis, the hint.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        if let Claim::Answer { typed, .. } = &self.claim {
            lines.push(typed.clone());
        }
        lines.extend(
            self.claim
                .sides()
                .into_iter()
                .flat_map(|(expected, got)| [expected.to_owned(), got.to_owned()]),
        );
        lines.extend(self.details.iter().cloned());
        lines.extend(self.diagnosis.as_ref().map(|diagnosis| diagnosis.sentence.clone()));
        lines.push(self.hint.clone());
        lines.join("\n")
    }
}

impl Claim {
    /// What was claimed, and what came; `None` for a snapshot, whose difference is in the
    /// details.
    pub fn sides(&self) -> Option<(&str, &str)> {
        match self {
            Claim::Output { expected, got }
            | Claim::Answer { expected, got, .. }
            | Claim::Level { expected, got }
            | Claim::Wave { expected, got }
            | Claim::Code { expected, got }
            | Claim::File { expected, got }
            | Claim::Memory { expected, got }
            | Claim::Finding { expected, got }
            | Claim::Failure { expected, got }
            | Claim::Crash { expected, got } => Some((expected, got)),
            Claim::Snapshot { .. } => None,
        }
    }
}

/// What was claimed, and what came instead, each as a fragment of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Text on a port: a prompt, a line, an answer.
    Output {
        /// `">>> " on uart0 within 2 s`.
        expected: String,
        /// `nothing after 0.398 s`.
        got: String,
    },
    /// The answer of one REPL line.
    Answer {
        /// The line that was typed.
        typed: String,
        /// What the transcript says.
        expected: String,
        /// What the board said.
        got: String,
    },
    /// The level of a pin.
    Level {
        /// `LED high`.
        expected: String,
        /// `low since 1.2 s`.
        got: String,
    },
    /// The shape of a wave.
    Wave {
        /// `period 1 s ±1 % on LED`.
        expected: String,
        /// `1.104 s`.
        got: String,
    },
    /// Code that should have run to its end.
    Code {
        /// `no exception`, `raises ValueError`.
        expected: String,
        /// The traceback's last line.
        got: String,
    },
    /// A file or a folder in the board's flash.
    File {
        /// `config.json with 12 bytes`, `log.txt absent`.
        expected: String,
        /// `nothing at that path`.
        got: String,
    },
    /// A figure of the board's memory.
    Memory {
        /// `heap.free >= 64 KiB`.
        expected: String,
        /// `65520 B (63.9 KiB)`.
        got: String,
    },
    /// What the firmware must not touch.
    Finding {
        /// `never a finding storage-only`.
        expected: String,
        /// `PIO0 register 0x50200010 was written, which only stores`.
        got: String,
    },
    /// A failure that the scenario claims of what is wrong on purpose.
    Failure {
        /// `a failure that says "saw 3"`.
        expected: String,
        /// `none`, or what the failure says.
        got: String,
    },
    /// A stored snapshot.
    Snapshot {
        /// The file that holds it.
        file: PathBuf,
    },
    /// The firmware crashed: a fault, a reset that nobody asked for.
    Crash {
        /// `no crash`, or what else was going on.
        expected: String,
        /// `HardFault at 0x000012a4`.
        got: String,
    },
}

/// A claim that held, and hardly so: what was measured lies near its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marginal {
    /// The step that made the claim.
    pub step: StepPlace,
    /// `period 1 s ±1 % on LED`.
    pub expected: String,
    /// `1.0095 s in period 3 of 4, 0.5 ms below the limit`.
    pub got: String,
    /// The edge that begins it.
    pub at: MachineTime,
}

/// Why the lab could not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The step that was being played.
    pub step: Option<StepPlace>,
    /// What went wrong, from the outermost cause to the innermost.
    pub causes: Vec<String>,
    /// The last lines that the emulator wrote, if it did.
    pub last_words: Vec<String>,
}

/// Why a run was not played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// The target cannot do what the scenario needs.
    Lacks {
        /// The target.
        target: String,
        /// The word from the scenario's `needs:`, or the step that needs it.
        capability: String,
    },
    /// An emulator is not installed.
    NotInstalled {
        /// Which.
        program: String,
        /// How to get it.
        advice: String,
    },
    /// The emulator's build cannot keep exact machine time, which every scenario needs.
    NoExactTime {
        /// Which build, and what it lacks.
        why: String,
    },
    /// The scenario does not list the board.
    OtherBoard {
        /// The board that was asked for.
        board: String,
    },
    /// The firmware was not built.
    NoFirmware {
        /// The board.
        board: String,
        /// How to get it.
        advice: String,
    },
}
