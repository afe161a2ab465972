//! How time runs in a scripted machine.
//!
//! An agenda holds everything that is to happen, by machine time and then in the
//! order in which it was planned. `go` takes it entry by entry up to, and
//! without, the time that was asked for; so what is planned for the time of a
//! stop happens in the next `go`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use replab_record::{Event, Level, MachineTime, PinName, PortName, Registers, ResetCause};

use super::checkpoints::Keeper;
use super::{Deed, Deeds, ECHO_DELAY, Scripted, pin};
use crate::{
    Analog, Checkpoints, Condition, Fault, Finding, Findings, Lost, MOST_EVENTS, Machine,
    MachineError, Memory, Noise, PAINT, Pins, Power, Processor, RomEnd, Stop, StopCause, StopGo,
    Wire, Wires,
};

/// What the machine calls itself in errors.
const PROGRAM: &str = "the scripted machine";

/// A machine of `script`, at power-on.
pub(super) fn machine(script: &Scripted) -> Machine {
    let mut world = World {
        script: script.clone(),
        now: MachineTime::ZERO,
        planned: 0,
        agenda: BTreeMap::new(),
        transmitter_free: MachineTime::ZERO,
        last_due: BTreeMap::new(),
        typed: Vec::new(),
        turns: vec![0; script.reactions.len()],
        sent: BTreeMap::new(),
        events: Vec::new(),
        asked_for_reset: false,
        locked_up: false,
        found: Vec::new(),
        memory: script.memory.clone(),
        process: 0,
        broken: BTreeMap::new(),
        driven: BTreeMap::new(),
        outputs: BTreeMap::new(),
        lost: Vec::new(),
    };
    world.plan_deeds(&script.start, MachineTime::ZERO);
    let world = Rc::new(RefCell::new(world));
    Machine {
        run: Box::new(Shared(Rc::clone(&world))),
        pins: script.has_pins.then(|| Box::new(Shared(Rc::clone(&world))) as Box<dyn Pins>),
        memory: script.has_memory.then(|| Box::new(Shared(Rc::clone(&world))) as Box<dyn Memory>),
        processor: Some(Box::new(Shared(Rc::clone(&world)))),
        power: Some(Box::new(Shared(Rc::clone(&world)))),
        wires: script.has_wires.then(|| Box::new(Shared(Rc::clone(&world))) as Box<dyn Wires>),
        analog: script.has_analog.then(|| Box::new(Shared(Rc::clone(&world))) as Box<dyn Analog>),
        noise: script.has_noise.then(|| Box::new(Shared(Rc::clone(&world))) as Box<dyn Noise>),
        findings: (script.has_findings || script.is_usb_only)
            .then(|| Box::new(Shared(Rc::clone(&world))) as Box<dyn Findings>),
        checkpoints: script
            .has_checkpoints
            .then(|| Box::new(Keeper::new(Rc::clone(&world))) as Box<dyn Checkpoints>),
        timing: script.timing,
        cores: 1,
    }
}

/// The state of one machine.
#[derive(Clone)]
pub(super) struct World {
    pub(super) script: Scripted,
    pub(super) now: MachineTime,
    planned: u64,
    agenda: BTreeMap<(MachineTime, u64), Happening>,
    transmitter_free: MachineTime,
    last_due: BTreeMap<PortName, MachineTime>,
    typed: Vec<u8>,
    /// How often each reaction has had its turn.
    turns: Vec<usize>,
    /// What was sent on each port since the last reset.
    sent: BTreeMap<PortName, Vec<u8>>,
    pub(super) events: Vec<Event>,
    asked_for_reset: bool,
    pub(super) locked_up: bool,
    found: Vec<Finding>,
    memory: BTreeMap<u32, u8>,
    /// How often its power was cut.
    pub(super) process: usize,
    /// The wires that are broken.
    pub(super) broken: BTreeMap<PinName, Wire>,
    /// What is driven, also where its wire is broken.
    pub(super) driven: BTreeMap<PinName, Level>,
    /// What the firmware has made of its outputs since the last reset.
    pub(super) outputs: BTreeMap<PinName, Level>,
    pub(super) lost: Vec<Lost>,
}

/// One entry of the agenda.
#[derive(Clone)]
pub(super) enum Happening {
    Sent(u8),
    Received(PortName, u8),
    Driven(PinName, Level),
    /// What a wire puts on its pin by itself.
    Carried(PinName, Level),
    Deed(Deed),
}

