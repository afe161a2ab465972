//! One QEMU process and what leads to it: requests that are answered, and its end.

use std::time::{Duration, Instant};

use rustix::event::PollFd;
use serde_json::Value;

use crate::MachineError;
use crate::process::{Emulator, in_words};

use super::wires::{Ended, Heard, Wires};

/// How long an emulator whose socket has ended may take to end itself.
const END: Duration = Duration::from_secs(2);

/// See the head of this module.
pub(super) struct Emulation {
    program: String,
    emulator: Emulator,
    wires: Wires,
    wall: Duration,
}

impl Emulation {
    /// `emulator`, which is called `program` in messages, may take `wall` for each request.
    pub(super) fn new(
        program: String,
        emulator: Emulator,
        wires: Wires,
        wall: Duration,
    ) -> Emulation {
        Emulation { program, emulator, wires, wall }
    }

    /// QEMU's process number.
    pub(super) fn pid(&self) -> u32 {
        self.emulator.pid()
    }

    /// How long a request may take.
    pub(super) fn wall(&self) -> Duration {
        self.wall
    }

    /// Its sockets and pipes.
    pub(super) fn wires(&mut self) -> &mut Wires {
        &mut self.wires
    }

    /// Waits until QMP greets: all that the command line names is there by then.
    pub(super) fn greeted(&mut self) -> Result<(), MachineError> {
        self.ask("qmp_capabilities", None).map(drop)
    }

    /// Carries out a request of QMP; the text that it gives.
    pub(super) fn ask(
        &mut self,
        command: &str,
        arguments: Option<Value>,
    ) -> Result<String, MachineError> {
        let id = self.wires.ask(command, arguments).map_err(|end| self.died(end, command))?;
        let answer = self.until(command, |wires| wires.answer(id))?;
        answer.map_err(|why| self.strange(command, why))
    }

    /// Carries out a request of the test protocol.
    pub(super) fn test(&mut self, request: &str) -> Result<(), MachineError> {
        self.wires.test(request).map_err(|end| self.died(end, request))?;
        let answer = self.until(request, Wires::tested)?;
        answer.map_err(|why| self.strange(request, why))
    }

    fn until<T>(
        &mut self,
        request: &str,
        mut answer: impl FnMut(&mut Wires) -> Option<T>,
    ) -> Result<T, MachineError> {
        let deadline = Instant::now() + self.wall;
        loop {
            if let Some(answer) = answer(&mut self.wires) {
                return Ok(answer);
            }
            if Instant::now() >= deadline {
                self.emulator.kill(); // It owed an answer at once.
                return Err(self.silent(request));
            }
            self.hear(deadline, request)?;
        }
    }

    /// Waits until something comes, but not beyond `deadline`; whether it came.
    pub(super) fn hear(&mut self, deadline: Instant, request: &str) -> Result<bool, MachineError> {
        self.hear_beside(deadline, request, &[])
    }

    /// The same, and something at one of `others` ends it too.
    pub(super) fn hear_beside(
        &mut self,
        deadline: Instant,
        request: &str,
        others: &[PollFd<'_>],
    ) -> Result<bool, MachineError> {
        self.wires.hear(deadline, others).map_err(|end| self.died(end, request))
    }

    /// What the machine did since the last call.
    pub(super) fn take_heard(&mut self) -> Vec<(Instant, Heard)> {
        self.wires.take_heard()
    }

    /// It has ended during `request`.
    pub(super) fn died(&self, _: Ended, request: &str) -> MachineError {
        // Without a socket it has nothing to do; most have ended by now.
        let status = self.emulator.wait(END).or_else(|| self.emulator.end());
        MachineError::Died {
            program: self.program.clone(),
            request: request.to_owned(),
            status: status.map_or("its end did not come".to_owned(), in_words),
            last_words: self.emulator.last_words(),
        }
    }

    /// `request` took longer than it may.
    pub(super) fn silent(&self, request: &str) -> MachineError {
        MachineError::Silent {
            program: self.program.clone(),
            request: request.to_owned(),
            wall: self.wall,
            last_words: self.emulator.last_words(),
        }
    }

    /// `request` got an answer that is none.
    pub(super) fn strange(&self, request: &str, answer: String) -> MachineError {
        MachineError::Answer { program: self.program.clone(), request: request.to_owned(), answer }
    }
}
