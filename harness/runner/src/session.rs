//! A run in progress: the machine, what it has done, and how far the steps have read.
//!
//! Steps let the machine go only through here. So whatever holds through the
//! whole run (no crash, nothing that must never come) is seen at each stop, the
//! record is complete, and a reset that the firmware asks for is carried out.

mod board;
mod crash;
mod find;
mod inside;
mod seat;
mod stimuli;
mod wires;

use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use replab_board::Board;
use replab_machine::{Condition, Machine, StopCause, Timing};
use replab_memory::{Image, Sample};
use replab_record::{
    Claim, Event, Failure, Found, MachineTime, Marginal, PinName, PortName, Record, ResetCause,
    StepPlace,
};
use replab_scenario::{At, Captures, Never, NewAnswer, Scenario, Step, show_duration};

use seat::Seat;

use crate::always::{Always, Restart};
use crate::error::{Played, RunError, failed};
use crate::output::{Output, quoted};
use crate::random::Random;

/// The longest pattern that a machine looks for ([`Condition::Bytes`]).
const LONGEST_PATTERN: usize = 256;

/// Firmware that has sent nothing for so many character times has nothing more to
/// send at present: it sends what it has one byte after the other.
const QUIET_CHARACTERS: u32 = 10;
/// The least time without output that counts as quiet, however fast the port is.
const QUIET: Duration = Duration::from_millis(1);
/// The same by the desk clock, where the computer has other things to do as well.
const WALL_QUIET: Duration = Duration::from_millis(50);
/// Bits on the wire for a byte (8N1).
const BITS_PER_BYTE: u64 = 10;

/// A run in progress. A copy of it has no machine: see [`Seat`].
#[derive(Clone)]
pub(crate) struct Session<'a> {
    pub(crate) board: &'a Board,
    pub(crate) record: Record,
    pub(crate) output: Output,
    machine: Seat,
    port: PortName,
    quiet: Duration,
    always: Always<'a>,
    /// Output before here was read by some step.
    cursor: usize,
    /// Where the output stood when the step before, and this step, began.
    step_outputs: (usize, usize),
    /// Where it stood when the last step began that typed something.
    typing_output: usize,
    timing: Timing,
    step_start: MachineTime,
    within: Duration,
    at_prompt: bool,
    line: usize,
    /// Where the step stands that is being played.
    step: Option<Rc<StepPlace>>,
    /// What is to happen from outside.
    stimuli: stimuli::Stimuli,
    wires: wires::Wires,
    /// Whether a step types and nobody else may, also where it waits for the board meanwhile.
    is_typing: bool,
    /// When the last byte arrives that a step has typed.
    typed_until: MachineTime,
    /// What the firmware has touched that is not emulated, by its first time.
    pub(crate) found: Vec<Found>,
    /// What answers so far have had for named wildcards.
    pub(crate) captures: Captures,
    /// Answers that are not as claimed, where they are taken as right.
    pub(crate) new_answers: Option<Vec<NewAnswer>>,
    /// Claims that held, and hardly so.
    pub(crate) marginal: Vec<Marginal>,
    /// Whether such a claim is taken as one that does not hold.
    pub(crate) is_strict: bool,
    /// How full the memory was at the last `memory` step.
    pub(crate) sample: Option<Sample>,
    /// Where all that a step chooses comes from.
    pub(crate) random: Random,
    firmware: Option<&'a Path>,
    /// The firmware's file, once somebody has asked for it.
    image: Option<Option<Rc<Image>>>,
}

