//! Plays one scenario on one machine.

use std::time::Duration;

use replab_board::Board;
use replab_machine::Machine;
use replab_record::{Claim, MachineTime, Record, StepPlace, Verdict};
use replab_scenario::{Action, Scenario, Step, show_duration};

use crate::error::{Ended, Played, RunError};
use crate::files;
use crate::needs::skip_reason;
use crate::session::Session;
use crate::snapshots::{Comparison, Mode, Store, Text};
use crate::steps;
use crate::verdict::{self, Stopped};
use crate::wave::WaveFigures;

/// The default of [`Options::settle`].
pub const SETTLE: Duration = Duration::from_millis(50);

/// How to play.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long the machine runs on after the last step, with the crash list on.
    pub settle: Duration,
    /// What to do with snapshots; `None` to compare none.
    pub snapshots: Option<Mode>,
    /// What an emulator that is not installed does to its runs.
    pub missing: Missing,
}

/// What an emulator that is not installed does to its runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// They are skipped.
    Skips,
    /// They are broken, as in CI for what set-up installs.
    Breaks,
}

impl Default for Options {
    fn default() -> Options {
        Options { settle: SETTLE, snapshots: Some(Mode::ReadOnly), missing: Missing::Breaks }
    }
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// All that crossed ports and pins.
    pub record: Record,
    /// What the firmware sent on the port of the REPL, as text without times: what a
    /// snapshot of the transcript at the end of the run would hold.
    pub transcript: String,
    /// Machine time at the end of the run.
    pub end: MachineTime,
    /// The steps that began, in order.
    pub steps: Vec<StepSummary>,
    /// How its snapshot compares, if one was compared.
    pub snapshot: Option<Comparison>,
}

/// One step as it was played.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSummary {
    /// Where it stands.
    pub place: StepPlace,
    /// When it started.
    pub start: MachineTime,
    /// When it ended, or the run did.
    pub end: MachineTime,
    /// Figures that it took.
    pub measured: Option<Measured>,
}

/// Figures of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Measured {
    /// Of `wave`.
    Wave(WaveFigures),
}

impl Outcome {
    /// That of a run that was not played, or broke before it began.
    pub fn unplayed(verdict: Verdict) -> Outcome {
        Outcome {
            verdict,
            record: Record::default(),
            transcript: String::new(),
            end: MachineTime::ZERO,
            steps: Vec::new(),
            snapshot: None,
        }
    }
}

/// Plays `scenario` on `machine`, which is `board` as `target` runs it, from power-on.
pub fn play(
    scenario: &Scenario,
    board: &Board,
    target: &str,
    machine: Machine,
    options: &Options,
) -> Outcome {
    if let Some(reason) = skip_reason(scenario, board, target, &machine) {
        return Outcome::unplayed(Verdict::Skipped(reason));
    }
    let mut session = match Session::new(scenario, board, machine) {
        Ok(session) => session,
        Err(error) => return Outcome::unplayed(verdict::broken(&error, None)),
    };
    let mut run = Run { scenario, options, steps: Vec::new(), snapshot: None };
    let played = run.play(&mut session);
    let end = session.now();
    let snapshot = run.snapshot.as_ref().map(|(comparison, _)| comparison.clone());
    let verdict = verdict::decide(played, run.snapshot, end);
    Outcome {
        verdict,
        transcript: session.output.transcript(),
        record: session.record,
        end,
        steps: run.steps,
        snapshot,
    }
}

/// A run as it is being played.
struct Run<'a> {
    scenario: &'a Scenario,
    options: &'a Options,
    steps: Vec<StepSummary>,
    snapshot: Option<(Comparison, StepPlace)>,
}

impl Run<'_> {
    /// From power-on to the end of the settle time. An error comes with the step
    /// that was being played.
    fn play(&mut self, session: &mut Session<'_>) -> Result<(), Box<Stopped>> {
        put_files(self.scenario, session).map_err(|error| stopped(Ended::Broken(error), None))?;
        let mut text = None;
        for index in 0..self.scenario.steps.len() {
            let place = self.place(index);
            let result = self.play_step(session, index);
            result.map_err(|ended| {
                stopped(ended, Some(StepPlace { line: session.line(), ..place.clone() }))
            })?;
            if let Action::Snapshot(_) = self.scenario.steps[index].action {
                text = Some((session.output.transcript(), place));
            }
        }
        session
            .run_to(session.now() + self.options.settle)
            .map_err(|ended| stopped(self.settling(ended), None))?;
        match (self.options.snapshots, text) {
            (Some(mode), Some((text, place))) => {
                let comparison = self
                    .compare(mode, &text, &place)
                    .map_err(|ended| stopped(ended, Some(place.clone())))?;
                self.snapshot = Some((comparison, place));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn play_step(&mut self, session: &mut Session<'_>, index: usize) -> Played {
        let step = &self.scenario.steps[index];
        session.begin(step)?;
        let start = session.now();
        let played = steps::play(session, step);
        let (measured, result) = match played {
            Ok(measured) => (measured, Ok(())),
            Err(ended) => (None, Err(ended)),
        };
        self.steps.push(StepSummary {
            place: self.place(index),
            start,
            end: session.now(),
            measured,
        });
        result
    }

    /// What ended the settle time: no step is to blame.
    fn settling(&self, ended: Ended) -> Ended {
        match ended {
            Ended::Failed(mut failure) => {
                if let Claim::Crash { expected, .. } = &mut failure.claim {
                    *expected = format!(
                        "no crash in the {} after the last step",
                        show_duration(self.options.settle)
                    );
                }
                Ended::Failed(failure)
            }
            other => other,
        }
    }

    fn place(&self, index: usize) -> StepPlace {
        let step: &Step = &self.scenario.steps[index];
        StepPlace {
            number: index + 1,
            of: self.scenario.steps.len(),
            file: self.scenario.file.clone(),
            line: step.line,
            title: step.name.clone().unwrap_or_else(|| steps::word(&step.action).to_string()),
        }
    }

    /// Compares the snapshot of the run. A failed run takes none: its text says
    /// less than its failure.
    fn compare(&self, mode: Mode, body: &str, place: &StepPlace) -> Played<Comparison> {
        let stem = self.scenario.identity.rsplit('/').next().unwrap_or(&self.scenario.identity);
        let source = format!("{}.yaml", self.scenario.identity);
        let text = Text { stem, source: &source, line: place.line, body };
        Ok(Store::beside(&self.scenario.file, mode).compare(text)?)
    }
}

fn stopped(ended: Ended, step: Option<StepPlace>) -> Box<Stopped> {
    Box::new(Stopped { ended, step })
}

/// Writes the scenario's files into the flash of the machine, before its first instruction.
fn put_files(scenario: &Scenario, session: &mut Session<'_>) -> Result<(), RunError> {
    if scenario.files.is_empty() {
        return Ok(());
    }
    let board = session.board;
    let no_file_system = || RunError::NoFileSystem { board: board.name.clone() };
    let place = board.file_system.as_ref().ok_or_else(no_file_system)?;
    let runs = files::image(place, &scenario.files)
        .map_err(|source| RunError::Files { board: board.name.clone(), source })?;
    for run in runs {
        if !session.write_memory(run.address, &run.bytes)? {
            return Err(no_file_system());
        }
    }
    Ok(())
}
