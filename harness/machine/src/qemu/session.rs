//! One running QEMU: requests, answers, and the events between them.

use std::time::{Duration, Instant};

use replab_board::{Board, GpioController};
use replab_record::{Event, Level, MachineTime, PinName, PortName, ResetCause};

use crate::process::{Emulator, in_words};
use crate::{Condition, Fault, MachineError, Stop, StopCause};

use super::lines::{Line, Reason};
use super::link::{Link, Silence};

/// How long a machine that ran too long may take to stand still before it is killed.
const HALT: Duration = Duration::from_secs(2);

/// How long an emulator whose socket has ended may take to end itself.
const END: Duration = Duration::from_secs(2);

/// The most bytes that one request moves. The plugin takes up to 1 MiB.
pub(super) const CHUNK: usize = 1 << 18;

/// See the head of this module. It lives behind the `RefCell` that the parts of
/// a `Machine` share; none of its methods calls another part.
pub(super) struct Session {
    program: String,
    link: Link,
    emulator: Emulator,
    wall: Duration,
    ports: Vec<PortName>,
    pins: Vec<PinName>,
    gpio: Vec<GpioController>,
    /// Which pin each drive belongs to, by the id that the plugin gave it.
    drives: Vec<PinName>,
    now: MachineTime,
    /// Since the last stop.
    events: Vec<Event>,
}

impl Session {
    /// The session of a machine that does not know its board yet.
    pub(super) fn new(
        program: String,
        link: Link,
        emulator: Emulator,
        board: &Board,
        wall: Duration,
    ) -> Session {
        let gpio =
            board.backends.qemu.as_ref().map(|machine| machine.gpio.clone()).unwrap_or_default();
        Session {
            program,
            link,
            emulator,
            wall,
            ports: board.ports.keys().cloned().collect(),
            pins: board.pins.clone(),
            gpio,
            drives: Vec::new(),
            now: MachineTime::ZERO,
            events: Vec::new(),
        }
    }

    /// Where the machine stands.
    pub(super) fn now(&self) -> MachineTime {
        self.now
    }

    /// QEMU's process number.
    pub(super) fn pid(&self) -> u32 {
        self.emulator.pid()
    }

    /// Carries out one request and gives its answer, without the `OK`.
    pub(super) fn request(&mut self, request: &str) -> Result<String, MachineError> {
        let deadline = Instant::now() + self.wall;
        self.link.say(request).map_err(|silence| self.broken(silence, request))?;
        loop {
            match self.hear(deadline, request)? {
                Line::Done(answer) => return Ok(answer),
                Line::Refused(refusal) => {
                    return Err(self.strange(request, format!("ERR {refusal}")));
                }
                Line::Stop { at, .. } => self.now = MachineTime::from_nanos(at), // Somebody stopped it: no answer of ours.
                other => return Err(self.strange(request, format!("{other:?}"))),
            }
        }
    }

    /// A request whose answer is a number.
    pub(super) fn number(&mut self, request: &str) -> Result<u64, MachineError> {
        let answer = self.request(request)?;
        let first = answer.split(' ').next().unwrap_or_default();
        first.parse().map_err(|_| self.strange(request, answer.clone()))
    }

    /// A request whose answer is bytes.
    pub(super) fn bytes(&mut self, request: &str) -> Result<Vec<u8>, MachineError> {
        let answer = self.request(request)?;
        hex::decode(&answer).map_err(|_| self.strange(request, answer.chars().take(80).collect()))
    }

    /// See [`crate::StopGo::go`].
    pub(super) fn go(
        &mut self,
        until: MachineTime,
        conditions: &[Condition],
    ) -> Result<Stop, MachineError> {
        let words = self.words(conditions)?;
        if until <= self.now {
            return Ok(Stop { at: self.now, cause: StopCause::Time, events: self.take_events() });
        }
        let request = format!("go {}{words}", nanos(until));
        let reason = self.run(&request)?;
        let cause = match reason {
            Reason::Time => StopCause::Time,
            Reason::Condition(index) => StopCause::Condition { index },
            Reason::Reset => StopCause::Reset,
            Reason::Fault(exception) => StopCause::Fault(self.fault(exception)?),
            Reason::Halt | Reason::Other => {
                return Err(self.strange(&request, format!("STOP {reason:?}")));
            }
        };
        Ok(Stop { at: self.now, cause, events: self.take_events() })
    }

