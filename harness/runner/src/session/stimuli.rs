//! What is to happen from outside: planned for a time, and seen when the machine has
//! shown it.
//!
//! The machine gets a level at once, and drives it at its time. Bytes are handed over
//! only when the first of them begins, because a port takes bytes in the order in which
//! it gets them. A reset of the board stops nothing of the world around it, so what the
//! machine drops then is given to it again.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use replab_machine::Timing;
use replab_record::{Event, Level, MachineTime, PinName, PortName, StepPlace};
use replab_scenario::character_time;

use super::Session;
use crate::error::{Played, RunError};

/// So long before its first byte begins, a text is handed over: a stop may be late by an
/// instruction.
const LEAD: Duration = Duration::from_micros(1);

/// What is shown may be so much earlier than it was planned: not every emulator counts
/// nanoseconds.
const EARLY: Duration = Duration::from_micros(1);

/// All of a run that have not been seen.
#[derive(Clone, Default)]
pub(super) struct Stimuli {
    levels: BTreeMap<PinName, VecDeque<Planned<Level>>>,
    /// Not handed over yet, by the time at which the first byte begins.
    texts: BTreeMap<(MachineTime, usize), Text>,
    /// How many texts there were.
    count: usize,
    /// Bytes that are handed over, and have not arrived.
    arriving: BTreeMap<PortName, VecDeque<Planned<u8>>>,
    /// The last text that each port was given, and when its last byte arrives.
    given: BTreeMap<PortName, Given>,
}

/// A text on its way.
#[derive(Clone)]
struct Given {
    until: MachineTime,
    at: MachineTime,
    line: usize,
}

/// A level or a byte, and when it should be there.
#[derive(Clone)]
struct Planned<T> {
    what: T,
    at: MachineTime,
    by: Origin,
}

/// Who has planned something.
#[derive(Clone)]
struct Origin {
    step: Option<Rc<StepPlace>>,
    /// The line of it, which need not be that of the step.
    line: usize,
}

/// Bytes that arrive one after the other, the first of them at `at`.
#[derive(Clone)]
struct Text {
    port: PortName,
    bytes: Vec<u8>,
    at: MachineTime,
    by: Origin,
}

/// What the machine has never shown.
pub(crate) struct Unseen {
    /// The step that planned it, if one did.
    pub(crate) step: Option<StepPlace>,
    /// Why the run is broken by it.
    pub(crate) error: RunError,
}

impl Stimuli {
    /// A text begins then.
    pub(super) fn next_text(&self) -> Option<MachineTime> {
        self.texts.first_key_value().map(|((begin, _), _)| *begin)
    }

    fn plan_level(&mut self, pin: &PinName, planned: Planned<Level>) {
        let levels = self.levels.entry(pin.clone()).or_default();
        let place = levels.partition_point(|other| other.at <= planned.at);
        levels.insert(place, planned);
    }

    fn plan_text(&mut self, begin: MachineTime, text: Text) {
        self.texts.insert((begin, self.count), text);
        self.count += 1;
    }

    /// When the next level comes to one of `pins`, from `now` on.
    fn next_level(&self, pins: &[PinName], now: MachineTime) -> Option<MachineTime> {
        let levels = pins.iter().filter_map(|pin| self.levels.get(pin));
        let next =
            levels.filter_map(|levels| levels.iter().map(|one| one.at).find(|at| *at >= now));
        next.min()
    }

    /// The machine has shown `event`.
    pub(super) fn see(&mut self, event: &Event) {
        match event {
            Event::Driven { pin, level, at } => self.see_level(pin, *level, *at),
            Event::Received { port, byte, .. } => {
                if let Some(arriving) = self.arriving.get_mut(port)
                    && arriving.front().is_some_and(|planned| planned.what == *byte)
                {
                    arriving.pop_front();
                }
            }
            _ => {}
        }
    }

