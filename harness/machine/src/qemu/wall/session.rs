//! One machine by the desk clock: it goes until something is true, and stands.

use std::collections::BTreeMap;
use std::time::Instant;

use replab_board::Board;
use replab_record::{Event, Level, MachineTime, PinName, PortName, ResetCause};

use crate::{Condition, MOST_EVENTS, MachineError, Memory, Pins, Power, Stop, StopCause, StopGo};

use super::clock::Clock;
use super::emulation::Emulation;
use super::nudge::Nudge;
use super::reach::Reach;
use super::said::input_of;
use super::tail::Tail;
use super::wires::Heard;

/// Makes a process that stands before its first instruction, RAM painted.
pub(super) type Spawn = Box<dyn Fn() -> Result<(Emulation, Reach), MachineError>>;

/// See the head of this module. It lives behind the `RefCell` that the parts of
/// a `Machine` share; none of its methods calls another part.
pub(super) struct Session {
    board: Board,
    spawn: Spawn,
    emulation: Emulation,
    reach: Reach,
    clock: Clock,
    nudge: Nudge,
    /// The end of what each port has sent.
    tails: Vec<Tail>,
    /// Levels to come, earliest first.
    planned: Vec<(MachineTime, PinName, Level)>,
    /// Levels that the lab drives.
    driven: BTreeMap<PinName, Level>,
    /// The firmware asks for a reset, which has not happened.
    reset_asked: bool,
    /// Of the `go` that goes on: what ends it, and which of these came true first.
    conditions: Vec<Condition>,
    met: Option<usize>,
    /// Since the last stop.
    events: Vec<Event>,
    /// It was let go for good.
    is_live: bool,
}

impl StopGo for Session {
    fn now(&self) -> MachineTime {
        self.clock.now()
    }

    fn go(&mut self, until: MachineTime, conditions: &[Condition]) -> Result<Stop, MachineError> {
        self.check(conditions)?;
        let mut cause = self.cause();
        if cause == StopCause::Time && until > self.now() {
            self.conditions = conditions.to_vec();
            self.run(until)?;
            cause = self.cause();
        }
        self.conditions.clear();
        self.met = None;
        Ok(Stop { at: self.now(), cause, events: std::mem::take(&mut self.events) })
    }

    fn send(
        &mut self,
        port: &PortName,
        bytes: &[u8],
        from: MachineTime,
    ) -> Result<MachineTime, MachineError> {
        let index = self.port(port)?;
        let from = from.max(self.now());
        Ok(self.emulation.wires().ports[index].add(bytes, from))
    }

    fn pending(&mut self, port: &PortName) -> Result<usize, MachineError> {
        let index = self.port(port)?;
        Ok(self.emulation.wires().ports[index].pending())
    }

    fn reset(&mut self) -> Result<Vec<Event>, MachineError> {
        let by_firmware = self.reset_asked;
        self.renew(if by_firmware { ResetCause::Firmware } else { ResetCause::Lab })
    }
}

impl Pins for Session {
    fn drive(&mut self, pin: &PinName, level: Level, at: MachineTime) -> Result<(), MachineError> {
        self.line(pin)?;
        input_of(level)?;
        let index = self.planned.partition_point(|(planned, ..)| *planned <= at);
        self.planned.insert(index, (at, pin.clone(), level));
        Ok(())
    }

    /// A chip of the plugin's is not there.
    fn interrupt(&self) -> bool {
        self.board.backends.qemu.as_ref().is_none_or(|machine| machine.chip.is_none())
    }
}

