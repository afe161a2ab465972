//! The names of a board's ports and pins, and the numbers that the bridge has for them.

use replab_board::{Board, RenodeMachine};
use replab_record::{Event, Level, PinName, PortName, ResetCause};

use crate::qemu::clock::Clock;
use crate::{Condition, MachineError};

use super::protocol::Line;

/// Ports and pins of a board, in the order in which the bridge is told of them.
pub(super) struct Names {
    /// Each with its UART in Renode, and the nanoseconds that a character takes.
    ports: Vec<(PortName, String, u64)>,
    pins: Vec<PinName>,
    /// Controllers in Renode, and how many lines each has.
    gpio: Vec<(String, usize)>,
}

impl Names {
    /// Those of `board`, as `machine` has them.
    pub(super) fn new(board: &Board, machine: &RenodeMachine) -> Names {
        let ports = board.ports.iter().map(|(name, port)| {
            let path = machine.ports.get(name).cloned().unwrap_or_default();
            (name.clone(), path, 10_000_000_000 / u64::from(port.baud.max(1)))
        });
        let lines = |lines: u32| usize::try_from(lines).unwrap_or(usize::MAX);
        Names {
            ports: ports.collect(),
            pins: board.pins.clone(),
            gpio: machine.gpio.iter().map(|one| (one.path.clone(), lines(one.lines))).collect(),
        }
    }

    /// What tells the bridge of them.
    pub(super) fn requests(&self) -> Vec<Vec<String>> {
        let ports = self.ports.iter().map(|(_, path, _)| vec!["port".to_owned(), path.clone()]);
        let gpio = self
            .gpio
            .iter()
            .map(|(path, lines)| vec!["gpio".to_owned(), path.clone(), lines.to_string()]);
        ports.chain(gpio).collect()
    }

    /// The number of a port, and the nanoseconds that a character takes on it.
    pub(super) fn port(&self, port: &PortName) -> Result<(usize, u64), MachineError> {
        let number = self.ports.iter().position(|(name, ..)| name == port);
        number
            .map(|number| (number, self.ports[number].2))
            .ok_or_else(|| MachineError::NoPort { port: port.clone() })
    }

    /// The number of a pin's controller, and the pin's line there.
    pub(super) fn line(&self, pin: &PinName) -> Result<(usize, usize), MachineError> {
        let nowhere = || MachineError::NoPin { pin: pin.clone() };
        let mut line = self.pins.iter().position(|one| one == pin).ok_or_else(nowhere)?;
        for (number, (_, lines)) in self.gpio.iter().enumerate() {
            if line < *lines {
                return Ok((number, line));
            }
            line -= lines;
        }
        Err(nowhere())
    }

    /// Conditions as they stand in a `go`.
    pub(super) fn conditions(&self, conditions: &[Condition]) -> Result<Vec<String>, MachineError> {
        let field = |condition: &Condition| match condition {
            Condition::Bytes { port, pattern } => {
                Ok(format!("bytes {} {}", self.port(port)?.0, hex::encode(pattern)))
            }
            Condition::Edge { pin, level } => {
                let (gpio, line) = self.line(pin)?;
                let level = match level {
                    None => "any",
                    Some(Level::High) => "1",
                    Some(Level::Low) => "0",
                    Some(Level::Floating) => "-1",
                    Some(level) => return Err(MachineError::NoLevel { level: *level }),
                };
                Ok(format!("edge {gpio} {line} {level}"))
            }
        };
        conditions.iter().map(field).collect()
    }

    /// The event that a line stands for; `None` if it is none of this board's.
    pub(super) fn event(&self, line: &Line, clock: Clock) -> Option<Event> {
        Some(match *line {
            Line::Sent { at, port, byte } => {
                Event::Sent { port: self.ports.get(port)?.0.clone(), byte, at: clock.machine(at) }
            }
            Line::Received { at, port, byte } => {
                let port = self.ports.get(port)?.0.clone();
                Event::Received { port, byte, at: clock.machine(at) }
            }
            Line::Edge { at, gpio, line, level } => Event::Edge {
                pin: self.pin(gpio, line)?.clone(),
                level: level_of(level),
                at: clock.machine(at),
            },
            Line::Driven { at, gpio, line, level } => Event::Driven {
                pin: self.pin(gpio, line)?.clone(),
                level: level_of(level),
                at: clock.machine(at),
            },
            Line::Reset { at, by_firmware } => Event::Reset {
                cause: if by_firmware { ResetCause::Firmware } else { ResetCause::Lab },
                at: clock.machine(at),
            },
            Line::Fault { .. } | Line::Found { .. } | Line::Stop { .. } => return None,
        })
    }

    fn pin(&self, gpio: usize, line: usize) -> Option<&PinName> {
        let before: usize = self.gpio.get(..gpio)?.iter().map(|(_, lines)| lines).sum();
        self.pins.get(before + line)
    }
}

fn level_of(number: i32) -> Level {
    match number {
        0 => Level::Low,
        -1 => Level::Floating,
        _ => Level::High,
    }
}
