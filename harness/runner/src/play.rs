//! Plays one scenario on one machine.

use std::path::Path;
use std::time::Duration;

use replab_board::Board;
use replab_machine::{Machine, Timing};
use replab_memory::{Change, Sample};
use replab_record::{Claim, Failure, Found, MachineTime, Marginal, Record, StepPlace, Verdict};
use replab_scenario::{Action, NewAnswer, Scenario, SnapshotPart, Step, show_duration};

use crate::error::{Ended, Played, RunError};
use crate::files;
use crate::output::SentLine;
use crate::pool::Job;
use crate::session::Session;
use crate::share::play_from_power_on;
use crate::snapping::Seen;
use crate::snapshots::{Comparison, Firmware, Mode, Store, Text};
use crate::steps;
use crate::stop::Stop;
use crate::verdict::Stopped;
use crate::wave::{ContractFigures, WaveFigures};

/// The default of [`Options::settle`].
pub const SETTLE: Duration = Duration::from_millis(50);

/// How to play.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long the machine runs on after the last step, with the crash list on.
    pub settle: Duration,
    /// What to do with snapshots; `None` to compare none.
    pub snapshots: Option<Mode>,
    /// Whether the exact figures of a target are compared too: those of another
    /// edition of a lesson are others.
    pub exact_snapshots: bool,
    /// Whether answers of `repl` steps that are not as claimed are kept in the outcome
    /// instead of failing the run.
    pub accept_answers: bool,
    /// What an emulator that is not installed does to its runs.
    pub missing: Missing,
    /// Whether a claim that hardly holds is taken as one that does not.
    pub strict: bool,
    /// Whether the memory at the end of a run is kept in its outcome.
    pub keep_memory: bool,
    /// Whether the figures of stack and heap are taken at the end of a run.
    pub figures: bool,
    /// Stops the playing of many.
    pub stop: Stop,
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
        Options {
            settle: SETTLE,
            snapshots: Some(Mode::ReadOnly),
            exact_snapshots: true,
            accept_answers: false,
            strict: false,
            missing: Missing::Breaks,
            keep_memory: false,
            figures: false,
            stop: Stop::default(),
        }
    }
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// What drove the machine's clock.
    pub timing: Timing,
    /// All that crossed ports and pins.
    pub record: Record,
    /// What the firmware sent on the port of the REPL, as text without times: what a
    /// snapshot of the transcript at the end of the run would hold.
    pub transcript: String,
    /// The same, line by line, with its times.
    pub lines: Vec<SentLine>,
    /// Machine time at the end of the run.
    pub end: MachineTime,
    /// The steps that began, in order.
    pub steps: Vec<StepSummary>,
    /// How its snapshots compare, if some were compared.
    pub snapshots: Vec<Comparison>,
    /// The board's memory regions at the end, from low to high addresses; empty unless
    /// [`Options::keep_memory`] asks for them and the machine can be read.
    pub memory: Vec<Content>,
    /// How full stack and heap are at the end, if [`Options::figures`] asks for it and
    /// the firmware has marks (`docs/memory.md`).
    pub figures: Option<Sample>,
    /// Answers that are not as the scenario claims, if [`Options::accept_answers`]
    /// asks for them.
    pub answers: Vec<NewAnswer>,
    /// The failure that the scenario claims of itself, if it came: the run has passed.
    pub wanted: Option<Box<Failure>>,
    /// Claims that held, and hardly so, in order.
    pub marginal: Vec<Marginal>,
    /// What the firmware has touched that is not emulated, one for each kind and
    /// peripheral, by the first time.
    pub findings: Vec<Found>,
    /// How many runs were compared and found equal, if that was asked for.
    pub proved: Option<usize>,
}

/// The content of a memory region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its first address.
    pub at: u32,
    /// All of it.
    pub bytes: Vec<u8>,
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
    Wave(Vec<WaveFigures>),
    /// Of `contract`.
    Contract(ContractFigures),
    /// Of `memory`.
    Memory(MemorySample),
}

impl Measured {
    /// What was measured on pins, if that was done.
    pub fn waves(&self) -> &[WaveFigures] {
        match self {
            Measured::Wave(figures) => figures,
            Measured::Contract(figures) => std::slice::from_ref(&figures.wave),
            Measured::Memory(_) => &[],
        }
    }

    /// What was found in memory, if that was looked at.
    pub fn memory(&self) -> Option<&MemorySample> {
        match self {
            Measured::Memory(sample) => Some(sample),
            Measured::Wave(_) | Measured::Contract(_) => None,
        }
    }
}

/// What a `memory` step has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemorySample {
    /// How full stack and heap are.
    pub now: Sample,
    /// What has changed since the `memory` step before; `None` for the first.
    pub change: Option<Change>,
}

impl Outcome {
    /// That of a run that was not played, or broke before it began.
    pub fn unplayed(verdict: Verdict) -> Outcome {
        Outcome {
            verdict,
            timing: Timing::Exact,
            record: Record::default(),
            transcript: String::new(),
            lines: Vec::new(),
            end: MachineTime::ZERO,
            steps: Vec::new(),
            snapshots: Vec::new(),
            memory: Vec::new(),
            figures: None,
            answers: Vec::new(),
            wanted: None,
            marginal: Vec::new(),
            findings: Vec::new(),
            proved: None,
        }
    }
}

