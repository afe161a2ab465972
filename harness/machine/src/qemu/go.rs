//! Lets a machine go, and says why it stopped.

use std::time::{Duration, Instant};

use replab_record::{Event, MachineTime, PortName, Registers};

use crate::fault_entry::{at_entry, stack_of};
use crate::{Condition, Fault, MOST_EVENTS, MachineError, Processor, Stop, StopCause, StopGo};

use super::chip;
use super::lines::{Line, Reason};
use super::session::{CHUNK, Session};

/// How long a machine that ran too long may take to stand still before it is killed.
const HALT: Duration = Duration::from_secs(2);

/// What the plugin says on standard error when QEMU aborts, behind the words of QEMU's own.
const ABORTS: &str = "replab-qemu-plugin: QEMU aborts";

/// How long those words may take from one process to the other.
const WORDS: Duration = Duration::from_secs(10);

impl StopGo for Session {
    fn now(&self) -> MachineTime {
        self.now
    }

    fn go(&mut self, until: MachineTime, conditions: &[Condition]) -> Result<Stop, MachineError> {
        let words = self.names.words(conditions)?;
        let request = format!("go {} most {MOST_EVENTS}{words}", self.clock.process(until));
        if self.process.has_ended {
            return Err(self.has_ended(&request));
        }
        if until <= self.now {
            return Ok(Stop { at: self.now, cause: StopCause::Time, events: self.take_events() });
        }
        if self.wall.is_spent() {
            return Err(self.silent(&request));
        }
        let start = Instant::now();
        let reason = self.run(&request, self.wall.deadline(start));
        self.wall.spend(start.elapsed());
        let reason = reason?;
        let cause = match reason {
            Reason::Time => StopCause::Time,
            Reason::Condition(index) => StopCause::Condition { index },
            Reason::Reset => StopCause::Reset,
            Reason::Full => StopCause::Full,
            Reason::Rom { call, arguments } => {
                let found = chip::rom_end(call, arguments, &self.recipe.board.name)?;
                found.ok_or_else(|| self.strange(&request, format!("STOP {reason:?}")))?
            }
            Reason::Fault(exception) => StopCause::Fault(self.fault(exception)?),
            Reason::Abort => StopCause::Lockup(self.lockup(&request)?),
            Reason::Halt | Reason::Other => {
                return Err(self.strange(&request, format!("STOP {reason:?}")));
            }
        };
        Ok(Stop { at: self.now, cause, events: self.take_events() })
    }

    fn send(
        &mut self,
        port: &PortName,
        bytes: &[u8],
        from: MachineTime,
    ) -> Result<MachineTime, MachineError> {
        let port = self.names.port(port)?;
        let (clock, mut last) = (self.clock, from.max(self.now));
        for chunk in bytes.chunks(CHUNK) {
            let (from, bytes) = (clock.process(from), hex::encode(chunk));
            last = clock.machine(self.number(&format!("send {port} {from} {bytes}"))?);
        }
        Ok(last)
    }

    fn pending(&mut self, port: &PortName) -> Result<usize, MachineError> {
        let port = self.names.port(port)?;
        let count = self.number(&format!("pending {port}"))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    fn reset(&mut self) -> Result<Vec<Event>, MachineError> {
        self.request("reset")?;
        Ok(self.take_events())
    }
}

impl Processor for Session {
    fn registers(&mut self) -> Result<Registers, MachineError> {
        let answer = self.request("regs")?;
        let words: Result<Vec<u32>, _> =
            answer.split(' ').map(|word| u32::from_str_radix(word, 16)).collect();
        match words.as_deref() {
            Ok([r @ .., xpsr, msp, psp]) if r.len() == 16 => {
                let r = r.try_into().expect("there are sixteen");
                Ok(Registers { r, xpsr: *xpsr, msp: *msp, psp: *psp })
            }
            _ => Err(self.strange("regs", answer)),
        }
    }
}

impl Session {
    fn run(&mut self, request: &str, deadline: Instant) -> Result<Reason, MachineError> {
        self.process.has_gone = true;
        self.say(request)?;
        match self.hear_stop(deadline, request)? {
            Some(reason) => Ok(reason),
            None => Err(self.halt(request)),
        }
    }

    /// The reason of the next stop; `None` if the deadline is over.
    fn hear_stop(
        &mut self,
        deadline: Instant,
        request: &str,
    ) -> Result<Option<Reason>, MachineError> {
        match self.hear(deadline, request)? {
            None => Ok(None),
            Some(Line::Stop { at, reason }) => {
                self.now = self.clock.machine(at);
                self.process.has_ended |= reason == Reason::Abort;
                Ok(Some(reason))
            }
            Some(Line::Refused(refusal)) => Err(self.strange(request, format!("ERR {refusal}"))),
            Some(other) => Err(self.strange(request, format!("{other:?}"))),
        }
    }

    /// Stops a machine that ran longer than the wall cap, so that its memory can
    /// still be read, or kills it if it does not hear.
    fn halt(&mut self, request: &str) -> MachineError {
        let deadline = Instant::now() + HALT;
        let heard =
            self.say("halt").is_ok() && matches!(self.hear_stop(deadline, "halt"), Ok(Some(_)));
        if !heard {
            self.process.emulator.kill();
        }
        self.silent(request)
    }

    /// The registers of a processor that has locked up, at which QEMU aborts
    /// (`hw/intc/armv7m_nvic.c`, 10.0.2: each of its reasons begins with "Lockup").
    /// Any other reason is a trouble of QEMU's, which may then end.
    fn lockup(&mut self, request: &str) -> Result<Registers, MachineError> {
        let words = self.process.emulator.words_until(ABORTS, WORDS);
        if words.iter().any(|line| line.contains("Lockup")) {
            return self.registers();
        }
        self.process.link.close();
        Err(self.died(request))
    }

    /// The registers at the instruction that faulted, at the entry of the handler.
    fn fault(&mut self, exception: u8) -> Result<Fault, MachineError> {
        let registers = self.registers()?;
        let frame = match self.bytes(&format!("peek {:x} 32", stack_of(&registers))) {
            Ok(frame) => Some(frame),
            Err(MachineError::Answer { .. }) => None, // The stack pointer was wrong too.
            Err(error) => return Err(error),
        };
        Ok(at_entry(exception, registers, frame.as_deref()))
    }
}