/// What an entry of the agenda led to.
enum Outcome {
    Event(Event),
    Nothing,
    Fault(Fault),
    LockUp(Registers),
    Rom(RomEnd),
    Reset,
    Error(MachineError),
}

/// The parts of one machine.
pub(super) struct Shared(pub(super) Rc<RefCell<World>>);

impl World {
    pub(super) fn plan(&mut self, at: MachineTime, happening: Happening) {
        self.agenda.insert((at, self.planned), happening);
        self.planned += 1;
    }

    fn plan_deeds(&mut self, deeds: &Deeds, from: MachineTime) {
        for (offset, deed) in &deeds.list {
            self.plan(from + *offset, Happening::Deed(deed.clone()));
        }
    }

    /// Sends `bytes` from `at` on, after what is still being sent.
    fn plan_text(&mut self, bytes: &[u8], at: MachineTime) {
        let mut at = at.max(self.transmitter_free);
        for byte in bytes {
            self.plan(at, Happening::Sent(*byte));
            at = at + self.script.character;
        }
        self.transmitter_free = at;
    }

    fn go(&mut self, until: MachineTime, conditions: &[Condition]) -> Result<Stop, MachineError> {
        if self.locked_up {
            return Err(died());
        }
        if self.asked_for_reset {
            return Ok(self.stop(StopCause::Reset));
        }
        let mut end = until;
        let mut cause = StopCause::Time;
        while let Some(entry) = self.agenda.first_entry() {
            if entry.key().0 >= end {
                break;
            }
            let ((at, planned), happening) = entry.remove_entry();
            self.now = self.now.max(at);
            match self.happen(happening, at, planned) {
                Outcome::Nothing => {}
                Outcome::Fault(fault) => return Ok(self.stop(StopCause::Fault(fault))),
                Outcome::LockUp(registers) => {
                    self.locked_up = true;
                    return Ok(self.stop(StopCause::Lockup(registers)));
                }
                Outcome::Rom(end) => return Ok(self.stop(StopCause::Rom(end))),
                Outcome::Reset => return Ok(self.stop(StopCause::Reset)),
                Outcome::Error(error) => return Err(error),
                Outcome::Event(event) => {
                    let met =
                        conditions.iter().position(|condition| self.is_met(condition, &event));
                    self.events.push(event);
                    if self.events.len() == MOST_EVENTS {
                        return Ok(self.stop(StopCause::Full));
                    }
                    if let (Some(index), StopCause::Time) = (met, &cause) {
                        cause = StopCause::Condition { index };
                        // At least this instant is over; with a late stop, a little more.
                        end = until.min(at + self.script.late).max(at);
                    }
                }
            }
        }
        self.now = self.now.max(end);
        Ok(self.stop(cause))
    }

    fn stop(&mut self, cause: StopCause) -> Stop {
        Stop { at: self.now, cause, events: mem::take(&mut self.events) }
    }

    fn happen(&mut self, happening: Happening, at: MachineTime, planned: u64) -> Outcome {
        match happening {
            Happening::Sent(byte) => {
                let port = self.script.port.clone();
                self.sent.entry(port.clone()).or_default().push(byte);
                Outcome::Event(Event::Sent { port, byte, at })
            }
            Happening::Received(..) | Happening::Driven(..) if self.script.is_deaf => {
                Outcome::Nothing
            }
            Happening::Received(port, byte) => {
                if port == self.script.port {
                    self.receive(byte, at);
                }
                Outcome::Event(Event::Received { port, byte, at })
            }
            Happening::Driven(pin, level) => match self.arrives(&pin, level, at) {
                true => Outcome::Event(Event::Driven { pin, level, at }),
                false => Outcome::Nothing,
            },
            Happening::Carried(pin, level) => Outcome::Event(Event::Driven { pin, level, at }),
            Happening::Deed(deed) => self.act(deed, at, planned),
        }
    }

