//! The names of a board's ports and pins, and the numbers that the plugin has for them.

use replab_board::{Board, GpioController};
use replab_record::{Event, Level, PinName, PortName, ResetCause};

use crate::{Condition, Finding, FindingKind, Lost, MachineError};

use super::clock::Clock;
use super::lines::Line;

/// What one process was told of its board.
#[derive(Clone)]
pub(super) struct Names {
    ports: Vec<PortName>,
    pins: Vec<PinName>,
    gpio: Vec<GpioController>,
    /// What each drive is, by the id that the plugin gave it.
    drives: Vec<Driven>,
}

/// What a drive of the plugin's belongs to.
#[derive(Clone, Debug)]
pub(super) enum Driven {
    /// A pin.
    Pin(PinName),
    /// A pin that picks up the noise of this seed.
    Noise(PinName, u64),
    /// An analog input.
    Analog,
}

impl Names {
    /// Those of `board`.
    pub(super) fn new(board: &Board) -> Names {
        let gpio =
            board.backends.qemu.as_ref().map(|machine| machine.gpio.clone()).unwrap_or_default();
        Names {
            ports: board.ports.keys().cloned().collect(),
            pins: board.pins.clone(),
            gpio,
            drives: Vec::new(),
        }
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

    /// Remembers what the next drive of the plugin's belongs to.
    pub(super) fn drives(&mut self, driven: Driven) {
        self.drives.push(driven);
    }

    /// The pin that picks up noise by the drive which `line` tells of, and the seed.
    pub(super) fn noise(&self, line: &Line) -> Option<(PinName, u64)> {
        let Line::Driven { id, .. } = line else { return None };
        match self.drives.get(*id)? {
            Driven::Noise(pin, seed) => Some((pin.clone(), *seed)),
            _ => None,
        }
    }

    /// What a finding is about: a pin of the plugin's chip has its number there.
    pub(super) fn block(&self, finding: &Finding) -> String {
        let pin = match finding.kind {
            FindingKind::Undriven | FindingKind::Short => finding.block.parse().ok(),
            FindingKind::Storage | FindingKind::Nothing => None,
        };
        let pin = pin.and_then(|line| self.pin(0, line));
        pin.map_or(finding.block.clone(), |pin| pin.as_str().to_owned())
    }

    /// Whether the drive with this id belongs to an analog input.
    pub(super) fn is_analog(&self, id: usize) -> bool {
        matches!(self.drives.get(id), Some(Driven::Analog))
    }

    /// Conditions as they stand in a `go`, each with a space before it.
    pub(super) fn words(&self, conditions: &[Condition]) -> Result<String, MachineError> {
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

    /// The event that a line stands for; `None` if it is an answer.
    pub(super) fn event(&self, line: &Line, clock: Clock) -> Option<Event> {
        Some(match *line {
            Line::Sent { at, port, byte } => {
                Event::Sent { port: self.ports.get(port)?.clone(), byte, at: clock.machine(at) }
            }
            Line::Received { at, port, byte } => {
                Event::Received { port: self.ports.get(port)?.clone(), byte, at: clock.machine(at) }
            }
            Line::Edge { at, device, line, level } => Event::Edge {
                pin: self.pin(device, line)?.clone(),
                level: level_of(level),
                at: clock.machine(at),
            },
            Line::Driven { at, id, level } => Event::Driven {
                pin: match self.drives.get(id)? {
                    Driven::Pin(pin) | Driven::Noise(pin, _) => pin.clone(),
                    Driven::Analog => return None,
                },
                level: level_of(level),
                at: clock.machine(at),
            },
            Line::Reset { at, by_firmware } => Event::Reset {
                cause: if by_firmware { ResetCause::Firmware } else { ResetCause::Lab },
                at: clock.machine(at),
            },
            _ => return None,
        })
    }

    /// The level that the drive `id` could not bring to its pin.
    pub(super) fn lost(&self, at: u64, id: usize, level: i32, clock: Clock) -> Option<Lost> {
        let (Driven::Pin(pin) | Driven::Noise(pin, _)) = self.drives.get(id)? else { return None };
        Some(Lost { pin: pin.clone(), level: level_of(level), at: clock.machine(at) })
    }

    fn pin(&self, device: usize, line: usize) -> Option<&PinName> {
        let before: u32 = self.gpio.get(..device)?.iter().map(|controller| controller.lines).sum();
        self.pins.get(usize::try_from(before).ok()? + line)
    }
}

/// Puts events of one nanosecond, which may come from two threads of QEMU's, in
/// the order of cause and effect, so that equal runs give equal lists.
pub(super) fn sort(events: &mut [Event]) {
    events.sort_by_key(|event| (event.at(), rank(event)));
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
