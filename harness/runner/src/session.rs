//! A run in progress: the machine, what it has done, and how far the steps have read.
//!
//! Steps let the machine go only through here. So whatever holds through the
//! whole run (no crash, nothing that must never come) is seen at each stop, the
//! record is complete, and a reset that the firmware asks for is carried out.

use std::ops::Range;
use std::time::Duration;

use replab_board::Board;
use replab_machine::{Condition, Fault, Machine, StopCause};
use replab_record::{Claim, Event, Failure, Level, MachineTime, PinName, PortName, Record};
use replab_scenario::{At, Scenario, Step, show_duration};

use crate::always::{Always, Sign, fatal_claim, fault_claim};
use crate::error::{Ended, Played, RunError, failed};
use crate::output::{Output, quoted};

/// The longest pattern that a machine looks for ([`Condition::Bytes`]).
const LONGEST_PATTERN: usize = 256;

/// How long the machine may go on after a fault, so that the firmware's last
/// words are in the transcript.
const LAST_WORDS: Duration = Duration::from_millis(50);

/// Firmware that has sent nothing for so many character times has nothing more to
/// send at present: it sends what it has one byte after the other.
const QUIET_CHARACTERS: u32 = 10;
/// The least time without output that counts as quiet, however fast the port is.
const QUIET: Duration = Duration::from_millis(1);
/// Bits on the wire for a byte (8N1).
const BITS_PER_BYTE: u64 = 10;

/// A run in progress.
pub(crate) struct Session<'a> {
    pub(crate) board: &'a Board,
    pub(crate) record: Record,
    pub(crate) output: Output,
    machine: Machine,
    port: PortName,
    quiet: Duration,
    always: Always<'a>,
    /// Output before here was read by some step.
    cursor: usize,
    /// Where the output stood when the step before, and this step, began.
    step_outputs: (usize, usize),
    step_start: MachineTime,
    within: Duration,
    at_prompt: bool,
    line: usize,
}

