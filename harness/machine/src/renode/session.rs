//! One machine in Renode: requests, answers, and the events between them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use replab_board::{Board, RenodeMachine, Span};
use replab_record::{Event, Level, MachineTime, PinName, PortName, Registers, ResetCause};

use crate::fault_entry::at_entry;
use crate::qemu::clock::Clock;
use crate::qemu::firmware::Image;
use crate::qemu::wall_cap::WallCap;
use crate::{Condition, Fault, MOST_EVENTS, MachineError, PAINT, Stop, StopCause};

use super::Start;
use super::idle::Idle;
use super::names::Names;
use super::program::Program;
use super::protocol::{self, Line, Reason};

/// How long a request that lets nothing go may take when the wall cap is spent.
const GRACE: Duration = Duration::from_secs(5);

/// The most bytes that one request moves.
const CHUNK: usize = 1 << 18;

/// One slice, and longer than any: so the quantum changes no time, only the cost.
const QUANTUM: &str = "1.0";

/// All that a machine is made of but its seed.
pub(super) struct Recipe {
    pub(super) board: Board,
    pub(super) machine: RenodeMachine,
    /// The platform description as Renode gets it.
    pub(super) platform: String,
    pub(super) firmware: PathBuf,
    pub(super) image: Image,
}

impl Recipe {
    /// What makes the machine in `program`, one request each, so that an error names
    /// what Renode did not take. Puts the files for them into its folder.
    pub(super) fn requests(
        &self,
        program: &Program,
        names: &Names,
        seed: u32,
    ) -> Result<Vec<Vec<String>>, MachineError> {
        let platform = program.put("platform.repl", &self.platform)?;
        let firmware = program.link("firmware.elf", &self.firmware)?;
        let commands = [
            "mach create \"lab\"".to_owned(),
            format!("machine LoadPlatformDescription @{}", platform.display()),
            format!("emulation SetGlobalQuantum \"{QUANTUM}\""),
            "emulation SetGlobalAdvanceImmediately true".to_owned(),
            "emulation SetGlobalSerialExecution true".to_owned(),
            // Renode's seeds are signed.
            format!("emulation SetSeed {}", seed & 0x7fff_ffff),
            "emulation Mode SynchronizedTimers".to_owned(),
            format!("sysbus LoadELF @{}", firmware.display()),
        ];
        let mut requests = vec![vec!["clear".to_owned()]];
        requests.extend(commands.map(|command| vec!["command".to_owned(), command]));
        requests.push(vec!["attach".to_owned(), self.machine.cpu.clone()]);
        requests.extend(names.requests());
        let handlers = &self.image.fault_handlers;
        requests.extend(handlers.iter().map(|at| vec!["fault".to_owned(), format!("{at:x}")]));
        for span in self.image.painted(&self.board) {
            let (at, size) = (format!("{:x}", span.at), span.size.to_string());
            requests.push(vec!["fill".to_owned(), at, size, format!("{PAINT:02x}")]);
        }
        Ok(requests)
    }
}

/// See the head of this module. It lives behind the `RefCell` that the parts of a
/// `Machine` share; none of its methods calls another part.
pub(super) struct Session {
    recipe: Recipe,
    /// `None` only while it is dropped.
    program: Option<Program>,
    idle: Arc<Idle>,
    pub(super) names: Names,
    pub(super) clock: Clock,
    wall: WallCap,
    pub(super) now: MachineTime,
    events: Vec<Event>,
    /// Faults whose stops have not been told yet.
    faults: Vec<Fault>,
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
        Ok(())
    }

    /// Carries out one request that lets nothing go.
    pub(super) fn ask(&mut self, fields: &[&str]) -> Result<Vec<String>, MachineError> {
        let start = Instant::now();
        self.ask_until(fields, start, self.wall.deadline(start).max(start + GRACE))
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

    /// See [`crate::StopGo::go`].
    pub(super) fn go(
        &mut self,
        until: MachineTime,
        conditions: &[Condition],
    ) -> Result<Stop, MachineError> {
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

    /// See [`crate::StopGo::send`].
    pub(super) fn send(
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

    /// See [`crate::StopGo::reset`].
    pub(super) fn reset(&mut self) -> Result<Vec<Event>, MachineError> {
        let answer = self.ask(&["reset"])?;
        self.hear(&answer)?;
        self.faults.clear();
        Ok(self.take_events())
    }

    /// See [`crate::Processor::registers`].
    pub(super) fn registers(&mut self) -> Result<Registers, MachineError> {
        self.one(&["registers"], protocol::registers)
    }

    /// See [`crate::Pins::drive`].
    pub(super) fn drive(
        &mut self,
        pin: &PinName,
        level: Level,
        at: MachineTime,
    ) -> Result<(), MachineError> {
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

    /// See [`crate::Memory::read`].
    pub(super) fn read(&mut self, address: u32, length: usize) -> Result<Vec<u8>, MachineError> {
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

    /// See [`crate::Memory::write`].
    pub(super) fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MachineError> {
        self.check_memory("write", address, bytes.len())?;
        for (index, chunk) in bytes.chunks(CHUNK).enumerate() {
            let at = place(address, index * CHUNK);
            self.ask(&["write", &at, &BASE64.encode(chunk)])?;
        }
        Ok(())
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

    /// See [`crate::Power::cycle`]. The machine is made anew in the same process. Each
    /// has a seed of its own, so that random numbers do not come again.
    pub(super) fn cycle(&mut self) -> Result<Vec<Event>, MachineError> {
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

impl Drop for Session {
    /// A process that never failed can have another machine.
    fn drop(&mut self) {
        if let Some(program) = self.program.take() {
            self.idle.keep(program);
        }
    }
}

fn place(address: u32, offset: usize) -> String {
    // It was checked that all lies inside a region.
    format!("{:x}", address as usize + offset)
}