    /// The level came to `pin`, or to the broken wire before it.
    pub(super) fn see_level(&mut self, pin: &PinName, level: Level, at: MachineTime) {
        let is_this = |planned: &Planned<Level>| planned.what == level && planned.at <= at + EARLY;
        if let Some(levels) = self.levels.get_mut(pin)
            && levels.front().is_some_and(is_this)
        {
            levels.pop_front();
        }
    }

    /// The text that is on its way to `port` after `time`.
    fn on_its_way(&self, port: &PortName, time: MachineTime) -> Option<&Given> {
        self.given.get(port).filter(|given| given.until > time)
    }

    /// The first of all that have not been seen: what it is, when it should have been there, who planned it.
    fn first(&self) -> Option<(String, MachineTime, &Origin)> {
        let levels = self.levels.iter().flat_map(|(pin, levels)| {
            levels.iter().map(move |one| (format!("{pin} {}", one.what), one.at, &one.by))
        });
        let texts =
            self.texts.values().map(|text| (typed(&text.bytes, &text.port), text.at, &text.by));
        let bytes = self.arriving.iter().flat_map(|(port, bytes)| {
            bytes.iter().map(move |one| (typed(&[one.what], port), one.at, &one.by))
        });
        levels.chain(texts).chain(bytes).min_by_key(|(_, at, _)| *at)
    }

    fn len(&self) -> usize {
        let levels: usize = self.levels.values().map(VecDeque::len).sum();
        let bytes: usize = self.arriving.values().map(VecDeque::len).sum();
        levels + bytes + self.texts.len()
    }
}

/// `"\x03" on uart0`.
fn typed(bytes: &[u8], port: &PortName) -> String {
    format!("\"{}\" on {port}", bytes.escape_ascii())
}

