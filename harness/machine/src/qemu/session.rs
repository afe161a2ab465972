//! One machine in QEMU: requests, answers, and the events between them.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use replab_record::{Event, Level, MachineTime, PinName};

use crate::process::{Emulator, in_words};
use crate::{Analog, Finding, Findings, Lost, MachineError, Memory, Noise, Pins, Wire};

use super::Start;
use super::checkpoints::Kept;
use super::clock::Clock;
use super::lines::Line;
use super::link::{Link, Silence};
use super::memory::HostMemory;
use super::names::{Driven, Names, number_of, sort};
use super::recipe::{Begun, Recipe};
use super::wall_cap::WallCap;

/// How long an emulator whose socket has ended may take to end itself.
const END: Duration = Duration::from_secs(2);

/// How long a request that lets nothing go may take when the wall cap is spent:
/// a machine that ran too long can still be read.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// The most bytes that one request moves. The plugin takes up to 1 MiB.
pub(super) const CHUNK: usize = 1 << 18;

/// See the head of this module. It lives behind the `RefCell` that the parts of
/// a `Machine` share; none of its methods calls another part.
pub(super) struct Session {
    pub(super) recipe: Recipe,
    pub(super) process: Process,
    pub(super) names: Names,
    pub(super) clock: Clock,
    pub(super) wall: WallCap,
    pub(super) now: MachineTime,
    /// Since the last stop.
    pub(super) events: Vec<Event>,
    /// What the firmware touched that is not emulated.
    pub(super) findings: Vec<Finding>,
    /// What the lab does to pins now, also what broken wires do not carry.
    pub(super) held: Vec<(PinName, Held)>,
    /// The wires that are broken.
    pub(super) wires: Vec<(PinName, Wire)>,
    /// The levels that came to them.
    pub(super) lost: Vec<Lost>,
    pub(super) seed: u32,
    /// All that was kept since the start; what belongs to an earlier process is `None`.
    pub(super) kept: Vec<Option<Kept>>,
}

/// What the lab does to a pin.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held {
    /// Drives it.
    Level(Level),
    /// Lets it pick up the noise of this seed.
    Noise(u64),
}

/// What `level` is that the lab drives; nothing if it lets go.
fn held(level: Level) -> Option<Held> {
    (level != Level::Floating).then_some(Held::Level(level))
}

/// The process that the machine lives in, until its power is cut.
pub(super) struct Process {
    pub(super) emulator: Emulator,
    pub(super) link: Link,
    /// Where its memory is, once somebody has asked; `None` inside if the plugin must read it.
    pub(super) memory: Option<Option<HostMemory>>,
    /// It may have run an instruction.
    pub(super) has_gone: bool,
    /// QEMU is about to end: it can only be read.
    pub(super) has_ended: bool,
}

impl Process {
    fn new(emulator: Emulator, link: Link) -> Process {
        Process { emulator, link, memory: None, has_gone: false, has_ended: false }
    }
}

impl Session {
    /// Starts a machine, which then stands before its first instruction; with it
    /// comes QEMU's monitor, if a test wants one.
    pub(super) fn start(
        recipe: Recipe,
        start: Start,
    ) -> Result<(Session, Option<UnixStream>), MachineError> {
        let Begun { emulator, link, qmp } = recipe.begin(start.seed, start.wall_cap)?;
        let mut session = Session {
            process: Process::new(emulator, link),
            names: Names::new(&recipe.board),
            clock: Clock::default(),
            wall: WallCap::new(start.wall_cap),
            now: MachineTime::ZERO,
            events: Vec::new(),
            findings: Vec::new(),
            held: Vec::new(),
            wires: Vec::new(),
            lost: Vec::new(),
            seed: start.seed,
            kept: Vec::new(),
            recipe,
        };
        session.set_up()?;
        Ok((session, qmp))
    }

    /// Goes on in another process, which `recipe` has begun.
    pub(super) fn move_to(&mut self, begun: Begun) -> Result<(), MachineError> {
        self.process = Process::new(begun.emulator, begun.link);
        self.names = Names::new(&self.recipe.board);
        self.clock = Clock::from(self.now);
        self.kept.iter_mut().for_each(|kept| *kept = None);
        self.set_up()
    }

    fn set_up(&mut self) -> Result<(), MachineError> {
        let hello = self.request("hello");
        self.recipe.check(hello)?;
        for request in self.recipe.requests() {
            self.request(&request)?;
        }
        for piece in self.recipe.flash().to_vec() {
            self.write(piece.address, &piece.bytes)?;
        }
        Ok(())
    }

    /// Carries out one request and gives its answer, without the `OK`.
    pub(super) fn request(&mut self, request: &str) -> Result<String, MachineError> {
        let only_reads =
            request == "regs" || request.starts_with("peek ") || request.starts_with("host ");
        if self.process.has_ended && !only_reads {
            return Err(self.has_ended(request));
        }
        let start = Instant::now();
        let answer = self.answer(request, self.wall.deadline(start).max(start + GRACE));
        self.wall.spend(start.elapsed());
        answer
    }