    fn run(&mut self, request: &str) -> Result<Reason, MachineError> {
        let deadline = Instant::now() + self.wall;
        self.link.say(request).map_err(|silence| self.broken(silence, request))?;
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
        match self.hear_in_time(deadline, request)? {
            None => Ok(None),
            Some(Line::Stop { at, reason }) => {
                self.now = MachineTime::from_nanos(at);
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
        let heard = self.link.say("halt").is_ok()
            && matches!(self.hear_stop(deadline, "halt"), Ok(Some(_)));
        if !heard {
            self.emulator.kill();
        }
        self.silent(request)
    }

    /// See [`crate::StopGo::reset`].
    pub(super) fn reset(&mut self) -> Result<Vec<Event>, MachineError> {
        self.request("reset")?;
        Ok(self.take_events())
    }

    /// The number of a port.
    pub(super) fn port(&self, port: &PortName) -> Result<usize, MachineError> {
        self.ports
            .iter()
            .position(|one| one == port)
            .ok_or_else(|| MachineError::NoPort { port: port.clone() })
    }

    /// The controller of a pin, its number, and the pin's line there.
    pub(super) fn line(
        &self,
        pin: &PinName,
    ) -> Result<(usize, &GpioController, u32), MachineError> {
        let nowhere = || MachineError::NoPin { pin: pin.clone() };
        let mut line =
            u32::try_from(self.pins.iter().position(|one| one == pin).ok_or_else(nowhere)?)
                .map_err(|_| nowhere())?;
        for (device, controller) in self.gpio.iter().enumerate() {
            if line < controller.lines {
                return Ok((device, controller, line));
            }
            line -= controller.lines;
        }
        Err(nowhere())
    }

    /// Remembers that the next drive of the plugin's belongs to `pin`.
    pub(super) fn drives(&mut self, pin: &PinName) {
        self.drives.push(pin.clone());
    }

    fn words(&self, conditions: &[Condition]) -> Result<String, MachineError> {
        let mut words = String::new();
        for condition in conditions {
            words += &match condition {
                Condition::Bytes { port, pattern } => {
                    format!(" bytes {} {}", self.port(port)?, hex::encode(pattern))
                }
                Condition::Edge { pin, level } => {
                    let (device, _, line) = self.line(pin)?;
                    let level = level
                        .map(number_of)
                        .transpose()?
                        .map_or("any".to_owned(), |level| level.to_string());
                    format!(" edge {device} {line} {level}")
                }
            };
        }
        Ok(words)
    }

    /// The stacked frame of the exception whose handler is about to run
    /// (Armv6-M ARM §B1.5.6): r0 to r3, r12, lr, pc, xPSR, on the stack that
    /// bit 2 of EXC_RETURN names (§B1.5.8).
    fn fault(&mut self, exception: u8) -> Result<Fault, MachineError> {
        let answer = self.request("regs")?;
        let words: Result<Vec<u32>, _> =
            answer.split(' ').map(|word| u32::from_str_radix(word, 16)).collect();
        let Ok(Ok([.., exc_return, _pc, _xpsr, msp, psp])) =
            words.as_deref().map(<&[u32; 19]>::try_from)
        else {
            return Err(self.strange("regs", answer));
        };
        let (exc_return, msp, psp) = (*exc_return, *msp, *psp);
        let stack = if exc_return & 4 == 0 { msp } else { psp };
        let frame = match self.bytes(&format!("peek {stack:x} 32")) {
            Ok(frame) => frame,
            Err(MachineError::Answer { .. }) => vec![0; 32], // The stack pointer was wrong too.
            Err(error) => return Err(error),
        };
        let word = |index: usize| {
            u32::from_le_bytes(
                frame[4 * index..4 * index + 4].try_into().expect("four bytes were taken"),
            )
        };
        Ok(Fault { exception, pc: word(6), lr: word(5), sp: msp })
    }

    /// The next line that is no event, with the wall cap for an error.
    fn hear(&mut self, deadline: Instant, request: &str) -> Result<Line, MachineError> {
        match self.hear_in_time(deadline, request)? {
            Some(line) => Ok(line),
            None => {
                self.emulator.kill(); // It owed an answer at once.
                Err(self.silent(request))
            }
        }
    }

    /// The next line that is no event; `None` if the deadline is over.
    fn hear_in_time(
        &mut self,
        deadline: Instant,
        request: &str,
    ) -> Result<Option<Line>, MachineError> {
        loop {
            match self.link.hear(deadline) {
                Ok(line) => match self.event(&line) {
                    Some(event) => self.events.push(event),
                    None => return Ok(Some(line)),
                },
                Err(Silence::Late) => return Ok(None),
                Err(Silence::Ended) => return Err(self.died(request)),
            }
        }
    }

    fn event(&self, line: &Line) -> Option<Event> {
        let time = MachineTime::from_nanos;
        Some(match *line {
            Line::Sent { at, port, byte } => {
                Event::Sent { port: self.ports.get(port)?.clone(), byte, at: time(at) }
            }
            Line::Received { at, port, byte } => {
                Event::Received { port: self.ports.get(port)?.clone(), byte, at: time(at) }
            }
            Line::Edge { at, device, line, level } => Event::Edge {
                pin: self.pin(device, line)?.clone(),
                level: level_of(level),
                at: time(at),
            },
            Line::Driven { at, id, level } => Event::Driven {
                pin: self.drives.get(id)?.clone(),
                level: level_of(level),
                at: time(at),
            },
            Line::Reset { at, by_firmware } => Event::Reset {
                cause: if by_firmware { ResetCause::Firmware } else { ResetCause::Lab },
                at: time(at),
            },
            _ => return None,
        })
    }

    fn pin(&self, device: usize, line: usize) -> Option<&PinName> {
        let before: u32 = self.gpio.get(..device)?.iter().map(|controller| controller.lines).sum();
        self.pins.get(usize::try_from(before).ok()? + line)
    }

    /// The events since the last stop. Those of one nanosecond may come from two
    /// threads of QEMU's; they are put in the order of cause and effect, so that
    /// equal runs give equal lists.
    fn take_events(&mut self) -> Vec<Event> {
        let mut events = std::mem::take(&mut self.events);
        events.sort_by_key(|event| (event.at(), rank(event)));
        events
    }

    fn broken(&mut self, silence: Silence, request: &str) -> MachineError {
        match silence {
            Silence::Ended => self.died(request),
            Silence::Late => {
                self.emulator.kill();
                self.silent(request)
            }
        }
    }

    fn died(&mut self, request: &str) -> MachineError {
        // Without a socket it has nothing to do; most have ended by now.
        let status = self.emulator.wait(END).or_else(|| self.emulator.end());
        MachineError::Died {
            program: self.program.clone(),
            request: cut(request),
            status: status.map_or("its end did not come".to_owned(), in_words),
            last_words: self.emulator.last_words(),
        }
    }

    fn silent(&self, request: &str) -> MachineError {
        MachineError::Silent {
            program: self.program.clone(),
            request: cut(request),
            wall: self.wall,
            last_words: self.emulator.last_words(),
        }
    }

    fn strange(&self, request: &str, answer: String) -> MachineError {
        MachineError::Answer { program: self.program.clone(), request: cut(request), answer }
    }
}

fn rank(event: &Event) -> u8 {
    match event {
        Event::Driven { .. } => 0,
        Event::Received { .. } => 1,
        Event::Sent { .. } => 2,
        Event::Edge { .. } => 3,
        Event::Reset { .. } => 4,
    }
}

/// The level that the plugin writes as this number.
fn level_of(number: i32) -> Level {
    match number {
        0 => Level::Low,
        -1 => Level::Floating,
        _ => Level::High,
    }
}

/// How the plugin writes a level.
pub(super) fn number_of(level: Level) -> Result<i32, MachineError> {
    match level {
        Level::High => Ok(1),
        Level::Low => Ok(0),
        Level::Floating => Ok(-1),
        Level::Unknown => Err(MachineError::NoLevel { level }),
    }
}

/// How the plugin writes a time; it counts to 292 years.
pub(super) fn nanos(time: MachineTime) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

/// As much of a request as a message needs.
fn cut(request: &str) -> String {
    if request.len() <= 80 {
        request.to_owned()
    } else {
        format!("{}…", request.chars().take(79).collect::<String>())
    }
}