impl Session<'_> {
    fn origin(&self) -> Origin {
        Origin { step: self.step.clone(), line: self.line }
    }

    /// Drives `pin` to `level` from `at` on. The machine must be let go for it to happen.
    pub(crate) fn drive(&mut self, pin: &PinName, level: Level, at: MachineTime) -> Played {
        self.drive_now(pin, level, at)?;
        // By the desk clock a machine does what it can when it can.
        if self.timing == Timing::Exact {
            let planned = Planned { what: level, at, by: self.origin() };
            self.stimuli.plan_level(pin, planned);
        }
        Ok(())
    }

    /// When the next change of one of `pins` comes from outside, as far as that is known.
    pub(super) fn next_level(&self, pins: &[PinName]) -> Option<MachineTime> {
        let now = self.now();
        match self.wires.changed_at {
            // What comes of it is there with the next `go`.
            Some(changed) if changed == now => Some(now),
            _ => self.stimuli.next_level(pins, now),
        }
    }

    fn drive_now(&mut self, pin: &PinName, level: Level, at: MachineTime) -> Played {
        let no_pins = || RunError::NoPins { board: self.board.name.clone() };
        let pins = self.machine.pins.as_mut().ok_or_else(no_pins)?;
        Ok(pins.drive(pin, level, at).map_err(RunError::from)?)
    }

    /// Plans that `bytes` arrive on the port `word` of the board, or on the REPL's, the
    /// first of them at `at`.
    pub(crate) fn type_at(&mut self, word: Option<&str>, bytes: &[u8], at: MachineTime) -> Played {
        let name = word.unwrap_or(self.port.as_str());
        let port = self.board.ports.keys().find(|port| port.as_str() == name);
        let missing = || RunError::NoPort { board: self.board.name.clone(), port: name.to_owned() };
        let port = port.ok_or_else(missing)?.clone();
        let begin = at.since(MachineTime::ZERO).checked_sub(self.character(&port));
        let begin = begin.map(|begin| MachineTime::ZERO + begin);
        let Some(begin) = begin.filter(|begin| *begin >= self.now()) else {
            return Err(RunError::EarlyByte { at, now: self.now() }.into());
        };
        let text = Text { port, bytes: bytes.to_vec(), at, by: self.origin() };
        self.stimuli.plan_text(begin, text);
        Ok(())
    }

    fn character(&self, port: &PortName) -> Duration {
        self.board.ports.get(port).map_or(Duration::ZERO, |port| character_time(port.baud))
    }

    /// The machine time at which the next text is handed over.
    pub(super) fn next_hand_over(&self) -> Option<MachineTime> {
        self.stimuli.next_text().map(earlier)
    }

    /// Hands over the texts that begin now. A port carries one byte at a time.
    pub(super) fn hand_over(&mut self) -> Played {
        while let Some(begin) =
            self.stimuli.next_text().filter(|begin| earlier(*begin) <= self.now())
        {
            let Some((_, text)) = self.stimuli.texts.pop_first() else { break };
            let is_typing = text.port == self.port && (self.is_typing || self.typed_until > begin);
            if is_typing || self.stimuli.on_its_way(&text.port, begin).is_some() {
                let Text { port, at, by, .. } = text;
                return Err(RunError::PortBusy { port, at, line: by.line }.into());
            }
            self.give(&text, begin)?;
        }
        Ok(())
    }

    fn give(&mut self, text: &Text, begin: MachineTime) -> Played {
        let Text { port, bytes, at, by } = text;
        if *port == self.port {
            self.at_prompt = false;
        }
        let until = self.machine.run.send(port, bytes, begin).map_err(RunError::from)?;
        let given = Given { until, at: *at, line: by.line };
        self.stimuli.given.insert(port.clone(), given);
        let character = self.character(port);
        let arriving = self.stimuli.arriving.entry(port.clone()).or_default();
        arriving.extend(bytes.iter().zip(0_u32..).map(|(byte, index)| Planned {
            what: *byte,
            at: *at + character * index,
            by: by.clone(),
        }));
        Ok(())
    }

    /// A step wants to type on the port of the REPL.
    pub(super) fn check_free(&self) -> Played {
        match self.stimuli.on_its_way(&self.port, self.now()) {
            Some(Given { at, line, .. }) => {
                let (port, at, line) = (self.port.clone(), *at, *line);
                Err(RunError::PortBusy { port, at, line }.into())
            }
            None => Ok(()),
        }
    }

    /// A reset has dropped what the machine was to do later: it gets it again.
    pub(super) fn plan_again(&mut self) -> Played {
        self.typed_until = MachineTime::ZERO;
        self.stimuli.given.clear();
        let levels = self.stimuli.levels.iter();
        let levels: Vec<_> = levels
            .flat_map(|(pin, all)| all.iter().map(move |one| (pin.clone(), one.what, one.at)))
            .collect();
        for (pin, level, at) in levels {
            self.drive_now(&pin, level, at)?;
        }
        for (port, bytes) in mem::take(&mut self.stimuli.arriving) {
            let begin = self.now();
            for Planned { what, at, by } in bytes {
                let text = Text { port: port.clone(), bytes: vec![what], at, by };
                let planned = earlier_by(at, self.character(&port));
                self.give(&text, planned.max(begin))?;
            }
        }
        Ok(())
    }

    /// What the machine has never shown, at the end of the run.
    pub(crate) fn unseen(&self) -> Option<Unseen> {
        let (what, at, by) = self.stimuli.first()?;
        let error = RunError::Unseen {
            what,
            line: by.line,
            at,
            end: self.now(),
            more: self.stimuli.len() - 1,
        };
        let step = by.step.as_deref();
        Some(Unseen { step: step.map(|step| StepPlace { line: by.line, ..step.clone() }), error })
    }
}

fn earlier(begin: MachineTime) -> MachineTime {
    earlier_by(begin, LEAD)
}

fn earlier_by(time: MachineTime, by: Duration) -> MachineTime {
    MachineTime::ZERO + time.since(MachineTime::ZERO).saturating_sub(by)
}
