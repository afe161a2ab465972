//! What is known of a failure.

use std::time::Duration;

use replab_board::Board;
use replab_memory::HeapFigures;
use replab_record::{Claim, Event, Failure, MachineTime, PinName, Record};
use replab_scenario::{Action, Scenario, Step};

use super::exceptions::Exception;
use super::{exceptions, time};
use crate::output::Output;
use crate::play::StepSummary;
use crate::session::Session;

/// How long the machine goes on after a failure, to see whether what was awaited
/// only comes late.
pub(super) const AHEAD: Duration = Duration::from_secs(5);

/// A file in the board's flash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Its path, without the first `/`.
    pub(crate) path: String,
    /// Its size in bytes.
    pub(crate) bytes: u32,
}

/// What is known of a failure.
pub(crate) struct Facts<'a> {
    pub(super) failure: &'a Failure,
    pub(super) board: &'a Board,
    pub(super) scenario: &'a Scenario,
    /// The steps that began, in order. The last one failed. Never empty.
    pub(super) steps: &'a [StepSummary],
    /// All that happened until then.
    pub(super) record: &'a Record,
    /// What was sent on the port of the REPL until then.
    pub(super) output: &'a Output,
    /// Where the output stood when the step before the failed one began.
    pub(super) output_from: usize,
    /// The exception that was told last since then.
    pub(super) exception: Option<Exception>,
    /// The heap after the failure, if that was asked for and is known.
    pub(super) heap: Option<HeapFigures>,
    /// The files on the board after the failure, if they can be read.
    pub(super) files: Option<Vec<Stored>>,
    /// What happened in the time [`AHEAD`] of the failure, if the machine was let go for it.
    pub(super) later: Option<Vec<Event>>,
}

impl<'a> Facts<'a> {
    /// Asks the machine for what may explain `failure`; `None` where no step is to blame.
    pub(super) fn gather<'s>(
        failure: &'a Failure,
        scenario: &'a Scenario,
        session: &'a mut Session<'s>,
        steps: &'a [StepSummary],
    ) -> Option<Facts<'a>> {
        failure.step.as_ref()?;
        let step = scenario.steps.get(steps.len().checked_sub(1)?)?;
        let output_from = session.output_before();
        let exception = exceptions::told(&failure.claim, &session.output, output_from);
        let is_crash = matches!(failure.claim, Claim::Crash { .. });
        let name = exception.as_ref().map(|exception| exception.name.as_str());
        let heap = match name {
            Some("MemoryError") => session.figures().and_then(|sample| sample.heap),
            _ => None,
        };
        let files = if is_crash { None } else { session.files_on_board() };
        let wants_later = !is_crash
            && session.is_exact()
            && failure.diagnosis.is_some()
            && time::awaited(&step.action, &failure.claim).is_some();
        let later = if wants_later { session.look_ahead(AHEAD) } else { None };
        let session = &*session;
        Some(Facts {
            failure,
            board: session.board,
            scenario,
            steps,
            record: &session.record,
            output: &session.output,
            output_from,
            exception,
            heap,
            files,
            later,
        })
    }

    /// The step that failed.
    pub(super) fn step(&self) -> &'a Step {
        &self.scenario.steps[self.index()]
    }

    /// Its place in the scenario.
    pub(super) fn index(&self) -> usize {
        self.steps.len() - 1
    }

    /// When it began.
    pub(super) fn start(&self) -> MachineTime {
        self.steps[self.index()].start
    }

    /// Where the firmware's output begins that it has sent at `time` or later.
    pub(super) fn output_at(&self, time: MachineTime) -> usize {
        let length = self.output.len();
        (0..length)
            .find(|at| self.output.at(*at).is_some_and(|sent| sent >= time))
            .unwrap_or(length)
    }

    /// Whether the lab has ever driven `pin`.
    pub(super) fn is_driven(&self, pin: &PinName) -> bool {
        let of_pin = |event: &Event| matches!(event, Event::Driven { pin: on, .. } if on == pin);
        self.record.events().iter().any(of_pin)
    }

    /// All code that the failed step and those before it bring: typed, pasted, run, or in files.
    pub(super) fn sources(&self) -> Vec<String> {
        let files = self.scenario.files.values().map(|bytes| String::from_utf8_lossy(bytes).into());
        let played = self.scenario.steps[..self.steps.len()].iter();
        files.chain(played.filter_map(|step| source(&step.action))).collect()
    }
}

/// The code that `action` brings.
pub(super) fn source(action: &Action) -> Option<String> {
    match action {
        Action::Repl(exchanges) => {
            let lines = exchanges.iter().flat_map(|exchange| &exchange.typed);
            Some(lines.map(|line| format!("{line}\n")).collect())
        }
        Action::Exec(code) | Action::Paste(code) => Some(code.text.clone()),
        Action::Send(bytes) => Some(String::from_utf8_lossy(bytes).replace('\r', "\n")),
        _ => None,
    }
}