    fn act(&mut self, deed: Deed, at: MachineTime, planned: u64) -> Outcome {
        match deed {
            Deed::Print(bytes) => self.plan_text(&bytes, at),
            Deed::Edge(word, level) => {
                let pin = pin(&self.script, &word);
                self.put_out(&pin, level, at);
                return Outcome::Event(Event::Edge { pin, level, at });
            }
            Deed::Touch(kind, block, address) => {
                let pc = self.script.registers.pc();
                let pc = Some(pc);
                self.found.push(Finding { at, kind, block, address, is_store: true, pc });
            }
            Deed::Fault(fault) => return Outcome::Fault(fault),
            Deed::LockUp(registers) => return Outcome::LockUp(registers),
            Deed::Rom(end) => return Outcome::Rom(end),
            Deed::Reset => {
                self.asked_for_reset = true;
                return Outcome::Reset;
            }
            Deed::Forget => {
                // What was planned after this is what follows it in its own list.
                self.agenda.retain(|(_, when_planned), happening| {
                    matches!(
                        happening,
                        Happening::Received(..) | Happening::Driven(..) | Happening::Carried(..)
                    ) || *when_planned > planned
                });
                self.transmitter_free = at;
            }
            Deed::Die => {
                return Outcome::Error(died());
            }
            Deed::Hang => {
                return Outcome::Error(MachineError::Silent {
                    program: PROGRAM.into(),
                    request: "go".into(),
                    wall: Duration::from_secs(60),
                    last_words: Vec::new(),
                });
            }
        }
        Outcome::Nothing
    }

    fn receive(&mut self, byte: u8, at: MachineTime) {
        self.typed.push(byte);
        if self.script.echoes {
            match byte {
                b'\r' => self.plan_text(b"\r\n", at + ECHO_DELAY),
                b' '..=b'~' | 0x80.. => self.plan_text(&[byte], at + ECHO_DELAY),
                _ => {}
            }
        }
        if let Some(deeds) = self.reaction() {
            self.plan_deeds(&deeds, at + ECHO_DELAY);
        }
    }

    /// Takes its turn from the reaction to what has been typed.
    fn reaction(&mut self) -> Option<Deeds> {
        let reactions = &self.script.reactions;
        let fits = |typed: &[u8]| self.typed.ends_with(typed);
        let longest = reactions
            .iter()
            .map(|(typed, _)| typed)
            .filter(|typed| fits(typed))
            .max_by_key(|typed| typed.len())?;
        let mut same = reactions
            .iter()
            .enumerate()
            .filter(|(_, (typed, _))| typed == longest)
            .map(|(index, _)| index);
        let first = same.next()?;
        let index = std::iter::once(first).chain(same).find(|index| self.turns[*index] == 0);
        // All had their turn: the last one stays.
        let index = index.or_else(|| reactions.iter().rposition(|(typed, _)| typed == longest))?;
        self.turns[index] += 1;
        Some(reactions[index].1.clone())
    }

    fn is_met(&self, condition: &Condition, event: &Event) -> bool {
        match (condition, event) {
            (Condition::Bytes { port, pattern }, Event::Sent { port: on, .. }) => {
                port == on && self.sent.get(port).is_some_and(|sent| sent.ends_with(pattern))
            }
            (Condition::Edge { pin, level }, Event::Edge { pin: on, level: to, .. }) => {
                pin == on && level.is_none_or(|level| level == *to)
            }
            _ => false,
        }
    }

    fn reset(&mut self) -> Vec<Event> {
        let asked = mem::take(&mut self.asked_for_reset);
        self.start_anew(if asked { ResetCause::Firmware } else { ResetCause::Lab })
    }

    /// As [`crate::Power::cycle`] says.
    fn cycle_power(&mut self) -> Vec<Event> {
        self.asked_for_reset = false;
        self.locked_up = false;
        self.process += 1;
        for region in self.script.board.volatile() {
            let range = region.at..=region.at + (region.size - 1);
            self.memory.extend(range.map(|address| (address, PAINT)));
        }
        self.start_anew(ResetCause::Power)
    }

    fn start_anew(&mut self, cause: ResetCause) -> Vec<Event> {
        self.agenda.clear();
        self.outputs.clear();
        self.typed.clear();
        self.sent.clear();
        self.last_due.clear();
        self.transmitter_free = self.now;
        let start = self.script.start.clone();
        self.plan_deeds(&start, self.now);
        self.events.push(Event::Reset { cause, at: self.now });
        mem::take(&mut self.events)
    }

    fn check_port(&self, port: &PortName) -> Result<(), MachineError> {
        match self.script.board.ports.contains_key(port) {
            true => Ok(()),
            false => Err(MachineError::NoPort { port: port.clone() }),
        }
    }

    fn check_memory(&self, request: &str, address: u32, length: usize) -> Result<(), MachineError> {
        let end = u64::from(address) + length as u64;
        let fits = |at: u32, size: u32| address >= at && end <= u64::from(at) + u64::from(size);
        if self.script.regions().any(|region| fits(region.at, region.size)) {
            return Ok(());
        }
        Err(MachineError::Answer {
            program: PROGRAM.into(),
            request: format!("{request} {address:#x} {length}"),
            answer: "no memory there".into(),
        })
    }
}

