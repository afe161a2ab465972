//! Decides what a run came to. Nothing else makes a verdict of a played run.

use std::io;

use replab_machine::MachineError;
use replab_record::{Broken, Claim, Failure, MachineTime, SkipReason, StepPlace, Verdict};
use replab_scenario::TextPattern;

use crate::error::{Ended, RunError};
use crate::play::Missing;
use crate::snapshots::Comparison;

/// A run that ended before its time.
#[derive(Debug)]
pub(crate) struct Stopped {
    /// Why.
    pub(crate) ended: Ended,
    /// The step that was being played.
    pub(crate) step: Option<StepPlace>,
}

/// The verdict of a run that was played as far as `played` says, whose snapshots,
/// if it took some, compare like `snapshots`. `at` is the machine time at its end.
pub(crate) fn decide(
    played: Result<(), Box<Stopped>>,
    snapshots: Vec<(Comparison, StepPlace)>,
    at: MachineTime,
) -> Verdict {
    let Err(stopped) = played else {
        let mut verdicts =
            snapshots.into_iter().map(|(comparison, step)| of_snapshot(comparison, step, at));
        return verdicts.find(|verdict| *verdict != Verdict::Passed).unwrap_or(Verdict::Passed);
    };
    match stopped.ended {
        Ended::Broken(error) => broken(&error, stopped.step),
        Ended::Failed(failure) => {
            Verdict::Failed(Box::new(Failure { step: stopped.step, ..*failure }))
        }
        Ended::Never(failure) => Verdict::Failed(failure),
    }
}

/// The verdict of what is wrong on purpose, whose steps came to `verdict`, and must come
/// to a failure that says `says`, or whose firmware did: it sent `sent`. With that
/// failure, if it is the verdict.
pub(crate) fn of_wrong(
    verdict: Verdict,
    says: &TextPattern,
    sent: &str,
    at: MachineTime,
) -> (Verdict, Option<Box<Failure>>) {
    let expected = format!("a failure that says {says}");
    match verdict {
        Verdict::Failed(failure) if says.is_in(&failure.text()) || says.is_in(sent) => {
            (Verdict::Passed, Some(failure))
        }
        Verdict::Failed(mut failure) => {
            let text = failure.text();
            let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
            let got = format!("another one: {}", lines.join("; "));
            failure.claim = Claim::Failure { expected, got };
            (Verdict::Failed(failure), None)
        }
        Verdict::Passed => {
            let claim = Claim::Failure { expected, got: "none: each step passed".to_string() };
            let failure = Failure {
                step: None,
                claim,
                at,
                details: Vec::new(),
                hint: "what is wrong on purpose is not noticed by any step: claim more".to_string(),
                diagnosis: None,
            };
            (Verdict::Failed(Box::new(failure)), None)
        }
        other @ (Verdict::Broken(_) | Verdict::Skipped(_)) => (other, None),
    }
}

/// The lab could not tell, because of `error`.
pub(crate) fn broken(error: &RunError, step: Option<StepPlace>) -> Verdict {
    Verdict::Broken(Box::new(Broken {
        step,
        causes: error.causes(),
        last_words: error.last_words(),
    }))
}

/// The machine could not be made.
pub(crate) fn not_started(error: MachineError, missing: Missing) -> Verdict {
    match error {
        MachineError::NotStarted { program, source, .. }
            if missing == Missing::Skips && source.kind() == io::ErrorKind::NotFound =>
        {
            let advice = "run `doctor` to see how to install it".to_string();
            Verdict::Skipped(SkipReason::NotInstalled { program, advice })
        }
        MachineError::UntestedBuild { .. } if missing == Missing::Skips => {
            Verdict::Skipped(SkipReason::NoExactTime { why: error.to_string() })
        }
        error => broken(&RunError::NotStarted(error), None),
    }
}

fn of_snapshot(comparison: Comparison, step: StepPlace, at: MachineTime) -> Verdict {
    let (file, details, hint) = match comparison {
        Comparison::Same | Comparison::Accepted { .. } | Comparison::OtherToolchain { .. } => {
            return Verdict::Passed;
        }
        Comparison::New { file } => {
            (file, Vec::new(), "nothing is stored yet: review it, then accept it")
        }
        Comparison::Different { file, diff } => {
            (file, diff, "if it is right as it is now, accept it")
        }
    };
    let claim = Claim::Snapshot { file };
    Verdict::Failed(Box::new(Failure {
        step: Some(step),
        claim,
        at,
        details,
        hint: hint.to_string(),
        diagnosis: None,
    }))
}