impl<'a> Session<'a> {
    /// A session with a machine at power-on.
    pub(crate) fn new(
        scenario: &'a Scenario,
        board: &'a Board,
        machine: Machine,
    ) -> Result<Session<'a>, RunError> {
        let (port, definition) =
            board.repl_port().ok_or_else(|| RunError::NoReplPort { board: board.name.clone() })?;
        let character =
            Duration::from_nanos(BITS_PER_BYTE * 1_000_000_000 / u64::from(definition.baud));
        Ok(Session {
            board,
            record: Record::default(),
            output: Output::default(),
            machine,
            port: port.clone(),
            quiet: QUIET.max(character * QUIET_CHARACTERS),
            always: Always::new(&scenario.never),
            cursor: 0,
            step_outputs: (0, 0),
            step_start: MachineTime::ZERO,
            within: Duration::ZERO,
            at_prompt: false,
            line: 0,
        })
    }

    /// Waits for the time at which `step` starts, and starts it.
    pub(crate) fn begin(&mut self, step: &Step) -> Played {
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
    /// what was read already.
    pub(crate) fn unread(&self) -> usize {
        self.cursor.max(self.step_outputs.0)
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

    /// Lets the machine run until a pin of `pins` changes, but not beyond
    /// `deadline`. Whether one did.
    pub(crate) fn wait_for_edge(
        &mut self,
        pins: &[PinName],
        deadline: MachineTime,
    ) -> Played<bool> {
        let condition = |pin: &PinName| Condition::Edge { pin: pin.clone(), level: None };
        let conditions: Vec<Condition> = pins.iter().map(condition).collect();
        Ok(self.go(deadline, &conditions)?.is_some())
    }

    /// Types `bytes` from now on; the time at which the last one is due.
    pub(crate) fn type_bytes(&mut self, bytes: &[u8]) -> Played<MachineTime> {
        self.at_prompt = false;
        let now = self.now();
        Ok(self.machine.run.send(&self.port, bytes, now).map_err(RunError::from)?)
    }

    /// How many typed bytes have not arrived.
    pub(crate) fn pending(&mut self) -> Played<usize> {
        Ok(self.machine.run.pending(&self.port).map_err(RunError::from)?)
    }

    /// The pin that a scenario's `word` means.
    pub(crate) fn pin(&self, word: &str) -> Played<PinName> {
        let missing = || RunError::NoPin { board: self.board.name.clone(), pin: word.to_string() };
        Ok(self.board.pin(word).cloned().ok_or_else(missing)?)
    }

    /// What `pin` is now, and since when.
    pub(crate) fn level(&self, pin: &PinName) -> (Level, Option<MachineTime>) {
        let wave = self.record.wave(pin, MachineTime::ZERO, MachineTime::from_nanos(u64::MAX));
        wave.edges.last().map_or((wave.before, None), |edge| (edge.level, Some(edge.at)))
    }

    /// Writes `bytes` into the memory of the stopped machine. Whether it has memory that can be written.
    pub(crate) fn write_memory(&mut self, address: u32, bytes: &[u8]) -> Result<bool, RunError> {
        match self.machine.memory.as_mut() {
            Some(memory) => memory.write(address, bytes).map(|()| true).map_err(RunError::from),
            None => Ok(false),
        }
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
        let always = self.always.patterns().map(|pattern| self.condition(pattern));
        let all: Vec<Condition> = conditions.iter().cloned().chain(always).collect();
        loop {
            let stop = self.machine.run.go(until, &all).map_err(RunError::from)?;
            self.absorb(stop.events);
            self.check_always()?;
            match stop.cause {
                StopCause::Time => return Ok(None),
                StopCause::Condition { index } if index < conditions.len() => {
                    return Ok(Some(index));
                }
                // It was looked at above.
                StopCause::Condition { .. } => {}
                StopCause::Fault(fault) => return Err(self.faulted(&fault, stop.at)),
                StopCause::Reset => self.reset()?,
            }
        }
    }

    fn reset(&mut self) -> Played {
        let events = self.machine.run.reset().map_err(RunError::from)?;
        self.absorb(events);
        self.at_prompt = false;
        self.always.reset_at(self.now()).map_err(Ended::Failed)
    }

    fn check_always(&mut self) -> Played {
        self.always.look(&self.output).map_err(|sign| match sign {
            Sign::Fatal { line } => self.fatal(line),
            Sign::Loop(failure) => Ended::Failed(failure),
            Sign::Never(failure) => Ended::Never(failure),
        })
    }

    fn faulted(&mut self, fault: &Fault, at: MachineTime) -> Ended {
        let from = self.output.len();
        self.hear_last_words();
        let mut failure = failed(fault_claim(fault), at);
        let words = self.output.text(from..self.output.len());
        failure.details =
            words.lines().filter(|line| !line.is_empty()).map(str::to_string).collect();
        Ended::Failed(Box::new(failure))
    }

    /// The firmware says in the line that begins at `line` that it cannot go on.
    fn fatal(&mut self, line: usize) -> Ended {
        let at = self.output.at(line).unwrap_or_default();
        self.hear_last_words();
        let end =
            self.output.find(&[b"\n"], line).map_or(self.output.len(), |(_, found)| found.end);
        Ended::Failed(Box::new(failed(fatal_claim(&self.output.bytes()[line..end]), at)))
    }

    /// Lets a machine whose run is decided go on for a moment, for the transcript.
    fn hear_last_words(&mut self) {
        // That a crashed machine may not go on changes nothing about the verdict.
        if let Ok(stop) = self.machine.run.go(self.now() + LAST_WORDS, &[]) {
            self.absorb(stop.events);
        }
    }

    fn absorb(&mut self, events: Vec<Event>) {
        for event in &events {
            match event {
                Event::Sent { port, byte, at } if *port == self.port => {
                    self.output.push(*byte, *at)
                }
                Event::Reset { .. } => self.output.start_anew(),
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