impl Memory for Session {
    fn read(&mut self, address: u32, length: usize) -> Result<Vec<u8>, MachineError> {
        let bytes = self.reach.read(address, length)?;
        bytes.ok_or_else(|| self.no_memory(&format!("read {address:#x} {length}")))
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MachineError> {
        if self.reach.write(address, bytes)? {
            return Ok(());
        }
        Err(self.no_memory(&format!("write {address:#x} {}", bytes.len())))
    }
}

impl Power for Session {
    fn cycle(&mut self) -> Result<Vec<Event>, MachineError> {
        self.renew(ResetCause::Power)
    }
}

impl Session {
    /// A machine at power-on, and how to make another.
    pub(super) fn new(board: Board, spawn: Spawn) -> Result<Session, MachineError> {
        let (emulation, reach) = spawn()?;
        Ok(Session {
            spawn,
            emulation,
            reach,
            clock: Clock::default(),
            nudge: Nudge::default(),
            tails: board.ports.iter().map(|_| Tail::default()).collect(),
            planned: Vec::new(),
            driven: BTreeMap::new(),
            reset_asked: false,
            conditions: Vec::new(),
            met: None,
            events: Vec::new(),
            is_live: false,
            board,
        })
    }

    /// QEMU's process number.
    pub(super) fn pid(&self) -> u32 {
        self.emulation.pid()
    }

    /// Why it stands, as far as is known.
    fn cause(&self) -> StopCause {
        match self.met {
            Some(index) => StopCause::Condition { index },
            None if self.reset_asked => StopCause::Reset,
            None if self.events.len() >= MOST_EVENTS => StopCause::Full,
            None => StopCause::Time,
        }
    }

    fn run(&mut self, until: MachineTime) -> Result<(), MachineError> {
        let request = format!("go {until:.6}");
        // One cap for all that the machine is asked for, so that no run is without end.
        let spent = self.now().since(MachineTime::ZERO);
        let deadline = Instant::now() + self.emulation.wall().saturating_sub(spent);
        self.clock.start();
        self.emulation.ask("cont", None)?;
        self.absorb();
        loop {
            let wake = self.act(until, &request)?;
            // What it does may have ended the `go` already.
            if self.cause() != StopCause::Time || self.now() >= until || Instant::now() >= deadline
            {
                break;
            }
            self.emulation.hear(wake.min(deadline), &request)?;
            self.absorb();
        }
        let is_late = self.cause() == StopCause::Time && self.now() < until;
        self.emulation.ask("stop", None)?;
        self.absorb();
        self.clock.halt();
        // It stands, so what it did is there. What is too much is left for the next time.
        while self.events.len() < MOST_EVENTS && self.emulation.hear(Instant::now(), &request)? {
            self.absorb();
        }
        if is_late { Err(self.emulation.silent(&request)) } else { Ok(()) }
    }

    /// Does what is due, and says when the next thing is.
    fn act(&mut self, until: MachineTime, request: &str) -> Result<Instant, MachineError> {
        while self.planned.first().is_some_and(|(at, ..)| *at <= self.now()) {
            let (_, pin, level) = self.planned.remove(0);
            self.put_level(pin, level)?;
        }
        let now = self.now();
        let mut next = until;
        for index in 0..self.board.ports.len() {
            let port = &mut self.emulation.wires().ports[index];
            match port.write_due(now) {
                Ok(true) => self.nudge.hurry(),
                Ok(false) => {}
                Err(error) => return Err(self.emulation.died(error.into(), request)),
            }
            next = next.min(self.emulation.wires().ports[index].next_due().unwrap_or(until));
        }
        next = next.min(self.planned.first().map_or(until, |(at, ..)| *at));
        let nudge = self
            .nudge
            .give(self.emulation.wires())
            .map_err(|end| self.emulation.died(end, request))?;
        let next = self.clock.instant(next);
        Ok(nudge.map_or(next, |nudge| nudge.min(next)))
    }

    fn put_level(&mut self, pin: PinName, level: Level) -> Result<(), MachineError> {
        let (path, line) = self.line(&pin)?;
        let level_number = input_of(level)?;
        let request = format!("set_irq_in {path} unnamed-gpio-in {line} {level_number}");
        self.emulation.test(&request)?;
        self.absorb();
        self.driven.insert(pin.clone(), level);
        self.events.push(Event::Driven { pin, level, at: self.now() });
        Ok(())
    }

