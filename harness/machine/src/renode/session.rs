//! One machine in Renode: requests, answers, and the events between them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use replab_board::Span;
use replab_record::{Event, Level, MachineTime, PinName, PortName, Registers, ResetCause};

use crate::fault_entry::at_entry;
use crate::qemu::clock::Clock;
use crate::qemu::wall_cap::WallCap;
use crate::{
    Condition, Fault, Finding, FindingKind, Findings, MOST_EVENTS, MachineError, Memory, Pins,
    Power, Processor, Stop, StopCause, StopGo,
};

use super::Start;
use super::idle::Idle;
use super::names::Names;
use super::program::Program;
use super::protocol::{self, Line, Reason};
use super::recipe::Recipe;

/// How long a request that lets nothing go may take when the wall cap is spent.
const GRACE: Duration = Duration::from_secs(5);

/// The most bytes that one request moves.
const CHUNK: usize = 1 << 18;

/// See the head of this module. It lives behind the `RefCell` that the parts of a
/// `Machine` share; none of its methods calls another part.
pub(super) struct Session {
    recipe: Recipe,
    /// `None` only while it is dropped.
    program: Option<Program>,
    idle: Arc<Idle>,
    names: Names,
    clock: Clock,
    wall: WallCap,
    now: MachineTime,
    events: Vec<Event>,
    /// Faults whose stops have not been told yet.
    faults: Vec<Fault>,
    /// Accesses that nothing answered; `None` if Renode's log does not come to us.
    pub(super) findings: Option<Vec<Finding>>,
    /// The levels that the lab drives now.
    held: Vec<(PinName, Level)>,
    seed: u32,
}

impl Session {
    /// Makes a machine in `program`. It stands before its first instruction.
    pub(super) fn new(
        recipe: Recipe,
        program: Program,
        idle: Arc<Idle>,
        start: Start,
    ) -> Result<Session, MachineError> {
        let mut session = Session {
            names: Names::new(&recipe.board, &recipe.machine),
            recipe,
            program: Some(program),
            idle,
            clock: Clock::default(),
            wall: WallCap::new(start.wall_cap),
            now: MachineTime::ZERO,
            events: Vec::new(),
            faults: Vec::new(),
            findings: None,
            held: Vec::new(),
            seed: start.seed,
        };
        session.set_up()?;
        Ok(session)
    }

    pub(super) fn program(&mut self) -> &mut Program {
        self.program.as_mut().expect("it goes with the session")
    }