impl<'a> Session<'a> {
    /// A session with a machine at power-on.
    pub(crate) fn new(
        scenario: &'a Scenario,
        board: &'a Board,
        firmware: Option<&'a Path>,
        machine: Machine,
    ) -> Result<Session<'a>, RunError> {
        let (port, definition) =
            board.repl_port().ok_or_else(|| RunError::NoReplPort { board: board.name.clone() })?;
        let character =
            Duration::from_nanos(BITS_PER_BYTE * 1_000_000_000 / u64::from(definition.baud));
        let timing = machine.timing;
        let least = match timing {
            Timing::Exact => QUIET,
            Timing::Wall => WALL_QUIET,
        };
        let mut session = Session {
            board,
            record: Record::default(),
            output: Output::default(),
            machine: Seat::of(machine),
            port: port.clone(),
            quiet: least.max(character * QUIET_CHARACTERS),
            always: Always::new(&scenario.never),
            cursor: 0,
            step_outputs: (0, 0),
            typing_output: 0,
            timing,
            step_start: MachineTime::ZERO,
            within: Duration::ZERO,
            at_prompt: false,
            line: 0,
            step: None,
            stimuli: stimuli::Stimuli::default(),
            wires: wires::Wires::default(),
            is_typing: false,
            typed_until: MachineTime::ZERO,
            found: Vec::new(),
            captures: Captures::new(),
            new_answers: None,
            marginal: Vec::new(),
            is_strict: false,
            sample: None,
            random: Random::new(u64::from(scenario.seed)),
            firmware,
            image: None,
        };
        session.release_buttons()?;
        Ok(session)
    }

    /// Waits for the time at which `step` starts, and starts it. It stands at `place`.
    pub(crate) fn begin(&mut self, step: &Step, place: &StepPlace) -> Played {
        match step.at {
            None => {}
            Some(At::Step(pause)) => self.run_to(self.now() + pause)?,
            Some(At::Machine(time)) => {
                let (at, now) = (MachineTime::ZERO + time, self.now());
                if at < now {
                    return Err(RunError::Past { at, now }.into());
                }
                self.run_to(at)?;
            }
        }
        self.step_outputs = (self.step_outputs.1, self.output.len());
        self.step_start = self.now();
        self.within = step.within;
        self.line = step.line;
        self.step = Some(Rc::new(place.clone()));
        Ok(())
    }

    /// The machine time.
    pub(crate) fn now(&self) -> MachineTime {
        self.machine.run.now()
    }

    /// The part of the step that is being played stands on this line of the scenario's file.
    pub(crate) fn at_line(&mut self, line: usize) {
        self.line = line;
    }

    /// The line of what is being played.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// When the step started.
    pub(crate) fn step_start(&self) -> MachineTime {
        self.step_start
    }

    /// Until when the step's claim may come true.
    pub(crate) fn deadline(&self) -> MachineTime {
        self.step_start + self.within
    }

    /// Where `expect` begins to look: at the start of the step before, but after
    /// what was read already. By the desk clock, at the start of the last step that
    /// typed something: there the answer may have come before the next step began.
    pub(crate) fn unread(&self) -> usize {
        let border = match self.timing {
            Timing::Exact => self.step_outputs.0,
            Timing::Wall => self.typing_output,
        };
        self.cursor.max(border)
    }

    /// Where the output stood when the step before began.
    pub(crate) fn output_before(&self) -> usize {
        self.step_outputs.0
    }

    /// Everything before `position` has been read.
    pub(crate) fn read_to(&mut self, position: usize) {
        self.cursor = self.cursor.max(position);
    }

    /// The first byte that no step has read.
    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Whether the last thing that was read is a prompt, and nothing was typed since.
    pub(crate) fn is_at_prompt(&self) -> bool {
        self.at_prompt
    }

    /// A prompt has been read up to `end`.
    pub(crate) fn read_prompt(&mut self, end: usize) {
        self.read_to(end);
        self.at_prompt = true;
        self.always.prompt_seen();
    }

    /// Lets the machine run to exactly `time`.
    pub(crate) fn run_to(&mut self, time: MachineTime) -> Played {
        self.go(time, &[]).map(|_| ())
    }

    /// Lets the machine run until one of `patterns` has come complete, at or
    /// after `from` in the output, but not beyond `deadline`.
    pub(crate) fn wait_for(
        &mut self,
        patterns: &[&[u8]],
        from: usize,
        deadline: MachineTime,
    ) -> Played<Option<(usize, Range<usize>)>> {
        let conditions: Vec<Condition> =
            patterns.iter().map(|pattern| self.condition(pattern)).collect();
        loop {
            if let Some(found) = self.output.find(patterns, from) {
                return Ok(Some(found));
            }
            if self.go(deadline, &conditions)?.is_none() {
                return Ok(self.output.find(patterns, from));
            }
        }
    }

    /// Lets the machine run until `length` bytes have been sent in the run, but not beyond `deadline`.
    pub(crate) fn wait_for_length(&mut self, length: usize, deadline: MachineTime) -> Played<bool> {
        while self.output.len() < length && self.now() < deadline {
            let slice = (self.now() + self.quiet).min(deadline);
            self.run_to(slice)?;
        }
        Ok(self.output.len() >= length)
    }

    /// How long nothing comes when the firmware has nothing more to send.
    pub(crate) fn quiet(&self) -> Duration {
        self.quiet
    }

    /// Whether nothing has come for the quiet time.
    pub(crate) fn is_quiet(&self) -> bool {
        self.output.last_at().is_none_or(|last| self.now().since(last) >= self.quiet)
    }

    /// Lets the machine run until nothing has come for the quiet time. Whether it has
    /// become quiet before `deadline`.
    pub(crate) fn is_quiet_before(&mut self, deadline: MachineTime) -> Played<bool> {
        loop {
            let length = self.output.len();
            let since = self.output.last_at().unwrap_or(MachineTime::ZERO);
            self.run_to((since + self.quiet).max(self.now()))?;
            if self.output.len() == length {
                return Ok(true);
            }
            if self.now() >= deadline {
                return Ok(false);
            }
        }
    }

    /// Lets the machine run until a pin of `pins` may have changed, but not beyond
    /// `deadline`. Whether one may have.
    pub(crate) fn wait_for_edge(
        &mut self,
        pins: &[PinName],
        deadline: MachineTime,
    ) -> Played<bool> {
        let condition = |pin: &PinName| Condition::Edge { pin: pin.clone(), level: None };
        let behind = self.wires.behind(pins);
        let conditions: Vec<Condition> = pins.iter().chain(&behind).map(condition).collect();
        // What comes from outside stops no machine.
        let next = self.next_level(pins).map(|at| at + Duration::from_nanos(1));
        let until = next.map_or(deadline, |next| deadline.min(next));
        Ok(self.go(until, &conditions)?.is_some() || self.now() < deadline)
    }

    /// Types `bytes` from now on; the time at which the last one is due.
    pub(crate) fn type_bytes(&mut self, bytes: &[u8]) -> Played<MachineTime> {
        self.check_free()?;
        self.at_prompt = false;
        self.typing_output = self.step_outputs.1;
        let now = self.now();
        self.typed_until = self.machine.run.send(&self.port, bytes, now).map_err(RunError::from)?;
        Ok(self.typed_until)
    }

    /// Whether the step types, and nobody else may until it has said all.
    pub(crate) fn type_undisturbed(&mut self, is_typing: bool) {
        self.is_typing = is_typing;
    }

    /// How many typed bytes have not arrived.
    pub(crate) fn pending(&mut self) -> Played<usize> {
        Ok(self.machine.run.pending(&self.port).map_err(RunError::from)?)
    }

    /// From now on `all` must not come, because `step` says so.
    pub(crate) fn forbid(&mut self, all: &'a [Never], step: &StepPlace) {
        self.always.forbid(all, self.output.len(), step);
    }

    /// Python has started again, because the step asked it to, and has said so up to `end`.
    pub(crate) fn soft_reset_seen(&mut self, end: usize) {
        self.read_to(end);
        self.always.restart_was_asked_for();
    }

    /// The port of the REPL.
    pub(crate) fn port(&self) -> &PortName {
        &self.port
    }

    /// `what` should have come by the deadline, and since `from` this came.
    pub(crate) fn missing_output(&self, what: &str, from: usize) -> Failure {
        let expected = format!("{what} on {} within {}", self.port, show_duration(self.within));
        failed(Claim::Output { expected, got: self.got(from) }, self.now())
    }

    /// What came since `from`, as the end of a sentence.
    pub(crate) fn got(&self, from: usize) -> String {
        let bytes = &self.output.bytes()[from.min(self.output.len())..];
        match (bytes.is_empty(), self.output.last_at()) {
            (false, _) => quoted(bytes),
            (true, Some(at)) => format!("nothing after {at:.3}"),
            (true, None) => "nothing at all".to_string(),
        }
    }

    /// Lets the machine go to `until` or to the first of `conditions`: its index.
    fn go(&mut self, until: MachineTime, conditions: &[Condition]) -> Played<Option<usize>> {
        loop {
            self.hand_over()?;
            let end = self.next_hand_over().map_or(until, |text| until.min(text));
            let always = self.always.patterns().map(|pattern| self.condition(pattern));
            let own = always.chain(self.wires.conditions());
            let all: Vec<Condition> = conditions.iter().cloned().chain(own).collect();
            let stop = self.machine.run.go(end, &all).map_err(RunError::from)?;
            self.absorb(stop.events);
            self.change_due_wires()?;
            let found = self.find();
            self.check_always()?;
            found?;
            self.check_flood()?;
            match stop.cause {
                StopCause::Time if end < until => {}
                StopCause::Time => return Ok(None),
                StopCause::Condition { index } if index < conditions.len() => {
                    return Ok(Some(index));
                }
                // It was looked at above.
                StopCause::Condition { .. } => {}
                StopCause::Fault(fault) => return Err(self.faulted(&fault, stop.at)),
                StopCause::Lockup(registers) => return Err(self.locked_up(&registers, stop.at)),
                StopCause::Rom(end) => return Err(self.ended_in_rom(end, stop.at)),
                // What came was looked at above.
                StopCause::Full => {}
                StopCause::Reset => self.reset()?,
            }
        }
    }

    /// Carries out the reset that the firmware asks for.
    fn reset(&mut self) -> Played {
        let sign = self.always.restarts(Restart::Reset, self.now());
        sign.map_err(|sign| self.ended_by(sign))?;
        let events = self.machine.run.reset().map_err(RunError::from)?;
        self.started_anew(events)
    }

    fn started_anew(&mut self, events: Vec<Event>) -> Played {
        let looked = self.always.look_at_cut_line(&self.output);
        self.absorb(events);
        self.plan_again()?;
        self.at_prompt = false;
        looked.map_err(|sign| self.ended_by(sign))
    }

    fn absorb(&mut self, events: Vec<Event>) {
        self.see_lost();
        for event in &events {
            self.stimuli.see(event);
            self.wires.see(event);
            match event {
                Event::Sent { port, byte, at } if *port == self.port => {
                    self.output.push(*byte, *at)
                }
                Event::Reset { cause, .. } => {
                    self.output.start_anew();
                    if *cause != ResetCause::Firmware {
                        // The lab's own is an act like typing: what came before is no answer to it.
                        self.typing_output = self.output.len();
                    }
                }
                _ => {}
            }
        }
        self.record.extend(events);
    }

    fn condition(&self, pattern: &[u8]) -> Condition {
        let end = &pattern[pattern.len().saturating_sub(LONGEST_PATTERN)..];
        Condition::Bytes { port: self.port.clone(), pattern: end.to_vec() }
    }
}