/// Plays `scenario` on `machine`, which is `board` as `target` runs it, from power-on.
/// `firmware` is the file that it runs: names and lines for failures, read only if one comes.
pub fn play(
    scenario: &Scenario,
    board: &Board,
    target: &str,
    firmware: Option<&Path>,
    machine: Machine,
    options: &Options,
) -> Outcome {
    let job = Job { scenario, board, target, firmware };
    play_from_power_on(&job, machine, options, None).0
}

/// How far a run has come.
#[derive(Clone)]
pub(crate) struct Run<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) options: &'a Options,
    /// Those that have begun.
    pub(crate) steps: Vec<StepSummary>,
    pub(crate) target: &'a str,
    /// What the last `snapshot` step has seen, and where that stands.
    pub(crate) seen: Option<(Seen, StepPlace)>,
    pub(crate) snapshots: Vec<(Comparison, StepPlace)>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(scenario: &'a Scenario, target: &'a str, options: &'a Options) -> Run<'a> {
        Run { scenario, options, steps: Vec::new(), target, seen: None, snapshots: Vec::new() }
    }

    /// Plays on until so many steps are played. An error comes with the step that was
    /// being played.
    pub(crate) fn play_to(
        &mut self,
        session: &mut Session<'a>,
        steps: usize,
    ) -> Result<(), Box<Stopped>> {
        for index in self.steps.len()..steps {
            let place = self.place(index);
            let result = self.play_step(session, index);
            result.map_err(|ended| {
                stopped(ended, Some(StepPlace { line: session.line(), ..place.clone() }))
            })?;
            if let Action::Snapshot(parts) = &self.scenario.steps[index].action {
                let wants_memory = parts.contains(&SnapshotPart::Memory);
                let mut samples = Seen::samples(&self.steps);
                if wants_memory {
                    samples.extend(session.figures().map(|sample| (place.number, sample)));
                }
                let now = Seen {
                    parts: parts.clone(),
                    transcript: session.output.transcript(),
                    waves: Seen::waves(&self.steps),
                    samples,
                    totals: if wants_memory { session.firmware_totals() } else { None },
                };
                self.seen = Some((now, place));
            }
        }
        Ok(())
    }

    /// From where it is to the end of the settle time.
    pub(crate) fn play_rest(&mut self, session: &mut Session<'a>) -> Result<(), Box<Stopped>> {
        self.play_to(session, self.scenario.steps.len())?;
        session
            .run_to(session.now() + self.options.settle)
            .map_err(|ended| stopped(self.settling(ended), None))?;
        if let Some(unseen) = session.unseen().or_else(|| session.unchanged()) {
            return Err(stopped(Ended::Broken(unseen.error), unseen.step));
        }
        if let (Some(mode), Some((seen, place))) = (self.options.snapshots, self.seen.take()) {
            let compared = self.compare(mode, session, &seen, &place);
            compared.map_err(|ended| stopped(ended, Some(place)))?;
        }
        Ok(())
    }

    fn play_step(&mut self, session: &mut Session<'a>, index: usize) -> Played {
        let step = &self.scenario.steps[index];
        let place = self.place(index);
        session.begin(step, &place)?;
        let start = session.now();
        let played = steps::play(session, step, &place);
        let (measured, result) = match played {
            Ok(measured) => (measured, Ok(())),
            Err(ended) => (None, Err(explained(ended, session))),
        };
        self.steps.push(StepSummary { place, start, end: session.now(), measured });
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

    /// Compares the snapshots of the run. A failed run takes none: its text says
    /// less than its failure.
    fn compare(
        &mut self,
        mode: Mode,
        session: &mut Session<'_>,
        seen: &Seen,
        place: &StepPlace,
    ) -> Played {
        let stem = self.scenario.identity.rsplit('/').next().unwrap_or(&self.scenario.identity);
        let source = format!("{}.yaml", self.scenario.file_identity());
        let store = Store::beside(&self.scenario.file, mode);
        let mut compare = |stem: &str, firmware: Option<&Firmware>, body: &str| {
            let text = Text { stem, source: &source, line: place.line, firmware, body };
            let comparison = store.compare(text)?;
            self.snapshots.push((comparison, place.clone()));
            Played::Ok(())
        };
        if let Some(body) = seen.common() {
            compare(stem, None, &body)?;
        }
        // By the desk clock no figure comes twice.
        let is_comparable = self.options.exact_snapshots && session.is_exact();
        if let Some(body) = seen.exact().filter(|_| is_comparable) {
            let firmware = session.firmware_facts();
            compare(&format!("{stem}@{}", self.target), firmware.as_ref(), &body)?;
        }
        Ok(())
    }
}

/// A step that waited in vain asks what the firmware did instead.
fn explained(ended: Ended, session: &mut Session<'_>) -> Ended {
    match ended {
        Ended::Failed(mut failure)
            if failure.diagnosis.is_none() && session.now() >= session.deadline() =>
        {
            failure.diagnosis = session.whereabouts().map(Box::new);
            Ended::Failed(failure)
        }
        other => other,
    }
}

pub(crate) fn stopped(ended: Ended, step: Option<StepPlace>) -> Box<Stopped> {
    Box::new(Stopped { ended, step })
}

/// Writes the scenario's files into the flash of the machine, before its first instruction.
pub(crate) fn put_files(scenario: &Scenario, session: &mut Session<'_>) -> Result<(), RunError> {
    if scenario.files.is_empty() {
        return Ok(());
    }
    let board = session.board;
    let runs = files::image(&session.file_system()?, &scenario.files)
        .map_err(|source| RunError::Files { board: board.name.clone(), source })?;
    runs.iter().try_for_each(|run| session.write_memory(run.address, &run.bytes))
}