    /// Takes what was heard as events.
    fn absorb(&mut self) {
        for (instant, heard) in self.emulation.take_heard() {
            let at = self.clock.at(instant);
            match heard {
                Heard::Sent { port, bytes } => self.sent(port, &bytes, at),
                Heard::Received { port, bytes } => {
                    self.nudge.hurry();
                    let Some(name) = self.board.ports.keys().nth(port) else { continue };
                    let event = |byte| Event::Received { port: name.clone(), byte, at };
                    self.events.extend(bytes.into_iter().map(event));
                }
                Heard::Output { line, is_high } => self.output(line, is_high, at),
                Heard::ResetAsked => self.reset_asked = true,
            }
        }
    }

    fn sent(&mut self, port: usize, bytes: &[u8], at: MachineTime) {
        let Some(name) = self.board.ports.keys().nth(port).cloned() else { return };
        for byte in bytes {
            self.tails[port].push(*byte);
            self.events.push(Event::Sent { port: name.clone(), byte: *byte, at });
            let tail = &self.tails[port];
            let is_met = |condition: &Condition| matches!(condition, Condition::Bytes { port, pattern } if *port == name && tail.ends_with(pattern));
            self.met = self.met.or_else(|| self.conditions.iter().position(is_met));
        }
    }

    fn output(&mut self, line: u32, is_high: bool, at: MachineTime) {
        let index = usize::try_from(line).unwrap_or(usize::MAX);
        let Some(name) = self.board.pins.get(index).cloned() else { return };
        let level = if is_high { Level::High } else { Level::Low };
        let is_met = |condition: &Condition| matches!(condition, Condition::Edge { pin, level: wanted } if *pin == name && wanted.is_none_or(|wanted| wanted == level));
        self.met = self.met.or_else(|| self.conditions.iter().position(is_met));
        self.events.push(Event::Edge { pin: name, level, at });
    }

    fn no_memory(&self, request: &str) -> MachineError {
        self.emulation.strange(request, "the board has no memory there".to_owned())
    }

    /// A new process with what the board keeps without power. Each reset is one:
    /// QEMU's own resets outputs without telling (hw/gpio/nrf51_gpio.c), and what
    /// it tells after that cannot be understood.
    pub(super) fn renew(&mut self, cause: ResetCause) -> Result<Vec<Event>, MachineError> {
        let kept = self.board.kept();
        let read = |span: &replab_board::Span| {
            let size = usize::try_from(span.size).unwrap_or(usize::MAX);
            Ok((span.at, self.read(span.at, size)?))
        };
        let kept: Vec<(u32, Vec<u8>)> =
            kept.iter().map(read).collect::<Result<_, MachineError>>()?;
        (self.emulation, self.reach) = (self.spawn)()?;
        for (address, bytes) in kept {
            self.write(address, &bytes)?;
        }
        self.reset_asked = false;
        self.nudge = Nudge::default();
        self.tails.iter_mut().for_each(Tail::clear);
        let now = self.now();
        let again =
            std::mem::take(&mut self.driven).into_iter().map(|(pin, level)| (now, pin, level));
        self.planned.splice(0..0, again);
        self.events.push(Event::Reset { cause, at: now });
        Ok(std::mem::take(&mut self.events))
    }

    fn check(&self, conditions: &[Condition]) -> Result<(), MachineError> {
        conditions.iter().try_for_each(|condition| match condition {
            Condition::Bytes { port, .. } => self.port(port).map(|_| ()),
            Condition::Edge { pin, .. } => self.line(pin).map(|_| ()),
        })
    }

    /// The number of a port.
    fn port(&self, port: &PortName) -> Result<usize, MachineError> {
        let number = self.board.ports.keys().position(|one| one == port);
        number.ok_or_else(|| MachineError::NoPort { port: port.clone() })
    }

    /// The controller of a pin, and its line there. Only boards with one controller have pins here.
    fn line(&self, pin: &PinName) -> Result<(&str, usize), MachineError> {
        let gpio = self.board.backends.qemu.as_ref().map_or(&[][..], |machine| &machine.gpio);
        match (gpio, self.board.line(pin)) {
            ([controller], Some(line)) => Ok((&controller.path, line)),
            _ => Err(MachineError::NoPin { pin: pin.clone() }),
        }
    }
}

mod live;
#[cfg(test)]
mod tests;