pub(super) fn died() -> MachineError {
    MachineError::Died {
        program: PROGRAM.into(),
        request: "go".into(),
        status: "its script says so".into(),
        last_words: vec!["last words".into()],
    }
}

impl StopGo for Shared {
    fn now(&self) -> MachineTime {
        self.0.borrow().now
    }

    fn go(&mut self, until: MachineTime, conditions: &[Condition]) -> Result<Stop, MachineError> {
        self.0.borrow_mut().go(until, conditions)
    }

    fn send(
        &mut self,
        port: &PortName,
        bytes: &[u8],
        from: MachineTime,
    ) -> Result<MachineTime, MachineError> {
        let mut world = self.0.borrow_mut();
        world.check_port(port)?;
        let mut due = from.max(world.now);
        due = world.last_due.get(port).map_or(due, |last| due.max(*last));
        for byte in bytes {
            due = due + world.script.character;
            world.plan(due, Happening::Received(port.clone(), *byte));
        }
        world.last_due.insert(port.clone(), due);
        Ok(due)
    }

    fn pending(&mut self, port: &PortName) -> Result<usize, MachineError> {
        let world = self.0.borrow();
        world.check_port(port)?;
        let is_ours =
            |happening: &&Happening| matches!(happening, Happening::Received(on, _) if on == port);
        Ok(world.agenda.values().filter(is_ours).count())
    }

    fn reset(&mut self) -> Result<Vec<Event>, MachineError> {
        Ok(self.0.borrow_mut().reset())
    }
}

impl Processor for Shared {
    fn registers(&mut self) -> Result<Registers, MachineError> {
        Ok(self.0.borrow().script.registers)
    }
}

impl Analog for Shared {
    fn drive(&mut self, input: u32, value: i32, at: MachineTime) -> Result<(), MachineError> {
        let mut world = self.0.borrow_mut();
        let at = at.max(world.now);
        let deed = Deed::Print(format!("input {input} is {value}\r\n").into_bytes());
        world.plan(at, Happening::Deed(deed));
        Ok(())
    }
}

impl Noise for Shared {
    fn pick_up(&mut self, pin: &PinName, seed: u64, at: MachineTime) -> Result<(), MachineError> {
        let mut world = self.0.borrow_mut();
        let at = at.max(world.now);
        let high = at + Duration::from_millis(seed % 10 + 1);
        let levels = [
            (at, Level::Floating),
            (high, Level::High),
            (high + Duration::from_millis(1), Level::Low),
        ];
        for (at, level) in levels {
            world.plan(at, Happening::Driven(pin.clone(), level));
        }
        Ok(())
    }
}

impl Findings for Shared {
    fn take(&mut self) -> Vec<Finding> {
        mem::take(&mut self.0.borrow_mut().found)
    }

    fn is_usb_only(&mut self) -> Result<bool, MachineError> {
        Ok(self.0.borrow().script.is_usb_only)
    }
}

impl Power for Shared {
    fn cycle(&mut self) -> Result<Vec<Event>, MachineError> {
        Ok(self.0.borrow_mut().cycle_power())
    }
}

impl Pins for Shared {
    fn drive(&mut self, pin: &PinName, level: Level, at: MachineTime) -> Result<(), MachineError> {
        let mut world = self.0.borrow_mut();
        if world.script.board.line(pin).is_none() {
            return Err(MachineError::NoPin { pin: pin.clone() });
        }
        if level == Level::Unknown {
            return Err(MachineError::NoLevel { level });
        }
        let at = at.max(world.now);
        world.plan(at, Happening::Driven(pin.clone(), level));
        Ok(())
    }

    fn interrupt(&self) -> bool {
        self.0.borrow().script.pins_interrupt
    }
}

impl Memory for Shared {
    fn read(&mut self, address: u32, length: usize) -> Result<Vec<u8>, MachineError> {
        let world = self.0.borrow();
        world.check_memory("read", address, length)?;
        Ok((address..).take(length).map(|at| world.memory.get(&at).copied().unwrap_or(0)).collect())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MachineError> {
        let mut world = self.0.borrow_mut();
        world.check_memory("write", address, bytes.len())?;
        world.memory.extend((address..).zip(bytes.iter().copied()));
        Ok(())
    }
}
