//! A run that can be stopped between two steps, and go on from there more than once.

use std::mem;

use replab_machine::{Checkpoint, Machine};
use replab_record::Verdict;
use replab_scenario::Scenario;

use crate::error::Ended;
use crate::hints;
use crate::needs::skip_reason;
use crate::play::{Options, Outcome, Run, put_files, stopped};
use crate::pool::Job;
use crate::session::Session;
use crate::verdict::{self, Stopped};

/// A run in progress: what it knows, and how far it has come. A copy of it has no machine.
#[derive(Clone)]
pub(crate) struct Playing<'a> {
    run: Run<'a>,
    session: Session<'a>,
}

impl<'a> Playing<'a> {
    /// At power-on of `machine`. What it came to already, if it is not to be played.
    pub(crate) fn at_power_on(
        job: &Job<'a>,
        machine: Machine,
        options: &'a Options,
    ) -> Result<Playing<'a>, Box<Outcome>> {
        let Job { scenario, board, target, firmware } = *job;
        if let Some(reason) = skip_reason(scenario, board, target, &machine) {
            return Err(Box::new(Outcome::unplayed(Verdict::Skipped(reason))));
        }
        let mut session = Session::new(scenario, board, firmware, machine)
            .map_err(|error| Box::new(Outcome::unplayed(verdict::broken(&error, None))))?;
        session.is_strict = options.strict;
        let keeps_answers = options.accept_answers && scenario.fails.is_none();
        session.new_answers = keeps_answers.then(Vec::new);
        Ok(Playing { run: Run::new(scenario, target, options), session })
    }

    /// What `scenario` comes to without being played on `machine`, if it is not to be.
    pub(crate) fn skipped(&self, scenario: &Scenario, machine: &Machine) -> Option<Outcome> {
        let reason = skip_reason(scenario, self.session.board, self.run.target, machine)?;
        Some(Outcome::unplayed(Verdict::Skipped(reason)))
    }

    /// The same as far as it is now, with `machine` as it is now, and goes on as `scenario`
    /// does.
    pub(crate) fn with(self, scenario: &'a Scenario, machine: Machine) -> Playing<'a> {
        let Playing { run, session } = self;
        Playing { run: Run { scenario, ..run }, session: session.on(machine) }
    }

    /// Writes the scenario's files, before the first instruction.
    pub(crate) fn put_files(&mut self) -> Result<(), Box<Stopped>> {
        put_files(self.run.scenario, &mut self.session)
            .map_err(|error| stopped(Ended::Broken(error), None))
    }

    /// Plays so many steps, those that were played included.
    pub(crate) fn play_to(&mut self, steps: usize) -> Result<(), Box<Stopped>> {
        self.run.play_to(&mut self.session, steps)
    }

    /// Keeps the machine as it is now, if that can be.
    pub(crate) fn keep(&mut self) -> Option<Checkpoint> {
        self.session.keep()
    }

    /// Plays all that is left, to the end of the settle time.
    pub(crate) fn play_rest(&mut self) -> Result<(), Box<Stopped>> {
        self.run.play_rest(&mut self.session)
    }

    /// What it came to, and its machine.
    pub(crate) fn end(self, played: Result<(), Box<Stopped>>) -> (Outcome, Option<Machine>) {
        let Playing { run, mut session } = self;
        let timing = session.timing();
        let end = session.now();
        let snapshots = run.snapshots.iter().map(|(comparison, _)| comparison.clone()).collect();
        let memory = if run.options.keep_memory { session.memory() } else { Vec::new() };
        let mut verdict = verdict::decide(played, run.snapshots, end);
        let figures = if run.options.figures { session.figures() } else { None };
        // Last, because the machine may go on for it.
        if let Verdict::Failed(failure) = &mut verdict {
            failure.hint = hints::hint(failure, run.scenario, &mut session, &run.steps);
        }
        let (verdict, wanted) = match &run.scenario.fails {
            Some(says) => verdict::of_wrong(verdict, says, &session.output.transcript(), end),
            None => (verdict, None),
        };
        let outcome = Outcome {
            wanted,
            memory,
            figures,
            answers: session.new_answers.take().unwrap_or_default(),
            marginal: mem::take(&mut session.marginal),
            findings: mem::take(&mut session.found),
            proved: None,
            verdict,
            timing,
            transcript: session.output.transcript(),
            lines: session.output.lines(),
            record: mem::take(&mut session.record),
            end,
            steps: run.steps,
            snapshots,
        };
        (outcome, session.into_machine())
    }
}
