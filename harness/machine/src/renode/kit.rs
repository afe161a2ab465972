//! The first-run kit: walks a real Renode through each thing that this backend takes
//! for granted about it.
//!
//! What was measured on one build need not hold on another. So each assumption is
//! one line of [`CHECKS`], asked of the running program and told with its raw answer.
//! Nothing here decides a run; and the checks go on after one that did not hold, as
//! long as the process answers.

mod bench;
mod checks;

use std::path::Path;
use std::time::Duration;

use replab_board::Board;

use crate::MachineError;

use super::{Exchange, RenodeTools, recipe};
use bench::Bench;
use checks::CHECKS;

/// How one assumption came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it was taken for granted.
    Held,
    /// Not so.
    DidNotHold,
    /// Nobody could ask.
    NotTried,
}

/// One assumption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is taken for granted, as a sentence.
    pub assumption: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// What came, or why it was not tried.
    pub raw: String,
}

/// All that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// What Renode says of itself; empty if it did not come so far.
    pub version: String,
    /// Every assumption, in order.
    pub findings: Vec<Finding>,
    /// All questions and answers, which a stand-in can play.
    pub recording: Vec<Exchange>,
}

/// What came of one check.
struct Answer {
    held: bool,
    raw: String,
}

/// One line of the kit.
type Check = fn(&mut Bench) -> Result<Answer, MachineError>;

/// Starts a Renode, and tries each assumption with `board` and `firmware`, which
/// should be our MicroPython. `wall` is for the start and for each question.
///
/// # Errors
///
/// As [`super::Renode::start`] for the board, the platform and the firmware. A Renode
/// that does not start is a finding.
pub fn examine(
    tools: &RenodeTools,
    board: &Board,
    firmware: &Path,
    wall: Duration,
) -> Result<Examination, MachineError> {
    let recipe = recipe(tools, board, firmware)?;
    let mut bench = match Bench::start(tools, recipe, wall) {
        Ok(bench) => bench,
        Err(error) => return Ok(not_started(&error)),
    };
    let mut findings = Vec::new();
    let mut lost = None;
    for (assumption, check) in CHECKS {
        let finding = |outcome, raw| Finding { assumption, outcome, raw };
        if let Some(why) = &lost {
            findings.push(finding(Outcome::NotTried, format!("after: {why}")));
            continue;
        }
        findings.push(match check(&mut bench) {
            Ok(Answer { held: true, raw }) => finding(Outcome::Held, raw),
            Ok(Answer { held: false, raw }) => finding(Outcome::DidNotHold, raw),
            Err(error) => {
                let raw = with_words(&error);
                lost = Some(error.to_string());
                finding(Outcome::DidNotHold, raw)
            }
        });
    }
    findings.extend(bench.end(lost.is_some()));
    Ok(Examination {
        version: bench.program.name().to_owned(),
        findings,
        recording: bench.program.recording().to_vec(),
    })
}

fn not_started(error: &MachineError) -> Examination {
    let first =
        Finding { assumption: bench::STARTS, outcome: Outcome::DidNotHold, raw: with_words(error) };
    let others = CHECKS.iter().map(|(assumption, _)| Finding {
        assumption,
        outcome: Outcome::NotTried,
        raw: "it did not start".to_owned(),
    });
    let findings = std::iter::once(first).chain(others).collect();
    Examination { version: String::new(), findings, recording: Vec::new() }
}

fn with_words(error: &MachineError) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        text += &format!(": {source}");
        next = source.source();
    }
    for line in error.last_words() {
        text += &format!(" | {line}");
    }
    text
}