    fn answer(&mut self, request: &str, deadline: Instant) -> Result<String, MachineError> {
        self.say(request)?;
        loop {
            match self.hear(deadline, request)? {
                None => {
                    self.process.emulator.kill(); // It owed an answer at once.
                    return Err(self.silent(request));
                }
                Some(Line::Done(answer)) => return Ok(answer),
                Some(Line::Refused(refusal)) => {
                    return Err(self.strange(request, format!("ERR {refusal}")));
                }
                // Somebody stopped it: no answer of ours.
                Some(Line::Stop { at, .. }) => self.now = self.clock.machine(at),
                Some(other) => return Err(self.strange(request, format!("{other:?}"))),
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

    /// Sends a request.
    pub(super) fn say(&mut self, request: &str) -> Result<(), MachineError> {
        self.process.link.say(request).map_err(|silence| match silence {
            Silence::Ended => self.died(request),
            Silence::Late => {
                self.process.emulator.kill();
                self.silent(request)
            }
        })
    }

    /// The next line that is no event; `None` if the deadline is over.
    pub(super) fn hear(
        &mut self,
        deadline: Instant,
        request: &str,
    ) -> Result<Option<Line>, MachineError> {
        loop {
            match self.process.link.hear(deadline) {
                Ok(Line::Found(finding)) => {
                    let at = self.clock.machine(finding.at.as_nanos());
                    let block = self.names.block(&finding);
                    self.findings.push(Finding { at, block, ..finding });
                }
                Ok(Line::Driven { id, .. }) if self.names.is_analog(id) => {}
                Ok(Line::Lost { at, id, level }) => {
                    if let Some(lost) = self.names.lost(at, id, level, self.clock) {
                        self.hold(&lost.pin, held(lost.level));
                        self.lost.push(lost);
                    }
                }
                Ok(line) => match self.names.event(&line, self.clock) {
                    Some(event) => {
                        self.happened(event);
                        if let Some((pin, seed)) = self.names.noise(&line) {
                            self.hold(&pin, Some(Held::Noise(seed)));
                        }
                    }
                    None => return Ok(Some(line)),
                },
                Err(Silence::Late) => return Ok(None),
                Err(Silence::Ended) => return Err(self.died(request)),
            }
        }
    }

    /// Takes an event down.
    pub(super) fn happened(&mut self, event: Event) {
        if let Event::Driven { pin, level, .. } = &event
            && !self.is_broken(pin)
        {
            self.hold(&pin.clone(), held(*level));
        }
        self.events.push(event);
    }

    fn hold(&mut self, pin: &PinName, held: Option<Held>) {
        self.held.retain(|(one, _)| one != pin);
        self.held.extend(held.map(|held| (pin.clone(), held)));
    }

    /// The events since the last stop.
    pub(super) fn take_events(&mut self) -> Vec<Event> {
        let mut events = std::mem::take(&mut self.events);
        sort(&mut events);
        events
    }

    /// The error for a process whose socket has ended.
    pub(super) fn died(&mut self, request: &str) -> MachineError {
        // Without a socket it has nothing to do; most have ended by now.
        let emulator = &self.process.emulator;
        let status = emulator.wait(END).or_else(|| emulator.end());
        MachineError::Died {
            program: self.recipe.program(),
            request: cut(request),
            status: status.map_or("its end did not come".to_owned(), in_words),
            last_words: emulator.last_words(),
        }
    }

    /// The error for a machine that has locked up.
    pub(super) fn has_ended(&self, request: &str) -> MachineError {
        MachineError::Died {
            program: self.recipe.program(),
            request: cut(request),
            status: "its processor has locked up, and only a power cut helps".to_owned(),
            last_words: self.process.emulator.last_words(),
        }
    }

    pub(super) fn silent(&self, request: &str) -> MachineError {
        MachineError::Silent {
            program: self.recipe.program(),
            request: cut(request),
            wall: self.wall.cap(),
            last_words: self.process.emulator.last_words(),
        }
    }

    pub(super) fn strange(&self, request: &str, answer: String) -> MachineError {
        MachineError::Answer { program: self.recipe.program(), request: cut(request), answer }
    }
}

impl Pins for Session {
    fn drive(&mut self, pin: &PinName, level: Level, at: MachineTime) -> Result<(), MachineError> {
        let level = number_of(level)?;
        let (_, controller, line) = self.names.line(pin)?;
        let at = self.clock.process(at);
        let request = format!("drive {at} {} {line} {level}", controller.path);
        self.request(&request)?;
        self.names.drives(Driven::Pin(pin.clone()));
        Ok(())
    }
}

impl Noise for Session {
    fn pick_up(&mut self, pin: &PinName, seed: u64, at: MachineTime) -> Result<(), MachineError> {
        let (_, controller, line) = self.names.line(pin)?;
        let at = self.clock.process(at);
        let request = format!("noise {at} {} {line} {seed}", controller.path);
        self.request(&request)?;
        self.names.drives(Driven::Noise(pin.clone(), seed));
        Ok(())
    }
}

impl Analog for Session {
    fn drive(&mut self, input: u32, value: i32, at: MachineTime) -> Result<(), MachineError> {
        let at = self.clock.process(at);
        self.request(&format!("drive {at} chip/analog {input} {value}"))?;
        self.names.drives(Driven::Analog);
        Ok(())
    }
}

impl Findings for Session {
    fn take(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    fn is_usb_only(&mut self) -> Result<bool, MachineError> {
        Ok(self.request("spoken")? == "usb")
    }
}

/// As much of a request as a message needs.
fn cut(request: &str) -> String {
    if request.len() <= 80 {
        request.to_owned()
    } else {
        format!("{}…", request.chars().take(79).collect::<String>())
    }
}