    fn set_up(&mut self) -> Result<(), MachineError> {
        let program = self.program.as_ref().expect("it goes with the session");
        for request in self.recipe.requests(program, &self.names, self.seed)? {
            self.ask(&request.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        let start = Instant::now();
        let (deadline, cap) = (self.answers_until(start), self.wall.cap());
        let answer = self.program().try_ask(&["log"], deadline, cap);
        self.wall.spend(start.elapsed());
        if answer?.is_ok() {
            self.findings.get_or_insert_default();
        }
        Ok(())
    }

    /// Until when a request is answered that lets nothing go.
    fn answers_until(&self, start: Instant) -> Instant {
        self.wall.deadline(start).max(start + GRACE)
    }

    /// Carries out one request that lets nothing go.
    pub(super) fn ask(&mut self, fields: &[&str]) -> Result<Vec<String>, MachineError> {
        let start = Instant::now();
        self.ask_until(fields, start, self.answers_until(start))
    }

    fn ask_until(
        &mut self,
        fields: &[&str],
        start: Instant,
        deadline: Instant,
    ) -> Result<Vec<String>, MachineError> {
        let cap = self.wall.cap();
        let answer = self.program().ask(fields, deadline, cap);
        self.wall.spend(start.elapsed());
        answer
    }

    /// A request whose answer is one field that `read` understands.
    pub(super) fn one<T>(
        &mut self,
        fields: &[&str],
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, MachineError> {
        let answer = self.ask(fields)?;
        let [field] = answer.as_slice() else { return Err(self.strange(fields[0], &answer)) };
        read(field).ok_or_else(|| self.strange(fields[0], &answer))
    }

    fn strange(&mut self, request: &str, answer: &[String]) -> MachineError {
        self.program().strange(request, &answer.join(" "))
    }

    /// Takes down what an answer tells; why the machine stands, if it says so.
    fn hear(&mut self, answer: &[String]) -> Result<Option<Reason>, MachineError> {
        let mut reason = None;
        for field in answer {
            match protocol::line(field) {
                Some(Line::Stop { at, reason: why }) => {
                    self.now = self.clock.machine(at);
                    reason = Some(why);
                }
                Some(Line::Fault { exception, registers, frame }) => {
                    let frame = frame.and_then(|frame| BASE64.decode(frame).ok());
                    let frame = frame.filter(|frame| frame.len() == 32);
                    self.faults.push(at_entry(exception, registers, frame.as_deref()));
                }
                Some(Line::Found { at, is_store, address, pc }) => {
                    let at = self.clock.machine(at);
                    let (kind, block) = (FindingKind::Nothing, block_of(address));
                    let finding = Finding { at, kind, block, address, is_store, pc: Some(pc) };
                    self.findings.get_or_insert_default().push(finding);
                }
                Some(line) => match self.names.event(&line, self.clock) {
                    Some(event) => self.happened(event),
                    None => return Err(self.strange("go", std::slice::from_ref(field))),
                },
                None => return Err(self.strange("go", std::slice::from_ref(field))),
            }
        }
        Ok(reason)
    }

    fn happened(&mut self, event: Event) {
        if let Event::Driven { pin, level, .. } = &event {
            self.held.retain(|(held, _)| held != pin);
            if *level != Level::Floating {
                self.held.push((pin.clone(), *level));
            }
        }
        self.events.push(event);
    }

    fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Where no memory is, Renode reads zeros and drops what is written (1.16.1).
    fn check_memory(&self, what: &str, at: u32, length: usize) -> Result<(), MachineError> {
        let size = u32::try_from(length).unwrap_or(u32::MAX);
        let mut regions = self.recipe.board.memory.values();
        if regions.any(|region| region.span().holds(Span { at, size })) {
            return Ok(());
        }
        Err(MachineError::Answer {
            program: self.program.as_ref().map_or("Renode", Program::name).to_owned(),
            request: format!("{what} {at:x} {length}"),
            answer: "the board has no memory there".to_owned(),
        })
    }
}

impl StopGo for Session {
    fn now(&self) -> MachineTime {
        self.now
    }

    fn go(&mut self, until: MachineTime, conditions: &[Condition]) -> Result<Stop, MachineError> {
        let conditions = self.names.conditions(conditions)?;
        if until <= self.now {
            return Ok(Stop { at: self.now, cause: StopCause::Time, events: self.take_events() });
        }
        let (until, most) = (self.clock.process(until).to_string(), MOST_EVENTS.to_string());
        let mut request = vec!["go", until.as_str(), most.as_str()];
        request.extend(conditions.iter().map(String::as_str));
        let start = Instant::now();
        let answer = self.ask_until(&request, start, self.wall.deadline(start))?;
        let reason = self.hear(&answer)?;
        let Some(reason) = reason else { return Err(self.strange("go", &[])) };
        let cause = match reason {
            Reason::Time => StopCause::Time,
            Reason::Condition(index) if index < conditions.len() => StopCause::Condition { index },
            Reason::Reset => StopCause::Reset,
            Reason::Full => StopCause::Full,
            Reason::Fault if !self.faults.is_empty() => StopCause::Fault(self.faults.remove(0)),
            Reason::Condition(_) | Reason::Fault => return Err(self.strange("go", &answer)),
        };
        Ok(Stop { at: self.now, cause, events: self.take_events() })
    }

    fn send(
        &mut self,
        port: &PortName,
        bytes: &[u8],
        from: MachineTime,
    ) -> Result<MachineTime, MachineError> {
        let (port, character) = self.names.port(port)?;
        let (port, character) = (port.to_string(), character.to_string());
        let mut last = from.max(self.now);
        for chunk in bytes.chunks(CHUNK) {
            let from = self.clock.process(last).to_string();
            let bytes = hex::encode(chunk);
            let request = ["send", &port, &character, &from, &bytes];
            last = self.clock.machine(self.one(&request, |field| field.parse().ok())?);
        }
        Ok(last)
    }

    fn pending(&mut self, port: &PortName) -> Result<usize, MachineError> {
        let (port, _) = self.names.port(port)?;
        self.one(&["pending", &port.to_string()], |field| field.parse().ok())
    }

    fn reset(&mut self) -> Result<Vec<Event>, MachineError> {
        let answer = self.ask(&["reset"])?;
        self.hear(&answer)?;
        self.faults.clear();
        Ok(self.take_events())
    }
}

impl Processor for Session {
    fn registers(&mut self) -> Result<Registers, MachineError> {
        self.one(&["registers"], protocol::registers)
    }
}

impl Pins for Session {
    fn drive(&mut self, pin: &PinName, level: Level, at: MachineTime) -> Result<(), MachineError> {
        let (gpio, line) = self.names.line(pin)?;
        let level = match level {
            Level::High => "1",
            Level::Low => "0",
            Level::Floating => "-1",
            Level::Unknown => return Err(MachineError::NoLevel { level }),
        };
        let at = self.clock.process(at).to_string();
        self.ask(&["drive", &gpio.to_string(), &line.to_string(), level, &at]).map(drop)
    }
}

impl Memory for Session {
    fn read(&mut self, address: u32, length: usize) -> Result<Vec<u8>, MachineError> {
        self.check_memory("read", address, length)?;
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let count = CHUNK.min(length - bytes.len());
            let (at, size) = (place(address, bytes.len()), count.to_string());
            let read = |field: &str| BASE64.decode(field).ok().filter(|read| read.len() == count);
            bytes.extend(self.one(&["read", &at, &size], read)?);
        }
        Ok(bytes)
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MachineError> {
        self.check_memory("write", address, bytes.len())?;
        for (index, chunk) in bytes.chunks(CHUNK).enumerate() {
            let at = place(address, index * CHUNK);
            self.ask(&["write", &at, &BASE64.encode(chunk)])?;
        }
        Ok(())
    }
}

/// The machine is made anew in the same process. Each has a seed of its own, so that
/// random numbers do not come again.
impl Power for Session {
    fn cycle(&mut self) -> Result<Vec<Event>, MachineError> {
        let spans = self.recipe.board.kept();
        let mut kept = Vec::new();
        for span in &spans {
            kept.push(self.read(span.at, usize::try_from(span.size).unwrap_or(usize::MAX))?);
        }
        let held = std::mem::take(&mut self.held);
        self.seed = self.seed.wrapping_add(1);
        self.clock = Clock::from(self.now);
        self.faults.clear();
        self.set_up()?;
        for (span, kept) in spans.iter().zip(&kept) {
            self.write(span.at, kept)?;
        }
        for (pin, level) in &held {
            self.drive(pin, *level, self.now)?;
        }
        // Until they come as events, which a second cut would prevent.
        self.held = held;
        self.happened(Event::Reset { cause: ResetCause::Power, at: self.now });
        Ok(self.take_events())
    }
}

impl Findings for Session {
    fn take(&mut self) -> Vec<Finding> {
        self.findings.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// No board in Renode has USB.
    fn is_usb_only(&mut self) -> Result<bool, MachineError> {
        Ok(false)
    }
}

impl Drop for Session {
    /// A process that never failed can have another machine.
    fn drop(&mut self) {
        if let Some(program) = self.program.take() {
            self.idle.keep(program);
        }
    }
}

/// Whose address it would be: most chips give 4 KiB to each peripheral (an nRF51 does,
/// nRF51 Series Reference Manual v3.0 §10.1).
fn block_of(address: u32) -> String {
    format!("4 KiB at {:#010x}", address & !0xfff)
}

fn place(address: u32, offset: usize) -> String {
    // It was checked that all lies inside a region.
    format!("{:x}", address as usize + offset)
}
